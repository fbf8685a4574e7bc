// AuthWorker: verifies user and password against argon2id hashes on threads of its own, with a bounded
// queue, so that neither the order thread nor the control thread ever waits for a hash. It knows no
// sessions and no rights. Locks a (user, source) pair after five failures, with growing delay, so an
// attacker elsewhere cannot lock a trader out.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "config/users.hpp"
#include "risk/words.hpp"

namespace fairlead::gateway {

struct AuthRequest {
    std::uint64_t ticket = 0;  // the caller's own: comes back in the result
    risk::UserName user;
    bool user_too_long = false;  // a name or password too long for any user: the work is done all the same,
    bool password_too_long = false;         // and the answer is bad_credentials
    std::array<std::uint8_t, 16> source{};  // address of the peer, mapped; or a local user's id
    std::uint8_t password_length = 0;
    std::array<char, config::password_bytes_max> password{};

    AuthRequest() = default;
    AuthRequest(const AuthRequest&) = default;
    AuthRequest& operator=(const AuthRequest&) = default;
    ~AuthRequest() { wipe(); }  // no copy leaves a password behind

    void set(std::string_view user_name, std::string_view password_text) noexcept;
    void wipe() noexcept;
};

enum class AuthVerdict : std::uint8_t {
    none = 0,
    accepted = 1,
    bad_credentials = 2,  // unknown user, wrong password, disabled user: not told apart
    locked = 3,
};

struct AuthResult {
    std::uint64_t ticket = 0;
    AuthVerdict verdict = AuthVerdict::none;
    config::Role role = config::Role::none;  // when accepted
    risk::UserName user;
    std::uint32_t failures = 0;      // of this user and source, in a row
    std::int64_t locked_for_ns = 0;  // what is left of the lock, when locked or just locked
};

struct AuthOptions {
    unsigned threads = 1;
    std::size_t queue_max = 256;
    std::uint32_t failures_max = 5;
    std::int64_t first_lock_ns = 30'000'000'000;  // doubles with each further failure
    std::int64_t lock_ns_max = 3'600'000'000'000;
    std::size_t tracked_max = 65'536;            // pairs remembered; the oldest is forgotten
    std::function<std::int64_t()> monotonic_ns;  // empty: the steady clock; tests give their own
};

class AuthWorker {
  public:
    // `done` is called on a worker thread; it must be quick and may not throw. `users` is copied.
    using Done = std::function<void(const AuthResult&)>;
    AuthWorker(const config::UserTable& users, Done done, AuthOptions options = {});
    ~AuthWorker();  // finishes what runs, drops what waits, joins
    AuthWorker(const AuthWorker&) = delete;
    AuthWorker& operator=(const AuthWorker&) = delete;

    // Lock-free and without heap: the order thread calls it. False: the queue is full; nothing was taken.
    [[nodiscard]] bool submit(const AuthRequest& request) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fairlead::gateway
