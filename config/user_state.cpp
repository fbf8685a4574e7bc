// The users' state: its file.
#include "config/user_state.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

#include "config/csv.hpp"
#include "config/files.hpp"
#include "config/toml_reader.hpp"
#include "config/users.hpp"

namespace fairlead::config {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::string_view utc_rule = "a time such as \"2026-11-23T01:02:03Z\"";

bool is_utc(std::string_view text) {
    risk::UtcNs ignored = 0;
    return parse_utc(text, ignored);
}
bool is_hash_or_empty(std::string_view text) {
    return text.empty() || is_password_hash(text);
}

// `text` names one TOML string's content; hashes and names hold nothing that would need escaping.
std::string key_text(const char* key, std::string_view text) {
    return std::string(key) + " = \"" + std::string(text) + "\"\n";
}

UserState read_user(TomlReader& reader) {
    UserState state;
    std::string name;
    std::string changed;
    std::string used;
    Secret file_hash;
    Secret password_hash;
    reader.text("name", name, is_user_name, user_name_rule, Need::required);
    reader.secret("file_hash", file_hash, is_password_hash, "an argon2id hash");
    reader.secret("password_hash", password_hash, is_hash_or_empty, "an argon2id hash, or empty");
    reader.texts("history", "argon2id hashes", "[]", Need::optional, [&](const std::string& text) {
        state.history.push_back(text);
        return is_password_hash(text);
    });
    reader.text("changed", changed, is_utc, utc_rule, Need::required);
    reader.text("used", used, is_utc, utc_rule, Need::required);
    reader.flag("must_change", state.must_change);
    reader.flag("disabled", state.disabled);
    reader.finish();
    state.name = risk::UserName(name);
    state.file_hash = file_hash.reveal();
    state.password_hash = password_hash.reveal();
    static_cast<void>(parse_utc(changed, state.changed_ns));  // judged already, as the error above
    static_cast<void>(parse_utc(used, state.used_ns));
    return state;
}

}  // namespace

Loaded<std::vector<UserState>> parse_user_states(std::string_view text, const std::string& path) {
    Loaded<std::vector<UserState>> loaded;
    const toml::table document = parse_toml(text, path, loaded.errors);
    if (!loaded.ok()) {
        return loaded;
    }
    TomlReader top(&document, "", path, 0, loaded.errors, nullptr);
    if (const toml::array* rows = top.tables("user"); rows != nullptr) {
        for (const toml::node& node : *rows) {
            TomlReader reader(node.as_table(), "user", path, node.source().begin.line, loaded.errors,
                              nullptr);
            const std::size_t errors_before = loaded.errors.size();
            UserState state = read_user(reader);
            const bool good = loaded.errors.size() == errors_before;
            if (good && state.file_hash.empty()) {
                reader.error("file_hash", "", "must be given");
            }
            if (good && std::any_of(loaded.value.begin(), loaded.value.end(),
                                    [&](const UserState& other) { return other.name == state.name; })) {
                reader.error("name", state.name.view(), "must not be listed twice");
            }
            loaded.value.push_back(std::move(state));
        }
    }
    top.finish();
    return loaded;
}

Loaded<std::vector<UserState>> load_user_states(const std::string& path) {
    std::error_code problem;
    if (!std::filesystem::exists(path, problem) && !problem) {
        return {};
    }
    std::string text;
    std::string error;
    if (!read_file(path, text, error)) {
        Loaded<std::vector<UserState>> loaded;
        loaded.errors.push_back({path, 0, "", "", "cannot be read: " + error});
        return loaded;
    }
    return parse_user_states(text, path);
}

std::string user_states_text(const std::vector<UserState>& states) {
    std::string text =
        "# Written by fairlead-gateway: passwords users have chosen, and the use of their accounts.\n"
        "# Only read and changed while the gateway is stopped, if ever.\n";
    for (const UserState& state : states) {
        text += "\n[[user]]\n";
        text += key_text("name", state.name.view());
        text += key_text("file_hash", state.file_hash);
        text += key_text("password_hash", state.password_hash);
        text += "history = [";
        for (const std::string& hash : state.history) {
            text += (text.back() == '[' ? "\"" : ", \"") + hash + "\"";
        }
        text += "]\n";
        text += key_text("changed", utc_text(state.changed_ns));
        text += key_text("used", utc_text(state.used_ns));
        text += std::string("must_change = ") + (state.must_change ? "true" : "false") + "\n";
        text += std::string("disabled = ") + (state.disabled ? "true" : "false") + "\n";
    }
    return text;
}

bool parse_utc(std::string_view text, risk::UtcNs& into) noexcept {
    struct Part {
        std::size_t at;
        std::size_t length;
        std::int64_t low;
        std::int64_t high;
    };
    constexpr std::array<Part, 6> parts{
        {{0, 4, 2000, 2199}, {5, 2, 1, 12}, {8, 2, 1, 31}, {11, 2, 0, 23}, {14, 2, 0, 59}, {17, 2, 0, 59}}};
    if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != 'Z') {
        return false;
    }
    std::array<std::int64_t, 6> values{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!parse_whole(text.substr(parts[i].at, parts[i].length), parts[i].low, parts[i].high, values[i])) {
            return false;
        }
    }
    const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(values[0])),
                                          std::chrono::month(static_cast<unsigned>(values[1])),
                                          std::chrono::day(static_cast<unsigned>(values[2]))};
    if (!day.ok()) {
        return false;
    }
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    into = (((days * 24 + values[3]) * 60 + values[4]) * 60 + values[5]) * second_ns;
    return true;
}

std::string utc_text(risk::UtcNs utc_ns) {
    const std::int64_t seconds = utc_ns / second_ns;
    const std::int64_t days = seconds / 86'400;
    const std::int64_t rest = seconds % 86'400;
    const std::chrono::year_month_day day{std::chrono::sys_days(std::chrono::days(days))};
    const auto two = [](std::int64_t value) { return std::to_string(100 + value).substr(1); };
    return std::to_string(static_cast<int>(day.year())) + "-" + two(static_cast<unsigned>(day.month())) +
           "-" + two(static_cast<unsigned>(day.day())) + "T" + two(rest / 3600) + ":" + two(rest / 60 % 60) +
           ":" + two(rest % 60) + "Z";
}

}  // namespace fairlead::config
