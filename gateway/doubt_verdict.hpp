// What became of a command whose answer was lost, by the order's state at the venue (a status report).
// Pure. Used by VenueSide where it settles a doubt.
#pragma once

#include "risk/order.hpp"
#include "risk/record.hpp"

namespace fairlead::gateway {

// `order` as it stands after the report. Questions go out behind the command on its own line, so the venue
// has done it or never will. venue_knows: it is a New, or has been settled with the order. none: the state
// does not tell, and the command stays in doubt.
[[nodiscard]] constexpr risk::Resolution verdict(const risk::Order& order, risk::Sequence command,
                                                 const risk::VenueReportFacts& told) noexcept {
    using enum risk::Resolution;
    const bool over = says_over(told);
    if (command == order.cancel.command) {
        return over ? venue_knows : venue_did_not;
    }
    const risk::PendingReplace& asked = order.replace;
    if (command != asked.command) {
        return venue_knows;
    }
    if (asked.quantity < order.quantity) {
        const risk::Quantity total = told.leaves_quantity + told.filled_quantity;
        const bool reached = told.filled_quantity >= 0 && total == asked.quantity;
        return reached ? venue_did : over || total == order.quantity ? venue_did_not : none;
    }
    // Shares that have traded there and are not shown yet may come at either price.
    if (told.price <= 0 || told.filled_quantity != order.filled) {
        return none;
    }
    return told.price == asked.price ? venue_did : told.price == order.price ? venue_did_not : none;
}

}  // namespace fairlead::gateway
