// What becomes of an order log's lines on today's sessions, accounts and securities.
#include "bench/load/log_source.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/load/sample_market.hpp"

using namespace fairlead;
using namespace fairlead::load;

namespace {

std::vector<OrderLogEntry> parse(const std::vector<std::string>& lines) {
    std::vector<OrderLogEntry> entries;
    for (const std::string& line : lines) {
        OrderLogEntry entry;
        OrderLogError error;
        INFO(line);
        REQUIRE(parse_order_log_line(line, entries.size() + 1, entry, error));
        entries.push_back(entry);
    }
    return entries;
}

struct Played {
    std::vector<PlannedCommand> commands;
    LogOmissions omissions;
};

Played play(const std::vector<std::string>& lines, const LogOptions& options = {}) {
    const risk::Reference reference = load_test::sample_reference();
    const Market market(reference, load_test::sample_sessions);
    LogSource source(market, parse(lines), options);
    Played played;
    PlannedCommand command;
    while (source.next(command)) {
        played.commands.push_back(command);
    }
    played.omissions = source.omissions();
    return played;
}

const std::string sell_high = "201612300050  S008300110u555840078.35+00000010004 0855J7003";
const std::string buy_low = "201612300050  B008300204D555810065.50+00000100000 0907I8825";

}  // namespace

TEST_CASE("log_prices_land_inside_todays_limits_on_a_tick") {
    const Played played = play({sell_high, buy_low});
    REQUIRE(played.commands.size() == 2);
    // Middle of 78.35 and 65.50 is 71.925; today's reference 195.35 with limits 214.50 and 176.00.
    CHECK(played.commands[0].price == 2'125'000);  // 195.35 x 78.35 / 71.925 = 212.80, down to a tick
    CHECK(played.commands[1].price == 1'780'000);  // 195.35 x 65.50 / 71.925 = 177.90, up to a tick
    CHECK(played.commands[0].quantity == 1000);
    CHECK(played.commands[1].quantity == 10'000);
    LogOptions kept;
    kept.price = LogPrice::kept;
    CHECK(play({sell_high, buy_low}, kept).commands[0].price == 783'500);
}

TEST_CASE("log_times_are_divided_by_the_speed") {
    LogOptions options;
    options.speed = 10;
    const Played played = play({sell_high, buy_low}, options);
    CHECK(played.commands[0].due_ns == 0);
    CHECK(played.commands[1].due_ns == 94'000'000);  // 08:30:01.10 to 08:30:02.04
    options.clock = LogClock::none;
    CHECK(play({sell_high, buy_low}, options).commands[1].due_ns == 0);
}

TEST_CASE("log_times_can_follow_todays_calendar") {
    LogOptions options;
    options.clock = LogClock::calendar;
    const Played played = play({"201612300050  S008450000u555840078.35+00000010004 0855J7003",
                                "201612300050  S009000000u555940078.35+00000010004 0855J7003",
                                "201612300050  S013274500u555A40078.35+00000010004 0855J7003"},
                               options);
    CHECK(played.commands[0].due_ns == 1'000'000'000);  // half of the opening call of 2 s
    CHECK(played.commands[1].due_ns == 2'000'000'000);
    CHECK(played.commands[2].due_ns == 9'100'000'000);  // 2:45 of 5:00 of the closing call, 8 s to 10 s
}

TEST_CASE("log_of_one_broker_stays_on_one_session_and_is_mapped_alike_every_time") {
    std::vector<std::string> lines;
    for (int i = 0; i < 40; ++i) {
        std::string line = sell_high;
        line[57] = static_cast<char>('0' + i % 4);
        line[52] = static_cast<char>('0' + i % 10);
        lines.push_back(line);
    }
    const Played one = play(lines);
    const Played two = play(lines);
    REQUIRE(one.commands.size() == lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CHECK(one.commands[i].session == one.commands[i % 4].session);
        CHECK(one.commands[i].session == two.commands[i].session);
        CHECK(one.commands[i].account == two.commands[i].account);
    }
}

TEST_CASE("log_cut_and_cancel_are_sent_for_the_order_they_name_and_no_other") {
    const std::string new_order = "201612300050  B008300204D555810065.50+00000100000 0907I8825";
    const std::string cut = "201612300050  B008300304D555820065.50-00000040000 0907I8825";
    const std::string cancel = "201612300050  B008300404D555830065.50-00000060000 0907I8825";
    const std::string other_number = "201612300050  B008300404D555930065.50-00000060000 0907I8825";
    const Played played = play({new_order, other_number, cut, cancel, cancel});
    REQUIRE(played.commands.size() == 3);
    CHECK(played.commands[0].kind == CommandKind::new_order);
    CHECK(played.commands[1].kind == CommandKind::replace_quantity);
    CHECK(played.commands[1].quantity == 4000);
    CHECK(played.commands[1].order == played.commands[0].order);
    CHECK(played.commands[2].kind == CommandKind::cancel);
    CHECK(played.omissions.order_not_shown == 2);
}

TEST_CASE("log_cut_to_nothing_is_a_cancel") {
    const std::string new_order = "201612300050  B008300204D555810065.50+00000100000 0907I8825";
    const std::string cut = "201612300050  B008300304D555820065.50-00000100000 0907I8825";
    const Played played = play({new_order, cut});
    REQUIRE(played.commands.size() == 2);
    CHECK(played.commands[1].kind == CommandKind::cancel);
}

TEST_CASE("log_lines_that_today_cannot_take_are_counted_by_cause") {
    std::string block = sell_high;
    block[15] = '1';
    std::string unknown = sell_high;
    unknown.replace(8, 6, "4444  ");
    std::string suspended = sell_high;
    suspended.replace(8, 6, "9999  ");
    const Played played = play({block, unknown, suspended, sell_high});
    CHECK(played.commands.size() == 1);
    CHECK(played.omissions.block_trade == 1);
    CHECK(played.omissions.unknown_security == 1);
    CHECK(played.omissions.untradable_security == 1);
    CHECK(played.omissions.left_out() == 3);
    // Credit type 4 is not allowed to the sample's accounts.
    CHECK(played.omissions.credit_type_changed == 1);
    CHECK(played.commands[0].credit_type == risk::CreditType::cash);
}

TEST_CASE("log_odd_lots_and_small_board_lots_have_todays_lot_sizes") {
    std::string odd = sell_high;
    odd[15] = '2';
    std::string small = sell_high;
    small.replace(37, 11, "+0000000400");
    std::string huge = sell_high;
    huge.replace(37, 11, "+0009999999");
    const Played played = play({odd, small, huge});
    CHECK(played.commands[0].session_kind == risk::SessionKind::after_hours_odd);
    CHECK(played.commands[0].quantity == 999);
    CHECK(played.commands[1].quantity == 1000);
    CHECK(played.commands[2].quantity == 499'000);
}
