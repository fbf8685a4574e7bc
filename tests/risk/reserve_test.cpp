// The reservation bound, against every number of fills: R is never lower than the worst that can come,
// and never higher than it must be.
#include <catch2/catch.hpp>
#include <random>

#include "risk/credit.hpp"

namespace fairlead::tests {
namespace {

using namespace fairlead::risk;

Amount by_trying(Quantity leaves, Price price, Quantity replaced, Price replaced_price) {
    Amount most = 0;
    for (Quantity before = 0; before <= leaves; ++before) {
        const Quantity after = std::max<Quantity>(replaced - before, 0);
        most = std::max(most, before * price + after * replaced_price);
    }
    return most;
}

}  // namespace

TEST_CASE("the_replacing_reserve_is_the_worst_of_every_number_of_fills_exhaustively") {
    int usual_rule_too_low = 0;
    for (Quantity leaves = 0; leaves <= 12; ++leaves) {
        for (Quantity replaced = 0; replaced <= 12; ++replaced) {
            for (Price price = 1; price <= 6; ++price) {
                for (Price replaced_price = 1; replaced_price <= 6; ++replaced_price) {
                    const Amount reserve = reserve_replacing(leaves, price, replaced, replaced_price);
                    REQUIRE(reserve == by_trying(leaves, price, replaced, replaced_price));
                    usual_rule_too_low +=
                        std::max(leaves * price, replaced * replaced_price) < reserve ? 1 : 0;
                }
            }
        }
    }
    // The rule of the larger product would have failed: this test can.
    CHECK(usual_rule_too_low > 500);
}

TEST_CASE("the_replacing_reserve_holds_for_200000_random_orders") {
    std::mt19937_64 random(1);
    for (int n = 0; n < 200'000; ++n) {
        const auto leaves = static_cast<Quantity>(random() % 60);
        const auto replaced = static_cast<Quantity>(random() % 60);
        const auto price = static_cast<Price>(1 + random() % price_max);
        const auto replaced_price = static_cast<Price>(1 + random() % price_max);
        REQUIRE(reserve_replacing(leaves, price, replaced, replaced_price) ==
                by_trying(leaves, price, replaced, replaced_price));
    }
}

TEST_CASE("an_ended_order_reserves_what_is_reported_and_not_yet_seen") {
    Order order;
    order.quantity = 5;
    order.filled = 1;
    order.worst = 7;
    order.ended = OrderStatus::cancelled;
    order.reported_filled = 3;
    CHECK(reserve_of(order).amount == 14);
    CHECK(reserve_of(order).quantity == 2);
    order.filled = 4;
    CHECK(reserve_of(order).amount == 0);
    order.filled = 1;
    order.replace.command = 9;
    order.replace.worst = 8;
    CHECK(reserve_of(order).amount == 16);
}

TEST_CASE("a_pending_cancel_never_lowers_the_reserve") {
    Order order;
    order.quantity = 5;
    order.worst = 7;
    const Amount before = reserve_of(order).amount;
    order.cancel.command = 3;
    CHECK(reserve_of(order).amount == before);
}

TEST_CASE("a_product_beyond_any_sum_kept_is_refused_and_never_wraps") {
    CHECK(product(1'000, 100) == 100'000);
    CHECK(product(INT64_MAX, INT64_MAX) == -1);
    CHECK(product(-1, 5) == -1);
    CHECK(product(Quantity{1} << 23, Price{1} << 30) == order_amount_max);
    CHECK(product((Quantity{1} << 23) + 1, Price{1} << 30) == -1);
}

TEST_CASE("each_dimension_uses_its_own_formula") {
    const Exposure exposure{100, 40, 30, 20, 7, 9, 0};
    CHECK(usage(exposure, Dimension::buy) == 130);
    CHECK(usage(exposure, Dimension::sell) == 60);
    CHECK(usage(exposure, Dimension::gross_day) == 190);
    CHECK(usage(exposure, Dimension::net) == 90);  // 100 - 40 + 30; never 130 - 60
    CHECK(usage(exposure, Dimension::offset) == 7);
    CHECK(usage(exposure, Dimension::reported) == 9);
}

}  // namespace fairlead::tests
