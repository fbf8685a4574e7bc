// A refusal names the number that would have passed: the tick, the lot, the limit price, the rate.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

struct Row {
    Reason reason;
    Amount bound;
    std::function<void(NewOrder&)> asked;
};

std::function<void(NewOrder&)> price(Price value) {
    return [=](NewOrder& order) { order.facts.price = value; };
}
std::function<void(NewOrder&)> quantity(Quantity value, SessionKind kind = SessionKind::regular) {
    return [=](NewOrder& order) {
        order.facts.quantity = value;
        order.facts.session_kind = kind;
    };
}

}  // namespace

TEST_CASE("a_refusal_names_the_number_that_would_have_passed") {
    Reference reference = make_reference();
    reference.rules.collar_reference_bp = 800;
    const Row rows[] = {
        {Reason::quantity_not_lot, 1'000, quantity(1'999)},
        {Reason::quantity_too_large, 499'000, quantity(500'000)},
        {Reason::odd_lot_range, 999, quantity(1'000, SessionKind::intraday_odd_lot)},
        {Reason::price_not_tick, 5'000, price(100 * ntd + 1'000)},
        {Reason::price_above_limit, 110 * ntd, price(110 * ntd + 5'000)},
        {Reason::price_below_limit, 90 * ntd, price(90 * ntd - 1'000)},
        {Reason::price_collar_reference, 108 * ntd, price(108 * ntd + 5'000)},
        {Reason::price_collar_reference, 92 * ntd, price(92 * ntd - 1'000)},
        {Reason::short_below_reference, 100 * ntd,
         [](NewOrder& order) {
             order.facts.symbol = Symbol{"2603"};
             order.facts.side = Side::sell;
             order.facts.credit_type = CreditType::short_agency;
             order.facts.price = 100 * ntd - 1'000;
         }},
    };
    for (const Row& row : rows) {
        World world(reference);
        NewOrder order = world.order("N1");
        row.asked(order);
        const Decision decision = world.send(order);
        INFO(reason_text(row.reason).code);
        CHECK(decision.reason == row.reason);
        CHECK(decision.limit == row.bound);
        CHECK(decision.scope == Scope::none);
    }
}

TEST_CASE("a_collar_narrower_than_a_tick_names_the_price_one_tick_away") {
    Reference reference = make_reference();
    reference.rules.collar_reference_bp = 10;
    for (const Price step : {Price{5'000}, Price{-1'000}}) {
        World world(reference);
        NewOrder order = world.order("N1");
        order.facts.price = 100 * ntd + 2 * step;
        const Decision decision = world.send(order);
        CHECK(decision.reason == Reason::price_collar_reference);
        CHECK(decision.limit == 100 * ntd + step);
    }
}

TEST_CASE("a_decision_names_the_security_of_its_order_known_or_not") {
    World world(make_reference());
    CHECK(world.send(world.order("N1")).symbol == Symbol{"2330"});
    NewOrder unknown = world.order("N2");
    unknown.facts.symbol = Symbol{"0000"};
    const Decision refused = world.send(unknown);
    CHECK(refused.reason == Reason::security_unknown);
    CHECK(refused.symbol == Symbol{"0000"});
}

TEST_CASE("the_answer_to_a_status_request_goes_back_with_what_was_asked") {
    World world(make_reference());
    world.send(world.order("N1"), 7);
    for (const char* asked : {"N1", "N9"}) {
        INFO(asked);
        OrderStatusRequest request;
        request.facts.client_order_id = ClientOrderId{asked};
        request.facts.symbol = Symbol{"2330"};
        request.facts.side = Side::buy;
        request.person.account = world.order("N1").person.account;
        const Decision decision = world.feed(request, RecordKind::order_status, 7);
        CHECK(decision.reason == (asked[1] == '1' ? Reason::none : Reason::order_unknown));
        CHECK(decision.sequence == request.record.sequence);
        CHECK(decision.client_session == 7);
        CHECK(decision.answer == Answer::execution_report);
        CHECK(decision.exec_type == OrderStatus::order_status);
        CHECK(decision.order_status == (asked[1] == '1' ? OrderStatus::pending_new : OrderStatus::rejected));
        CHECK(decision.client_order_id == request.facts.client_order_id);
        CHECK(decision.symbol == request.facts.symbol);
        CHECK(decision.side == Side::buy);
        CHECK(decision.account == request.person.account);
    }
}

TEST_CASE("the_answer_to_a_mass_cancel_goes_back_with_what_was_asked") {
    World world(make_reference());
    for (const MassCancelKind kind : {MassCancelKind::symbol, MassCancelKind::all}) {
        MassCancel command;
        command.facts.client_order_id = ClientOrderId{"M1"};
        command.facts.mass_kind = kind;
        command.facts.symbol = Symbol{"2330"};
        command.facts.side = Side::sell;
        command.person.account = world.order("N1").person.account;
        const Decision decision = world.feed(command, RecordKind::mass_cancel, 7);
        CHECK(decision.outcome == Outcome::accepted);
        CHECK(decision.sequence == command.record.sequence);
        CHECK(decision.client_session == 7);
        CHECK(decision.answer == Answer::mass_cancel_report);
        CHECK(decision.client_order_id == command.facts.client_order_id);
        CHECK(decision.symbol == command.facts.symbol);
        CHECK(decision.side == Side::sell);
        CHECK(decision.account == command.person.account);
    }
    MassCancel unknown;
    unknown.facts.mass_kind = MassCancelKind::symbol;
    unknown.facts.symbol = Symbol{"0000"};
    CHECK(world.feed(unknown, RecordKind::mass_cancel, 7).reason == Reason::security_unknown);
}

TEST_CASE("a_refusal_by_a_securitys_limit_names_usage_before_and_after_and_the_limit") {
    Reference reference = make_reference();
    give(reference, Scope::investor, 1, Dimension::symbol_long, 11'000, "2330");
    World world(reference);
    world.send(world.order("N1"));
    const Decision decision = world.send(world.order("N2"));
    CHECK(decision.reason == Reason::credit_symbol_long);
    CHECK(decision.scope == Scope::symbol);
    CHECK(decision.dimension == Dimension::symbol_long);
    CHECK(decision.usage_before == 10'000);
    CHECK(decision.usage_after == 12'000);
    CHECK(decision.limit == 11'000);
}

TEST_CASE("a_refused_replace_names_the_number_that_would_have_passed") {
    World world(make_reference());
    world.acknowledge(world.send(world.order("N1")));
    const Decision decision = world.replace("N1", "R1", 2'000, 100 * ntd + 1'000);
    CHECK(decision.reason == Reason::price_not_tick);
    CHECK(decision.limit == 5'000);
}

TEST_CASE("a_raised_price_is_checked_in_every_scope") {
    const std::pair<Scope, std::uint32_t> scopes[] = {
        {Scope::account, 1}, {Scope::investor, 1}, {Scope::branch, 1}, {Scope::firm, 0}};
    for (const auto& [scope, target] : scopes) {
        INFO(static_cast<int>(scope));
        Reference reference = make_reference();
        give(reference, scope, target, Dimension::buy, reserve_of_good);
        World world(reference);
        world.acknowledge(world.send(world.order("N1")));
        const Decision decision = world.replace("N1", "R1", 2'000, 101 * ntd);
        CHECK(decision.reason == Reason::credit_buy);
        CHECK(decision.scope == scope);
        CHECK(decision.usage_before == reserve_of_good);
        CHECK(decision.usage_after == 2'000 * 101 * ntd);
        CHECK(decision.limit == reserve_of_good);
    }
}

TEST_CASE("the_refusal_of_a_cancel_goes_back_with_what_was_asked") {
    World world(make_reference());
    CancelOrder command;
    command.facts.client_order_id = ClientOrderId{"C1"};
    command.facts.original_client_order_id = ClientOrderId{"N9"};
    command.facts.symbol = Symbol{"2330"};
    command.facts.side = Side::sell;
    command.person.account = world.order("N1").person.account;
    const Decision decision = world.feed(command, RecordKind::cancel_order, 8);
    CHECK(decision.reason == Reason::order_unknown);
    CHECK(decision.answer == Answer::cancel_reject);
    CHECK(decision.client_session == 8);
    CHECK(decision.client_order_id == command.facts.client_order_id);
    CHECK(decision.original_client_order_id == command.facts.original_client_order_id);
    CHECK(decision.symbol == command.facts.symbol);
    CHECK(decision.side == Side::sell);
    CHECK(decision.account == command.person.account);
}

TEST_CASE("sums_of_buys_and_sells_are_refused_before_they_overflow") {
    for (const bool both : {false, true}) {
        INFO(both);
        Reference reference = make_reference();
        reference.rules.board_lots_max = 1'000'000'000;
        for (OpeningLimitRow& row : reference.opening_limits) {
            row.limit.value = 4 * usage_max;
        }
        reference.inventory = {{1, 9, 1'000'000'000'000, 0}};
        World world(reference);
        const Amount each = 9'000'000'000'000'000;  // 18 million shares at 50,000, or 22.5 million at 40,000
        Decision last;
        Amount sum = 0;
        for (int n = 0; n < 200 && last.outcome != Outcome::refused; ++n) {
            const bool buy = !both || n % 2 == 0;
            const std::string id = "N" + std::to_string(n);
            last = buy ? world.send(world.order(id.c_str(), Side::buy, 22'500'000, 40'000 * ntd, 1, "0050"))
                       : world.send(world.order(id.c_str(), Side::sell, 18'000'000, 50'000 * ntd, 1, "0050"));
            sum += last.outcome == Outcome::refused ? 0 : each;
        }
        CHECK(last.reason == Reason::amount_overflow);
        CHECK(sum <= usage_max);
        CHECK(sum + each > usage_max);
    }
}

TEST_CASE("a_duplicate_names_the_command_that_had_its_id_first") {
    World world(make_reference());
    const Decision first = world.send(world.order("N1"));
    world.acknowledge(first);
    const Decision changed = world.replace("N1", "R1", 1'000, 100 * ntd);
    const Decision again[] = {world.send(world.order("N1")), world.replace("N1", "N1", 1'000, 100 * ntd),
                              world.cancel("N1", "N1"), world.cancel("N1", "R1")};
    for (const Decision& decision : again) {
        CHECK(decision.reason == Reason::duplicate_client_order_id);
    }
    for (int n = 0; n < 3; ++n) {
        CHECK(again[n].related == first.sequence);
    }
    CHECK(again[3].related == changed.sequence);
}

TEST_CASE("a_refusal_by_the_rate_names_the_rate") {
    Reference reference = make_reference();
    reference.rules.investor_message_rate = 2;
    World world(reference);
    world.send(world.order("N1"));
    world.send(world.order("N2"));
    const Decision decision = world.send(world.order("N3"));
    CHECK(decision.reason == Reason::investor_message_rate);
    CHECK(decision.limit == 2);
}

}  // namespace fairlead::tests
