// CsvReader: plain comma-separated rows under a header line, split in place without copies. No quotes:
// no field of ours holds a comma, and a quote is refused by name. Lines that are empty or begin with
// '#' are skipped. Used by the reference readers and the archive.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/reference_loader.hpp"

namespace fairlead::config {

struct Column {
    std::string_view name;
    bool required = true;
};

class CsvReader {
  public:
    static constexpr std::size_t columns_max = 24;

    // `text` must outlive the reader. `what` names the file's content in progress reports.
    CsvReader(std::string_view text, std::string file, std::string_view what,
              std::vector<ConfigError>& errors, const ProgressSink& progress);

    // Reads the header line. False: it is missing, names an unknown column, or misses a required one.
    [[nodiscard]] bool header(std::span<const Column> columns);
    // Goes to the next row. False at the end, or when there are too many errors to go on.
    [[nodiscard]] bool next();
    // By place in the columns given to `header`; empty for an optional column that is not there.
    [[nodiscard]] std::string_view field(std::size_t column) const { return fields_[column]; }
    // An upper bound for the rows still to come.
    [[nodiscard]] std::uint32_t rows_max() const;
    void error(std::size_t column, std::string_view rule);
    [[nodiscard]] std::uint64_t line() const { return line_; }
    [[nodiscard]] std::uint64_t rows() const { return rows_; }

  private:
    bool next_line();
    void row_error(std::string_view key, std::string_view value, std::string_view rule);

    std::string_view rest_;
    std::string file_;
    std::string_view what_;
    std::vector<ConfigError>& errors_;
    const ProgressSink& progress_;
    std::string_view row_;
    std::uint64_t line_ = 0;
    std::uint64_t rows_ = 0;
    std::uint64_t rows_total_ = 0;
    std::span<const Column> columns_;
    std::array<std::uint8_t, columns_max> place_{};  // by place in the file: which column
    std::size_t width_ = 0;
    std::array<std::string_view, columns_max> fields_{};
};

// Whole numbers and NTD with up to four decimals, digits only. False: not one, or out of range.
[[nodiscard]] bool parse_whole(std::string_view text, std::int64_t low, std::int64_t high,
                               std::int64_t& into);
[[nodiscard]] bool parse_ntd(std::string_view text, std::int64_t ntd_max, risk::Amount& into);
// A code of letters and digits with its length in [low, high].
[[nodiscard]] bool is_code(std::string_view text, std::size_t low, std::size_t high);

// One named bit of a flags field.
struct FlagWord {
    std::string_view word;
    std::uint16_t bit = 0;
};
// Words parted by spaces. False: a word is not in the list.
[[nodiscard]] bool parse_flags(std::string_view text, std::span<const FlagWord> words, std::uint16_t& into);

}  // namespace fairlead::config
