// Summary: a run told to a broker: what was sent, what came of it, how long it took, whether it was
// even-handed, and whether anything is wrong. As text and as JSON. Called by fairlead-load's main.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/load/histogram.hpp"
#include "bench/load/player.hpp"

namespace fairlead::load {

// Orders joined with the exchange's witness.
struct ArrivalResult {
    bool given = false;
    std::string error;  // the witness could not be read
    Histogram wire_to_wire;
    std::vector<Histogram> by_session;
    std::uint64_t orders_seen = 0;      // New orders in the witness that this run sent
    std::uint64_t accepted_unseen = 0;  // accepted towards the client, and not in the witness
    std::uint64_t refused_seen = 0;     // refused by the gateway, and in the witness all the same
};

struct RunFacts {
    std::string source;   // "profile, shape open, seed 1" or the log's name
    bool strict = false;  // a good order refused, or a bad one accepted, fails the run
    std::vector<std::string> notes;
};

// What fails the run, one sentence each; empty: all is well.
[[nodiscard]] std::vector<std::string> failures(const Player& player, const ArrivalResult& arrival,
                                                const RunFacts& facts);
[[nodiscard]] std::string text_summary(const Player& player, const ArrivalResult& arrival,
                                       const RunFacts& facts);
[[nodiscard]] nlohmann::json json_summary(const Player& player, const ArrivalResult& arrival,
                                          const RunFacts& facts);

// (sum x)^2 / (n sum x^2) of answered over sent, by session: 1 is even.
[[nodiscard]] double jain_index(const std::vector<SessionOutcome>& sessions);
// 1234567 -> "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t value);

}  // namespace fairlead::load
