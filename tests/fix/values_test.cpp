// Numbers, prices and times as text: what is read, what is refused, that nothing wraps.
#include "gateway/fix/values.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fairlead;
using fix::ValueError;

TEST_CASE("unsigned_numbers_are_digits_and_never_wrap") {
    struct Row {
        std::string text;
        std::uint64_t value;
        ValueError error;
    };
    const Row rows[] = {
        {"0", 0, ValueError::none},
        {"00023", 23, ValueError::none},
        {"18446744073709551615", UINT64_MAX, ValueError::none},
        {"18446744073709551616", 0, ValueError::range},
        {"18446744073709551617", 0, ValueError::range},
        {"99999999999999999999999999", 0, ValueError::range},
        {"", 0, ValueError::format},
        {"+1", 0, ValueError::format},
        {"-1", 0, ValueError::format},
        {" 1", 0, ValueError::format},
        {"1 ", 0, ValueError::format},
        {"1.0", 0, ValueError::format},
        {"0x1", 0, ValueError::format},
        {"99999999999999999999999999x", 0, ValueError::format},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(fix::parse_unsigned(row.text).value == row.value);
        CHECK(fix::parse_unsigned(row.text).error == row.error);
    }
}

TEST_CASE("signed_numbers_take_a_minus_and_no_plus") {
    CHECK(fix::parse_signed("-9223372036854775807").value == -INT64_MAX);
    CHECK(fix::parse_signed("9223372036854775807").value == INT64_MAX);
    CHECK(fix::parse_signed("9223372036854775808").error == ValueError::range);
    CHECK(fix::parse_signed("+1").error == ValueError::format);
    CHECK(fix::parse_signed("-").error == ValueError::format);
    CHECK(fix::parse_signed("--1").error == ValueError::format);
}

TEST_CASE("prices_hold_four_decimals_and_no_finer_ones") {
    struct Row {
        std::string text;
        std::int64_t value;
        ValueError error;
    };
    const Row rows[] = {
        {"12.34", 123'400, ValueError::none},
        {"500", 5'000'000, ValueError::none},
        {"500.", 5'000'000, ValueError::none},
        {".5", 5'000, ValueError::none},
        {"0.0001", 1, ValueError::none},
        {"0.00010000", 1, ValueError::none},
        {"0.00001", 0, ValueError::precision},
        {"-0.01", -100, ValueError::none},
        {"99999.9999", 999'999'999, ValueError::none},
        {"922337203685477.5807", INT64_MAX, ValueError::none},
        {"922337203685477.5808", 0, ValueError::range},
        {"99999999999999999999", 0, ValueError::range},
        {"", 0, ValueError::format},
        {".", 0, ValueError::format},
        {"-", 0, ValueError::format},
        {"+1", 0, ValueError::format},
        {"1e5", 0, ValueError::format},
        {"1.2.3", 0, ValueError::format},
        {"1,000", 0, ValueError::format},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(fix::parse_price(row.text).value == row.value);
        CHECK(fix::parse_price(row.text).error == row.error);
    }
}

TEST_CASE("quantities_are_whole") {
    CHECK(fix::parse_quantity("200.00").value == 200);
    CHECK(fix::parse_quantity("1.5").error == ValueError::precision);
    CHECK(fix::parse_quantity("+200").error == ValueError::format);
    CHECK(fix::parse_quantity("9223372036854775808").error == ValueError::range);
}

TEST_CASE("times_are_read_in_every_resolution_and_only_if_they_exist") {
    constexpr std::int64_t base_ns = 1'767'574'800LL * fix::second_ns;  // 2026-01-05 01:00:00
    struct Row {
        std::string text;
        std::int64_t value;
        ValueError error;
    };
    const Row rows[] = {
        {"20260105-01:00:00", base_ns, ValueError::none},
        {"20260105-01:00:00.001", base_ns + 1'000'000, ValueError::none},
        {"20260105-01:00:00.000001", base_ns + 1'000, ValueError::none},
        {"20260105-01:00:00.000000001", base_ns + 1, ValueError::none},
        {"20260105-00:59:60", base_ns, ValueError::none},
        {"19700101-00:00:00", 0, ValueError::none},
        {"20240229-00:00:00", 1'709'164'800LL * fix::second_ns, ValueError::none},
        {"20250229-00:00:00", 0, ValueError::format},
        {"20260105-24:00:00", 0, ValueError::format},
        {"20260105-00:60:00", 0, ValueError::format},
        {"20260105-00:00:61", 0, ValueError::format},
        {"20261305-00:00:00", 0, ValueError::format},
        {"20260100-00:00:00", 0, ValueError::format},
        {"20260105", 0, ValueError::format},
        {"20260105-01:00:00.", 0, ValueError::format},
        {"20260105-01:00:00.01", 0, ValueError::format},
        {"20260105 01:00:00", 0, ValueError::format},
        {"+0260105-01:00:00", 0, ValueError::format},
        {"", 0, ValueError::format},
        {"19691231-23:59:59", 0, ValueError::range},
        {"99991231-23:59:59", 0, ValueError::range},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(fix::parse_time(row.text).value == row.value);
        CHECK(fix::parse_time(row.text).error == row.error);
    }
}

TEST_CASE("what_is_written_is_read_back") {
    char text[64];
    fix::TimeWriter writer;
    for (std::int64_t day = 0; day < 60'000; day += 37) {
        const std::int64_t time_ns = day * fix::day_ns + (day * 7919 % 86'400) * fix::second_ns + day * 1'001;
        const char* end = writer.write(text, time_ns, fix::TimeResolution::nanos);
        REQUIRE(fix::parse_time({text, static_cast<std::size_t>(end - text)}).value == time_ns);
    }
    for (const std::int64_t price : {0LL, 1LL, -1LL, 10LL, 10'000LL, 123'400LL, 999'999'999LL, -5'000LL}) {
        const char* end = fix::format_price(text, price);
        CHECK(fix::parse_price({text, static_cast<std::size_t>(end - text)}).value == price);
    }
    const auto written = [&text](const char* end) {
        return std::string(static_cast<const char*>(text), end);
    };
    CHECK(written(fix::format_price(text, 123'400)) == "12.34");
    CHECK(written(fix::format_price(text, -100)) == "-0.01");
    CHECK(written(fix::format_signed(text, INT64_MIN)) == "-9223372036854775808");
    CHECK(written(fix::format_unsigned(text, UINT64_MAX)) == "18446744073709551615");
    CHECK(written(fix::format_padded(text, 7, 12)) == "000000000007");
    CHECK(written(writer.write(text, 1'767'574'800'123'456'789, fix::TimeResolution::millis)) ==
          "20260105-01:00:00.123");
    CHECK(written(writer.write(text, 1'767'574'800'123'456'789, fix::TimeResolution::micros)) ==
          "20260105-01:00:00.123456");
    CHECK(written(writer.write(text, -5, fix::TimeResolution::seconds)) == "19700101-00:00:00");
}
