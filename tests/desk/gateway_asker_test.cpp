// The desk's end of the control socket, against a gateway that says what it should not.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "gateway/desk/gateway_asker.hpp"
#include "tests/desk/fake_gateway.hpp"

namespace fairlead::desk {
namespace {

using test::FakeGateway;

// Asks on a worker, as the router does.
GatewayReply ask(GatewayAsker& asker, const Json& request) {
    std::promise<GatewayReply> answered;
    REQUIRE(asker.submit([&] { answered.set_value(asker.ask(request)); }));
    return answered.get_future().get();
}

std::string row_lines(std::size_t count) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i) {
        lines += R"({"ok":true,"sequence":7,"more":true,"row":{"name":"ann"}})"
                 "\n";
    }
    return lines;
}
constexpr const char* last_line = "{\"ok\":true,\"sequence\":7,\"more\":false}\n";

TEST_CASE("an_answer_that_is_cut_off_is_no_answer") {
    struct Row {
        const char* what;
        std::string bytes;
    };
    const Row rows[] = {{"in the middle of a list", row_lines(3)},
                        {"in the middle of a line", row_lines(1) + R"({"ok":true,"mo)"},
                        {"by what is no object", row_lines(1) + "7\n"},
                        {"by a field of another type", row_lines(1) + "{\"ok\":\"yes\",\"more\":false}\n"},
                        {"before its first byte", ""}};
    for (const Row& row : rows) {
        INFO(row.what);
        FakeGateway gateway([&](const Json&) { return FakeGateway::Said{row.bytes, true}; });
        GatewayAsker asker(gateway.path());
        asker.start();
        const GatewayReply reply = ask(asker, {{"verb", "user_list"}});
        CHECK_FALSE(reply.ok);
        CHECK_FALSE(reply.reached);
        CHECK(reply.rows.empty());
        CHECK(reply.sequence == 0);
        CHECK(reply.text.find("may have been done") != std::string::npos);
    }
}

TEST_CASE("the_question_behind_a_cut_off_answer_is_answered_whole") {
    std::atomic<int> asked = 0;
    FakeGateway gateway([&](const Json&) {
        return ++asked == 1 ? FakeGateway::Said{row_lines(2), true}
                            : FakeGateway::Said{row_lines(2) + last_line};
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    CHECK_FALSE(ask(asker, {{"verb", "user_list"}}).ok);
    const GatewayReply reply = ask(asker, {{"verb", "user_list"}});
    CHECK(reply.ok);
    CHECK(reply.reached);
    CHECK(reply.rows.size() == 2);
}

TEST_CASE("rows_beyond_the_bound_are_told_of_and_not_left_out") {
    std::size_t rows = GatewayAsker::rows_max;
    FakeGateway gateway([&](const Json&) { return FakeGateway::Said{row_lines(rows) + last_line}; });
    GatewayAsker asker(gateway.path());
    asker.start();
    CHECK(ask(asker, {{"verb", "user_list"}}).rows.size() == GatewayAsker::rows_max);
    ++rows;
    const GatewayReply reply = ask(asker, {{"verb", "user_list"}});
    CHECK(reply.reached);
    CHECK_FALSE(reply.ok);
    CHECK(reply.error == "too_many_rows");
    CHECK(reply.rows.empty());
}

TEST_CASE("a_stop_goes_before_all_that_waits_and_has_room_when_the_queue_is_full") {
    GatewayAsker asker("/nowhere");
    std::promise<void> stopped;
    const std::shared_future<void> stop = stopped.get_future().share();
    std::atomic<std::size_t> behind = 0;
    std::promise<void> all;
    const auto other = [&, stop] {
        REQUIRE(stop.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
        if (++behind == GatewayAsker::queue_max) {
            all.set_value();
        }
    };
    for (std::size_t i = 0; i < GatewayAsker::queue_max; ++i) {
        REQUIRE(asker.submit(other));
    }
    CHECK_FALSE(asker.submit(other));
    CHECK(asker.submit([&] { stopped.set_value(); }, true));
    asker.start();
    all.get_future().wait();
}

TEST_CASE("a_stop_does_not_wait_for_workers_that_are_all_at_something_slow") {
    GatewayAsker asker("/nonexistent/control");
    asker.start();
    std::promise<void> go;
    const std::shared_future<void> slow = go.get_future().share();
    std::atomic<std::size_t> held = 0;
    for (std::size_t i = 0; i < GatewayAsker::workers; ++i) {
        REQUIRE(asker.submit([&held, slow] {
            ++held;
            slow.wait();
        }));
    }
    while (held < GatewayAsker::workers) {
        std::this_thread::yield();
    }
    std::promise<void> stopped;
    REQUIRE(asker.submit([&] { stopped.set_value(); }, true));
    CHECK(stopped.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    go.set_value();
    asker.stop();
}

TEST_CASE("a_gateway_that_was_asked_too_often_is_asked_again_so_many_times_and_no_more") {
    std::atomic<int> asked = 0;
    std::atomic<int> good_at = 3;
    FakeGateway gateway([&](const Json&) {
        return ++asked == good_at ? FakeGateway::good({}) : FakeGateway::bad("too_many_requests");
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    const auto patiently = [&](unsigned tries) {
        std::promise<GatewayReply> answered;
        REQUIRE(asker.submit([&] { answered.set_value(asker.ask_patiently({{"verb", "halt"}}, tries)); }));
        return answered.get_future().get();
    };
    CHECK(patiently(5).ok);
    CHECK(asked == 3);
    asked = 0;
    good_at = 0;
    CHECK(patiently(4).error == "too_many_requests");
    CHECK(asked == 4);
    asked = 0;
    CHECK(patiently(1).error == "too_many_requests");
    CHECK(asked == 1);
}

TEST_CASE("a_desk_that_stops_does_not_wait_for_the_end_of_anybodys_patience") {
    std::promise<void> asked;
    std::once_flag once;
    FakeGateway gateway([&](const Json&) {
        std::call_once(once, [&] { asked.set_value(); });
        return FakeGateway::bad("too_many_requests");
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    std::promise<GatewayReply> answered;
    REQUIRE(asker.submit([&] {
        answered.set_value(asker.ask_patiently({{"verb", "propose"}}, 1'000'000'000));
    }));
    asked.get_future().wait();
    asker.stop();
    CHECK(answered.get_future().get().error == "too_many_requests");
}

}  // namespace
}  // namespace fairlead::desk
