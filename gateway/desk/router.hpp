// Router: which request is answered by what. Looking is answered from the journal, by the follower's state;
// every act of a person goes to the gateway with that person's token, and so does a look that the person's
// role has no right to, so that the gateway records the denial. Decides nothing itself but who is logged on,
// who asks too often, and what is no request at all. HTTP thread only.
#pragma once

#include <mutex>
#include <variant>

#include "gateway/control/rights.hpp"
#include "gateway/desk/batch.hpp"
#include "gateway/desk/follower.hpp"
#include "gateway/desk/gateway_asker.hpp"
#include "gateway/desk/http_parts.hpp"
#include "gateway/desk/people.hpp"

namespace fairlead::desk {

using Routed = std::variant<Answer, Pending>;

// What one client of the stream wants; see StreamRequest of the API.
struct StreamView {
    std::vector<std::string> topics;
    InvestorQuery investors;
    OrderQuery orders;
    std::string investor;
    std::uint64_t request = 0;  // the client's own number of its newest request, said back in each message
};
inline constexpr std::array<std::string_view, 7> topics{"overview",  "investors", "investor", "orders",
                                                        "proposals", "sessions",  "halts"};

class Router {
  public:
    using Log = std::function<void(const std::string& text)>;
    Router(const Options& options, Follower& follower, GatewayAsker& gateway, Log log);

    [[nodiscard]] Routed route(const Request& request, std::int64_t now_ns);
    // Who asks, by cookie or token; null: nobody who is logged on.
    [[nodiscard]] Person* who(const Request& request, std::int64_t now_ns, bool asks);
    // Host and Origin as they must be. Empty: good. Otherwise what is wrong.
    [[nodiscard]] std::string wrong_origin(const Request& request) const;

    // --- the stream
    // Empty: taken over into `view`. Otherwise which field breaks which rule.
    [[nodiscard]] std::string read_stream_request(std::string_view text, StreamView& view) const;
    // One message; empty: nobody is logged on any more.
    [[nodiscard]] std::string stream_message(const std::string& secret, const std::string& topic,
                                             const StreamView& view, std::int64_t now_ns);
    [[nodiscard]] std::string secret_of(const Request& request) const;

    // Every second: ends sessions of users who lost their rights or their tokens, and tokens of those who
    // left.
    void tidy(std::int64_t now_ns);
    // Of the present Picture.
    [[nodiscard]] risk::Sequence sequence() const { return follower_.picture()->sequence; }
    [[nodiscard]] std::size_t people() const noexcept { return people_.size(); }
    std::uint64_t requests = 0;  // for /metrics: counted by the server
    std::uint64_t streams = 0;

  private:
    using Handler = Routed (Router::*)(const Request&, Person&, const std::string& argument);
    struct Route {
        std::string_view method;
        std::string_view path;  // {} stands for one argument
        Handler handler;
        risk::ControlVerb look;  // the right that a look needs; none: an act, which the gateway judges
    };
    static const std::vector<Route>& table();

    [[nodiscard]] Routed open_route(const Request& request, std::int64_t now_ns, bool& found);
    [[nodiscard]] Routed find_route(const Request& request, std::int64_t now_ns);
    [[nodiscard]] Routed log_on(const Request& request, bool bearer, std::int64_t now_ns);
    [[nodiscard]] Answer logged_on(const std::string& user, bool bearer, const GatewayReply& reply);
    // Of a password inside a session: as many as of log-ons. Nothing: it may be tried.
    [[nodiscard]] std::optional<Answer> too_many_attempts(const Request& request, const Person& person);
    void show_token(const std::string& token);
    [[nodiscard]] Routed deny(risk::ControlVerb verb, const Person& person);

    Routed log_off(const Request&, Person&, const std::string&);
    Routed me(const Request&, Person&, const std::string&);
    Routed change_password(const Request&, Person&, const std::string&);
    Routed second_factor(const Request&, Person&, const std::string&);
    Routed get_overview(const Request&, Person&, const std::string&);
    Routed get_investors(const Request&, Person&, const std::string&);
    Routed get_investor(const Request&, Person&, const std::string&);
    Routed get_orders(const Request&, Person&, const std::string&);
    Routed get_order(const Request&, Person&, const std::string&);
    Routed get_sessions(const Request&, Person&, const std::string&);
    Routed get_limits(const Request&, Person&, const std::string&);
    Routed get_proposals(const Request&, Person&, const std::string&);
    Routed get_halts(const Request&, Person&, const std::string&);
    Routed set_limit(const Request&, Person&, const std::string&);
    Routed set_batch(const Request&, Person&, const std::string&);
    Routed approve(const Request&, Person&, const std::string&);
    Routed reject(const Request&, Person&, const std::string&);
    Routed withdraw(const Request&, Person&, const std::string&);
    Routed halt(const Request&, Person&, const std::string&);
    Routed resume(const Request&, Person&, const std::string&);
    Routed get_users(const Request&, Person&, const std::string&);
    Routed add_user(const Request&, Person&, const std::string&);
    Routed set_role(const Request&, Person&, const std::string&);
    Routed disable_user(const Request&, Person&, const std::string&);
    Routed enable_user(const Request&, Person&, const std::string&);
    Routed unlock_user(const Request&, Person&, const std::string&);
    Routed reset_user(const Request&, Person&, const std::string&);
    Routed get_reviews(const Request&, Person&, const std::string&);
    Routed decide_review(const Request&, Person&, const std::string&);
    Routed get_visits(const Request&, Person&, const std::string&);
    Routed open_visit(const Request&, Person&, const std::string&);
    Routed close_visit(const Request&, Person&, const std::string&);
    Routed sign_visit(const Request&, Person&, const std::string&);

    // Sends one request of the gateway's with the person's token; `shape` makes the answer of a good reply.
    using Shape = std::function<Answer(const GatewayReply&)>;
    [[nodiscard]] Pending act(Json request, Person& person, Shape shape, unsigned tries = 1);
    [[nodiscard]] Routed answer_proposal(const char* verb, const Request& request, Person& person,
                                         const std::string& number);
    [[nodiscard]] Routed user_act(const char* verb, const Request& request, Person& person,
                                  const std::string& name);
    // `secret`: of the session that ends if the gateway no longer knows its token; empty = none.
    [[nodiscard]] Answer failed(const GatewayReply& reply, const std::string& secret);
    [[nodiscard]] Asked asked(const Person& person) const;
    [[nodiscard]] bool has_right(const Person& person, risk::ControlVerb verb) const;
    [[nodiscard]] Answer me_answer(const Person& person) const;

    const Options& options_;
    Follower& follower_;
    GatewayAsker& gateway_;
    Log log_;
    People people_;
    LoginLimits source_limits_;
    LoginLimits user_limits_;
    std::mutex unknown_lock_;
    std::vector<std::string> unknown_tokens_;  // to the gateway: found out by a worker
    std::weak_ptr<bool> batch_;                // the one that is being proposed
    std::string present_secret_;               // of the request being routed
    std::int64_t now_ns_ = 0;                  // of the request being routed
};

// Figures in Prometheus text format; no name of a person or an investor stands in it.
[[nodiscard]] std::string metrics_text(const Follower& follower, std::size_t people, std::uint64_t requests,
                                       std::uint64_t streams);

}  // namespace fairlead::desk
