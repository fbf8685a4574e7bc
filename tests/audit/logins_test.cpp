// The examiner's logins: what is told of each login and logout, and what is a gap.
#include <nlohmann/json.hpp>

#include "audit/examine/logins.hpp"
#include "small_gateway.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// A journal of logins and nothing else, its Records a second apart.
class Logins {
  public:
    Logins() : gateway_(disk_.path()) {}

    risk::Sequence attempt(std::uint32_t session, const char* user, bool password_change = false,
                           bool venue_side = false) {
        risk::LogonAttempt record;
        record.facts.password_change = password_change ? 1 : 0;
        record.facts.venue_side = venue_side ? 1 : 0;
        record.person.user = risk::UserName{user};
        record.person.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7};
        return add(record, risk::RecordKind::logon_attempt, session);
    }
    void answer(risk::Sequence attempt, std::uint32_t session, risk::LogonVerdict verdict,
                bool venue_side = false) {
        risk::LogonResult record;
        record.record.cause = attempt;
        record.facts.verdict = verdict;
        record.facts.venue_side = venue_side ? 1 : 0;
        add(record, risk::RecordKind::logon_result, session);
    }
    // A venue's answer names no attempt.
    void log_on(std::uint32_t session, const char* user, bool venue_side = false) {
        const risk::Sequence asked = attempt(session, user, false, venue_side);
        answer(venue_side ? 0 : asked, session, risk::LogonVerdict::accepted, venue_side);
    }
    void log_out(std::uint32_t session, risk::LogoutCause cause, bool venue_side = false) {
        risk::Logout record;
        record.facts.cause = cause;
        record.facts.venue_side = venue_side ? 1 : 0;
        add(record, risk::RecordKind::logout, session);
    }
    void control(risk::ControlVerb verb, std::uint8_t denied, const char* user) {
        risk::ControlEvent record;
        record.facts.verb = verb;
        record.facts.denied = denied;
        record.subject.user = risk::UserName{user};
        add(record, denied != 0 ? risk::RecordKind::denied_request : risk::RecordKind::user_event, 0);
    }
    void start() { add(risk::Start(), risk::RecordKind::start, 0); }
    void stop() { add(risk::Stop(), risk::RecordKind::stop, 0); }

    // Everything told, as JSON.
    nlohmann::json told(LoginOptions options = {}) {
        std::string text;
        options.format = TableFormat::json;
        result = read(options, text);
        return nlohmann::json::parse(text);
    }
    LoginsResult read(LoginOptions options, std::string& text) {
        if (!kept_) {
            gateway_.keep();
            kept_ = true;
        }
        options.place = {disk_.path(), ""};
        return write_logins(options, [&text](std::string_view part) { text += part; });
    }
    LoginsResult result;

  private:
    template <class T>
    risk::Sequence add(T record, risk::RecordKind kind, std::uint32_t session) {
        record.record.session = session;
        record.record.utc_ns = 1'000'000'000 * static_cast<std::int64_t>(gateway_.published() + 1);
        gateway_.step(record, kind);
        return gateway_.published();
    }
    TemporaryDirectory disk_;
    SmallGateway gateway_;
    bool kept_ = false;
};

}  // namespace

TEST_CASE("a_login_is_told_with_its_user_address_and_logout") {
    Logins journal;
    journal.answer(journal.attempt(7, "amy", true), 7, risk::LogonVerdict::accepted);
    journal.log_out(7, risk::LogoutCause::heartbeat_lost);
    journal.stop();
    const nlohmann::json told = journal.told();
    REQUIRE(told["rows"].size() == 2);
    const nlohmann::json& login = told["rows"][0];
    CHECK(login["event"] == "login");
    CHECK(login["record"] == 2);
    CHECK(login["time"] == "1970-01-01T08:00:02.000000000+08:00");
    CHECK(login["side"] == "client");
    CHECK(login["session"] == 7);
    CHECK(login["user"] == "amy");
    CHECK(login["address"] == "10.0.0.7");
    CHECK(login["detail"] == "password changed");
    const nlohmann::json& logout = told["rows"][1];
    CHECK(logout["event"] == "logout");
    CHECK(logout["user"] == "amy");
    CHECK(logout["address"] == "10.0.0.7");
    CHECK(logout["detail"] == "heartbeat lost");
    CHECK(journal.result.gaps == 0);
}

TEST_CASE("a_failed_login_is_told_by_its_verdict_and_opens_nothing") {
    Logins journal;
    journal.answer(journal.attempt(7, "amy"), 7, risk::LogonVerdict::bad_credentials);
    journal.answer(journal.attempt(7, "amy"), 7, risk::LogonVerdict::locked);
    journal.stop();
    const nlohmann::json told = journal.told();
    REQUIRE(told["rows"].size() == 2);
    CHECK(told["rows"][0]["event"] == "login_failed");
    CHECK(told["rows"][0]["detail"] == "unknown user or wrong password");
    CHECK(told["rows"][1]["detail"] == "locked after failures");
    CHECK(journal.result.gaps == 0);
}

TEST_CASE("what_does_not_fit_together_is_a_gap") {
    Logins journal;
    SECTION("a second login without a logout between") {
        journal.log_on(7, "amy");
        journal.log_on(7, "amy");
        journal.log_out(7, risk::LogoutCause::by_peer);
        CHECK(journal.told()["rows"][1]["gap"] == "no logout since the login of record 2");
    }
    SECTION("a logout without a login") {
        journal.log_out(7, risk::LogoutCause::by_peer);
        CHECK(journal.told()["rows"][0]["gap"] == "no login is on record");
    }
    SECTION("an answer without an attempt") {
        journal.start();
        journal.answer(1, 7, risk::LogonVerdict::bad_credentials);
        CHECK(journal.told()["rows"][0]["gap"] == "no attempt is on record");
    }
    SECTION("logged on when the gateway had stopped") {
        journal.log_on(7, "amy");
        journal.stop();
        CHECK(journal.told()["rows"][1]["gap"] == "the gateway stopped and no logout is on record");
    }
    SECTION("never answered when the gateway had stopped") {
        journal.attempt(7, "amy");
        journal.stop();
        CHECK(journal.told()["rows"][0]["gap"] == "no answer is on record");
    }
    CHECK(journal.result.gaps == 1);
}

TEST_CASE("what_a_crash_or_the_journals_end_explains_is_no_gap") {
    Logins journal;
    SECTION("a session and a line of one number are two") {
        journal.log_on(7, "amy");
        journal.log_on(7, "venue", true);
        journal.log_out(7, risk::LogoutCause::by_peer, true);
        journal.log_out(7, risk::LogoutCause::by_peer);
        const nlohmann::json told = journal.told();
        CHECK(told["rows"][1]["side"] == "venue");
        CHECK(told["rows"][2]["side"] == "venue");
    }
    SECTION("closed by the next start") {
        journal.log_on(7, "amy");
        journal.attempt(8, "bob");
        journal.start();
        journal.log_out(7, risk::LogoutCause::crash_recovery);
        journal.log_on(7, "amy");
        journal.log_out(7, risk::LogoutCause::shutdown);
        journal.stop();
        const nlohmann::json told = journal.told();
        CHECK(told["rows"][1]["detail"] == "the gateway ended before it was answered");
        CHECK(told["rows"][2]["detail"] == "was logged on when the gateway died");
    }
    SECTION("a journal still being written") {
        journal.log_on(7, "amy");
        CHECK(journal.told()["rows"][1]["event"] == "logged_on");
    }
    CHECK(journal.result.gaps == 0);
}

TEST_CASE("acts_upon_logins_and_accounts_at_the_control_socket_are_told_and_other_requests_are_not") {
    Logins journal;
    journal.control(risk::ControlVerb::status, 0, "operator");
    journal.control(risk::ControlVerb::status, 2, "mallory");
    journal.control(risk::ControlVerb::password_change, 0, "operator");
    journal.control(risk::ControlVerb::user_disable, 1, "support");
    const nlohmann::json told = journal.told();
    REQUIRE(told["rows"].size() == 3);
    CHECK(told["rows"][0]["event"] == "login_failed");
    CHECK(told["rows"][0]["side"] == "control");
    CHECK(told["rows"][0]["user"] == "mallory");
    CHECK(told["rows"][1]["event"] == "password_change");
    CHECK(told["rows"][2]["event"] == "user_disable");
    CHECK(told["rows"][2]["detail"] == "refused: no right to it");
}

TEST_CASE("rows_are_chosen_by_time_and_user_and_gaps_counted_all_the_same") {
    Logins journal;
    journal.log_on(7, "amy");                        // records 1, 2
    journal.log_on(8, "bob");                        // 3, 4
    journal.log_out(8, risk::LogoutCause::by_peer);  // 5
    journal.log_out(9, risk::LogoutCause::by_peer);  // 6, a gap
    LoginOptions options;
    options.user = "bob";
    CHECK(journal.told(options)["rows"].size() == 2);
    CHECK(journal.result.gaps == 1);
    options = {};
    options.from = 4'000'000'000;
    options.to = 5'000'000'000;
    CHECK(journal.told(options)["rows"].size() == 2);
    std::string csv;
    options.format = TableFormat::csv;
    CHECK(journal.read(options, csv).rows == 2);
    CHECK(csv.find("time,record,event,side,session,user,address,detail,gap\n") == 0);
    CHECK(csv.find(",4,login,client,8,bob,10.0.0.7,,\n") != std::string::npos);
    CHECK(csv.find(",5,logout,client,8,bob,10.0.0.7,by the peer,\n") != std::string::npos);
}
