// Fairness: from the journal alone, who came first and who went first. Judged twice: by effective arrival
// (the arrival rule: serial numbers in the order orders were received) and, beside it, by the kernel's
// stamps, every difference with its cause. "In kernel arrival order", not "in the order clients pressed
// send". The arithmetic is here; fairness_collect.cpp reads the journal, fairness_report.cpp writes the
// report. Called by fairlead-examine and by tests.
#pragma once

#include <string>
#include <vector>

#include "audit/segment_directory.hpp"
#include "risk/record.hpp"

namespace fairlead::audit {

// One command of a client as the journal holds it. The refused ones are here too: who lost a race is
// visible nowhere else.
struct ClientCommand {
    risk::Sequence sequence = 0;
    std::uint32_t session = 0;
    risk::InvestorId investor;
    risk::Symbol symbol;
    risk::UtcNs kernel_ns = 0;     // 0: the kernel gave none
    risk::UtcNs effective_ns = 0;  // what it competed with
    // When its own session's message before it was decided: up to then it stood behind that one. 0 = none.
    risk::UtcNs own_before_ns = 0;
    bool clock_went_back = false;  // decided while UTC was behind what it had been
    bool own = false;              // for the dealer's own account (co-location rules, R19)
    bool offered = false;          // the Ledger passed it on to a venue line
    std::uint32_t line = 0;        // 0: never given a place on one
    // A Cancel that waits for nothing of its own order: new orders that wait for the line cannot block it, so
    // it is compared with others of its lane only.
    bool cancels_lane = false;
    std::uint64_t place = 0;      // order of being given one, from 1
    risk::UtcNs departed_ns = 0;  // handed to the socket; 0 = not recorded
};

// Commands before which a younger one of another party was served.
struct Overtaken {
    std::uint64_t commands = 0;
    std::int64_t worst_ns = 0;  // by how much the youngest of those was younger
    risk::Sequence worst_record = 0;
    void add(std::int64_t by_ns, risk::Sequence sequence) noexcept;
};

// Pairs of two investors' commands. A race: same line, same security, arrivals at most 50 us apart.
struct Pairs {
    std::uint64_t pairs = 0;
    std::uint64_t inversions = 0;
    std::int64_t worst_ns = 0;  // how much earlier the later sent one had arrived
    risk::Sequence worst_record = 0;
};

struct InvestorService {
    risk::InvestorId investor;
    std::uint64_t commands = 0;  // received
    std::uint64_t offered = 0;
    std::uint64_t served = 0;  // departed
    std::int64_t wait_p50_ns = 0;
    std::int64_t wait_p99_ns = 0;
    std::int64_t wait_worst_ns = 0;
    std::int64_t kernel_wait_p99_ns = 0;  // from the kernel's stamp, its own session's queue included
    std::int64_t kernel_wait_worst_ns = 0;
    std::uint64_t late_readable = 0;
    std::int64_t late_worst_ns = 0;
};

// The dealer's own flow, or everybody else's.
struct FlowService {
    std::uint64_t commands = 0;
    std::uint64_t offered = 0;
    std::uint64_t served = 0;
    std::int64_t wait_p50_ns = 0;
    std::int64_t wait_p99_ns = 0;
    std::int64_t wait_worst_ns = 0;
};

struct FairnessReport {
    std::string error;  // empty: the journal could be read to its end
    std::uint64_t commands = 0;
    std::uint64_t without_stamp = 0;  // arrival is the time of reading
    bool stamps_missing = false;      // the journal says that the kernel gives none

    // --- serial numbers: every command of every session against the other sessions', refused ones too
    Overtaken out_of_turn;         // against effective arrival: the rule was broken
    Overtaken late_readable;       // against the kernel's stamps: became readable only afterwards
    Overtaken behind_own;          // ... stood behind an earlier message of its own session
    Overtaken clock_stepped;       // ... UTC had gone back meanwhile
    Overtaken unexplained;         // ... none of these
    std::uint64_t late_total = 0;  // effective arrival later than the stamp by no doing of its session
    std::int64_t late_worst_ns = 0;

    // --- places on a line
    std::uint64_t sent = 0;
    std::uint64_t undeparted = 0;         // given a place on a line, no departure stamp
    Pairs races;                          // by effective arrival: the headline
    Pairs kernel_races;                   // by the kernel's stamps
    std::uint64_t kernel_races_late = 0;  // of its inversions: the earlier one became readable late
    std::uint64_t kernel_races_own = 0;   // ... stood behind its own session's message
    Pairs all;                            // any two investors on one line, by effective arrival
    Overtaken in_line_queue;              // served in turn, overtaken while waiting for the line

    // --- waiting, from effective arrival to departure
    std::vector<InvestorService> investors;  // most commands first
    std::int64_t wait_p50_ns = 0;
    std::int64_t wait_p99_ns = 0;
    std::int64_t wait_worst_ns = 0;
    FlowService own;          // orders for the dealer's own account: the same road, the same rules
    FlowService clients;      // all others
    std::string own_unknown;  // why the accounts of a day are not known, so that own flow counts as clients'
    double jain_index = 1;    // of served over offered; 1 = all alike
    // Largest Kolmogorov-Smirnov distance between the waits of two of the ten investors with most commands,
    // of 100 departures or more each; 0 to 1.
    double largest_distance = 0;
    risk::InvestorId distance_one;
    risk::InvestorId distance_other;
};

inline constexpr std::int64_t race_window_ns = 50'000;

// What whoever answers for the gateway has bound himself to. The usual bounds hold by construction alone:
// none out of turn, none unexplained.
struct FairnessBounds {
    std::uint64_t out_of_turn_max = 0;                        // commands
    std::uint64_t unexplained_max = 0;                        // commands
    std::uint64_t late_readable_per_million_max = 1'000'000;  // of the commands received
    double jain_min = 0;
    double distance_max = 1;  // KS
};
// Each bound that does not hold, with its figure. Empty: within all of them.
[[nodiscard]] std::vector<std::string> exceeded(const FairnessReport& report, const FairnessBounds& bounds);

// Of the records `first` to `last`. What was under way before counts as never seen; whose accounts are the
// dealer's own is known from the day's start on.
[[nodiscard]] FairnessReport measure_fairness(const JournalPlace& journal, risk::Sequence first = 1,
                                              risk::Sequence last = UINT64_MAX);
// The arithmetic alone; commands in journal order.
[[nodiscard]] FairnessReport judge_fairness(const std::vector<ClientCommand>& commands);

}  // namespace fairlead::audit
