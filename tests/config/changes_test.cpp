// What differs between the configuration in force and the file read again: every key is looked at, a few may
// change.
#include "config/changes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <sstream>

#include "tests/config/reload_sample.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using config::Changes;
using config::ConfigError;
using config::GatewayConfig;
using config::Setting;
using tests::reload_sample;
using tests::replaced;

namespace {

GatewayConfig read(const std::string& text) {
    auto loaded = config::parse_gateway_config(text, "/etc/fairlead/fairlead.toml");
    for (const ConfigError& error : loaded.errors) {
        FAIL_CHECK(config::describe(error));
    }
    REQUIRE(loaded.ok());
    return std::move(loaded.value);
}

std::string refusals(const Changes& found) {
    std::string text;
    for (const ConfigError& error : found.refused) {
        text += config::describe(error) + "\n";
    }
    return text;
}

bool is_changeable(const Setting& setting) {
    const auto keys = config::changeable_keys();
    return std::find(keys.begin(), keys.end(), setting.table + "." + setting.key) != keys.end();
}

constexpr const char* tables[] = {"gateway", "journal", "clock", "session", "line"};

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

}  // namespace

TEST_CASE("the_sample_names_what_may_change_while_running_and_nothing_else") {
    const std::string sample = tests::content_of(std::string(FAIRLEAD_SOURCE_DIR) + "/config/fairlead.toml");
    std::istringstream head(sample.substr(0, sample.find("\n[gateway]\n")));
    std::set<std::string> named;
    for (std::string word; head >> word;) {
        if (std::any_of(std::begin(tables), std::end(tables),
                        [&](const char* table) { return word.rfind(std::string(table) + ".", 0) == 0; })) {
            named.insert(word);
        }
    }
    const auto keys = config::changeable_keys();
    CHECK(named == std::set<std::string>(keys.begin(), keys.end()));
}

TEST_CASE("every_key_of_the_configuration_but_a_secret_is_compared") {
    std::set<std::string> kept;
    for (const Setting& setting : read(reload_sample).settings) {
        kept.insert(setting.table + "." + setting.key);
    }
    for (const config::KeyNote& note : config::documented_keys()) {
        const bool listener = note.path.rfind("tls_listener.", 0) == 0;  // the sample has none
        INFO(note.path);
        CHECK((listener || note.path == "line.password" || kept.count(note.path) == 1));
    }
}

TEST_CASE("what_may_change_while_running_is_taken_all_at_once_and_nothing_else_is") {
    struct Row {
        std::string from;
        std::string to;
        std::string taken;
        std::function<std::string(const GatewayConfig&)> value;
        std::string expected;
    };
    const std::vector<Row> rows = {
        {"revision = 7", "revision = 8", "gateway.revision 7 -> 8",
         [](const GatewayConfig& c) { return number(c.gateway.revision); }, "8"},
        {"logon_timeout_s = 5", "logon_timeout_s = 6", "gateway.logon_timeout_s 5 -> 6",
         [](const GatewayConfig& c) { return number(c.gateway.logon_timeout_s); }, "6"},
        {"keeper_lag_ms = 100", "keeper_lag_ms = 90", "journal.keeper_lag_ms 100 -> 90",
         [](const GatewayConfig& c) { return number(c.journal.keeper_lag_ms); }, "90"},
        {"keeper_lag_mib = 16", "keeper_lag_mib = 8", "journal.keeper_lag_mib 16 -> 8",
         [](const GatewayConfig& c) { return number(c.journal.keeper_lag_mib); }, "8"},
        {"sync_refuse_ms = 250", "sync_refuse_ms = 300", "journal.sync_refuse_ms 250 -> 300",
         [](const GatewayConfig& c) { return number(c.journal.sync_refuse_ms); }, "300"},
        {"front_refuse_percent = 80", "front_refuse_percent = 70", "journal.front_refuse_percent 80 -> 70",
         [](const GatewayConfig& c) { return number(c.journal.front_refuse_percent); }, "70"},
        {"front_disconnect_percent = 95", "front_disconnect_percent = 90",
         "journal.front_disconnect_percent 95 -> 90",
         [](const GatewayConfig& c) { return number(c.journal.front_disconnect_percent); }, "90"},
        {"alarm_us = 100", "alarm_us = 200", "clock.alarm_us 100 -> 200",
         [](const GatewayConfig& c) { return number(c.clock.alarm_us); }, "200"},
        {"refuse_ms = 1000\n", "refuse_ms = 900\n", "clock.refuse_ms 1000 -> 900",
         [](const GatewayConfig& c) { return number(c.clock.refuse_ms); }, "900"},
        {"unsynchronised_refuse_s = 60", "unsynchronised_refuse_s = 0",
         "clock.unsynchronised_refuse_s 60 -> 0",
         [](const GatewayConfig& c) { return number(c.clock.unsynchronised_refuse_s); }, "0"},
        {"\"10.1.2.0/24\", \"2001:db8::/32\"", "\"10.1.3.0/24\"",
         "session[CLIENT01].allowed_addresses [\"10.1.2.0/24\", \"2001:db8::/32\"] -> [\"10.1.3.0/24\"]",
         [](const GatewayConfig& c) { return number(c.sessions[0].allowed_addresses.size()); }, "1"},
        {"inbound_rate = 500", "inbound_rate = 0", "session[CLIENT01].inbound_rate 500 -> 0",
         [](const GatewayConfig& c) { return number(c.sessions[0].inbound_rate); }, "0"},
        {"inbound_pause_s = 3", "inbound_pause_s = 4", "session[CLIENT01].inbound_pause_s 3 -> 4",
         [](const GatewayConfig& c) { return number(c.sessions[0].inbound_pause_s); }, "4"},
        {"heartbeat_min_s = 5", "heartbeat_min_s = 10", "session[CLIENT01].heartbeat_min_s 5 -> 10",
         [](const GatewayConfig& c) { return number(c.sessions[0].heartbeat_min_s); }, "10"},
        {"heartbeat_max_s = 120", "heartbeat_max_s = 60", "session[CLIENT01].heartbeat_max_s 120 -> 60",
         [](const GatewayConfig& c) { return number(c.sessions[0].heartbeat_max_s); }, "60"},
        {"[\"08:00-14:00\"]", "[]", "session[CLIENT01].hours [\"08:00-14:00\"] -> []",
         [](const GatewayConfig& c) { return number(c.sessions[0].hours.size()); }, "0"},
        {"rate_per_second = 160", "rate_per_second = 200", "line[O8610H3].rate_per_second 160 -> 200",
         [](const GatewayConfig& c) { return number(c.lines[1].rate_per_second); }, "200"},
        {"wait_age_limit_ms = 1000", "wait_age_limit_ms = 500", "line[O8610H3].wait_age_limit_ms 1000 -> 500",
         [](const GatewayConfig& c) { return number(c.lines[1].wait_age_limit_ms); }, "500"},
        {"rejects_in_a_row_max = 100", "rejects_in_a_row_max = 50",
         "line[O8610H3].rejects_in_a_row_max 100 -> 50",
         [](const GatewayConfig& c) { return number(c.lines[1].rejects_in_a_row_max); }, "50"},
    };
    CHECK(rows.size() == config::changeable_keys().size());
    std::string all = reload_sample;
    for (const Row& row : rows) {
        INFO(row.taken);
        all = replaced(all, row.from, row.to);
        GatewayConfig in_force = read(reload_sample);
        const std::string before = row.value(in_force);
        GatewayConfig asked = read(replaced(reload_sample, row.from, row.to));
        const Changes found = config::changes(in_force, asked);
        CHECK(refusals(found).empty());
        CHECK(found.taken == std::vector<std::string>{row.taken});
        config::swap_changeable(in_force, asked);
        CHECK(row.value(in_force) == row.expected);
        CHECK(row.value(asked) == before);
    }
    GatewayConfig in_force = read(reload_sample);
    GatewayConfig asked = read(all);
    CHECK(config::changes(in_force, asked).taken.size() == rows.size());
    config::swap_changeable(in_force, asked);
    for (const Row& row : rows) {
        INFO(row.taken);
        CHECK(row.value(in_force) == row.expected);
    }
}

TEST_CASE("each_other_setting_that_differs_is_refused_with_field_line_and_both_values") {
    const GatewayConfig in_force = read(reload_sample);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < in_force.settings.size(); ++i) {
        const Setting& before = in_force.settings[i];
        if (before.key == "id") {
            continue;  // that is another session, or another line
        }
        GatewayConfig asked = read(reload_sample);
        asked.settings[i].value = "other";
        asked.settings[i].line = 77;
        const Changes found = config::changes(in_force, asked);
        INFO(before.table << "." << before.key);
        if (is_changeable(before)) {
            CHECK(found.refused.empty());
            CHECK(found.taken.size() == 1);
            continue;
        }
        ++refused;
        REQUIRE(found.refused.size() == 1);
        const std::string said = config::describe(found.refused[0]);
        CHECK(found.refused[0].key.rfind(before.table, 0) == 0);
        CHECK(said.find("/etc/fairlead/fairlead.toml:77: ") == 0);
        CHECK(said.find("." + before.key + " = other: in force is " + before.value +
                        "; a change of it needs a restart") != std::string::npos);
    }
    CHECK(refused > 60);
}

TEST_CASE("a_reload_s_differences_are_all_told_by_name") {
    struct Row {
        std::string from;
        std::string to;
        std::string told;
    };
    const std::string line_102 = reload_sample.substr(reload_sample.rfind("[[line]]"));
    const std::string session_1 =
        reload_sample.substr(reload_sample.rfind("[[session]]"),
                             reload_sample.find("[[line]]") - reload_sample.rfind("[[session]]"));
    const std::vector<Row> rows = {
        {"user = \"client1\"", "user = \"client9\"",
         "session[CLIENT01].user = \"client9\": in force is \"client1\"; a change of it needs a restart"},
        {"sender_comp_id = \"CLIENT01\"", "sender_comp_id = \"CLIENT09\"",
         "session[CLIENT01].sender_comp_id = \"CLIENT09\": in force is \"CLIENT01\""},
        {"message_rate = 100", "message_rate = 200", "session[CLIENT02].message_rate = 200: in force is 100"},
        {"port = 9881", "port = 9883", "line[T8610H3].port = 9883: in force is 9881"},
        {"password = \"9999\"", "password = \"8888\"", "line[T8610H3].password: (not shown) is not the one"},
        {"sync_alarm_ms = 10", "sync_alarm_ms = 20", "journal.sync_alarm_ms = 20: in force is 10"},
        {"revision = 7", "revision = 6", "gateway.revision = 6: is older than the one in force, 7"},
        {"revision = 7\n", "", "gateway.revision = 0: is older than the one in force, 7"},
        {line_102, "", "line[O8610H3]: is in force and missing"},
        {session_1, "", "session[CLIENT01]: is in force and missing"},
        {"id = 101", "id = 103", "line[T8610H3]: is not in force"},
        {"sync_refuse_ms = 250\n", "",
         "journal.sync_refuse_ms: is missing, and was given as 250: a file that was cut short"},
    };
    const GatewayConfig in_force = read(reload_sample);
    for (const Row& row : rows) {
        INFO(row.from << " by " << row.to);
        const Changes found = config::changes(in_force, read(replaced(reload_sample, row.from, row.to)));
        CHECK(refusals(found).find(row.told) != std::string::npos);
        CHECK(refusals(found).find("8888") == std::string::npos);
    }
    const std::string all =
        replaced(replaced(replaced(reload_sample, "user = \"client1\"", "user = \"client9\""), "port = 9881",
                          "port = 9883"),
                 "revision = 7", "revision = 6");
    CHECK(config::changes(in_force, read(all)).refused.size() == 3);
    const std::string more = replaced(replaced(replaced(line_102, "102", "103"), "O8610H3", "O8610H4"),
                                      "term_id = \"A\"", "term_id = \"B\"");
    CHECK(refusals(config::changes(in_force, read(reload_sample + more)))
              .find("line[O8610H4]: is not in force; a change of it needs a restart") != std::string::npos);
}

TEST_CASE("the_order_of_sessions_and_lines_in_the_file_is_no_difference") {
    const std::size_t first = reload_sample.find("[[session]]");
    const std::size_t second = reload_sample.rfind("[[session]]");
    const std::size_t lines = reload_sample.find("[[line]]");
    const std::string turned = reload_sample.substr(0, first) + reload_sample.substr(second, lines - second) +
                               reload_sample.substr(first, second - first) + reload_sample.substr(lines);
    const Changes found = config::changes(read(reload_sample), read(turned));
    CHECK(refusals(found).empty());
    CHECK(found.taken.empty());
}

TEST_CASE("tls_listeners_are_compared_like_all_else") {
    const std::string listener =
        "[[tls_listener]]\naddress = \"127.0.0.1:9443\"\ncertificate = \"a.pem\"\nkey = \"b.key\"\n"
        "client_ca = \"c.pem\"\nrevocation_list = \"d.crl\"\n";
    const GatewayConfig in_force = read(reload_sample + listener);
    CHECK(config::changes(in_force, read(reload_sample + listener)).refused.empty());
    CHECK(refusals(config::changes(in_force, read(reload_sample + replaced(listener, "b.key", "e.key"))))
              .find("tls_listener[127.0.0.1:9443].key = \"e.key\": in force is \"b.key\"") !=
          std::string::npos);
    CHECK(refusals(config::changes(in_force, read(reload_sample)))
              .find("tls_listener[127.0.0.1:9443]: is in force and missing") != std::string::npos);
}
