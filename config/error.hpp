// What is wrong with a file read at start: where, which field, its value, and the rule it breaks.
// Errors are collected, not thrown, so that one start names them all. Used by every reader in config/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

struct ConfigError {
    std::string file;
    std::uint64_t line = 0;  // from 1; 0 = the file as a whole
    std::string key;         // "journal.segment_mib", or the field of a row
    std::string value;       // as written; empty for secrets and for what is absent
    std::string rule;        // one sentence: what the value must be
};

// "file:line: key = value: rule", for the log and for --check.
[[nodiscard]] std::string describe(const ConfigError& error);

// Readers stop after this many errors.
inline constexpr std::size_t errors_max = 20;

template <class T>
struct Loaded {
    T value{};
    std::vector<ConfigError> errors;
    [[nodiscard]] bool ok() const { return errors.empty(); }
};

}  // namespace fairlead::config
