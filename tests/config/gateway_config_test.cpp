// The configuration file: each rule has a row that breaks it, and the sample explains every key.
#include "config/gateway_config.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "config/files.hpp"
#include "config/rules_in_force.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using config::ConfigError;
using config::GatewayConfig;

namespace {

const std::string root = FAIRLEAD_SOURCE_DIR;

// A whole good file; tests put one line in place of another.
const std::string good = R"([gateway]
name = "test"
listen = ["127.0.0.1:9870", "[::1]:9871"]
[journal]
directory = "journal"
front_directory = "/dev/shm/front"
[reference]
securities = "securities.csv"
accounts = "accounts.csv"
calendar = "/etc/calendar.toml"
[control]
socket = "control"
users = "users.toml"
[[session]]
id = 2
sender_comp_id = "CLIENT2"
target_comp_id = "FAIRLEAD"
user = "client2"
allowed_addresses = ["127.0.0.1"]
accounts = "all"
[[session]]
id = 1
sender_comp_id = "CLIENT1"
target_comp_id = "FAIRLEAD"
user = "client1"
allowed_addresses = ["10.1.2.0/24", "2001:db8::/32"]
accounts = ["8610-*", "8611-0000017"]
[[line]]
id = 101
venue = "TWSE"
host = "127.0.0.1"
port = 9881
sender_comp_id = "T8610H3"
target_comp_id = "XTAI"
password = "9999"
term_id = "A"
[[line]]
id = 102
venue = "TPEx"
host = "127.0.0.1"
port = 9882
sender_comp_id = "O8610H3"
target_comp_id = "ROCO"
password = "1234"
term_id = "A"
)";

std::string with(const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string all_errors(const std::vector<ConfigError>& errors) {
    std::string text;
    for (const ConfigError& error : errors) {
        text += config::describe(error) + "\n";
    }
    return text;
}

config::Loaded<GatewayConfig> parse(const std::string& text) {
    return config::parse_gateway_config(text, "/etc/fairlead/fairlead.toml");
}

}  // namespace

TEST_CASE("a_good_file_is_read_and_relative_paths_count_from_it") {
    const auto loaded = parse(good);
    INFO(all_errors(loaded.errors));
    REQUIRE(loaded.ok());
    const GatewayConfig& config = loaded.value;
    CHECK(config.journal.directory == "/etc/fairlead/journal");
    CHECK(config.journal.front_directory == "/dev/shm/front");
    CHECK(config.reference.calendar == "/etc/calendar.toml");
    CHECK(config.control.socket == "/etc/fairlead/control");
    REQUIRE(config.gateway.listen.size() == 2);
    CHECK(config.gateway.listen[1].address == "::1");
    CHECK(config.gateway.listen[1].port == 9871);
    // By ascending id, whatever the file's order.
    REQUIRE(config.sessions.size() == 2);
    CHECK(config.sessions[0].id == 1);
    CHECK(config.sessions[0].accounts.size() == 2);
    CHECK(config.sessions[0].accounts[0].whole_branch);
    CHECK(config.sessions[0].accounts[1].key.number == 17);
    CHECK(config.sessions[1].all_accounts);
    REQUIRE(config.lines.size() == 2);
    CHECK(config.lines[0].password.reveal() == "9999");
    CHECK(config.lines[1].venue == risk::Venue::tpex);
    CHECK(config.rules.firm_warning_1 == risk::unlimited);
}

TEST_CASE("certificates_may_be_named_before_they_are_required") {
    const std::string named = "certificate_directory = \"certificates\"\ncertificate_key = \"key\"";
    for (const char* required : {"true", "false"}) {
        const auto loaded =
            parse(with("name = \"test\"", named + "\nrequire_certificates = " + std::string(required)));
        INFO(all_errors(loaded.errors));
        REQUIRE(loaded.ok());
        CHECK(loaded.value.gateway.certificate_directory == "/etc/fairlead/certificates");
        CHECK(loaded.value.gateway.certificate_key == "key");
    }
}

TEST_CASE("the_rules_in_force_are_those_of_this_source_tree") {
    CHECK(config::dictionary_sha256() ==
          config::hex_of(config::sha256_of(tests::content_of(root + "/config/FIX44-fairlead.xml"))));
    CHECK(config::rules_sha256() ==
          config::hex_of(config::sha256_of(tests::content_of(root + "/config/rules-of-engagement.md"))));
}

TEST_CASE("each_rule_of_the_configuration_names_file_line_key_and_value") {
    struct Row {
        std::string from;
        std::string to;
        std::uint64_t line;
        std::string key;
        std::string value;
        std::string rule;  // a part of it
    };
    const std::vector<Row> rows = {
        {"name = \"test\"", "nmae = \"test\"", 2, "gateway.nmae", "", "not a key known"},
        {"[journal]", "[jurnal]", 4, "jurnal", "", "not a key known"},
        {"name = \"test\"", "name = 5", 2, "gateway.name", "5", "must be 1 to 16"},
        {"name = \"test\"", "name = \"a b\"", 2, "gateway.name", "\"a b\"", "must be 1 to 16"},
        {"name = \"test\"", "polling = \"yes\"", 2, "gateway.polling", "\"yes\"", "true or false"},
        {"name = \"test\"", "message_bytes_max = 511", 2, "gateway.message_bytes_max", "511", "512..16384"},
        {"name = \"test\"", "message_bytes_max = 16385", 2, "gateway.message_bytes_max", "16385",
         "512..16384"},
        {"name = \"test\"", "logon_timeout_s = 2.5", 2, "gateway.logon_timeout_s", "2.5", "whole number"},
        {"name = \"test\"", "logon_timeout_s = \"5\"", 2, "gateway.logon_timeout_s", "\"5\"", "whole number"},
        {"name = \"test\"", "require_certificates = true\ncertificate_key = \"key\"", 1,
         "gateway.certificate_directory", "", "require_certificates is true"},
        {"name = \"test\"", "require_certificates = true\ncertificate_directory = \"certificates\"", 1,
         "gateway.certificate_key", "", "require_certificates is true"},
        {"name = \"test\"", "approvals_key = \"key\"", 1, "gateway.approvals", "", "approvals_key is"},
        {"\"[::1]:9871\"", "\"localhost:1\"", 3, "gateway.listen", "localhost:1", "numeric address"},
        {"\"[::1]:9871\"", "\"127.0.0.1:65536\"", 3, "gateway.listen", "127.0.0.1:65536", "port"},
        {"\"[::1]:9871\"", "\"127.0.0.1\"", 3, "gateway.listen", "127.0.0.1", "address:port"},
        {"directory = \"journal\"\n", "", 4, "journal.directory", "", "must be given"},
        {"directory = \"journal\"", "directory = \"\"", 5, "journal.directory", "\"\"", "must be a path"},
        {"[reference]", "level = \"memory\"\n[reference]", 7, "journal.level", "\"memory\"", "disk"},
        {"[reference]", "level = \"replica\"\n[replica]\nstandbys = []\n[reference]", 9, "replica.standbys",
         "[]", "must be given"},
        {"[reference]", "[replica]\nstandbys = [\"b@127.0.0.1:1\"]\n[reference]", 8, "replica.standbys",
         "1 given", "must not be given unless"},
        {"[reference]", "[replica]\nstandbys = [\"b@localhost:1\"]\n[reference]", 8, "replica.standbys",
         "b@localhost:1", "numeric address"},
        {"[reference]", "[replica]\nstandbys = [\"127.0.0.1:1\"]\n[reference]", 8, "replica.standbys",
         "127.0.0.1:1", "NAME@"},
        {"[reference]",
         "level = \"replica\"\n[replica]\nquorum = 2\nstandbys = [\"b@127.0.0.1:1\"]\n[reference]", 9,
         "replica.quorum", "2", "at most the number of standbys"},
        {"[reference]",
         "level = \"replica\"\n[replica]\nstandbys = [\"b@127.0.0.1:1\", \"b@127.0.0.1:2\"]\n[reference]", 9,
         "replica.standbys", "b", "named once"},
        {"[reference]", "level = \"replica\"\n[replica]\nstandbys = [\"b@127.0.0.1:1\"]\n[reference]", 8,
         "replica.key", "", "must be given"},
        {"[reference]", "[replica]\nlisten = \"127.0.0.1:1\"\n[reference]", 7, "replica.leader", "",
         "must be given"},
        {"[reference]", "[replica]\nacknowledge = \"soon\"\n[reference]", 8, "replica.acknowledge",
         "\"soon\"", "memory"},
        {"[reference]", "sync_alarm_ms = 250\n[reference]", 7, "journal.sync_alarm_ms", "250", "less than"},
        {"[reference]", "front_refuse_percent = 95\n[reference]", 7, "journal.front_refuse_percent", "95",
         "less than"},
        {"[reference]", "keeper_gather_us = 50001\n[reference]", 7, "journal.keeper_gather_us", "50001",
         "half of keeper_lag_ms"},
        {"[reference]", "keeper_lag_mib = 256\n[reference]", 7, "journal.keeper_lag_mib", "256",
         "whole front"},
        {"[reference]", "[sizes]\norders = 2000000\ncommands = 1999999\n[reference]", 9, "sizes.commands",
         "1999999", "at least orders"},
        {"[reference]", "[clock]\nalarm_us = 1000000\n[reference]", 8, "clock.alarm_us", "1000000",
         "less than refuse_ms"},
        {"securities = \"securities.csv\"\n", "", 7, "reference.securities", "", "t30"},
        {"securities = \"securities.csv\"", "t30 = [\"NYSE:x\"]", 8, "reference.t30", "NYSE:x", "TWSE:path"},
        {"accounts = \"accounts.csv\"\n", "", 7, "reference.accounts", "", "must be given"},
        {"[control]", "[rules]\nboard_lots_max = 0\n[control]", 12, "rules.board_lots_max", "0", "1..99999"},
        {"[control]", "[rules]\nfirm_warning_1_ntd = 5\nfirm_warning_2_ntd = 5\n[control]", 13,
         "rules.firm_warning_2_ntd", "5", "greater than"},
        {"socket = \"control\"", "socket = \"/" + std::string(107, 'x') + "\"", 12, "control.socket",
         "/" + std::string(107, 'x'), "107 bytes"},
        {"id = 2\n", "id = 1\n", 22, "session.id", "1", "unique"},
        {"id = 2\n", "id = 0\n", 15, "session.id", "0", "1..65535"},
        {"id = 101", "id = 2", 29, "line.id", "2", "unique over all sessions and lines"},
        {"sender_comp_id = \"CLIENT2\"", "sender_comp_id = \"CLIENT1\"", 23, "session.sender_comp_id",
         "CLIENT1", "must differ"},
        {"sender_comp_id = \"CLIENT2\"", "sender_comp_id = \"A=B\"", 16, "session.sender_comp_id", "\"A=B\"",
         "1 to 16"},
        {"user = \"client2\"", "user = \"seventeenletters_\"", 18, "session.user", "\"seventeenletters_\"",
         "1 to 16"},
        {"10.1.2.0/24", "10.1.2.0/33", 26, "session.allowed_addresses", "10.1.2.0/33", "range"},
        {"10.1.2.0/24", "10.1.2.x", 26, "session.allowed_addresses", "10.1.2.x", "range"},
        {"[\"10.1.2.0/24\", \"2001:db8::/32\"]", "[]", 26, "session.allowed_addresses", "[]", "not be empty"},
        {"8611-0000017", "8611-17", 27, "session.accounts", "8611-17", "8610-0000017"},
        {"accounts = \"all\"", "accounts = [\"all\", \"8610-*\"]", 20, "session.accounts", "\"all\"",
         "stand alone"},
        {"accounts = \"all\"", "accounts = \"all\"\nheartbeat_min_s = 121", 21, "session.heartbeat_min_s",
         "121", "not be greater"},
        {"accounts = \"all\"", "accounts = \"all\"\nhours = \"09:00-09:00\"", 21, "session.hours",
         "09:00-09:00", "HH:MM-HH:MM"},
        {"accounts = \"all\"", "accounts = \"all\"\nhours = \"24:00-09:00\"", 21, "session.hours",
         "24:00-09:00", "HH:MM-HH:MM"},
        {"accounts = \"all\"", "accounts = \"all\"\nhours = [\"09:00-24:01\"]", 21, "session.hours",
         "09:00-24:01", "HH:MM-HH:MM"},
        {"[control]", "[passwords]\nage_max_days = 91\n[control]", 12, "passwords.age_max_days", "91",
         "1..90"},
        {"[control]", "[passwords]\nlength_min = 7\n[control]", 12, "passwords.length_min", "7", "8..64"},
        {"[control]", "[passwords]\nclasses_min = 5\n[control]", 12, "passwords.classes_min", "5", "1..4"},
        {"[control]", "[passwords]\nhistory = 0\n[control]", 12, "passwords.history", "0", "1..24"},
        {"[control]", "[passwords]\ninitial_days = 31\n[control]", 12, "passwords.initial_days", "31",
         "1..30"},
        {"[control]", "[passwords]\nidle_days = 0\n[control]", 12, "passwords.idle_days", "0", "1..366"},
        {"[control]", "[passwords]\nage_min_hours = 24\nage_max_days = 1\n[control]", 12,
         "passwords.age_min_hours", "24", "less than age_max_days"},
        {"[control]", "[passwords]\nlenght_min = 12\n[control]", 12, "passwords.lenght_min", "", "not a key"},
        {"venue = \"TWSE\"", "venue = \"XTAI\"", 30, "line.venue", "\"XTAI\"", "TPEx"},
        {"\"T8610H3\"", "\"O8610H3\"", 33, "line.sender_comp_id", "O8610H3", "begin with T"},
        {"\"T8610H3\"", "\"T8610H\"", 33, "line.sender_comp_id", "\"T8610H\"", "broker"},
        {"\"XTAI\"", "\"ROCO\"", 34, "line.target_comp_id", "ROCO", "must be XTAI"},
        {"password = \"9999\"", "password = \"99999\"", 35, "line.password", "", "four digits"},
        {"password = \"9999\"\n", "", 28, "line.password_file", "", "exactly one"},
        {"password = \"9999\"", "password_file = \"/nonexistent\"", 35, "line.password_file", "/nonexistent",
         "cannot be read"},
        {"term_id = \"A\"", "term_id = \"ABC\"", 36, "line.term_id", "\"ABC\"", "one or two"},
        {"port = 9881", "port = 0", 32, "line.port", "0", "1..65535"},
        {"port = 9881", "port = 9881\nrate_per_second = 0", 33, "line.rate_per_second", "0", "1..1000000"},
        {"[gateway]", "[gateway", 1, "", "", "is not TOML"},
    };
    for (const Row& row : rows) {
        const auto loaded = parse(with(row.from, row.to));
        INFO(row.to);
        INFO(all_errors(loaded.errors));
        REQUIRE_FALSE(loaded.ok());
        bool found = false;
        for (const ConfigError& error : loaded.errors) {
            found = found || (error.file == "/etc/fairlead/fairlead.toml" && error.line == row.line &&
                              error.key == row.key && error.value == row.value &&
                              error.rule.find(row.rule) != std::string::npos);
        }
        CHECK(found);
    }
}

TEST_CASE("order_number_terms_of_one_venue_do_not_begin_alike") {
    const std::string third = R"([[line]]
id = 103
venue = "TWSE"
host = "h"
port = 1
sender_comp_id = "T8610H4"
target_comp_id = "XTAI"
password = "0000"
term_id = "TERM"
)";
    const auto parse_term = [&](const std::string& term) {
        std::string text = good + third;
        return parse(text.replace(text.find("TERM"), 4, term));
    };
    CHECK_FALSE(parse_term("A").ok());
    CHECK_FALSE(parse_term("AB").ok());
    CHECK(parse_term("B").ok());
    CHECK(parse_term("a").ok());
}

TEST_CASE("a_tls_listener_and_the_sessions_that_come_by_it_are_named_together_or_not_at_all") {
    const std::string listener =
        "[[tls_listener]]\naddress = \"127.0.0.1:9443\"\ncertificate = \"tls/a.pem\"\nkey = \"/b.key\"\n"
        "client_ca = \"c.pem\"\nrevocation_list = \"d.crl\"\n";
    const std::string user = "user = \"client2\"\n";
    const auto good_both = parse(with(user, user + "tls_name = \"client2.test\"\n") + listener);
    INFO(all_errors(good_both.errors));
    REQUIRE(good_both.ok());
    REQUIRE(good_both.value.tls_listeners.size() == 1);
    const config::TlsListener& read = good_both.value.tls_listeners[0];
    CHECK(read.listen.port == 9443);
    CHECK(read.key.path == "/b.key");
    CHECK(read.certificate.path.ends_with("tls/a.pem"));
    CHECK(read.key.line == read.certificate.line + 1);
    CHECK(read.handshake_timeout_ms == 3000);
    CHECK(good_both.value.sessions[1].tls_name == "client2.test");
    CHECK(good_both.value.sessions[0].tls_name.empty());

    const auto said = [](const std::string& text) { return all_errors(parse(text).errors); };
    const auto wrong = [&](const std::string& from, const std::string& to) {
        std::string changed = listener;
        return said(good + changed.replace(changed.find(from), from.size(), to));
    };
    CHECK(said(with(user, user + "tls_name = \"client2.test\"\n")).find("without a [[tls_listener]]") !=
          std::string::npos);
    CHECK(said(with(user, user + "tls_name = \"cl\\u00efent\"\n") + listener).find("session.tls_name") !=
          std::string::npos);
    const std::string listen = "listen = [\"127.0.0.1:9870\", \"[::1]:9871\"]";
    const std::string only_tls = said(with(listen, "listen = []") + listener);
    CHECK(only_tls.find("session.tls_name: must be given: every listener is a [[tls_listener]]") !=
          std::string::npos);
    CHECK(said(with(listen, "listen = []")).find("gateway.listen = []: must name an address") !=
          std::string::npos);
    CHECK(wrong("127.0.0.1:9443", "127.0.0.1").find("tls_listener.address = \"127.0.0.1\"") !=
          std::string::npos);
    CHECK(wrong("client_ca = \"c.pem\"\n", "").find("tls_listener.client_ca: must be given") !=
          std::string::npos);
    CHECK(wrong("key = ", "keys = ").find("tls_listener.keys: is not a key known here") != std::string::npos);
    CHECK(said(good + listener + "handshake_timeout_ms = 99\n").find("100..60000 (milliseconds)") !=
          std::string::npos);
}

TEST_CASE("a_secret_stands_in_no_error_text") {
    const auto wrong = parse(with("password = \"9999\"", "password = \"98765\""));
    const auto misspelt = parse(with("password = \"9999\"", "pasword = \"9876\""));
    CHECK(all_errors(wrong.errors).find("9876") == std::string::npos);
    CHECK(all_errors(misspelt.errors).find("9876") == std::string::npos);
}

TEST_CASE("a_password_file_must_be_closed_to_others_and_hold_four_digits") {
    const tests::TemporaryDirectory directory;
    const std::string secret = directory.file("line.secret", "4711\n");
    const std::string text = with("password = \"9999\"", "password_file = \"" + secret + "\"");
    REQUIRE(::chmod(secret.c_str(), 0644) == 0);
    CHECK(all_errors(parse(text).errors).find("open to others") != std::string::npos);
    REQUIRE(::chmod(secret.c_str(), 0600) == 0);
    const auto loaded = parse(text);
    REQUIRE(loaded.ok());
    CHECK(loaded.value.lines[0].password.reveal() == "4711");
    directory.file("line.secret", "47x1\n");
    CHECK(all_errors(parse(text).errors).find("four digits") != std::string::npos);
}

TEST_CASE("a_file_that_is_not_there_is_an_error_not_an_exception") {
    const auto loaded = config::load_gateway_config("/nonexistent/fairlead.toml");
    REQUIRE(loaded.errors.size() == 1);
    CHECK(loaded.errors[0].rule.find("cannot be read") != std::string::npos);
}

TEST_CASE("the_sample_explains_every_key_with_its_unit_range_and_default") {
    const std::string sample = tests::content_of(root + "/config/fairlead.toml");
    std::size_t from = 0;
    for (const config::KeyNote& note : config::documented_keys()) {
        const std::string section = note.path.substr(0, note.path.find('.'));
        const std::string key = note.path.substr(note.path.find('.') + 1);
        const std::string expected =
            "\n# Unit: " + note.unit + ". Range: " + note.range + ". Default: " + note.default_value + ".\n";
        INFO(note.path << expected);
        const std::size_t header =
            std::min({sample.find("\n[" + section + "]\n"), sample.find("\n[[" + section + "]]\n"),
                      sample.find("\n# [[" + section + "]]\n")});
        REQUIRE(header != std::string::npos);
        // The key's own line follows, set or commented out, and a sentence about it stands before.
        const std::size_t at = std::min(sample.find(expected + key + " = ", std::max(from, header)),
                                        sample.find(expected + "# " + key + " = ", std::max(from, header)));
        REQUIRE(at != std::string::npos);
        const std::size_t line_before = sample.rfind('\n', at - 1);
        CHECK(sample.compare(line_before + 1, 2, "# ") == 0);
        from = at;
    }
}

TEST_CASE("the_sample_is_good_and_gives_the_defaults") {
    const auto loaded = config::load_gateway_config(root + "/config/fairlead.toml");
    INFO(all_errors(loaded.errors));
    REQUIRE(loaded.ok());
    const GatewayConfig& sample = loaded.value;
    // The same file with every key left out that may be left out.
    const auto bare = parse(with("name = \"test\"\n", ""));
    REQUIRE(bare.ok());
    const GatewayConfig& defaults = bare.value;
    CHECK(sample.gateway.name == defaults.gateway.name);
    CHECK(sample.gateway.polling == defaults.gateway.polling);
    CHECK(sample.gateway.order_cpu == defaults.gateway.order_cpu);
    CHECK(sample.gateway.message_bytes_max == defaults.gateway.message_bytes_max);
    CHECK(sample.gateway.logon_timeout_s == defaults.gateway.logon_timeout_s);
    CHECK(sample.gateway.out_buffer_bytes == defaults.gateway.out_buffer_bytes);
    CHECK(sample.gateway.connections_max == defaults.gateway.connections_max);
    CHECK(sample.journal.level == defaults.journal.level);
    CHECK(sample.journal.segment_mib == defaults.journal.segment_mib);
    CHECK(sample.replica.quorum == defaults.replica.quorum);
    CHECK(sample.replica.lost_ms == defaults.replica.lost_ms);
    CHECK(sample.replica.memory_acks == defaults.replica.memory_acks);
    CHECK(sample.journal.front_segments == defaults.journal.front_segments);
    CHECK(sample.journal.front_segment_mib == defaults.journal.front_segment_mib);
    CHECK(sample.journal.keeper_lag_ms == defaults.journal.keeper_lag_ms);
    CHECK(sample.journal.keeper_lag_mib == defaults.journal.keeper_lag_mib);
    CHECK(sample.journal.keeper_gather_us == defaults.journal.keeper_gather_us);
    CHECK(sample.journal.sync_alarm_ms == defaults.journal.sync_alarm_ms);
    CHECK(sample.journal.sync_refuse_ms == defaults.journal.sync_refuse_ms);
    CHECK(sample.sizes.orders == defaults.sizes.orders);
    CHECK(sample.sizes.limits == defaults.sizes.limits);
    CHECK(sample.clock.refuse_ms == defaults.clock.refuse_ms);
    CHECK(sample.clock.unsynchronised_refuse_s == defaults.clock.unsynchronised_refuse_s);
    CHECK(sample.rules.board_lots_max == defaults.rules.board_lots_max);
    CHECK(sample.rules.collar_last_bp == defaults.rules.collar_last_bp);
    CHECK(sample.rules.repeat_window_ns == defaults.rules.repeat_window_ns);
    CHECK(sample.rules.firm_warning_2 == defaults.rules.firm_warning_2);
    CHECK(sample.rules.refuse_self_match == defaults.rules.refuse_self_match);
    CHECK(sample.sessions.at(0).heartbeat_max_s == defaults.sessions.at(0).heartbeat_max_s);
    CHECK(sample.lines.at(0).rate_per_second == defaults.lines.at(0).rate_per_second);
    CHECK(sample.lines.at(0).wait_age_limit_ms == defaults.lines.at(0).wait_age_limit_ms);
}

TEST_CASE("an_address_range_contains_its_addresses_and_not_their_neighbours") {
    struct Row {
        const char* range;
        const char* address;
        bool inside;
    };
    const Row rows[] = {
        {"10.1.2.0/24", "10.1.2.0", true},           {"10.1.2.0/24", "10.1.2.255", true},
        {"10.1.2.0/24", "10.1.3.0", false},          {"10.1.2.4/30", "10.1.2.7", true},
        {"10.1.2.4/30", "10.1.2.8", false},          {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},           {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "2001:db8::1", false},         {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false}, {"::/0", "10.0.0.1", true},
    };
    for (const Row& row : rows) {
        config::AddressRange range;
        config::Address address{};
        REQUIRE(config::parse_address_range(row.range, range));
        REQUIRE(config::parse_address(row.address, address));
        INFO(row.range << " " << row.address);
        CHECK(range.contains(address) == row.inside);
        CHECK(config::format_address(address) == row.address);
    }
}

TEST_CASE("logon_hours_count_in_exchange_time_and_may_go_over_midnight") {
    constexpr std::int64_t minute_ns = 60'000'000'000;
    struct Row {
        const char* window;
        int utc_minute;
        bool within;
    };
    const Row rows[] = {{"08:00-14:45", 0, true},
                        {"08:00-14:45", 6 * 60 + 44, true},
                        {"08:00-14:45", 6 * 60 + 45, false},
                        {"08:00-14:45", 23 * 60 + 59, false},
                        {"22:00-05:00", 14 * 60, true},
                        {"22:00-05:00", 20 * 60 + 59, true},
                        {"22:00-05:00", 21 * 60, false},
                        {"22:00-05:00", 13 * 60 + 59, false},
                        {"00:00-24:00", 15 * 60 + 59, true}};
    for (const Row& row : rows) {
        config::LogonWindow window;
        INFO(row.window << " at UTC minute " << row.utc_minute);
        REQUIRE(config::parse_logon_window(row.window, window));
        CHECK(config::within_hours({window}, (20'000 * 1440 + row.utc_minute) * minute_ns) == row.within);
    }
    CHECK(config::within_hours({}, 0));
}
