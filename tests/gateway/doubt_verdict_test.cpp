// What a status report says of a command whose answer was lost, row by row.
#include "gateway/doubt_verdict.hpp"

#include <catch2/catch.hpp>

using namespace fairlead::risk;
using fairlead::gateway::verdict;

namespace {

constexpr Sequence the_new = 1;
constexpr Sequence the_replace = 2;
constexpr Sequence the_cancel = 3;

struct Row {
    const char* what;
    Sequence command;
    Quantity asked_quantity;  // of the Replace; the order has 5,000 shares at 100
    Price asked_price;
    Quantity known_filled;  // here
    OrderStatus status;     // at the venue, as the rest
    Quantity leaves;
    Quantity filled;
    Price price;
    Resolution says;
};

constexpr auto created = OrderStatus::created;
constexpr auto filled = OrderStatus::filled;
constexpr auto partly = OrderStatus::partially_filled;
constexpr auto cancelled = OrderStatus::cancelled;
using enum Resolution;

// clang-format off
const Row rows[] = {
    {"a New lives",                              the_new,     5000, 105, 0,    created,          5000, 0,    100, venue_knows},
    {"a cancel: the order lives",                the_cancel,  5000, 105, 0,    created,          5000, 0,    100, venue_did_not},
    {"a cancel: the order is filled",            the_cancel,  5000, 105, 0,    filled,           0,    5000, 100, venue_did_not},
    {"a cancel: done",                           the_cancel,  5000, 105, 0,    cancelled,        0,    -1,   100, venue_knows},
    {"a price: the new one",                     the_replace, 5000, 105, 0,    created,          5000, 0,    105, venue_did},
    {"a price: the old one",                     the_replace, 5000, 105, 0,    created,          5000, 0,    100, venue_did_not},
    {"a price: a third one",                     the_replace, 5000, 105, 0,    created,          5000, 0,    101, none},
    {"a price: none is told",                    the_replace, 5000, 105, 0,    created,          5000, 0,    0,   none},
    {"a price: fills are known here",            the_replace, 5000, 105, 2000, partly,           3000, 2000, 105, venue_did},
    {"a price: fills are not shown yet",         the_replace, 5000, 105, 1000, partly,           3000, 2000, 105, none},
    {"a price: no count of fills",               the_replace, 5000, 105, 0,    created,          5000, -1,   105, none},
    {"a price: filled at the new one",           the_replace, 5000, 105, 5000, filled,           0,    5000, 105, venue_did},
    {"a price: changed, then cancelled",         the_replace, 5000, 105, 0,    cancelled,        0,    0,    105, venue_did},
    {"a price: cancelled, fills not shown yet",  the_replace, 5000, 105, 0,    cancelled,        0,    1000, 105, none},
    {"a cut: done",                              the_replace, 3000, 100, 0,    created,          3000, 0,    100, venue_did},
    {"a cut: done, fills not shown yet",         the_replace, 3000, 100, 0,    partly,           2000, 1000, 100, venue_did},
    {"a cut: not done",                          the_replace, 3000, 100, 0,    created,          5000, 0,    100, venue_did_not},
    {"a cut: something else was cut",            the_replace, 3000, 100, 0,    created,          4000, 0,    100, none},
    {"a cut: to what has filled, which ends it", the_replace, 3000, 100, 3000, cancelled,        0,    3000, 100, venue_did},
    {"a cut: the order was cancelled",           the_replace, 3000, 100, 0,    cancelled,        0,    0,    100, venue_did_not},
    {"a cut: no count of fills",                 the_replace, 3000, 100, 0,    created,          3001, -1,   100, none},
};
// clang-format on

}  // namespace

TEST_CASE("a_lost_answer_is_told_by_the_orders_state_at_the_venue_or_stays_in_doubt") {
    for (const Row& row : rows) {
        INFO(row.what);
        Order order;
        order.key = the_new;
        order.quantity = 5000;
        order.price = 100;
        order.filled = row.known_filled;
        order.replace.command = the_replace;
        order.replace.quantity = row.asked_quantity;
        order.replace.price = row.asked_price;
        order.cancel.command = the_cancel;
        VenueReportFacts told;
        told.order_status = row.status;
        told.leaves_quantity = row.leaves;
        told.filled_quantity = row.filled;
        told.price = row.price;
        CHECK(verdict(order, row.command, told) == row.says);
    }
}
