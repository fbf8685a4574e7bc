// The arithmetic of the fairness report, on cases small enough to be checked by hand.
#include <catch2/catch.hpp>

#include "audit/examine/report.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

// A command of a session of its own, stamped and competing at `arrived_ns`, that went out at once.
ClientCommand sent(risk::Sequence sequence, const char* investor, std::int64_t arrived_ns,
                   const char* symbol = "2330", std::uint32_t line = 1) {
    ClientCommand one;
    one.sequence = one.place = sequence;
    one.session = static_cast<std::uint32_t>(investor[0]);
    one.investor = risk::InvestorId(investor);
    one.symbol = risk::Symbol(symbol);
    one.kernel_ns = one.effective_ns = arrived_ns;
    one.offered = true;
    one.line = line;
    one.departed_ns = arrived_ns + 1000;
    return one;
}

ClientCommand raised(risk::Sequence sequence, const char* investor, std::int64_t kernel_ns,
                     std::int64_t effective_ns, std::int64_t own_before_ns = 0) {
    ClientCommand one = sent(sequence, investor, effective_ns);
    one.kernel_ns = kernel_ns;
    one.own_before_ns = own_before_ns;
    return one;
}

}  // namespace

TEST_CASE("inversions_are_pairs_of_two_investors_on_one_line_sent_against_arrival") {
    struct Row {
        const char* name;
        std::vector<ClientCommand> sent;  // in the order they went out
        std::uint64_t pairs, inversions, races, race_inversions;
        std::int64_t worst_ns;
    };
    const Row rows[] = {
        {"in order", {sent(1, "a", 100), sent(2, "b", 200)}, 1, 0, 1, 0, 0},
        {"inverted", {sent(1, "a", 200), sent(2, "b", 100)}, 1, 1, 1, 1, 100},
        {"same moment", {sent(1, "a", 100), sent(2, "b", 100)}, 1, 0, 1, 0, 0},
        {"same investor", {sent(1, "a", 200), sent(2, "a", 100)}, 0, 0, 0, 0, 0},
        {"other line", {sent(1, "a", 200), sent(2, "b", 100, "2330", 2)}, 0, 0, 0, 0, 0},
        {"other security", {sent(1, "a", 200), sent(2, "b", 100, "2317")}, 1, 1, 0, 0, 100},
        {"at the window's edge", {sent(1, "a", 50'100), sent(2, "b", 100)}, 1, 1, 1, 1, 50'000},
        {"just beyond the window", {sent(1, "a", 50'101), sent(2, "b", 100)}, 1, 1, 0, 0, 50'001},
        {"three investors, last came first",
         {sent(1, "a", 200), sent(2, "b", 300), sent(3, "c", 100)},
         3,
         2,
         3,
         2,
         200},
        {"own earlier order does not hide another's",
         {sent(1, "b", 150), sent(2, "a", 400), sent(3, "a", 100)},
         2,
         1,
         2,
         1,
         50},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        const FairnessReport report = judge_fairness(row.sent);
        CHECK(report.all.pairs == row.pairs);
        CHECK(report.all.inversions == row.inversions);
        CHECK(report.races.pairs == row.races);
        CHECK(report.races.inversions == row.race_inversions);
        CHECK(report.all.worst_ns == row.worst_ns);
    }
}

TEST_CASE("a_command_served_against_effective_arrival_breaks_the_rule_even_if_it_was_refused") {
    ClientCommand refused = sent(2, "b", 100);
    refused.offered = false;
    refused.line = 0;
    refused.place = 0;
    refused.departed_ns = 0;
    const FairnessReport report = judge_fairness({sent(1, "a", 130), refused, sent(3, "c", 140)});
    CHECK(report.out_of_turn.commands == 1);
    CHECK(report.out_of_turn.worst_ns == 30);
    CHECK(report.out_of_turn.worst_record == 2);
    CHECK(report.unexplained.commands == 1);
    CHECK(report.all.inversions == 0);
    CHECK(text_of(report).find("FINDING                   the arrival rule was broken 1 times") !=
          std::string::npos);
}

// Seed 154 of tests/simulation: UTC stepped back, and the gateway was started again.
TEST_CASE("effective_arrival_that_falls_because_utc_went_back_accuses_nobody") {
    ClientCommand after = sent(2, "b", 100);
    CHECK(judge_fairness({sent(1, "a", 200), after}).out_of_turn.commands == 1);
    after.clock_went_back = true;
    const FairnessReport report = judge_fairness({sent(1, "a", 200), after});
    CHECK(report.out_of_turn.commands == 0);
    CHECK(report.clock_stepped.commands == 1);
}

TEST_CASE("what_the_kernel_stamped_earlier_is_told_by_cause_and_never_hidden") {
    SECTION("late readable: its session had nothing before it that could have held it up") {
        const FairnessReport report = judge_fairness({sent(1, "a", 130), raised(2, "b", 100, 130, 99)});
        CHECK(report.out_of_turn.commands == 0);
        CHECK(report.late_readable.commands == 1);
        CHECK(report.late_readable.worst_ns == 30);
        CHECK(report.late_readable.worst_record == 2);
        CHECK(report.late_total == 1);
        CHECK(report.kernel_races.inversions == 1);
        CHECK(report.kernel_races_late == 1);
        CHECK(report.races.inversions == 0);
        CHECK(report.investors[1].late_readable == 1);
        CHECK(report.investors[1].late_worst_ns == 30);
    }
    SECTION("behind its own session's message, which was decided after its stamp") {
        const FairnessReport report = judge_fairness({sent(1, "a", 130), raised(2, "b", 100, 140, 100)});
        CHECK(report.behind_own.commands == 1);
        CHECK(report.late_readable.commands == 0);
        CHECK(report.late_total == 0);
        CHECK(report.kernel_races_own == 1);
    }
    SECTION("UTC went back: stamps cannot tell") {
        ClientCommand after = raised(2, "b", 100, 130, 50);
        after.clock_went_back = true;
        const FairnessReport report = judge_fairness({sent(1, "a", 130), after});
        CHECK(report.clock_stepped.commands == 1);
        CHECK(report.late_total == 0);
    }
    SECTION("without a stamp it is counted and not judged by one") {
        const FairnessReport report = judge_fairness({sent(1, "a", 130), raised(2, "b", 0, 140)});
        CHECK(report.without_stamp == 1);
        CHECK(report.late_total == 0);
        CHECK(report.kernel_races.pairs == 0);
        CHECK(report.races.pairs == 1);
    }
}

TEST_CASE("overtaken_in_the_lines_queue_is_told_from_being_served_out_of_turn") {
    ClientCommand waited = sent(1, "a", 100);
    waited.place = 3;
    const FairnessReport report = judge_fairness({waited, sent(2, "b", 160)});
    CHECK(report.out_of_turn.commands == 0);
    CHECK(report.all.inversions == 1);
    CHECK(report.in_line_queue.commands == 1);
    CHECK(report.in_line_queue.worst_ns == 60);
    const FairnessReport out_of_turn = judge_fairness({sent(1, "a", 160), sent(2, "b", 100)});
    CHECK(out_of_turn.all.inversions == 1);
    CHECK(out_of_turn.in_line_queue.commands == 0);
}

TEST_CASE("the_dealers_own_flow_is_shown_beside_the_clients") {
    ClientCommand own = sent(2, "b", 160);
    own.own = true;
    own.departed_ns = 160 + 5'000;
    ClientCommand refused = sent(4, "b", 400);
    refused.own = true;
    refused.offered = false;
    refused.place = refused.departed_ns = 0;
    const FairnessReport report = judge_fairness({sent(1, "a", 100), own, sent(3, "c", 200), refused});
    CHECK(report.own.commands == 2);
    CHECK(report.own.offered == 1);
    CHECK(report.own.served == 1);
    CHECK(report.own.wait_worst_ns == 5'000);
    CHECK(report.clients.commands == 2);
    CHECK(report.clients.wait_p99_ns == 1'000);
}

TEST_CASE("a_cancel_in_its_lane_passes_orders_that_wait_and_no_other_cancel") {
    ClientCommand waited = sent(1, "a", 100);
    waited.place = 4;
    ClientCommand cancel = sent(2, "b", 160);
    cancel.cancels_lane = true;
    CHECK(judge_fairness({waited, cancel}).all.inversions == 0);
    CHECK(judge_fairness({waited, cancel}).in_line_queue.commands == 0);
    ClientCommand overtaken = sent(3, "c", 130);
    overtaken.cancels_lane = true;
    const FairnessReport report = judge_fairness({waited, cancel, overtaken});
    CHECK(report.all.inversions == 1);
    CHECK(report.races.inversions == 1);
}

TEST_CASE("waiting_is_departure_less_arrival_and_distance_compares_whole_distributions") {
    std::vector<ClientCommand> all;
    for (std::int64_t i = 1; i <= 100; ++i) {
        all.push_back(sent(static_cast<risk::Sequence>(2 * i), "a", i * 1000));
        all.back().departed_ns = all.back().effective_ns + i;
        all.back().kernel_ns -= 7;
        all.push_back(sent(static_cast<risk::Sequence>(2 * i + 1), "b", i * 1000));
        all.back().departed_ns = all.back().effective_ns + (i <= 50 ? i : 1000);
    }
    const FairnessReport report = judge_fairness(all);
    REQUIRE(report.investors.size() == 2);
    CHECK(report.investors[0].wait_p50_ns == 50);
    CHECK(report.investors[0].wait_p99_ns == 99);
    CHECK(report.investors[0].wait_worst_ns == 100);
    CHECK(report.investors[0].kernel_wait_worst_ns == 107);
    CHECK(report.investors[1].wait_p99_ns == 1000);
    CHECK(report.largest_distance == Approx(0.5));
    CHECK(summary_of(report).find("fairness: 0 inversions in") == 0);
}

TEST_CASE("jains_index_is_of_served_over_offered_and_leaves_out_who_was_refused_everything") {
    const auto unserved = [](risk::Sequence sequence, const char* investor) {
        ClientCommand one = sent(sequence, investor, static_cast<std::int64_t>(sequence) * 1000);
        one.line = 0;
        one.place = 0;
        one.departed_ns = 0;
        return one;
    };
    ClientCommand refused = unserved(9, "d");
    refused.offered = false;
    // a: 2 of 2, b: 1 of 2, c: 0 of 1: (1 + 1/2 + 0)^2 / (3 (1 + 1/4)).
    const FairnessReport report = judge_fairness({sent(1, "a", 1000), sent(2, "a", 2000), sent(3, "b", 3000),
                                                  unserved(4, "b"), unserved(5, "c"), refused});
    CHECK(report.jain_index == Approx(2.25 / 3.75));
    CHECK(judge_fairness({sent(1, "a", 1000), sent(2, "b", 2000)}).jain_index == Approx(1));
}

TEST_CASE("fairness_bounds_are_exceeded_by_one_more_and_not_by_the_bound_itself") {
    FairnessReport report;
    report.commands = 1'000'000;
    CHECK(exceeded(report, {}).empty());
    report.out_of_turn.commands = 1;
    CHECK(exceeded(report, {}) == std::vector<std::string>{"commands served out of turn 1, bound 0"});
    report.out_of_turn.commands = 0;
    report.unexplained.commands = 1;
    CHECK(exceeded(report, {}).size() == 1);
    report.unexplained.commands = 0;
    report.late_readable.commands = 20;
    report.jain_index = 0.99;
    report.largest_distance = 0.1;
    FairnessBounds bounds;
    bounds.late_readable_per_million_max = 20;
    bounds.jain_min = 0.99;
    bounds.distance_max = 0.1;
    CHECK(exceeded(report, bounds).empty());
    report.late_readable.commands = 21;
    report.jain_index = 0.98;
    report.largest_distance = 0.11;
    CHECK(exceeded(report, bounds) ==
          std::vector<std::string>{"late readable commands in a million 21, bound 20",
                                   "Jain index 0.9800, bound 0.9900", "KS distance 0.1100, bound 0.1000"});
}
