// Who asks, what for, and what may be looked at; see router.hpp. The acts stand in router_acts.cpp.
#include "gateway/desk/router.hpp"

#include <algorithm>

#include "config/csv.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/desk/body_fields.hpp"

namespace fairlead::desk {
namespace {

using risk::ControlVerb;

constexpr std::string_view cookie_name = "fairlead_session";
constexpr std::size_t rows_max = 1'000;
constexpr std::size_t stream_request_max = 4'096;
constexpr std::uint64_t stream_number_max =
    (std::uint64_t{1} << 53) - 1;  // what JSON keeps exactly everywhere
// A session that only reads shows its token to the gateway once each so often: that keeps the token alive,
// and the session does not outlive it. So many a second: all sessions within a minute, and never a burst.
constexpr std::int64_t touch_ns = 30 * second_ns;
constexpr std::size_t touches_at_once = 10;
static_assert(touches_at_once * 30 >= people_max);

Answer bad_field(const std::string& text) {
    return error_answer(422, "bad_field", text);
}

// Reads the query of a page; the first wrong field is kept.
class QueryReader {
  public:
    explicit QueryReader(const Request& request) : query_(request.query) {}
    std::string text(const char* name, std::size_t bytes_max) {
        std::string value = take(name);
        if (value.size() > bytes_max) {
            fail(name, "must have at most " + std::to_string(bytes_max) + " bytes");
        }
        return value;
    }
    std::string word(const char* name, std::initializer_list<std::string_view> words, const char* otherwise) {
        std::string value = take(name);
        if (value.empty()) {
            return otherwise;
        }
        if (std::find(words.begin(), words.end(), value) == words.end()) {
            fail(name, "is none of the words it may be");
        }
        return value;
    }
    std::size_t number(const char* name, std::int64_t low, std::int64_t high, std::size_t otherwise) {
        const std::string value = take(name);
        std::int64_t read = 0;
        if (value.empty()) {
            return otherwise;
        }
        if (!config::parse_whole(value, low, high, read)) {
            fail(name, "must be a whole number in " + std::to_string(low) + ".." + std::to_string(high));
        }
        return static_cast<std::size_t>(read);
    }
    template <class Query>
    void page(Query& query) {
        query.offset = number("offset", 0, 10'000'000, 0);
        query.limit = number("limit", 1, rows_max, query.limit);
    }
    // Empty: all of it was good.
    [[nodiscard]] std::string finish() {
        if (wrong_.empty() && !query_.empty()) {
            fail(query_.begin()->first.substr(0, 40), "is not a parameter of this path");
        }
        return wrong_;
    }

  private:
    std::string take(const char* name) {
        const auto found = query_.find(name);
        std::string value = found == query_.end() ? std::string() : found->second;
        if (found != query_.end()) {
            query_.erase(found);
        }
        return value;
    }
    void fail(const std::string& name, const std::string& rule) {
        wrong_ = wrong_.empty() ? name + " " + rule : wrong_;
    }
    std::map<std::string, std::string> query_;
    std::string wrong_;
};

void read_query(QueryReader& reader, InvestorQuery& query) {
    query.search = reader.text("search", 16);
    query.sort = reader.word("sort",
                             {"id", "-id", "permille", "-permille", "used", "-used", "open_orders",
                              "-open_orders", "orders", "-orders", "refused", "-refused", "state", "-state"},
                             "id");
    query.state = reader.word("state", {"ok", "warn50", "warn80", "warn95", "slow", "halted", "warn"}, "");
    reader.page(query);
}
void read_query(QueryReader& reader, OrderQuery& query) {
    query.search = reader.text("search", 24);
    query.investor = reader.text("investor", 12);
    query.status = reader.word("status", {"open", "in_doubt", "refused", "filled", "cancelled", "ended"}, "");
    reader.page(query);
}

// Segments of a pattern against those of a path. False: they differ.
bool matches(std::string_view pattern, std::string_view path, std::string& argument) {
    while (!pattern.empty() && !path.empty()) {
        const std::size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
        const std::size_t path_end = std::min(path.find('/', 1), path.size());
        const std::string_view wanted = pattern.substr(0, pattern_end);
        const std::string_view given = path.substr(0, path_end);
        if (wanted == "/{}") {
            argument = std::string(given.substr(1));
            if (argument.empty()) {
                return false;
            }
        } else if (wanted != given) {
            return false;
        }
        pattern.remove_prefix(pattern_end);
        path.remove_prefix(path_end);
    }
    return pattern.empty() && path.empty();
}

// Why no figure but the overview's, which says how far reading is, can be shown. Empty: they can be.
std::string not_ready(const Picture& picture) {
    return picture.ready ? std::string()
           : picture.error.empty()
               ? "the desk is catching up: it has read up to record " + std::to_string(picture.sequence)
               : picture.error;
}

ControlVerb right_of_topic(const std::string& topic) {
    return topic == "investors" || topic == "investor" ? ControlVerb::limit_show
           : topic == "orders"                         ? ControlVerb::order_show
           : topic == "sessions"                       ? ControlVerb::session_list
           : topic == "proposals"                      ? ControlVerb::proposal_list
                                                       : ControlVerb::status;
}

}  // namespace

const std::vector<Router::Route>& Router::table() {
    constexpr ControlVerb act = ControlVerb::none;
    static const std::vector<Route> routes{
        {"POST", "/logout", &Router::log_off, act},
        {"GET", "/me", &Router::me, act},
        {"POST", "/me/password", &Router::change_password, act},
        {"POST", "/me/totp", &Router::second_factor, act},
        {"GET", "/overview", &Router::get_overview, ControlVerb::status},
        {"GET", "/investors", &Router::get_investors, ControlVerb::limit_show},
        {"GET", "/investors/{}", &Router::get_investor, ControlVerb::limit_show},
        {"GET", "/orders", &Router::get_orders, ControlVerb::order_show},
        {"GET", "/orders/{}", &Router::get_order, ControlVerb::order_show},
        {"GET", "/sessions", &Router::get_sessions, ControlVerb::session_list},
        {"GET", "/limits", &Router::get_limits, ControlVerb::limit_show},
        {"POST", "/limits", &Router::set_limit, act},
        {"POST", "/limits/batch", &Router::set_batch, act},
        {"GET", "/proposals", &Router::get_proposals, ControlVerb::proposal_list},
        {"POST", "/proposals/{}/approve", &Router::approve, act},
        {"POST", "/proposals/{}/reject", &Router::reject, act},
        {"POST", "/proposals/{}/withdraw", &Router::withdraw, act},
        {"GET", "/halts", &Router::get_halts, ControlVerb::status},
        {"POST", "/halts", &Router::halt, act},
        {"POST", "/resumes", &Router::resume, act},
        {"GET", "/users", &Router::get_users, act},
        {"POST", "/users", &Router::add_user, act},
        {"POST", "/users/{}/role", &Router::set_role, act},
        {"POST", "/users/{}/disable", &Router::disable_user, act},
        {"POST", "/users/{}/enable", &Router::enable_user, act},
        {"POST", "/users/{}/unlock", &Router::unlock_user, act},
        {"POST", "/users/{}/reset-password", &Router::reset_user, act},
        {"GET", "/reviews", &Router::get_reviews, act},
        {"POST", "/reviews/{}", &Router::decide_review, act},
        {"GET", "/visits", &Router::get_visits, act},
        {"POST", "/visits", &Router::open_visit, act},
        {"POST", "/visits/{}/close", &Router::close_visit, act},
        {"POST", "/visits/{}/sign", &Router::sign_visit, act},
    };
    return routes;
}

Router::Router(const Options& options, Follower& follower, GatewayAsker& gateway, Log log)
    : options_(options),
      follower_(follower),
      gateway_(gateway),
      log_(std::move(log)),
      people_(std::int64_t{options.idle_s} * second_ns, options.requests_per_second),
      source_limits_(options.logins_per_minute),
      user_limits_(options.logins_per_minute) {}

// A name that leads elsewhere must not make a browser speak to this desk (DNS rebinding), and a page from
// elsewhere must not make it act.
std::string Router::wrong_origin(const Request& request) const {
    std::string host = request.host;
    const std::string port = ":" + std::to_string(options_.port);
    const std::string name = host.ends_with(port)   ? host.substr(0, host.size() - port.size())
                             : options_.port == 443 ? host  // a browser leaves the usual port out
                                                    : std::string();
    const bool literal = options_.address.find(':') != std::string::npos;
    const bool known = name == "localhost" ||
                       name == (literal ? "[" + options_.address + "]" : options_.address) ||
                       std::find(options_.hosts.begin(), options_.hosts.end(), name) != options_.hosts.end();
    if (!known) {
        return "Host '" + host.substr(0, 100) + "' is not a name of this desk";
    }
    if (!request.origin.empty() && request.origin != "https://" + host) {
        return "Origin '" + request.origin.substr(0, 100) + "' is not this desk";
    }
    return {};
}

std::string Router::secret_of(const Request& request) const {
    constexpr std::string_view bearer = "Bearer ";
    return request.authorization.starts_with(bearer) ? request.authorization.substr(bearer.size())
                                                     : cookie_value(request.cookie, cookie_name);
}

Person* Router::who(const Request& request, std::int64_t now_ns, bool asks) {
    Person* person = people_.find(secret_of(request), now_ns, asks);
    // A token is good as a header only and a cookie as a cookie only.
    return person != nullptr && person->bearer == !request.authorization.empty() ? person : nullptr;
}

Routed Router::route(const Request& request, std::int64_t now_ns) {
    now_ns_ = now_ns;
    if (const std::string wrong = wrong_origin(request); !wrong.empty()) {
        log_("refused from " + request.source + ": " + wrong);
        return error_answer(403, request.origin.empty() ? "bad_host" : "bad_origin", wrong);
    }
    bool found = false;
    Routed open = open_route(request, now_ns, found);
    return found ? std::move(open) : find_route(request, now_ns);
}

// What needs nobody logged on.
Routed Router::open_route(const Request& request, std::int64_t now_ns, bool& found) {
    const bool login = request.path == "/api/v1/login";
    const bool tokens = request.path == "/api/v1/tokens";
    const bool metrics = request.path == "/metrics";
    found = login || tokens || metrics;
    if (!found) {
        return Answer{};
    }
    if (request.method != (metrics ? "GET" : "POST")) {
        Answer answer = error_answer(405, "method", std::string(metrics ? "GET" : "POST") + " only");
        answer.allow = metrics ? "GET" : "POST";
        return answer;
    }
    if (!metrics) {
        return log_on(request, tokens, now_ns);
    }
    Answer answer;
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    answer.body = metrics_text(follower_, people_.size(), requests, streams);
    return answer;
}

Routed Router::find_route(const Request& request, std::int64_t now_ns) {
    constexpr std::string_view base = "/api/v1";
    const std::string_view path =
        std::string_view(request.path).substr(std::min(base.size(), request.path.size()));
    std::string argument;
    std::string allow;
    const Route* route = nullptr;
    for (const Route& one : table()) {
        if (request.path.starts_with(base) && matches(one.path, path, argument)) {
            allow += (allow.empty() ? "" : ", ") + std::string(one.method);
            route = one.method == request.method ? &one : route;
        }
    }
    if (allow.empty()) {
        return error_answer(404, "not_found", "there is nothing at this path");
    }
    if (route == nullptr) {
        Answer answer = error_answer(405, "method", allow + " only");
        answer.allow = allow;
        return answer;
    }
    Person* person = who(request, now_ns, true);
    if (person == nullptr) {
        return error_answer(401, "not_logged_on", "log on first: the session is unknown or has ended");
    }
    if (!people_.take(*person, now_ns)) {
        return error_answer(429, "too_many",
                            "at most " + std::to_string(options_.requests_per_second) + " requests a second");
    }
    if (request.method == "POST") {
        if (!person->bearer && !same_secret(request.csrf, person->csrf)) {
            log_("refused from " + request.source + ", user " + person->user +
                 ": no or a wrong X-Fairlead-Csrf");
            return error_answer(403, "csrf", "X-Fairlead-Csrf must be what the log-on answered");
        }
        if (!request.content_type.starts_with("application/json") && !request.body.empty()) {
            return error_answer(415, "media_type", "Content-Type must be application/json");
        }
    }
    if (person->must_change && route->path != "/me/password" && !route->path.starts_with("/me") &&
        route->path != "/logout") {
        return error_answer(403, "must_change", "the password must be changed before anything else");
    }
    present_secret_ = secret_of(request);
    if (route->look != ControlVerb::none) {
        if (!has_right(*person, route->look)) {
            return deny(route->look, *person);
        }
        const std::string why = not_ready(*follower_.picture());
        if (!why.empty() && route->path != "/overview") {
            return error_answer(503, "not_ready", why);
        }
    }
    return (this->*route->handler)(request, *person, argument);
}

bool Router::has_right(const Person& person, ControlVerb verb) const {
    return gateway::right_of(person.role, verb) != gateway::Right::none;
}

// The gateway knows this role's rights as well as the desk; asked all the same, it makes the denial a Record.
Routed Router::deny(ControlVerb verb, const Person& person) {
    Json request = {{"verb", gateway::verb_name(verb)}, {"token", person.gateway_token}};
    if (verb == ControlVerb::limit_show) {
        request["scope"] = "firm";
    } else if (verb == ControlVerb::order_show) {
        request["order"] = 1;
    }
    const auto reply = std::make_shared<GatewayReply>();
    return Pending{[this, request, reply] { *reply = gateway_.ask(request); },
                   [reply, text = std::string(config::role_name(person.role)) + " has no right to " +
                                  std::string(gateway::verb_name(verb))] {
                       return error_answer(403, "no_right", text, reply->sequence);
                   }};
}

Asked Router::asked(const Person& person) const {
    Asked asked;
    const bool hides = person.role == config::Role::trader_support || person.role == config::Role::vendor;
    asked.masking = hides ? audit::Masking::masked : audit::Masking::revealed;
    asked.own = person.user;
    asked.now = follower_.picture()->at;
    return asked;
}

// --- looking

Routed Router::get_overview(const Request&, Person&, const std::string&) {
    Answer answer;
    answer.body = follower_.picture()->overview;
    return answer;
}

Routed Router::get_investors(const Request& request, Person&, const std::string&) {
    InvestorQuery query;
    QueryReader reader(request);
    read_query(reader, query);
    if (const std::string wrong = reader.finish(); !wrong.empty()) {
        return bad_field(wrong);
    }
    return json_answer(investor_page(*follower_.picture(), query));
}

Routed Router::get_investor(const Request&, Person& person, const std::string& id) {
    if (!config::is_code(id, 1, 12)) {
        return bad_field("id must be an investor: 1 to 12 letters or digits");
    }
    const Asked by = asked(person);
    const Json detail =
        follower_.look([&](const DeskState& state) { return investor_detail(state, id, by); });
    return detail.is_null() ? error_answer(404, "not_found", "investor " + id + ": there is none on this day")
                            : json_answer(detail);
}

Routed Router::get_orders(const Request& request, Person& person, const std::string&) {
    OrderQuery query;
    QueryReader reader(request);
    read_query(reader, query);
    if (const std::string wrong = reader.finish(); !wrong.empty()) {
        return bad_field(wrong);
    }
    const Asked by = asked(person);
    return json_answer(follower_.look([&](const DeskState& state) { return order_page(state, query, by); }));
}

Routed Router::get_order(const Request&, Person& person, const std::string& key) {
    std::int64_t number = 0;
    if (!config::parse_whole(key, 1, INT64_MAX - 1, number)) {
        return bad_field("key must be the number of an order");
    }
    const Asked by = asked(person);
    const Json detail = follower_.look(
        [&](const DeskState& state) { return order_detail(state, static_cast<risk::Sequence>(number), by); });
    return detail.is_null()
               ? error_answer(404, "not_found", "order " + key + ": it is none of those the desk keeps")
               : json_answer(detail);
}

Routed Router::get_sessions(const Request&, Person& person, const std::string&) {
    const Asked by = asked(person);
    return json_answer(follower_.look([&](const DeskState& state) { return session_page(state, by); }));
}

Routed Router::get_limits(const Request& request, Person& person, const std::string&) {
    LimitQuery query;
    QueryReader reader(request);
    const std::string scope = reader.word("scope", {"firm", "branch", "investor", "account"}, "");
    const std::string dimension = reader.text("dimension", 16);
    query.scope = gateway::parse_scope(scope);
    query.key = reader.text("key", 16);
    query.dimension = gateway::parse_dimension(dimension);
    reader.page(query);
    if (const std::string wrong = reader.finish(); !wrong.empty()) {
        return bad_field(wrong);
    }
    if (!dimension.empty() && query.dimension == risk::Dimension::none) {
        return bad_field("dimension is none of the words it may be");
    }
    const Asked by = asked(person);
    return json_answer(follower_.look([&](const DeskState& state) { return limit_page(state, query, by); }));
}

Routed Router::get_proposals(const Request& request, Person& person, const std::string&) {
    LimitQuery page;
    QueryReader reader(request);
    const bool all = reader.word("state", {"open", "all"}, "open") == "all";
    reader.page(page);
    if (const std::string wrong = reader.finish(); !wrong.empty()) {
        return bad_field(wrong);
    }
    const Asked by = asked(person);
    return json_answer(follower_.look(
        [&](const DeskState& state) { return proposal_page(state, all, page.offset, page.limit, by); }));
}

Routed Router::get_halts(const Request&, Person& person, const std::string&) {
    const Asked by = asked(person);
    return json_answer(follower_.look([&](const DeskState& state) { return halt_page(state, by); }));
}

// --- the stream

std::string Router::read_stream_request(std::string_view text, StreamView& view) const {
    const Json message = text.size() > stream_request_max ? Json() : Json::parse(text, nullptr, false);
    if (!message.is_object()) {
        return "the message must be one JSON object of at most 4096 bytes";
    }
    StreamView fresh = view;
    const auto read_topics = [&](const Json& list, bool add) -> std::string {
        if (!list.is_array()) {
            return "subscribe must be a list";
        }
        for (const Json& one : list) {
            const std::string topic = one.is_string() ? one.get<std::string>() : std::string();
            if (std::find(topics.begin(), topics.end(), topic) == topics.end()) {
                return "subscribe must name topics of the stream";
            }
            std::erase(fresh.topics, topic);
            if (add) {
                fresh.topics.push_back(topic);
            }
        }
        return {};
    };
    const auto read_page = [](const Json& fields, auto& query) -> std::string {
        if (!fields.is_object()) {
            return "a page must be an object";
        }
        Request request;
        for (const auto& item : fields.items()) {
            request.query[item.key()] =
                item.value().is_string() ? item.value().get<std::string>() : json_text(item.value());
        }
        query = {};
        QueryReader reader(request);
        read_query(reader, query);
        return reader.finish();
    };
    std::string wrong;
    for (const auto& item : message.items()) {
        const std::string& key = item.key();
        if (key == "subscribe" || key == "unsubscribe") {
            wrong = read_topics(item.value(), key == "subscribe");
        } else if (key == "investors") {
            wrong = read_page(item.value(), fresh.investors);
        } else if (key == "orders") {
            wrong = read_page(item.value(), fresh.orders);
        } else if (key == "investor" && item.value().is_string() &&
                   item.value().get<std::string>().size() <= 12) {
            fresh.investor = item.value().get<std::string>();
        } else if (key == "request" && item.value().is_number_unsigned() &&
                   item.value().get<std::uint64_t>() <= stream_number_max) {
            fresh.request = item.value().get<std::uint64_t>();
        } else {
            wrong = key.substr(0, 40) + " is not a field of a stream request";
        }
        if (!wrong.empty()) {
            return wrong;
        }
    }
    view = std::move(fresh);
    return {};
}

std::string Router::stream_message(const std::string& secret, const std::string& topic,
                                   const StreamView& view, std::int64_t now_ns) {
    const Person* person = people_.find(secret, now_ns, false);
    if (person == nullptr || person->must_change) {
        return {};
    }
    const auto instead = [&](const char* error, const std::string& text) {
        return json_text({{"topic", topic},
                          {"request", view.request},
                          {"data", {{"error", error}, {"text", text}, {"sequence", nullptr}}}});
    };
    if (!has_right(*person, right_of_topic(topic))) {
        return instead("no_right",
                       std::string(config::role_name(person->role)) + " has no right to this topic");
    }
    const auto picture = follower_.picture();
    if (topic == "overview") {
        return "{\"topic\":\"overview\",\"request\":" + std::to_string(view.request) +
               ",\"data\":" + picture->overview + "}";
    }
    if (const std::string why = not_ready(*picture); !why.empty()) {
        return instead("not_ready", why);
    }
    const Asked by = asked(*person);
    Json data;
    if (topic == "investors") {
        data = investor_page(*picture, view.investors);
    } else {
        data = follower_.look([&](const DeskState& state) -> Json {
            return topic == "investor"    ? investor_detail(state, view.investor, by)
                   : topic == "orders"    ? order_page(state, view.orders, by)
                   : topic == "proposals" ? proposal_page(state, false, 0, rows_max, by)
                   : topic == "sessions"  ? session_page(state, by)
                                          : halt_page(state, by);
        });
    }
    return data.is_null()
               ? instead("not_found", "investor " + view.investor + ": there is none on this day")
               : json_text({{"topic", topic}, {"request", view.request}, {"data", std::move(data)}});
}

void Router::tidy(std::int64_t now_ns) {
    for (const risk::UserName& user : follower_.take_ended_users()) {
        people_.end_user(user.view());
    }
    std::vector<std::string> unknown;
    {
        const std::lock_guard hold(unknown_lock_);
        unknown.swap(unknown_tokens_);
    }
    for (const std::string& token : unknown) {
        people_.end_token(token);
    }
    for (std::string& token : people_.take_unseen(now_ns, touch_ns, touches_at_once)) {
        static_cast<void>(gateway_.submit([this, shown = std::move(token)] { show_token(shown); }));
    }
    for (std::string& token : people_.take_ended(now_ns)) {
        static_cast<void>(gateway_.submit([this, ended = std::move(token)] {
            static_cast<void>(gateway_.ask({{"verb", "logout"}, {"token", ended}}));
        }));
    }
}

// On a worker. People are the HTTP thread's: it ends them with its next tidy().
void Router::show_token(const std::string& token) {
    if (gateway_.ask({{"verb", "status"}, {"token", token}}).error == "bad_credentials") {
        const std::lock_guard hold(unknown_lock_);
        unknown_tokens_.push_back(token);
    }
}

}  // namespace fairlead::desk
