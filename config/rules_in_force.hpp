// RulesInForce: by which rules this build speaks to clients, as hashes of the two documents clients are
// given. A certificate of a client's program names them (R17). CMake hashes the files of the source tree;
// nobody reads them when a program runs.
#pragma once

#include <string_view>

namespace fairlead::config {

// SHA-256 in hexadecimal of config/FIX44-fairlead.xml, which the gateway's own dictionary is tested against.
[[nodiscard]] std::string_view dictionary_sha256() noexcept;
// The same of config/rules-of-engagement.md: words, whose change alone asks nothing new of a program.
[[nodiscard]] std::string_view rules_sha256() noexcept;

}  // namespace fairlead::config
