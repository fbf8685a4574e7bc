// Reports of orders that have no Record: the journal's end was lost (journal 2.7). The exposure is booked to
// the account as the venue tells it, and the account is halted.
#include <catch2/catch.hpp>

#include "world.hpp"

namespace fairlead::tests {
namespace {

VenueReport orphan(OrderStatus exec_type, Side side = Side::buy, std::uint32_t number = 17) {
    VenueReport told;
    told.facts.exec_type = exec_type;
    told.facts.command = 900'001;  // a ClOrdID of the lost end
    told.facts.order_number = OrderNumber{"A0007"};
    told.facts.symbol = Symbol{"2330"};
    told.facts.account = {BranchId{number == 25 ? "8611" : "8610"}, number};
    told.facts.side = side;
    told.facts.filled_quantity = -1;
    return told;
}

VenueReport living_orphan(Side side = Side::buy, std::uint32_t number = 17) {
    VenueReport told = orphan(OrderStatus::created, side, number);
    told.facts.order_quantity = told.facts.leaves_quantity = 3'000;
    told.facts.price = 101 * ntd;
    return told;
}

Decision take_in(World& world, VenueReport told) {
    return world.feed(told, RecordKind::orphan_report, 1);
}

}  // namespace

TEST_CASE("an_orphan_is_booked_to_its_account_and_the_account_is_halted") {
    World world;
    const Decision taken = take_in(world, living_orphan());
    CHECK(taken.outcome == Outcome::orphan);
    CHECK(taken.answer == Answer::none);
    CHECK(taken.order_key == taken.sequence);
    CHECK(taken.leaves == 3'000);
    CHECK(world.investor().open_buy == 3'000 * 101 * ntd);
    CHECK(world.ledger->halted(Scope::account, world.ledger->find_account(taken.account).account));
    CHECK(world.send(world.order("N1")).reason == Reason::account_halted);
    // Another account trades on.
    CHECK(world.send(world.order("N2", Side::buy, 2'000, 100 * ntd, 3)).outcome == Outcome::accepted);
}

TEST_CASE("an_orphan_is_the_order_that_the_venue_tells_of") {
    World world;
    VenueReport told = living_orphan(Side::sell);
    told.facts.session_kind = SessionKind::after_hours_odd;
    const Decision taken = take_in(world, told);
    CHECK(taken.exec_type == OrderStatus::created);
    CHECK(taken.reason == Reason::order_unknown);
    CHECK(taken.ordered == 3'000);
    CHECK(taken.price == 101 * ntd);
    CHECK(taken.side == Side::sell);
    CHECK(taken.order_type == OrderType::limit);
    CHECK(taken.time_in_force == TimeInForce::rest_of_day);
    CHECK(taken.session_kind == SessionKind::after_hours_odd);
    CHECK(taken.credit_type == CreditType::cash);
    CHECK(taken.symbol == Symbol{"2330"});
    CHECK(taken.account == told.facts.account);
}

TEST_CASE("an_orphans_later_reports_are_those_of_an_order_of_ours") {
    World world;
    const Decision taken = take_in(world, living_orphan());
    const Decision filled = world.fill(taken, 1'000, 100 * ntd, "B9");
    CHECK(filled.outcome == Outcome::applied);
    CHECK(world.fill(taken, 1'000, 100 * ntd, "B9").outcome == Outcome::duplicate);
    CHECK(world.investor().executed_buy == 1'000 * 100 * ntd);
    CHECK(world.investor().open_buy == 2'000 * 101 * ntd);
    VenueReport over = world.report(taken, OrderStatus::cancelled);
    over.facts.command = 0;
    CHECK(world.tell(over).outcome == Outcome::applied);
    CHECK(world.investor().open_buy == 0);
    CHECK(world.investor().executed_buy == 1'000 * 100 * ntd);
}

TEST_CASE("an_orphan_first_seen_by_its_fill_is_executed_exposure") {
    World world;
    VenueReport told = orphan(OrderStatus::trade, Side::sell);
    told.facts.last_quantity = 1'000;
    told.facts.leaves_quantity = 1'000;
    told.facts.last_price = 99 * ntd;
    told.facts.price = 98 * ntd;
    told.facts.execution_id = ExecutionId{"S1"};
    const Decision taken = take_in(world, told);
    CHECK(taken.outcome == Outcome::orphan);
    CHECK(taken.filled == 1'000);
    CHECK(world.investor().executed_sell == 1'000 * 99 * ntd);
    CHECK(world.investor().open_sell == 1'000 * 99 * ntd);  // reserved at the worse price seen
    CHECK((taken.flags & overfill_flag) == 0);
}

TEST_CASE("an_orphan_that_is_over_halts_its_account_and_books_nothing") {
    for (const OrderStatus status : {OrderStatus::rejected, OrderStatus::cancelled, OrderStatus::expired}) {
        World world;
        const Decision taken = take_in(world, orphan(status));
        CHECK(taken.order_key == 0);
        CHECK(world.investor().open_buy == 0);
        CHECK(world.send(world.order("N1")).reason == Reason::account_halted);
    }
}

TEST_CASE("an_orphan_that_cannot_be_booked_says_so_and_halts_all_the_same") {
    struct Row {
        const char* what;
        void (*change)(VenueReport&);
        bool halted;
    };
    for (const Row& row :
         {Row{"no such security", [](VenueReport& told) { told.facts.symbol = Symbol{"0001"}; }, true},
          Row{"no side", [](VenueReport& told) { told.facts.side = Side::none; }, true},
          Row{"a price below zero", [](VenueReport& told) { told.facts.price = -1; }, true},
          Row{"a value beyond all sums",
              [](VenueReport& told) {
                  told.facts.leaves_quantity = INT64_MAX / 2;
                  told.facts.price = price_max;
              },
              true},
          Row{"no such account", [](VenueReport& told) { told.facts.account.number = 5; }, false}}) {
        INFO(row.what);
        World world;
        VenueReport told = living_orphan();
        row.change(told);
        const Decision taken = take_in(world, told);
        CHECK(taken.outcome == Outcome::orphan);
        CHECK(taken.order_key == 0);
        CHECK(taken.account == told.facts.account);
        CHECK(taken.symbol == told.facts.symbol);
        CHECK(taken.side == told.facts.side);
        CHECK(world.ledger->counts().open == 0);
        CHECK((world.send(world.order("N1")).reason == Reason::account_halted) == row.halted);
    }
}

TEST_CASE("an_orphan_finds_no_room_only_when_every_slot_is_used") {
    for (const std::uint32_t spare : {0U, 1U}) {
        Sizes sizes = small_sizes();
        sizes.orders_max = 2 + spare;
        World world(make_reference(), sizes);
        CHECK(world.send(world.order("N1")).outcome == Outcome::accepted);
        CHECK(world.send(world.order("N2", Side::buy, 3'000)).outcome == Outcome::accepted);
        const Decision taken = take_in(world, living_orphan());
        CHECK((taken.order_key != 0) == (spare == 1));
        CHECK((taken.reason == Reason::capacity_orders) == (spare == 0));
    }
}

TEST_CASE("an_orphan_sell_of_a_strict_account_is_reserved_at_the_upper_limit") {
    World world;
    CHECK(take_in(world, living_orphan(Side::sell, 25)).order_key != 0);
    CHECK(world.investor().open_sell == 3'000 * 110 * ntd);
}

TEST_CASE("a_replace_without_its_record_cuts_as_told_and_reserves_the_worse_price") {
    World world;
    const Decision order = world.send(world.order("N1", Side::buy, 4'000));
    world.acknowledge(order, 4'000);
    VenueReport told = world.report(order, OrderStatus::replaced);
    told.facts.command = 0;
    SECTION("a cut") {
        told.facts.order_quantity = 1'000;
        told.facts.leaves_quantity = 3'000;
        const Decision done = world.tell(told);
        CHECK(done.outcome == Outcome::applied);
        CHECK(done.leaves == 3'000);
        CHECK(world.investor().open_buy == 3'000 * 100 * ntd);
    }
    SECTION("a cut that a status answer has told of before") {
        told.facts.order_quantity = 1'000;
        told.facts.filled_quantity = 0;
        told.facts.leaves_quantity = 4'000;
        CHECK(world.tell(told).leaves == 4'000);
        told.facts.filled_quantity = 1'000;  // not seen here yet
        told.facts.leaves_quantity = 2'500;
        CHECK(world.tell(told).leaves == 3'500);
        CHECK(world.investor().open_buy == 3'500 * 100 * ntd);
    }
    SECTION("a higher price") {
        told.facts.price = 102 * ntd;
        told.facts.order_quantity = told.facts.leaves_quantity = 4'000;
        world.tell(told);
        CHECK(world.investor().open_buy == 4'000 * 102 * ntd);
    }
    SECTION("a lower price frees nothing") {
        told.facts.price = 99 * ntd;
        told.facts.order_quantity = told.facts.leaves_quantity = 4'000;
        world.tell(told);
        CHECK(world.investor().open_buy == 4'000 * 100 * ntd);
    }
    SECTION("all of it cut") {
        told.facts.order_quantity = 4'000;
        world.tell(told);
        CHECK(world.investor().open_buy == 0);
        CHECK(world.ledger->counts().open == 0);
    }
}

TEST_CASE("the_halt_of_an_orphans_account_outlives_the_day") {
    World world;
    take_in(world, living_orphan());
    world.close();
    CHECK(world.investor().open_buy == 0);
    world.start();
    CHECK(world.send(world.order("N1")).reason == Reason::account_halted);
}

}  // namespace fairlead::tests
