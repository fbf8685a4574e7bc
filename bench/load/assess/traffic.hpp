// Traffic: what clients sent on each day of a journal: commands, the busiest minute and second, how many
// sessions, accounts and investors. Reads journals offline and judges nothing. Called by
// `fairlead-load assess`.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "risk/record.hpp"

namespace fairlead::load {

// Of the clock, in UTC: a minute begins at second 0.
struct BusiestSpan {
    risk::UtcNs from_utc_ns = 0;
    std::uint64_t commands = 0;
};

struct DayTraffic {
    std::string journal;
    std::uint32_t date = 0;      // yyyymmdd, as DayStart has it
    std::uint64_t commands = 0;  // New, Replace, Cancel of clients, refused ones too
    BusiestSpan minute;
    BusiestSpan second;
    std::size_t sessions = 0;  // that sent any
    std::size_t accounts = 0;
    std::size_t investors = 0;
};

class DayCounter {
  public:
    void take(risk::UtcNs utc_ns, std::uint32_t session, const risk::Person& person);
    // The earliest of equals is the busiest.
    [[nodiscard]] DayTraffic traffic() const;
    [[nodiscard]] bool empty() const noexcept { return commands_ == 0; }

  private:
    std::map<std::int64_t, std::uint64_t> by_second_;
    std::unordered_set<std::uint32_t> sessions_;
    std::unordered_set<std::string> accounts_;
    std::unordered_set<std::string> investors_;
    std::uint64_t commands_ = 0;
};

struct Traffic {
    std::vector<DayTraffic> days;  // in order of the journals given, then of the journal
    std::string error;             // empty: every journal was read and has commands

    // The days must not be empty.
    [[nodiscard]] const DayTraffic& busiest_by_minute() const;
    [[nodiscard]] const DayTraffic& busiest_by_second() const;
};
[[nodiscard]] Traffic count_traffic(const std::vector<std::string>& journals);

// The last start of a gateway that a journal tells of.
struct GatewayStart {
    risk::UtcNs utc_ns = 0;  // 0: none, or the journal cannot be read
    risk::Sha256 program{};
    risk::Sha256 configuration{};
};
[[nodiscard]] GatewayStart find_last_start(const std::string& journal);

}  // namespace fairlead::load
