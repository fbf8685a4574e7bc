// The state file: each session's message numbers from one run to the next, as JSON, replaced whole and
// atomically. Without it a run adopts the gateway's numbers. Called by fairlead-load's main.
#pragma once

#include <map>
#include <string>

#include "bench/load/client_session.hpp"

namespace fairlead::load {

using NumbersBySender = std::map<std::string, SessionNumbers>;

struct LoadedNumbers {
    NumbersBySender numbers;
    bool exists = false;
    std::string error;  // file, what is wrong; empty: fine, also when there is no file yet
};
[[nodiscard]] LoadedNumbers load_numbers(const std::string& path);
// Empty: written. Otherwise what went wrong.
[[nodiscard]] std::string save_numbers(const std::string& path, const NumbersBySender& numbers);

}  // namespace fairlead::load
