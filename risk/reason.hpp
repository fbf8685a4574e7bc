// Reason: why a Record was refused. Each has one code, one English and one Chinese sentence, and the
// rule it comes from. The order of the checks is the order of `Check`.
#pragma once

#include <cstdint>
#include <string_view>

namespace fairlead::risk {

// The ordered check list of a new order; bit n of Decision::checks_passed.
enum class Check : std::uint8_t {
    road_open = 0,  // journal and clock trusted, a line of the venue open, day started
    halted = 1,     // firm, venue, investor, account, security, session
    session_account = 2,
    account_enabled = 3,
    security_known = 4,
    security_tradable = 5,
    order_type = 6,
    trading_phase = 7,
    quantity = 8,
    tick = 9,
    price_limit = 10,
    collar = 11,
    order_value = 12,
    message_rate = 13,
    duplicate = 14,
    repeated = 15,
    self_match = 16,
    sellable = 17,
    credit_account = 18,
    credit_branch = 19,
    credit_investor = 20,
    credit_symbol = 21,
    credit_firm = 22,
    capacity = 23,
};
inline constexpr unsigned check_count = 24;

enum class Reason : std::uint16_t {
    none = 0,
    // road
    day_not_started = 1,
    journal_unavailable = 2,
    clock_untrusted = 3,
    venue_line_down = 4,
    // halts
    firm_halted = 10,
    venue_halted = 11,
    investor_halted = 12,
    account_halted = 13,
    symbol_halted = 14,
    session_halted = 15,
    // who
    account_unknown = 20,
    session_not_allowed = 21,
    account_disabled = 22,
    investor_disabled = 23,
    // what
    security_unknown = 30,
    security_suspended = 31,
    side_mismatch = 32,           // replace or cancel names another side or security than its order
    order_type_not_allowed = 33,  // market or TIF not allowed for this security
    credit_type_not_allowed = 34,
    day_trade_not_allowed = 35,
    session_kind_not_allowed = 36,
    investor_not_qualified = 37,
    short_below_reference = 38,
    // when
    session_closed = 40,    // no phase takes orders of this session kind now
    phase_order_type = 41,  // market, IOC or FOK in a call auction
    // how much
    quantity_not_positive = 50,
    quantity_not_lot = 51,
    quantity_too_large = 52,
    odd_lot_range = 53,  // odd lot: 1 .. lot - 1 shares
    price_missing = 54,
    price_not_tick = 55,
    price_above_limit = 56,
    price_below_limit = 57,
    price_collar_reference = 58,
    price_collar_last = 59,
    order_value_too_large = 60,
    price_on_market_order = 61,
    // how often
    session_message_rate = 70,
    investor_message_rate = 71,
    duplicate_client_order_id = 72,
    repeated_order = 73,
    self_match = 74,
    // credit
    sellable_short = 80,
    credit_buy = 81,
    credit_sell = 82,
    credit_gross_day = 83,
    credit_net = 84,
    credit_offset = 85,
    credit_symbol_long = 86,
    credit_symbol_short = 87,
    credit_reported = 88,  // firm: net available funds multiple
    amount_overflow = 89,
    // replace and cancel
    order_unknown = 100,
    too_late = 101,  // order already ended
    replace_pending = 102,
    cancel_pending = 103,
    original_superseded = 104,
    replace_both = 105,     // price and quantity together
    replace_nothing = 106,  // neither changes
    quantity_up = 107,
    quantity_below_filled = 108,
    replace_market_price = 109,
    odd_lot_price_change = 110,
    order_unacknowledged = 111,  // the New has no answer yet
    order_in_doubt = 112,
    execution_unknown = 113,  // no such fill of the order, or it is bust already
    // sizes
    capacity_orders = 120,
    capacity_positions = 121,
    // outcomes told by others
    venue_refused = 130,  // see Decision::venue_code
    never_sent = 131,
    wait_expired = 132,
    venue_cancelled = 133,
    venue_cut = 134,
    not_authorised = 140,
    limit_invalid = 141,
    not_halted = 142,
};

struct ReasonText {
    Reason reason = Reason::none;
    std::string_view code;     // stable name for reports: "credit_buy"
    std::string_view english;  // one sentence
    std::string_view chinese;
    std::string_view rule;  // R-number, regulation or document the rule comes from
};

// The text of a reason. Total: every enumerator has one (tested).
[[nodiscard]] const ReasonText& reason_text(Reason reason) noexcept;

}  // namespace fairlead::risk
