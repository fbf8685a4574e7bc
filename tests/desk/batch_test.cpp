// A batch's way to the gateway, line by line.
#include <catch2/catch.hpp>
#include <future>

#include "gateway/desk/batch.hpp"
#include "tests/desk/fake_gateway.hpp"

namespace fairlead::desk {
namespace {

using test::FakeGateway;

Batch lines(std::size_t count) {
    Batch batch;
    for (std::size_t i = 0; i < count; ++i) {
        BatchLine line;
        line.line = i + 2;
        line.scope = risk::Scope::investor;
        line.key = "A" + std::to_string(i);
        line.dimension = risk::Dimension::buy;
        line.value = "1";
        line.change = BatchLine::Change::raise;
        line.shown = {{"over", false}, {"proposal", nullptr}};
        batch.lines.push_back(std::move(line));
    }
    return batch;
}

// Proposed on a worker, as the router does it.
GatewayReply propose(GatewayAsker& asker, const Batch& batch, Json& answer) {
    std::promise<GatewayReply> answered;
    REQUIRE(asker.submit([&] { answered.set_value(propose_batch(batch, "token", "why", asker, answer)); }));
    return answered.get_future().get();
}

TEST_CASE("the_lines_of_a_batch_are_proposed_in_order_under_the_number_of_the_first") {
    std::mutex lock;
    std::vector<Json> asked;
    FakeGateway gateway([&](const Json& request) {
        const std::lock_guard hold(lock);
        asked.push_back(request);
        return FakeGateway::good({{"sequence", 100 + asked.size()}});
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    Batch batch = lines(3);
    batch.lines[1].change = BatchLine::Change::same;  // in force already: no proposal
    Json answer = batch_answer(batch);
    CHECK(propose(asker, batch, answer).ok);
    REQUIRE(asked.size() == 2);
    CHECK(asked[0]["target"] == "A0");
    CHECK_FALSE(asked[0].contains("batch"));
    CHECK(asked[1]["target"] == "A2");
    CHECK(asked[1]["batch"] == 101);
    CHECK(answer["applied"] == true);
    CHECK(answer["batch"] == 101);
    CHECK(answer["changes"][1]["proposal"] == nullptr);
    CHECK(answer["changes"][2]["proposal"] == 102);
}

TEST_CASE("a_batch_ends_with_the_first_line_that_is_not_taken_and_says_what_is_left") {
    std::atomic<int> asked = 0;
    FakeGateway gateway([&](const Json&) {
        return ++asked == 3 ? FakeGateway::bad("malformed", "no such investor")
                            : FakeGateway::good({{"sequence", 70}});
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    const Batch batch = lines(5);
    Json answer = batch_answer(batch);
    const GatewayReply reply = propose(asker, batch, answer);
    CHECK_FALSE(reply.ok);
    CHECK(reply.text == "line 4: no such investor; reject batch 70 and correct the file");
    CHECK(asked == 3);
    CHECK(answer["applied"] == false);
}

TEST_CASE("a_batch_ends_when_the_desk_stops") {
    std::promise<void> begun;
    std::promise<void> go;
    std::shared_future<void> may_go = go.get_future().share();
    std::atomic<int> asked = 0;
    FakeGateway gateway([&](const Json&) {
        if (++asked == 1) {
            begun.set_value();
            may_go.wait();
        }
        return FakeGateway::good({{"sequence", 70}});
    });
    GatewayAsker asker(gateway.path());
    asker.start();
    const Batch batch = lines(batch_lines_max);
    Json answer = batch_answer(batch);
    std::promise<GatewayReply> answered;
    REQUIRE(asker.submit([&] { answered.set_value(propose_batch(batch, "token", "why", asker, answer)); }));
    begun.get_future().wait();
    std::thread stop([&] { asker.stop(); });
    while (!asker.stopping()) {
        std::this_thread::yield();
    }
    go.set_value();
    stop.join();
    const GatewayReply reply = answered.get_future().get();
    CHECK_FALSE(reply.ok);
    CHECK(reply.text.find("the desk is ending; reject batch 70") != std::string::npos);
    CHECK(asked == 1);
}

}  // namespace
}  // namespace fairlead::desk
