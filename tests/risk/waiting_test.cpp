// What waits for its line and is ended unsent: for its age, a halt, or since its order has overtaken it.
#include <catch2/catch.hpp>

#include "tests/risk/world.hpp"

namespace fairlead::tests {

TEST_CASE("a_command_that_waited_too_long_is_ended_unsent") {
    World world;
    const Decision order = world.send(world.order("N1"));
    WaitExpired expired;
    expired.facts.command = order.order_key;
    const Decision ended = world.feed(expired, RecordKind::wait_expired);
    CHECK(ended.exec_type == OrderStatus::rejected);
    CHECK(ended.reason == Reason::wait_expired);
    CHECK(world.investor().open_buy == 0);
}

TEST_CASE("a_new_order_that_waits_when_a_halt_about_it_comes_is_not_sent_and_says_which_halt") {
    struct Row {
        Scope scope;
        Reason reason;
    };
    const Row rows[] = {
        {Scope::firm, Reason::firm_halted},         {Scope::venue, Reason::venue_halted},
        {Scope::investor, Reason::investor_halted}, {Scope::account, Reason::account_halted},
        {Scope::symbol, Reason::symbol_halted},     {Scope::session, Reason::session_halted},
    };
    for (const Row& row : rows) {
        CAPTURE(reason_text(row.reason).code);
        World world;
        const Decision order = world.send(world.order("N1"));
        CHECK(world.ledger->halt_before_sending(order.order_slot, order.order_key) == Reason::none);
        world.halt(row.scope);
        CHECK(world.ledger->halt_before_sending(order.order_slot, order.order_key) == row.reason);
        WaitExpired overtaken;
        overtaken.facts.command = order.order_key;
        const Decision ended = world.feed(overtaken, RecordKind::halted_unsent);
        CHECK(ended.exec_type == OrderStatus::rejected);
        CHECK(ended.answer == Answer::execution_report);
        CHECK(ended.reason == row.reason);
        CHECK(world.investor().open_buy == 0);
    }
}

TEST_CASE("a_halt_that_is_lifted_or_about_somebody_else_keeps_no_waiting_order_back") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.halt(Scope::investor);
    world.resume(Scope::investor);
    CHECK(world.ledger->halt_before_sending(order.order_slot, order.order_key) == Reason::none);
    Halt other = world.halt_of(Scope::symbol);
    other.facts.symbol = Symbol{"2317"};
    CHECK(world.feed(other, RecordKind::halt).outcome == Outcome::accepted);
    CHECK(world.ledger->halt_before_sending(order.order_slot, order.order_key) == Reason::none);
    WaitExpired expired;
    expired.facts.command = order.order_key;
    CHECK(world.feed(expired, RecordKind::halted_unsent).reason == Reason::wait_expired);
}

TEST_CASE("of_waiting_changes_a_halt_keeps_back_those_that_need_more_reserve") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Amount reserved = world.investor().open_buy;
    const Decision dearer = world.replace("N1", "R1", order.ordered, 101 * ntd);
    REQUIRE(dearer.outcome == Outcome::accepted);
    world.halt(Scope::investor);
    CHECK(world.ledger->halt_before_sending(order.order_slot, dearer.sequence) == Reason::investor_halted);
    WaitExpired overtaken;
    overtaken.facts.command = dearer.sequence;
    const Decision ended = world.feed(overtaken, RecordKind::halted_unsent);
    CHECK(ended.answer == Answer::cancel_reject);
    CHECK(ended.reason == Reason::investor_halted);
    CHECK(world.investor().open_buy == reserved);
    const Decision fewer = world.replace("N1", "R2", 1'000, 100 * ntd);
    REQUIRE(fewer.outcome == Outcome::accepted);
    CHECK(world.ledger->halt_before_sending(order.order_slot, fewer.sequence) == Reason::none);
    const Decision cancel = world.cancel("N1", "C1");
    REQUIRE(cancel.outcome == Outcome::accepted);
    CHECK(world.ledger->halt_before_sending(order.order_slot, cancel.sequence) == Reason::none);
}

TEST_CASE("a_waiting_replace_that_fills_have_reached_is_ended_for_that_and_frees_its_reserve") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision replace = world.replace("N1", "R1", 1'000, 100 * ntd);
    REQUIRE(replace.outcome == Outcome::accepted);
    world.fill(order, 1'000, 100 * ntd, "B1");
    WaitExpired expired;
    expired.facts.command = replace.sequence;
    const Decision ended = world.feed(expired, RecordKind::wait_expired);
    CHECK(ended.reason == Reason::quantity_below_filled);
    CHECK(ended.answer == Answer::cancel_reject);
    CHECK(world.investor().open_buy == 1'000 * 100 * ntd);
}

TEST_CASE("a_waiting_replace_that_the_venues_own_change_has_overtaken_is_ended_for_that") {
    struct Row {
        Quantity asked;
        Price price;
        Quantity left;    // what the venue has made of 4,000 at 100, unasked
        Price new_price;  // 0: the same
        Reason reason;    // none: it can still be said
    };
    const Row rows[] = {
        {4'000, 101 * ntd, 3'000, 0, Reason::quantity_up},
        {3'000, 100 * ntd, 2'000, 0, Reason::quantity_up},
        {3'000, 100 * ntd, 3'000, 0, Reason::replace_nothing},
        {4'000, 101 * ntd, 0, 101 * ntd, Reason::replace_nothing},
        {3'000, 100 * ntd, 0, 101 * ntd, Reason::replace_both},
        {4'000, 101 * ntd, 0, 102 * ntd, Reason::none},
        {2'000, 100 * ntd, 3'000, 0, Reason::none},
    };
    for (const Row& row : rows) {
        CAPTURE(row.asked, row.price, row.left, row.new_price);
        World world;
        const Decision order = world.send(world.order("N1", Side::buy, 4'000));
        world.acknowledge(order);
        const Decision replace = world.replace("N1", "R1", row.asked, row.price);
        REQUIRE(replace.outcome == Outcome::accepted);
        CHECK(world.ledger->overtaken_before_sending(order.order_slot, replace.sequence) == Reason::none);
        VenueReport told = world.report(order, OrderStatus::replaced);
        told.facts.command = 0;
        told.facts.order_quantity = row.left != 0 ? 4'000 - row.left : 0;
        told.facts.leaves_quantity = row.left != 0 ? row.left : 4'000;
        told.facts.price = row.new_price;
        world.tell(told);
        CHECK(world.ledger->overtaken_before_sending(order.order_slot, replace.sequence) == row.reason);
        WaitExpired expired;
        expired.facts.command = replace.sequence;
        const Decision ended = world.feed(expired, RecordKind::wait_expired);
        CHECK(ended.reason == (row.reason != Reason::none ? row.reason : Reason::wait_expired));
        CHECK(ended.answer == Answer::cancel_reject);
        CHECK(world.ledger->order(order.order_slot).replace.command == 0);
    }
}

TEST_CASE("a_waiting_cancel_of_an_order_that_has_ended_is_told_too_late") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision cancel = world.cancel("N1", "C1");
    REQUIRE(cancel.outcome == Outcome::accepted);
    world.fill(order, order.ordered, 100 * ntd, "B1");
    WaitExpired expired;
    expired.facts.command = cancel.sequence;
    const Decision ended = world.feed(expired, RecordKind::wait_expired);
    CHECK(ended.reason == Reason::too_late);
    CHECK(ended.answer == Answer::cancel_reject);
    CHECK(world.investor().open_buy == 0);
}

}  // namespace fairlead::tests
