// AuthWorker: one bounded queue, threads that verify, change and act on the UserStore.
#include "gateway/control/auth.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

namespace fairlead::gateway {

void PasswordBytes::set(std::string_view text) noexcept {
    too_long = text.size() > bytes.size();
    const std::size_t kept = std::min(text.size(), bytes.size());
    std::memcpy(bytes.data(), text.data(), kept);
    length = static_cast<std::uint8_t>(kept);
}

void PasswordBytes::wipe() noexcept {
    sodium_memzero(bytes.data(), bytes.size());
    length = 0;
}

void AuthRequest::set(std::string_view user_name, std::string_view password_text) noexcept {
    user = risk::UserName(user_name);
    user_too_long = !risk::UserName::fits(user_name);
    password.set(password_text);
}

void AuthRequest::wipe() noexcept {
    password.wipe();
    new_password.wipe();
}

struct AuthWorker::State {
    State(UserStore& store, Done callback, AuthOptions given)
        : users(store),
          done(std::move(callback)),
          options(std::move(given)),
          queue(options.queue_max, 0, 4) {}  // producers: order thread, control thread, and to spare

    UserStore& users;
    Done done;
    AuthOptions options;
    moodycamel::BlockingConcurrentQueue<AuthRequest> queue;
    std::atomic<std::size_t> waiting{0};  // in the queue or being verified
    std::atomic<bool> stopping{false};
    std::vector<std::thread> threads;

    void run();
    AuthResult work(const AuthRequest& request);
    void certify(const AuthRequest& request, AuthResult& result);
    AuthResult verify(const AuthRequest& request);
    void change(const AuthRequest& request, AuthResult& result);
    void act(const AuthRequest& request, AuthResult& result);
};

void AuthWorker::State::run() {
    // Of this thread alone, as Linux has it; a thread that may not be as polite works all the same.
    const id_t self = static_cast<id_t>(::gettid());
    static_cast<void>(
        ::setpriority(PRIO_PROCESS, self, std::max(options.nice, ::getpriority(PRIO_PROCESS, self))));
    AuthRequest request;
    // Relaxed: the flag alone is read; a late look costs one more period.
    while (!stopping.load(std::memory_order_relaxed)) {
        users.flush(false);
        if (!queue.wait_dequeue_timed(request, std::chrono::milliseconds(100))) {
            continue;
        }
        const AuthResult result = work(request);
        request.wipe();  // not only at the next request
        // Relaxed, as in submit: a count, nothing is published through it.
        waiting.fetch_sub(1, std::memory_order_relaxed);
        done(result);
    }
}

AuthResult AuthWorker::State::work(const AuthRequest& request) {
    AuthResult result;
    if (request.task == AuthTask::verify || request.task == AuthTask::verify_and_change) {
        result = verify(request);
        certify(request, result);
        const bool right =
            result.verdict == AuthVerdict::accepted || result.verdict == AuthVerdict::must_change;
        if (right && request.task == AuthTask::verify_and_change) {
            change(request, result);
        }
        return result;
    }
    result.ticket = request.ticket;
    result.user = request.user;
    if (request.task == AuthTask::change) {
        result.version = request.version;
        change(request, result);
    } else {
        act(request, result);
    }
    return result;
}

AuthResult AuthWorker::State::verify(const AuthRequest& request) {
    AuthResult result;
    result.ticket = request.ticket;
    result.user = request.user;
    LockBook& locks = users.locks();
    const LockState before = locks.state(request.user, request.source, users.monotonic_ns());
    if (before.left_ns > 0) {
        result.verdict = AuthVerdict::locked;
        result.failures = before.failures;
        result.locked_for_ns = before.left_ns;
        return result;
    }
    const Verified verified = users.verify(request.user.view(), request.password.view(), request.totp.view());
    if (verified.result == Verification::wrong || request.user_too_long || request.password.too_long) {
        result.verdict = AuthVerdict::bad_credentials;
        const LockState after = locks.count_failure(request.user, request.source, users.monotonic_ns());
        result.failures = after.failures;
        result.locked_for_ns = after.left_ns;
        return result;
    }
    locks.forget(request.user, request.source);
    result.role = verified.role;
    result.version = verified.version;
    result.second_factor = verified.second_factor;
    result.text = risk::Text<160>(verified.text);
    result.verdict = verified.result == Verification::good          ? AuthVerdict::accepted
                     : verified.result == Verification::must_change ? AuthVerdict::must_change
                                                                    : AuthVerdict::disabled;
    return result;
}

// A program that may not log on has no password to change either: what it is told is one thing at a time.
void AuthWorker::State::certify(const AuthRequest& request, AuthResult& result) {
    const bool right = result.verdict == AuthVerdict::accepted || result.verdict == AuthVerdict::must_change;
    if (!right || request.client.empty() || !options.why_not_certified) {
        return;
    }
    if (const std::string problem = options.why_not_certified(request.client.view()); !problem.empty()) {
        result.verdict = AuthVerdict::not_certified;
        result.text = risk::Text<160>(problem);
    }
}

void AuthWorker::State::change(const AuthRequest& request, AuthResult& result) {
    const std::string problem = request.new_password.too_long
                                    ? "the new password must have at most " +
                                          std::to_string(config::password_bytes_max) + " characters"
                                    : users.change(request.user, request.password.view(),
                                                   request.new_password.view(), result.version);
    result.changed = problem.empty();
    result.verdict = problem.empty() ? AuthVerdict::accepted : AuthVerdict::change_refused;
    result.text = risk::Text<160>(problem);
}

void AuthWorker::State::act(const AuthRequest& request, AuthResult& result) {
    std::string problem;
    std::string secret;  // of a second factor: for who has enrolled it
    switch (request.task) {
        case AuthTask::disable:
            problem = users.disable(request.user);
            break;
        case AuthTask::enable:
            problem = users.enable(request.user);
            break;
        case AuthTask::unlock:
            problem = users.unlock(request.user);
            break;
        case AuthTask::reset:
            problem = users.reset(request.user, request.new_password.view());
            break;
        case AuthTask::add_user:
            problem = users.add(request.user, request.act.role, request.new_password.view());
            break;
        case AuthTask::set_role:
            problem = users.set_role(request.user, request.act.role);
            break;
        case AuthTask::totp_enrol:
            problem = users.totp_enrol(request.user, secret);
            break;
        case AuthTask::totp_confirm:
            problem = users.totp_confirm(request.user, request.totp.view());
            break;
        case AuthTask::totp_remove:
            problem = users.totp_remove(request.user);
            break;
        case AuthTask::visit:
            problem = users.visit(request.user, request.act);
            break;
        case AuthTask::review:
            problem = users.review(request.user, request.act);
            break;
        case AuthTask::verify:
        case AuthTask::verify_and_change:
        case AuthTask::change:
            problem = "not an act of staff";
            break;
    }
    result.verdict = problem.empty() ? AuthVerdict::accepted : AuthVerdict::failed;
    result.text = risk::Text<160>(problem.empty() ? secret : problem);
    sodium_memzero(secret.data(), secret.size());
}

AuthWorker::AuthWorker(UserStore& users, Done done, AuthOptions options)
    : state_(std::make_unique<State>(users, std::move(done), std::move(options))) {
    for (unsigned i = 0; i < std::max(1U, state_->options.threads); ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->run(); });
    }
}

AuthWorker::~AuthWorker() {
    // Relaxed: joined below.
    state_->stopping.store(true, std::memory_order_relaxed);
    for (std::thread& thread : state_->threads) {
        thread.join();
    }
    AuthRequest dropped;
    while (state_->queue.try_dequeue(dropped)) {
        dropped.wipe();
    }
    state_->users.flush(true);
}

bool AuthWorker::submit(const AuthRequest& request) noexcept {
    if (state_->waiting.fetch_add(1, std::memory_order_relaxed) >= state_->options.queue_max) {
        state_->waiting.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    // Room was made at construction; without it the request is not taken rather than memory asked for.
    if (!state_->queue.try_enqueue(request)) {
        state_->waiting.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    return true;
}

}  // namespace fairlead::gateway
