// What a journal holds of one day, counted: the numbers of the day's report. Reads; judges nothing.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "audit/examine/words.hpp"
#include "audit/journal_reader.hpp"
#include "risk/reason.hpp"

namespace fairlead::audit {

struct HourOfOrders {
    std::uint64_t accepted = 0;  // News
    std::uint64_t refused = 0;
    std::uint64_t replaces = 0;
    std::uint64_t cancels = 0;  // the gateway's own too
};

struct Refusals {
    std::uint64_t count = 0;
    std::set<std::string> investors;
};

struct MarketDay {
    std::uint64_t orders = 0;  // accepted News
    std::uint64_t fills = 0;
    std::int64_t shares = 0;
    risk::Amount value = 0;
};

// Times from a command's record to the venue's answer to it, waits for the line's rate included.
struct AnswerTimes {
    std::vector<std::int64_t> ns;
    // Of sorted times; 0 without any.
    [[nodiscard]] std::int64_t percentile(unsigned permille) const;
    void sort();
};

struct LimitChange {
    risk::Sequence record = 0;
    risk::UtcNs at = 0;
    std::string whose;  // scope and target
    std::string what;   // dimension and symbol
    std::string value;
    std::string before;  // empty: never set by control
    bool raised = false;
    bool accepted = false;
    std::string user;
    std::string approver;
    std::string reason;
};

// A line of the incidents or of the acts of control.
struct Happening {
    risk::Sequence record = 0;
    risk::UtcNs at = 0;
    std::string what;
    std::string detail;
    std::string user;
    std::string approver;
};

struct DayFacts {
    std::string error;         // damage that reading did not get past; what came before it is counted
    risk::Sequence first = 0;  // 0: no record of that day
    risk::Sequence last = 0;
    std::uint64_t records = 0;
    std::map<int, HourOfOrders> hours;          // of Taipei
    std::map<risk::Reason, Refusals> refusals;  // of News, Replaces and Cancels
    std::array<MarketDay, risk::venue_count> markets;
    AnswerTimes answers;
    std::map<std::string, AnswerTimes> answers_of;  // by investor
    std::vector<LimitChange> limits;
    std::vector<Happening> acts;
    std::vector<Happening> incidents;
    std::uint64_t incidents_left_out = 0;
    std::uint64_t logins = 0;
    std::uint64_t logouts = 0;
    std::map<std::string, std::uint64_t> failed_logins;  // by verdict
    std::uint64_t in_doubt = 0;
    std::map<std::string, std::uint64_t> resolved;  // by how
    std::uint64_t orphans = 0;
};

// yyyy-mm-dd of Taipei to the day's first and one past its last nanosecond. False: not a day.
[[nodiscard]] bool day_bounds(std::string_view day, risk::UtcNs& begin, risk::UtcNs& end);

// Records whose time lies in [begin, end). Memory: one entry an order of the day.
[[nodiscard]] DayFacts read_day(const JournalPlace& place, risk::UtcNs begin, risk::UtcNs end,
                                Masking masking);

}  // namespace fairlead::audit
