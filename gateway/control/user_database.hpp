// UserDatabase: what the gateway keeps of users, in one SQLite file beside it: each change is one
// transaction, synced before it returns. It holds hashes and sealed secrets only, and knows no rules. Written
// by UserStore, one call at a time, off the order and the control thread; and by `fairlead users init`,
// before there is one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/user_state.hpp"
#include "config/users.hpp"
#include "gateway/control/user_store.hpp"

struct sqlite3;

namespace fairlead::gateway {

struct StoredUser {
    config::User user;  // password_hash, disabled: the users file's, not stored
    config::UserState state;
    std::string totp_secret;     // empty: no second factor
    std::int64_t totp_step = 0;  // of the last code used
    risk::UtcNs created_ns = 0;
    risk::UtcNs reviewed_ns = 0;
    risk::UserName reviewed_by;
    std::uint32_t reviewed_half_year = 0;
    risk::ReviewDecision review = risk::ReviewDecision::none;
    bool of_file = false;   // the users file has it, or had it
    bool role_set = false;  // by two persons, over the file's
    bool totp_confirmed = false;
};

// 20 characters that are not mistaken for each other: 114 bits.
[[nodiscard]] std::string random_password();

class UserDatabase {
  public:
    UserDatabase() = default;
    ~UserDatabase();
    UserDatabase(const UserDatabase&) = delete;
    UserDatabase& operator=(const UserDatabase&) = delete;

    // All of these: empty = done, else what is wrong, with the file's name.
    // Makes the file, its key and its tables where they are missing; its owner alone may read them.
    [[nodiscard]] std::string open(const std::string& path);
    [[nodiscard]] std::string load(std::vector<StoredUser>& users, std::vector<VisitView>& visits);
    [[nodiscard]] std::string store(const std::vector<const StoredUser*>& users);
    [[nodiscard]] std::string store_uses(const std::vector<std::pair<risk::UserName, risk::UtcNs>>& uses);
    // A new one (number 0) gets its number.
    [[nodiscard]] std::string store(VisitView& visit);

  private:
    [[nodiscard]] std::string open_key(const std::string& path);
    [[nodiscard]] std::string load_history(std::map<risk::UserName, StoredUser*>& users);
    [[nodiscard]] std::string load_visits(std::vector<VisitView>& visits);
    [[nodiscard]] std::string store_one(const StoredUser& user);
    [[nodiscard]] std::string run(const char* text);
    [[nodiscard]] std::string problem() const;
    [[nodiscard]] std::string finish(std::string error);
    [[nodiscard]] std::string seal(const std::string& secret) const;
    [[nodiscard]] bool unseal(const std::string& sealed, std::string& secret) const;

    sqlite3* base_ = nullptr;
    std::string path_;
    std::string key_;
};

}  // namespace fairlead::gateway
