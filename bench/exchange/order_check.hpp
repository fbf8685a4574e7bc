// OrderCheck: is this message one the exchange would take? Field by field, then against the security,
// the phase and the daily limits, in the exchange's own codes. It keeps nothing: what needs the order
// named by a message (leaves, duplicates) is Exchange's. Called for every D, G, F and H.
#pragma once

#include "bench/exchange/book_order.hpp"
#include "bench/exchange/codes.hpp"
#include "bench/exchange/line_server.hpp"
#include "bench/exchange/matching.hpp"
#include "risk/flat_index.hpp"
#include "risk/reference.hpp"

namespace fairlead::exchange {

// A message's values, read. Quantities in shares.
struct CheckedMessage {
    Code code = 0;            // 0: everything below is good
    bool unknown_ap = false;  // TargetSubID names no sub-system: status 72, nothing else is read
    char ap_code = '0';
    risk::SessionKind kind = risk::SessionKind::regular;
    risk::Text<12> client_order_id;
    risk::Text<12> original_client_order_id;
    risk::OrderNumber order_number;
    risk::BranchId branch;
    std::uint32_t account = 0;
    std::uint32_t security = 0;
    risk::Side side = risk::Side::none;
    risk::Quantity unit = 1;  // shares of one unit of this sub-system's quantities
    risk::Quantity quantity = 0;
    risk::Price price = 0;
    risk::OrderType type = risk::OrderType::none;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    char credit_type = '0';
    char channel = '3';
};

class OrderCheck {
  public:
    explicit OrderCheck(const risk::Reference& reference);

    [[nodiscard]] CheckedMessage check(const OrderMessage& message, risk::Venue venue,
                                       const Matching& matching, risk::UtcNs now) const;
    // Tick and daily limits (0021); the price of an amended order is held to them as well.
    [[nodiscard]] Code price_code(std::uint32_t security, risk::Price price) const;
    // 0001 before, 0002 after; 0 while orders of this kind are taken.
    [[nodiscard]] static Code time_code(const Matching& matching, const risk::SecurityRow& security,
                                        risk::SessionKind kind, risk::UtcNs now);
    [[nodiscard]] std::uint32_t find_security(std::string_view symbol) const;

  private:
    void check_new(const OrderMessage& message, const Matching& matching, risk::UtcNs now,
                   CheckedMessage& checked) const;

    const risk::Reference& reference_;
    risk::FlatIndex securities_;
};

// "12.3450" in 1/10,000; false: not at most five integer digits and four decimals.
[[nodiscard]] bool parse_price(std::string_view text, risk::Price& into);
// At most nine digits, nothing else.
[[nodiscard]] bool parse_number(std::string_view text, std::int64_t& into);
// "yyyymmdd-hh:mm:ss" with or without ".mmm".
[[nodiscard]] bool parse_utc(std::string_view text, risk::UtcNs& into);

}  // namespace fairlead::exchange
