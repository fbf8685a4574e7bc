// Lasting logons of the control socket, the codes of a second factor, and what both are worth at the server.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "gateway/control/token_table.hpp"
#include "gateway/control/totp.hpp"
#include "tests/control/world.hpp"

using namespace fairlead;
using gateway::TokenTable;
using nlohmann::json;

namespace {

constexpr std::int64_t idle_ns = 1'000;
const risk::UserName ann{"ann"};

json with_token(const std::string& token, const std::string& verb) {
    return {{"version", 1}, {"id", 9}, {"token", token}, {"verb", verb}};
}

std::string log_on(tests::ControlWorld& world, const std::string& who) {
    json request = tests::request_of(who, "login");
    request["session"] = true;
    const json answer = world.ask(request).back();
    REQUIRE(answer["ok"] == true);
    REQUIRE(answer["row"]["kind"] == "token");
    return answer["row"]["token"];
}

}  // namespace

TEST_CASE("a_token_stands_for_its_user_until_it_is_idle_ended_or_shown_by_another_process_user") {
    TokenTable tokens(2, idle_ns);
    const std::string token = tokens.issue(ann, 7, 1000, 0);
    REQUIRE(token.size() == 64);
    const gateway::Token* found = tokens.find(token, 1000, 999);
    REQUIRE(found != nullptr);
    CHECK(found->user == ann);
    CHECK(found->version == 7);
    CHECK(tokens.find(token, 1001, 999) == nullptr);
    CHECK(tokens.find(token, 1000, 1'998) != nullptr);  // the use before counted
    CHECK(tokens.find(token, 1000, 2'998) == nullptr);
    for (const std::string& other : {std::string(), std::string("zz"), std::string(64, '0'), token.substr(1),
                                     token + "00", std::string(64, 'g')}) {
        INFO(other);
        CHECK(tokens.find(other, 1000, 1'999) == nullptr);
    }
    tokens.end(token);
    CHECK(tokens.find(token, 1000, 1'999) == nullptr);
    CHECK(tokens.size() == 0);
}

TEST_CASE("there_are_as_many_tokens_as_places_and_idle_ones_are_told_once") {
    TokenTable tokens(2, idle_ns);
    CHECK_FALSE(tokens.issue(ann, 1, 0, 0).empty());
    CHECK_FALSE(tokens.issue(ann, 1, 0, 500).empty());
    CHECK(tokens.issue(ann, 1, 0, 500).empty());
    gateway::Token ended;
    CHECK_FALSE(tokens.take_idle(999, ended));
    REQUIRE(tokens.take_idle(1'000, ended));
    CHECK(ended.user == ann);
    CHECK_FALSE(tokens.take_idle(1'000, ended));
    CHECK_FALSE(tokens.issue(ann, 1, 0, 1'000).empty());
}

TEST_CASE("codes_are_those_of_rfc_6238") {
    const std::string secret = "12345678901234567890";
    struct Row {
        std::int64_t second;
        const char* code;  // the last six of the eight digits in its appendix B
    };
    const Row rows[] = {{59, "287082"},
                        {1'111'111'109, "081804"},
                        {1'111'111'111, "050471"},
                        {1'234'567'890, "005924"},
                        {2'000'000'000, "279037"},
                        {20'000'000'000, "353130"}};
    for (const Row& row : rows) {
        CHECK(gateway::totp_code(secret, row.second / 30) == row.code);
    }
    CHECK(gateway::base32("12345678901234567890") == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    CHECK(gateway::base32("f") == "MY");
    const std::int64_t now = 59'000'000'000;
    CHECK(gateway::totp_step_of(secret, "287082", now, 0) == 1);
    CHECK(gateway::totp_step_of(secret, "287082", now + gateway::totp_step_ns, 0) == 1);
    CHECK(gateway::totp_step_of(secret, "287082", now + 2 * gateway::totp_step_ns, 0) == -1);
    CHECK(gateway::totp_step_of(secret, "287082", now, 1) == -1);  // used
    CHECK(gateway::totp_step_of(secret, "", now, 0) == -1);
}

TEST_CASE("a_token_asks_in_its_users_name_and_right_and_ends_with_logout") {
    tests::ControlWorld world(tests::yes);
    const std::string token = log_on(world, "officer");
    CHECK(world.ask(with_token(token, "status")).back()["ok"] == true);
    CHECK(world.handed_over().back().subject.user.view() == "officer");
    json stop = with_token(token, "stop");
    stop["reason"] = "drill";
    CHECK(world.ask(stop).back()["error"] == "no_right");
    json both = with_token(token, "status");
    both["user"] = "officer";
    CHECK(world.ask(both).back()["error"] == "malformed");
    json change = with_token(token, "password_change");
    change["new_password"] = "Correct-Horse-1";
    CHECK(world.ask(change).back()["error"] == "malformed");
    CHECK(world.ask(with_token(token, "logout")).back()["ok"] == true);
    CHECK(world.handed_over().back().facts.verb == risk::ControlVerb::logout);
    const json after = world.ask(with_token(token, "status")).back();
    CHECK(after["error"] == "bad_credentials");
    CHECK(after["sequence"] == 42);  // recorded all the same
}

TEST_CASE("a_token_ends_when_its_users_account_goes_or_its_role_changes") {
    for (const char* verb : {"user_disable", "user_set_role", "user_reset"}) {
        tests::ControlWorld world(tests::yes);
        const std::string token = log_on(world, "officer");
        json act = tests::request_of("operator", verb);
        act["target"] = "officer";
        act["reason"] = "left the desk";
        if (std::string(verb) != "user_disable") {
            act["approver"] = "approver";
            act["approver_password"] = "pw-approver";
        }
        if (std::string(verb) == "user_set_role") {
            act["role"] = "examiner";
        }
        INFO(verb);
        CHECK(world.ask(act).back()["ok"] == true);
        CHECK(world.ask(with_token(token, "status")).back()["error"] == "bad_credentials");
    }
}

TEST_CASE("nobody_gives_themselves_a_role_by_token_or_by_password") {
    tests::ControlWorld world(tests::yes);
    json act = with_token(log_on(world, "operator"), "user_set_role");
    act["target"] = "operator";
    act["role"] = "risk_approver";
    act["reason"] = "why not";
    act["approver"] = "approver";
    act["approver_password"] = "pw-approver";
    const json answer = world.ask(act).back();
    CHECK(answer["error"] == "malformed");
    CHECK(answer["text"].get<std::string>().find("another person") != std::string::npos);
}

TEST_CASE("a_lasting_logon_that_was_idle_for_too_long_is_ended_by_a_record") {
    gateway::ControlOptions options;
    options.token_idle_s = 0;  // idle as soon as it is looked at
    tests::ControlWorld world(tests::yes, options);
    const std::string token = log_on(world, "officer");
    CHECK(world.ask(with_token(token, "status")).back()["error"] == "bad_credentials");
    const auto told = [&] {
        for (const auto& request : world.handed_over()) {
            if (request.facts.verb == risk::ControlVerb::logout) {
                return request.subject.user.view() == "officer" &&
                       request.subject.reason.view() == "idle for too long";
            }
        }
        return false;
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!told()) {
        if (std::chrono::steady_clock::now() > deadline) {
            FAIL("no Record ends it within 60 s");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

TEST_CASE("an_initial_password_gets_no_token_but_is_told_to_be_changed") {
    tests::ControlWorld world(tests::yes);
    json add = tests::request_of("operator", "user_add");
    add["target"] = "newcomer";
    add["role"] = "risk_officer";
    add["reason"] = "hired";
    CHECK(world.ask(add).back()["error"] == "no_right");  // two persons
    add["approver"] = "approver";
    add["approver_password"] = "pw-approver";
    const std::string text = world.ask(add).back()["text"];
    const std::string initial = text.substr(text.rfind(' ') + 1);
    json login = tests::request_of("newcomer", "login");
    login["password"] = initial;
    login["session"] = true;
    const json answer = world.ask(login).back();
    CHECK(answer["row"]["must_change"] == true);
    CHECK(answer["row"]["token"] == "");
    json change = tests::request_of("newcomer", "password_change");
    change["password"] = initial;
    change["new_password"] = "Correct-Horse-1";
    CHECK(world.ask(change).back()["ok"] == true);
    login["password"] = "Correct-Horse-1";
    CHECK(world.ask(login).back()["row"]["must_change"] == false);
}

TEST_CASE("who_approves_needs_a_second_factor_where_that_is_asked_for") {
    gateway::ControlOptions options;
    options.totp_for_approvers = true;
    tests::ControlWorld world(tests::yes, options);
    json approve = tests::request_of("approver", "approve");
    approve["proposal"] = 1;
    approve["reason"] = "seen";
    CHECK(world.ask(approve).back()["error"] == "no_right");
    const std::string uri = world.ask(tests::request_of("approver", "totp_enrol")).back()["text"];
    const std::string secret = tests::from_base32(uri.substr(uri.find("secret=") + 7, 32));
    const auto code = [&](std::int64_t later) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return gateway::totp_code(secret,
                                  std::chrono::duration_cast<std::chrono::seconds>(now).count() / 30 + later);
    };
    json confirm = tests::request_of("approver", "totp_confirm");
    confirm["totp"] = code(0);
    CHECK(world.ask(confirm).back()["ok"] == true);
    approve["totp"] = code(1);  // the one before has been used
    CHECK(world.ask(approve).back()["ok"] == true);
}

TEST_CASE("visits_and_reviews_are_listed_and_told_in_status_when_overdue") {
    tests::ControlWorld world(tests::yes);
    const std::vector<json> reviews = world.ask(tests::request_of("approver", "review_list"));
    CHECK(reviews.front()["row"]["kind"] == "review");
    json decide = tests::request_of("approver", "review_decide");
    decide["target"] = "support";
    decide["decision"] = "remove";
    decide["reason"] = "left";
    CHECK(world.ask(decide).back()["ok"] == true);
    CHECK(world.handed_over().back().decision == risk::ReviewDecision::removed);
    CHECK(world.ask(tests::request_of("support", "status")).back()["error"] == "bad_credentials");
    decide["target"] = "approver";
    CHECK(world.ask(decide).back()["error"] == "malformed");  // not one's own rights
    CHECK(world.ask(tests::request_of("examiner", "visit_list")).back()["ok"] == true);
    CHECK(world.ask(tests::request_of("operator", "status")).back()["text"] == "");
}
