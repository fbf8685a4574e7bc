// Percentiles of the fixed histogram against sorted values.
#include "bench/load/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "bench/load/random.hpp"

using fairlead::load::Histogram;
using fairlead::load::Random;

TEST_CASE("histogram_of_nothing_is_zero_everywhere") {
    const Histogram histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.percentile_ns(500'000) == 0);
    CHECK(histogram.max_ns() == 0);
    CHECK(histogram.min_ns() == 0);
}

TEST_CASE("histogram_is_exact_below_128_ns") {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) {
        histogram.record(i);
    }
    CHECK(histogram.percentile_ns(500'000) == 50);
    CHECK(histogram.percentile_ns(900'000) == 90);
    CHECK(histogram.percentile_ns(990'000) == 99);
    CHECK(histogram.percentile_ns(1'000'000) == 100);
    CHECK(histogram.mean_ns() == 50);
}

TEST_CASE("histogram_percentile_is_within_one_per_cent_above_the_true_value") {
    Random random(7);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t value = 1 + random.below(1U << (1 + random.below(30)));
        values.push_back(value);
        histogram.record(static_cast<std::int64_t>(value));
    }
    std::sort(values.begin(), values.end());
    for (const std::uint64_t per_million : {100'000U, 500'000U, 900'000U, 990'000U, 999'000U}) {
        const std::uint64_t truth = values[(values.size() * per_million + 999'999) / 1'000'000 - 1];
        const std::uint64_t told = histogram.percentile_ns(per_million);
        CHECK(told >= truth);
        CHECK(told <= truth + truth / 100 + 1);
    }
    CHECK(histogram.max_ns() == values.back());
    CHECK(histogram.min_ns() == values.front());
}

TEST_CASE("histogram_takes_negative_and_huge_values_without_losing_them") {
    Histogram histogram;
    histogram.record(-5);
    histogram.record(INT64_MAX);
    CHECK(histogram.count() == 2);
    CHECK(histogram.min_ns() == 0);
    CHECK(histogram.max_ns() == static_cast<std::uint64_t>(INT64_MAX));
}

TEST_CASE("histogram_merge_equals_recording_into_one") {
    Histogram one;
    Histogram other;
    Histogram both;
    for (int i = 0; i < 1000; ++i) {
        (i % 3 == 0 ? one : other).record(i * 977);
        both.record(i * 977);
    }
    one.merge(other);
    CHECK(one.count() == both.count());
    CHECK(one.max_ns() == both.max_ns());
    CHECK(one.mean_ns() == both.mean_ns());
    CHECK(one.percentile_ns(990'000) == both.percentile_ns(990'000));
}
