// Order: one order as the Ledger knows it, from its accepted New to the end of the day. Plain bytes in
// a fixed array; its slot never moves. Only the Ledger writes it; the gateway reads it by slot.
#pragma once

#include <algorithm>

#include "risk/record.hpp"

namespace fairlead::risk {

// At most one of each is in flight; the second is refused.
struct PendingReplace {
    Sequence command = 0;   // 0 = none
    Quantity quantity = 0;  // new total
    Price price = 0;        // as the client named it
    Price worst = 0;        // what it is reserved at
    ClientOrderId client_order_id;
};
struct PendingCancel {
    Sequence command = 0;           // 0 = none
    ClientOrderId client_order_id;  // the gateway's own for a cancel it made itself
};

enum : std::uint8_t {
    order_acknowledged = 1,  // the venue has answered the New, or shown that it knows it
    order_new_in_doubt = 2,  // its bytes may have left and nothing proves it
    order_replace_in_doubt = 4,
    order_cancel_in_doubt = 8,
    order_strict = 16,             // a sell reserved at the day's upper limit
    order_in_book = 32,            // in its investor's tree of open prices
    order_cancel_by_gateway = 64,  // the pending cancel was made by the gateway, not by the client
    order_old_price_fills = 128,   // fills at the price before the last replace are still to come
};

struct Order {
    Sequence key = 0;              // sequence of its New
    Quantity quantity = 0;         // Q: total the venue has accepted, or was asked for
    Quantity filled = 0;           // C: sum of the fills seen
    Quantity reported_filled = 0;  // K: the venue's CumQty at the order's end, or at its last repricing
    Price price = 0;               // as the client named it; 0 for market
    Price worst = 0;               // P: what a share is reserved at
    Amount filled_amount = 0;
    Amount reserve = 0;             // R, NTD/10,000
    Quantity reserve_quantity = 0;  // R, shares
    Price book_price = 0;           // where it stands in the tree of open prices
    std::uint32_t session = 0;
    std::uint32_t account = 0;  // rows of the Ledger, as are those below
    std::uint32_t investor = 0;
    std::uint32_t security = 0;
    std::uint32_t account_position = 0;
    std::uint32_t investor_position = 0;
    std::uint32_t left = 0;  // tree links: slots
    std::uint32_t right = 0;
    ClientOrderId client_order_id;  // the latest the venue has not refused
    PendingReplace replace;
    PendingCancel cancel;
    Side side = Side::none;
    OrderType order_type = OrderType::none;
    TimeInForce time_in_force = TimeInForce::rest_of_day;
    SessionKind session_kind = SessionKind::regular;
    CreditType credit_type = CreditType::cash;
    Venue venue = Venue::none;
    OrderStatus ended = OrderStatus::none;  // filled, cancelled, rejected, expired; none = open
    std::uint8_t flags = 0;

    [[nodiscard]] bool open() const noexcept { return ended == OrderStatus::none; }
    [[nodiscard]] bool acknowledged() const noexcept { return (flags & order_acknowledged) != 0; }
    [[nodiscard]] bool in_doubt() const noexcept {
        return (flags & (order_new_in_doubt | order_replace_in_doubt | order_cancel_in_doubt)) != 0;
    }
    [[nodiscard]] Quantity leaves() const noexcept {
        return open() ? std::max<Quantity>(quantity - filled, 0) : 0;
    }
    // FIX OrdStatus (39), by the precedence of appendix D.
    [[nodiscard]] OrderStatus status() const noexcept {
        if (!open()) {
            return ended;
        }
        if (cancel.command != 0 && (flags & order_cancel_by_gateway) == 0) {
            return OrderStatus::pending_cancel;
        }
        if (replace.command != 0) {
            return OrderStatus::pending_replace;
        }
        if (filled > 0) {
            return OrderStatus::partially_filled;
        }
        return acknowledged() ? OrderStatus::created : OrderStatus::pending_new;
    }
};
static_assert(is_plain<Order> && sizeof(Order) == 232);

}  // namespace fairlead::risk
