// The event table of the credit accounting, row by row: what each event does to the reserve, to what is
// executed, and to what the client is told.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
TEST_CASE("an_accepted_order_reserves_in_every_scope_and_is_told_pending_new") {
    World world;
    const Decision order = world.send(world.order("N1"));
    CHECK(order.outcome == Outcome::accepted);
    CHECK(order.answer == Answer::execution_report);
    CHECK(order.exec_type == OrderStatus::pending_new);
    CHECK(order.order_status == OrderStatus::pending_new);
    CHECK(order.order_key == order.sequence);
    CHECK(order.reserve_after == reserve_of_good);
    CHECK(order.account == world.reference.accounts[1].key);
    for (const auto& [scope, row] :
         {std::pair{Scope::account, 1U}, {Scope::branch, 1U}, {Scope::investor, 1U}, {Scope::firm, 0U}}) {
        CHECK(world.ledger->exposure(scope, row).open_buy == reserve_of_good);
    }
    CHECK(world.ledger->exposure(Scope::branch, 2).open_buy == 0);
}

TEST_CASE("an_accepted_order_names_the_nearest_limit_and_its_version") {
    World world;
    const Decision first = world.send(world.order("N1"));
    CHECK(first.scope == Scope::investor);
    CHECK(first.limit == 1'000'000'000 * ntd);
    CHECK(first.limit_version == 1);  // the DayStart
    const Decision set = world.set_limit(Scope::account, Dimension::gross_day, 500'000 * ntd);
    const Decision second = world.send(world.order("N2"));
    CHECK(second.scope == Scope::account);
    CHECK(second.dimension == Dimension::gross_day);
    CHECK(second.usage_before == reserve_of_good);
    CHECK(second.usage_after == 2 * reserve_of_good);
    CHECK(second.limit_version == set.sequence);
    const Decision third = world.send(world.order("N3"));
    CHECK(third.reason == Reason::credit_gross_day);
    CHECK(third.limit_version == set.sequence);
    // Who came too late is told who came first.
    CHECK(third.related == second.order_key);
}

TEST_CASE("accounts_of_one_investor_at_two_branches_share_the_investors_limit") {
    Reference reference = make_reference();
    give(reference, Scope::investor, 1, Dimension::buy, 300'000 * ntd);
    World world(std::move(reference));
    CHECK(world.send(world.order("N1", Side::buy, 2'000, 100 * ntd, 1), 7).outcome == Outcome::accepted);
    CHECK(world.send(world.order("N2", Side::buy, 2'000, 100 * ntd, 2), 8).reason == Reason::credit_buy);
    CHECK(world.send(world.order("N3", Side::buy, 1'000, 100 * ntd, 2), 8).outcome == Outcome::accepted);
}

TEST_CASE("a_quantity_cut_on_accept_releases_the_cut_part") {
    World world;
    const Decision order = world.send(world.order("N1"));
    const Decision cut = world.acknowledge(order, 1'000);
    CHECK(cut.reason == Reason::venue_cut);
    CHECK(cut.exec_type == OrderStatus::created);
    CHECK(cut.ordered == 1'000);
    CHECK(cut.reserve_before == reserve_of_good);
    CHECK(cut.reserve_after == reserve_of_good / 2);
    CHECK(world.investor().open_buy == reserve_of_good / 2);
}

TEST_CASE("a_fill_settles_its_price_and_frees_the_improvement_at_once") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision fill = world.fill(order, 1'000, 99 * ntd, "B1");
    CHECK(fill.exec_type == OrderStatus::trade);
    CHECK(fill.order_status == OrderStatus::partially_filled);
    CHECK(fill.last_quantity == 1'000);
    CHECK(fill.last_price == 99 * ntd);
    CHECK(fill.filled_amount == 99'000 * ntd);
    CHECK(world.investor().executed_buy == 99'000 * ntd);
    CHECK(world.investor().open_buy == 100'000 * ntd);
    const Decision last = world.fill(order, 1'000, 100 * ntd, "B2");
    CHECK(last.order_status == OrderStatus::filled);
    CHECK(last.leaves == 0);
    CHECK(world.investor().open_buy == 0);
    CHECK(world.ledger->counts().open == 0);
}

TEST_CASE("the_same_execution_again_changes_nothing_and_tells_nobody") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.fill(order, 1'000, 100 * ntd, "B1");
    const Exposure before = world.investor();
    const Decision again = world.fill(order, 1'000, 100 * ntd, "B1");
    CHECK(again.outcome == Outcome::duplicate);
    CHECK(again.answer == Answer::none);
    CHECK(std::memcmp(&before, &world.investor(), sizeof before) == 0);
    // The same number on another order is another execution.
    const Decision other = world.send(world.order("N2"));
    CHECK(world.fill(other, 1'000, 100 * ntd, "B1").outcome == Outcome::applied);
}

TEST_CASE("a_fill_before_the_answer_counts_and_leaves_the_quantity_open_to_a_cut") {
    World world;
    const Decision order = world.send(world.order("N1"));
    CHECK(world.fill(order, 1'000, 100 * ntd, "B1").order_status == OrderStatus::partially_filled);
    CHECK(world.replace("N1", "R1", 2'000, 99 * ntd).reason == Reason::order_unacknowledged);
    const Decision cut = world.acknowledge(order, 1'000);
    CHECK(cut.order_status == OrderStatus::filled);
    CHECK(world.investor().open_buy == 0);
    // An answer written after the fill shows less left than was taken: nothing was cut.
    World other;
    const Decision again = other.send(other.order("N1"));
    other.fill(again, 1'000, 100 * ntd, "B1");
    VenueReport told = other.report(again, OrderStatus::created);
    told.facts.order_quantity = 2'000;
    told.facts.leaves_quantity = 1'000;
    CHECK(other.tell(told).ordered == 2'000);
}

TEST_CASE("an_overfill_is_counted_flagged_and_halts_the_investor_until_resumed") {
    World world;
    const Decision order = world.send(world.order("N1"));
    const Decision fill = world.fill(order, 3'000, 100 * ntd, "B1");
    CHECK((fill.flags & overfill_flag) != 0);
    CHECK(fill.order_status == OrderStatus::filled);
    CHECK(world.investor().executed_buy == 300'000 * ntd);
    CHECK(world.investor().open_buy == 0);
    CHECK(world.send(world.order("N2")).reason == Reason::investor_halted);
    CHECK(world.resume(Scope::investor).outcome == Outcome::accepted);
    CHECK(world.send(world.order("N3")).outcome == Outcome::accepted);
}

TEST_CASE("a_sell_above_its_reserving_price_is_flagged_and_a_strict_one_is_reserved_for") {
    World world;
    const Decision sell = world.send(world.order("N1", Side::sell));
    CHECK(sell.reserve_after == reserve_of_good);
    CHECK((world.fill(sell, 1'000, 101 * ntd, "S1").flags & improvement_flag) != 0);
    Reference reference = make_reference();
    reference.inventory.push_back({2, 1, 2'000, 0});
    World strict(std::move(reference));
    const Decision reserved = strict.send(strict.order("N1", Side::sell, 2'000, 100 * ntd, 2));
    CHECK(reserved.reserve_after == 2'000 * 110 * ntd);
    CHECK((strict.fill(reserved, 1'000, 110 * ntd, "S1").flags & improvement_flag) == 0);
}

TEST_CASE("a_market_order_is_reserved_at_the_days_upper_limit") {
    World world;
    NewOrder order = world.order("N1");
    order.facts.order_type = OrderType::market;
    order.facts.price = 0;
    CHECK(world.send(order).reserve_after == 2'000 * 110 * ntd);
}

TEST_CASE("a_price_raise_reserves_before_it_is_sent_and_settles_when_answered") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision asked = world.replace("N1", "R1", 2'000, 105 * ntd);
    CHECK(asked.exec_type == OrderStatus::pending_replace);
    CHECK(asked.reserve_before == reserve_of_good);
    CHECK(asked.reserve_after == 2'000 * 105 * ntd);
    const Decision done = world.tell(world.report(order, OrderStatus::replaced, asked.sequence));
    CHECK(done.exec_type == OrderStatus::replaced);
    CHECK(done.client_order_id.view() == "R1");
    CHECK(done.original_client_order_id.view() == "N1");
    CHECK(done.price == 105 * ntd);
    CHECK(done.reserve_after == 2'000 * 105 * ntd);
    CHECK(world.ledger->exposure(Scope::firm, 0).reported == 2'000 * 105 * ntd);
}

TEST_CASE("a_price_cut_or_quantity_cut_releases_only_when_answered") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision asked = world.replace("N1", "R1", 2'000, 95 * ntd);
    CHECK(asked.reserve_after == reserve_of_good);
    CHECK(world.tell(world.report(order, OrderStatus::replaced, asked.sequence)).reserve_after ==
          2'000 * 95 * ntd);
    const Decision cut = world.replace("R1", "R2", 1'000, 95 * ntd);
    CHECK(cut.reserve_after == 2'000 * 95 * ntd);
    VenueReport told = world.report(order, OrderStatus::replaced, cut.sequence);
    told.facts.order_quantity = 1'000;
    told.facts.leaves_quantity = 1'000;
    const Decision done = world.tell(told);
    CHECK(done.ordered == 1'000);
    CHECK(done.reserve_after == 1'000 * 95 * ntd);
}

TEST_CASE("a_quantity_cut_that_fills_overtook_makes_the_order_filled") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision asked = world.replace("N1", "R1", 1'000, 100 * ntd);
    world.fill(order, 1'000, 100 * ntd, "B1");
    VenueReport told = world.report(order, OrderStatus::replaced, asked.sequence);
    told.facts.order_quantity = 1'000;
    const Decision done = world.tell(told);
    CHECK(done.order_status == OrderStatus::filled);
    CHECK(world.investor().open_buy == 0);
}

// It has taken fewer than anybody here was told, so what was asked for has left nothing there.
TEST_CASE("a_replace_answered_as_over_with_nothing_left_ends_the_order") {
    struct Row {
        const char* what;
        OrderStatus status;
        Quantity left;
        Quantity filled;  // CumQty
        Amount reserve;   // shares still reserved
        bool ends;
    };
    for (const Row& row :
         {Row{"over, nothing filled", OrderStatus::cancelled, 0, 0, 0, true},
          Row{"over, a fill not shown yet is reserved for", OrderStatus::cancelled, 0, 500, 500, true},
          Row{"over, and all that is left here has filled there", OrderStatus::cancelled, 0, 1'000, 1'000,
              false},
          Row{"over, without CumQty", OrderStatus::cancelled, 0, -1, 1'000, false},
          Row{"something is left", OrderStatus::cancelled, 500, 0, 1'000, false},
          Row{"not over", OrderStatus::created, 0, 0, 1'000, false}}) {
        INFO(row.what);
        World world;
        const Decision order = world.send(world.order("N1"));
        world.acknowledge(order);
        const Decision asked = world.replace("N1", "R1", 1'000, 100 * ntd);
        VenueReport told = world.report(order, OrderStatus::replaced, asked.sequence);
        told.facts.order_quantity = 1'000;
        told.facts.order_status = row.status;
        told.facts.leaves_quantity = row.left;
        told.facts.filled_quantity = row.filled;
        const Decision done = world.tell(told);
        CHECK(done.exec_type == OrderStatus::replaced);
        CHECK((done.order_status == OrderStatus::cancelled) == row.ends);
        CHECK((done.reason == Reason::venue_cut) == row.ends);
        CHECK(world.investor().open_buy == row.reserve * 100 * ntd);
        CHECK(world.ledger->counts().open == (row.ends ? 0U : 1U));
    }
}

TEST_CASE("a_refused_replace_or_cancel_gives_its_part_back_and_nothing_else") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision raise = world.replace("N1", "R1", 2'000, 105 * ntd);
    const Decision refused = world.refuse(order, raise.sequence, 53);
    CHECK(refused.answer == Answer::cancel_reject);
    CHECK(refused.venue_code == 53);
    CHECK(refused.client_order_id.view() == "R1");
    CHECK(refused.original_client_order_id.view() == "N1");
    CHECK(refused.reserve_after == reserve_of_good);
    const Decision cancel = world.cancel("N1", "C1");
    CHECK(cancel.exec_type == OrderStatus::pending_cancel);
    CHECK(cancel.reserve_after == reserve_of_good);
    CHECK(world.refuse(order, cancel.sequence).order_status == OrderStatus::created);
    CHECK(world.refuse(order, cancel.sequence).outcome == Outcome::duplicate);
}

TEST_CASE("a_cancel_answer_releases_all_but_what_the_venue_says_has_filled") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    const Decision cancel = world.cancel("N1", "C1");
    VenueReport told = world.report(order, OrderStatus::cancelled, cancel.sequence);
    told.facts.order_quantity = 1'000;  // removed one lot of two: the other has filled
    const Decision done = world.tell(told);
    CHECK(done.order_status == OrderStatus::cancelled);
    CHECK(done.client_order_id.view() == "C1");
    CHECK(done.original_client_order_id.view() == "N1");
    CHECK(done.reserve_after == 1'000 * 100 * ntd);
    const Decision late = world.fill(order, 1'000, 100 * ntd, "B1");
    CHECK((late.flags & late_fill_flag) != 0);
    CHECK(late.order_status == OrderStatus::cancelled);
    CHECK(world.investor().open_buy == 0);
    CHECK(world.investor().executed_buy == 100'000 * ntd);
}

TEST_CASE("an_unasked_cancel_an_ioc_rest_and_a_restatement_end_the_order_and_say_why") {
    for (const OrderStatus exec_type :
         {OrderStatus::cancelled, OrderStatus::restated, OrderStatus::expired}) {
        World world;
        const Decision order = world.send(world.order("N1"));
        world.acknowledge(order);
        VenueReport told = world.report(order, exec_type);
        told.facts.order_quantity = 2'000;
        told.facts.venue_code = 52;
        const Decision done = world.tell(told);
        CHECK(done.reason == Reason::venue_cancelled);
        CHECK(done.venue_code == 52);
        CHECK(done.leaves == 0);
        CHECK(done.client_order_id.view() == "N1");
        CHECK(done.original_client_order_id.empty());
        CHECK(world.investor().open_buy == 0);
        CHECK(world.tell(told).outcome == Outcome::duplicate);
    }
}

TEST_CASE("a_report_of_an_unknown_order_or_another_side_is_an_orphan") {
    World world;
    const Decision order = world.send(world.order("N1"));
    VenueReport told = world.report(order, OrderStatus::trade);
    told.facts.last_quantity = 1'000;
    told.facts.last_price = 100 * ntd;
    told.facts.side = Side::sell;
    const Decision other_side = world.tell(told);
    CHECK(other_side.outcome == Outcome::orphan);
    CHECK(other_side.reason == Reason::side_mismatch);
    CHECK(other_side.side == Side::sell);
    told.facts.side = Side::buy;
    told.facts.order_key += 100;
    const Decision unknown = world.tell(told);
    CHECK(unknown.outcome == Outcome::orphan);
    CHECK(unknown.reason == Reason::order_unknown);
    CHECK(world.investor().executed_buy == 0);
}

TEST_CASE("a_refusal_or_a_doubt_about_an_unknown_order_changes_nothing_and_says_so") {
    World world;
    Decision order = world.send(world.order("N1"));
    order.order_key += 100;
    const Decision refused = world.refuse(order, order.order_key);
    CHECK(refused.outcome == Outcome::orphan);
    CHECK(refused.reason == Reason::order_unknown);
    for (const Sequence command : {order.order_key, Sequence{0}}) {
        for (const Decision& decision :
             {world.doubt(order, command), world.resolve(order, command, Resolution::never_sent)}) {
            CHECK(decision.outcome == Outcome::noted);
            CHECK(decision.reason == Reason::none);
            CHECK(decision.answer == Answer::none);
        }
    }
    CHECK(world.ledger->counts().in_doubt == 0);
    CHECK(world.investor().open_buy > 0);
}

TEST_CASE("a_poss_resend_of_a_known_id_is_answered_with_the_state_and_of_an_unknown_one_is_new") {
    World world;
    NewOrder order = world.order("N1");
    order.facts.message_flags = poss_resend_flag;
    const Decision fresh = world.send(order);
    CHECK(fresh.outcome == Outcome::accepted);
    world.fill(fresh, 1'000, 100 * ntd, "B1");
    const Decision again = world.send(order);
    CHECK(again.outcome == Outcome::restated);
    CHECK(again.exec_type == OrderStatus::order_status);
    CHECK(again.order_key == fresh.order_key);
    CHECK(again.filled == 1'000);
    CHECK(world.investor().open_buy == 100'000 * ntd);
}

TEST_CASE("a_status_request_is_answered_with_the_state") {
    World world;
    const Decision order = world.send(world.order("N1"));
    OrderStatusRequest request;
    request.facts.client_order_id = ClientOrderId{"N1"};
    const Decision told = world.feed(request, RecordKind::order_status, 8);
    CHECK(told.outcome == Outcome::restated);
    CHECK(told.order_key == order.order_key);
    CHECK(world.feed(request, RecordKind::order_status, 7).reason == Reason::order_unknown);
}

TEST_CASE("a_limit_lowered_below_usage_refuses_only_what_raises_it") {
    World world;
    const Decision order = world.send(world.order("N1"));
    world.acknowledge(order);
    world.set_limit(Scope::investor, Dimension::buy, 0);
    CHECK(world.send(world.order("N2")).reason == Reason::credit_buy);
    CHECK(world.send(world.order("N3", Side::sell, 1'000, 101 * ntd)).outcome == Outcome::accepted);
    CHECK(world.replace("N1", "R1", 2'000, 101 * ntd).reason == Reason::self_match);
    CHECK(world.replace("N1", "R2", 2'000, 100 * ntd + 5'000).reason == Reason::credit_buy);
    CHECK(world.replace("N1", "R3", 2'000, 99 * ntd).outcome == Outcome::accepted);
}

TEST_CASE("a_mass_effect_takes_no_step_for_each_order_that_has_ended") {
    World world;
    constexpr int orders = 300;
    for (int n = 1; n <= orders; ++n) {
        const std::string id = "N" + std::to_string(n);
        const Decision order = world.send(world.order(id.c_str(), Side::buy, 1'000, 100 * ntd));
        if (n != 1 && n != orders) {
            world.fill(order, 1'000, 100 * ntd, id.c_str());
        }
    }
    const auto open_slots = [&](std::uint32_t& steps) {
        std::vector<std::uint32_t> slots;
        steps = 0;
        OpenScan scan;
        for (std::uint32_t from = 1; from != 0; from = scan.next_slot) {
            scan = world.ledger->next_open({}, from, 2);
            CHECK(scan.steps <= 2);
            steps += scan.steps;
            if (scan.slot != 0) {
                slots.push_back(scan.slot);
            }
        }
        return slots;
    };
    std::uint32_t steps = 0;
    CHECK(open_slots(steps) == std::vector<std::uint32_t>{1, orders});
    CHECK(steps <= orders / 64 + 3);
    Sizes sizes = world.ledger->sizes();
    sizes.orders_max *= 2;
    world.ledger->grow(sizes);
    CHECK(open_slots(steps) == std::vector<std::uint32_t>{1, orders});
}

TEST_CASE("a_mass_effect_finds_each_open_order_once_in_bounded_steps") {
    World world;
    std::vector<Sequence> open;
    for (int n = 0; n < 50; ++n) {
        const std::string id = "N" + std::to_string(n);
        const Decision order =
            world.send(world.order(id.c_str(), Side::buy, 1'000, 100 * ntd, n % 2 == 0 ? 1 : 3));
        if (n % 3 == 0) {
            world.fill(order, 1'000, 100 * ntd, id.c_str());
        } else if (n % 2 == 0) {
            open.push_back(order.order_key);
        }
    }
    OpenFilter filter;
    filter.investor = 1;
    std::vector<Sequence> found;
    OpenScan scan{0, 1};
    int turns = 0;
    while (scan.next_slot != 0) {
        scan = world.ledger->next_open(filter, scan.next_slot, 7);
        ++turns;
        if (scan.slot != 0) {
            CancelOrder cancel;
            cancel.facts.order_key = world.ledger->order(scan.slot).key;
            cancel.facts.origin = CancelOrigin::halt;
            const Decision decision = world.feed(cancel, RecordKind::cancel_order, 8);
            CHECK(decision.outcome == Outcome::accepted);
            CHECK(decision.answer == Answer::none);
            found.push_back(cancel.facts.order_key);
        }
    }
    CHECK(found == open);
    CHECK(turns < 50);
    // Their cancels are on the way, so a second sweep finds nothing.
    CHECK(world.ledger->next_open(filter, 1, 1'000).slot == 0);
    // The client sees its order cancelled, under its own id.
    VenueReport told;
    told.facts.order_key = found[0];
    told.facts.command = world.ledger->order(world.ledger->find_order(found[0])).cancel.command;
    told.facts.exec_type = OrderStatus::cancelled;
    told.facts.filled_quantity = 0;
    const Decision done = world.tell(told);
    CHECK(done.exec_type == OrderStatus::cancelled);
    CHECK(done.original_client_order_id.empty());
}

TEST_CASE("the_firms_reported_sum_never_falls_and_flags_its_two_warnings_once") {
    Reference reference = make_reference();
    reference.rules.firm_warning_1 = 300'000 * ntd;
    reference.rules.firm_warning_2 = 500'000 * ntd;
    World world(std::move(reference));
    const Decision first = world.send(world.order("N1"));
    CHECK((first.flags & (limit_warning_1 | limit_warning_2)) == 0);
    world.tell(world.report(first, OrderStatus::cancelled));
    CHECK(world.ledger->exposure(Scope::firm, 0).reported == 200'000 * ntd);
    CHECK((world.send(world.order("N2")).flags & limit_warning_1) != 0);
    CHECK((world.send(world.order("N3")).flags & (limit_warning_1 | limit_warning_2)) == limit_warning_2);
    CHECK((world.send(world.order("N4")).flags & (limit_warning_1 | limit_warning_2)) == 0);
}

TEST_CASE("a_day_close_freezes_open_quantity_once_and_later_fills_move_executed_only") {
    World world;
    const Decision order = world.send(world.order("N1"));
    const Decision doubtful = world.send(world.order("N2"));
    world.acknowledge(order);
    world.doubt(doubtful, doubtful.order_key);
    world.close();
    CHECK(world.investor().open_buy == reserve_of_good);  // the one in doubt
    CHECK(world.ledger->counts().open == 1);
    CHECK((world.fill(order, 1'000, 100 * ntd, "B1").flags & late_fill_flag) != 0);
    CHECK(world.investor().executed_buy == 100'000 * ntd);
    CHECK(world.investor().open_buy == reserve_of_good);
}

TEST_CASE("a_new_boot_has_no_line_open") {
    World world;
    Start start;
    world.feed(start, RecordKind::start);
    CHECK(world.send(world.order("N1")).reason == Reason::venue_line_down);
    world.open_line(Venue::twse, 1);
    CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
}

TEST_CASE("reference_data_out_of_range_is_named_and_not_staged") {
    struct Bad {
        const char* says;
        std::function<void(Reference&)> change;
    };
    const std::vector<Bad> rows{
        {"securities row 1", [](Reference& r) { r.securities[1].lot = 0; }},
        {"symbol occurs twice", [](Reference& r) { r.securities[2].symbol = Symbol{"2330"}; }},
        {"lower limit at or below",
         [](Reference& r) { r.securities[1].limit_down = r.securities[1].limit_up + 1; }},
        {"tick class", [](Reference& r) { r.securities[1].tick_class = TickClass::none; }},
        {"investor is not one", [](Reference& r) { r.accounts[1].investor = 9; }},
        {"branch is not one", [](Reference& r) { r.accounts[1].branch = 0; }},
        {"account occurs twice", [](Reference& r) { r.accounts[1].key = r.accounts[2].key; }},
        {"its target known", [](Reference& r) { give(r, Scope::investor, 99, Dimension::buy, 1); }},
        {"no limit of this dimension", [](Reference& r) { give(r, Scope::branch, 1, Dimension::offset, 1); }},
        {"a symbol must be known",
         [](Reference& r) { give(r, Scope::investor, 1, Dimension::buy, 1, "2330"); }},
        {"inventory row", [](Reference& r) { r.inventory[0].account = 0; }},
        {"phases row", [](Reference& r) { r.phases[0].to_ns = 0; }},
        {"known and sorted",
         [](Reference& r) {
             r.sessions[0].accounts = {2, 1};
         }},
        {"more than the 16", [](Reference& r) { r.investors.resize(30); }},
        {"ticks of class", [](Reference& r) { r.ticks.rows[1].pop_back(); }},
        {"board lots", [](Reference& r) { r.rules.board_lots_max = 0; }},
    };
    for (const Bad& bad : rows) {
        Reference reference = make_reference();
        bad.change(reference);
        World world(std::move(reference), small_sizes(), false);
        INFO(bad.says);
        CHECK_THAT(world.start(), Catch::Contains(bad.says));
    }
}

}  // namespace fairlead::tests
