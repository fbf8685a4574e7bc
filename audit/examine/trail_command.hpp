// The command line of trail.
#pragma once

#include <CLI/CLI.hpp>

#include "audit/examine/period.hpp"
#include "audit/journal_reader.hpp"

namespace fairlead::audit {

struct TrailArguments {
    std::string what;
    Period period;
    std::string format = "text";
    std::string language = "en";
    bool reveal = false;
};

void add_trail_options(CLI::App& trail, TrailArguments& given);
// Exit codes: 0 told; 1 damage; 2 asked wrongly, nothing found, or several orders of that name.
[[nodiscard]] int run_trail(const JournalPlace& place, const TrailArguments& given);

}  // namespace fairlead::audit
