// The checks that need no counters: what, when, how much and at what price. Pure functions of one
// order's terms and the day's reference; each returns the Reason that refuses, or Reason::none.
// Called by the Ledger in the order of `Check`.
#pragma once

#include "risk/reason.hpp"
#include "risk/state.hpp"

namespace fairlead::risk {

// The terms a New asks for, or a Replace would leave behind.
struct OrderTerms {
    Quantity quantity = 0;
    Price price = 0;
    Side side = Side::none;
    OrderType order_type = OrderType::none;
    TimeInForce time_in_force = TimeInForce::rest_of_day;
    SessionKind session_kind = SessionKind::regular;
    CreditType credit_type = CreditType::cash;
};

// Sets of checks, a bit each.
constexpr std::uint64_t bit(Check check) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(check);
}

inline constexpr std::uint64_t all_checks = (std::uint64_t{1} << check_count) - 1;

// A changed price is looked at whatever it does to the reserve.
inline constexpr std::uint64_t price_checks = bit(Check::trading_phase) | bit(Check::tick) |
                                              bit(Check::price_limit) | bit(Check::collar) |
                                              bit(Check::self_match) | bit(Check::capacity);

// A Replace that raises the reserve passes these as well; what its New has passed stays passed.
inline constexpr std::uint64_t raise_checks =
    bit(Check::road_open) | bit(Check::halted) | bit(Check::account_enabled) | bit(Check::order_value) |
    bit(Check::message_rate) | bit(Check::credit_account) | bit(Check::credit_branch) |
    bit(Check::credit_investor) | bit(Check::credit_firm);

// Check::security_tradable: suspended, session kind, credit type, innovation board.
[[nodiscard]] Reason check_tradable(const OrderTerms& terms, const SecurityState& security,
                                    std::uint16_t account_flags, std::uint8_t credit_types) noexcept;
// Check::order_type: type and time in force, by security and session kind.
[[nodiscard]] Reason check_order_type(const OrderTerms& terms, const SecurityState& security) noexcept;
// Check::trading_phase. `phase` is the one in force for the security's venue and the session kind.
[[nodiscard]] Reason check_phase(const OrderTerms& terms, Phase phase) noexcept;
// Check::quantity: lots, maximum, odd lot range.
[[nodiscard]] Reason check_quantity(const OrderTerms& terms, const SecurityState& security,
                                    const RuleSet& rules) noexcept;
// Check::tick: a price where there must be one, on the tick of its class.
[[nodiscard]] Reason check_tick(const OrderTerms& terms, const SecurityState& security,
                                const TickTable& ticks) noexcept;
// Check::price_limit: the day's limits, and short sales below the reference price.
[[nodiscard]] Reason check_price_limit(const OrderTerms& terms, const SecurityState& security) noexcept;
// Check::collar: basis points off the reference, and off the last trade seen. One tick is always let
// through, or cheap securities could not move.
[[nodiscard]] Reason check_collar(const OrderTerms& terms, const SecurityState& security,
                                  const RuleSet& rules, const TickTable& ticks) noexcept;

// The number behind a refusal of the checks above, to be told with it: tick, price limit, collar's edge and
// reference price in 1/10,000 NTD, lot and largest quantity in shares. 0 = the reason has none.
[[nodiscard]] Amount bound_behind(Reason reason, const OrderTerms& terms, const SecurityState& security,
                                  const RuleSet& rules, const TickTable& ticks) noexcept;

// The step of prices at `price`; 0 if the table has no row for the class.
[[nodiscard]] Price tick_at(const TickTable& ticks, TickClass tick_class, Price price) noexcept;
[[nodiscard]] constexpr bool is_odd_lot(SessionKind kind) noexcept {
    return kind == SessionKind::intraday_odd_lot || kind == SessionKind::after_hours_odd;
}

}  // namespace fairlead::risk
