// Acts of persons: each is one request, or a few, at the gateway's control socket, with the person's own
// token; the gateway decides, and makes it a Record with that name. See router.hpp.
#include "config/csv.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/desk/body_fields.hpp"
#include "gateway/desk/router.hpp"

namespace fairlead::desk {
namespace {

constexpr std::size_t name_max = 16;
constexpr std::size_t reason_max = 64;
constexpr std::size_t password_max = 128;
constexpr unsigned stop_tries = 50;  // three seconds

bool must_wait_for_another(const GatewayReply& reply) {
    return reply.error == risk::reason_text(risk::Reason::not_authorised).code;
}

Answer act_answer(const GatewayReply& reply, bool proposed) {
    return json_answer({{"sequence", reply.sequence},
                        {"text", reply.text},
                        {"proposal", proposed ? Json(reply.sequence) : Json(nullptr)},
                        {"result", proposed ? "proposed" : "done"}});
}
Answer done(const GatewayReply& reply) {
    return act_answer(reply, false);
}
Answer proposed(const GatewayReply& reply) {
    return act_answer(reply, true);
}

// The gateway tells an initial password as the last word of its text.
Answer user_answer(const GatewayReply& reply) {
    const std::size_t last = reply.text.rfind(' ');
    const bool given = reply.text.find("initial password") != std::string::npos && last != std::string::npos;
    return json_answer({{"sequence", reply.sequence},
                        {"text", given ? "" : reply.text},
                        {"initial_password", given ? Json(reply.text.substr(last + 1)) : Json(nullptr)}});
}

// Puts the second person of a body into a request; none is none.
void read_approver(BodyFields& body, bool required, Json& request) {
    const std::string approver = body.text("approver", required, name_max);
    const std::string password = body.text("approver_password", required, password_max);
    const std::string totp = body.text("approver_totp", false, 6);
    if (!approver.empty()) {
        request["approver"] = approver;
        request["approver_password"] = password;
    }
    if (!totp.empty()) {
        request["approver_totp"] = totp;
    }
}

// Of one user from one address: another address cannot use up what this one may try.
std::string limit_key(const Request& request, const std::string& user) {
    return request.source + '\n' + user;
}

void put(Json& request, const char* name, const std::string& value) {
    if (!value.empty()) {
        request[name] = value;
    }
}

Json user_row(const Json& row) {
    return {{"name", row.value("name", "")},
            {"role", row.value("role", "")},
            {"state", row.value("state", "")},
            {"locked", row.value("locked", false)},
            {"password_age_days", row.value("password_age_days", 0)},
            {"password_set", row.value("password_set", "")},
            {"used", row.value("used", "")},
            {"ends", row.value("ends", "")},
            {"totp", row.value("second_factor", false)}};
}

// "" and what is absent are no time.
Json text_or_null(const Json& row, const char* name) {
    const std::string text = row.value(name, "");
    return text.empty() ? Json(nullptr) : Json(text);
}

Json review_row(const Json& row) {
    const std::string decision = row.value("decision", "open");
    return {{"id", row.value("name", "")},
            {"user", row.value("name", "")},
            {"role", row.value("role", "")},
            {"half_year", std::to_string(row.value("half_year", std::uint64_t{0}))},
            {"overdue", row.value("overdue", false)},
            {"decision", decision == "keep"     ? "kept"
                         : decision == "remove" ? "removed"
                                                : "open"},
            {"by", row.value("by", "")},
            {"decided_at", text_or_null(row, "decided")},
            {"used_at", text_or_null(row, "used")}};
}

Json visit_row(const Json& row) {
    return {{"id", row.value("vendor", "")},
            {"vendor", row.value("vendor", "")},
            {"ticket", row.value("ticket", "")},
            {"reason", row.value("purpose", "")},
            {"opened_by", row.value("opened_by", "")},
            {"approver", row.value("approved_by", "")},
            {"opened_at", text_or_null(row, "opened")},
            {"until", text_or_null(row, "until")},
            {"closed_by", row.value("closed_by", "")},
            {"closed_at", text_or_null(row, "closed")},
            {"signed_off_by", row.value("signed_by", "")},
            {"signed_off_at", text_or_null(row, "signed")},
            {"finding", row.value("finding", "")},
            {"overdue", row.value("overdue", false)}};
}

template <class Row>
Answer rows_of(const GatewayReply& reply, Row row) {
    Json items = Json::array();
    for (const Json& one : reply.rows) {
        items.push_back(row(one));
    }
    return json_answer({{"items", std::move(items)}});
}

}  // namespace

// What a request that was not done is answered.
Answer Router::failed(const GatewayReply& reply, const std::string& secret) {
    if (!reply.reached) {
        return error_answer(503, "gateway_away",
                            reply.text.empty() ? "the gateway does not answer" : reply.text);
    }
    if (reply.error == "bad_credentials") {
        // The token has ended at the gateway: then so has the session here.
        if (!secret.empty()) {
            people_.end(secret);
        }
        return error_answer(401, "bad_credentials", reply.text, reply.sequence);
    }
    const unsigned status = reply.error == "no_right"                             ? 403
                            : reply.error == "malformed"                          ? 422
                            : reply.error == "too_many_requests"                  ? 429
                            : reply.error == "busy" || reply.error == "timed_out" ? 503
                                                                                  : 409;
    return error_answer(status, reply.error == "malformed" ? "bad_field" : reply.error, reply.text,
                        reply.sequence);
}

Pending Router::act(Json request, Person& person, Shape shape, unsigned tries) {
    person.gateway_ns = now_ns_;
    request["token"] = person.gateway_token;
    const auto reply = std::make_shared<GatewayReply>();
    // With a second person in it, wrong credentials may be that person's: the session stays.
    const std::string secret = request.contains("approver") ? std::string() : present_secret_;
    return Pending{[this, request = std::move(request), reply, tries] {
                       *reply = gateway_.ask_patiently(request, tries);
                   },
                   [this, reply, secret, shape = std::move(shape)] {
                       return reply->ok ? shape(*reply) : failed(*reply, secret);
                   }};
}

// --- logging on and off

Routed Router::log_on(const Request& request, bool bearer, std::int64_t now_ns) {
    if (!request.content_type.starts_with("application/json")) {
        return error_answer(415, "media_type", "Content-Type must be application/json");
    }
    BodyFields body(request);
    const std::string user = body.text("user", true, name_max);
    const std::string password = body.text("password", true, password_max);
    const std::string totp = body.text("totp", false, 6);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    // Before the gateway is asked: guessing costs it nothing.
    const std::uint32_t by_source = source_limits_.take(request.source, now_ns);
    const std::uint32_t by_user =
        by_source == 0 ? user_limits_.take(limit_key(request, user), now_ns) : by_source;
    if (by_user != 0) {
        log_("too many log-ons: from " + request.source + ", user " + user);
        Answer answer =
            error_answer(429, "too_many",
                         std::string("too many log-ons of this ") + (by_source != 0 ? "address" : "user") +
                             ", try again in " + std::to_string(by_user) + " s");
        answer.retry_after_s = by_user;
        return answer;
    }
    Json question = {{"verb", "login"}, {"user", user}, {"password", password}, {"session", true}};
    put(question, "totp", totp);
    const auto reply = std::make_shared<GatewayReply>();
    return Pending{[this, question = std::move(question), reply] { *reply = gateway_.ask(question); },
                   [this, reply, user, bearer] {
                       return reply->ok ? logged_on(user, bearer, *reply) : failed(*reply, {});
                   }};
}

Answer Router::logged_on(const std::string& user, bool bearer, const GatewayReply& reply) {
    const Json row = reply.rows.empty() ? Json::object() : reply.rows.front();
    Person person;
    person.user = user;
    person.role = config::parse_role(row.value("role", ""));
    person.must_change = row.value("must_change", false);
    person.bearer = bearer;
    person.gateway_token = row.value("token", "");
    if (person.role == config::Role::none || (person.gateway_token.empty() && !person.must_change)) {
        return error_answer(503, "gateway_away", "the gateway gave no token");
    }
    const Json token_answer = {{"user", user},
                               {"role", config::role_name(person.role)},
                               {"must_change", person.must_change},
                               {"idle_s", options_.idle_s}};
    const std::string no_room = people_.no_room_for(user);
    const std::string secret = people_.add(std::move(person), now_ns_);
    if (secret.empty()) {
        return error_answer(503, "busy", no_room);  // tidy() tells the gateway
    }
    if (bearer) {
        Json answer = token_answer;
        answer["token"] = secret;
        return json_answer(answer);
    }
    Answer answer = me_answer(*people_.find(secret, now_ns_, true));
    answer.set_cookie = "fairlead_session=" + secret + "; HttpOnly; Secure; SameSite=Strict; Path=/";
    return answer;
}

Answer Router::me_answer(const Person& person) const {
    Json rights = Json::array();
    for (unsigned i = 1; i <= static_cast<unsigned>(risk::ControlVerb::reload); ++i) {
        const auto verb = static_cast<risk::ControlVerb>(i);
        if (gateway::right_of(person.role, verb) != gateway::Right::none) {
            rights.push_back(gateway::verb_name(verb));
        }
    }
    return json_answer({{"user", person.user},
                        {"role", config::role_name(person.role)},
                        {"must_change", person.must_change},
                        {"csrf", person.csrf},
                        {"idle_s", options_.idle_s},
                        {"rights", std::move(rights)}});
}

Routed Router::log_off(const Request&, Person&, const std::string&) {
    people_.end(present_secret_);  // tidy() tells the gateway
    Answer answer;
    answer.status = 204;
    answer.set_cookie = "fairlead_session=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0";
    return answer;
}

Routed Router::me(const Request&, Person& person, const std::string&) {
    return me_answer(person);
}

std::optional<Answer> Router::too_many_attempts(const Request& request, const Person& person) {
    const std::uint32_t wait = user_limits_.take(limit_key(request, person.user), now_ns_);
    if (wait == 0) {
        return std::nullopt;
    }
    Answer answer =
        error_answer(429, "too_many", "too many attempts, try again in " + std::to_string(wait) + " s");
    answer.retry_after_s = wait;
    return answer;
}

Routed Router::change_password(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    Json question = {{"verb", "password_change"},
                     {"user", person.user},
                     {"password", body.text("password", true, password_max)},
                     {"new_password", body.text("new_password", true, password_max)}};
    put(question, "totp", body.text("totp", false, 6));
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    if (const auto wait = too_many_attempts(request, person)) {
        return *wait;
    }
    const auto reply = std::make_shared<GatewayReply>();
    return Pending{[this, question = std::move(question), reply] { *reply = gateway_.ask(question); },
                   [this, reply, user = person.user] {
                       if (!reply->ok) {
                           return failed(*reply, {});
                       }
                       // Every token given for the old password has ended with it.
                       people_.end_user(user);
                       GatewayReply told = *reply;
                       told.text = "the password is changed: log on with the new one";
                       return done(told);
                   }};
}

Routed Router::second_factor(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    const std::string code = body.text("code", false, 6);
    // With the password and not the token: who finds a session open must not give its user a second factor.
    Json question = {{"verb", code.empty() ? "totp_enrol" : "totp_confirm"},
                     {"user", person.user},
                     {"password", body.text("password", true, password_max)}};
    put(question, "totp", code);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    if (const auto wait = too_many_attempts(request, person)) {
        return *wait;
    }
    const auto shape = [confirmed = !code.empty()](const GatewayReply& reply) {
        // otpauth://totp/Fairlead:USER?secret=BASE32&issuer=Fairlead
        const std::string uri =
            confirmed ? std::string()
                      : reply.text.substr(std::min(reply.text.find("otpauth://"), reply.text.size()));
        const std::size_t from = uri.find("secret=");
        const std::string secret =
            from == std::string::npos ? std::string() : uri.substr(from + 7, uri.find('&', from) - from - 7);
        return json_answer({{"confirmed", confirmed},
                            {"secret", secret.empty() ? Json(nullptr) : Json(secret)},
                            {"uri", uri.empty() ? Json(nullptr) : Json(uri)},
                            {"sequence", reply.sequence}});
    };
    const auto reply = std::make_shared<GatewayReply>();
    return Pending{[this, question = std::move(question), reply] { *reply = gateway_.ask(question); },
                   [this, reply, shape] { return reply->ok ? shape(*reply) : failed(*reply, {}); }};
}

// --- limits

Routed Router::set_limit(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    const std::string scope = body.text("scope", true, 16);
    const std::string key = body.text("key", false, 16);
    const std::string dimension = body.text("dimension", true, 16);
    const std::string symbol = body.text("symbol", false, 6);
    const std::string value = body.text("value", true, 24);
    const std::string reason = body.text("reason", true, reason_max);
    const std::string expires = body.text("expires_at", false, 40);
    const std::string effective = body.text("effective_at", false, 40);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    Json fields = {{"scope", scope}, {"dimension", dimension}, {"value", value}, {"reason", reason}};
    put(fields, "target", key);
    put(fields, "symbol", symbol);
    Json proposal = fields;
    proposal["verb"] = "propose";
    proposal["act"] = "limit_set";
    put(proposal, "expires_at", expires);
    put(proposal, "effective_at", effective);
    if (!expires.empty() || !effective.empty()) {
        return act(std::move(proposal), person, proposed);
    }
    // The gateway alone knows the Limit in force at that moment: what it will not let one person do becomes a
    // proposal.
    person.gateway_ns = now_ns_;
    fields["verb"] = "limit_set";
    fields["token"] = person.gateway_token;
    proposal["token"] = person.gateway_token;
    const auto reply = std::make_shared<GatewayReply>();
    const auto waits = std::make_shared<bool>(false);
    return Pending{[this, fields, proposal, reply, waits] {
                       *reply = gateway_.ask(fields);
                       *waits = reply->reached && !reply->ok && must_wait_for_another(*reply);
                       if (*waits) {
                           *reply = gateway_.ask(proposal);
                       }
                   },
                   [this, reply, waits, secret = present_secret_] {
                       return reply->ok ? act_answer(*reply, *waits) : failed(*reply, secret);
                   }};
}

Routed Router::set_batch(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    const std::string csv = body.text("csv", true, batch_bytes_max);
    const std::string reason = body.text("reason", true, reason_max);
    const bool apply = body.flag("apply");
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    // A preview shows limits and usage: who may not propose may still look at these, or be denied.
    const risk::ControlVerb right = apply ? risk::ControlVerb::propose : risk::ControlVerb::limit_show;
    if (!has_right(person, right)) {
        return apply ? act({{"verb", "propose"},
                            {"act", "limit_set"},
                            {"scope", "firm"},
                            {"dimension", "buy"},
                            {"value", "0"},
                            {"reason", reason}},
                           person, proposed)
                     : deny(right, person);
    }
    // What rises and what falls shows only against what is in force now.
    if (!follower_.picture()->ready) {
        return error_answer(503, "not_ready", "the desk has not read the journal to its end yet");
    }
    const auto batch = std::make_shared<Batch>(follower_.look(
        [&](const DeskState& state) { return read_batch(state, csv, asked(person).masking); }));
    const auto answer = std::make_shared<Json>(batch_answer(*batch));
    if (!apply || !batch->errors.empty()) {
        return json_answer(*answer);  // as the document has it: not applied, and why
    }
    if (!batch_.expired()) {
        return error_answer(409, "batch_running",
                            "another batch is being proposed: try again when it has ended");
    }
    // Held by what finishes the batch, which outlives its work: the next one may come when it is gone.
    const auto running = std::make_shared<bool>(true);
    batch_ = running;
    person.gateway_ns = now_ns_;
    const auto reply = std::make_shared<GatewayReply>();
    return Pending{[this, batch, answer, reply, reason, token = person.gateway_token] {
                       *reply = propose_batch(*batch, token, reason, gateway_, *answer);
                       if (!reply->ok) {
                           log_("a batch broke off: " + reply->text);
                       }
                   },
                   [this, answer, reply, running, secret = present_secret_] {
                       return reply->ok ? json_answer(*answer) : failed(*reply, secret);
                   }};
}

// --- proposals

Routed Router::answer_proposal(const char* verb, const Request& request, Person& person,
                               const std::string& number) {
    BodyFields body(request);
    const std::string reason = body.text("reason", false, reason_max);
    const std::uint32_t members = body.count("batch");
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    std::int64_t proposal = 0;
    if (!config::parse_whole(number, 1, INT64_MAX - 1, proposal)) {
        return error_answer(422, "bad_field", "n must be the number of a proposal");
    }
    Json question = {{"verb", verb}, {"proposal", proposal}, {"reason", reason.empty() ? verb : reason}};
    if (members != 0) {
        question["batch"] = members;
    }
    return act(std::move(question), person, done);
}

Routed Router::approve(const Request& request, Person& person, const std::string& number) {
    return answer_proposal("approve", request, person, number);
}
Routed Router::reject(const Request& request, Person& person, const std::string& number) {
    return answer_proposal("reject", request, person, number);
}
Routed Router::withdraw(const Request& request, Person& person, const std::string& number) {
    return answer_proposal("withdraw", request, person, number);
}

// --- stopping

Routed Router::halt(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    Json question = {{"verb", "halt"}, {"scope", body.text("scope", true, 16)}};
    put(question, "target", body.text("key", false, 16));
    question["cancel_open"] = body.flag("cancel_open");
    question["reason"] = body.text("reason", true, reason_max);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    // A stop is neither kept waiting by others' requests nor lost because they were too many.
    Pending stop = act(std::move(question), person, done, stop_tries);
    stop.urgent = true;
    return stop;
}

Routed Router::resume(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    Json question = {{"verb", "propose"}, {"act", "resume"}, {"scope", body.text("scope", true, 16)}};
    put(question, "target", body.text("key", false, 16));
    question["reason"] = body.text("reason", true, reason_max);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, proposed);
}

// --- users, reviews, visits: the gateway keeps them, so it is asked

Routed Router::get_users(const Request&, Person& person, const std::string&) {
    return act({{"verb", "user_list"}}, person,
               [](const GatewayReply& reply) { return rows_of(reply, user_row); });
}

Routed Router::user_act(const char* verb, const Request& request, Person& person, const std::string& name) {
    BodyFields body(request);
    Json question = {{"verb", verb}, {"target", name}, {"reason", body.text("reason", true, reason_max)}};
    read_approver(body, false, question);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, user_answer);
}

Routed Router::disable_user(const Request& request, Person& person, const std::string& name) {
    return user_act("user_disable", request, person, name);
}
Routed Router::enable_user(const Request& request, Person& person, const std::string& name) {
    return user_act("user_enable", request, person, name);
}
Routed Router::unlock_user(const Request& request, Person& person, const std::string& name) {
    return user_act("user_unlock", request, person, name);
}
Routed Router::reset_user(const Request& request, Person& person, const std::string& name) {
    return user_act("user_reset", request, person, name);
}

Routed Router::add_user(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    Json question = {{"verb", "user_add"},
                     {"target", body.text("name", true, name_max)},
                     {"role", body.text("role", true, name_max)},
                     {"reason", body.text("reason", true, reason_max)}};
    read_approver(body, true, question);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, user_answer);
}

Routed Router::set_role(const Request& request, Person& person, const std::string& name) {
    BodyFields body(request);
    Json question = {{"verb", "user_set_role"},
                     {"target", name},
                     {"role", body.text("role", true, name_max)},
                     {"reason", body.text("reason", true, reason_max)}};
    read_approver(body, true, question);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, user_answer);
}

Routed Router::get_reviews(const Request&, Person& person, const std::string&) {
    return act({{"verb", "review_list"}}, person,
               [](const GatewayReply& reply) { return rows_of(reply, review_row); });
}

Routed Router::decide_review(const Request& request, Person& person, const std::string& user) {
    BodyFields body(request);
    Json question = {{"verb", "review_decide"},
                     {"target", user},
                     {"decision", body.text("decision", true, 8)},
                     {"reason", body.text("reason", true, reason_max)}};
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, done);
}

Routed Router::get_visits(const Request&, Person& person, const std::string&) {
    return act({{"verb", "visit_list"}}, person,
               [](const GatewayReply& reply) { return rows_of(reply, visit_row); });
}

Routed Router::open_visit(const Request& request, Person& person, const std::string&) {
    BodyFields body(request);
    Json question = {{"verb", "visit_open"},
                     {"target", body.text("vendor", true, name_max)},
                     {"ticket", body.text("ticket", true, 32)},
                     {"until", body.text("until", true, 40)},
                     {"reason", body.text("reason", true, reason_max)}};
    read_approver(body, true, question);
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, done);
}

Routed Router::close_visit(const Request& request, Person& person, const std::string& vendor) {
    BodyFields body(request);
    Json question = {
        {"verb", "visit_close"}, {"target", vendor}, {"reason", body.text("reason", true, reason_max)}};
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, done);
}

Routed Router::sign_visit(const Request& request, Person& person, const std::string& vendor) {
    BodyFields body(request);
    Json question = {
        {"verb", "visit_sign"}, {"target", vendor}, {"reason", body.text("reason", true, reason_max)}};
    if (const auto& wrong = body.finish()) {
        return *wrong;
    }
    return act(std::move(question), person, done);
}

}  // namespace fairlead::desk
