// How the `fairlead` program shows answers to people: tables of text, from the JSON lines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fairlead::gateway {

// Columns as wide as their widest field, numbers to the right.
[[nodiscard]] std::string table_text(const std::vector<std::string>& header,
                                     const std::vector<std::vector<std::string>>& rows);
// The rows of one answer, by their kind: status and order as name and value, the others as a table.
[[nodiscard]] std::string rows_text(const std::vector<nlohmann::json>& rows);

}  // namespace fairlead::gateway
