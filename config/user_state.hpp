// UserState: what the gateway itself keeps of users beside the users file, which only the broker writes: the
// password a user has chosen, those before it, when it was set, when the account was last used, whether staff
// have disabled it. A TOML file, always replaced whole. Owned by gateway/control/user_store.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "risk/words.hpp"

namespace fairlead::config {

struct UserState {
    risk::UserName name;
    // The hash the users file had when this was written. A file with another one has a new password, set by
    // the broker, and wins over password_hash.
    std::string file_hash;
    std::string password_hash;         // empty: the file's own
    std::vector<std::string> history;  // hashes of earlier passwords, the latest first
    risk::UtcNs changed_ns = 0;        // when the password in force was set, or first seen
    risk::UtcNs used_ns = 0;           // the last good logon; the day counts
    bool must_change = false;          // set by somebody else: to be changed at the next logon
    bool disabled = false;
};

[[nodiscard]] Loaded<std::vector<UserState>> parse_user_states(std::string_view text,
                                                               const std::string& path);
// A file that is not there is a good one without users.
[[nodiscard]] Loaded<std::vector<UserState>> load_user_states(const std::string& path);
[[nodiscard]] std::string user_states_text(const std::vector<UserState>& states);

// "2026-11-23T01:02:03Z", whole seconds; years 2000 to 2199.
[[nodiscard]] bool parse_utc(std::string_view text, risk::UtcNs& into) noexcept;
[[nodiscard]] std::string utc_text(risk::UtcNs utc_ns);

}  // namespace fairlead::config
