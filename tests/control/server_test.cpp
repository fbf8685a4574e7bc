// The control server over a real Unix socket: who may ask what, what is handed to the order thread, and
// what comes back.
#include "gateway/control/server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <future>

#include "tests/control/world.hpp"

using namespace fairlead;
using gateway::ControlReply;
using gateway::ControlRequest;
using nlohmann::json;
using tests::ControlWorld;
using tests::request_of;
using tests::yes;

namespace {

json act_of(const std::string& who, const std::string& verb, const json& more = json::object()) {
    json request = request_of(who, verb);
    request["reason"] = "because";
    request.update(more);
    return request;
}

const json lower = {{"scope", "firm"}, {"dimension", "gross_day"}, {"value", "1000"}};

}  // namespace

TEST_CASE("a_good_request_reaches_the_order_thread_with_its_person_and_reason") {
    ControlWorld world(yes);
    const auto answers = world.ask(act_of("officer", "limit_set", lower));
    REQUIRE(answers.size() == 1);
    CHECK(answers[0]["ok"] == true);
    CHECK(answers[0]["id"] == 9);
    CHECK(answers[0]["sequence"] == 42);
    const auto handed = world.handed_over();
    REQUIRE(handed.size() == 1);
    CHECK(handed[0].facts.verb == risk::ControlVerb::limit_set);
    CHECK(handed[0].facts.denied == 0);
    CHECK(handed[0].subject.user.view() == "officer");
    CHECK(handed[0].subject.approver.empty());
    CHECK(handed[0].subject.reason.view() == "because");
    CHECK(handed[0].limit.value == 10'000'000);
    CHECK(handed[0].peer_user == ::getuid());
    CHECK(handed[0].peer_process == static_cast<std::uint32_t>(::getpid()));
}

TEST_CASE("a_denied_request_is_handed_over_too_and_answered_by_its_cause") {
    struct Row {
        json request;
        gateway::Denied denied;
        const char* error;
    };
    json wrong_password = request_of("officer", "status");
    wrong_password["password"] = "pw-wrong";
    json wrong_approver = act_of("officer", "resume", {{"scope", "firm"}});
    wrong_approver["approver"] = "approver";
    wrong_approver["approver_password"] = "pw-wrong";
    json no_approver_role = act_of("officer", "resume", {{"scope", "firm"}});
    no_approver_role["approver"] = "operator";
    no_approver_role["approver_password"] = "pw-operator";
    json malformed = request_of("officer", "status");
    malformed["extra"] = 1;
    const Row rows[] = {
        {wrong_password, gateway::Denied::bad_credentials, "bad_credentials"},
        {request_of("nobody", "status"), gateway::Denied::bad_credentials, "bad_credentials"},
        {request_of("gone", "status"), gateway::Denied::bad_credentials, "bad_credentials"},
        {request_of("client", "status"), gateway::Denied::no_right, "no_right"},
        {act_of("approver", "limit_set", lower), gateway::Denied::no_right, "no_right"},
        {act_of("officer", "resume", {{"scope", "firm"}}), gateway::Denied::no_right, "no_right"},
        {wrong_approver, gateway::Denied::bad_credentials, "bad_credentials"},
        {no_approver_role, gateway::Denied::no_right, "no_right"},
        {malformed, gateway::Denied::malformed, "malformed"},
    };
    for (const Row& row : rows) {
        ControlWorld world(yes);
        const auto answers = world.ask(row.request);
        INFO(row.request.dump() << answers.back().dump());
        REQUIRE(answers.size() == 1);
        CHECK(answers[0]["ok"] == false);
        CHECK(answers[0]["error"] == row.error);
        CHECK(answers[0]["sequence"] == 42);
        CHECK_FALSE(answers[0]["text"].get<std::string>().empty());
        const auto handed = world.handed_over();
        REQUIRE(handed.size() == 1);
        CHECK(handed[0].facts.denied == static_cast<std::uint8_t>(row.denied));
        CHECK(handed[0].subject.user.view() == row.request["user"].get<std::string>());
        CHECK(handed[0].subject.approver.empty());
    }
}

TEST_CASE("a_reload_is_recorded_then_read_then_handed_over_again_good_or_denied") {
    for (const bool good : {true, false}) {
        std::mutex mutex;
        std::vector<std::string> texts;
        std::uint64_t asked = 0;
        std::promise<void> begun;
        gateway::ControlOptions options;
        options.read_again = [&](std::uint64_t request) {
            asked = request;
            begun.set_value();
            return std::string();
        };
        ControlWorld world(
            [&](const ControlRequest& request) {
                const std::unique_ptr<gateway::Reload> read(
                    request.reload);  // as the order thread gives it back
                if (read != nullptr) {
                    const std::lock_guard lock(mutex);
                    texts.push_back(read->text);
                }
                return yes(request);
            },
            options);
        std::thread reader([&] {
            begun.get_future().wait();
            gateway::Reload read;
            read.good = good;
            read.text = std::string(700, 'x');
            world.bring(asked, std::move(read));
        });
        const auto answers = world.ask(act_of("operator", "reload"));
        reader.join();
        REQUIRE(answers.size() == 1);
        CHECK(answers[0]["ok"] == good);
        CHECK(answers[0]["text"] == std::string(700, 'x'));  // whole, though a reply has room for less
        if (!good) {
            CHECK(answers[0]["error"] == "failed");
        }
        const auto handed = world.handed_over();
        REQUIRE(handed.size() == 2);
        CHECK(handed[0].facts.denied == 0);
        CHECK(handed[0].cause == 0);
        CHECK(handed[1].facts.denied == static_cast<std::uint8_t>(good ? 0 : 4));
        CHECK(handed[1].cause == 42);
        CHECK(handed[1].subject.reason.view() == "because");
        CHECK(texts.size() == 1);
    }
}

TEST_CASE("a_reload_while_another_is_under_way_is_denied_by_a_record") {
    gateway::ControlOptions options;
    options.read_again = [](std::uint64_t) { return std::string("another reload is under way"); };
    ControlWorld world(yes, options);
    const auto answers = world.ask(act_of("operator", "reload"));
    REQUIRE(answers.size() == 1);
    CHECK(answers[0]["ok"] == false);
    CHECK(answers[0]["text"] == "another reload is under way");
    CHECK(world.handed_over().size() == 2);
    CHECK(world.ask(act_of("officer", "reload"))[0]["error"] == "no_right");
}

TEST_CASE("unknown_user_wrong_password_and_disabled_user_get_the_same_answer") {
    ControlWorld world(yes);
    json wrong = request_of("officer", "status");
    wrong["password"] = "pw-wrong";
    const std::string first = world.ask(wrong)[0].dump();
    CHECK(world.ask(request_of("nobody", "status"))[0].dump() == first);
    CHECK(world.ask(request_of("gone", "status"))[0].dump() == first);
}

TEST_CASE("a_second_person_with_the_right_is_named_as_approver") {
    ControlWorld world(yes);
    json request = act_of("officer", "resume", {{"scope", "venue"}, {"target", "TPEx"}});
    request["approver"] = "approver";
    request["approver_password"] = "pw-approver";
    CHECK(world.ask(request)[0]["ok"] == true);
    const auto handed = world.handed_over();
    REQUIRE(handed.size() == 1);
    CHECK(handed[0].subject.approver.view() == "approver");
    CHECK(handed[0].halt.venue == risk::Venue::tpex);
}

TEST_CASE("a_refusal_of_the_order_thread_is_told_with_its_reason") {
    ControlWorld world([](const ControlRequest& request) {
        ControlReply reply;
        reply.request = request.request;
        reply.sequence = 43;
        reply.reason = risk::Reason::not_authorised;
        return std::vector<ControlReply>{reply};
    });
    const auto answers = world.ask(act_of("officer", "limit_set", lower));
    CHECK(answers[0]["ok"] == false);
    CHECK(answers[0]["reason"] == "not_authorised");
    CHECK(answers[0]["sequence"] == 43);
}

TEST_CASE("rows_come_one_a_line_in_order_and_end_with_the_last") {
    ControlWorld world([](const ControlRequest& request) {
        std::vector<ControlReply> replies;
        for (std::uint32_t id = 1; id <= 50; ++id) {
            ControlReply reply;
            reply.request = request.request;
            reply.ok = true;
            reply.more = id < 50;
            gateway::SessionRow row;
            row.id = id;
            reply.row = row;
            replies.push_back(reply);
        }
        return replies;
    });
    const auto answers = world.ask(request_of("support", "session_list"));
    REQUIRE(answers.size() == 50);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CHECK(answers[i]["row"]["id"] == i + 1);
    }
}

TEST_CASE("more_rows_than_the_bound_end_the_answer") {
    gateway::ControlOptions options;
    options.rows_max = 3;
    ControlWorld world(
        [](const ControlRequest& request) {
            ControlReply reply;
            reply.request = request.request;
            reply.ok = true;
            reply.more = true;
            return std::vector<ControlReply>(10, reply);
        },
        options);
    const auto answers = world.ask(request_of("support", "session_list"));
    CHECK(answers.size() == 4);
    CHECK(answers.back()["error"] == "too_many_rows");
}

TEST_CASE("without_an_answer_the_asker_is_told_that_time_ran_out") {
    gateway::ControlOptions options;
    options.reply_timeout_ms = 50;
    ControlWorld world([](const ControlRequest&) { return std::vector<ControlReply>{}; }, options);
    const auto answers = world.ask(request_of("support", "status"));
    CHECK(answers[0]["error"] == "timed_out");
}

TEST_CASE("a_full_inbox_is_told_as_busy") {
    ControlWorld world(yes);
    world.refuse_all();
    CHECK(world.ask(request_of("support", "status"))[0]["error"] == "busy");
    CHECK(world.handed_over().empty());
}

TEST_CASE("requests_over_the_rate_of_a_connection_are_refused_and_not_handed_over") {
    gateway::ControlOptions options;
    options.requests_per_second = 2;
    ControlWorld world(yes, options);
    gateway::ControlClient client;
    REQUIRE(client.connect(world.socket(), 10'000).empty());
    unsigned refused = 0;
    for (int i = 0; i < 20; ++i) {
        const auto answers = ControlWorld::ask_on(client, request_of("support", "status").dump());
        refused += answers[0].value("error", "") == "too_many_requests";
    }
    CHECK(refused > 0);
    CHECK(world.handed_over().size() == 20 - refused);
}

TEST_CASE("a_line_too_long_ends_the_connection_and_no_other") {
    ControlWorld world(yes);
    gateway::ControlClient client;
    gateway::ControlClient other;
    REQUIRE(client.connect(world.socket(), 10'000).empty());
    REQUIRE(other.connect(world.socket(), 10'000).empty());
    const auto answers = ControlWorld::ask_on(client, std::string(5000, 'x'));
    CHECK(answers[0]["error"] == "malformed");
    std::string line;
    std::string problem;
    CHECK_FALSE(client.receive(line, problem));
    CHECK(ControlWorld::ask_on(other, request_of("support", "status").dump())[0]["ok"] == true);
}

TEST_CASE("five_failures_lock_the_user_for_this_source_though_the_password_is_right_then") {
    ControlWorld world(yes);
    json wrong = request_of("officer", "status");
    wrong["password"] = "pw-wrong";
    for (int i = 0; i < 5; ++i) {
        CHECK(world.ask(wrong)[0]["error"] == "bad_credentials");
    }
    CHECK(world.ask(request_of("officer", "status"))[0]["error"] == "bad_credentials");
    // Others of the same source are not locked out.
    CHECK(world.ask(request_of("operator", "status"))[0]["ok"] == true);
}

TEST_CASE("the_socket_is_closed_to_others_replaces_a_dead_one_and_leaves_a_live_one") {
    const tests::TemporaryDirectory directory;
    gateway::UserStore users(tests::sample_users(), {});
    boost::asio::io_context context;
    gateway::ControlOptions options;
    options.socket_path = directory.path() + "/control";
    const auto submit = [](const ControlRequest&) { return true; };
    {
        // What a killed gateway leaves behind: a socket file that nobody listens on.
        const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, options.socket_path.c_str());
        REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
        ::close(dead);
    }
    gateway::ControlServer first(context, options, users, submit);
    CHECK(first.start().empty());
    struct stat info {};
    REQUIRE(::stat(options.socket_path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    gateway::ControlServer second(context, options, users, submit);
    CHECK(second.start().find("another program listens") != std::string::npos);
    first.stop();
    CHECK(::stat(options.socket_path.c_str(), &info) != 0);
    const std::string plain = directory.file("plain", "not a socket");
    options.socket_path = plain;
    gateway::ControlServer third(context, options, users, submit);
    CHECK(third.start().find("something else") != std::string::npos);
    CHECK(tests::content_of(plain) == "not a socket");
}

TEST_CASE("staff_change_their_own_password_and_act_on_users_each_by_a_record_first") {
    ControlWorld world(tests::yes);
    const auto ask = [&](const std::string& who, const std::string& verb, nlohmann::json more) {
        nlohmann::json request = tests::request_of(who, verb);
        if (more.is_object()) {
            request.update(more);
        }
        return world.ask(request).back();
    };
    const nlohmann::json two = {
        {"approver", "approver"}, {"approver_password", "pw-approver"}, {"reason", "agreed"}};
    const auto on = [](const std::string& name, nlohmann::json more) {
        more["target"] = name;
        return more;
    };
    // One's own password: a rule broken, then taken.
    auto answer = ask("officer", "password_change", {{"new_password", "short"}});
    CHECK(answer["error"] == "failed");
    CHECK(answer["text"].get<std::string>().find("12 to 128") != std::string::npos);
    CHECK(ask("officer", "password_change", {{"new_password", "Correct-Horse-9"}})["ok"] == true);
    CHECK(ask("officer", "status", {})["error"] == "bad_credentials");
    // Both were recorded, the failed one as such once more; no Record carries a password.
    const auto records = world.handed_over();
    REQUIRE(records.size() == 4);
    CHECK(records[1].facts.denied == static_cast<std::uint8_t>(gateway::Denied::failed));
    CHECK(records[2].target == risk::UserName("officer"));
    // Disabling takes one person, giving back two, and neither of them the user.
    CHECK(ask("operator", "user_disable", on("support", {{"reason", "left"}}))["ok"] == true);
    CHECK(ask("support", "status", {})["error"] == "bad_credentials");
    CHECK(ask("operator", "user_enable", on("support", {{"reason", "back"}}))["error"] == "no_right");
    CHECK(ask("operator", "user_enable", on("approver", two))["error"] == "malformed");
    CHECK(ask("operator", "user_enable", on("support", two))["ok"] == true);
    CHECK(ask("support", "status", {})["ok"] == true);
    // An initial password is told once and good for its change only.
    answer = ask("operator", "user_reset", on("support", two));
    REQUIRE(answer["ok"] == true);
    const std::string text = answer["text"];
    const std::string initial = text.substr(text.rfind(' ') + 1);
    CHECK(initial.size() == 20);
    CHECK(ask("support", "status", {{"password", initial}})["error"] == "no_right");
    CHECK(ask("support", "password_change",
              {{"password", initial}, {"new_password", "Correct-Horse-7"}})["ok"] == true);
    CHECK(ask("support", "status", {{"password", "Correct-Horse-7"}})["ok"] == true);
    // A lock is lifted by staff.
    for (int i = 0; i < 5; ++i) {
        ask("examiner", "status", {{"password", "no"}});
    }
    CHECK(ask("examiner", "status", {})["error"] == "bad_credentials");
    CHECK(ask("operator", "user_unlock", on("examiner", {{"reason", "asked"}}))["ok"] == true);
    CHECK(ask("examiner", "status", {})["ok"] == true);
    const auto rows = world.ask(tests::request_of("operator", "user_list"));
    CHECK(rows.size() == 7);
    CHECK(rows[0]["row"]["kind"] == "user");
}
