// A request and an answer as the desk's own code sees them: no socket, no HTTP library. The server makes the
// one and writes the other; the router stands between.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::desk {

using Json = nlohmann::json;

struct Request {
    std::string method;
    std::string path;                          // decoded, without the query
    std::map<std::string, std::string> query;  // decoded
    std::string body;
    std::string content_type;
    std::string host;
    std::string origin;
    std::string cookie;
    std::string authorization;
    std::string csrf;
    std::string source;  // address of the peer
};

struct Answer {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string set_cookie;
    std::string allow;          // of a 405
    std::string cache_control;  // empty: no-store
    std::uint32_t retry_after_s = 0;
};

// What must be asked of the gateway: run on a worker, away from the HTTP thread. What it returns is then
// finished on the HTTP thread, where the people are.
struct Pending {
    std::function<void()> ask;
    std::function<Answer()> finish;
    bool urgent = false;  // a stop: before whatever else waits for a worker
};

// A header's `name=value` pairs parted by semicolons; empty when it has no such name.
[[nodiscard]] std::string cookie_value(std::string_view header, std::string_view name);
// Percent-decoding; nothing when a code is malformed or stands for a control character.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
// Splits "/path?a=b&c=d". False: malformed.
[[nodiscard]] bool parse_target(std::string_view target, Request& into);

// What is no UTF-8 in it, such as bytes of a client's in a Record, becomes U+FFFD.
[[nodiscard]] std::string json_text(const Json& value);
// For the log: nothing in it can begin a line of its own, or tell a terminal what to do.
[[nodiscard]] std::string one_line(std::string_view text);
[[nodiscard]] Answer json_answer(const Json& body, unsigned status = 200);
[[nodiscard]] Answer error_answer(unsigned status, std::string_view error, std::string_view text,
                                  std::uint64_t sequence = 0);

}  // namespace fairlead::desk
