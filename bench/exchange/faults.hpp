// Faults: what a line of the exchange stand-in is told to do wrong, and the one language that tells it:
// "LINE VERB ARGUMENTS", at start by --fault or later by the control socket. It reads and keeps; Exchange
// acts. The verbs stand in `fault_help`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::exchange {

inline constexpr std::uint64_t always = UINT64_MAX;

// The standing faults of one line. Counts go down by use; `always` does not.
struct LineFaults {
    std::int64_t delay_acks_ns = 0;   // answers to D, G, F, H
    std::int64_t delay_fills_ns = 0;  // what nobody asked for at that moment: fills, ends, restatements
    std::uint64_t drop_acks = 0;      // the next n are never sent
    std::uint64_t drop_fills = 0;
    std::uint64_t duplicate = 0;  // the next n reports are sent twice
    std::int64_t cut_units = 0;   // of the next cut_count New orders, so many units are not accepted
    std::uint64_t cut_count = 0;
    std::uint16_t reject_code = 0;  // for the next reject_count commands
    std::uint64_t reject_count = 0;
    std::uint64_t disconnect_before = 0;  // cut when so many more commands are read; that one is lost
    std::uint64_t disconnect_after = 0;   // cut after so many more are acted upon; its answer is not sent
    std::uint32_t rate_per_second = 0;    // more commands than this are refused with 0089; 0 = no limit
    bool fill_before_ack = false;
    bool stop_reading = false;
    std::string refuse_logon;  // text of the refusal; empty = by the rule alone
};

struct FaultCommand {
    std::string line;  // SenderCompID, or "all"
    std::string verb;
    std::vector<std::string> arguments;
    std::string error;  // not empty: what is wrong, naming the word and the rule
};

[[nodiscard]] FaultCommand parse_fault(std::string_view text);

// Applies a verb that only changes standing faults. False: it is one of the acts.
[[nodiscard]] bool set_fault(const FaultCommand& command, LineFaults& faults);

// Takes one of a count.
[[nodiscard]] inline bool take(std::uint64_t& count) {
    if (count == 0) {
        return false;
    }
    count -= count == always ? 0 : 1;
    return true;
}

extern const std::string_view fault_help;

}  // namespace fairlead::exchange
