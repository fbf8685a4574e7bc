// Fairness: from the journal alone, who came first and who went first. Judged by effective arrival
// (the arrival rule), place on the venue line, and departure stamps. "In kernel arrival order", not "in
// the order clients pressed send". Called by fairlead-examine and by tests.
#pragma once

#include <string>
#include <vector>

#include "audit/segment_directory.hpp"

namespace fairlead::audit {

// One command that went out on a venue line.
struct Departure {
    risk::Sequence command = 0;
    std::uint32_t line = 0;
    std::uint64_t line_number = 0;  // place on the line
    risk::InvestorId investor;
    risk::Symbol symbol;
    risk::UtcNs arrived_ns = 0;   // effective arrival
    risk::UtcNs departed_ns = 0;  // handed to the socket; 0 = not recorded
};

struct InvestorWait {
    risk::InvestorId investor;
    std::uint64_t commands = 0;
    std::int64_t p50_ns = 0;
    std::int64_t p99_ns = 0;
    std::int64_t worst_ns = 0;
};

struct FairnessReport {
    std::string error;             // empty: the journal could be read to its end
    std::uint64_t commands = 0;    // that went out
    std::uint64_t undeparted = 0;  // given a place on a line, no departure stamp
    // Races: two investors, one line, one security, arrivals at most 50 us apart.
    std::uint64_t race_pairs = 0;
    std::uint64_t race_inversions = 0;
    std::int64_t worst_race_ns = 0;
    // Any two investors on one line.
    std::uint64_t pairs = 0;
    std::uint64_t inversions = 0;
    std::int64_t worst_ns = 0;  // how much earlier the later sent one had arrived
    risk::Sequence worst_command = 0;
    std::vector<InvestorWait> waits;  // most commands first, at most ten
    std::int64_t wait_p50_ns = 0;
    std::int64_t wait_p99_ns = 0;
    std::int64_t wait_worst_ns = 0;
    // Largest distance between the waits of two investors of that list with 100 commands or more, 0 to 1.
    double largest_distance = 0;
    risk::InvestorId distance_one;
    risk::InvestorId distance_other;
};

inline constexpr std::int64_t race_window_ns = 50'000;

[[nodiscard]] FairnessReport measure_fairness(const JournalPlace& journal);
// The arithmetic alone.
[[nodiscard]] FairnessReport judge_fairness(std::vector<Departure> departures);

}  // namespace fairlead::audit
