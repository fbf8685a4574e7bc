// Profile: a seeded stream of orders as a broker's clients send them: board and odd lots at legal
// prices around the reference, replaces, cancels, and a share of orders that are wrong on purpose. Pure:
// the same options and reference give the same stream. Called by `fairlead-load profile` and tests.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "bench/load/market.hpp"
#include "bench/load/planned.hpp"
#include "bench/load/random.hpp"

namespace fairlead::load {

enum class Shape : std::uint8_t {
    steady = 0,  // the same rate all along, independent arrivals
    burst = 1,   // each second: 100 ms at 5.5 times the rate, the rest at half of it
    open = 2,    // four times the rate at the start, falling to 0.4 of it: the open of the day
};

// Shares are of all commands (or of new orders, where said), in thousandths.
struct ProfileOptions {
    double rate_per_second = 1000;  // the mean over the whole run
    double seconds = 10;
    Shape shape = Shape::steady;
    std::uint64_t seed = 1;
    std::uint32_t replace_per_mille = 80;
    std::uint32_t cancel_per_mille = 120;
    std::uint32_t sell_per_mille = 480;    // of new orders, as long as the account holds something
    std::uint32_t odd_lot_per_mille = 60;  // of new orders
    std::uint32_t market_per_mille = 30;   // of new orders
    std::uint32_t immediate_per_mille = 40;
    std::uint32_t fill_or_kill_per_mille = 20;
    // Wrong on purpose, each of new orders; [0] is unused.
    std::array<std::uint32_t, fault_count> fault_per_mille{0, 6, 6, 6, 4, 6, 4, 4};
    // With the day's phases: what a phase does not take is not sent, unless wrong on purpose.
    bool follow_phases = false;
    std::int64_t day_offset_ns = 0;  // how long after the day's origin the run starts
};

// Empty: the options make sense. Otherwise option, value and rule.
[[nodiscard]] std::string check(const ProfileOptions& options);

class Profile final : public CommandSource {
  public:
    Profile(const Market& market, const ProfileOptions& options);

    // Another run on the same day: orders are numbered from 0 again, while what investors have committed
    // stays committed, so that right orders stay right.
    void begin_run(double rate_per_second, double seconds);

    [[nodiscard]] bool next(PlannedCommand& command) override;
    [[nodiscard]] std::uint64_t expected_count() const override;
    // The rate in force at a time of the run, commands a second.
    [[nodiscard]] double rate_at(std::int64_t time_ns) const;

  private:
    // An order a later replace or cancel can be for.
    struct OpenOrder {
        PlannedCommand command;
        bool replaced = false;
    };
    struct PhaseNow {
        risk::Phase regular = risk::Phase::continuous;
        risk::Phase odd_lot = risk::Phase::odd_lot;
    };

    bool advance();
    [[nodiscard]] PhaseNow phase_of(risk::Venue venue) const;
    bool make_new(PlannedCommand& command);
    bool make_good(PlannedCommand& command);
    bool choose_instrument(PlannedCommand& command, bool odd_lot);
    void choose_kind(PlannedCommand& command, risk::Phase phase);
    bool choose_sell(PlannedCommand& command, bool odd_lot);
    bool choose_buy(PlannedCommand& command, bool odd_lot);
    bool commit(const PlannedCommand& command);
    bool make_bad(PlannedCommand& command, Fault fault);
    bool make_over_limit(PlannedCommand& command);
    bool make_change(PlannedCommand& command, bool cancel);
    [[nodiscard]] risk::Price price_around_reference(SecurityIndex security);
    [[nodiscard]] bool sells_here(std::uint32_t investor, SecurityIndex security) const;
    void remember(const PlannedCommand& command);

    const Market& market_;
    ProfileOptions options_;
    Random random_;
    std::vector<std::uint32_t> sessions_;  // those with at least one account
    std::vector<AccountIndex> poorest_;    // by session: the account with the least allowance
    std::vector<risk::Amount> investor_left_;
    std::unordered_map<AccountIndex, risk::Amount> account_used_;
    std::unordered_map<std::uint64_t, risk::Quantity> symbol_used_;  // by investor and security
    std::unordered_map<AccountIndex, std::vector<Holding>> holdings_left_;
    std::vector<OpenOrder> open_;
    std::vector<PlannedCommand> recent_;  // ring: candidates for a duplicate
    std::size_t recent_next_ = 0;
    std::int64_t end_ns_;
    std::int64_t time_ns_ = 0;
    std::uint32_t orders_ = 0;
};

}  // namespace fairlead::load
