// The order log's fields, on the exchange's own sample and on lines with one thing wrong each.
#include "bench/load/order_log.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <vector>

using namespace fairlead;
using namespace fairlead::load;

namespace {

const std::string good = "201612300050  S008301142u563040073.20+0000001000040287I789H";

// The good line with `text` at a position counted from 1.
std::string with(std::size_t position, const std::string& text) {
    std::string line = good;
    line.replace(position - 1, text.size(), text);
    return line;
}

}  // namespace

TEST_CASE("order_log_reads_every_line_of_the_real_sample") {
    std::ifstream file(FAIRLEAD_ORDER_LOG_SAMPLE, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    OrderLogReader reader(text);
    OrderLogEntry entry;
    OrderLogError error;
    std::vector<OrderLogEntry> entries;
    OrderLogStep step = OrderLogStep::end;
    while ((step = reader.next(entry, error)) == OrderLogStep::entry) {
        entries.push_back(entry);
    }
    REQUIRE(step == OrderLogStep::end);
    // 28 line ends, and a last line without one.
    REQUIRE(entries.size() == 29);

    const OrderLogEntry& first = entries.front();
    CHECK(first.date == 20161230);
    CHECK(first.symbol.view() == "0050");
    CHECK(first.side == risk::Side::sell);
    CHECK(first.trade_type == TradeType::regular);
    CHECK(first.time_ns == ((8LL * 60 + 30) * 60 + 1) * 1'000'000'000 + 100'000'000);
    CHECK(first.number.view() == "u5558");
    CHECK(first.change == TradeChange::sell);
    CHECK(first.price == 783'500);
    CHECK(first.quantity == 1000);
    CHECK(first.credit_type == risk::CreditType::short_own);
    CHECK(first.channel == risk::Channel::normal);
    CHECK(first.printer.view() == "0855");
    CHECK(first.investor_type == 'J');
    CHECK(first.broker.view() == "7003");

    const OrderLogEntry& last = entries.back();
    CHECK(last.line == 29);
    CHECK(last.side == risk::Side::buy);
    CHECK(last.channel == risk::Channel::internet);
    CHECK(last.quantity == 1000);
    for (const OrderLogEntry& each : entries) {
        CHECK(each.is_new());
        CHECK(each.price >= 655'000);
        CHECK(each.price <= 783'500);
    }
}

TEST_CASE("order_log_names_the_bad_field_of_a_line") {
    struct Row {
        std::string line;
        std::string field;  // empty: the line is good
    };
    const std::vector<Row> rows = {
        {good, ""},
        {good.substr(1), "line"},
        {good + " ", "line"},
        {"", "line"},
        {with(1, "20161330"), "order date"},
        {with(1, "20161232"), "order date"},
        {with(1, "2016123x"), "order date"},
        {with(9, "      "), "security"},
        {with(9, "00 50 "), "security"},
        {with(9, "910322"), ""},
        {with(15, "X"), "side"},
        {with(16, "3"), "trade type"},
        {with(16, "2"), ""},
        {with(17, "24000000"), "time"},
        {with(17, "08600000"), "time"},
        {with(17, "08305999"), ""},
        {with(17, "0830599 "), "time"},
        {with(25, "u5 30"), "order number II"},
        {with(30, "0"), "changed trade code"},
        {with(30, "7"), "changed trade code"},
        {with(30, "1"), "changed trade code"},
        {with(31, "0073120"), "price"},
        {with(31, "-073.20"), "price"},
        {with(31, ".007320"), "price"},
        {with(31, "007320."), "price"},
        {with(31, "73.2000"), ""},
        {with(31, "7.20000"), "price"},
        {with(38, " 0000001000"), "quantity"},
        {with(38, "+000000100x"), "quantity"},
        {with(38, "+0000000000"), "quantity"},
        {with(38, "-0000001000"), "quantity"},
        {with(30, "5"), "quantity"},
        {with(49, "7"), "order type"},
        {with(49, " "), "order type"},
        {with(50, "0"), "channel"},
        {with(50, "7"), "channel"},
        {with(50, "X"), "channel"},
        {with(51, "    "), "report printer"},
        {with(55, "X"), "investor type"},
        {with(56, "78 H"), "order number I"},
    };
    for (const Row& row : rows) {
        INFO(row.line);
        OrderLogEntry entry;
        OrderLogError error;
        const bool taken = parse_order_log_line(row.line, 7, entry, error);
        CHECK(taken == row.field.empty());
        CHECK(error.field == row.field);
        if (!taken) {
            CHECK(error.line == 7);
            CHECK(describe(error).find("line 7: " + row.field) == 0);
        }
    }
}

TEST_CASE("order_log_cut_and_cancel_come_with_a_minus") {
    OrderLogEntry entry;
    OrderLogError error;
    std::string cut = with(38, "-0000000400");
    cut[29] = '5';
    REQUIRE(parse_order_log_line(cut, 1, entry, error));
    CHECK(entry.change == TradeChange::sell_cut);
    CHECK(entry.quantity == 400);
    CHECK_FALSE(entry.is_new());
    CHECK_FALSE(entry.is_cancel());
    cut[29] = '6';
    REQUIRE(parse_order_log_line(cut, 1, entry, error));
    CHECK(entry.is_cancel());
}

TEST_CASE("order_log_channel_letters_and_digits_mean_the_same") {
    const std::pair<char, risk::Channel> rows[] = {
        {' ', risk::Channel::normal},   {'A', risk::Channel::atm},   {'D', risk::Channel::dma},
        {'I', risk::Channel::internet}, {'V', risk::Channel::voice}, {'P', risk::Channel::api},
        {'1', risk::Channel::normal},   {'3', risk::Channel::dma},   {'6', risk::Channel::api}};
    for (const auto& [code, channel] : rows) {
        OrderLogEntry entry;
        OrderLogError error;
        REQUIRE(parse_order_log_line(with(50, std::string(1, code)), 1, entry, error));
        CHECK(entry.channel == channel);
    }
}

TEST_CASE("order_log_reader_passes_over_a_bad_line_and_takes_both_line_ends") {
    const std::string text = good + "\r\n" + "junk\n" + good + "\n";
    OrderLogReader reader(text);
    OrderLogEntry entry;
    OrderLogError error;
    CHECK(reader.next(entry, error) == OrderLogStep::entry);
    CHECK(reader.next(entry, error) == OrderLogStep::error);
    CHECK(error.line == 2);
    CHECK(reader.next(entry, error) == OrderLogStep::entry);
    CHECK(entry.line == 3);
    CHECK(reader.next(entry, error) == OrderLogStep::end);
}
