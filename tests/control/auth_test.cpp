// Logons verified off the order thread: verdicts, locks, bounds.
#include "gateway/control/auth.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "gateway/control/server.hpp"

#include "tests/control/world.hpp"

using namespace fairlead;
using gateway::AuthOptions;
using gateway::AuthRequest;
using gateway::AuthResult;
using gateway::AuthVerdict;
using gateway::AuthWorker;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// A worker whose clock is the test's, asked one request at a time.
class AuthWorld {
  public:
    explicit AuthWorld(gateway::LockOptions locks = {}, AuthOptions options = {})
        : users_(tests::sample_users(), with_clock(locks)),
          worker_(
              users_,
              [this](const AuthResult& result) {
                  const std::lock_guard lock(mutex_);
                  results_.push_back(result);
                  arrived_.notify_one();
              },
              std::move(options)) {
        REQUIRE(users_.open().empty());
    }
    AuthResult ask(const std::string& user, const std::string& password, std::uint8_t source = 1) {
        AuthRequest request;
        request.source[15] = source;
        request.set(user, password);
        return ask(request);
    }
    AuthResult ask(AuthRequest& request) {
        request.ticket = ++ticket_;
        REQUIRE(worker_.submit(request));
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !results_.empty(); });
        const AuthResult result = results_.front();
        results_.pop_front();
        CHECK(result.ticket == ticket_);
        return result;
    }
    std::atomic<std::int64_t> now_ns{second_ns};

  private:
    gateway::UserStoreOptions with_clock(gateway::LockOptions locks) {
        gateway::UserStoreOptions options;
        options.locks = locks;
        options.monotonic_ns = [this] { return now_ns.load(); };
        return options;
    }
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<AuthResult> results_;
    std::uint64_t ticket_ = 0;
    gateway::UserStore users_;
    AuthWorker worker_;
};

}  // namespace

TEST_CASE("a_logon_is_accepted_by_user_password_and_state_only") {
    AuthWorld world;
    struct Row {
        std::string user;
        std::string password;
        AuthVerdict verdict;
    };
    const Row rows[] = {
        {"officer", "pw-officer", AuthVerdict::accepted},
        {"officer", "pw-officer ", AuthVerdict::bad_credentials},
        {"officer", "", AuthVerdict::bad_credentials},
        {"Officer", "pw-officer", AuthVerdict::bad_credentials},
        {"nobody", "pw-officer", AuthVerdict::bad_credentials},
        {"", "", AuthVerdict::bad_credentials},
        {"gone", "pw-gone", AuthVerdict::disabled},
        {"client", "pw-client" + std::string(200, 'x'), AuthVerdict::bad_credentials},
        {"client" + std::string(30, 'x'), "pw-client", AuthVerdict::bad_credentials},
        {"client", "pw-client", AuthVerdict::accepted},
    };
    for (const Row& row : rows) {
        INFO(row.user << " " << row.password);
        CHECK(world.ask(row.user, row.password).verdict == row.verdict);
    }
    CHECK(world.ask("client", "pw-client").role == config::Role::client);
}

TEST_CASE("a_program_without_certificate_is_refused_once_the_password_is_right_and_changes_none") {
    AuthOptions options;
    options.why_not_certified = [](std::string_view client) {
        return client == "CERTIFIED" ? std::string() : std::string("no certificate");
    };
    AuthWorld world({}, options);
    struct Row {
        const char* password;
        const char* client;
        AuthVerdict verdict;
        const char* text;
    };
    const Row rows[] = {
        {"pw-client", "CERTIFIED", AuthVerdict::accepted, ""},
        {"pw-client", "OTHER", AuthVerdict::not_certified, "no certificate"},
        {"pw-wrong", "OTHER", AuthVerdict::bad_credentials, ""},
        {"pw-client", "", AuthVerdict::accepted, ""},  // staff has no program
    };
    for (const Row& row : rows) {
        AuthRequest request;
        request.set("client", row.password);
        request.client = risk::Text<16>(row.client);
        const AuthResult result = world.ask(request);
        CHECK(result.verdict == row.verdict);
        CHECK(result.text.view() == row.text);
    }
    AuthRequest change;
    change.set("client", "pw-client");
    change.task = gateway::AuthTask::verify_and_change;
    change.new_password.set("another Password 7");
    change.client = risk::Text<16>("OTHER");
    const AuthResult refused = world.ask(change);
    CHECK(refused.verdict == AuthVerdict::not_certified);
    CHECK(!refused.changed);
    CHECK(world.ask("client", "pw-client").verdict == AuthVerdict::accepted);
}

TEST_CASE("five_failures_lock_one_user_from_one_source_with_growing_delay") {
    AuthWorld world;
    for (int i = 1; i <= 4; ++i) {
        CHECK(world.ask("officer", "no").locked_for_ns == 0);
    }
    CHECK(world.ask("officer", "no").locked_for_ns == 30 * second_ns);
    CHECK(world.ask("officer", "pw-officer").verdict == AuthVerdict::locked);
    // Another source and another user are untouched.
    CHECK(world.ask("officer", "pw-officer", 2).verdict == AuthVerdict::accepted);
    CHECK(world.ask("operator", "pw-operator").verdict == AuthVerdict::accepted);
    // One step short of the end it still holds; then the next failure doubles it.
    world.now_ns += 30 * second_ns - 1;
    CHECK(world.ask("officer", "pw-officer").verdict == AuthVerdict::locked);
    world.now_ns += 1;
    CHECK(world.ask("officer", "no").locked_for_ns == 60 * second_ns);
    world.now_ns += 60 * second_ns;
    CHECK(world.ask("officer", "pw-officer").verdict == AuthVerdict::accepted);
    // A success forgets the failures.
    CHECK(world.ask("officer", "no").failures == 1);
}

TEST_CASE("an_unknown_user_is_locked_like_a_known_one") {
    AuthWorld world;
    for (int i = 0; i < 5; ++i) {
        CHECK(world.ask("nobody", "no").verdict == AuthVerdict::bad_credentials);
    }
    CHECK(world.ask("nobody", "no").verdict == AuthVerdict::locked);
}

TEST_CASE("the_delay_has_a_ceiling") {
    AuthWorld world;
    std::int64_t last = 0;
    for (int i = 0; i < 40; ++i) {
        last = world.ask("officer", "no").locked_for_ns;
        world.now_ns += last;
    }
    CHECK(last == 3600 * second_ns);
}

TEST_CASE("pairs_remembered_are_bounded_and_the_oldest_goes_first") {
    gateway::LockOptions options;
    options.tracked_max = 3;
    AuthWorld world(options);
    CHECK(world.ask("officer", "no").failures == 1);
    for (const char* name : {"a", "b", "c"}) {
        world.now_ns += 1;
        world.ask(name, "no");
    }
    world.now_ns += 1;
    CHECK(world.ask("c", "no").failures == 2);
    CHECK(world.ask("officer", "no").failures == 1);
}

TEST_CASE("checks_of_clients_yield_to_the_order_thread_and_those_of_staff_do_not") {
    gateway::UserStore users(tests::sample_users(), {});
    REQUIRE(users.open().empty());
    for (const int nice : {gateway::ControlOptions{}.auth.nice, 10}) {
        std::promise<int> seen;
        AuthOptions options;
        options.nice = nice;
        AuthWorker worker(
            users,
            [&](const AuthResult&) {
                seen.set_value(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())));
            },
            options);
        AuthRequest request;
        request.set("officer", "pw-officer");
        REQUIRE(worker.submit(request));
        CHECK(seen.get_future().get() == std::max(nice, ::getpriority(PRIO_PROCESS, 0)));
    }
    CHECK(gateway::ControlOptions{}.auth.nice == 0);
}

TEST_CASE("a_full_queue_takes_nothing_more") {
    std::mutex gate;
    AuthOptions options;
    options.queue_max = 4;
    std::unique_lock hold(gate);
    gateway::UserStore users(tests::sample_users(), {});
    REQUIRE(users.open().empty());
    AuthWorker worker(
        users, [&](const AuthResult&) { const std::lock_guard lock(gate); }, options);
    AuthRequest request;
    request.set("officer", "pw-officer");
    unsigned taken = 0;
    for (int i = 0; i < 100; ++i) {
        taken += worker.submit(request) ? 1U : 0U;
    }
    // Room for four; one more place opens when the first has been verified.
    CHECK(taken >= 4);
    CHECK(taken <= 6);
    hold.unlock();
}
