// UserStore: the users as they are now: those of the users file and those that two persons have added, their
// roles, passwords and their ages, second factors, use, disabling; vendors' visits and reviews of rights.
// Held in memory, kept in a UserDatabase. Verifies, changes, and stores each change before it counts. It
// knows no sessions and no rights, and makes no Records: its callers do. Shared by the workers of both
// AuthWorkers. What hashes or stores takes long (argon2id, fsync): neither the order nor the control thread
// calls that, the control thread only standing(), the lists and the clocks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/password_policy.hpp"
#include "config/user_state.hpp"
#include "config/users.hpp"
#include "gateway/control/lock_book.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

struct UserStoreOptions {
    std::string database;    // empty: nothing is kept, and so nothing can be changed
    std::string state_file;  // of an earlier gateway: read when the database holds nobody; may be empty
    std::uint32_t visit_hours = 12;
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
    bool second_factor = false;              // the user has one, and its code was right where one was due
    std::string text;                        // why must_change or disabled, for people
};

// Who does something about another's account, and what it needs beside that account's name.
struct StaffAct {
    risk::UserName by;
    risk::UserName approver;
    risk::Text<32> ticket;
    risk::Text<64> reason;
    risk::UtcNs until_ns = 0;
    std::uint32_t half_year = 0;
    config::Role role = config::Role::none;
    risk::VisitAct visit = risk::VisitAct::none;
    risk::ReviewDecision decision = risk::ReviewDecision::none;
};

// A vendor's visit: opened by two persons for a time, closed, and signed off by one who has not opened it.
struct VisitView {
    risk::UserName vendor;
    risk::UserName opened_by;
    risk::UserName approved_by;
    risk::UserName closed_by;  // empty: open, or ended by its time
    risk::UserName signed_by;
    risk::Text<32> ticket;
    risk::Text<64> purpose;
    risk::Text<64> finding;  // of who signed it off
    risk::UtcNs opened_ns = 0;
    risk::UtcNs until_ns = 0;
    risk::UtcNs closed_ns = 0;
    risk::UtcNs signed_ns = 0;
    std::int64_t number = 0;  // the database's
    bool overdue = false;     // over for five days and not signed off
};

// A row of the half-yearly review of rights.
struct ReviewView {
    risk::UserName name;
    config::Role role = config::Role::none;
    std::uint32_t half_year = 0;  // yyyymm of its first month
    risk::ReviewDecision decision = risk::ReviewDecision::none;
    risk::UserName by;
    risk::UtcNs decided_ns = 0;
    risk::UtcNs used_ns = 0;
    bool overdue = false;  // not decided a month into the half-year
};

// What staff may see of a user.
struct UserView {
    risk::UserName name;
    config::Role role = config::Role::none;
    std::string state;  // "active", "disabled", "idle", "expired", ...
    bool locked = false;
    bool second_factor = false;
    std::int64_t password_age_days = 0;
    risk::UtcNs changed_ns = 0;
    risk::UtcNs used_ns = 0;
    risk::UtcNs expires_ns = 0;
};

class UserDatabase;

class UserStore {
  public:
    UserStore(const config::UserTable& users, UserStoreOptions options);
    ~UserStore();
    UserStore(const UserStore&) = delete;
    UserStore& operator=(const UserStore&) = delete;

    // Opens the database, takes in the users of the file, and stores what it now sees first. Empty = done,
    // else what is wrong.
    [[nodiscard]] std::string open();

    // `totp`: the code of the second factor, for who has one. A wrong one is a wrong password.
    [[nodiscard]] Verified verify(std::string_view name, std::string_view password,
                                  std::string_view totp = {});
    // What a lasting logon is still worth, by the version of the password it began with; no hash is made.
    [[nodiscard]] Verified standing(std::string_view name, std::uint64_t version);
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
    [[nodiscard]] std::string add(const risk::UserName& name, config::Role role,
                                  std::string_view initial_password);
    [[nodiscard]] std::string set_role(const risk::UserName& name, config::Role role);
    // A second factor: a new secret, which counts once a code of it has been shown.
    [[nodiscard]] std::string totp_enrol(const risk::UserName& name, std::string& secret_base32);
    [[nodiscard]] std::string totp_confirm(const risk::UserName& name, std::string_view code);
    [[nodiscard]] std::string totp_remove(const risk::UserName& name);
    [[nodiscard]] std::string visit(const risk::UserName& vendor, const StaffAct& act);
    // A removed user is disabled with that.
    [[nodiscard]] std::string review(const risk::UserName& name, const StaffAct& act);

    [[nodiscard]] std::vector<UserView> list() const;
    [[nodiscard]] std::vector<VisitView> visits() const;
    // Everybody who is not disabled, for the half-year that now is in.
    [[nodiscard]] std::vector<ReviewView> reviews() const;
    [[nodiscard]] std::uint32_t half_year_now() const;
    [[nodiscard]] LockBook& locks() noexcept { return locks_; }
    [[nodiscard]] std::int64_t monotonic_ns() const { return options_.monotonic_ns(); }
    // Stores the times of use not stored yet, now and then; a crash loses the last minute of them.
    void flush(bool at_once);

  private:
    struct Entry;
    using Entries = std::map<risk::UserName, Entry>;

    [[nodiscard]] std::string take_in(Entries& entries) const;
    // What judges the account itself, its password being right; empty = nothing against it.
    [[nodiscard]] std::string why_off(const Entry& entry) const;
    [[nodiscard]] std::string why_change(const config::UserState& state) const;
    [[nodiscard]] Verified judge(Entry& entry);
    [[nodiscard]] bool visited_now(const risk::UserName& vendor) const;
    [[nodiscard]] std::string reused(const config::UserState& state, std::string_view new_password) const;
    [[nodiscard]] std::string set_initial(Entry& entry, std::string_view initial_password) const;
    // Changes one user and stores it; on failure nothing has changed.
    [[nodiscard]] std::string commit(const risk::UserName& name, const Entry& changed);
    [[nodiscard]] bool find(const risk::UserName& name, Entry& into) const;
    [[nodiscard]] std::string edit(const risk::UserName& name, const std::function<std::string(Entry&)>& act);

    const config::UserTable users_;  // of the file; and it knows the decoys
    UserStoreOptions options_;
    LockBook locks_;
    std::unique_ptr<UserDatabase> database_;
    std::mutex change_mutex_;   // one change at a time, hashing and storing included
    mutable std::mutex mutex_;  // what follows; never held while a hash is made or a disk is waited for
    std::unique_ptr<Entries> entries_;
    std::vector<VisitView> visits_;  // the latest last
    bool unstored_use_ = false;
    std::int64_t flushed_ns_ = 0;
};

}  // namespace fairlead::gateway
