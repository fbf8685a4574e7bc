// The market of the exchange stand-in: prices of auctions, priority, times in force, phases.
#include "bench/exchange/matching.hpp"

#include <catch2/catch.hpp>

#include "tests/exchange/sample_market.hpp"

namespace fairlead::exchange {
namespace {

using exchange_test::ntd;
using exchange_test::sample_market;
using exchange_test::second;
using risk::OrderType;
using risk::Price;
using risk::Quantity;
using risk::SessionKind;
using risk::Side;
using risk::TimeInForce;

constexpr Side buy = Side::buy;
constexpr Side sell = Side::sell;
constexpr TimeInForce rest = TimeInForce::rest_of_day;

struct Market {
    risk::Reference reference = sample_market();
    Matching matching{reference};
    std::vector<MarketEvent> events;

    Slot add(std::int64_t at, Side side, Price price, Quantity quantity, TimeInForce time_in_force = rest,
             SessionKind kind = SessionKind::regular) {
        BookOrder order;
        order.security = 1;
        order.venue = risk::Venue::twse;
        order.kind = kind;
        order.side = side;
        order.price = price;
        order.type = price == 0 ? OrderType::market : OrderType::limit;
        order.ordered = order.leaves = quantity;
        order.time_in_force = time_in_force;
        advance(at);  // as Exchange does: what is due comes before what arrives
        return matching.add(order, at * second, events);
    }
    void advance(std::int64_t to) { matching.advance(to * second, events); }
    Quantity filled(Slot slot) const { return matching.order(slot).filled; }
    Quantity leaves(Slot slot) const { return matching.order(slot).leaves; }
};

TEST_CASE("call_auction_trades_at_the_one_price_of_greatest_volume") {
    struct Order {
        Side side;
        Price price;
        Quantity quantity;
    };
    struct Row {
        const char* name;
        std::vector<Order> orders;
        Price price;  // 0: none
        Quantity quantity;
    };
    const std::vector<Row> rows = {
        {"nothing meets", {{buy, 99 * ntd, 1000}, {sell, 101 * ntd, 1000}}, 0, 0},
        {"one side only", {{buy, 99 * ntd, 1000}}, 0, 0},
        {"greatest volume wins",
         {{buy, 103 * ntd, 2000}, {buy, 101 * ntd, 5000}, {sell, 100 * ntd, 3000}, {sell, 102 * ntd, 9000}},
         // At 101 buyers 7000, sellers 3000; at 102 and 103 buyers 2000.
         100 * ntd,
         3000},
        {"least imbalance among equals",
         {{buy, 105 * ntd, 3000}, {buy, 104 * ntd, 4000}, {sell, 99 * ntd, 3000}},
         105 * ntd,
         3000},
        {"nearest the reference among equals",
         {{buy, 106 * ntd, 1000}, {sell, 102 * ntd, 1000}},
         102 * ntd,
         1000},
        {"the reference itself, where it lies between",
         {{buy, 106 * ntd, 1000}, {sell, 95 * ntd, 1000}},
         100 * ntd,
         1000},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Market market;
            for (const Order& order : row.orders) {
                market.add(1, order.side, order.price, order.quantity);
            }
            CHECK(market.events.empty());
            market.advance(10);
            Quantity traded = 0;
            for (const MarketEvent& event : market.events) {
                CHECK(event.price == row.price);
                traded += event.quantity;
            }
            CHECK(traded == 2 * row.quantity);
            CHECK(market.matching.last_price(1) == row.price);
        }
    }
}

TEST_CASE("an_auction_is_held_once_and_its_rest_goes_on_into_continuous_matching") {
    Market market;
    const Slot first = market.add(1, buy, 101 * ntd, 3000);
    market.add(2, sell, 100 * ntd, 1000);
    market.advance(9);
    CHECK(market.events.empty());
    market.advance(10);
    market.advance(11);
    CHECK(market.events.size() == 2);
    const Slot taker = market.add(12, sell, 101 * ntd, 1000);
    CHECK(market.filled(taker) == 1000);
    CHECK(market.filled(first) == 2000);
}

TEST_CASE("better_price_first_then_earlier_order") {
    Market market;
    const Slot late_best = market.add(20, sell, 101 * ntd, 1000);
    const Slot first = market.add(21, sell, 102 * ntd, 1000);
    const Slot second_one = market.add(22, sell, 102 * ntd, 1000);
    const Slot taker = market.add(23, buy, 102 * ntd, 2000);
    CHECK(market.filled(late_best) == 1000);
    CHECK(market.filled(first) == 1000);
    CHECK(market.filled(second_one) == 0);
    CHECK(market.matching.order(taker).amount == 1000 * (101 + 102) * ntd);
}

TEST_CASE("a_cut_keeps_the_place_in_time_and_a_new_price_loses_it") {
    Market market;
    const Slot first = market.add(20, sell, 102 * ntd, 2000);
    const Slot second_one = market.add(21, sell, 102 * ntd, 2000);
    const Slot third = market.add(22, sell, 102 * ntd, 2000);
    market.matching.cut(first, 1000);
    market.matching.reprice(second_one, 101 * ntd, 23 * second, market.events);
    market.matching.reprice(second_one, 102 * ntd, 23 * second, market.events);
    market.add(24, buy, 102 * ntd, 2000);
    CHECK(market.filled(first) == 1000);
    CHECK(market.filled(third) == 1000);
    CHECK(market.filled(second_one) == 0);
    CHECK(market.matching.order(first).ordered == 1000);
}

TEST_CASE("a_new_price_takes_what_it_now_meets") {
    Market market;
    const Slot resting = market.add(20, sell, 105 * ntd, 1000);
    const Slot moved = market.add(21, buy, 99 * ntd, 1000);
    market.matching.reprice(moved, 106 * ntd, 22 * second, market.events);
    CHECK(market.filled(resting) == 1000);
    CHECK(market.events.front().price == 105 * ntd);
}

TEST_CASE("ioc_takes_what_is_there_and_fok_all_or_nothing") {
    struct Row {
        TimeInForce time_in_force;
        Quantity asked;
        Quantity filled;
        bool rest_ended;
    };
    const Row row = GENERATE(Row{TimeInForce::immediate_or_cancel, 2000, 2000, false},
                             Row{TimeInForce::immediate_or_cancel, 3000, 2000, true},
                             Row{TimeInForce::fill_or_kill, 2000, 2000, false},
                             Row{TimeInForce::fill_or_kill, 3000, 0, true});
    Market market;
    market.add(20, sell, 100 * ntd, 1000);
    market.add(20, sell, 101 * ntd, 1000);
    market.add(20, sell, 102 * ntd, 1000);
    const Slot taker = market.add(21, buy, 101 * ntd, row.asked, row.time_in_force);
    CHECK(market.filled(taker) == row.filled);
    CHECK(market.leaves(taker) == 0);
    CHECK(!market.matching.order(taker).resting);
    const bool ended = market.events.back().kind == MarketEvent::Kind::rest_ended;
    CHECK(ended == row.rest_ended);
    if (ended) {
        CHECK(market.events.back().quantity == row.asked - row.filled);
    }
}

TEST_CASE("market_orders_stand_before_limits_and_are_restated_at_the_closing_call") {
    Market market;
    const Slot limit = market.add(20, buy, 105 * ntd, 1000);
    const Slot at_market = market.add(21, buy, 0, 3000);
    const Slot seller = market.add(22, sell, 100 * ntd, 1000);
    CHECK(market.filled(at_market) == 1000);
    CHECK(market.filled(limit) == 0);
    CHECK(market.matching.order(seller).amount == 1000 * 100 * ntd);
    market.events.clear();
    market.advance(99);
    CHECK(market.events.empty());
    market.advance(100);
    REQUIRE(market.events.size() == 1);
    CHECK(market.events[0].kind == MarketEvent::Kind::restated);
    CHECK(market.events[0].slot == at_market);
    CHECK(market.events[0].quantity == 2000);
    CHECK(market.leaves(limit) == 1000);
}

TEST_CASE("the_closing_call_matches_at_its_end_and_the_rest_expires_without_a_word") {
    Market market;
    const Slot buyer = market.add(101, buy, 101 * ntd, 3000);
    const Slot seller = market.add(102, sell, 101 * ntd, 1000);
    market.advance(109);
    CHECK(market.events.empty());
    market.advance(110);
    CHECK(market.events.size() == 2);
    CHECK(market.filled(seller) == 1000);
    CHECK(market.leaves(buyer) == 0);
    CHECK(market.matching.order(buyer).state == OrderState::expired);
}

TEST_CASE("odd_lots_have_a_book_of_their_own_matched_at_intervals") {
    Market market;
    const Slot board = market.add(20, sell, 100 * ntd, 1000);
    const Slot buyer = market.add(21, buy, 100 * ntd, 50, rest, SessionKind::intraday_odd_lot);
    const Slot seller = market.add(21, sell, 100 * ntd, 30, rest, SessionKind::intraday_odd_lot);
    CHECK(market.filled(buyer) == 0);
    market.advance(14);
    CHECK(market.filled(buyer) == 0);
    market.advance(25);
    CHECK(market.filled(buyer) == 30);
    CHECK(market.filled(seller) == 30);
    CHECK(market.filled(board) == 0);
}

TEST_CASE("after_hours_fixed_price_trades_at_the_close") {
    Market market;
    market.add(20, sell, 104 * ntd, 1000);
    market.add(21, buy, 104 * ntd, 1000);
    const Slot buyer = market.add(111, buy, 106 * ntd, 1000, rest, SessionKind::after_hours_fixed);
    const Slot seller = market.add(112, sell, 99 * ntd, 1000, rest, SessionKind::after_hours_fixed);
    market.advance(119);
    CHECK(market.filled(buyer) == 0);
    market.advance(120);
    CHECK(market.matching.order(buyer).amount == 1000 * 104 * ntd);
    CHECK(market.filled(seller) == 1000);
}

TEST_CASE("what_buyers_and_sellers_trade_is_equal_and_nobody_trades_beyond_his_limit") {
    std::uint64_t state = 12345;
    const auto draw = [&](std::uint64_t range) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::int64_t>((state >> 33) % range);
    };
    Market market;
    std::vector<Slot> slots;
    for (std::int64_t at = 0; at < 110; ++at) {
        for (int i = 0; i < 20; ++i) {
            const bool market_order = at >= 10 && at < 100 && draw(10) == 0;
            const Price price = market_order ? 0 : (95 + draw(11)) * ntd;
            slots.push_back(market.add(at, draw(2) == 0 ? buy : sell, price, (1 + draw(9)) * 1000));
            const Slot victim = slots[static_cast<std::size_t>(draw(slots.size()))];
            if (market.leaves(victim) > 0 && draw(3) == 0) {
                market.matching.cut(victim, std::min<Quantity>(market.leaves(victim), 1000));
            }
        }
        market.advance(at);
    }
    market.advance(110);
    Quantity bought = 0;
    Quantity sold = 0;
    for (const MarketEvent& event : market.events) {
        if (event.kind != MarketEvent::Kind::trade) {
            continue;
        }
        const BookOrder& order = market.matching.order(event.slot);
        (order.side == buy ? bought : sold) += event.quantity;
        if (order.type == OrderType::limit) {
            CHECK((order.side == buy ? event.price <= order.price : event.price >= order.price));
        }
    }
    CHECK(bought > 0);
    CHECK(bought == sold);
    for (const Slot slot : slots) {
        const BookOrder& order = market.matching.order(slot);
        CHECK(order.leaves == 0);
        CHECK(order.filled <= order.ordered);
    }
}

}  // namespace
}  // namespace fairlead::exchange
