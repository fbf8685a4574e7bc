// The files of a trading day: prices and limits, T30, accounts, limits, inventory, calendar; each rule
// has a row that breaks it.
#include <algorithm>
#include <catch2/catch.hpp>

#include "config/reference_loader.hpp"
#include "config/reference_parts.hpp"
#include "risk/ledger.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using config::GatewayConfig;
using config::LoadedReference;
using risk::Price;
using risk::TickClass;

namespace {

const std::string root = FAIRLEAD_SOURCE_DIR;

Price ntd(double value) {
    return static_cast<Price>(value * 10'000 + 0.5);
}

std::string all_errors(const std::vector<config::ConfigError>& errors) {
    std::string text;
    for (const auto& error : errors) {
        text += config::describe(error) + "\n";
    }
    return text;
}

// A small good day in a directory of its own; tests overwrite one file.
struct Day {
    tests::TemporaryDirectory directory;
    GatewayConfig config;

    Day() {
        put("securities.csv",
            "code,name,market,kind,reference_price,reference_date\n"
            "2330,台積電,TWSE,stock,1000,2025-01-17\n"
            "0050,元大台灣50,TWSE,etf,195.35,2025-01-17\n"
            "6423,億而得,TPEX,stock,,\n");
        put("accounts.csv",
            "branch,account,investor,flags,credit_types\n"
            "8610,0000017,A1,day_trade sell_first,034\n"
            "8611,0000017,A1,,\n"
            "8611,0000018,B2,disabled,0\n");
        put("limits.csv",
            "scope,target,dimension,symbol,value\n"
            "firm,,gross_day,,1000000000\n"
            "investor,A1,buy,,5000000.5\n"
            "investor,A1,symbol_long,2330,50000\n"
            "branch,8611,sell,,unlimited\n"
            "account,8610-0000017,order_value,,3000000\n");
        put("inventory.csv",
            "branch,account,symbol,held,borrow_quota\n8610,0000017,2330,12137,1000\n8611,0000017,2330,1,\n");
        config.reference.securities = directory.path() + "/securities.csv";
        config.reference.accounts = directory.path() + "/accounts.csv";
        config.reference.limits = directory.path() + "/limits.csv";
        config.reference.inventory = directory.path() + "/inventory.csv";
        config.reference.calendar = root + "/config/data/calendar.toml";
        config::SessionConfig branch;
        branch.id = 1;
        config::AccountPattern pattern;
        REQUIRE(config::parse_account_pattern("8611-*", pattern));
        branch.accounts.push_back(pattern);
        config::SessionConfig all;
        all.id = 2;
        all.all_accounts = true;
        config.sessions = {branch, all};
    }
    void put(const std::string& name, const std::string& content) { directory.file(name, content); }
    [[nodiscard]] LoadedReference load() const { return config::load_reference(config); }
};

risk::TickTable table() {
    GatewayConfig config;
    config.reference.calendar = root + "/config/data/calendar.toml";
    LoadedReference loaded = config::load_reference(config);
    return loaded.reference.ticks;
}

// One record of a T30 file, 100 bytes.
std::string t30(const std::string& code, const std::string& up, const std::string& reference,
                const std::string& down, bool tpex = false) {
    std::string record = code + up + reference + down + "20250117" + "0000" + "0000" + "Y" +
                         std::string(16, 'N') + "000" + "000000" + "000000" + "000" + "Y";
    record += tpex ? "  X0" : " X0";
    record.resize(100, ' ');
    return record;
}

}  // namespace

TEST_CASE("a_good_day_is_loaded_row_by_row_and_the_ledger_takes_it") {
    const Day day;
    const LoadedReference loaded = day.load();
    INFO(all_errors(loaded.errors));
    REQUIRE(loaded.ok());
    const risk::Reference& reference = loaded.reference;
    REQUIRE(reference.securities.size() == 4);
    CHECK(reference.securities[1].limit_up == ntd(1100));
    CHECK(reference.securities[1].limit_down == ntd(900));
    CHECK(reference.securities[2].tick_class == TickClass::fund);
    CHECK((reference.securities[3].flags & risk::security_suspended) != 0);
    CHECK(reference.securities[3].venue == risk::Venue::tpex);
    REQUIRE(reference.accounts.size() == 4);
    CHECK(reference.investors.size() == 3);
    CHECK(reference.branches.size() == 3);
    CHECK(reference.accounts[1].investor == reference.accounts[2].investor);
    CHECK(reference.accounts[1].credit_types == 0b11001);
    CHECK(reference.accounts[1].flags == (risk::account_day_trade_signed | risk::account_sell_first_signed));
    CHECK(reference.accounts[2].credit_types == 1);
    CHECK(reference.accounts[3].flags == risk::account_disabled);
    REQUIRE(reference.opening_limits.size() == 5);
    CHECK(reference.opening_limits[1].limit.value == 50'000'005'000);
    CHECK(reference.opening_limits[2].limit.value == 50'000);
    CHECK(reference.opening_limits[3].limit.value == risk::unlimited);
    REQUIRE(reference.inventory.size() == 2);
    CHECK(reference.inventory[0].borrow_quota == 1000);
    REQUIRE(reference.sessions.size() == 2);
    CHECK(reference.sessions[0].accounts == std::vector<std::uint32_t>{2, 3});
    CHECK(reference.sessions[1].all_accounts);
    CHECK(reference.phases.size() == 12);
    CHECK(loaded.origin == config::DayOrigin::midnight);
    risk::Sizes sizes;
    sizes.orders_max = sizes.commands_max = sizes.executions_max = sizes.positions_max = 1000;
    sizes.accounts_max = sizes.investors_max = sizes.securities_max = 1000;
    risk::Ledger ledger(sizes);
    CHECK(ledger.stage(reference).empty());
}

TEST_CASE("daily_limits_are_ten_percent_rounded_inward_to_the_tick_that_holds_there") {
    const risk::TickTable ticks = table();
    struct Row {
        TickClass tick_class;
        double reference;
        double up;
        double down;
    };
    const Row rows[] = {
        {TickClass::stock, 1000, 1100, 900},
        {TickClass::stock, 100, 110, 90},
        {TickClass::stock, 99.9, 109.5, 90},        // 109.89 down to 0.5, 89.91 up to 0.1
        {TickClass::stock, 9.5, 10.45, 8.55},       // crosses 10: steps of 0.05 above
        {TickClass::stock, 10.15, 11.15, 9.14},     // 11.165 down, 9.135 up in steps of 0.01
        {TickClass::stock, 549, 603, 494.5},        // 603.9 down to 1, 494.1 up to 0.5
        {TickClass::stock, 0.05, 0.06, 0.04},       // ten percent is less than a step: one step
        {TickClass::stock, 0.01, 0.02, 0.01},       // never below one step
        {TickClass::fund, 195.35, 214.85, 175.85},  // 214.885 and 175.815 in steps of 0.05
        {TickClass::fund, 48, 52.8, 43.2},
        {TickClass::warrant, 4.9, 5.35, 4.41},  // 5.39 down to 0.05
        {TickClass::convertible_bond, 140, 154, 126},
    };
    for (const Row& row : rows) {
        const config::DailyLimits limits = config::daily_limits(ticks, row.tick_class, ntd(row.reference));
        INFO(row.reference << " -> " << limits.up << " " << limits.down);
        CHECK(limits.up == ntd(row.up));
        CHECK(limits.down == ntd(row.down));
    }
}

TEST_CASE("every_computed_limit_is_a_legal_price_within_ten_percent_or_one_step") {
    const risk::TickTable ticks = table();
    for (const TickClass tick_class : {TickClass::stock, TickClass::fund, TickClass::warrant}) {
        for (Price reference = 100; reference < ntd(3000);) {
            const Price step = config::tick_at(ticks, tick_class, reference);
            const config::DailyLimits limits = config::daily_limits(ticks, tick_class, reference);
            const Price up_step = config::tick_at(ticks, tick_class, limits.up);
            const Price down_step = config::tick_at(ticks, tick_class, limits.down);
            const bool good = limits.up % up_step == 0 && limits.down % down_step == 0 &&
                              limits.up > reference && limits.down > 0 && limits.down <= reference &&
                              (limits.up <= reference + reference / 10 || limits.up == reference + step) &&
                              (limits.down * 10 >= reference * 9 || limits.down >= reference - step);
            if (!good) {
                FAIL("class " << static_cast<int>(tick_class) << " reference " << reference << " up "
                              << limits.up << " down " << limits.down);
            }
            reference += step * 7;
            reference -= reference % config::tick_at(ticks, tick_class, reference);
        }
    }
}

TEST_CASE("a_t30_record_is_read_at_its_offsets_for_either_venue") {
    for (const bool tpex : {false, true}) {
        std::string record = t30("2330  ", "011000000", "010000000", "009000000", tpex);
        const auto venue = tpex ? risk::Venue::tpex : risk::Venue::twse;
        auto read = config::parse_t30(record, venue);
        REQUIRE(read.bad_field.empty());
        CHECK(read.row.symbol.view() == "2330");
        CHECK(read.row.limit_up == ntd(1100));
        CHECK(read.row.reference == ntd(1000));
        CHECK(read.row.limit_down == ntd(900));
        CHECK(read.row.day_trade == risk::DayTrade::either);
        CHECK(read.row.flags == 0);
        CHECK(read.row.venue == venue);
        struct Row {
            std::size_t at;
            char mark;
            std::uint16_t flags;
        };
        const Row rows[] = {
            {41, '1', risk::security_full_delivery}, {42, '2', risk::security_disposition},
            {43, '1', risk::security_attention},     {49, ' ', risk::security_no_short_below},
            {84, '0', risk::security_no_sbl_below},  {tpex ? 88U : 87U, '3', risk::security_innovation},
            {68, '5', risk::security_periodic_call}, {44, '1', 0},
        };
        for (const Row& row : rows) {
            std::string marked = record;
            marked[row.at] = row.mark;
            INFO(row.at);
            CHECK(config::parse_t30(marked, venue).row.flags == row.flags);
        }
        record[tpex ? 87 : 86] = 'Y';
        CHECK(config::parse_t30(record, venue).row.day_trade == risk::DayTrade::buy_first);
        record[tpex ? 87 : 86] = ' ';
        CHECK(config::parse_t30(record, venue).row.day_trade == risk::DayTrade::barred);
    }
}

TEST_CASE("a_bad_t30_field_is_named_with_its_value") {
    struct Row {
        std::string record;
        const char* field;
    };
    const Row rows[] = {
        {t30("23 0  ", "011000000", "010000000", "009000000"), "STOCK-NO"},
        {t30("2330  ", "01100000x", "010000000", "009000000"), "BULL-PRICE"},
        {t30("2330  ", "011000000", " 10000000", "009000000"), "LDC-PRICE"},
        {t30("2330  ", "011000000", "010000000", "-09000000"), "BEAR-PRICE"},
        {t30("2330  ", "009999999", "010000000", "009000000"), "BULL-PRICE"},
        {t30("2330  ", "011000000", "010000000", "010000001"), "BEAR-PRICE"},
    };
    for (const Row& row : rows) {
        CHECK(config::parse_t30(row.record, risk::Venue::twse).bad_field == row.field);
    }
    std::string interval = t30("2330  ", "011000000", "010000000", "009000000");
    interval[67] = 'x';
    CHECK(config::parse_t30(interval, risk::Venue::twse).bad_field == "MATCH-INTERVAL");
}

TEST_CASE("t30_says_no_limit_by_its_widest_prices") {
    const auto none =
        config::parse_t30(t30("00679B", "099950000", "000300000", "000000100"), risk::Venue::twse);
    CHECK(none.row.flags == risk::security_no_price_limit);
    CHECK(none.row.limit_up == 0);
    const auto nearly =
        config::parse_t30(t30("00679B", "099949999", "000300000", "000000100"), risk::Venue::twse);
    CHECK(nearly.row.flags == 0);
}

TEST_CASE("t30_wins_over_the_csv_and_adds_what_the_csv_lacks") {
    Day day;
    day.put("t30", t30("2330  ", "010500000", "010000000", "009500000") + "\r\n" +
                       t30("030001", "000020000", "000010000", "000000100") + "\r\n");
    day.put("t30o", t30("6423  ", "001010000", "000924100", "000832000", true));
    day.config.reference.t30 = {{risk::Venue::twse, day.directory.path() + "/t30"},
                                {risk::Venue::tpex, day.directory.path() + "/t30o"}};
    const LoadedReference loaded = day.load();
    INFO(all_errors(loaded.errors));
    REQUIRE(loaded.ok());
    const auto& securities = loaded.reference.securities;
    REQUIRE(securities.size() == 5);
    CHECK(securities[1].limit_up == ntd(1050));
    CHECK(securities[1].tick_class == TickClass::stock);
    CHECK(securities[2].limit_up == ntd(214.85));
    CHECK(securities[3].reference == ntd(92.41));
    CHECK((securities[3].flags & risk::security_suspended) == 0);
    CHECK(securities[4].symbol.view() == "030001");
    CHECK(securities[4].tick_class == TickClass::warrant);
}

TEST_CASE("a_bad_row_stops_the_start_and_is_named_by_file_line_field_and_value") {
    struct Row {
        std::string file;
        std::string content;
        std::uint64_t line;
        std::string key;
        std::string value;
        std::string rule;
    };
    const std::string sh = "code,market,kind,reference_price,flags,limit_up,limit_down,lot,day_trade\n";
    const std::string ah = "branch,account,investor,flags,credit_types\n";
    const std::string lh = "scope,target,dimension,symbol,value\n";
    const std::string ih = "branch,account,symbol,held\n";
    const std::vector<Row> rows = {
        {"securities.csv", "", 0, "", "", "header line"},
        {"securities.csv", "code,market,kind\n", 1, "header", "", "reference_price"},
        {"securities.csv", "code,market,kind,reference_price,colour\n", 1, "header", "colour",
         "not a column"},
        {"securities.csv", "code,market,kind,reference_price,code\n", 1, "header", "code", "twice"},
        {"securities.csv", sh + "2330,TWSE,stock,1000\n", 2, "row", "2330,TWSE,stock,1000", "9 fields"},
        {"securities.csv", sh + "\"2330\",TWSE,stock,1000,,,,,\n", 2, "row", "\"2330\",TWSE,stock,1000,,,,,",
         "quote"},
        {"securities.csv", sh + "233,TWSE,stock,1000,,,,,\n", 2, "code", "233", "four to six"},
        {"securities.csv", sh + "2330,NYSE,stock,1000,,,,,\n", 2, "market", "NYSE", "TWSE or TPEx"},
        {"securities.csv", sh + "2330,TWSE,share,1000,,,,,\n", 2, "kind", "share", "must be stock"},
        {"securities.csv", sh + "2330,TWSE,stock,1000.00001,,,,,\n", 2, "reference_price", "1000.00001",
         "decimals"},
        {"securities.csv", sh + "2330,TWSE,stock,-5,,,,,\n", 2, "reference_price", "-5", "above 0"},
        {"securities.csv", sh + "2330,TWSE,stock,0,,,,,\n", 2, "reference_price", "0", "above 0"},
        {"securities.csv", sh + "2330,TWSE,stock,100000,,,,,\n", 2, "reference_price", "100000",
         "five digits"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,hot,,,,\n", 2, "flags", "hot", "words"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,,1100,,,\n", 2, "limit_up", "1100", "together"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,,900,1100,,\n", 2, "limit_up", "900",
         "below limit_down"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,no_price_limit,1100,900,,\n", 2, "limit_up", "1100",
         "empty"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,,,,0,\n", 2, "lot", "0", "1..1000000"},
        {"securities.csv", sh + "2330,TWSE,stock,1000,,,,,Z\n", 2, "day_trade", "Z", "X (either"},
        {"securities.csv", sh + "\n# remark\n2330,TWSE,stock,1,,,,,\n2330,TWSE,stock,1,,,,,\n", 5, "code",
         "2330", "twice"},
        {"accounts.csv", ah + "861,0000017,A1,,\n", 2, "branch", "861", "four letters"},
        {"accounts.csv", ah + "8610,17,A1,,\n", 2, "account", "17", "seven digits"},
        {"accounts.csv", ah + "8610,-000017,A1,,\n", 2, "account", "-000017", "seven digits"},
        {"accounts.csv", ah + "8610,0000017,A1-2,,\n", 2, "investor", "A1-2", "letters or digits"},
        {"accounts.csv", ah + "8610,0000017,A1,rich,\n", 2, "flags", "rich", "words"},
        {"accounts.csv", ah + "8610,0000017,A1,,7\n", 2, "credit_types", "7", "0 to 6"},
        {"accounts.csv", ah + "8610,0000017,A1,,\n8610,0000017,B2,,\n", 3, "account", "0000017", "twice"},
        {"limits.csv", lh + "desk,,buy,,1\n", 2, "scope", "desk", "must be firm"},
        {"limits.csv", lh + "firm,8610,buy,,1\n", 2, "target", "8610", "empty for the firm"},
        {"limits.csv", lh + "investor,Z9,buy,,1\n", 2, "target", "Z9", "accounts file"},
        {"limits.csv", lh + "account,8610-0000099,buy,,1\n", 2, "target", "8610-0000099", "accounts file"},
        {"limits.csv", lh + "investor,A1,size,,1\n", 2, "dimension", "size", "must be buy"},
        {"limits.csv", lh + "firm,,symbol_long,,1\n", 2, "dimension", "symbol_long", "investor"},
        {"limits.csv", lh + "investor,A1,reported,,1\n", 2, "dimension", "reported", "firm"},
        {"limits.csv", lh + "investor,A1,buy,2330,1\n", 2, "symbol", "2330", "must be empty"},
        {"limits.csv", lh + "investor,A1,symbol_long,9999,1\n", 2, "symbol", "9999", "securities files"},
        {"limits.csv", lh + "investor,A1,buy,,-1\n", 2, "value", "-1", "NTD"},
        {"limits.csv", lh + "investor,A1,symbol_long,,1.5\n", 2, "value", "1.5", "whole number"},
        {"inventory.csv", ih + "8610,0000018,2330,1\n", 2, "account", "0000018", "accounts file"},
        {"inventory.csv", ih + "8610,0000017,9999,1\n", 2, "symbol", "9999", "securities files"},
        {"inventory.csv", ih + "8610,0000017,2330,-1\n", 2, "held", "-1", "whole shares"},
        {"inventory.csv", ih + "8610,0000017,2330,1\n8610,0000017,2330,1\n", 3, "symbol", "2330", "twice"},
    };
    for (const Row& row : rows) {
        Day day;
        day.put(row.file, row.content);
        const LoadedReference loaded = day.load();
        INFO(row.content << all_errors(loaded.errors));
        REQUIRE_FALSE(loaded.ok());
        const bool found = std::any_of(loaded.errors.begin(), loaded.errors.end(), [&](const auto& error) {
            return error.file == day.directory.path() + "/" + row.file && error.line == row.line &&
                   error.key == row.key && error.value == row.value &&
                   error.rule.find(row.rule) != std::string::npos;
        });
        CHECK(found);
    }
}

TEST_CASE("a_bad_t30_file_is_named_by_its_record") {
    struct Row {
        std::string content;
        std::uint64_t line;
        std::string key;
    };
    const std::string good = t30("2330  ", "011000000", "010000000", "009000000") + "\n";
    const Row rows[] = {
        {good + "2330", 2, "record"},
        {good + good, 2, "STOCK-NO"},
        {good + t30("6423  ", "001010000", "000924100", "000832000") + "\n", 2, "STOCK-NO"},
        {t30("2330  ", "0110000 0", "010000000", "009000000"), 1, "BULL-PRICE"},
    };
    for (const Row& row : rows) {
        Day day;
        day.put("t30", row.content);
        day.config.reference.t30 = {{risk::Venue::twse, day.directory.path() + "/t30"}};
        const LoadedReference loaded = day.load();
        INFO(all_errors(loaded.errors));
        REQUIRE(loaded.errors.size() == 1);
        CHECK(loaded.errors[0].line == row.line);
        CHECK(loaded.errors[0].key == row.key);
    }
}

TEST_CASE("no_more_than_twenty_errors_are_collected") {
    Day day;
    std::string content = "branch,account,investor\n";
    for (int i = 0; i < 100; ++i) {
        content += "861,x,-\n";
    }
    day.put("accounts.csv", content);
    CHECK(day.load().errors.size() == config::errors_max);
}

TEST_CASE("investors_of_a_file_are_the_only_ones_accounts_may_name") {
    Day day;
    day.put("investors.csv", "investor,flags\nA1,\nB2,disabled\n");
    day.config.reference.investors = day.directory.path() + "/investors.csv";
    const LoadedReference loaded = day.load();
    REQUIRE(loaded.ok());
    CHECK(loaded.reference.investors[2].flags == risk::account_disabled);
    day.put("investors.csv", "investor\nA1\n");
    const LoadedReference missing = day.load();
    REQUIRE(missing.errors.size() == 1);
    CHECK(missing.errors[0].value == "B2");
    CHECK(missing.errors[0].line == 4);
}

TEST_CASE("a_session_that_names_no_account_stops_the_start") {
    Day day;
    REQUIRE(config::parse_account_pattern("8619-*", day.config.sessions[0].accounts[0]));
    const LoadedReference loaded = day.load();
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].value == "8619-*");
}

TEST_CASE("each_rule_of_the_calendar_has_a_row_that_breaks_it") {
    const std::string sample = tests::content_of(root + "/config/data/calendar.toml");
    struct Row {
        std::string from;
        std::string to;
        std::string key;
        std::string rule;
    };
    const Row rows[] = {
        {"origin = \"midnight\"", "origin = \"noon\"", "origin", "midnight"},
        {"origin = \"midnight\"", "origin = \"start\"\nzone = \"UTC\"", "zone", "not a key"},
        {"\"50: 0.05\", \"100: 0.1\"", "\"100: 0.1\", \"50: 0.05\"", "ticks.stock", "ascending"},
        {"\"500: 1\", \"rest: 5\"", "\"500: 1\"", "ticks.warrant", "rest"},
        {"\"150: 0.05\"", "\"150.02: 0.05\"", "ticks.convertible_bond", "whole number of steps"},
        {"corporate_bond = [\"rest: 0.05\"]\n", "", "ticks.corporate_bond", "must be given"},
        {"from = \"08:30:00\"", "from = \"8:30\"", "phase.from", "HH:MM:SS"},
        {"from = \"08:30:00\"", "from = \"08:61:00\"", "phase.from", "HH:MM:SS"},
        {"from = \"08:30:00\"", "from = \"09:00:00\"", "phase.to", "later"},
        {"to = \"09:00:00\"", "to = \"09:00:00.001\"", "phase.from", "overlap"},
        {"phase = \"open_call\"", "phase = \"odd_lot\"", "phase.phase", "must be one of"},
        {"venues = [\"TWSE\", \"TPEx\"]", "venues = [\"TWSE\", \"OTC\"]", "phase.venues", "TPEx"},
    };
    for (const Row& row : rows) {
        Day day;
        std::string text = sample;
        const std::size_t at = text.find(row.from);
        REQUIRE(at != std::string::npos);
        day.put("calendar.toml", text.replace(at, row.from.size(), row.to));
        day.config.reference.calendar = day.directory.path() + "/calendar.toml";
        const LoadedReference loaded = day.load();
        INFO(row.to << "\n" << all_errors(loaded.errors));
        const bool found = std::any_of(loaded.errors.begin(), loaded.errors.end(), [&](const auto& error) {
            return error.key == row.key && error.rule.find(row.rule) != std::string::npos;
        });
        CHECK(found);
    }
}

TEST_CASE("the_day_begins_at_taipei_midnight_or_at_the_start") {
    constexpr risk::UtcNs second = 1'000'000'000;
    struct Row {
        risk::UtcNs now;
        std::uint32_t date;
        risk::UtcNs midnight;
    };
    // 2025-01-17 00:00:00 UTC is 1737072000.
    const Row rows[] = {
        {1'737'072'000 * second, 20250117, (1'737'072'000 - 8 * 3600) * second},
        {(1'737'072'000 + 16 * 3600) * second - 1, 20250117, (1'737'072'000 - 8 * 3600) * second},
        {(1'737'072'000 + 16 * 3600) * second, 20250118, (1'737'072'000 + 16 * 3600) * second},
        {1'709'164'800 * second, 20240229, (1'709'164'800 - 8 * 3600) * second},
    };
    for (const Row& row : rows) {
        risk::DayStartFacts day;
        config::set_day(day, config::DayOrigin::midnight, row.now);
        CHECK(day.date == row.date);
        CHECK(day.origin_utc_ns == row.midnight);
        config::set_day(day, config::DayOrigin::start, row.now);
        CHECK(day.date == row.date);
        CHECK(day.origin_utc_ns == row.now);
    }
}

TEST_CASE("the_sample_securities_and_the_demo_load_and_the_ledger_takes_them") {
    const auto config = config::load_gateway_config(root + "/config/demo/demo.toml");
    INFO(all_errors(config.errors));
    REQUIRE(config.ok());
    std::uint64_t reports = 0;
    const LoadedReference loaded = config::load_reference(
        config.value, [&](std::string_view, std::uint64_t, std::uint64_t) { ++reports; });
    INFO(all_errors(loaded.errors));
    REQUIRE(loaded.ok());
    CHECK(reports > 0);
    CHECK(loaded.origin == config::DayOrigin::start);
    CHECK(loaded.reference.securities.size() == 2357);
    CHECK(loaded.reference.accounts.size() == 201);
    CHECK(loaded.reference.investors.size() == 61);
    CHECK(config.value.lines.size() == 2);
    risk::Sizes sizes;
    sizes.orders_max = sizes.commands_max = sizes.executions_max = 1000;
    sizes.positions_max = 10'000;
    risk::Ledger ledger(sizes);
    CHECK(ledger.stage(loaded.reference).empty());
    // Both venues have securities that trade.
    for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
        const auto trades =
            std::count_if(loaded.reference.securities.begin(), loaded.reference.securities.end(),
                          [&](const risk::SecurityRow& row) {
                              return row.venue == venue && (row.flags & risk::security_suspended) == 0;
                          });
        CHECK(trades > 50);
    }
}
