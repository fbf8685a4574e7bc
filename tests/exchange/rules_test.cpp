// What the exchange stand-in takes and refuses: logon data, codes, faults, options, witness lines.
#include <catch2/catch.hpp>

#include "bench/exchange/faults.hpp"
#include "bench/exchange/logon_rule.hpp"
#include "bench/exchange/options.hpp"
#include "bench/exchange/order_check.hpp"
#include "bench/exchange/reports.hpp"
#include "bench/exchange/witness.hpp"
#include "tests/config/temporary.hpp"
#include "tests/exchange/sample_market.hpp"

namespace fairlead::exchange {
namespace {

using exchange_test::sample_market;
using exchange_test::second;

TEST_CASE("key_value_is_thousands_and_hundreds_of_append_number_times_password") {
    CHECK(raw_data_for(123, 9999) == "12398");
    CHECK(raw_data_for(1, 0) == "00100");
    CHECK(raw_data_for(999, 9999) == "99990");  // 9,989,001: thousands 9, hundreds 0
    CHECK(raw_data_for(7, 4711) == "00729");    // 32,977
}

TEST_CASE("each_broken_logon_has_its_status") {
    struct Row {
        const char* length;
        const char* data;
        const char* code;
    };
    const std::vector<Row> rows = {
        {"5", "12398", ""},  {"5", "12397", "02"}, {"5", "00000", "03"}, {"4", "12398", "08"},
        {"5", "1239", "08"}, {"", "", "08"},       {"5", "x2398", "01"},
    };
    for (const Row& row : rows) {
        LogonRule rule(9999);
        CHECK(rule.check(row.length, row.data).substr(0, 2) == row.code);
    }
}

TEST_CASE("none_of_the_last_five_append_numbers_may_come_again") {
    LogonRule rule(9999);
    for (std::uint32_t number = 1; number <= 5; ++number) {
        CHECK(rule.check("5", raw_data_for(number, 9999)).empty());
    }
    CHECK(rule.check("5", raw_data_for(1, 9999)) == "01-APPEND-NO ERROR");
    CHECK(rule.check("5", raw_data_for(6, 9999)).empty());
    CHECK(rule.check("5", raw_data_for(1, 9999)).empty());
}

OrderMessage good_new() {
    OrderMessage message;
    message.type = 'D';
    message.branch = "8610";
    message.ap_code = "0";
    message.client_order_id = "000000000001";
    message.order_number = "A0001";
    message.account = "0000017";
    message.symbol = "1101  ";
    message.side = "1";
    message.quantity = "2";
    message.order_type = "2";
    message.price = "100.5000";
    message.time_in_force = "0";
    message.transact_time = "20261123-01:00:00.000";
    message.channel = "3";
    message.credit_type = "0";
    message.exchange_code = "0";
    message.check_age = "N";
    return message;
}

TEST_CASE("each_rule_for_a_new_order_has_its_code") {
    struct Row {
        const char* what;
        void (*change)(OrderMessage&);
        std::int64_t at_s;
        Code code;
    };
    const std::vector<Row> rows = {
        {"good", [](OrderMessage&) {}, 20, 0},
        {"before the day", [](OrderMessage&) {}, -1, time_early},
        {"after the day", [](OrderMessage&) {}, 110, time_over},
        {"last moment", [](OrderMessage&) {}, 109, 0},
        {"ClOrdID short", [](OrderMessage& m) { m.client_order_id = "1"; }, 20, field_length},
        {"ClOrdID missing", [](OrderMessage& m) { m.client_order_id = ""; }, 20, field_missing},
        {"order number short", [](OrderMessage& m) { m.order_number = "A001"; }, 20, field_length + 2},
        {"order number signs", [](OrderMessage& m) { m.order_number = "A-001"; }, 20, order_number_error},
        {"branch", [](OrderMessage& m) { m.branch = "861"; }, 20, branch_error},
        {"account letters", [](OrderMessage& m) { m.account = "00000x7"; }, 20, account_error},
        {"channel", [](OrderMessage& m) { m.channel = "7"; }, 20, channel_error},
        {"unknown security", [](OrderMessage& m) { m.symbol = "9999  "; }, 20, symbol_error},
        {"other venue's security", [](OrderMessage& m) { m.symbol = "6488  "; }, 20, symbol_error},
        {"suspended", [](OrderMessage& m) { m.symbol = "2002  "; }, 20, suspended},
        {"upper limit", [](OrderMessage& m) { m.price = "110"; }, 20, 0},
        {"above it", [](OrderMessage& m) { m.price = "110.5"; }, 20, price_error},
        {"lower limit", [](OrderMessage& m) { m.price = "90"; }, 20, 0},
        {"below it", [](OrderMessage& m) { m.price = "89.9"; }, 20, price_error},
        {"off tick", [](OrderMessage& m) { m.price = "100.1"; }, 20, price_error},
        {"five decimals", [](OrderMessage& m) { m.price = "100.50000"; }, 20, price_error},
        {"signed quantity", [](OrderMessage& m) { m.quantity = "+2"; }, 20, quantity_error},
        {"499 lots", [](OrderMessage& m) { m.quantity = "499"; }, 20, 0},
        {"500 lots", [](OrderMessage& m) { m.quantity = "500"; }, 20, quantity_error},
        {"no lots", [](OrderMessage& m) { m.quantity = "0"; }, 20, quantity_error},
        {"side", [](OrderMessage& m) { m.side = "3"; }, 20, side_error},
        {"credit type", [](OrderMessage& m) { m.credit_type = "7"; }, 20, credit_type_error},
        {"exchange code", [](OrderMessage& m) { m.exchange_code = "2"; }, 20, exchange_code_error},
        {"order type", [](OrderMessage& m) { m.order_type = "3"; }, 20, price_type_error},
        {"time in force", [](OrderMessage& m) { m.time_in_force = "1"; }, 20, price_type_error},
        {"market with a price", [](OrderMessage& m) { m.order_type = "1"; }, 20, price_error},
        {"market", [](OrderMessage& m) { m.order_type = "1", m.price = "0"; }, 20, 0},
        {"market in a call", [](OrderMessage& m) { m.order_type = "1", m.price = "0"; }, 5, market_forbidden},
        {"IOC in a call", [](OrderMessage& m) { m.time_in_force = "3"; }, 105, ioc_fok_forbidden},
        {"FOK in a call", [](OrderMessage& m) { m.time_in_force = "4"; }, 5, ioc_fok_forbidden},
        {"IOC", [](OrderMessage& m) { m.time_in_force = "3"; }, 20, 0},
        {"odd lot", [](OrderMessage& m) { m.ap_code = "C", m.exchange_code = "2", m.quantity = "999"; }, 20,
         0},
        {"odd lot of 1000",
         [](OrderMessage& m) { m.ap_code = "C", m.exchange_code = "2", m.quantity = "1000"; }, 20,
         odd_quantity_error},
        {"stale", [](OrderMessage& m) { m.check_age = "Y", m.transact_time = "19690101-00:00:00.000"; }, 20,
         time_difference},
        {"stale, not asked about", [](OrderMessage& m) { m.transact_time = "19690101-00:00:00.000"; }, 20, 0},
        {"fixed price beside the close", [](OrderMessage& m) { m.ap_code = "7", m.price = "99"; }, 115,
         price_error},
        {"fixed price", [](OrderMessage& m) { m.ap_code = "7", m.price = "100"; }, 115, 0},
    };
    const risk::Reference reference = sample_market();
    const Matching matching(reference);
    const OrderCheck check(reference);
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            OrderMessage message = good_new();
            row.change(message);
            CHECK(check.check(message, risk::Venue::twse, matching, row.at_s * second).code == row.code);
        }
    }
    OrderMessage lending = good_new();
    lending.ap_code = "4";
    CHECK(check.check(lending, risk::Venue::twse, matching, 20 * second).unknown_ap);
}

TEST_CASE("a_status_request_must_not_carry_a_time") {
    const risk::Reference reference = sample_market();
    const Matching matching(reference);
    const OrderCheck check(reference);
    OrderMessage message = good_new();
    message.type = 'H';
    CHECK(check.check(message, risk::Venue::twse, matching, 20 * second).code == field_length + 10);
    message.transact_time.clear();
    CHECK(check.check(message, risk::Venue::twse, matching, 20 * second).code == 0);
}

TEST_CASE("codes_carry_the_digit_of_their_sub_system") {
    CHECK(status_text(order_not_found, risk::SessionKind::regular) == "0005-ORDER NOT FOUND");
    CHECK(status_text(odd_quantity_error, risk::SessionKind::after_hours_odd).substr(0, 5) == "2014-");
    CHECK(status_text(odd_quantity_error, risk::SessionKind::intraday_odd_lot).substr(0, 5) == "C014-");
    CHECK(status_text(price_error, risk::SessionKind::after_hours_fixed).substr(0, 5) == "7021-");
    CHECK(status_text(field_missing, risk::SessionKind::intraday_odd_lot).substr(0, 5) == "0241-");
}

TEST_CASE("prices_and_times_are_written_as_the_venue_writes_them") {
    CHECK(price_text(1'005'000) == "100.5000");
    CHECK(price_text(1) == "0.0001");
    risk::UtcNs parsed = 0;
    REQUIRE(parse_utc("20261123-01:02:03.456", parsed));
    CHECK(utc_text(parsed) == "20261123-01:02:03.456");
    CHECK(!parse_utc("20261323-01:02:03.456", parsed));
    risk::Price price = 0;
    CHECK(!parse_price("100000", price));
    CHECK(!parse_price("1.", price));
    CHECK(!parse_price("-1", price));
}

TEST_CASE("a_fault_is_refused_with_the_word_that_is_wrong") {
    struct Row {
        const char* text;
        const char* error;  // empty: good
    };
    const std::vector<Row> rows = {
        {"all delay-acks 200", ""},
        {"T8610H3 drop-fills always", ""},
        {"T8610H3 reject 33 2", ""},
        {"T8610H3 disconnect", ""},
        {"T8610H3 log-out line is closed", ""},
        {"T8610H3 fill A0001 1000", ""},
        {"T8610H3 fill last", ""},
        {"T8610H3 fill", "an argument is missing"},
        {"T8610H3 fill last some", "\"some\" must be a whole number"},
        {"T8610H3 explode", "\"explode\" is no fault"},
        {"T8610H3 delay-acks", "an argument is missing"},
        {"T8610H3 delay-acks soon", "\"soon\" must be a whole number"},
        {"T8610H3 stop-reading 1", "\"1\" must be \"on\" or \"off\""},
        {"T8610H3 clear all", "one argument too many"},
        {"", "a fault is"},
    };
    for (const Row& row : rows) {
        const FaultCommand command = parse_fault(row.text);
        CHECK(command.error.empty() == (*row.error == '\0'));
        CHECK(command.error.find(row.error) != std::string::npos);
    }
    LineFaults faults;
    CHECK(set_fault(parse_fault("x reject 33 2"), faults));
    CHECK(faults.reject_code == 33);
    CHECK((take(faults.reject_count) && take(faults.reject_count) && !take(faults.reject_count)));
    CHECK(!set_fault(parse_fault("x disconnect"), faults));
}

TEST_CASE("a_witness_line_has_a_column_for_each_name_and_no_byte_of_a_message_can_add_one") {
    const auto count = [](std::string_view text, char c) { return std::count(text.begin(), text.end(), c); };
    const std::string line = witness_line({5, 6}, "T8610H3", true,
                                          "8=FIX.4.4\x01"
                                          "35=D\x01"
                                          "34=7\x01"
                                          "50=8610\x01"
                                          "57=0\x01"
                                          "11=000000000001\x01"
                                          "58=a\tb\nc\x01");
    CHECK(count(line, '\t') == count(witness_columns, '\t'));
    CHECK(count(line, '\n') == 1);
    CHECK(line.starts_with("5\t6\tT8610H3\tin\t7\tD\t\t8610\t0\t000000000001\t\t\t"));
    CHECK(count(witness_event({5, 6}, "T8610H3", "logged on"), '\t') == count(witness_columns, '\t'));
}

TEST_CASE("the_sample_configuration_is_read_and_a_wrong_one_is_named") {
    const auto sample = load_options(FAIRLEAD_EXCHANGE_SAMPLE);
    REQUIRE(sample.ok());
    CHECK(sample.value.exchange.lines.size() == 2);
    CHECK(sample.value.exchange.liquidity_seed == 7);
    const tests::TemporaryDirectory directory;
    const std::string path =
        directory.file("x.toml",
                       "calendar = \"c.toml\"\nliquidity = \"some\"\nfaults = [\"all explode\"]\ncolour = 1\n"
                       "[[line]]\nsender_comp_id = \"X8610H3\"\npassword = \"99\"\nport = 70000\n");
    const auto wrong = load_options(path);
    std::string all;
    for (const auto& error : wrong.errors) {
        all += error.key + " ";
    }
    for (const char* key :
         {"liquidity", "faults", "colour", "line.sender_comp_id", "line.password", "line.port"}) {
        CHECK(all.find(key) != std::string::npos);
    }
}

}  // namespace
}  // namespace fairlead::exchange
