// One cell of a CSV row as RFC 4180 has it: quoted where it must be.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::audit {

[[nodiscard]] inline std::string csv_cell(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string(text);
    }
    std::string cell = "\"";
    for (const char character : text) {
        cell += character == '"' ? "\"\"" : std::string(1, character);
    }
    return cell + "\"";
}

}  // namespace fairlead::audit
