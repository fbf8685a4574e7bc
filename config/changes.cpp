// What differs between two readings of the configuration; see changes.hpp.
#include "config/changes.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace fairlead::config {
namespace {

template <auto Section, auto Member>
void swap_in(GatewayConfig& one, GatewayConfig& other) noexcept {
    std::swap(one.*Section.*Member, other.*Section.*Member);
}
template <class Row, auto Member>
void swap_of(Row& one, Row& other) noexcept {
    std::swap(one.*Member, other.*Member);
}

template <class Owner>
struct Changeable {
    std::string_view key;
    void (*swap)(Owner&, Owner&) noexcept;
};

// All that may change while running: read at its use by the order thread alone, and by no other program. Not
// journal.sync_alarm_ms, which the keeper has read as well; not what stands in the day's reference data.
constexpr Changeable<GatewayConfig> of_sections[] = {
    {"gateway.logon_timeout_s", swap_in<&GatewayConfig::gateway, &GatewaySection::logon_timeout_s>},
    {"gateway.revision", swap_in<&GatewayConfig::gateway, &GatewaySection::revision>},
    {"journal.keeper_lag_ms", swap_in<&GatewayConfig::journal, &JournalSection::keeper_lag_ms>},
    {"journal.keeper_lag_mib", swap_in<&GatewayConfig::journal, &JournalSection::keeper_lag_mib>},
    {"journal.sync_refuse_ms", swap_in<&GatewayConfig::journal, &JournalSection::sync_refuse_ms>},
    {"journal.front_refuse_percent", swap_in<&GatewayConfig::journal, &JournalSection::front_refuse_percent>},
    {"journal.front_disconnect_percent",
     swap_in<&GatewayConfig::journal, &JournalSection::front_disconnect_percent>},
    {"clock.alarm_us", swap_in<&GatewayConfig::clock, &ClockSection::alarm_us>},
    {"clock.refuse_ms", swap_in<&GatewayConfig::clock, &ClockSection::refuse_ms>},
    {"clock.unsynchronised_refuse_s", swap_in<&GatewayConfig::clock, &ClockSection::unsynchronised_refuse_s>},
};
constexpr Changeable<SessionConfig> of_sessions[] = {
    {"session.allowed_addresses", swap_of<SessionConfig, &SessionConfig::allowed_addresses>},
    {"session.inbound_rate", swap_of<SessionConfig, &SessionConfig::inbound_rate>},
    {"session.inbound_pause_s", swap_of<SessionConfig, &SessionConfig::inbound_pause_s>},
    {"session.heartbeat_min_s", swap_of<SessionConfig, &SessionConfig::heartbeat_min_s>},
    {"session.heartbeat_max_s", swap_of<SessionConfig, &SessionConfig::heartbeat_max_s>},
    {"session.hours", swap_of<SessionConfig, &SessionConfig::hours>},
};
constexpr Changeable<LineConfig> of_lines[] = {
    {"line.rate_per_second", swap_of<LineConfig, &LineConfig::rate_per_second>},
    {"line.wait_age_limit_ms", swap_of<LineConfig, &LineConfig::wait_age_limit_ms>},
    {"line.rejects_in_a_row_max", swap_of<LineConfig, &LineConfig::rejects_in_a_row_max>},
};

template <class Owner, std::size_t N>
void swap_all(const Changeable<Owner> (&table)[N], Owner& one, Owner& other) noexcept {
    for (const Changeable<Owner>& changeable : table) {
        changeable.swap(one, other);
    }
}
template <class Row, std::size_t N>
void swap_rows(const Changeable<Row> (&table)[N], std::vector<Row>& some, std::vector<Row>& others) noexcept {
    for (std::size_t i = 0; i < std::min(some.size(), others.size()); ++i) {
        swap_all(table, some[i], others[i]);
    }
}

constexpr std::string_view needs_restart = "; a change of it needs a restart";

// One table of a file. Sessions and lines are known by their id, whatever their order; TLS listeners by
// theirs.
struct Table {
    std::string shown;  // "journal", "session[CLIENT01]"
    std::uint64_t line = 0;
    std::map<std::string_view, const Setting*> settings;
    std::vector<const Setting*> in_order;
};
struct Tables {
    std::map<std::string, Table> by_identity;
    std::vector<std::string> in_order;
};

std::string bare(const std::string& value) {
    return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

Tables tables_of(const GatewayConfig& config) {
    std::map<std::uint32_t, Table> rows;
    for (const Setting& setting : config.settings) {
        Table& table = rows[setting.row];
        table.settings[setting.key] = &setting;
        table.in_order.push_back(&setting);
    }
    Tables tables;
    std::map<std::string, unsigned> listeners;
    for (auto& [row, table] : rows) {
        const std::string& name = table.in_order.front()->table;
        std::string identity = name;
        table.shown = name;
        const bool listener = name == "tls_listener";
        if (listener || name == "session" || name == "line") {
            identity +=
                listener ? " " + std::to_string(++listeners[name]) : " " + table.settings["id"]->value;
            table.shown += "[" + bare(table.settings[listener ? "address" : "sender_comp_id"]->value) + "]";
        }
        table.line = table.in_order.front()->line;
        tables.in_order.push_back(identity);
        tables.by_identity.emplace(std::move(identity), std::move(table));
    }
    return tables;
}

// A list of accounts may be as long as a file.
std::string shown(const std::string& value) {
    return cut_short(value, 200);
}

bool may_change(const Setting& setting) {
    const std::string key = setting.table + "." + setting.key;
    const std::vector<std::string_view> keys = changeable_keys();
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void compare(const std::string& file, const std::string& table, const Setting& before, const Setting& after,
             Changes& found) {
    const std::string field = table + "." + after.key;
    const auto refuse = [&](std::string value, std::string rule) {
        found.refused.push_back({file, after.line, field, std::move(value), std::move(rule)});
    };
    if (before.given && !after.given) {
        refuse("", "is missing, and was given as " + shown(before.value) +
                       ": a file that was cut short looks like this; what is in force must be written out");
    } else if (before.value == after.value) {
        return;
    } else if (may_change(after)) {
        found.taken.push_back(field + " " + shown(before.value) + " -> " + shown(after.value));
    } else {
        refuse(shown(after.value), "in force is " + shown(before.value) + std::string(needs_restart));
    }
}

void compare_passwords(const GatewayConfig& in_force, const GatewayConfig& asked, Changes& found) {
    for (const LineConfig& after : asked.lines) {
        const auto before = std::find_if(in_force.lines.begin(), in_force.lines.end(),
                                         [&](const LineConfig& line) { return line.id == after.id; });
        if (before != in_force.lines.end() && before->password.reveal() != after.password.reveal()) {
            found.refused.push_back({asked.file, 0, "line[" + before->sender_comp_id + "].password", "",
                                     "(not shown) is not the one in force" + std::string(needs_restart)});
        }
    }
}

}  // namespace

Changes changes(const GatewayConfig& in_force, const GatewayConfig& asked) {
    Changes found;
    if (asked.gateway.revision < in_force.gateway.revision) {
        const auto is_revision = [](const Setting& setting) {
            return setting.table == "gateway" && setting.key == "revision";
        };
        const auto setting = std::find_if(asked.settings.begin(), asked.settings.end(), is_revision);
        found.refused.push_back(
            {asked.file, setting == asked.settings.end() ? 0 : setting->line, "gateway.revision",
             std::to_string(asked.gateway.revision),
             "is older than the one in force, " + std::to_string(in_force.gateway.revision)});
    }
    Tables before = tables_of(in_force);
    Tables after = tables_of(asked);
    for (const std::string& identity : after.in_order) {
        const Table& table = after.by_identity.at(identity);
        const auto known = before.by_identity.find(identity);
        if (known == before.by_identity.end()) {
            found.refused.push_back(
                {asked.file, table.line, table.shown, "", "is not in force" + std::string(needs_restart)});
            continue;
        }
        for (const Setting* setting : table.in_order) {
            const auto was = known->second.settings.find(setting->key);
            if (was != known->second.settings.end()) {
                compare(asked.file, known->second.shown, *was->second, *setting, found);
            }
        }
    }
    for (const std::string& identity : before.in_order) {
        if (after.by_identity.count(identity) == 0) {
            found.refused.push_back({asked.file, 0, before.by_identity.at(identity).shown, "",
                                     "is in force and missing" + std::string(needs_restart)});
        }
    }
    compare_passwords(in_force, asked, found);
    return found;
}

std::string cut_short(const std::string& text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max - 3;
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;  // within a character
    }
    return text.substr(0, end) + "...";
}

void swap_changeable(GatewayConfig& one, GatewayConfig& other) noexcept {
    swap_all(of_sections, one, other);
    swap_rows(of_sessions, one.sessions, other.sessions);
    swap_rows(of_lines, one.lines, other.lines);
}

std::vector<std::string_view> changeable_keys() {
    std::vector<std::string_view> keys;
    const auto add = [&keys](const auto& table) {
        for (const auto& changeable : table) {
            keys.push_back(changeable.key);
        }
    };
    add(of_sections);
    add(of_sessions);
    add(of_lines);
    return keys;
}

}  // namespace fairlead::config
