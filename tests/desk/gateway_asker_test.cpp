// The desk's end of the control socket, against a gateway that says what it should not.
#include <catch2/catch.hpp>
#include <future>

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

}  // namespace
}  // namespace fairlead::desk
