// Assess: how much a running gateway carries, how much the journals say it must carry, how long the one is
// enough for the other; kept as a dated page and a JSON file. Called by `fairlead-load assess`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/load/assess/forecast.hpp"
#include "bench/load/assess/knee.hpp"
#include "bench/load/player.hpp"
#include "bench/load/profile.hpp"
#include "bench/load/session_plans.hpp"

namespace fairlead::load {

struct AssessOptions {
    KneeOptions knee;
    Growth growth;
    std::vector<std::string> journals;
    std::string out;           // directory of the report; made when missing
    std::size_t sessions = 0;  // that must be played; 0: as many as there are
    std::size_t accounts = 0;  // the same
    double seconds = 3;        // of each trial
};
// Empty: the options make sense. Otherwise option, value and rule.
[[nodiscard]] std::string check(const AssessOptions& options);

// What the load is made of, and on whom it is played.
struct AssessStage {
    const config::GatewayConfig& gateway;
    Market& market;
    std::vector<SessionPlan> sessions;
    PlayerOptions player;
    ProfileOptions profile;
    std::function<bool()> interrupted;
};

// Exit code: 0 enough, 1 not enough, 2 no assessment could be made; then what is wrong is on stderr.
[[nodiscard]] int assess(const AssessOptions& options, AssessStage stage);

}  // namespace fairlead::load
