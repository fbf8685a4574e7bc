// Users: who may log on, in which role, and their password hashes (argon2id). No session state, no
// rights: rights per verb stand in gateway/control/rights.hpp. Verification takes tens of milliseconds
// and more, so it runs on workers, never on the order thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/password_policy.hpp"
#include "risk/words.hpp"

namespace fairlead::config {

enum class Role : std::uint8_t {
    none = 0,
    client = 1,          // FIX sessions only, no control verbs
    trader_support = 2,  // looks
    operator_role = 3,   // runs the gateway: sessions, stop, day close
    risk_officer = 4,    // proposes and sets limits, halts
    risk_approver = 5,   // the second person of a raise or a resume
    examiner = 6,        // looks
    vendor = 7,          // looks, with an approver beside it, until its account expires
};
inline constexpr std::size_t role_count = 8;

// "risk_officer" and so on; Role::none for anything else.
[[nodiscard]] Role parse_role(std::string_view text) noexcept;
[[nodiscard]] std::string_view role_name(Role role) noexcept;

struct User {
    risk::UserName name;
    Role role = Role::none;
    bool disabled = false;
    std::string password_hash;   // "$argon2id$...": carries its own cost
    bool must_change = false;    // this password is an initial one: to be changed at first use
    risk::UtcNs expires_ns = 0;  // the account ends then; 0 = never
};

class UserTable {
  public:
    // What a file that was not taken leaves: knows nobody, and makes no decoy, which takes 50 ms.
    UserTable() = default;
    // Sorts by name; names must differ (load_users checks).
    explicit UserTable(std::vector<User> users);
    [[nodiscard]] const User* find(std::string_view name) const noexcept;
    [[nodiscard]] const std::vector<User>& users() const noexcept { return users_; }

    // The hash an unknown name is verified against, so that it costs the same work as a known one. Always
    // the same one for a name, so that the costs of unknown names are spread like those of known ones.
    [[nodiscard]] const std::string& decoy_hash(std::string_view name) const noexcept;

  private:
    std::vector<User> users_;
    std::string decoy_hash_;  // for a table without users
};

[[nodiscard]] Loaded<UserTable> load_users(const std::string& path);
[[nodiscard]] Loaded<UserTable> parse_users(std::string_view text, const std::string& path);

struct GatewayConfig;
// What the two files say of each other: every session's user is there, enabled, and a client.
[[nodiscard]] std::vector<ConfigError> check_session_users(const GatewayConfig& config,
                                                           const UserTable& users);

// Work and memory of a new hash; each hash carries its own, so users of both kinds may be mixed.
enum class HashCost : std::uint8_t { interactive, moderate, minimal_for_tests };
// Empty when memory for the hash cannot be had.
[[nodiscard]] std::string hash_password(std::string_view password, HashCost cost = HashCost::moderate);
// Against one hash; false for a malformed hash.
[[nodiscard]] bool verify_password(std::string_view hash, std::string_view password) noexcept;

// What names and hashes look like, here and in the users' state.
[[nodiscard]] bool is_user_name(std::string_view text);
inline constexpr std::string_view user_name_rule = "1 to 16 letters, digits, '-', '_' or '.'";
[[nodiscard]] bool is_password_hash(std::string_view text);

}  // namespace fairlead::config
