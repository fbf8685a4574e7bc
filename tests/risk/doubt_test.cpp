// Commands of which nobody knows whether the venue has them: what keeps their credit, and what settles them.
#include <catch2/catch.hpp>

#include "tests/risk/world.hpp"

namespace fairlead::tests {

TEST_CASE("an_order_in_doubt_keeps_its_reserve_until_evidence_comes") {
    World world;
    const Decision order = world.send(world.order("N1"));
    const Decision doubt = world.doubt(order, order.order_key);
    CHECK(doubt.outcome == Outcome::noted);
    CHECK(doubt.answer == Answer::execution_report);
    CHECK(doubt.reserve_after == reserve_of_good);
    CHECK(world.doubt(order, order.order_key).answer == Answer::none);
    CHECK(world.ledger->counts().in_doubt == 1);
    SECTION("never processed by the venue: ended, released, told") {
        const Decision ended = world.resolve(order, order.order_key, Resolution::venue_does_not_know);
        CHECK(ended.exec_type == OrderStatus::rejected);
        CHECK(ended.reason == Reason::never_sent);
        CHECK(world.investor().open_buy == 0);
        CHECK(world.ledger->counts().in_doubt == 0);
        CHECK(world.acknowledge(order).reason == Reason::too_late);
    }
    SECTION("known to the venue: lives on") {
        VenueReport status = world.report(order, OrderStatus::order_status);
        status.facts.order_status = OrderStatus::created;
        status.facts.leaves_quantity = 2'000;
        CHECK(world.tell(status).exec_type == OrderStatus::created);
        CHECK(world.resolve(order, order.order_key, Resolution::venue_knows).outcome == Outcome::noted);
        CHECK(world.ledger->counts().in_doubt == 0);
        CHECK(world.investor().open_buy == reserve_of_good);
        CHECK(world.acknowledge(order).outcome == Outcome::duplicate);
    }
    SECTION("a cancel passes, also in doubt") {
        CHECK(world.cancel("N1", "C1").outcome == Outcome::accepted);
    }
    SECTION("status says alive with a count: lives on with its whole reserve") {
        VenueReport status = world.report(order, OrderStatus::order_status);
        status.facts.order_status = OrderStatus::created;
        status.facts.filled_quantity = 0;
        CHECK(world.tell(status).order_status == OrderStatus::created);
        CHECK(world.investor().open_buy == reserve_of_good);
        CHECK(world.ledger->counts().open == 1);
    }
    SECTION("status says cancelled without a count: nothing proves the fills, so the reserve stays") {
        VenueReport status = world.report(order, OrderStatus::order_status);
        status.facts.order_status = OrderStatus::cancelled;
        world.tell(status);
        CHECK(world.investor().open_buy == reserve_of_good);
        CHECK(world.ledger->counts().open == 1);
    }
    SECTION("status says cancelled with a count: ended with the late-fill reserve") {
        VenueReport status = world.report(order, OrderStatus::order_status);
        status.facts.order_status = OrderStatus::cancelled;
        status.facts.filled_quantity = 1'000;
        CHECK(world.tell(status).order_status == OrderStatus::cancelled);
        CHECK(world.investor().open_buy == reserve_of_good / 2);
    }
}

// The first word of an order tells what the venue has taken, in a status answer as in the New's own.
TEST_CASE("a_status_answer_that_counts_fewer_than_ordered_cuts_the_order_while_it_is_the_first_word") {
    struct Row {
        const char* what;
        Quantity filled;
        Quantity left;
        Quantity named;  // OrderQty
        Quantity total;  // the order's after it
    };
    for (const Row& row :
         {Row{"one lot of two", 0, 1'000, 1'000, 1'000},
          Row{"names none, what is left and filled counts", 0, 1'000, 0, 1'000},
          Row{"what has filled there was taken too", 1'000, 1'000, 1'000, 2'000},
          Row{"names more than is left and filled: nothing is surely cut", 0, 1'000, 2'000, 2'000},
          Row{"no CumQty: what is left proves nothing", -1, 1'000, 1'000, 2'000},
          Row{"all that was ordered", 0, 2'000, 2'000, 2'000},
          Row{"nothing left and nothing filled says nothing", 0, 0, 0, 2'000}}) {
        INFO(row.what);
        World world;
        const Decision order = world.send(world.order("N1"));
        VenueReport status = world.report(order, OrderStatus::order_status);
        status.facts.order_status = OrderStatus::created;
        status.facts.filled_quantity = row.filled;
        status.facts.leaves_quantity = row.left;
        status.facts.order_quantity = row.named;
        const Decision told = world.tell(status);
        CHECK(told.answer == Answer::execution_report);
        CHECK(told.exec_type == OrderStatus::created);
        CHECK(told.ordered == row.total);
        CHECK(told.reason == (row.total < 2'000 ? Reason::venue_cut : Reason::none));
        CHECK(world.investor().open_buy == row.total * 100 * ntd);
        // Not the first word any more: it may have crossed a Replace, and nothing is released by it.
        status.facts.filled_quantity = 0;
        status.facts.leaves_quantity = status.facts.order_quantity = 500;
        CHECK(world.tell(status).ordered == row.total);
    }
}

TEST_CASE("a_status_answer_that_counts_no_more_than_has_filled_here_fills_the_order") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.fill(order, 1'000, 100 * ntd, "B1");
    VenueReport status = world.report(order, OrderStatus::order_status);
    status.facts.order_status = OrderStatus::filled;
    status.facts.filled_quantity = 1'000;
    const Decision told = world.tell(status);
    CHECK(told.answer == Answer::execution_report);
    CHECK(told.order_status == OrderStatus::filled);
    CHECK(told.reason == Reason::venue_cut);
    CHECK(world.investor().open_buy == 0);
}

TEST_CASE("an_in_doubt_replace_or_cancel_proven_unsent_is_dropped_with_a_cancel_reject") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision raise = world.replace("N1", "R1", 2'000, 105 * ntd);
    world.doubt(order, raise.sequence);
    CHECK(world.investor().open_buy == 2'000 * 105 * ntd);
    const Decision dropped = world.resolve(order, raise.sequence, Resolution::gap_filled);
    CHECK(dropped.answer == Answer::cancel_reject);
    CHECK(dropped.reason == Reason::never_sent);
    CHECK(dropped.exec_type == OrderStatus::pending_replace);
    CHECK(dropped.client_order_id == ClientOrderId{"R1"});
    CHECK(dropped.original_client_order_id == ClientOrderId{"N1"});
    CHECK(world.investor().open_buy == reserve_of_good);
    CHECK(world.ledger->counts().in_doubt == 0);
    const Decision cancel = world.cancel("N1", "C1");
    world.doubt(order, cancel.sequence);
    const Decision kept = world.resolve(order, cancel.sequence, Resolution::never_sent);
    CHECK(kept.answer == Answer::cancel_reject);
    CHECK(kept.exec_type == OrderStatus::pending_cancel);
    CHECK(kept.client_order_id == ClientOrderId{"C1"});
    CHECK(kept.original_client_order_id == ClientOrderId{"N1"});
}

TEST_CASE("a_replace_whose_answer_was_lost_is_answered_by_what_the_venue_has_done") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    SECTION("the price it asked for") {
        const Decision raise = world.replace("N1", "R1", 2'000, 105 * ntd);
        world.doubt(order, raise.sequence);
        const Decision done = world.resolve(order, raise.sequence, Resolution::venue_did);
        CHECK(done.outcome == Outcome::applied);
        CHECK(done.answer == Answer::execution_report);
        CHECK(done.exec_type == OrderStatus::replaced);
        CHECK(done.client_order_id == ClientOrderId{"R1"});
        CHECK(done.original_client_order_id == ClientOrderId{"N1"});
        CHECK(done.price == 105 * ntd);
        CHECK(world.investor().open_buy == 2'000 * 105 * ntd);
        // The answer, should it come after all, and a word about another command change nothing.
        CHECK(world.tell(world.report(order, OrderStatus::replaced, raise.sequence)).outcome ==
              Outcome::duplicate);
        CHECK(world.resolve(order, raise.sequence, Resolution::venue_did).answer == Answer::none);
        CHECK(world.investor().open_buy == 2'000 * 105 * ntd);
    }
    SECTION("the quantity it asked for") {
        const Decision cut = world.replace("N1", "R1", 1'000, 100 * ntd);
        world.doubt(order, cut.sequence);
        const Decision done = world.resolve(order, cut.sequence, Resolution::venue_did);
        CHECK(done.exec_type == OrderStatus::replaced);
        CHECK(done.ordered == 1'000);
        CHECK(world.investor().open_buy == reserve_of_good / 2);
    }
    SECTION("filled meanwhile, at the new price") {
        const Decision raise = world.replace("N1", "R1", 2'000, 105 * ntd);
        world.fill(order, 2'000, 101 * ntd, "B1");
        world.doubt(order, raise.sequence);
        const Decision done = world.resolve(order, raise.sequence, Resolution::venue_did);
        CHECK(done.answer == Answer::execution_report);
        CHECK(done.exec_type == OrderStatus::replaced);
        CHECK(done.order_status == OrderStatus::filled);
        CHECK(world.investor().open_buy == 0);
    }
    SECTION("not done: refused, and only what it would have added is freed") {
        const Decision raise = world.replace("N1", "R1", 2'000, 105 * ntd);
        world.doubt(order, raise.sequence);
        const Decision refused = world.resolve(order, raise.sequence, Resolution::venue_did_not);
        CHECK(refused.answer == Answer::cancel_reject);
        CHECK(refused.reason == Reason::venue_refused);
        CHECK(refused.exec_type == OrderStatus::pending_replace);
        CHECK(refused.client_order_id == ClientOrderId{"R1"});
        CHECK(world.investor().open_buy == reserve_of_good);
        CHECK(world.refuse(order, raise.sequence).outcome == Outcome::duplicate);
    }
    CHECK(world.ledger->counts().in_doubt == 0);
}

TEST_CASE("a_cancel_the_venue_has_not_done_is_refused_and_the_order_lives_on") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision cancel = world.cancel("N1", "C1");
    world.doubt(order, cancel.sequence);
    const Decision refused = world.resolve(order, cancel.sequence, Resolution::venue_did_not);
    CHECK(refused.answer == Answer::cancel_reject);
    CHECK(refused.exec_type == OrderStatus::pending_cancel);
    CHECK(refused.client_order_id == ClientOrderId{"C1"});
    CHECK(world.ledger->counts().open == 1);
    CHECK(world.investor().open_buy == reserve_of_good);
    // Neither is ever said of a New: it is in the books or it is not.
    CHECK(world.resolve(order, order.order_key, Resolution::venue_did_not).answer == Answer::none);
    CHECK(world.resolve(order, order.order_key, Resolution::venue_did).answer == Answer::none);
    CHECK(world.ledger->counts().open == 1);
}

}  // namespace fairlead::tests
