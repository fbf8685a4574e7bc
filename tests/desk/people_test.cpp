// Who is logged on, for how long, and how often somebody may try.
#include <catch2/catch.hpp>
#include <memory>

#include "gateway/desk/guests.hpp"
#include "gateway/desk/people.hpp"

namespace fairlead::desk {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t idle_ns = 900 * second;

Person person(const std::string& user, bool bearer = false) {
    Person made;
    made.user = user;
    made.bearer = bearer;
    made.gateway_token = "token-of-" + user;
    return made;
}

TEST_CASE("a_session_ends_when_its_person_asks_nothing_for_the_idle_time") {
    People people(idle_ns, 50);
    const std::string secret = people.add(person("ann"), 0);
    REQUIRE(secret.size() == secret_characters);
    REQUIRE(people.find(secret, idle_ns, true) != nullptr);
    REQUIRE(people.find(secret, 2 * idle_ns, false) != nullptr);  // looked at, not asked
    CHECK(people.find(secret, 2 * idle_ns + 1, true) == nullptr);
    CHECK(people.size() == 0);
    CHECK(people.take_ended(2 * idle_ns + 1) == std::vector<std::string>{"token-of-ann"});
    CHECK(people.take_ended(2 * idle_ns + 1).empty());
}

TEST_CASE("secrets_differ_and_only_the_right_one_finds_its_person") {
    People people(idle_ns, 50);
    const std::string one = people.add(person("ann"), 0);
    const std::string other = people.add(person("bob", true), 0);
    CHECK(one != other);
    CHECK(people.find(one, 1, true)->user == "ann");
    CHECK(people.find(other, 1, true)->user == "bob");
    CHECK_FALSE(people.find(one, 1, true)->csrf.empty());
    CHECK(people.find(other, 1, true)->csrf.empty());  // a program has no cookie to be ridden on
    CHECK(people.find("", 1, true) == nullptr);
    CHECK(people.find(std::string(secret_characters, '0'), 1, true) == nullptr);
    CHECK(people.find(one.substr(1), 1, true) == nullptr);
}

TEST_CASE("all_sessions_of_a_user_end_together") {
    People people(idle_ns, 50);
    const std::string one = people.add(person("ann"), 0);
    const std::string other = people.add(person("ann", true), 0);
    const std::string third = people.add(person("bob"), 0);
    people.end_user("ann");
    CHECK(people.find(one, 1, true) == nullptr);
    CHECK(people.find(other, 1, true) == nullptr);
    CHECK(people.find(third, 1, true) != nullptr);
    CHECK(people.take_ended(1).size() == 2);
}

TEST_CASE("neither_one_user_nor_all_together_may_have_sessions_without_end") {
    People people(idle_ns, 50);
    for (std::size_t i = 0; i < people_of_one_user_max; ++i) {
        CHECK_FALSE(people.add(person("ann"), 0).empty());
    }
    CHECK(people.add(person("ann"), 0).empty());
    std::size_t added = people_of_one_user_max;
    for (std::size_t i = 0; i < people_max; ++i) {
        added += people.add(person("user" + std::to_string(i)), 0).empty() ? 0 : 1;
    }
    CHECK(added == people_max);
}

TEST_CASE("a_session_that_finds_no_room_ends_at_the_gateway_too_and_the_reason_is_the_true_one") {
    People people(idle_ns, 50);
    for (std::size_t i = 0; i < people_of_one_user_max; ++i) {
        CHECK(people.no_room_for("ann").empty());
        CHECK_FALSE(people.add(person("ann"), 0).empty());
    }
    CHECK(people.no_room_for("ann").starts_with("ann has 8 sessions already"));
    CHECK(people.no_room_for("bob").empty());
    Person ninth = person("ann");
    ninth.gateway_token = "of the ninth";
    CHECK(people.add(std::move(ninth), 0).empty());
    CHECK(people.take_ended(0) == std::vector<std::string>{"of the ninth"});
    for (std::size_t i = people_of_one_user_max; i < people_max; ++i) {
        REQUIRE_FALSE(people.add(person("user" + std::to_string(i)), 0).empty());
    }
    CHECK(people.no_room_for("bob").starts_with("there are 256 sessions already"));
}

TEST_CASE("tokens_of_those_who_are_here_are_shown_to_the_gateway_and_of_nobody_else") {
    People people(idle_ns, 50);
    const std::string here = people.add(person("ann"), 0);
    static_cast<void>(people.add(person("bob"), 0));  // left without a word
    Person fresh;
    fresh.user = "new";
    fresh.must_change = true;  // has no token yet
    const std::string change = people.add(std::move(fresh), 0);
    REQUIRE(people.find(here, 10 * second, false) != nullptr);  // by its stream
    REQUIRE(people.find(change, 10 * second, true) != nullptr);
    CHECK(people.take_unseen(29 * second, 30 * second, 9).empty());
    CHECK(people.take_unseen(30 * second, 30 * second, 0).empty());
    CHECK(people.take_unseen(30 * second, 30 * second, 9) == std::vector<std::string>{"token-of-ann"});
    CHECK(people.take_unseen(300 * second, 30 * second, 9).empty());
}

TEST_CASE("a_session_ends_with_its_token_and_the_gateway_is_not_told_what_it_said_itself") {
    People people(idle_ns, 50);
    const std::string one = people.add(person("ann"), 0);
    const std::string other = people.add(person("bob"), 0);
    people.end_token("token-of-ann");
    CHECK(people.find(one, 1, true) == nullptr);
    CHECK(people.find(other, 1, true) != nullptr);
    CHECK(people.take_ended(1).empty());
}

TEST_CASE("a_session_may_ask_so_often_and_again_a_moment_later") {
    People people(idle_ns, 10);
    Person& ann = *people.find(people.add(person("ann"), 0), 0, true);
    for (int i = 0; i < 10; ++i) {
        CHECK(people.take(ann, 0));
    }
    CHECK_FALSE(people.take(ann, 0));
    CHECK(people.take(ann, second / 10));
    CHECK_FALSE(people.take(ann, second / 10));
}

TEST_CASE("logins_of_one_name_are_limited_and_others_are_not") {
    LoginLimits limits(3);
    CHECK(limits.take("127.0.0.1", 0) == 0);
    CHECK(limits.take("127.0.0.1", 0) == 0);
    CHECK(limits.take("127.0.0.1", 0) == 0);
    const std::uint32_t wait = limits.take("127.0.0.1", 0);
    CHECK(wait == 21);  // a third of a minute, rounded up
    CHECK(limits.take("127.0.0.2", 0) == 0);
    CHECK(limits.take("127.0.0.1", std::int64_t{wait} * second) == 0);
    CHECK(limits.take("127.0.0.1", std::int64_t{wait} * second) != 0);
}

TEST_CASE("a_flood_of_names_takes_no_memory_beyond_the_bound") {
    LoginLimits limits(1);
    for (std::size_t i = 0; i < LoginLimits::names_max; ++i) {
        REQUIRE(limits.take("name" + std::to_string(i), 0) == 0);
    }
    CHECK(limits.take("one more", 0) == 60);
    CHECK(limits.take("one more", 61 * second) == 0);  // the old ones are as good as new
}

TEST_CASE("one_address_cannot_take_all_connections_before_somebody_logs_on_over_them") {
    Guests guests(64);
    std::vector<std::unique_ptr<Guests::Visit>> visits;
    const auto come = [&](const std::string& address) {
        const bool room = guests.room_for(address);
        if (room) {
            visits.push_back(std::make_unique<Guests::Visit>(guests, address));
        }
        return room;
    };
    for (int i = 0; i < 16; ++i) {
        CHECK(come("10.0.0.1"));
    }
    CHECK_FALSE(come("10.0.0.1"));
    CHECK(come("10.0.0.2"));
    visits.front()->known();  // one logs on
    visits.front()->known();
    CHECK(come("10.0.0.1"));
    CHECK_FALSE(come("10.0.0.1"));
    visits.erase(visits.begin());  // who is known was counted no more
    CHECK_FALSE(come("10.0.0.1"));
    visits.erase(visits.begin());
    CHECK(come("10.0.0.1"));
    CHECK(Guests(4).room_for("10.0.0.1"));
}

TEST_CASE("secrets_are_compared_whole") {
    CHECK(same_secret("abc", "abc"));
    CHECK_FALSE(same_secret("abc", "abd"));
    CHECK_FALSE(same_secret("abc", "ab"));
    CHECK(same_secret("", ""));
}

}  // namespace
}  // namespace fairlead::desk
