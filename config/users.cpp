// Users: the file, and argon2id through libsodium.
#include "config/users.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "config/files.hpp"
#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"
#include "config/user_state.hpp"
#include "risk/assert.hpp"

namespace fairlead::config {
namespace {

struct RoleName {
    Role role;
    std::string_view name;
};
constexpr RoleName role_names[] = {
    {Role::client, "client"},
    {Role::trader_support, "trader_support"},
    {Role::operator_role, "operator"},
    {Role::risk_officer, "risk_officer"},
    {Role::risk_approver, "risk_approver"},
    {Role::examiner, "examiner"},
    {Role::vendor, "vendor"},
};

void start_sodium() {
    risk::require(sodium_init() >= 0, "libsodium starts");
}

struct Cost {
    unsigned long long operations;
    std::size_t memory_bytes;
};
Cost cost_of(HashCost cost) {
    switch (cost) {
        case HashCost::interactive:
            return {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE, crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
        case HashCost::moderate:
            return {crypto_pwhash_argon2id_OPSLIMIT_MODERATE, crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
        case HashCost::minimal_for_tests:
            break;
    }
    return {crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN};
}

bool is_role(std::string_view text) {
    return parse_role(text) != Role::none;
}
bool is_utc(std::string_view text) {
    risk::UtcNs ignored = 0;
    return parse_utc(text, ignored);
}

}  // namespace

bool is_user_name(std::string_view text) {
    return !text.empty() && text.size() <= 16 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
               c == '_' || c == '.';
    });
}
bool is_password_hash(std::string_view text) {
    // Fits, is argon2id, and names its cost: what crypto_pwhash_str_verify will find readable.
    return text.starts_with("$argon2id$v=19$m=") && text.size() < crypto_pwhash_STRBYTES &&
           std::count(text.begin(), text.end(), '$') == 5;
}

Role parse_role(std::string_view text) noexcept {
    for (const RoleName& name : role_names) {
        if (name.name == text) {
            return name.role;
        }
    }
    return Role::none;
}

std::string_view role_name(Role role) noexcept {
    for (const RoleName& name : role_names) {
        if (name.role == role) {
            return name.name;
        }
    }
    return "none";
}

UserTable::UserTable(std::vector<User> users) : users_(std::move(users)) {
    std::sort(users_.begin(), users_.end(), [](const User& a, const User& b) { return a.name < b.name; });
    if (users_.empty()) {
        decoy_hash_ = hash_password("", HashCost::interactive);
    }
}

const User* UserTable::find(std::string_view name) const noexcept {
    if (!risk::UserName::fits(name)) {
        return nullptr;
    }
    const risk::UserName key(name);
    const auto found =
        std::lower_bound(users_.begin(), users_.end(), key,
                         [](const User& user, const risk::UserName& k) { return user.name < k; });
    return found != users_.end() && found->name == key ? &*found : nullptr;
}

const std::string& UserTable::decoy_hash(std::string_view name) const noexcept {
    std::size_t decoy = 0;
    for (const char c : name) {
        decoy = decoy * 31 + static_cast<unsigned char>(c);
    }
    return users_.empty() ? decoy_hash_ : users_[decoy % users_.size()].password_hash;
}

Loaded<UserTable> parse_users(std::string_view text, const std::string& path) {
    Loaded<UserTable> loaded;
    std::vector<ConfigError> errors;
    const toml::table document = parse_toml(text, path, errors);
    std::vector<User> users;
    if (errors.empty()) {
        TomlReader top(&document, "", path, 0, errors, nullptr);
        const toml::array* rows = top.tables("user");
        top.finish();
        if (rows == nullptr) {
            top.error("user", "", "at least one [[user]] must be given");
        } else {
            for (const toml::node& node : *rows) {
                TomlReader reader(node.as_table(), "user", path, node.source().begin.line, errors, nullptr);
                std::string name;
                std::string role;
                Secret hash;
                const std::size_t errors_before = errors.size();
                User user;
                reader.text("name", name, is_user_name, user_name_rule, Need::required);
                reader.text(
                    "role", role, is_role,
                    "client, trader_support, operator, risk_officer, risk_approver, examiner or vendor",
                    Need::required);
                reader.secret("password_hash", hash, is_password_hash,
                              "an argon2id hash as `fairlead user hash` prints it");
                reader.flag("disabled", user.disabled);
                reader.flag("must_change", user.must_change);
                std::string expires;
                reader.text("expires", expires, is_utc, "a time such as \"2026-11-23T01:02:03Z\"");
                reader.finish();
                if (hash.empty() && errors.size() == errors_before) {
                    reader.error("password_hash", "", "must be given: an argon2id hash");
                }
                if (role == "vendor" && expires.empty() && errors.size() == errors_before) {
                    reader.error("expires", "",
                                 "must be given for a vendor: no such account stands for ever");
                }
                static_cast<void>(parse_utc(expires, user.expires_ns));  // judged above; empty = never
                user.name = risk::UserName(name);
                user.role = parse_role(role);
                user.password_hash = std::string(hash.reveal());
                if (std::any_of(users.begin(), users.end(),
                                [&](const User& u) { return u.name == user.name; })) {
                    reader.error("name", name, "must not be listed twice");
                }
                users.push_back(std::move(user));
            }
        }
    }
    loaded.errors = std::move(errors);
    if (loaded.ok()) {
        loaded.value = UserTable(std::move(users));
    }
    return loaded;
}

Loaded<UserTable> load_users(const std::string& path) {
    std::string text;
    std::string problem;
    if (!read_file(path, text, problem)) {
        Loaded<UserTable> loaded;
        loaded.errors.push_back({path, 0, "", "", "cannot be read: " + problem});
        return loaded;
    }
    return parse_users(text, path);
}

std::vector<ConfigError> check_session_users(const GatewayConfig& config, const UserTable& users) {
    std::vector<ConfigError> errors;
    for (const SessionConfig& session : config.sessions) {
        const User* user = users.find(session.user);
        if (user == nullptr || user->disabled || user->role != Role::client) {
            errors.push_back({config.file, 0, "session.user", session.user,
                              "must be an enabled user of role client in " + config.control.users +
                                  " (session " + std::to_string(session.id) + ")"});
        }
    }
    return errors;
}

std::string hash_password(std::string_view password, HashCost cost) {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> encoded{};
    const Cost limits = cost_of(cost);
    if (crypto_pwhash_str(encoded.data(), password.data(), password.size(), limits.operations,
                          limits.memory_bytes) != 0) {
        return {};
    }
    return encoded.data();
}

bool verify_password(std::string_view hash, std::string_view password) noexcept {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> encoded{};
    if (hash.size() >= encoded.size()) {
        return false;
    }
    std::memcpy(encoded.data(), hash.data(), hash.size());
    return crypto_pwhash_str_verify(encoded.data(), password.data(), password.size()) == 0;
}

}  // namespace fairlead::config
