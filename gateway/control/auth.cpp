// AuthWorker: verifies user and password against argon2id hashes on threads of its own.
#include "gateway/control/auth.hpp"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace fairlead::gateway {
namespace {

// Failures in a row of one user from one source. The user need not exist: a lock says nothing.
struct Key {
    risk::UserName user;
    std::array<std::uint8_t, 16> source{};
    auto operator<=>(const Key&) const = default;
};
struct Attempts {
    std::uint32_t failures = 0;
    std::int64_t locked_until_ns = 0;
    std::int64_t last_ns = 0;
};

std::int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

void AuthRequest::set(std::string_view user_name, std::string_view password_text) noexcept {
    user = risk::UserName(user_name);
    user_too_long = !risk::UserName::fits(user_name);
    password_too_long = password_text.size() > password.size();
    const std::size_t length = std::min(password_text.size(), password.size());
    std::memcpy(password.data(), password_text.data(), length);
    password_length = static_cast<std::uint8_t>(length);
}

void AuthRequest::wipe() noexcept {
    sodium_memzero(password.data(), password.size());
    password_length = 0;
}

struct AuthWorker::State {
    State(const config::UserTable& table, Done callback, AuthOptions given)
        : users(table),
          done(std::move(callback)),
          options(std::move(given)),
          queue(options.queue_max, 0, 4) {  // producers: order thread, control thread, and to spare
        if (!options.monotonic_ns) {
            options.monotonic_ns = steady_ns;
        }
    }

    config::UserTable users;  // never changes after construction: read by all workers
    Done done;
    AuthOptions options;
    moodycamel::BlockingConcurrentQueue<AuthRequest> queue;
    std::atomic<std::size_t> waiting{0};  // in the queue or being verified
    std::atomic<bool> stopping{false};
    std::mutex attempts_mutex;  // workers only; the order thread never takes it
    std::map<Key, Attempts> attempts;
    std::vector<std::thread> threads;

    void run();
    AuthResult verify(const AuthRequest& request);
    void count_failure(const Key& key, AuthResult& result);
    void forget_oldest();
};

void AuthWorker::State::run() {
    AuthRequest request;
    // Relaxed: the flag alone is read; a late look costs one more period.
    while (!stopping.load(std::memory_order_relaxed)) {
        if (!queue.wait_dequeue_timed(request, std::chrono::milliseconds(100))) {
            continue;
        }
        const AuthResult result = verify(request);
        request.wipe();  // not only at the next request
        // Relaxed, as in submit: a count, nothing is published through it.
        waiting.fetch_sub(1, std::memory_order_relaxed);
        done(result);
    }
}

AuthResult AuthWorker::State::verify(const AuthRequest& request) {
    AuthResult result;
    result.ticket = request.ticket;
    result.user = request.user;
    const Key key{request.user, request.source};
    const std::int64_t before_ns = options.monotonic_ns();
    {
        const std::lock_guard lock(attempts_mutex);
        const auto found = attempts.find(key);
        if (found != attempts.end() && found->second.locked_until_ns > before_ns) {
            result.verdict = AuthVerdict::locked;
            result.failures = found->second.failures;
            result.locked_for_ns = found->second.locked_until_ns - before_ns;
            return result;
        }
    }
    const std::string_view password(request.password.data(), request.password_length);
    const config::User* user = users.verify(request.user.view(), password);
    const std::lock_guard lock(attempts_mutex);
    if (user != nullptr && !request.user_too_long && !request.password_too_long) {
        attempts.erase(key);
        result.verdict = AuthVerdict::accepted;
        result.role = user->role;
        return result;
    }
    result.verdict = AuthVerdict::bad_credentials;
    count_failure(key, result);
    return result;
}

void AuthWorker::State::count_failure(const Key& key, AuthResult& result) {
    if (attempts.size() >= options.tracked_max && !attempts.contains(key)) {
        forget_oldest();
    }
    Attempts& entry = attempts[key];
    ++entry.failures;
    entry.last_ns = options.monotonic_ns();
    if (entry.failures >= options.failures_max) {
        const std::uint32_t doublings = std::min<std::uint32_t>(entry.failures - options.failures_max, 20);
        const std::int64_t lock_ns = std::min(options.lock_ns_max, options.first_lock_ns << doublings);
        entry.locked_until_ns = entry.last_ns + lock_ns;
        result.locked_for_ns = lock_ns;
    }
    result.failures = entry.failures;
}

// Makes room by the pair whose last failure is longest ago. Rare: only under attack by many names.
void AuthWorker::State::forget_oldest() {
    const auto oldest = std::min_element(attempts.begin(), attempts.end(), [](const auto& a, const auto& b) {
        return a.second.last_ns < b.second.last_ns;
    });
    if (oldest != attempts.end()) {
        attempts.erase(oldest);
    }
}

AuthWorker::AuthWorker(const config::UserTable& users, Done done, AuthOptions options)
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
