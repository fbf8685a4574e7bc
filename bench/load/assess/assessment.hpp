// Assessment: what was measured, what the journals hold, what follows: everything its report tells, in one
// place, and the report in its forms. Measures nothing and writes no file. Called by assess.cpp and tests.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/load/assess/forecast.hpp"
#include "bench/load/assess/knee.hpp"
#include "bench/load/assess/traffic.hpp"

namespace fairlead::load {

struct Machine {
    std::string name;
    std::string processor;
    std::size_t processors = 0;
    std::uint64_t memory_mib = 0;
    std::string kernel;
};
[[nodiscard]] Machine this_machine();

struct TestedGateway {
    std::string configuration;  // file
    std::string configuration_sha256;
    std::string level;
    std::vector<std::string> lines;  // "T8610H3 (TWSE), 10,000 messages a second"
    GatewayStart start;              // as its own journal tells it, where that can be read here
};

struct TestedLoad {
    std::size_t sessions = 0;
    std::size_t accounts = 0;
    double seconds = 0;  // of each trial
    std::uint64_t seed = 0;
    std::uint32_t sell_per_mille = 0;  // of new orders
    std::uint32_t replace_per_mille = 0;
    std::uint32_t cancel_per_mille = 0;
};

struct Assessment {
    risk::UtcNs written_utc_ns = 0;
    std::string version;
    std::string program_sha256;  // of fairlead-load
    Machine machine;
    TestedGateway gateway;
    TestedLoad load;
    KneeOptions options;
    Knee knee;
    std::vector<RateResult> rates;
    Traffic traffic;
    Growth growth;
    Crossing minute;  // of the busiest minute's mean rate, and of the busiest second
    Crossing second;
    std::vector<std::string> notes;
};

// Fills `minute` and `second` from knee, traffic and growth.
void foresee(Assessment& assessment);
// Both busiest minute and busiest second stay below the knee for the years asked for.
[[nodiscard]] bool enough(const Assessment& assessment);
// One sentence for each of: judgement, busiest second, busiest minute.
[[nodiscard]] std::string verdict(const Assessment& assessment);

[[nodiscard]] nlohmann::json json_of(const Assessment& assessment);
// One page that needs nothing else, no network.
[[nodiscard]] std::string html_of(const Assessment& assessment);
// Rate against p50 and p99, with knee, bound, today's and tomorrow's traffic; an <svg> element.
[[nodiscard]] std::string chart_of(const Assessment& assessment);

}  // namespace fairlead::load
