// TableFiles: an export's folder with one file a table, for writers of one format each. Nothing stands under
// a final name before finish, and what was not finished is removed.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "audit/export/tables.hpp"

namespace fairlead::audit {

class TableFiles {
  public:
    // `ending` with its dot: ".csv".
    TableFiles(std::string folder, std::string_view ending) : folder_(std::move(folder)), ending_(ending) {}
    ~TableFiles();
    TableFiles(const TableFiles&) = delete;
    TableFiles& operator=(const TableFiles&) = delete;

    // Empty text: done; else the error names the file. `open` comes first, and once.
    [[nodiscard]] std::string open(bool replace);
    [[nodiscard]] std::string put(TableId table, std::string_view bytes);
    [[nodiscard]] std::string finish();
    // The final names.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    [[nodiscard]] std::string final_name(std::size_t table) const;
    [[nodiscard]] std::string part(std::size_t table) const { return final_name(table) + ".part"; }
    [[nodiscard]] std::string fault(std::size_t table) const;

    std::string folder_;
    std::string_view ending_;
    std::array<std::FILE*, table_count> parts_{};
    bool finished_ = false;
};

}  // namespace fairlead::audit
