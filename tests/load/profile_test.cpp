// The profile is repeatable, keeps its rate, and its good orders break no rule while its bad ones do.
#include "bench/load/profile.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "tests/load/sample_market.hpp"

using namespace fairlead;
using namespace fairlead::load;

namespace {

std::vector<PlannedCommand> generate(const ProfileOptions& options) {
    const risk::Reference reference = load_test::sample_reference();
    const Market market(reference, load_test::sample_sessions);
    Profile profile(market, options);
    std::vector<PlannedCommand> commands;
    PlannedCommand command;
    while (profile.next(command)) {
        commands.push_back(command);
    }
    return commands;
}

// The stock row of the tick table, written out again from the exchange's rules.
risk::Price stock_tick(risk::Price price) {
    const risk::Price ntd = risk::price_unit;
    return price < 10 * ntd     ? ntd / 100
           : price < 50 * ntd   ? ntd / 20
           : price < 100 * ntd  ? ntd / 10
           : price < 500 * ntd  ? ntd / 2
           : price < 1000 * ntd ? ntd
                                : 5 * ntd;
}

bool same(const PlannedCommand& a, const PlannedCommand& b) {
    return a.due_ns == b.due_ns && a.price == b.price && a.quantity == b.quantity && a.order == b.order &&
           a.session == b.session && a.account == b.account && a.security == b.security && a.kind == b.kind &&
           a.side == b.side && a.type == b.type && a.fault == b.fault && a.original == b.original;
}

}  // namespace

TEST_CASE("profile_with_one_seed_is_one_stream_and_another_seed_is_another") {
    ProfileOptions options;
    options.rate_per_second = 2000;
    options.seconds = 2;
    const auto one = generate(options);
    const auto two = generate(options);
    REQUIRE(one.size() == two.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
        REQUIRE(same(one[i], two[i]));
    }
    options.seed = 2;
    const auto other = generate(options);
    REQUIRE_FALSE(other.empty());
    CHECK_FALSE((other.size() == one.size() && same(other[0], one[0])));
}

TEST_CASE("profile_keeps_its_mean_rate_in_every_shape") {
    for (const Shape shape : {Shape::steady, Shape::burst, Shape::open}) {
        ProfileOptions options;
        options.rate_per_second = 5000;
        options.seconds = 6;
        options.shape = shape;
        const auto commands = generate(options);
        CHECK(commands.size() > 29'000);
        CHECK(commands.size() < 31'000);
        std::int64_t last = 0;
        std::size_t first_second = 0;
        for (const PlannedCommand& command : commands) {
            CHECK(command.due_ns >= last);
            last = command.due_ns;
            first_second += command.due_ns < 1'000'000'000 ? 1 : 0;
        }
        CHECK(last < 6'000'000'000);
        if (shape == Shape::open) {
            CHECK(first_second > commands.size() * 2 / 5);
        }
    }
}

TEST_CASE("profile_good_orders_break_no_rule_of_price_lot_side_or_credit") {
    const risk::Reference reference = load_test::sample_reference();
    const Market market(reference, load_test::sample_sessions);
    ProfileOptions options;
    options.rate_per_second = 3000;
    options.seconds = 2;
    std::map<std::uint32_t, risk::Amount> investor_worst;
    std::map<std::pair<std::uint32_t, std::uint32_t>, risk::Quantity> sold;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<risk::Side>> sides;
    std::set<risk::Venue> venues;
    std::size_t accepted = 0;
    std::size_t sells = 0;
    std::size_t odd_lots = 0;
    for (const PlannedCommand& command : generate(options)) {
        if (command.kind != CommandKind::new_order || command.fault != Fault::none) {
            continue;
        }
        const risk::SecurityRow& security = reference.securities[command.security];
        const risk::AccountRow& account = reference.accounts[command.account];
        REQUIRE(security.flags == 0);
        REQUIRE(account.flags == 0);
        REQUIRE(account.investor != 3);
        REQUIRE((command.session == 1 || command.account <= 2));
        if (command.type == risk::OrderType::limit) {
            REQUIRE(command.price % stock_tick(command.price) == 0);
            REQUIRE(command.price <= security.limit_up);
            REQUIRE(command.price >= security.limit_down);
        } else {
            REQUIRE(command.price == 0);
        }
        if (command.session_kind == risk::SessionKind::regular) {
            REQUIRE(command.quantity % security.lot == 0);
            REQUIRE(command.quantity <= 499 * security.lot);
        } else {
            ++odd_lots;
            REQUIRE(command.quantity < security.lot);
            REQUIRE(command.time_in_force == risk::TimeInForce::rest_of_day);
            REQUIRE(command.type == risk::OrderType::limit);
        }
        REQUIRE(command.quantity > 0);
        if (command.expectation != Expectation::accept) {
            continue;
        }
        ++accepted;
        venues.insert(security.venue);
        sides[{account.investor, command.security}].insert(command.side);
        investor_worst[account.investor] += security.limit_up * command.quantity;
        if (command.side == risk::Side::sell) {
            ++sells;
            sold[{command.account, command.security}] += command.quantity;
        }
    }
    CHECK(accepted > 50);
    CHECK(sells > 10);
    CHECK(odd_lots > 10);
    CHECK(venues.size() == 2);
    CHECK(investor_worst[1] <= 2'000'000'000 * risk::price_unit);
    CHECK(investor_worst[2] <= 50'000'000 * risk::price_unit);
    for (const auto& [who, quantity] : sold) {
        CHECK(quantity <= 200'000);
    }
    for (const auto& [who, both] : sides) {
        CHECK(both.size() == 1);
    }
}

TEST_CASE("profile_bad_orders_break_the_rule_they_are_named_after") {
    const risk::Reference reference = load_test::sample_reference();
    const Market market(reference, load_test::sample_sessions);
    ProfileOptions options;
    options.rate_per_second = 3000;
    options.seconds = 3;
    options.fault_per_mille = {0, 40, 40, 40, 40, 40, 40, 40};
    std::map<Fault, std::size_t> seen;
    std::map<std::uint32_t, std::uint32_t> session_of_order;
    for (const PlannedCommand& command : generate(options)) {
        if (command.kind != CommandKind::new_order) {
            continue;
        }
        session_of_order[command.order] = command.session;
        if (command.fault == Fault::none) {
            continue;
        }
        ++seen[command.fault];
        CHECK(command.expectation == Expectation::refuse);
        const risk::SecurityRow& security = reference.securities[command.security];
        const std::uint32_t investor = reference.accounts[command.account].investor;
        switch (command.fault) {
            case Fault::none:
                break;
            case Fault::over_limit:
                CHECK(command.quantity <= security.lot * 499);
                CHECK(command.price * command.quantity >
                      std::min({market.allowance_of_investor(investor),
                                market.allowance_of_account(command.account),
                                market.order_value_max(command.account)}));
                break;
            case Fault::off_tick:
                CHECK(command.price % stock_tick(command.price) != 0);
                break;
            case Fault::over_price_limit:
                CHECK(command.price > security.limit_up);
                CHECK(command.price % stock_tick(command.price) == 0);
                break;
            case Fault::unknown_security:
                CHECK(market.find(command.symbol) == 0);
                CHECK(command.symbol.view().size() <= 6);
                break;
            case Fault::wrong_lot:
                CHECK(command.quantity % security.lot != 0);
                break;
            case Fault::duplicate_identifier:
                REQUIRE(session_of_order.count(command.original) == 1);
                CHECK(session_of_order[command.original] == command.session);
                break;
            case Fault::over_quantity:
                CHECK(command.quantity == security.lot * 500);
                break;
        }
    }
    for (std::size_t i = 1; i < fault_count; ++i) {
        INFO(fault_name(static_cast<Fault>(i)));
        CHECK(seen[static_cast<Fault>(i)] > 20);
    }
}

TEST_CASE("profile_changes_name_an_earlier_order_and_change_one_thing_by_a_legal_step") {
    const risk::Reference reference = load_test::sample_reference();
    ProfileOptions options;
    options.rate_per_second = 3000;
    options.seconds = 2;
    std::map<std::uint32_t, PlannedCommand> orders;
    std::map<CommandKind, std::size_t> kinds;
    for (const PlannedCommand& command : generate(options)) {
        ++kinds[command.kind];
        if (command.kind == CommandKind::new_order) {
            orders[command.order] = command;
            continue;
        }
        REQUIRE(orders.count(command.order) == 1);
        const PlannedCommand& order = orders[command.order];
        CHECK(command.session == order.session);
        CHECK(order.fault == Fault::none);
        const risk::SecurityRow& security = reference.securities[order.security];
        if (command.kind == CommandKind::replace_price) {
            CHECK(command.price != order.price);
            CHECK(command.price % stock_tick(command.price) == 0);
            CHECK(command.price <= security.limit_up);
            CHECK(command.price >= security.limit_down);
            CHECK(order.session_kind == risk::SessionKind::regular);
        } else if (command.kind == CommandKind::replace_quantity) {
            CHECK(command.quantity > 0);
            CHECK(command.quantity < order.quantity);
        }
    }
    CHECK(kinds[CommandKind::replace_price] > 50);
    CHECK(kinds[CommandKind::replace_quantity] > 50);
    CHECK(kinds[CommandKind::cancel] > 300);
}

TEST_CASE("profile_that_follows_phases_sends_what_the_phase_takes") {
    const risk::Reference reference = load_test::sample_reference();
    const Market market(reference, load_test::sample_sessions);
    ProfileOptions options;
    options.rate_per_second = 1000;
    options.seconds = 14;
    options.follow_phases = true;
    options.day_offset_ns = -1'000'000'000;
    std::size_t calls = 0;
    std::size_t continuous = 0;
    for (const PlannedCommand& command : generate(options)) {
        const std::int64_t day_ns = options.day_offset_ns + command.due_ns;
        REQUIRE(day_ns >= 0);
        REQUIRE(day_ns < 10'000'000'000);
        if (command.fault != Fault::none) {
            continue;
        }
        if (day_ns < 2'000'000'000 || day_ns >= 8'000'000'000) {
            ++calls;
            CHECK(command.type == risk::OrderType::limit);
            CHECK(command.time_in_force == risk::TimeInForce::rest_of_day);
        } else {
            ++continuous;
        }
        if (command.session_kind == risk::SessionKind::intraday_odd_lot) {
            CHECK(day_ns >= 2'000'000'000);
        }
    }
    CHECK(calls > 500);
    CHECK(continuous > 1000);
}

TEST_CASE("profile_options_out_of_range_are_named") {
    ProfileOptions options;
    CHECK(check(options).empty());
    options.rate_per_second = 0;
    CHECK(check(options).find("--rate") == 0);
    options = {};
    options.seconds = -1;
    CHECK(check(options).find("--seconds") == 0);
    options = {};
    options.cancel_per_mille = 950;
    CHECK(check(options).find("--replaces") == 0);
    options = {};
    options.market_per_mille = 990;
    CHECK(check(options).find("--market") == 0);
    options = {};
    options.fault_per_mille[1] = 1000;
    CHECK(check(options).find("--bad") == 0);
}
