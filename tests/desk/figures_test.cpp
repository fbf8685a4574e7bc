// The desk's running figures: rates, waits, races, what is kept of orders.
#include <catch2/catch.hpp>

#include "gateway/desk/desk_state.hpp"

namespace fairlead::desk {
namespace {

TEST_CASE("seconds_are_counted_apart_and_old_ones_are_forgotten") {
    PerSecond<5, 2> counts;
    for (std::int64_t second = 100; second < 110; ++second) {
        counts.add(second * second_ns, 0);
        counts.add(second * second_ns + 999'999'999, 1);
    }
    CHECK(counts.in(109, 0) == 1);
    CHECK(counts.in(109, 1) == 1);
    CHECK(counts.in(104, 0) == 0);  // its place belongs to 109 by now
    CHECK(counts.before(110 * second_ns, 4, 0) == 4);
    CHECK(counts.before(110 * second_ns, 400, 1) == 4);  // no more than are kept
    counts.add(50 * second_ns, 0);                       // the clock went back: no later second is lost
    CHECK(counts.in(105, 0) == 1);
}

TEST_CASE("a_percentile_of_waits_is_never_too_low_and_at_most_a_sixteenth_too_high") {
    WaitCounts waits;
    for (std::int64_t wait = 1; wait <= 100'000; ++wait) {
        waits.add(wait);
    }
    CHECK(waits.count() == 100'000);
    CHECK(waits.max_ns() == 100'000);
    for (const std::uint64_t permille : {1U, 10U, 500U, 900U, 990U, 999U, 1000U}) {
        const std::uint64_t exact = 100 * permille;
        CHECK(waits.at_permille(permille) >= exact);
        CHECK(waits.at_permille(permille) <= exact + exact / 16 + 1);
    }
    CHECK(WaitCounts().at_permille(500) == 0);
    waits.add(-5);  // departed by another clock
    CHECK(waits.count() == 100'001);
}

TEST_CASE("every_wait_lies_within_the_edges_of_its_bin") {
    for (std::uint64_t wait = 0; wait < 70'000; ++wait) {
        const std::size_t bin = WaitCounts::bin_of(wait);
        REQUIRE(WaitCounts::edge_of(bin) >= wait);
        REQUIRE((bin == 0 || WaitCounts::edge_of(bin - 1) < wait));
    }
    CHECK(WaitCounts::bin_of(UINT64_MAX) == WaitCounts::bins - 1);
}

TEST_CASE("waits_older_than_a_minute_count_no_more") {
    SlidingWaits waits;
    waits.add(1'000 * second_ns, 10);
    waits.add(1'030 * second_ns, 20);
    CHECK(waits.last_minute(1'031 * second_ns).count() == 2);
    CHECK(waits.last_minute(1'070 * second_ns).count() == 1);
    CHECK(waits.last_minute(1'200 * second_ns).count() == 0);
}

// Row: arrival of the first and the second command placed on a line, their investors, securities; what it is.
struct RaceRow {
    std::int64_t first_ns, second_ns;
    std::uint32_t one, other;
    std::uint32_t security, other_security;
    std::uint64_t races, inversions;
};
constexpr RaceRow race_rows[] = {
    {1'000'000, 1'010'000, 1, 2, 7, 7, 1, 0},  // in turn
    {1'010'000, 1'000'000, 1, 2, 7, 7, 1, 1},  // the earlier went second
    {1'050'000, 1'000'000, 1, 2, 7, 7, 1, 1},  // 50 us: still a race
    {1'050'001, 1'000'000, 1, 2, 7, 7, 0, 0},  // no more
    {1'010'000, 1'000'000, 1, 1, 7, 7, 0, 0},  // one investor with itself
    {1'010'000, 1'000'000, 1, 2, 7, 8, 0, 0},  // two securities
    {1'000'000, 1'000'000, 1, 2, 7, 7, 1, 0},  // at the same moment: either order is in turn
};

TEST_CASE("a_race_is_two_investors_within_50_us_on_one_line_and_security") {
    for (const RaceRow& row : race_rows) {
        RaceWatch races;
        const risk::UtcNs at = 2 * second_ns;
        races.placed(at, 1, {10, at + row.first_ns, row.one, row.security});
        races.placed(at, 1, {11, at + row.second_ns, row.other, row.other_security});
        races.placed(at, 2, {12, at + row.first_ns, 3, row.security});  // another line
        const RaceWatch::Found found = races.last_minute(at);
        CHECK(found.races == row.races);
        CHECK(found.inversions == row.inversions);
        CHECK(found.worst_record == (row.inversions > 0 ? 11 : 0));
    }
}

TEST_CASE("a_command_decided_behind_a_later_one_of_another_session_is_out_of_turn") {
    RaceWatch races;
    const risk::UtcNs at = 2 * second_ns;
    races.decided(at, 1, at + 100);
    races.decided(at, 1, at + 50);  // its own session: that is its own order
    CHECK(races.last_minute(at).out_of_turn == 0);
    races.decided(at, 2, at + 60);
    CHECK(races.last_minute(at).out_of_turn == 1);
    races.decided(at, 2, at + 200);
    races.decided(at, 1, at + 150);
    CHECK(races.last_minute(at).out_of_turn == 2);
    CHECK(races.last_minute(at).commands == 5);
    races.clock_stepped();
    races.decided(at, 3, at + 1);
    CHECK(races.last_minute(at).out_of_turn == 2);
}

TEST_CASE("the_order_log_keeps_the_newest_orders_and_their_trails") {
    OrderLog log(3, 4);
    for (risk::Sequence key = 10; key <= 50; key += 10) {
        OrderEntry order;
        order.key = key;
        const std::uint64_t row = log.add(order);
        log.add_trail(log.at(row), {.sequence = key});
        log.add_trail(log.at(row), {.sequence = key + 1});
    }
    CHECK(log.size() == 3);
    CHECK(log.find(20) == no_row);
    CHECK(log.find(35) == no_row);
    REQUIRE(log.find(50) != no_row);
    const std::vector<TrailEntry> trail = log.trail_of(log.at(log.find(50)), 10);
    REQUIRE(trail.size() == 2);
    CHECK(trail[0].sequence == 50);
    CHECK(trail[1].sequence == 51);
    CHECK(log.trail_of(log.at(log.find(30)), 10).empty());  // overwritten by now
    CHECK(log.trail_of(log.at(log.find(50)), 1).size() == 1);
    log.clear();
    CHECK(log.find(50) == no_row);
}

TEST_CASE("permille_of_a_limit") {
    CHECK(permille_of(0, 0) == 0);
    CHECK(permille_of(1, 0) == permille_max);
    CHECK(permille_of(999, 1'000) == 999);
    CHECK(permille_of(1'000, 1'000) == 1'000);
    CHECK(permille_of(risk::unlimited / 2, risk::unlimited / 4) == 2'000);
    CHECK(permille_of(5, risk::unlimited) == permille_none);
    CHECK(permille_of(-5, 10) == 0);
    CHECK(permille_of(1'000'000, 1) == permille_max);
}

}  // namespace
}  // namespace fairlead::desk
