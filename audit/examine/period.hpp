// --from and --to, alike in every command that has them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "audit/examine/words.hpp"

namespace fairlead::audit {

struct Period {
    std::string from;
    std::string to;
};

inline void add_period(CLI::App& command, Period& given) {
    command.add_option("--from", given.from,
                       "Not before this time: 2026-11-23T10:30:00 is Taipei's; Z may follow");
    command.add_option("--to", given.to, "Not after this time");
}

// Leaves what was not given as it is. False: one of them is no time, which is told on standard error.
[[nodiscard]] inline bool read_period(const Period& given, risk::UtcNs& from, risk::UtcNs& to) {
    const bool good = (given.from.empty() || parse_taipei(given.from, from)) &&
                      (given.to.empty() || parse_taipei(given.to, to));
    if (!good) {
        std::fputs("--from and --to: must be times as 2026-11-23T10:30:00\n", stderr);
    }
    return good;
}

}  // namespace fairlead::audit
