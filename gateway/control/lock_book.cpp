// Failures and locks; see lock_book.hpp.
#include "gateway/control/lock_book.hpp"

#include <algorithm>

namespace fairlead::gateway {

LockState LockBook::state(const risk::UserName& user, const Source& source, std::int64_t now_ns) const {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find({user, source});
    if (found == attempts_.end()) {
        return {};
    }
    return {found->second.failures, std::max<std::int64_t>(found->second.locked_until_ns - now_ns, 0)};
}

LockState LockBook::count_failure(const risk::UserName& user, const Source& source, std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    const Key key{user, source};
    if (attempts_.size() >= options_.tracked_max && !attempts_.contains(key)) {
        forget_oldest();
    }
    Attempts& entry = attempts_[key];
    ++entry.failures;
    entry.last_ns = now_ns;
    LockState state{entry.failures, 0};
    if (entry.failures >= options_.failures_max) {
        const std::uint32_t doublings = std::min<std::uint32_t>(entry.failures - options_.failures_max, 20);
        state.left_ns = std::min(options_.lock_ns_max, options_.first_lock_ns << doublings);
        entry.locked_until_ns = now_ns + state.left_ns;
    }
    return state;
}

void LockBook::forget(const risk::UserName& user, const Source& source) {
    const std::lock_guard lock(mutex_);
    attempts_.erase({user, source});
}

bool LockBook::unlock(const risk::UserName& user, std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    bool was_locked = false;
    std::erase_if(attempts_, [&](const auto& entry) {
        const bool same = entry.first.user == user;
        was_locked = was_locked || (same && entry.second.locked_until_ns > now_ns);
        return same;
    });
    return was_locked;
}

bool LockBook::locked_anywhere(const risk::UserName& user, std::int64_t now_ns) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
        return entry.first.user == user && entry.second.locked_until_ns > now_ns;
    });
}

// Makes room by the pair whose last failure is longest ago. Rare: only under attack by many names.
void LockBook::forget_oldest() {
    const auto oldest =
        std::min_element(attempts_.begin(), attempts_.end(),
                         [](const auto& a, const auto& b) { return a.second.last_ns < b.second.last_ns; });
    if (oldest != attempts_.end()) {
        attempts_.erase(oldest);
    }
}

}  // namespace fairlead::gateway
