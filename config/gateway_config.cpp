// GatewayConfig: the keys, their ranges, and the rules between them.
#include "config/gateway_config.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "config/collisions.hpp"
#include "config/files.hpp"
#include "config/ladder.hpp"
#include "config/replica.hpp"
#include "config/tls_listener.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::config {
namespace {

constexpr std::int64_t ntd_max = 900'000'000'000'000;

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool all_letters_or_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_letter_or_digit);
}
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
    });
}
constexpr std::string_view name_rule = "1 to 16 letters, digits, '-', '_' or '.'";
bool is_path(std::string_view text) {
    return !text.empty() && text.find('\0') == std::string_view::npos;
}
bool is_path_or_empty(std::string_view text) {
    return text.empty() || is_path(text);
}
constexpr std::string_view path_rule = "a path; a relative one counts from this file's directory";
constexpr std::string_view optional_path_rule =
    "a path, or empty for none; a relative one counts from this file's directory";
bool is_level(std::string_view text) {
    return text == "process" || text == "disk" || text == "replica";
}
bool is_venue(std::string_view text) {
    return text == "TWSE" || text == "TPEx";
}
bool is_line_comp_id(std::string_view text) {
    return text.size() == 7 && (text[0] == 'T' || text[0] == 'O') && all_letters_or_digits(text);
}
bool is_venue_comp_id(std::string_view text) {
    return text == "XTAI" || text == "ROCO";
}
bool is_pin(std::string_view text) {
    return text.size() == 4 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool is_term_id(std::string_view text) {
    return (text.size() == 1 || text.size() == 2) && all_letters_or_digits(text);
}
bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '.' || c == ':';
    });
}

risk::Venue venue_of(std::string_view text) {
    return text == "TWSE" ? risk::Venue::twse : text == "TPEx" ? risk::Venue::tpex : risk::Venue::none;
}

// What one reading needs at hand: the errors so far and, when only asked for the keys, the notes.
struct Reading {
    std::string file;
    std::vector<ConfigError> errors;
    std::vector<KeyNote>* notes = nullptr;
    std::vector<Setting> settings;
    std::uint32_t rows = 0;

    // The reader of one table, whose line is that of its header.
    TomlReader reader(const toml::table* table, std::string prefix) {
        const std::uint64_t line = table == nullptr ? 0 : table->source().begin.line;
        TomlReader made{table, std::move(prefix), file, line, errors, notes};
        made.keep_in(settings, ++rows);
        return made;
    }
    void resolve(std::string& path) const { path = path_beside(file, path); }
};

void read_gateway(Reading& reading, TomlReader& top, GatewaySection& into) {
    TomlReader reader = reading.reader(top.table("gateway"), "gateway");
    reader.text("name", into.name, is_name, name_rule);
    reader.text("log_file", into.log_file, is_path_or_empty,
                "a path, or empty for standard error; a relative one counts from this file's directory");
    reader.flag("confine", into.confine);
    reader.flag("polling", into.polling);
    reader.integer("order_cpu", into.order_cpu, -1, 1023, "processor number, -1 for none");
    std::vector<ListenAddress> listen;
    reader.texts("listen", "an \"address:port\" with a numeric address, port 0..65535",
                 "[\"127.0.0.1:9870\"]", Need::optional, [&](const std::string& text) {
                     ListenAddress address;
                     const bool good = parse_listen(text, address);
                     listen.push_back(address);
                     return good;
                 });
    if (!listen.empty() || reader.is_empty_list("listen")) {
        into.listen = listen;
    }
    reader.integer("message_bytes_max", into.message_bytes_max, 512, 16384, "bytes");
    reader.integer("logon_timeout_s", into.logon_timeout_s, 1, 60, "seconds");
    reader.integer("out_buffer_bytes", into.out_buffer_bytes, 65536, 268435456, "bytes");
    reader.integer("connections_max", into.connections_max, 1, 10000, "connections");
    reader.integer("hold_ns", into.hold_ns, 0, 100'000'000, "nanoseconds");
    reader.flag("require_certificates", into.require_certificates);
    reader.text("certificate_directory", into.certificate_directory, is_path_or_empty, optional_path_rule);
    reader.text("certificate_key", into.certificate_key, nullptr,
                "a public key, NAME+HASH+BASE64 as `fairlead key new` prints it");
    reader.text("approvals", into.approvals, is_path_or_empty, optional_path_rule);
    reader.text("approvals_key", into.approvals_key, nullptr,
                "a public key, NAME+HASH+BASE64 as `fairlead key new` prints it");
    reader.integer("revision", into.revision, 0, 2'000'000'000, "number");
    reader.finish();
    reading.resolve(into.log_file);
    reading.resolve(into.approvals);
    reading.resolve(into.certificate_directory);
    if (into.approvals.empty() && !into.approvals_key.empty()) {
        reader.error("approvals", "", "must be given, since approvals_key is");
    }
    constexpr std::string_view certificate_rule = "must be given, since require_certificates is true";
    if (into.require_certificates && into.certificate_directory.empty()) {
        reader.error("certificate_directory", "", certificate_rule);
    }
    if (into.require_certificates && into.certificate_key.empty()) {
        reader.error("certificate_key", "", certificate_rule);
    }
}

void read_tls_listeners(Reading& reading, TomlReader& top, GatewayConfig& config) {
    if (reading.notes != nullptr) {
        TlsListener listener;
        read_tls_listener(reading.reader(nullptr, "tls_listener"), reading.file, listener);
        return;
    }
    const toml::array* tables = top.tables("tls_listener");
    if (tables != nullptr) {
        for (const toml::node& node : *tables) {
            read_tls_listener(reading.reader(node.as_table(), "tls_listener"), reading.file,
                              config.tls_listeners.emplace_back());
        }
    }
    if (config.gateway.listen.empty() && config.tls_listeners.empty()) {
        reading.reader(top.table("gateway"), "gateway")
            .error("listen", "[]", "must name an address, or a [[tls_listener]] must be given");
    }
}

void read_journal(Reading& reading, TomlReader& top, JournalSection& into) {
    TomlReader reader = reading.reader(top.table("journal"), "journal");
    reader.text("directory", into.directory, is_path, path_rule, Need::required);
    reader.text("front_directory", into.front_directory, is_path, path_rule, Need::required);
    reader.text("spare_directory", into.spare_directory, is_path_or_empty, optional_path_rule);
    reader.text("checkpoint_key", into.checkpoint_key, is_path_or_empty, optional_path_rule);
    reader.text("checkpoint_key_before", into.checkpoint_key_before, is_path_or_empty, optional_path_rule);
    reader.flag("checkpoint_key_lost", into.checkpoint_key_lost);
    std::string level = "process";
    reader.text("level", level, is_level, "\"process\", \"disk\" or \"replica\"");
    into.level = level == "disk"      ? JournalLevel::disk
                 : level == "replica" ? JournalLevel::replica
                                      : JournalLevel::process;
    reader.integer("segment_mib", into.segment_mib, 1, 4096, "MiB");
    reader.integer("front_segments", into.front_segments, 2, 1024, "segments");
    reader.integer("front_segment_mib", into.front_segment_mib, 1, 1024, "MiB");
    reader.integer("keeper_lag_ms", into.keeper_lag_ms, 1, 60000, "milliseconds");
    reader.integer("keeper_lag_mib", into.keeper_lag_mib, 1, 65536, "MiB");
    reader.integer("keeper_gather_us", into.keeper_gather_us, 0, 100'000, "microseconds");
    reader.integer("sync_alarm_ms", into.sync_alarm_ms, 1, 60000, "milliseconds");
    reader.integer("sync_refuse_ms", into.sync_refuse_ms, 1, 60000, "milliseconds");
    reader.integer("front_refuse_percent", into.front_refuse_percent, 1, 99, "percent of the front");
    reader.integer("front_disconnect_percent", into.front_disconnect_percent, 1, 100, "percent of the front");
    reader.finish();
    if (!into.checkpoint_key_before.empty() && (into.checkpoint_key.empty() || into.checkpoint_key_lost)) {
        reader.error("checkpoint_key_before", into.checkpoint_key_before,
                     into.checkpoint_key_lost ? "must be empty where checkpoint_key_lost is true"
                                              : "must be empty where there is no checkpoint_key");
    }
    if (into.sync_alarm_ms >= into.sync_refuse_ms) {
        reader.error("sync_alarm_ms", std::to_string(into.sync_alarm_ms),
                     "must be less than sync_refuse_ms = " + std::to_string(into.sync_refuse_ms));
    }
    if (into.front_refuse_percent >= into.front_disconnect_percent) {
        reader.error(
            "front_refuse_percent", std::to_string(into.front_refuse_percent),
            "must be less than front_disconnect_percent = " + std::to_string(into.front_disconnect_percent));
    }
    if (into.keeper_gather_us > into.keeper_lag_ms * 500) {
        reader.error("keeper_gather_us", std::to_string(into.keeper_gather_us),
                     "must be at most half of keeper_lag_ms = " + std::to_string(into.keeper_lag_ms));
    }
    const std::uint64_t front_mib = std::uint64_t{into.front_segments} * into.front_segment_mib;
    if (into.keeper_lag_mib >= front_mib) {
        reader.error("keeper_lag_mib", std::to_string(into.keeper_lag_mib),
                     "must be less than the whole front, front_segments x front_segment_mib = " +
                         std::to_string(front_mib));
    }
    reading.resolve(into.directory);
    reading.resolve(into.front_directory);
    reading.resolve(into.spare_directory);
    reading.resolve(into.checkpoint_key);
    reading.resolve(into.checkpoint_key_before);
    if (!into.spare_directory.empty() && into.spare_directory == into.directory) {
        reader.error("spare_directory", into.spare_directory, "must be another directory than directory");
    }
}

void read_sizes(Reading& reading, TomlReader& top, SizesSection& into) {
    TomlReader reader = reading.reader(top.table("sizes"), "sizes");
    reader.integer("orders", into.orders, 1'000, 14'000'000, "accepted orders a day");
    reader.integer("commands", into.commands, 1'000, 100'000'000, "accepted commands a day");
    reader.integer("executions", into.executions, 1'000, 100'000'000, "fills a day");
    reader.integer("positions", into.positions, 1'000, 100'000'000, "pairs of account and security");
    reader.integer("accounts", into.accounts, 1, 10'000'000, "accounts");
    reader.integer("securities", into.securities, 1, 200'000, "securities");
    reader.integer("limits", into.limits, 1'000, 10'000'000, "limits");
    reader.finish();
    if (into.commands < into.orders) {
        reader.error("commands", std::to_string(into.commands),
                     "must be at least orders = " + std::to_string(into.orders));
    }
}

void read_clock(Reading& reading, TomlReader& top, ClockSection& into) {
    TomlReader reader = reading.reader(top.table("clock"), "clock");
    reader.integer("alarm_us", into.alarm_us, 1, 10'000'000, "microseconds");
    reader.integer("refuse_ms", into.refuse_ms, 1, 60'000, "milliseconds");
    reader.integer("unsynchronised_refuse_s", into.unsynchronised_refuse_s, 0, 86'400, "seconds, 0 = never");
    reader.finish();
    if (std::uint64_t{into.refuse_ms} * 1000 <= into.alarm_us) {
        reader.error("alarm_us", std::to_string(into.alarm_us),
                     "must be less than refuse_ms = " + std::to_string(into.refuse_ms));
    }
}

void read_reference(Reading& reading, TomlReader& top, ReferenceSection& into) {
    TomlReader reader = reading.reader(top.table("reference"), "reference");
    reader.text("securities", into.securities, is_path_or_empty, optional_path_rule);
    reader.texts("t30", "\"TWSE:path\" or \"TPEx:path\"", "[]", Need::optional, [&](const std::string& text) {
        if (text.size() < 6 || text[4] != ':' || !is_venue(text.substr(0, 4))) {
            return false;
        }
        into.t30.push_back({venue_of(text.substr(0, 4)), path_beside(reading.file, text.substr(5))});
        return true;
    });
    reader.text("accounts", into.accounts, is_path, path_rule, Need::required);
    reader.text("investors", into.investors, is_path_or_empty, optional_path_rule);
    reader.text("limits", into.limits, is_path_or_empty, optional_path_rule);
    reader.text("inventory", into.inventory, is_path_or_empty, optional_path_rule);
    reader.text("calendar", into.calendar, is_path, path_rule, Need::required);
    reader.finish();
    if (into.securities.empty() && into.t30.empty() && reading.notes == nullptr) {
        reader.error("securities", "", "must be given, or t30 must: there is nothing to trade");
    }
    for (std::string* path :
         {&into.securities, &into.accounts, &into.investors, &into.limits, &into.inventory, &into.calendar}) {
        reading.resolve(*path);
    }
}

void read_rules(Reading& reading, TomlReader& top, risk::RuleSet& into) {
    TomlReader reader = reading.reader(top.table("rules"), "rules");
    reader.integer("board_lots_max", into.board_lots_max, 1, 99'999, "board lots an order");
    reader.integer("collar_reference_bp", into.collar_reference_bp, 0, 100'000,
                   "basis points, 0 = not checked");
    reader.integer("collar_last_bp", into.collar_last_bp, 0, 100'000, "basis points, 0 = not checked");
    std::int64_t order_value_max_ntd = 0;
    reader.integer("order_value_max_ntd", order_value_max_ntd, 0, ntd_max, "NTD, 0 = not checked");
    into.order_value_max = order_value_max_ntd * risk::price_unit;
    reader.integer("investor_message_rate", into.investor_message_rate, 0, 1'000'000,
                   "commands a second, 0 = not checked");
    reader.integer("repeat_count_max", into.repeat_count_max, 0, 1'000'000, "orders, 0 = not checked");
    std::int64_t repeat_window_ms = into.repeat_window_ns / 1'000'000;
    reader.integer("repeat_window_ms", repeat_window_ms, 1, 3'600'000, "milliseconds");
    into.repeat_window_ns = repeat_window_ms * 1'000'000;
    std::int64_t warning_1 = 0;
    std::int64_t warning_2 = 0;
    reader.integer("firm_warning_1_ntd", warning_1, 0, ntd_max, "NTD, 0 = none");
    reader.integer("firm_warning_2_ntd", warning_2, 0, ntd_max, "NTD, 0 = none");
    into.firm_warning_1 = warning_1 == 0 ? risk::unlimited : warning_1 * risk::price_unit;
    into.firm_warning_2 = warning_2 == 0 ? risk::unlimited : warning_2 * risk::price_unit;
    reader.flag("refuse_self_match", into.refuse_self_match);
    reader.finish();
    if (warning_2 != 0 && (warning_1 == 0 || warning_1 >= warning_2)) {
        reader.error("firm_warning_2_ntd", std::to_string(warning_2),
                     "must be greater than firm_warning_1_ntd = " + std::to_string(warning_1));
    }
}

void read_control(Reading& reading, TomlReader& top, ControlSection& into) {
    TomlReader reader = reading.reader(top.table("control"), "control");
    reader.text("socket", into.socket, is_path, path_rule, Need::required);
    reader.text("users", into.users, is_path, path_rule, Need::required);
    reader.text("user_state", into.user_state, is_path_or_empty,
                "a path, or empty for that of users with .state behind it; a relative one counts from this "
                "file's directory");
    reader.text("user_database", into.user_database, is_path_or_empty,
                "a path, or empty for that of users with .db behind it; a relative one counts from this "
                "file's directory");
    reader.integer("visit_hours", into.visit_hours, 1, 24, "hours");
    reader.flag("totp_for_approvers", into.totp_for_approvers);
    reader.integer("proposals", into.proposals, 16, 65'536, "proposals");
    reader.integer("proposal_hours", into.proposal_hours, 1, 720, "hours");
    reader.integer("token_idle_minutes", into.token_idle_minutes, 1, 15, "minutes");
    reader.finish();
    reading.resolve(into.socket);
    reading.resolve(into.users);
    reading.resolve(into.user_state);
    if (into.user_state.empty()) {
        into.user_state = into.users + ".state";
    }
    reading.resolve(into.user_database);
    if (into.user_database.empty()) {
        into.user_database = into.users + ".db";
    }
    if (into.user_database == into.users || into.user_database == into.user_state) {
        reader.error("user_database", into.user_database, "must be another file than users and user_state");
    }
    if (into.user_state == into.users) {
        reader.error("user_state", into.user_state, "must be another file than users");
    }
    if (into.socket.size() > 107) {
        reader.error("socket", into.socket, "must be at most 107 bytes long, its directory included");
    }
}

void read_passwords(Reading& reading, TomlReader& top, PasswordPolicy& into) {
    TomlReader reader = reading.reader(top.table("passwords"), "passwords");
    reader.integer("length_min", into.length_min, 8, 64, "characters");
    reader.integer("classes_min", into.classes_min, 1, 4, "classes");
    reader.integer("history", into.history, 1, 24, "passwords");
    reader.integer("age_min_hours", into.age_min_hours, 0, 168, "hours");
    reader.integer("age_max_days", into.age_max_days, 1, 90, "days");
    reader.integer("initial_days", into.initial_days, 1, 30, "days");
    reader.integer("idle_days", into.idle_days, 1, 366, "days");
    reader.finish();
    if (into.age_min_hours >= into.age_max_days * 24) {
        reader.error("age_min_hours", std::to_string(into.age_min_hours),
                     "must be less than age_max_days = " + std::to_string(into.age_max_days) + ", in hours");
    }
}

void read_session(TomlReader reader, SessionConfig& into) {
    reader.integer("id", into.id, 1, 65535, "number", Need::required);
    reader.text("sender_comp_id", into.sender_comp_id, is_name, name_rule, Need::required);
    reader.text("target_comp_id", into.target_comp_id, is_name, name_rule, Need::required);
    reader.text("user", into.user, is_name, name_rule, Need::required);
    read_tls_name(reader, into.tls_name);
    reader.texts("allowed_addresses", "an address or a range such as \"10.1.2.0/24\"", "none", Need::required,
                 [&](const std::string& text) {
                     return parse_address_range(text, into.allowed_addresses.emplace_back());
                 });
    reader.texts("accounts", "\"all\", \"8610-*\" for a branch, or \"8610-0000017\" for one account", "none",
                 Need::required, [&](const std::string& text) {
                     if (text == "all") {
                         into.all_accounts = true;
                         return true;
                     }
                     return parse_account_pattern(text, into.accounts.emplace_back());
                 });
    reader.integer("message_rate", into.message_rate, 0, 1'000'000, "commands a second, 0 = not checked");
    reader.integer("inbound_rate", into.inbound_rate, 0, 1'000'000, "messages a second, 0 = not checked");
    reader.integer("inbound_pause_s", into.inbound_pause_s, 0, 60, "seconds");
    reader.flag("cancel_on_disconnect", into.cancel_on_disconnect);
    reader.flag("reset_permitted", into.reset_permitted);
    reader.flag("reset_at_logon", into.reset_at_logon);
    reader.integer("heartbeat_min_s", into.heartbeat_min_s, 1, 3600, "seconds");
    reader.integer("heartbeat_max_s", into.heartbeat_max_s, 1, 3600, "seconds");
    reader.texts("hours", "\"HH:MM-HH:MM\" in exchange time, the two different, 24:00 only at the end", "[]",
                 Need::optional, [&](const std::string& text) {
                     return parse_logon_window(text, into.hours.emplace_back());
                 });
    reader.finish();
    if (into.heartbeat_min_s > into.heartbeat_max_s) {
        reader.error("heartbeat_min_s", std::to_string(into.heartbeat_min_s),
                     "must not be greater than heartbeat_max_s = " + std::to_string(into.heartbeat_max_s));
    }
    if (into.all_accounts && !into.accounts.empty()) {
        reader.error("accounts", "\"all\"", "must stand alone: it covers every account");
    }
}

// The secret as given, or the first four digits of its file, which nobody else may read.
void read_line_password(Reading& reading, TomlReader& reader, LineConfig& line) {
    Secret& into = line.password;
    std::string file;
    reader.secret("password", into, is_pin, "four digits");
    reader.text("password_file", file, is_path_or_empty, optional_path_rule);
    if (reading.notes != nullptr) {
        return;
    }
    if (into.empty() == file.empty()) {
        reader.error("password_file", "",
                     "exactly one of password and password_file must be given, and be good");
        return;
    }
    if (file.empty()) {
        return;
    }
    const std::string path = path_beside(reading.file, file);
    line.password_file = path;
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IRWXO) != 0) {
        reader.error("password_file", path, "must not be open to others: chmod o= it");
        return;
    }
    std::string text;
    std::string problem;
    if (!read_file(path, text, problem)) {
        reader.error("password_file", path, "cannot be read: " + problem);
        return;
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
        text.pop_back();
    }
    if (!is_pin(text)) {
        reader.error("password_file", path, "must hold four digits and nothing else (not shown)");
    } else {
        into = Secret(text);
    }
    sodium_memzero(text.data(), text.size());
}

void read_line(Reading& reading, TomlReader reader, LineConfig& into) {
    std::string venue;
    reader.integer("id", into.id, 1, 65535, "number", Need::required);
    reader.text("venue", venue, is_venue, "\"TWSE\" or \"TPEx\"", Need::required);
    into.venue = venue_of(venue);
    reader.text("host", into.host, is_host, "a host name or address", Need::required);
    reader.integer("port", into.port, 1, 65535, "TCP port", Need::required);
    reader.integer("local_port", into.local_port, 0, 65535, "TCP port, 0 = any");
    reader.text("sender_comp_id", into.sender_comp_id, is_line_comp_id,
                "T or O, the broker's four characters, the line's two: \"T8610H3\"", Need::required);
    reader.text("target_comp_id", into.target_comp_id, is_venue_comp_id, "\"XTAI\" or \"ROCO\"",
                Need::required);
    read_line_password(reading, reader, into);
    reader.text("term_id", into.term_id, is_term_id, "one or two letters or digits", Need::required);
    reader.integer("rate_per_second", into.rate_per_second, 1, 1'000'000, "messages a second");
    reader.integer("wait_age_limit_ms", into.wait_age_limit_ms, 1, 60'000, "milliseconds");
    reader.integer("heartbeat_seconds", into.heartbeat_seconds, 1, 60, "seconds");
    reader.integer("rejects_in_a_row_max", into.rejects_in_a_row_max, 0, 1'000'000,
                   "refusals, 0 = not counted");
    reader.finish();
    const bool twse = into.venue == risk::Venue::twse;
    if (into.venue != risk::Venue::none && !into.sender_comp_id.empty() &&
        into.sender_comp_id[0] != (twse ? 'T' : 'O')) {
        reader.error("sender_comp_id", into.sender_comp_id,
                     twse ? "must begin with T on a TWSE line" : "must begin with O on a TPEx line");
    }
    if (into.venue != risk::Venue::none && !into.target_comp_id.empty() &&
        into.target_comp_id != (twse ? "XTAI" : "ROCO")) {
        reader.error("target_comp_id", into.target_comp_id,
                     twse ? "must be XTAI on a TWSE line" : "must be ROCO on a TPEx line");
    }
}

template <class T>
void sort_by_id(std::vector<T>& rows) {
    std::stable_sort(rows.begin(), rows.end(), [](const T& a, const T& b) { return a.id < b.id; });
}

void read_sessions_and_lines(Reading& reading, TomlReader& top, GatewayConfig& config) {
    Collisions collisions;
    const toml::array* sessions = top.tables("session");
    const toml::array* lines = top.tables("line");
    if (reading.notes != nullptr) {
        SessionConfig session;
        read_session(reading.reader(nullptr, "session"), session);
        LineConfig line;
        read_line(reading, reading.reader(nullptr, "line"), line);
        return;
    }
    if (sessions == nullptr) {
        top.error("session", "", "at least one [[session]] must be given");
    } else {
        for (const toml::node& node : *sessions) {
            SessionConfig session;
            read_session(reading.reader(node.as_table(), "session"), session);
            TomlReader reader = reading.reader(node.as_table(), "session");
            collisions.id(reader, session.id);
            collisions.comp_ids(reader, session.sender_comp_id, session.target_comp_id);
            if (session.tls_name.empty() && config.gateway.listen.empty()) {
                reader.error("tls_name", "", "must be given: every listener is a [[tls_listener]]");
            }
            if (!session.tls_name.empty() && config.tls_listeners.empty()) {
                reader.error("tls_name", session.tls_name,
                             "must not be given without a [[tls_listener]] for the session to come by");
            }
            config.sessions.push_back(std::move(session));
        }
    }
    if (lines == nullptr) {
        top.error("line", "", "at least one [[line]] must be given");
    } else {
        for (const toml::node& node : *lines) {
            LineConfig line;
            read_line(reading, reading.reader(node.as_table(), "line"), line);
            TomlReader reader = reading.reader(node.as_table(), "line");
            collisions.id(reader, line.id);
            collisions.comp_ids(reader, line.sender_comp_id, line.target_comp_id);
            collisions.term(reader, line);
            config.lines.push_back(std::move(line));
        }
    }
    sort_by_id(config.sessions);
    sort_by_id(config.lines);
}

void read_all(Reading& reading, const toml::table* document, GatewayConfig& config) {
    TomlReader top = reading.reader(document, "");
    read_gateway(reading, top, config.gateway);
    read_tls_listeners(reading, top, config);
    read_journal(reading, top, config.journal);
    read_replica(reading.reader(top.table("replica"), "replica"), reading.file, config.journal.level,
                 config.replica);
    read_sizes(reading, top, config.sizes);
    read_clock(reading, top, config.clock);
    read_reference(reading, top, config.reference);
    read_rules(reading, top, config.rules);
    read_control(reading, top, config.control);
    read_ladder(reading.reader(top.table("ladder"), "ladder"), config.ladder);
    read_passwords(reading, top, config.passwords);
    read_sessions_and_lines(reading, top, config);
    top.finish();
}

}  // namespace

Secret::~Secret() {
    text_.resize(text_.capacity());  // short text stays in place when moved from
    sodium_memzero(text_.data(), text_.size());
}

std::string_view level_name(JournalLevel level) noexcept {
    return level == JournalLevel::replica ? "replica" : level == JournalLevel::disk ? "disk" : "process";
}

std::string describe(const ConfigError& error) {
    std::string text = error.file;
    if (error.line != 0) {
        text += ":" + std::to_string(error.line);
    }
    text += ": ";
    if (!error.key.empty()) {
        text += error.key;
        text += error.value.empty() ? ": " : " = " + error.value + ": ";
    }
    return text + error.rule;
}

Loaded<GatewayConfig> parse_gateway_config(std::string_view text, const std::string& path) {
    Loaded<GatewayConfig> loaded;
    Reading reading{path, {}, nullptr, {}};
    loaded.value.file = path;
    loaded.value.file_sha256 = sha256_of(text);
    const toml::table document = parse_toml(text, path, reading.errors);
    if (reading.errors.empty()) {
        read_all(reading, &document, loaded.value);
    }
    loaded.errors = std::move(reading.errors);
    loaded.value.settings = std::move(reading.settings);
    return loaded;
}

Loaded<GatewayConfig> load_gateway_config(const std::string& path) {
    std::string text;
    std::string problem;
    if (!read_file(path, text, problem)) {
        Loaded<GatewayConfig> loaded;
        loaded.errors.push_back({path, 0, "", "", "cannot be read: " + problem});
        return loaded;
    }
    Loaded<GatewayConfig> loaded = parse_gateway_config(text, path);
    sodium_memzero(text.data(), text.size());
    return loaded;
}

std::vector<KeyNote> documented_keys() {
    std::vector<KeyNote> notes;
    Reading reading{"", {}, &notes, {}};
    GatewayConfig config;
    read_all(reading, nullptr, config);
    return notes;
}

}  // namespace fairlead::config
