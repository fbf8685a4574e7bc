// AuthWorker: verifies user and password, and changes passwords, on threads of its own with a bounded queue,
// so that neither the order thread nor the control thread ever waits for a hash or a disk. What a password
// must be and where it is kept is the UserStore's; it knows no sessions and no rights.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/users.hpp"
#include "gateway/control/user_store.hpp"
#include "risk/words.hpp"

namespace fairlead::gateway {

// A password on its way to a worker. No copy leaves its bytes behind.
struct PasswordBytes {
    std::uint8_t length = 0;
    bool too_long = false;  // for any user: the work is done all the same
    std::array<char, config::password_bytes_max> bytes{};

    PasswordBytes() = default;
    PasswordBytes(const PasswordBytes&) = default;
    PasswordBytes& operator=(const PasswordBytes&) = default;
    ~PasswordBytes() { wipe(); }
    void set(std::string_view text) noexcept;
    void wipe() noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), length}; }
};

enum class AuthTask : std::uint8_t {
    verify = 0,
    verify_and_change = 1,  // the user's own password: the present one, and the one to come
    // Acts of staff, verified before; `user` is whom they are about.
    change = 2,  // by `version` of what was verified; password is the present one
    disable = 3,
    enable = 4,
    unlock = 5,
    reset = 6,     // new_password is the initial one
    add_user = 7,  // with `act.role`; new_password is the initial one
    set_role = 8,
    totp_enrol = 9,
    totp_confirm = 10,
    totp_remove = 11,
    visit = 12,   // by `act`
    review = 13,  // by `act`
};

struct AuthRequest {
    std::uint64_t ticket = 0;  // the caller's own: comes back in the result
    AuthTask task = AuthTask::verify;
    risk::UserName user;
    bool user_too_long = false;             // for any user: the work is done all the same
    risk::Text<16> client;                  // SenderCompID of a client session; empty: staff
    std::array<std::uint8_t, 16> source{};  // address of the peer, mapped; or a local user's id
    std::uint64_t version = 0;
    PasswordBytes password;
    PasswordBytes new_password;
    risk::Text<8> totp;  // the second factor's code, may be empty
    StaffAct act;

    void set(std::string_view user_name, std::string_view password_text) noexcept;
    void wipe() noexcept;
};

enum class AuthVerdict : std::uint8_t {
    none = 0,
    accepted = 1,
    bad_credentials = 2,  // unknown user and wrong password: not told apart
    locked = 3,
    must_change = 4,     // the password is right but may only be changed: `text` says why
    disabled = 5,        // the password is right, the account is off: `text` says why, for the operator
    change_refused = 6,  // the password is right, the new one was not taken: `text` says why
    failed = 7,          // an act of staff that was not done: `text` says why
    not_certified = 8,   // the password is right, the program has no certificate: `text` says why
};

struct AuthResult {
    std::uint64_t ticket = 0;
    AuthVerdict verdict = AuthVerdict::none;
    config::Role role = config::Role::none;  // when the password was right
    bool changed = false;                    // a new password has been stored
    bool second_factor = false;              // the user has one
    risk::UserName user;
    std::uint64_t version = 0;       // of the password that was right
    std::uint32_t failures = 0;      // of this user and source, in a row
    std::int64_t locked_for_ns = 0;  // what is left of the lock, when locked or just locked
    risk::Text<160> text;
};

struct AuthOptions {
    unsigned threads = 1;
    std::size_t queue_max = 256;
    // Of the workers, as nice(2). Where processors are few, checks of clients' passwords (half a second each)
    // must not take them from the order thread. Who stops trading must not wait for those who trade: 0 for
    // staff.
    int nice = 0;
    // Why the program behind a SenderCompID may not log on; empty text: it may. Without it: any may. Asked on
    // a worker, once the password has been found right.
    std::function<std::string(std::string_view client)> why_not_certified;
};

class AuthWorker {
  public:
    // `done` is called on a worker thread; it must be quick and may not throw.
    using Done = std::function<void(const AuthResult&)>;
    AuthWorker(UserStore& users, Done done, AuthOptions options = {});
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
