// explain and replay on the command line: their options, and what they print. Used by main alone.
#pragma once

#include <CLI/CLI.hpp>

#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct ReplayArguments {
    std::uint64_t sequence = 0;
    std::string until;
    std::string what_if;
    std::string investor;
    std::string account;
    std::string format = "text";
    std::string language = "en";
    bool all = false;
    bool reveal = false;
};

void add_explain_options(CLI::App& explain, ReplayArguments& given);
void add_replay_options(CLI::App& replay, ReplayArguments& given);
// Exit codes: 0 in order; 1 damage, a Decision that replays otherwise, or no such record, investor, account
// or day in this journal; 2 asked wrongly.
[[nodiscard]] int run_explain(const JournalPlace& place, const ReplayArguments& given);
[[nodiscard]] int run_replay(const JournalPlace& place, const ReplayArguments& given);

}  // namespace fairlead::audit
