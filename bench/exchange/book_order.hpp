// BookOrder: one order as the exchange stand-in knows it, from its acceptance to the day's end. Plain
// data; quantities in shares, prices in 1/10,000 NTD. Owned by Matching, linked into at most one level
// of one Book.
#pragma once

#include <cstdint>

#include "risk/words.hpp"

namespace fairlead::exchange {

using Slot = std::uint32_t;  // index of an order; 0 = none
inline constexpr std::int32_t background_line = -1;

enum class OrderState : std::uint8_t {
    working = 0,
    filled = 1,
    cancelled = 2,
    expired = 3,    // the day ended; nobody is told
    forgotten = 4,  // by an injected fault: answers as if it had never been
};

struct BookOrder {
    risk::Text<12> client_order_id;  // of the New
    risk::OrderNumber order_number;
    risk::BranchId branch;
    std::uint32_t account = 0;
    std::int32_t line = background_line;  // index of the line that sent the New
    std::uint32_t security = 0;           // row of the reference
    risk::Price price = 0;                // 0 for market
    risk::Quantity ordered = 0;           // as accepted, less what was cut since
    risk::Quantity filled = 0;
    risk::Quantity leaves = 0;
    risk::Amount amount = 0;  // filled quantity x price
    risk::Venue venue = risk::Venue::none;
    risk::SessionKind kind = risk::SessionKind::regular;
    risk::Side side = risk::Side::none;
    risk::OrderType type = risk::OrderType::limit;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    OrderState state = OrderState::working;
    char credit_type = '0';
    char channel = '3';
    // The list of its price level; `resting` says whether it is in one.
    bool resting = false;
    Slot previous = 0;
    Slot next = 0;
};

}  // namespace fairlead::exchange
