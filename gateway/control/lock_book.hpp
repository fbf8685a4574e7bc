// LockBook: counts failures in a row of a user from one source and locks that pair, for longer each time, so
// that an attacker elsewhere cannot lock a trader out. Names need not exist: a lock says nothing. Kept in
// memory only. Asked by the workers of AuthWorker, from several threads.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

#include "risk/words.hpp"

namespace fairlead::gateway {

struct LockOptions {
    std::uint32_t failures_max = 5;
    std::int64_t first_lock_ns = 30'000'000'000;  // doubles with each further failure
    std::int64_t lock_ns_max = 3'600'000'000'000;
    std::size_t tracked_max = 65'536;  // pairs remembered; the oldest is forgotten
};

struct LockState {
    std::uint32_t failures = 0;  // in a row
    std::int64_t left_ns = 0;    // what is left of the lock; 0 = not locked
};

class LockBook {
  public:
    using Source = std::array<std::uint8_t, 16>;
    explicit LockBook(LockOptions options = {}) : options_(options) {}

    [[nodiscard]] LockState state(const risk::UserName& user, const Source& source,
                                  std::int64_t now_ns) const;
    LockState count_failure(const risk::UserName& user, const Source& source, std::int64_t now_ns);
    // A good logon from there.
    void forget(const risk::UserName& user, const Source& source);
    // Staff's word: the user is free from everywhere. False: it was not locked.
    bool unlock(const risk::UserName& user, std::int64_t now_ns);
    [[nodiscard]] bool locked_anywhere(const risk::UserName& user, std::int64_t now_ns) const;

  private:
    struct Key {
        risk::UserName user;
        Source source{};
        auto operator<=>(const Key&) const = default;
    };
    struct Attempts {
        std::uint32_t failures = 0;
        std::int64_t locked_until_ns = 0;
        std::int64_t last_ns = 0;
    };
    void forget_oldest();

    LockOptions options_;
    mutable std::mutex mutex_;
    std::map<Key, Attempts> attempts_;
};

}  // namespace fairlead::gateway
