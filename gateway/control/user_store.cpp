// The users as they are now; see user_store.hpp.
#include "gateway/control/user_store.hpp"

#include <algorithm>
#include <chrono>

#include "config/files.hpp"

namespace fairlead::gateway {
namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::int64_t flush_pause_ns = 60'000'000'000;

risk::UtcNs system_utc_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}
std::int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string days_text(std::uint32_t days) {
    return std::to_string(days) + (days == 1 ? " day" : " days");
}

}  // namespace

UserStore::UserStore(const config::UserTable& users, UserStoreOptions options)
    : users_(users), options_(std::move(options)), locks_(options_.locks) {
    if (!options_.utc_ns) {
        options_.utc_ns = system_utc_ns;
    }
    if (!options_.monotonic_ns) {
        options_.monotonic_ns = steady_ns;
    }
}

std::string UserStore::open() {
    Entries entries;
    if (!options_.state_file.empty()) {
        const auto loaded = config::load_user_states(options_.state_file);
        if (!loaded.ok()) {
            return config::describe(loaded.errors.front());
        }
        for (const config::UserState& state : loaded.value) {
            entries[state.name].state = state;
        }
    }
    const risk::UtcNs now = options_.utc_ns();
    bool is_new = false;
    for (const config::User& user : users_.users()) {
        config::UserState& state = entries[user.name].state;
        if (state.file_hash == user.password_hash) {
            continue;
        }
        // First seen, or the broker has set another password: its age counts from now.
        is_new = true;
        if (state.file_hash.empty()) {
            state.used_ns = now;
        } else {
            const std::string& before = state.password_hash.empty() ? state.file_hash : state.password_hash;
            state.history.insert(state.history.begin(), before);
            state.history.resize(std::min<std::size_t>(state.history.size(), options_.policy.history - 1));
        }
        state.name = user.name;
        state.file_hash = user.password_hash;
        state.password_hash.clear();
        state.changed_ns = now;
        state.must_change = user.must_change;
    }
    if (is_new && !options_.state_file.empty()) {
        if (std::string error = store(entries); !error.empty()) {
            return "control.user_state: " + error;
        }
    }
    const std::lock_guard lock(mutex_);
    entries_ = std::move(entries);
    return {};
}

const std::string& UserStore::hash_of(const config::User& user, const Entry& entry) const {
    return entry.state.password_hash.empty() ? user.password_hash : entry.state.password_hash;
}

std::string UserStore::why_off(const config::User& user, const config::UserState& state) const {
    const risk::UtcNs now = options_.utc_ns();
    if (user.disabled) {
        return "disabled in the users file";
    }
    if (state.disabled) {
        return "disabled";
    }
    if (user.expires_ns != 0 && now >= user.expires_ns) {
        return "ended at " + config::utc_text(user.expires_ns);
    }
    if (now - state.used_ns >= std::int64_t{options_.policy.idle_days} * day_ns) {
        return "idle for " + days_text(options_.policy.idle_days);
    }
    if (state.must_change && now - state.changed_ns >= std::int64_t{options_.policy.initial_days} * day_ns) {
        return "initial password not changed for " + days_text(options_.policy.initial_days);
    }
    return {};
}

std::string UserStore::why_change(const config::UserState& state) const {
    if (state.must_change) {
        return "the password must be changed at its first use";
    }
    if (options_.utc_ns() - state.changed_ns >= std::int64_t{options_.policy.age_max_days} * day_ns) {
        return "the password has expired: it is older than " + days_text(options_.policy.age_max_days);
    }
    return {};
}

Verified UserStore::verify(std::string_view name, std::string_view password) {
    const config::User* user = users_.find(name);
    std::string hash = users_.decoy_hash(name);
    Verified verified;
    if (user != nullptr) {
        const std::lock_guard lock(mutex_);
        const Entry& entry = entries_[user->name];
        hash = hash_of(*user, entry);
        verified.version = entry.version;
    }
    const bool right = config::verify_password(hash, password);
    if (!right || user == nullptr) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[user->name];
    if (entry.version != verified.version) {
        return {};  // changed while this one was verified: it is an old password now
    }
    verified.role = user->role;
    verified.text = why_off(*user, entry.state);
    if (!verified.text.empty()) {
        verified.result = Verification::disabled;
        return verified;
    }
    verified.text = why_change(entry.state);
    verified.result = verified.text.empty() ? Verification::good : Verification::must_change;
    // Only a logon that gets further is a use of the account.
    const risk::UtcNs now = options_.utc_ns();
    if (verified.result == Verification::good) {
        unstored_use_ = unstored_use_ || now / day_ns != entry.state.used_ns / day_ns;
        entry.state.used_ns = std::max(entry.state.used_ns, now);
    }
    return verified;
}

std::string UserStore::reused(const Entry& entry, std::string_view new_password) const {
    const std::size_t compared =
        std::min<std::size_t>(entry.state.history.size(), options_.policy.history - 1);
    for (std::size_t i = 0; i < compared; ++i) {
        if (config::verify_password(entry.state.history[i], new_password)) {
            return "the new password must differ from the last " + std::to_string(options_.policy.history);
        }
    }
    return {};
}

std::string UserStore::change(const risk::UserName& name, std::string_view old_password,
                              std::string_view new_password, std::uint64_t version) {
    const std::lock_guard one_change(change_mutex_);
    const config::User* user = users_.find(name.view());
    if (user == nullptr) {
        return "the user is not known";
    }
    Entry entry;
    {
        const std::lock_guard lock(mutex_);
        entry = entries_[name];
    }
    if (entry.version != version) {
        return "the password has just been changed by another logon";
    }
    const risk::UtcNs now = options_.utc_ns();
    const std::int64_t age_min_ns = std::int64_t{options_.policy.age_min_hours} * hour_ns;
    const bool chosen = !entry.state.password_hash.empty() && !entry.state.must_change;
    if (chosen && now - entry.state.changed_ns < age_min_ns) {
        return "the password was changed less than " + std::to_string(options_.policy.age_min_hours) +
               " hours ago";
    }
    if (std::string problem = config::judge_password(options_.policy, name.view(), new_password);
        !problem.empty()) {
        return problem;
    }
    if (new_password == old_password) {
        return "the new password must differ from the last " + std::to_string(options_.policy.history);
    }
    if (std::string problem = reused(entry, new_password); !problem.empty()) {
        return problem;
    }
    const std::string past = config::hash_password(old_password, options_.history_hash);
    const std::string hash = config::hash_password(new_password, options_.new_hash);
    if (past.empty() || hash.empty()) {
        return "no memory to make the hash";
    }
    entry.state.history.insert(entry.state.history.begin(), past);
    entry.state.history.resize(
        std::min<std::size_t>(entry.state.history.size(), options_.policy.history - 1));
    entry.state.password_hash = hash;
    entry.state.changed_ns = now;
    entry.state.used_ns = now;
    entry.state.must_change = false;
    ++entry.version;
    return commit(name, entry);
}

std::string UserStore::store(const Entries& entries) {
    if (options_.state_file.empty()) {
        return "this gateway keeps no users' state";
    }
    std::vector<config::UserState> states;
    states.reserve(entries.size());
    for (const auto& [name, entry] : entries) {
        states.push_back(entry.state);
    }
    return config::write_file_atomically(options_.state_file, config::user_states_text(states));
}

std::string UserStore::commit(const risk::UserName& name, const Entry& changed) {
    Entries before;
    {
        const std::lock_guard lock(mutex_);
        before = entries_;
    }
    // Times of use move while this is written; they are stored with the next change or by flush().
    Entries entries = before;
    entries[name] = changed;
    if (const std::string problem = store(entries); !problem.empty()) {
        // The file may have been replaced and only its directory not synced: what holds must stand there.
        static_cast<void>(store(before));
        return "the change could not be stored: " + problem;
    }
    const std::lock_guard lock(mutex_);
    entries_[name] = changed;
    return {};
}

std::string UserStore::edit(const risk::UserName& name,
                            const std::function<std::string(const config::User&, Entry&)>& act) {
    const std::lock_guard one_change(change_mutex_);
    const config::User* user = users_.find(name.view());
    if (user == nullptr) {
        return "the user is not known";
    }
    Entry entry;
    {
        const std::lock_guard lock(mutex_);
        entry = entries_[name];
    }
    std::string problem = act(*user, entry);
    return problem.empty() ? commit(name, entry) : problem;
}

std::string UserStore::disable(const risk::UserName& name) {
    return edit(name, [](const config::User&, Entry& entry) -> std::string {
        if (entry.state.disabled) {
            return "the user is disabled already";
        }
        entry.state.disabled = true;
        return {};
    });
}

std::string UserStore::enable(const risk::UserName& name) {
    return edit(name, [this](const config::User& user, Entry& entry) -> std::string {
        const risk::UtcNs now = options_.utc_ns();
        if (user.disabled) {
            return "the user is disabled in the users file, which only the broker changes";
        }
        if (user.expires_ns != 0 && now >= user.expires_ns) {
            return "the account has ended; a new end stands in the users file";
        }
        entry.state.disabled = false;
        entry.state.used_ns = now;
        return {};
    });
}

std::string UserStore::unlock(const risk::UserName& name) {
    if (users_.find(name.view()) == nullptr) {
        return "the user is not known";
    }
    return locks_.unlock(name, options_.monotonic_ns()) ? "" : "the user is not locked";
}

std::string UserStore::reset(const risk::UserName& name, std::string_view initial_password) {
    return edit(name, [&](const config::User& user, Entry& entry) -> std::string {
        const std::string hash = config::hash_password(initial_password, options_.new_hash);
        if (hash.empty()) {
            return "no memory to make the hash";
        }
        entry.state.history.insert(entry.state.history.begin(), hash_of(user, entry));
        entry.state.history.resize(
            std::min<std::size_t>(entry.state.history.size(), options_.policy.history - 1));
        entry.state.password_hash = hash;
        entry.state.changed_ns = options_.utc_ns();
        entry.state.must_change = true;
        ++entry.version;
        return {};
    });
}

std::vector<UserView> UserStore::list() const {
    std::vector<UserView> views;
    const risk::UtcNs now = options_.utc_ns();
    const std::int64_t monotonic_now = options_.monotonic_ns();
    const std::lock_guard lock(mutex_);
    for (const config::User& user : users_.users()) {
        const auto found = entries_.find(user.name);
        const config::UserState state = found != entries_.end() ? found->second.state : config::UserState{};
        UserView view;
        view.name = user.name;
        view.role = user.role;
        view.state = why_off(user, state);
        view.state = view.state.empty() ? why_change(state) : view.state;
        view.state = view.state.empty() ? "active" : view.state;
        view.locked = locks_.locked_anywhere(user.name, monotonic_now);
        view.changed_ns = state.changed_ns;
        view.used_ns = state.used_ns;
        view.expires_ns = user.expires_ns;
        view.password_age_days = (now - state.changed_ns) / day_ns;
        views.push_back(view);
    }
    return views;
}

void UserStore::flush(bool at_once) {
    const std::unique_lock one_change(change_mutex_, std::try_to_lock);
    const std::int64_t now = options_.monotonic_ns();
    if (!one_change.owns_lock() || options_.state_file.empty()) {
        return;
    }
    Entries entries;
    {
        const std::lock_guard lock(mutex_);
        if (!unstored_use_ || (!at_once && now - flushed_ns_ < flush_pause_ns)) {
            return;
        }
        flushed_ns_ = now;
        unstored_use_ = false;
        entries = entries_;
    }
    if (!store(entries).empty()) {
        const std::lock_guard lock(mutex_);
        unstored_use_ = true;  // tried again after the pause
    }
}

}  // namespace fairlead::gateway
