// logins on the command line: its options, and what it prints. Used by main alone.
#pragma once

#include <CLI/CLI.hpp>

#include "audit/examine/period.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct LoginArguments {
    Period period;
    std::string user;
    std::string format = "text";
};

void add_login_options(CLI::App& logins, LoginArguments& given);
// Exit codes: 0 no gap; 1 a gap, or damage; 2 asked wrongly.
[[nodiscard]] int run_logins(const JournalPlace& place, const LoginArguments& given);

}  // namespace fairlead::audit
