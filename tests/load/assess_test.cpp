// The parts of a capacity assessment, without a gateway: search for the knee, counting of a day's traffic,
// forecast, and the figures in the report.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "bench/load/assess/assess.hpp"
#include "bench/load/assess/assessment.hpp"

using namespace fairlead;
using namespace fairlead::load;

namespace {

constexpr std::uint64_t bound_ns = 2'000'000;
constexpr std::int64_t second_ns = 1'000'000'000;

Trial trial_at(double rate, std::uint64_t p99_ns) {
    Trial trial;
    trial.rate = trial.sent_rate = rate;
    trial.commands = 1000;
    trial.orders = 800;
    trial.p50_ns = p99_ns / 4;
    trial.p99_ns = trial.max_ns = p99_ns;
    trial.broken = judge(trial, bound_ns);
    return trial;
}

KneeOptions knee_options(double from = 500, double most = 200'000) {
    KneeOptions options;
    options.p99_max_ns = bound_ns;
    options.rate_from = from;
    options.rate_max = most;
    return options;
}

// A gateway whose p99 crosses the bound right above `capacity(repeat)`.
KneeSearch searched(const KneeOptions& options, const std::function<double(std::uint32_t)>& capacity) {
    KneeSearch search(options);
    while (const std::optional<double> rate = search.next_rate()) {
        REQUIRE(search.rates().size() < 40);
        std::vector<Trial> trials;
        for (std::uint32_t repeat = 0; repeat < options.repeats; ++repeat) {
            trials.push_back(trial_at(*rate, *rate <= capacity(repeat) ? bound_ns : bound_ns + 1));
        }
        search.take(*rate, std::move(trials));
    }
    return search;
}

risk::Person person(const char* investor, std::uint32_t account) {
    risk::Person made;
    made.investor = risk::InvestorId(investor);
    made.account.branch = risk::BranchId("8610");
    made.account.number = account;
    return made;
}

Assessment sample() {
    Assessment assessment;
    const KneeSearch search = searched(knee_options(), [](std::uint32_t) { return 9'000.0; });
    assessment.options = knee_options();
    assessment.rates = search.rates();
    assessment.knee = search.knee();
    DayTraffic day;
    day.journal = "/journals/<today>";
    day.date = 20261123;
    day.commands = 123'456;
    day.minute = {1'795'000'020 * second_ns, 60'000};
    day.second = {1'795'000'033 * second_ns, 4'000};
    assessment.traffic.days = {day};
    assessment.written_utc_ns = 1'795'001'000 * second_ns;
    foresee(assessment);
    return assessment;
}

}  // namespace

TEST_CASE("knee_is_the_highest_rate_within_the_bound_to_the_precision_asked") {
    for (const double capacity : {500.0, 777.0, 9'000.0, 31'999.0, 150'000.0}) {
        const KneeSearch search = searched(knee_options(), [capacity](std::uint32_t) { return capacity; });
        CHECK(search.error().empty());
        CHECK(search.knee().rate <= capacity);
        CHECK(search.knee().rate * 1.05 + 1 >= capacity);
        CHECK(search.knee().least == search.knee().rate);
        CHECK(search.knee().most == search.knee().rate);
    }
}

TEST_CASE("knee_is_judged_by_most_repeats_and_told_with_the_spread_of_each") {
    const KneeSearch search = searched(knee_options(), [](std::uint32_t repeat) {
        return repeat == 0 ? 2'000.0 : repeat == 1 ? 9'000.0 : 30'000.0;
    });
    CHECK(search.knee().rate > 8'500);
    CHECK(search.knee().rate <= 9'000);
    CHECK(search.knee().least == 2'000);
    CHECK(search.knee().most > search.knee().rate);
}

TEST_CASE("knee_counts_what_was_sent_not_what_was_asked_for") {
    KneeSearch search(knee_options());
    Trial trial = trial_at(500, 1000);
    trial.sent_rate = 480;
    search.take(500, {trial, trial, trial});
    CHECK(search.knee().rate == 480);
}

TEST_CASE("a_first_rate_that_breaks_the_bound_is_no_knee_and_is_named") {
    const KneeSearch search = searched(knee_options(), [](std::uint32_t) { return 499.0; });
    CHECK(search.rates().size() == 1);
    CHECK(search.error() ==
          "--rate-from = 500 commands a second: the first rate must hold: p99 2000 us, at most 2000");
}

TEST_CASE("a_last_rate_that_still_holds_is_no_knee_and_is_named") {
    const KneeSearch search = searched(knee_options(500, 3'000), [](std::uint32_t) { return 1e9; });
    CHECK(search.rates().back().rate == 3'000);
    CHECK_THAT(search.error(),
               Catch::StartsWith("--rate-max = 3000 commands a second: a rate must be reached"));
}

TEST_CASE("a_trial_holds_only_when_everything_was_sent_answered_taken_and_in_time") {
    CHECK(judge(trial_at(500, bound_ns), bound_ns).empty());
    CHECK(!judge(trial_at(500, bound_ns + 1), bound_ns).empty());
    Trial trial = trial_at(500, 1000);
    trial.refused = 8;  // of 800: one in a hundred
    CHECK(judge(trial, bound_ns).empty());
    trial.refused = 9;
    trial.refusal = "the gateway: no room";
    CHECK(judge(trial, bound_ns) == "9 of 800 right orders were refused, most by the gateway: no room");
    trial.unanswered = 1;
    CHECK(judge(trial, bound_ns) == "1 of 1,000 commands have no answer");
    trial.not_sent = 2;
    CHECK(judge(trial, bound_ns) == "2 commands could not be sent");
}

TEST_CASE("busiest_minute_and_second_are_of_the_clock_and_the_earliest_of_equals") {
    DayCounter counter;
    const std::int64_t minute = 1'795'000'020 * second_ns;  // a whole minute
    REQUIRE(minute % (60 * second_ns) == 0);
    // 3 at the end of one minute and 4 at the start of the next: 7 within two seconds, 4 in one minute.
    for (int i = 0; i < 3; ++i) {
        counter.take(minute + 59 * second_ns + i, 1, person("INV1", 1));
    }
    for (int i = 0; i < 4; ++i) {
        counter.take(minute + 60 * second_ns + i * second_ns, 2, person("INV1", 2));
    }
    const DayTraffic traffic = counter.traffic();
    CHECK(traffic.commands == 7);
    CHECK(traffic.minute.commands == 4);
    CHECK(traffic.minute.from_utc_ns == minute + 60 * second_ns);
    CHECK(traffic.second.commands == 3);
    CHECK(traffic.second.from_utc_ns == minute + 59 * second_ns);
    CHECK(traffic.sessions == 2);
    CHECK(traffic.accounts == 2);
    CHECK(traffic.investors == 1);
}

TEST_CASE("a_journal_that_is_missing_or_no_directory_is_named_with_its_rule") {
    CHECK_THAT(count_traffic({"/no/such/journal"}).error,
               Catch::StartsWith("--journal = /no/such/journal: must be a directory: "));
    CHECK_THAT(count_traffic({"/proc/version"}).error, Catch::Contains("must be a directory"));
}

TEST_CASE("forecast_compounds_growth_until_the_knee") {
    const Growth growth{0.5, 3};
    const Crossing crossing = forecast(1'000, 2'250, growth);
    CHECK(crossing.at_horizon == Approx(3'375));
    CHECK(crossing.of_knee == Approx(0.4444).epsilon(0.001));
    REQUIRE(crossing.years_left);
    CHECK(*crossing.years_left == Approx(2));
    CHECK(!crossing.lasts(growth));
    CHECK(crossing.lasts({0.5, 1.9}));
    CHECK(*forecast(2'250, 2'250, growth).years_left == 0);
    CHECK(!forecast(2'250, 2'250, {0, 0}).lasts({0, 0}));
    CHECK(!forecast(1'000, 2'250, {0, 3}).years_left);
    CHECK(forecast(1'000, 2'250, {0, 50}).lasts({0, 50}));
}

TEST_CASE("growth_is_read_in_per_cent_only") {
    CHECK(read_growth("30%").per_year == Approx(0.3));
    CHECK(read_growth("7.5%").per_year == Approx(0.075));
    for (const char* wrong : {"30", "0.3", "%", "", "nan%", "30%x"}) {
        CHECK(read_growth(wrong).error ==
              "--growth-per-year = " + std::string(wrong) + ": per cent, such as 30%");
    }
    CHECK(check(Growth{0, 0}).empty());
    CHECK(check(Growth{-0.1, 3}) == "--growth-per-year = -10.0%: from 0% to 1000%");
    CHECK(check(Growth{0.3, 51}) == "--years = 51.0: from 0 to 50");
}

TEST_CASE("options_of_an_assessment_are_refused_by_name_value_and_rule") {
    AssessOptions options;
    CHECK(check(options).empty());
    options.seconds = 0.1;
    CHECK(check(options) == "--seconds = 0.10: from 0.2 to 600");
    options.seconds = 3;
    options.knee.repeats = 0;
    CHECK(check(options) == "--repeats = 0: from 1 to 100");
    options.knee = knee_options(500, 900);
    CHECK(check(options) == "--rate-max = 900: at least twice --rate-from, 500");
}

TEST_CASE("verdict_says_what_is_reached_when") {
    Assessment assessment = sample();
    CHECK(!enough(assessment));  // 4,000 of about 8,900 grow by 30 % for three years
    CHECK_THAT(verdict(assessment), Catch::StartsWith("NOT ENOUGH for 3.0 years of 30.0 % growth a year"));
    assessment.growth.years = 2;
    foresee(assessment);
    CHECK(enough(assessment));
    CHECK_THAT(verdict(assessment), Catch::StartsWith("Enough for 2.0 years"));
    CHECK_THAT(verdict(assessment), Catch::Contains("with 60,000 commands, is "));
}

TEST_CASE("page_and_json_hold_the_same_figures_and_need_no_network") {
    const Assessment assessment = sample();
    const nlohmann::json json = json_of(assessment);
    CHECK(json["knee"]["rate"] == assessment.knee.rate);
    CHECK(json["busiest_minute"]["commands"] == 60'000);
    CHECK(json["busiest_minute"]["commands_per_second"] == 1'000.0);
    CHECK(json["busiest_second"]["commands"] == 4'000);
    CHECK(json["rates"].size() == assessment.rates.size());
    CHECK(json["verdict"] == verdict(assessment));
    const std::string page = html_of(assessment);
    CHECK_THAT(page, Catch::Contains(verdict(assessment)));
    CHECK_THAT(page, Catch::Contains("/journals/&lt;today&gt;"));
    CHECK_THAT(page, Catch::Contains("<svg "));
    CHECK_THAT(page, !Catch::Contains("src=") && !Catch::Contains("href="));
}
