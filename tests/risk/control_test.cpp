// What closes and opens the road, and what persons set: halts, devices, limits, days.
#include <catch2/catch.hpp>
#include <vector>

#include "tests/risk/world.hpp"

namespace fairlead::tests {

TEST_CASE("one_cause_gone_leaves_the_others_and_recovery_ends_all_but_the_spare") {
    World world;
    world.device(DeviceCause::disk_error, true);
    world.device(DeviceCause::keeper_lag, true);
    world.device(DeviceCause::disk_error, false);
    CHECK(world.send(world.order("N1")).reason == Reason::journal_unavailable);
    world.device(DeviceCause::recovered, true);  // recovered, yet still closed
    CHECK(world.send(world.order("N2")).reason == Reason::journal_unavailable);
    world.device(DeviceCause::recovered, false);
    CHECK(world.send(world.order("N3")).outcome == Outcome::accepted);
}

TEST_CASE("a_scope_is_halted_from_its_halt_to_its_resume") {
    World world;
    // The rows that the world's halts name, and a neighbour of each.
    const struct {
        Scope scope;
        std::uint32_t row;
        std::uint32_t other;
    } scopes[] = {
        {Scope::firm, 0, 0},     {Scope::venue, static_cast<std::uint32_t>(Venue::twse), venue_count},
        {Scope::investor, 1, 2}, {Scope::account, 1, 2},
        {Scope::symbol, 1, 2},   {Scope::session, 8, 7}};
    for (const auto& each : scopes) {
        INFO(static_cast<int>(each.scope));
        CHECK_FALSE(world.ledger->halted(each.scope, each.row));
        const Decision halted = world.halt(each.scope);
        CHECK(halted.scope == each.scope);
        CHECK(halted.account == world.reference.accounts[1].key);
        CHECK(world.ledger->halted(each.scope, each.row));
        CHECK((each.other == each.row || !world.ledger->halted(each.scope, each.other)));
        world.resume(each.scope);
        CHECK_FALSE(world.ledger->halted(each.scope, each.row));
    }
}

TEST_CASE("what_no_limit_was_given_for_may_not_be_traded_in") {
    const struct {
        Dimension dimension;
        bool bars_buys;
        bool bars_sells;
    } rows[] = {{Dimension::buy, true, false},         {Dimension::sell, false, true},
                {Dimension::gross_day, true, true},    {Dimension::net, true, true},
                {Dimension::symbol_long, true, false}, {Dimension::symbol_short, false, true}};
    for (const auto& row : rows) {
        INFO(static_cast<int>(row.dimension));
        Reference reference = make_reference();
        std::erase_if(reference.opening_limits, [&](const OpeningLimitRow& limit) {
            return limit.target == 1 && limit.limit.dimension == row.dimension;
        });
        for (const Side side : {Side::buy, Side::sell}) {
            World world(reference);
            NewOrder order = world.order("N1", side, 2'000, 100 * ntd, 1, "2317");
            order.facts.credit_type = side == Side::sell ? CreditType::short_agency : CreditType::cash;
            const Decision decision = world.send(order);
            const bool barred = side == Side::buy ? row.bars_buys : row.bars_sells;
            CHECK((decision.outcome == Outcome::refused) == barred);
            CHECK((decision.dimension == row.dimension) == barred);
        }
    }
}

TEST_CASE("each_branch_of_the_day_can_be_given_a_limit") {
    World world;
    for (const std::uint32_t account : {1U, 2U}) {
        INFO(account);
        LimitSet set;
        set.facts.scope = Scope::branch;
        set.facts.dimension = Dimension::buy;
        set.facts.value = reserve_of_good - 1;
        set.subject.account = world.reference.accounts[account].key;
        set.subject.user = UserName{"first"};
        CHECK(world.feed(set, RecordKind::limit_set).outcome == Outcome::accepted);
        const Decision refused = world.send(world.order("N1", Side::buy, 2'000, 100 * ntd, account));
        CHECK(refused.reason == Reason::credit_buy);
        CHECK(refused.scope == Scope::branch);
    }
}

TEST_CASE("a_limit_set_is_the_version_of_what_it_decides") {
    World world;
    const Decision set = world.set_limit(Scope::investor, Dimension::buy, 150'000 * ntd);
    CHECK(set.outcome == Outcome::accepted);
    CHECK(set.limit_version == set.sequence);
}

TEST_CASE("a_limit_of_yesterdays_file_that_todays_does_not_have_is_gone") {
    for (const Scope scope : {Scope::firm, Scope::branch, Scope::account}) {
        INFO(static_cast<int>(scope));
        Reference yesterday = make_reference();
        give(yesterday, scope, scope == Scope::firm ? 0 : 1, Dimension::buy, 1 * ntd);
        World world(std::move(yesterday));
        CHECK(world.send(world.order("N1")).reason == Reason::credit_buy);
        world.close();
        Reference today = make_reference();
        DayStart day;
        day.facts = today.day;
        day.facts.origin_utc_ns = origin_ns;
        REQUIRE(world.ledger->stage(today).empty());
        world.feed(day, RecordKind::day_start);
        CHECK(world.send(world.order("N1")).outcome == Outcome::accepted);
    }
}

TEST_CASE("a_new_day_has_zero_counters_and_keeps_what_control_has_set") {
    World world;
    world.send(world.order("N1"));
    const Decision set = world.set_limit(Scope::investor, Dimension::buy, 150'000 * ntd);
    world.set_limit(Scope::symbol, Dimension::symbol_long, 11'000, "A1", "2330");
    world.halt(Scope::account);
    DayStart day;
    day.facts = world.reference.day;
    day.facts.origin_utc_ns = origin_ns;
    REQUIRE(world.ledger->stage(world.reference).empty());
    const Decision rolled = world.feed(day, RecordKind::day_start);
    CHECK(rolled.leaves == 1);
    CHECK(rolled.reserve_before == reserve_of_good);
    CHECK(world.investor().open_buy == 0);
    CHECK(world.ledger->counts().orders == 0);
    CHECK(world.send(world.order("N1")).reason == Reason::account_halted);
    CHECK(world.resume(Scope::account).outcome == Outcome::accepted);
    const Decision refused = world.send(world.order("N1"));
    CHECK(refused.reason == Reason::credit_buy);
    CHECK(refused.limit_version == set.sequence);
    CHECK(world.send(world.order("N2", Side::buy, 1'000)).outcome == Outcome::accepted);
    CHECK(world.ledger->limit(Scope::investor, 1, Dimension::symbol_long, 1).value == 11'000);
    CHECK(world.ledger->limit(Scope::investor, 1, Dimension::symbol_long, 2).value == 100'000'000);
}

TEST_CASE("a_journal_on_its_spare_stays_closed_until_two_persons_resume_it") {
    World world;
    DeviceEvent ready;
    ready.facts.cause = DeviceCause::spare_ready;
    ready.facts.orders_closed = 1;
    ready.facts.value = 17;
    world.feed(ready, RecordKind::device_event);
    CHECK(world.ledger->journal_switch() == 17);
    world.device(DeviceCause::recovered, false);
    CHECK(world.ledger->journal_waits());
    CHECK(world.send(world.order("N1")).reason == Reason::journal_unavailable);
    world.device(DeviceCause::spare_resumed, false);
    CHECK_FALSE(world.ledger->journal_waits());
    CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
}

TEST_CASE("a_standby_that_takes_over_stays_closed_until_two_persons_grant_it") {
    World world;
    world.device(DeviceCause::taken_over, true);
    CHECK(world.ledger->takeover_waits());
    CHECK_FALSE(world.ledger->journal_waits());
    world.device(DeviceCause::standby_lost, true);
    world.device(DeviceCause::recovered, false);
    world.device(DeviceCause::spare_resumed, false);  // the word about another thing
    CHECK(world.ledger->takeover_waits());
    CHECK(world.send(world.order("N1")).reason == Reason::journal_unavailable);
    world.device(DeviceCause::takeover_granted, false);
    CHECK_FALSE(world.ledger->takeover_waits());
    CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
}

TEST_CASE("cancels_and_reductions_pass_when_everything_is_halted_and_closed") {
    World world;
    const Decision first = world.send(world.order("N1"));
    const Decision second = world.send(world.order("N2"));
    world.acknowledge(first);
    world.acknowledge(second);
    for (const Scope scope :
         {Scope::firm, Scope::venue, Scope::investor, Scope::account, Scope::symbol, Scope::session}) {
        CHECK(world.halt(scope).outcome == Outcome::accepted);
    }
    world.device(DeviceCause::disk_error, true);
    world.open_line(Venue::twse, 1, false);
    CHECK(world.replace("N1", "R1", 1'000, 100 * ntd).outcome == Outcome::accepted);
    CHECK(world.cancel("N2", "C2").outcome == Outcome::accepted);
    CHECK(world.send(world.order("N3")).outcome == Outcome::refused);
}

TEST_CASE("the_halt_after_an_overfill_outlives_the_day") {
    World world;
    world.fill(world.send(world.order("N1")), 3'000, 100 * ntd, "B1");
    world.close();
    DayStart day;
    day.facts = world.reference.day;
    day.facts.origin_utc_ns = origin_ns;
    REQUIRE(world.ledger->stage(world.reference).empty());
    world.feed(day, RecordKind::day_start);
    CHECK(world.send(world.order("N2")).reason == Reason::investor_halted);
    CHECK(world.resume(Scope::investor).outcome == Outcome::accepted);
    CHECK(world.send(world.order("N3")).outcome == Outcome::accepted);
}

}  // namespace fairlead::tests
