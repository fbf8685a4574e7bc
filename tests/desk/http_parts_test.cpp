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

}  // namespace
}  // namespace fairlead::desk
