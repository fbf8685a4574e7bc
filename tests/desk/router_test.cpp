// What the desk answers, between a gateway that says what a test tells it to and a journal that is not there.
#include <catch2/catch.hpp>
#include <future>

#include "gateway/desk/router.hpp"
#include "tests/desk/fake_gateway.hpp"
#include "tests/desk/live_front.hpp"

namespace fairlead::desk {
namespace {

using test::FakeGateway;

struct Rig {
    explicit Rig(FakeGateway::Answer answer) : gateway(std::move(answer)) { asker.start(); }
    ~Rig() { asker.stop(); }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    // As the server does it, the waiting apart.
    Answer ask(const Request& request) {
        Routed routed = router.route(request, now_ns);
        if (auto* known = std::get_if<Answer>(&routed)) {
            return std::move(*known);
        }
        auto& pending = std::get<Pending>(routed);
        std::promise<void> asked;
        REQUIRE(asker.submit(
            [&] {
                pending.ask();
                asked.set_value();
            },
            pending.urgent));
        asked.get_future().wait();
        return pending.finish();
    }
    Answer log_on(const std::string& user, const std::string& source = "127.0.0.1") {
        Request request = asking("POST", "/api/v1/tokens", Json{{"user", user}, {"password", "x"}}.dump());
        request.source = source;
        return ask(request);
    }
    [[nodiscard]] std::string token(const std::string& user, const std::string& source = "127.0.0.1") {
        const Answer answer = log_on(user, source);
        REQUIRE(answer.status == 200);
        return Json::parse(answer.body)["token"];
    }
    Request asking(const std::string& method, const std::string& path, const std::string& body = {},
                   const std::string& token = {}) const {
        Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        request.content_type = body.empty() ? "" : "application/json";
        request.host = "127.0.0.1:" + std::to_string(options.port);
        request.source = "127.0.0.1";
        request.authorization = token.empty() ? "" : "Bearer " + token;
        return request;
    }
    unsigned me(const std::string& token) { return ask(asking("GET", "/api/v1/me", {}, token)).status; }
    // Until a worker's news have come: they are taken by tidy().
    template <class Holds>
    bool tidy_until(Holds holds) {
        for (int i = 0; i < 2'000 && !holds(); ++i) {
            router.tidy(now_ns);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return holds();
    }

    FakeGateway gateway;
    test::TemporaryDirectory directory;
    Options options = test::small_options(directory.path(), gateway.path());
    std::mutex lock;
    std::vector<std::string> logged;
    std::int64_t now_ns = second_ns;
    Follower follower{options, [](const std::string&) {}};
    GatewayAsker asker{options.control_socket};
    Router router{options, follower, asker, [this](const std::string& text) {
                      const std::lock_guard hold(lock);
                      logged.push_back(text);
                  }};
};

FakeGateway::Said give_token(const Json& request) {
    return FakeGateway::good(
        {{"sequence", 1},
         {"row",
          {{"role", "risk_officer"}, {"token", "of " + request.value("user", "")}, {"must_change", false}}}});
}

TEST_CASE("a_session_ends_when_the_gateway_no_longer_knows_its_token") {
    std::atomic<bool> known = true;
    std::atomic<int> shown = 0;
    Rig rig([&](const Json& request) {
        if (request["verb"] == "login") {
            return give_token(request);
        }
        ++shown;
        return known || request["token"] != "of ann" ? FakeGateway::good({})
                                                     : FakeGateway::bad("bad_credentials");
    });
    const std::string ann = rig.token("ann");
    const std::string bob = rig.token("bob");
    const auto seconds_later = [&](std::int64_t seconds) {
        rig.now_ns += seconds * second_ns;
        CHECK(rig.me(bob) == 200);
        return rig.me(ann);
    };
    CHECK(seconds_later(29) == 200);
    rig.router.tidy(rig.now_ns);
    CHECK(seconds_later(1) == 200);
    CHECK(rig.tidy_until([&] { return shown == 2; }));  // both, once
    CHECK(seconds_later(1) == 200);
    known = false;
    CHECK(seconds_later(30) == 200);  // nobody knows yet
    CHECK(rig.tidy_until([&] { return rig.router.people() == 1; }));
    CHECK(rig.me(ann) == 401);
    CHECK(rig.me(bob) == 200);
}

TEST_CASE("one_address_cannot_keep_a_user_of_another_from_logging_on") {
    Rig rig([](const Json& request) {
        return request["password"] == "x" && request["user"] == "ann" ? give_token(request)
                                                                      : FakeGateway::bad("bad_credentials");
    });
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(rig.log_on("ann", "10.0.0.9"));
    }
    CHECK(rig.log_on("ann", "10.0.0.9").status == 429);
    CHECK(rig.log_on("ann", "10.0.0.1").status == 200);
}

TEST_CASE("a_session_too_many_is_refused_by_its_reason_and_its_token_is_given_back") {
    std::mutex lock;
    std::vector<std::string> ended;
    Rig rig([&](const Json& request) {
        if (request["verb"] == "logout") {
            const std::lock_guard hold(lock);
            ended.push_back(request["token"]);
        }
        return request["verb"] == "login" ? give_token(request) : FakeGateway::good({});
    });
    for (std::size_t i = 0; i < people_of_one_user_max; ++i) {
        static_cast<void>(rig.token("ann", "10.0.0." + std::to_string(i)));
    }
    const Answer answer = rig.log_on("ann", "10.0.1.1");
    CHECK(answer.status == 503);
    CHECK(Json::parse(answer.body)["text"].get<std::string>().starts_with("ann has 8 sessions already"));
    CHECK(rig.tidy_until([&] {
        const std::lock_guard hold(lock);
        return !ended.empty();
    }));
    CHECK(ended == std::vector<std::string>{"of ann"});
}

TEST_CASE("no_figure_is_shown_and_no_batch_judged_before_the_journal_is_read_to_its_end") {
    Rig rig([](const Json& request) {
        return request["verb"] == "login" ? give_token(request) : FakeGateway::good({});
    });
    const std::string ann = rig.token("ann");
    const auto get = [&](const char* path) { return rig.ask(rig.asking("GET", path, {}, ann)); };
    const auto batch = [&] {
        return rig.ask(rig.asking(
            "POST", "/api/v1/limits/batch",
            Json{{"csv", "scope,key,dimension,value\nfirm,,buy,1\n"}, {"reason", "quarter"}}.dump(), ann));
    };
    StreamView view;
    const auto streamed = [&](const char* topic) {
        return Json::parse(rig.router.stream_message(ann, topic, view, rig.now_ns))["data"];
    };
    CHECK(get("/api/v1/overview").status == 200);
    for (const char* path :
         {"/api/v1/investors", "/api/v1/orders", "/api/v1/sessions", "/api/v1/limits", "/api/v1/proposals",
          "/api/v1/halts", "/api/v1/investors/A1", "/api/v1/orders/1"}) {
        INFO(path);
        const Answer answer = get(path);
        CHECK(answer.status == 503);
        CHECK(Json::parse(answer.body)["error"] == "not_ready");
        CHECK(answer.body.find("catching up") != std::string::npos);
    }
    CHECK(batch().status == 503);
    const auto metrics_tell = [&](const char* name) {
        return rig.ask(rig.asking("GET", "/metrics")).body.find(name) != std::string::npos;
    };
    CHECK(metrics_tell("fairlead_desk_ready 0"));
    CHECK_FALSE(metrics_tell("fairlead_orders_accepted_today"));
    CHECK(streamed("halts")["error"] == "not_ready");
    CHECK(streamed("overview")["desk"]["ready"] == false);

    test::LiveFront front(rig.options);
    front.day();
    rig.follower.start();
    REQUIRE(test::within_time([&] { return rig.follower.picture()->ready; }));
    CHECK(get("/api/v1/investors").status == 200);
    CHECK(batch().status == 200);
    CHECK(metrics_tell("fairlead_desk_ready 1"));
    CHECK(metrics_tell("fairlead_orders_accepted_today"));
    CHECK(streamed("halts")["items"].empty());
}

TEST_CASE("a_second_batch_waits_for_the_end_of_the_first_and_a_stop_does_not") {
    std::promise<void> begun;
    std::promise<void> go;
    const std::shared_future<void> may_go = go.get_future().share();
    Rig rig([&](const Json& request) {
        if (request["verb"] == "propose") {
            begun.set_value();
            may_go.wait();
        }
        return request["verb"] == "login" ? give_token(request) : FakeGateway::good({{"sequence", 5}});
    });
    test::LiveFront front(rig.options);
    front.day();
    rig.follower.start();
    REQUIRE(test::within_time([&] { return rig.follower.picture()->ready; }));
    const std::string ann = rig.token("ann");
    const auto batch = [&](bool apply) {
        return rig.asking(
            "POST", "/api/v1/limits/batch",
            Json{{"csv", "scope,key,dimension,value\nfirm,,buy,1\n"}, {"reason", "quarter"}, {"apply", apply}}
                .dump(),
            ann);
    };
    {
        auto first = std::get<Pending>(rig.router.route(batch(true), rig.now_ns));
        std::promise<void> ended;
        REQUIRE(rig.asker.submit([&] {
            first.ask();
            ended.set_value();
        }));
        begun.get_future().wait();
        const Answer second = rig.ask(batch(true));
        CHECK(second.status == 409);
        CHECK(Json::parse(second.body)["error"] == "batch_running");
        CHECK(rig.ask(batch(false)).status == 200);  // a preview is none
        Request wrong = batch(true);
        wrong.body.replace(wrong.body.find("buy"), 3, "lie");
        const Answer told = rig.ask(wrong);  // nor is what cannot be applied
        CHECK(told.status == 200);
        CHECK(Json::parse(told.body)["applied"] == false);
        CHECK(Json::parse(told.body)["errors"].size() == 1);
        const Request stop =
            rig.asking("POST", "/api/v1/halts",
                       Json{{"scope", "investor"}, {"key", "A1"}, {"reason", "now"}}.dump(), ann);
        auto urgent = std::get<Pending>(rig.router.route(stop, rig.now_ns));
        CHECK(urgent.urgent);
        CHECK(rig.ask(stop).status == 200);
        go.set_value();
        ended.get_future().wait();
        CHECK(first.finish().status == 200);
    }
    begun = {};
    CHECK(rig.ask(batch(true)).status == 200);
}

}  // namespace
}  // namespace fairlead::desk
