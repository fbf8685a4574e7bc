// The users as they are now: changes of password, ages, and what a restart and a failing disk leave.
#include "gateway/control/user_store.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/control/world.hpp"

using namespace fairlead;
using gateway::UserStore;
using gateway::Verification;

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t day_ns = 24 * hour_ns;
const risk::UserName client{"client"};

struct StoreWorld {
    tests::TemporaryDirectory directory;
    risk::UtcNs now = 20'000 * day_ns;
    config::UserTable users = tests::sample_users();
    std::unique_ptr<UserStore> store = start();

    std::unique_ptr<UserStore> start() {
        gateway::UserStoreOptions options;
        options.state_file = directory.path() + "/users.state";
        options.new_hash = config::HashCost::minimal_for_tests;
        options.history_hash = config::HashCost::minimal_for_tests;
        options.utc_ns = [this] { return now; };
        auto made = std::make_unique<UserStore>(users, options);
        REQUIRE(made->open() == "");
        return made;
    }
    Verification verify(const std::string& password) { return store->verify("client", password).result; }
    std::string change(const std::string& from, const std::string& to) {
        return store->change(client, from, to, store->verify("client", from).version);
    }
};

}  // namespace

TEST_CASE("a_changed_password_holds_after_a_restart_and_the_old_one_does_not") {
    StoreWorld world;
    REQUIRE(world.change("pw-client", "Correct-Horse-1") == "");
    for (int run = 0; run < 2; ++run) {
        CHECK(world.verify("Correct-Horse-1") == Verification::good);
        CHECK(world.verify("pw-client") == Verification::wrong);
        world.store = world.start();
    }
    CHECK(tests::content_of(world.directory.path() + "/users.state").find("Correct") == std::string::npos);
}

TEST_CASE("each_rule_of_the_policy_refuses_and_leaves_the_old_password") {
    StoreWorld world;
    struct Row {
        const char* password;
        const char* why;
    };
    const Row rows[] = {{"Short-1", "12 to 128"},         {"alllowercaseletters", "3 of lower case"},
                        {"My-Client-Key-1", "user name"}, {"Aa1Aa1Aa1Aa1", "different characters"},
                        {"My-PassWord-123", "password"},  {"Tab\there-Tab-1", "control characters"},
                        {"My-tneilC-Key-1", "user name"}};
    for (const Row& row : rows) {
        INFO(row.password);
        CHECK(world.change("pw-client", row.password).find(row.why) != std::string::npos);
        CHECK(world.verify("pw-client") == Verification::good);
    }
}

TEST_CASE("none_of_the_last_five_passwords_comes_again_and_changes_keep_a_minimum_age") {
    StoreWorld world;
    std::string present = "pw-client";
    for (int i = 1; i <= 5; ++i) {
        const std::string next = "Correct-Horse-" + std::to_string(i);
        REQUIRE(world.change(present, next) == "");
        CHECK(world.change(next, "Other-Horse-77").find("less than 24 hours") != std::string::npos);
        world.now += day_ns;
        present = next;
    }
    for (int i = 1; i <= 5; ++i) {
        CHECK(world.change(present, "Correct-Horse-" + std::to_string(i)).find("last 5") !=
              std::string::npos);
    }
    REQUIRE(world.change(present, "Correct-Horse-6") == "");
    world.now += day_ns;
    CHECK(world.change("Correct-Horse-6", "Correct-Horse-1") == "");
}

TEST_CASE("an_old_password_is_good_for_its_change_only_and_an_idle_account_for_nothing") {
    StoreWorld world;
    world.now += 89 * day_ns;
    CHECK(world.verify("pw-client") == Verification::good);
    world.now += day_ns;
    CHECK(world.verify("pw-client") == Verification::must_change);
    REQUIRE(world.change("pw-client", "Correct-Horse-1") == "");
    CHECK(world.verify("Correct-Horse-1") == Verification::good);
    world.now += 90 * day_ns;
    CHECK(world.verify("Correct-Horse-1") == Verification::disabled);
    CHECK(world.verify("wrong") == Verification::wrong);
    REQUIRE(world.store->enable(client) == "");
    CHECK(world.verify("Correct-Horse-1") == Verification::must_change);
}

TEST_CASE("a_reset_password_must_be_changed_and_is_dead_after_a_month") {
    StoreWorld world;
    REQUIRE(world.store->reset(client, "given by staff") == "");
    CHECK(world.verify("pw-client") == Verification::wrong);
    CHECK(world.verify("given by staff") == Verification::must_change);
    world.now += 30 * day_ns;
    CHECK(world.verify("given by staff") == Verification::disabled);
    REQUIRE(world.store->reset(client, "given again") == "");
    REQUIRE(world.change("given again", "Correct-Horse-1") == "");
    CHECK(world.verify("Correct-Horse-1") == Verification::good);
}

TEST_CASE("a_change_that_cannot_be_stored_is_refused_and_the_old_password_stays") {
    StoreWorld world;
    std::filesystem::remove_all(world.directory.path());
    CHECK(world.change("pw-client", "Correct-Horse-1").find("could not be stored") != std::string::npos);
    CHECK(world.verify("pw-client") == Verification::good);
    CHECK(world.verify("Correct-Horse-1") == Verification::wrong);
}

TEST_CASE("of_two_changes_at_once_one_is_taken") {
    StoreWorld world;
    const std::uint64_t version = world.store->verify("client", "pw-client").version;
    std::string first;
    std::string second;
    std::thread other([&] { first = world.store->change(client, "pw-client", "Correct-Horse-1", version); });
    second = world.store->change(client, "pw-client", "Correct-Horse-2", version);
    other.join();
    CHECK(first.empty() != second.empty());
    CHECK(world.verify(first.empty() ? "Correct-Horse-1" : "Correct-Horse-2") == Verification::good);
    CHECK(world.verify(first.empty() ? "Correct-Horse-2" : "Correct-Horse-1") == Verification::wrong);
}

TEST_CASE("a_password_the_broker_writes_into_the_users_file_wins_over_a_chosen_one") {
    StoreWorld world;
    REQUIRE(world.change("pw-client", "Correct-Horse-1") == "");
    world.users = tests::sample_users();  // another salt: another hash of the same password
    world.store = world.start();
    CHECK(world.verify("pw-client") == Verification::good);
    CHECK(world.verify("Correct-Horse-1") == Verification::wrong);
}

TEST_CASE("a_users_state_that_is_not_readable_stops_the_start_by_line_and_key") {
    StoreWorld world;
    world.directory.file("users.state", "[[user]]\nname = \"client\"\nmust_chnge = true\n");
    gateway::UserStoreOptions options;
    options.state_file = world.directory.path() + "/users.state";
    CHECK(UserStore(world.users, options).open().find("users.state:") != std::string::npos);
}
