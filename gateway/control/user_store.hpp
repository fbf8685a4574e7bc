// UserStore: the users as they are now: the users file, and on top of it what the gateway keeps itself
// (chosen passwords and their ages, use, disabling). Verifies, changes, and stores each change before it
// counts. It knows no sessions and no rights, and makes no Records: its callers do. Shared by the workers of
// both AuthWorkers; every call may take long (argon2id, fsync), so neither the order nor the control thread
// calls anything but list().
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/password_policy.hpp"
#include "config/user_state.hpp"
#include "config/users.hpp"
#include "gateway/control/lock_book.hpp"

namespace fairlead::gateway {

struct UserStoreOptions {
    std::string state_file;  // empty: nothing is kept, and so nothing can be changed
    config::PasswordPolicy policy;
    config::HashCost new_hash = config::HashCost::moderate;
    // A history is compared hash by hash while a client waits; these cost less than the one in force.
    config::HashCost history_hash = config::HashCost::interactive;
    std::function<risk::UtcNs()> utc_ns;         // empty: the system clock; tests give their own
    std::function<std::int64_t()> monotonic_ns;  // the same
    LockOptions locks;
};

enum class Verification : std::uint8_t {
    wrong = 0,  // unknown user or wrong password: not told apart
    good = 1,
    must_change = 2,  // right, but good only for a change: expired, or an initial one
    disabled = 3,     // right, but the account is off: by staff, idle, ended, or its initial password is dead
};
struct Verified {
    Verification result = Verification::wrong;
    config::Role role = config::Role::none;  // unless wrong
    std::uint64_t version = 0;               // of the password that was right
    std::string text;                        // why must_change or disabled, for people
};

// What staff may see of a user.
struct UserView {
    risk::UserName name;
    config::Role role = config::Role::none;
    std::string state;  // "active", "disabled", "idle", "expired", ...
    bool locked = false;
    std::int64_t password_age_days = 0;
    risk::UtcNs changed_ns = 0;
    risk::UtcNs used_ns = 0;
    risk::UtcNs expires_ns = 0;
};

class UserStore {
  public:
    UserStore(const config::UserTable& users, UserStoreOptions options);
    UserStore(const UserStore&) = delete;
    UserStore& operator=(const UserStore&) = delete;

    // Reads the state beside the users and stores what it now sees first. Empty = done, else what is wrong.
    [[nodiscard]] std::string open();

    [[nodiscard]] Verified verify(std::string_view name, std::string_view password);
    // A user's own change; `version` is that of verify: a password changed meanwhile is not changed again.
    // Empty = stored; else why not, and the old password stays.
    [[nodiscard]] std::string change(const risk::UserName& name, std::string_view old_password,
                                     std::string_view new_password, std::uint64_t version);
    // Staff's acts. Empty = stored; else why not.
    [[nodiscard]] std::string disable(const risk::UserName& name);
    [[nodiscard]] std::string enable(const risk::UserName& name);
    [[nodiscard]] std::string unlock(const risk::UserName& name);
    // An initial password, given by staff, to be changed at first use.
    [[nodiscard]] std::string reset(const risk::UserName& name, std::string_view initial_password);

    [[nodiscard]] std::vector<UserView> list() const;
    [[nodiscard]] LockBook& locks() noexcept { return locks_; }
    [[nodiscard]] std::int64_t monotonic_ns() const { return options_.monotonic_ns(); }
    // Stores the times of use not stored yet, now and then; a crash loses the last minute of them.
    void flush(bool at_once);

  private:
    struct Entry {
        config::UserState state;
        std::uint64_t version = 1;  // counts the passwords of this run
    };
    using Entries = std::map<risk::UserName, Entry>;

    // What judges the account itself, its password being right; empty = nothing against it.
    [[nodiscard]] std::string why_off(const config::User& user, const config::UserState& state) const;
    [[nodiscard]] std::string why_change(const config::UserState& state) const;
    [[nodiscard]] std::string reused(const Entry& entry, std::string_view new_password) const;
    // Changes one user's state and stores all; on failure nothing has changed.
    [[nodiscard]] std::string commit(const risk::UserName& name, const Entry& changed);
    [[nodiscard]] std::string store(const Entries& entries);
    [[nodiscard]] const std::string& hash_of(const config::User& user, const Entry& entry) const;
    [[nodiscard]] std::string edit(const risk::UserName& name,
                                   const std::function<std::string(const config::User&, Entry&)>& act);

    const config::UserTable users_;
    UserStoreOptions options_;
    LockBook locks_;
    std::mutex change_mutex_;   // one change at a time, hashing included
    mutable std::mutex mutex_;  // entries_; never held while a hash is made
    Entries entries_;
    bool unstored_use_ = false;
    std::int64_t flushed_ns_ = 0;
};

}  // namespace fairlead::gateway
