// Targets, cookies and percent codes as browsers and attackers send them.
#include <catch2/catch.hpp>

#include "gateway/desk/http_parts.hpp"

namespace fairlead::desk {
namespace {

TEST_CASE("a_target_is_split_and_decoded_once") {
    Request request;
    REQUIRE(parse_target("/api/v1/orders?search=A%20B+C&limit=5&empty=", request));
    CHECK(request.path == "/api/v1/orders");
    CHECK(request.query.at("search") == "A B C");
    CHECK(request.query.at("limit") == "5");
    CHECK(request.query.at("empty").empty());
    Request twice;
    REQUIRE(parse_target("/%252e%252e/x", twice));
    CHECK(twice.path == "/%2e%2e/x");  // not decoded again
}

TEST_CASE("a_malformed_target_is_refused") {
    for (const char* target :
         {"", "api", "*", "/%", "/%4", "/%zz", "/%00", "/a?b=%0a", "/a?b=1&b=2", "/%7f"}) {
        Request request;
        INFO(target);
        CHECK_FALSE(parse_target(target, request));
    }
    std::string many = "/a?";
    for (int i = 0; i < 17; ++i) {
        many += "k" + std::to_string(i) + "=1&";
    }
    Request request;
    CHECK_FALSE(parse_target(many, request));
}

TEST_CASE("a_cookie_is_found_by_its_whole_name") {
    CHECK(cookie_value("fairlead_session=abc", "fairlead_session") == "abc");
    CHECK(cookie_value("a=1; fairlead_session=abc; b=2", "fairlead_session") == "abc");
    CHECK(cookie_value("xfairlead_session=abc", "fairlead_session").empty());
    CHECK(cookie_value("fairlead_sessionx=abc", "fairlead_session").empty());
    CHECK(cookie_value("fairlead_session", "fairlead_session").empty());
    CHECK(cookie_value("", "fairlead_session").empty());
    CHECK(cookie_value(";;;", "fairlead_session").empty());
}

TEST_CASE("an_error_names_its_record_or_none") {
    CHECK(error_answer(403, "no_right", "x").body == R"({"error":"no_right","sequence":null,"text":"x"})");
    CHECK(error_answer(403, "no_right", "x", 7).body == R"({"error":"no_right","sequence":7,"text":"x"})");
}

TEST_CASE("a_text_in_the_log_stays_on_its_line") {
    CHECK(one_line("ann") == "ann");
    CHECK(one_line("a\nb\r\tc\x1b[2J\x7f") == "a\\nb\\x0d\\x09c\\x1b[2J\\x7f");
    CHECK(one_line("a\\nb") == "a\\\\nb");  // told apart from a line's end
    CHECK(one_line("風控") == "風控");
}

TEST_CASE("bytes_that_are_no_text_are_answered_all_the_same") {
    const Json body = {{"text", "a\xff"}};
    CHECK(json_text(body) == "{\"text\":\"a\uFFFD\"}");
    CHECK(json_answer(body).body == json_text(body));
    CHECK_FALSE(error_answer(400, "x", "\xc3").body.empty());
}

}  // namespace
}  // namespace fairlead::desk
