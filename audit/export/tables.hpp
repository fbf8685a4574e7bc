// The tables of an export: one schema for SQLite, CSV and Parquet, in plain names. Prices and values are
// decimal text in NTD, exact; times are Taipei's as text and UTC as nanoseconds.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::audit {

struct Column {
    std::string_view name;
    std::string_view type;  // of SQLite: INTEGER or TEXT
    std::string_view what;
};
struct Table {
    std::string_view name;
    std::string_view what;
    std::span<const Column> columns;  // the first is the primary key
};

enum class TableId : std::uint8_t { orders, events, fills, limits };
inline constexpr std::size_t table_count = 4;
[[nodiscard]] const Table& table_of(TableId table) noexcept;

// Nothing, a whole number, or text.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;

// Where rows go. Nothing stands under the final name before finish.
class TableWriter {
  public:
    virtual ~TableWriter() = default;
    // As many cells as the table has columns. Empty text: written.
    [[nodiscard]] virtual std::string row(TableId table, const std::vector<Cell>& cells) = 0;
    // Empty text: everything lies under its final name, on disk.
    [[nodiscard]] virtual std::string finish() = 0;
    // The final names.
    [[nodiscard]] virtual std::vector<std::string> files() const = 0;
};

// The file, or the folder's files, may not exist unless `replace`. On error `error` says why and the result
// is null. An unfinished writer leaves nothing behind.
[[nodiscard]] std::unique_ptr<TableWriter> write_sqlite(const std::string& file, bool replace,
                                                        std::string& error);
[[nodiscard]] std::unique_ptr<TableWriter> write_csv(const std::string& folder, bool replace,
                                                     std::string& error);
[[nodiscard]] std::unique_ptr<TableWriter> write_parquet(const std::string& folder, bool replace,
                                                         std::string& error);

}  // namespace fairlead::audit
