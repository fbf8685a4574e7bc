// The users as they are now; see user_store.hpp. What staff does about them stands in user_acts.cpp.
#include "gateway/control/user_store.hpp"

#include <algorithm>
#include <chrono>

#include "gateway/control/totp.hpp"
#include "gateway/control/user_entry.hpp"

namespace fairlead::gateway {
namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::int64_t taipei_ahead_ns = 8 * hour_ns;
constexpr std::int64_t flush_pause_ns = 60'000'000'000;
constexpr std::int64_t review_days = 30;  // of a half-year, in which each user is decided upon
constexpr std::int64_t sign_off_days = 5;

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

// The half-year of Taipei that this time is in: its first month, and when it began.
struct HalfYear {
    std::uint32_t month = 0;  // yyyymm
    risk::UtcNs begins_ns = 0;
};
HalfYear half_year_of(risk::UtcNs utc_ns) {
    using namespace std::chrono;
    const sys_days day{days{(utc_ns + taipei_ahead_ns) / day_ns}};
    const year_month_day date{day};
    const unsigned first = static_cast<unsigned>(date.month()) < 7 ? 1 : 7;
    const sys_days begins{date.year() / month{first} / 1};
    return {static_cast<std::uint32_t>(static_cast<int>(date.year())) * 100 + first,
            begins.time_since_epoch().count() * day_ns - taipei_ahead_ns};
}

}  // namespace

UserStore::UserStore(const config::UserTable& users, UserStoreOptions options)
    : users_(users),
      options_(std::move(options)),
      locks_(options_.locks),
      database_(std::make_unique<UserDatabase>()),
      entries_(std::make_unique<Entries>()) {
    if (!options_.utc_ns) {
        options_.utc_ns = system_utc_ns;
    }
    if (!options_.monotonic_ns) {
        options_.monotonic_ns = steady_ns;
    }
}

UserStore::~UserStore() = default;

std::string UserStore::open() {
    Entries entries;
    std::vector<VisitView> visits;
    if (!options_.database.empty()) {
        std::vector<StoredUser> stored;
        std::string error = database_->open(options_.database);
        error = error.empty() ? database_->load(stored, visits) : error;
        if (!error.empty()) {
            return "control.user_database: " + error;
        }
        for (StoredUser& one : stored) {
            static_cast<StoredUser&>(entries[one.user.name]) = std::move(one);
        }
    }
    if (entries.empty() && !options_.database.empty() && !options_.state_file.empty()) {
        const auto loaded = config::load_user_states(options_.state_file);
        if (!loaded.ok()) {
            return config::describe(loaded.errors.front());
        }
        for (const config::UserState& state : loaded.value) {
            entries[state.name].state = state;
        }
    }
    std::string error = take_in(entries);
    const std::lock_guard lock(mutex_);
    *entries_ = std::move(entries);
    visits_ = std::move(visits);
    return error;
}

// What the broker has written into the users file wins over what is kept, but for a role that two persons
// set.
std::string UserStore::take_in(Entries& entries) const {
    const risk::UtcNs now = options_.utc_ns();
    std::vector<const StoredUser*> changed;
    for (const config::User& of_file : users_.users()) {
        Entry& entry = entries[of_file.name];
        const config::User before = entry.user;
        const bool was_of_file = entry.of_file;
        entry.user = of_file;
        entry.user.role = entry.role_set ? before.role : of_file.role;
        entry.of_file = true;
        entry.created_ns = entry.created_ns == 0 ? now : entry.created_ns;
        config::UserState& state = entry.state;
        if (state.file_hash != of_file.password_hash) {
            // First seen, or the broker has set another password: its age counts from now.
            if (state.file_hash.empty()) {
                state.used_ns = now;
            } else {
                state.history.insert(state.history.begin(),
                                     state.password_hash.empty() ? state.file_hash : state.password_hash);
                entry.remember(options_.policy.history);
            }
            state.name = of_file.name;
            state.file_hash = of_file.password_hash;
            state.password_hash.clear();
            state.changed_ns = now;
            state.must_change = of_file.must_change;
        } else if (was_of_file && before.role == entry.user.role && before.expires_ns == of_file.expires_ns) {
            continue;
        }
        changed.push_back(&entry);
    }
    std::erase_if(entries, [](const auto& entry) { return entry.second.user.name.empty(); });
    for (auto& [name, entry] : entries) {
        // The broker has taken it out of the file again.
        entry.user.disabled = entry.user.disabled || (entry.of_file && users_.find(name.view()) == nullptr);
    }
    if (changed.empty() || options_.database.empty()) {
        return {};
    }
    const std::string error = database_->store(changed);
    return error.empty() ? error : "control.user_database: " + error;
}

// --- judging

bool UserStore::find(const risk::UserName& name, Entry& into) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_->find(name);
    if (found == entries_->end()) {
        return false;
    }
    into = found->second;
    return true;
}

bool UserStore::visited_now(const risk::UserName& vendor) const {
    const risk::UtcNs now = options_.utc_ns();
    return std::any_of(visits_.begin(), visits_.end(), [&](const VisitView& visit) {
        return visit.vendor == vendor && !is_over(visit, now);
    });
}

std::string UserStore::why_off(const Entry& entry) const {
    const risk::UtcNs now = options_.utc_ns();
    const config::UserState& state = entry.state;
    if (entry.user.disabled) {
        return "disabled in the users file";
    }
    if (state.disabled) {
        return "disabled";
    }
    if (entry.user.expires_ns != 0 && now >= entry.user.expires_ns) {
        return "ended at " + config::utc_text(entry.user.expires_ns);
    }
    if (now - state.used_ns >= std::int64_t{options_.policy.idle_days} * day_ns) {
        return "idle for " + days_text(options_.policy.idle_days);
    }
    if (state.must_change && now - state.changed_ns >= std::int64_t{options_.policy.initial_days} * day_ns) {
        return "initial password not changed for " + days_text(options_.policy.initial_days);
    }
    if (entry.user.role == config::Role::vendor && !visited_now(entry.user.name)) {
        return "a vendor without an open visit";
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

Verified UserStore::verify(std::string_view name, std::string_view password, std::string_view totp) {
    Entry known;
    const bool exists = risk::UserName::fits(name) && find(risk::UserName(name), known);
    const std::string hash = exists ? known.hash() : users_.decoy_hash(name);
    const bool right = config::verify_password(hash, password);
    if (!right || !exists) {
        return {};
    }
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_->at(known.user.name);
    if (entry.version != known.version) {
        return {};  // changed while this one was verified: it is an old password now
    }
    if (entry.totp_confirmed) {
        const std::int64_t step = totp_step_of(entry.totp_secret, totp, options_.utc_ns(), entry.totp_step);
        if (step < 0) {
            return {};
        }
        entry.totp_step = step;
    }
    return judge(entry);
}

Verified UserStore::standing(std::string_view name, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_->find(risk::UserName(name));
    if (found == entries_->end() || found->second.version != version) {
        return {};
    }
    return judge(found->second);
}

// The password being right. Only a logon that gets further is a use of the account.
Verified UserStore::judge(Entry& entry) {
    Verified verified;
    verified.version = entry.version;
    verified.role = entry.user.role;
    verified.second_factor = entry.totp_confirmed;
    verified.text = why_off(entry);
    if (!verified.text.empty()) {
        verified.result = Verification::disabled;
        return verified;
    }
    verified.text = why_change(entry.state);
    verified.result = verified.text.empty() ? Verification::good : Verification::must_change;
    const risk::UtcNs now = options_.utc_ns();
    if (verified.result == Verification::good) {
        unstored_use_ = unstored_use_ || now / day_ns != entry.state.used_ns / day_ns;
        entry.state.used_ns = std::max(entry.state.used_ns, now);
    }
    return verified;
}

// --- passwords

std::string UserStore::reused(const config::UserState& state, std::string_view new_password) const {
    const std::size_t compared = std::min<std::size_t>(state.history.size(), options_.policy.history - 1);
    for (std::size_t i = 0; i < compared; ++i) {
        if (config::verify_password(state.history[i], new_password)) {
            return "the new password must differ from the last " + std::to_string(options_.policy.history);
        }
    }
    return {};
}

std::string UserStore::change(const risk::UserName& name, std::string_view old_password,
                              std::string_view new_password, std::uint64_t version) {
    return edit(name, [&](Entry& entry) -> std::string {
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
        if (std::string problem = reused(entry.state, new_password); !problem.empty()) {
            return problem;
        }
        const std::string past = config::hash_password(old_password, options_.history_hash);
        const std::string hash = config::hash_password(new_password, options_.new_hash);
        if (past.empty() || hash.empty()) {
            return "no memory to make the hash";
        }
        entry.state.history.insert(entry.state.history.begin(), past);
        entry.remember(options_.policy.history);
        entry.state.password_hash = hash;
        entry.state.changed_ns = now;
        entry.state.used_ns = now;
        entry.state.must_change = false;
        ++entry.version;
        return {};
    });
}

std::string UserStore::set_initial(Entry& entry, std::string_view initial_password) const {
    const std::string hash = config::hash_password(initial_password, options_.new_hash);
    if (hash.empty()) {
        return "no memory to make the hash";
    }
    entry.state.password_hash = hash;
    entry.state.changed_ns = options_.utc_ns();
    entry.state.must_change = true;
    ++entry.version;
    return {};
}

// --- storing

std::string UserStore::commit(const risk::UserName& name, const Entry& changed) {
    if (options_.database.empty()) {
        return "this gateway keeps no users' state";
    }
    if (const std::string problem = database_->store({&changed}); !problem.empty()) {
        return "the change could not be stored: " + problem;
    }
    const std::lock_guard lock(mutex_);
    Entry& kept = (*entries_)[name];
    Entry next = changed;
    // What a logon has moved meanwhile stays moved.
    next.state.used_ns = std::max(next.state.used_ns, kept.state.used_ns);
    if (next.totp_secret == kept.totp_secret) {
        next.totp_step = std::max(next.totp_step, kept.totp_step);
    }
    kept = std::move(next);
    return {};
}

std::string UserStore::edit(const risk::UserName& name, const std::function<std::string(Entry&)>& act) {
    const std::lock_guard one_change(change_mutex_);
    Entry entry;
    if (!find(name, entry)) {
        return "the user is not known";
    }
    std::string problem = act(entry);
    return problem.empty() ? commit(name, entry) : problem;
}

void UserStore::flush(bool at_once) {
    const std::unique_lock one_change(change_mutex_, std::try_to_lock);
    const std::int64_t now = options_.monotonic_ns();
    if (!one_change.owns_lock() || options_.database.empty()) {
        return;
    }
    std::vector<std::pair<risk::UserName, risk::UtcNs>> uses;
    {
        const std::lock_guard lock(mutex_);
        if (!unstored_use_ || (!at_once && now - flushed_ns_ < flush_pause_ns)) {
            return;
        }
        flushed_ns_ = now;
        unstored_use_ = false;
        for (const auto& [name, entry] : *entries_) {
            uses.emplace_back(name, entry.state.used_ns);
        }
    }
    if (!database_->store_uses(uses).empty()) {
        const std::lock_guard lock(mutex_);
        unstored_use_ = true;  // tried again after the pause
    }
}

std::uint32_t UserStore::half_year_now() const {
    return half_year_of(options_.utc_ns()).month;
}

std::vector<VisitView> UserStore::visits() const {
    const risk::UtcNs now = options_.utc_ns();
    const std::lock_guard lock(mutex_);
    std::vector<VisitView> views = visits_;
    for (VisitView& view : views) {
        const risk::UtcNs ended = view.closed_ns != 0 ? view.closed_ns : view.until_ns;
        view.overdue = view.signed_ns == 0 && now - ended >= sign_off_days * day_ns;
    }
    return views;
}

std::vector<ReviewView> UserStore::reviews() const {
    const risk::UtcNs now = options_.utc_ns();
    const HalfYear half = half_year_of(now);
    std::vector<ReviewView> views;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : *entries_) {
        const bool decided = entry.reviewed_half_year == half.month;
        if (!decided && (entry.user.disabled || entry.state.disabled)) {
            continue;  // has no rights to be reviewed
        }
        ReviewView view;
        view.name = name;
        view.role = entry.user.role;
        view.half_year = half.month;
        view.used_ns = entry.state.used_ns;
        if (decided) {
            view.decision = entry.review;
            view.by = entry.reviewed_by;
            view.decided_ns = entry.reviewed_ns;
        }
        // Who has come since the half-year began was looked at then.
        view.overdue =
            !decided && entry.created_ns < half.begins_ns && now - half.begins_ns >= review_days * day_ns;
        views.push_back(view);
    }
    return views;
}

std::vector<UserView> UserStore::list() const {
    std::vector<UserView> views;
    const risk::UtcNs now = options_.utc_ns();
    const std::int64_t monotonic_now = options_.monotonic_ns();
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : *entries_) {
        UserView view;
        view.name = name;
        view.role = entry.user.role;
        view.state = why_off(entry);
        view.state = view.state.empty() ? why_change(entry.state) : view.state;
        view.state = view.state.empty() ? "active" : view.state;
        view.locked = locks_.locked_anywhere(name, monotonic_now);
        view.second_factor = entry.totp_confirmed;
        view.changed_ns = entry.state.changed_ns;
        view.used_ns = entry.state.used_ns;
        view.expires_ns = entry.user.expires_ns;
        view.password_age_days = (now - entry.state.changed_ns) / day_ns;
        views.push_back(view);
    }
    return views;
}

}  // namespace fairlead::gateway
