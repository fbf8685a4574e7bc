// A venue's bust or correction of a fill: held until two persons book it (credit.md, event table).
#include <catch2/catch.hpp>
#include <cstring>

#include "world.hpp"

namespace fairlead::tests {

TEST_CASE("a_venues_bust_or_correction_is_held_for_review_and_moves_nothing") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.fill(order, 2'000, 100 * ntd, "B1");
    const Exposure before = world.investor();
    for (const OrderStatus exec_type : {OrderStatus::trade_cancel, OrderStatus::trade_correct}) {
        VenueReport told = world.report(order, exec_type);
        told.facts.last_quantity = 2'000;
        told.facts.last_price = 100 * ntd;
        CHECK(world.tell(told).outcome == Outcome::noted);
    }
    CHECK(std::memcmp(&before, &world.investor(), sizeof before) == 0);
}

TEST_CASE("two_persons_book_a_bust_and_its_shares_do_not_come_back_to_life") {
    World world;
    const Decision order = world.send(world.order("N1", Side::buy, 5'000));
    const Decision fill = world.fill(order, 2'000, 99 * ntd, "B1");
    world.fill(order, 1'000, 100 * ntd, "B2");
    const Decision bust = world.adjust(order, "B1", 0);
    CHECK(bust.outcome == Outcome::applied);
    CHECK(bust.exec_type == OrderStatus::trade_cancel);
    CHECK(bust.related == fill.sequence);
    CHECK(bust.last_quantity == 2'000);
    CHECK(bust.last_price == 99 * ntd);
    CHECK(bust.ordered == 3'000);
    CHECK(bust.filled == 1'000);
    CHECK(bust.leaves == 2'000);
    CHECK(world.investor().executed_buy == 1'000 * 100 * ntd);
    CHECK(world.investor().open_buy == 2'000 * 100 * ntd);
    CHECK(world.adjust(order, "B1", 0).reason == Reason::execution_unknown);  // once
    CHECK(world.adjust(order, "B1", 98 * ntd).reason == Reason::execution_unknown);
    // Told again by the venue it is the fill it was: it stays bust.
    CHECK(world.fill(order, 2'000, 99 * ntd, "B1").outcome == Outcome::duplicate);
}

TEST_CASE("a_bust_of_a_filled_order_frees_what_it_used_and_reopens_nothing") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.fill(order, 2'000, 100 * ntd, "B1");
    const Decision bust = world.adjust(order, "B1", 0);
    CHECK(bust.order_status == OrderStatus::cancelled);
    CHECK(bust.leaves == 0);
    CHECK(world.investor().executed_buy == 0);
    CHECK(world.investor().open_buy == 0);
}

TEST_CASE("a_correction_moves_the_executed_amount_to_the_new_price") {
    World world;
    const Decision order = world.send(world.order("N1", Side::sell, 3'000));
    world.fill(order, 2'000, 100 * ntd, "S1");
    for (const Price price : {101 * ntd, 98 * ntd}) {
        const Decision corrected = world.adjust(order, "S1", price);
        CHECK(corrected.exec_type == OrderStatus::trade_correct);
        CHECK(corrected.last_price == price);
        CHECK(world.investor().executed_sell == 2'000 * price);
        CHECK(world.investor().open_sell == 1'000 * 100 * ntd);
    }
    CHECK(world.adjust(order, "S2", 98 * ntd).reason == Reason::execution_unknown);
    CHECK(world.adjust(order, "S1", INT64_MAX / 1'000).reason == Reason::amount_overflow);
    Decision unknown = order;
    unknown.order_key += 100;
    CHECK(world.adjust(unknown, "S1", 0).reason == Reason::order_unknown);
}

}  // namespace fairlead::tests
