// The users as they are now: changes of password, ages, and what a restart and a failing disk leave.
#include "gateway/control/user_store.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "gateway/control/totp.hpp"
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
        options.database = directory.path() + "/users.db";
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
    CHECK(tests::content_of(world.directory.path() + "/users.db").find("Correct") == std::string::npos);
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
    options.database = world.directory.path() + "/another.db";
    options.state_file = world.directory.path() + "/users.state";
    CHECK(UserStore(world.users, options).open().find("users.state:") != std::string::npos);
}

TEST_CASE("what_an_earlier_gateway_has_kept_in_a_file_is_taken_in_once") {
    tests::TemporaryDirectory directory;
    const config::UserTable users = tests::sample_users();
    config::UserState kept;
    kept.name = client;
    kept.file_hash = users.find("client")->password_hash;
    kept.password_hash = config::hash_password("Correct-Horse-1", config::HashCost::minimal_for_tests);
    kept.changed_ns = kept.used_ns = 20'000 * day_ns;
    directory.file("users.state", config::user_states_text({kept}));
    gateway::UserStoreOptions options;
    options.database = directory.path() + "/users.db";
    options.state_file = directory.path() + "/users.state";
    options.utc_ns = [] { return 20'001 * day_ns; };
    for (int run = 0; run < 2; ++run) {
        UserStore store(users, options);
        REQUIRE(store.open() == "");
        CHECK(store.verify("client", "Correct-Horse-1").result == Verification::good);
        CHECK(store.verify("client", "pw-client").result == Verification::wrong);
        std::filesystem::remove(directory.path() + "/users.state");
    }
}

TEST_CASE("a_user_of_the_staff_is_added_with_an_initial_password_and_a_role_that_a_restart_keeps") {
    StoreWorld world;
    const risk::UserName ann{"ann"};
    REQUIRE(world.store->add(ann, config::Role::risk_officer, "given-by-staff") == "");
    CHECK(world.store->add(ann, config::Role::examiner, "other").find("a user of this name") !=
          std::string::npos);
    CHECK(world.store->add(risk::UserName("bob"), config::Role::client, "x").find("users file") !=
          std::string::npos);
    CHECK(world.store->verify("ann", "given-by-staff").result == Verification::must_change);
    const std::uint64_t version = world.store->verify("ann", "given-by-staff").version;
    REQUIRE(world.store->change(ann, "given-by-staff", "Correct-Horse-1", version) == "");
    const std::uint64_t before = world.store->verify("ann", "Correct-Horse-1").version;
    CHECK(world.store->standing("ann", before).result == Verification::good);
    REQUIRE(world.store->set_role(ann, config::Role::risk_approver) == "");
    CHECK(world.store->standing("ann", before).result == Verification::wrong);  // of the role before
    CHECK(world.store->set_role(ann, config::Role::client).find("none of the staff") != std::string::npos);
    world.store = world.start();
    CHECK(world.store->verify("ann", "Correct-Horse-1").role == config::Role::risk_approver);
    REQUIRE(world.store->set_role(risk::UserName("officer"), config::Role::examiner) == "");
    world.store = world.start();
    CHECK(world.store->verify("officer", "pw-officer").role == config::Role::examiner);  // over the file's
}

TEST_CASE("a_user_the_broker_takes_out_of_the_users_file_is_off") {
    StoreWorld world;
    std::vector<config::User> fewer = world.users.users();
    std::erase_if(fewer, [](const config::User& user) { return user.name == client; });
    world.users = config::UserTable(fewer);
    world.store = world.start();
    CHECK(world.verify("pw-client") == Verification::disabled);
}

TEST_CASE("a_second_factor_counts_once_confirmed_and_each_code_once") {
    StoreWorld world;
    const risk::UserName officer{"officer"};
    std::string shown;
    REQUIRE(world.store->totp_enrol(officer, shown) == "");
    CHECK(world.store->verify("officer", "pw-officer").result == Verification::good);  // not confirmed yet
    CHECK(world.store->totp_confirm(officer, "000000").find("totp") != std::string::npos);
    const auto code = [&](std::int64_t later) {
        return gateway::totp_code(tests::from_base32(shown), world.now / gateway::totp_step_ns + later);
    };
    REQUIRE(world.store->totp_confirm(officer, code(0)) == "");
    CHECK(world.store->verify("officer", "pw-officer").result == Verification::wrong);
    CHECK(world.store->verify("officer", "pw-officer", code(0)).result == Verification::wrong);  // used
    world.now += gateway::totp_step_ns;
    CHECK(world.store->verify("officer", "pw-officer", code(-2)).result == Verification::wrong);
    CHECK(world.store->verify("officer", "wrong", code(0)).result == Verification::wrong);
    const auto verified = world.store->verify("officer", "pw-officer", code(0));
    CHECK(verified.result == Verification::good);
    CHECK(verified.second_factor);
    CHECK(world.store->totp_enrol(officer, shown).find("already") != std::string::npos);
    world.store = world.start();
    world.now += gateway::totp_step_ns;
    CHECK(world.store->verify("officer", "pw-officer").result == Verification::wrong);
    CHECK(world.store->verify("officer", "pw-officer", code(0)).result == Verification::good);
    REQUIRE(world.store->totp_remove(officer) == "");
    CHECK(world.store->verify("officer", "pw-officer").result == Verification::good);
    const std::string stored = tests::content_of(world.directory.path() + "/users.db");
    CHECK(stored.find(tests::from_base32(shown)) == std::string::npos);
}

TEST_CASE("a_second_factor_does_not_open_with_another_key") {
    StoreWorld world;
    std::string shown;
    REQUIRE(world.store->totp_enrol(risk::UserName("officer"), shown) == "");
    world.store.reset();
    world.directory.file("users.db.key", std::string(32, 'k'));
    gateway::UserStoreOptions options;
    options.database = world.directory.path() + "/users.db";
    CHECK(UserStore(world.users, options).open().find("second factor of officer") != std::string::npos);
}

TEST_CASE("a_vendor_may_look_only_during_an_open_visit_and_somebody_else_signs_it_off") {
    StoreWorld world;
    const risk::UserName vendor{"vendor"};
    REQUIRE(world.store->add(vendor, config::Role::vendor, "given-by-staff") == "");
    CHECK(world.store->verify("vendor", "given-by-staff").result == Verification::disabled);
    gateway::StaffAct open;
    open.visit = risk::VisitAct::opened;
    open.by = risk::UserName("operator");
    open.approver = risk::UserName("approver");
    open.ticket = risk::Text<32>("T-1");
    open.until_ns = world.now + 13 * hour_ns;
    CHECK(world.store->visit(vendor, open).find("at most 12 hours") != std::string::npos);
    open.until_ns = world.now + 2 * hour_ns;
    CHECK(world.store->visit(client, open).find("role is vendor") != std::string::npos);
    REQUIRE(world.store->visit(vendor, open) == "");
    CHECK(world.store->visit(vendor, open).find("open already") != std::string::npos);
    CHECK(world.store->verify("vendor", "given-by-staff").result == Verification::must_change);
    world.now += 2 * hour_ns;
    CHECK(world.store->verify("vendor", "given-by-staff").result == Verification::disabled);
    gateway::StaffAct sign;
    sign.visit = risk::VisitAct::signed_off;
    sign.by = open.by;
    CHECK(world.store->visit(vendor, sign).find("another person") != std::string::npos);
    world.now += 5 * day_ns;
    world.store = world.start();
    CHECK(world.store->visits().front().overdue);
    sign.by = risk::UserName("approver");
    REQUIRE(world.store->visit(vendor, sign) == "");
    CHECK_FALSE(world.store->visits().front().overdue);
    CHECK(world.store->visit(vendor, sign).find("no visit") != std::string::npos);
    gateway::StaffAct close;
    close.visit = risk::VisitAct::closed;
    CHECK(world.store->visit(vendor, close).find("no visit") != std::string::npos);
}

TEST_CASE("each_half_year_every_user_is_to_be_decided_upon_and_a_month_late_is_overdue") {
    StoreWorld world;
    world.now = 1'782'000'000'000'000'000;  // 2026-06-21
    std::filesystem::remove(world.directory.path() + "/users.db");
    world.store = world.start();
    const auto row = [&](const char* name) {
        for (const gateway::ReviewView& view : world.store->reviews()) {
            if (view.name.view() == name) {
                return view;
            }
        }
        return gateway::ReviewView{};
    };
    CHECK(row("officer").half_year == 202601);
    CHECK_FALSE(row("officer").overdue);  // came in this half-year
    world.now += 20 * day_ns;
    CHECK(row("officer").half_year == 202607);
    CHECK_FALSE(row("officer").overdue);
    world.now += 21 * day_ns;
    CHECK(row("officer").overdue);
    gateway::StaffAct keep;
    keep.decision = risk::ReviewDecision::kept;
    keep.by = risk::UserName("approver");
    keep.half_year = 202607;  // as the Record of the decision says
    REQUIRE(world.store->review(risk::UserName("officer"), keep) == "");
    keep.decision = risk::ReviewDecision::removed;
    REQUIRE(world.store->review(risk::UserName("support"), keep) == "");
    world.store = world.start();
    CHECK(row("officer").decision == risk::ReviewDecision::kept);
    CHECK(row("officer").by.view() == "approver");
    CHECK_FALSE(row("officer").overdue);
    CHECK(row("support").decision == risk::ReviewDecision::removed);
    CHECK(world.store->verify("support", "pw-support").result == Verification::disabled);
}
