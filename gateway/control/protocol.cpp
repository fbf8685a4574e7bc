// Requests of the control socket: JSON lines made into fixed requests. The words stand in protocol_words.cpp,
// the replies in protocol_rows.cpp.
#include "gateway/control/protocol.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/csv.hpp"
#include "config/gateway_config.hpp"
#include "config/user_state.hpp"
#include "config/users.hpp"
#include "gateway/control/protocol_words.hpp"

namespace fairlead::gateway {
namespace {

using nlohmann::json;
using risk::ControlVerb;
using risk::Dimension;
using risk::Scope;

constexpr std::int64_t ntd_max = 900'000'000'000'000;

// Reads the fields of one object; the first thing wrong becomes the message's error.
class Fields {
  public:
    Fields(const json& object, ControlMessage& message) : object_(object), message_(message) {}

    std::string text(const char* key, bool required, std::size_t bytes_max) {
        const json* value = find(key, required);
        if (value == nullptr) {
            return {};
        }
        if (!value->is_string()) {
            fail(key, "must be text");
            return {};
        }
        std::string text = value->get<std::string>();
        if (text.size() > bytes_max) {
            fail(key, "must be at most " + std::to_string(bytes_max) + " bytes");
            return {};
        }
        const bool has_control = std::any_of(text.begin(), text.end(),
                                             [](char c) { return static_cast<unsigned char>(c) < 0x20; });
        if (has_control) {
            fail(key, "must not hold control characters");
            return {};
        }
        if (required && text.empty()) {
            fail(key, "must not be empty");
        }
        return text;
    }
    std::uint64_t number(const char* key, bool required, std::uint64_t low, std::uint64_t high) {
        const json* value = find(key, required);
        if (value == nullptr) {
            return 0;
        }
        if (!value->is_number_unsigned() || value->get<std::uint64_t>() < low ||
            value->get<std::uint64_t>() > high) {
            fail(key, "must be a whole number in " + std::to_string(low) + ".." + std::to_string(high));
            return 0;
        }
        return value->get<std::uint64_t>();
    }
    bool flag(const char* key) {
        const json* value = find(key, false);
        if (value == nullptr) {
            return false;
        }
        if (!value->is_boolean()) {
            fail(key, "must be true or false");
            return false;
        }
        return value->get<bool>();
    }
    void fail(std::string_view key, std::string_view rule) {
        if (message_.error.empty()) {
            message_.error = std::string(key) + " " + std::string(rule);
        }
    }
    // Says no to every field that was not asked for.
    void finish() {
        for (const auto& item : object_.items()) {
            if (std::find(asked_.begin(), asked_.end(), item.key()) == asked_.end()) {
                fail(item.key().substr(0, 40), "is not a field of this verb");
            }
        }
    }

  private:
    const json* find(const char* key, bool required) {
        asked_.emplace_back(key);
        const auto found = object_.find(key);
        if (found == object_.end()) {
            if (required) {
                fail(key, "must be given");
            }
            return nullptr;
        }
        return &*found;
    }
    const json& object_;
    ControlMessage& message_;
    std::vector<std::string> asked_;
};

// What a limit or a halt is about. `target` says which one, in the way its scope is written.
void read_target(Fields& fields, Scope scope, const std::string& target, ControlRequest& request) {
    std::int64_t number = 0;
    switch (scope) {
        case Scope::firm:
            if (!target.empty()) {
                fields.fail("target", "must be left out for the firm");
            }
            return;
        case Scope::branch:
            if (!config::is_code(target, 4, 4)) {
                fields.fail("target", "must be a branch: four letters or digits");
            }
            request.subject.account.branch = risk::BranchId(target);
            return;
        case Scope::investor:
            if (!config::is_code(target, 1, 12)) {
                fields.fail("target", "must be an investor: 1 to 12 letters or digits");
            }
            request.subject.investor = risk::InvestorId(target);
            return;
        case Scope::account:
            if (!config::parse_account(target, request.subject.account)) {
                fields.fail("target", "must be an account such as 8610-0000017");
            }
            return;
        case Scope::venue:
            request.halt.venue = target == "TWSE"   ? risk::Venue::twse
                                 : target == "TPEx" ? risk::Venue::tpex
                                                    : risk::Venue::none;
            if (request.halt.venue == risk::Venue::none) {
                fields.fail("target", "must be TWSE or TPEx");
            }
            return;
        case Scope::symbol:
            if (!config::is_code(target, 4, 6)) {
                fields.fail("target", "must be a security: four to six letters or digits");
            }
            request.halt.symbol = risk::Symbol(target);
            return;
        case Scope::session:
            if (!config::parse_whole(target, 1, 65535, number)) {
                fields.fail("target", "must be a session's number");
            }
            request.halt.session = static_cast<std::uint32_t>(number);
            return;
        case Scope::none:
            return;
    }
}

void read_limit(Fields& fields, bool set, ControlRequest& request) {
    const Scope scope = parse_scope(fields.text("scope", true, 16));
    const std::string target = fields.text("target", false, 16);
    const std::string dimension = fields.text("dimension", set, 16);
    const std::string symbol = fields.text("symbol", false, 6);
    if (scope == Scope::none || scope > Scope::account) {
        fields.fail("scope", "must be firm, branch, investor or account");
        return;
    }
    request.limit.scope = scope;
    read_target(fields, scope, target, request);
    if (!dimension.empty()) {
        request.limit.dimension = parse_dimension(dimension);
        if (request.limit.dimension == Dimension::none || request.limit.dimension == Dimension::sellable) {
            fields.fail("dimension",
                        "must be buy, sell, gross_day, net, offset, symbol_long, symbol_short, order_value, "
                        "reported or message_rate");
            return;
        }
    }
    if (!symbol.empty() && !config::is_code(symbol, 4, 6)) {
        fields.fail("symbol", "must be four to six letters or digits");
    }
    request.limit.symbol = risk::Symbol(symbol);
    if (!set) {
        return;
    }
    const std::string value = fields.text("value", true, 24);
    if (value == "unlimited") {
        request.limit.value = risk::unlimited;
    } else if (in_ntd(request.limit.dimension)) {
        if (!config::parse_ntd(value, ntd_max, request.limit.value)) {
            fields.fail("value",
                        "must be NTD in 0..900000000000000 with at most four decimals, or unlimited");
        }
    } else if (!config::parse_whole(value, 0, INT64_MAX - 1, request.limit.value)) {
        fields.fail("value", "must be a whole number of shares or commands, or unlimited");
    }
}

void read_halt(Fields& fields, bool halt, ControlRequest& request) {
    const Scope scope = parse_scope(fields.text("scope", true, 16));
    const std::string target = fields.text("target", false, 16);
    if (scope == Scope::none || scope == Scope::branch) {
        fields.fail("scope", "must be firm, venue, investor, account, symbol or session");
        return;
    }
    request.halt.scope = scope;
    read_target(fields, scope, target, request);
    if (halt) {
        request.halt.cancel_open = fields.flag("cancel_open") ? 1 : 0;
    }
}

void read_fill(Fields& fields, ControlRequest& request) {
    request.order_key = fields.number("order", true, 1, 999'999'999'999);
    const std::string execution = fields.text("execution", true, risk::ExecutionId{}.bytes.size());
    const std::string price = fields.text("price", false, 16);
    request.fill.order_key = request.order_key;
    request.fill.execution_id = risk::ExecutionId(execution);
    if (execution.empty()) {
        fields.fail("execution", "must be the venue's ExecID (17) of the fill");
    }
    if (!price.empty() &&
        (!config::parse_ntd(price, 99'999, request.fill.price) || request.fill.price == 0)) {
        fields.fail("price", "must be NTD above 0, at most 99999, with at most four decimals");
    }
}

// "2026-11-30T09:00:00+08:00", or "...Z"; 0 when it is not given.
risk::UtcNs read_time(Fields& fields, const char* key, bool required) {
    constexpr std::int64_t taipei_ahead_ns = 8LL * 3'600'000'000'000;
    constexpr std::string_view taipei = "+08:00";
    std::string text = fields.text(key, required, 32);
    risk::UtcNs at = 0;
    const bool local = text.size() > taipei.size() && text.ends_with(taipei);
    if (local) {
        text.replace(text.size() - taipei.size(), taipei.size(), "Z");
    }
    if (text.empty()) {
        return 0;
    }
    if (!config::parse_utc(text, at)) {
        fields.fail(key, "must be a time such as 2026-11-30T09:00:00+08:00, or the same in UTC with Z");
    }
    return local ? at - taipei_ahead_ns : at;
}

void read_propose(Fields& fields, ControlRequest& request) {
    const std::string act = fields.text("act", true, 16);
    if (act == "limit_set") {
        request.act = risk::ProposalAct::limit_set;
        read_limit(fields, true, request);
        request.expires_ns = read_time(fields, "expires_at", false);
    } else if (act == "resume") {
        request.act = risk::ProposalAct::resume;
        read_halt(fields, false, request);
    } else {
        fields.fail("act", "must be limit_set or resume");
    }
    request.effective_ns = read_time(fields, "effective_at", false);
    request.batch = fields.number("batch", false, 1, UINT64_MAX);
    if (request.expires_ns != 0 && request.expires_ns <= request.effective_ns) {
        fields.fail("expires_at", "must be later than effective_at");
    }
}

void read_visit(Fields& fields, ControlRequest& request) {
    const bool opens = request.facts.verb == ControlVerb::visit_open;
    request.visit = opens                                            ? risk::VisitAct::opened
                    : request.facts.verb == ControlVerb::visit_close ? risk::VisitAct::closed
                                                                     : risk::VisitAct::signed_off;
    if (opens) {
        request.ticket = risk::Text<32>(fields.text("ticket", true, request.ticket.bytes.size()));
        request.expires_ns = read_time(fields, "until", true);
    }
}

void read_verb(Fields& fields, ControlRequest& request) {
    switch (request.facts.verb) {
        case ControlVerb::limit_show:
            read_limit(fields, false, request);
            return;
        case ControlVerb::limit_set:
            read_limit(fields, true, request);
            request.expires_ns = read_time(fields, "expires_at", false);
            return;
        case ControlVerb::propose:
            read_propose(fields, request);
            return;
        case ControlVerb::approve:
        case ControlVerb::reject:
        case ControlVerb::withdraw:
            request.proposal = fields.number("proposal", true, 1, UINT64_MAX);
            request.members = static_cast<std::uint32_t>(fields.number("batch", false, 1, UINT32_MAX));
            return;
        case ControlVerb::proposal_list:
            request.all = fields.flag("all");
            return;
        case ControlVerb::user_add:
        case ControlVerb::user_set_role:
            request.role = config::parse_role(fields.text("role", true, 16));
            if (request.role == config::Role::none) {
                fields.fail("role",
                            "must be client, trader_support, operator, risk_officer, risk_approver, "
                            "examiner or vendor");
            }
            return;
        case ControlVerb::review_decide: {
            const std::string decision = fields.text("decision", true, 8);
            request.decision = decision == "keep"     ? risk::ReviewDecision::kept
                               : decision == "remove" ? risk::ReviewDecision::removed
                                                      : risk::ReviewDecision::none;
            if (request.decision == risk::ReviewDecision::none) {
                fields.fail("decision", "must be keep or remove");
            }
            return;
        }
        case ControlVerb::visit_open:
        case ControlVerb::visit_close:
        case ControlVerb::visit_sign:
            read_visit(fields, request);
            return;
        case ControlVerb::halt:
            read_halt(fields, true, request);
            return;
        case ControlVerb::resume:
            read_halt(fields, false, request);
            return;
        case ControlVerb::session_disconnect:
            request.session = static_cast<std::uint32_t>(fields.number("session", true, 1, 65535));
            return;
        case ControlVerb::order_show:
            request.order_key = fields.number("order", true, 1, 999'999'999'999);
            return;
        case ControlVerb::resolve:
            request.order_key = fields.number("order", true, 1, 999'999'999'999);
            request.resolution = parse_resolution(fields.text("resolution", true, 24));
            if (request.resolution == risk::Resolution::none) {
                fields.fail("resolution",
                            "must be never_sent, venue_does_not_know, venue_knows or by_operator");
            }
            return;
        case ControlVerb::fill_adjust:
            read_fill(fields, request);
            return;
        case ControlVerb::none:
            fields.fail("verb", "is not known");
            return;
        case ControlVerb::status:
        case ControlVerb::session_list:
        case ControlVerb::stop:
        case ControlVerb::day_close:
        case ControlVerb::login:
        case ControlVerb::journal_resume:
        case ControlVerb::password_change:
        case ControlVerb::user_list:
        case ControlVerb::user_disable:
        case ControlVerb::user_enable:
        case ControlVerb::user_unlock:
        case ControlVerb::user_reset:
        case ControlVerb::logout:
        case ControlVerb::totp_enrol:
        case ControlVerb::totp_confirm:
        case ControlVerb::totp_remove:
        case ControlVerb::review_list:
        case ControlVerb::visit_list:
        case ControlVerb::reload:
            return;
    }
}

// Whose name the request carries: staff's acts on other people's accounts, visits and reviews.
bool has_target(ControlVerb verb) noexcept {
    switch (verb) {
        case ControlVerb::user_disable:
        case ControlVerb::user_enable:
        case ControlVerb::user_unlock:
        case ControlVerb::user_reset:
        case ControlVerb::user_add:
        case ControlVerb::user_set_role:
        case ControlVerb::totp_remove:
        case ControlVerb::review_decide:
        case ControlVerb::visit_open:
        case ControlVerb::visit_close:
        case ControlVerb::visit_sign:
            return true;
        default:
            return false;
    }
}

// Whom a verb of users is about, and the password to come.
void read_user_verb(Fields& fields, ControlMessage& message) {
    ControlRequest& request = message.request;
    const ControlVerb verb = request.facts.verb;
    if (verb == ControlVerb::password_change) {
        if (!message.token.empty()) {
            fields.fail("token", "is not enough here: user and the present password must be given");
        }
        message.new_password = fields.text("new_password", true, config::password_bytes_max);
        request.target = risk::UserName(message.user);
        return;
    }
    if (verb == ControlVerb::totp_enrol || verb == ControlVerb::totp_confirm) {
        if (verb == ControlVerb::totp_confirm && message.totp.empty()) {
            fields.fail("totp", "must be given: the code that the second factor shows");
        }
        request.target = risk::UserName(message.user);
        return;
    }
    if (!has_target(verb)) {
        return;
    }
    const std::string target = fields.text("target", true, risk::UserName{}.bytes.size());
    request.target = risk::UserName(target);
    if (!config::is_user_name(target)) {
        fields.fail("target", "must be a user's name");
    }
    if (const std::string problem = why_oneself(message); !problem.empty()) {
        fields.fail("target", problem);
    }
}

}  // namespace

// Nobody gives an account or a right to oneself, nor approves or reviews one's own.
std::string why_oneself(const ControlMessage& message) {
    const ControlVerb verb = message.request.facts.verb;
    const std::string_view target = message.request.target.view();
    const bool gives = has_target(verb) && verb != ControlVerb::user_disable;
    return gives && !target.empty() && (target == message.user || target == message.approver)
               ? "must be another person than user and approver"
               : "";
}

ControlMessage parse_control_line(std::string_view line) {
    ControlMessage message;
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) {
        message.error = "the line must be one JSON object";
        return message;
    }
    Fields fields(object, message);
    message.id = fields.number("id", false, 0, UINT64_MAX);
    message.token = fields.text("token", false, control_token_characters);
    const bool by_token = !message.token.empty();
    message.user = fields.text("user", !by_token, risk::UserName{}.bytes.size());
    message.password = fields.text("password", !by_token, config::password_bytes_max);
    message.totp = fields.text("totp", false, 6);
    message.approver = fields.text("approver", false, risk::UserName{}.bytes.size());
    message.approver_password = fields.text("approver_password", false, config::password_bytes_max);
    message.approver_totp = fields.text("approver_totp", false, 6);
    message.request.facts.verb = parse_verb(fields.text("verb", true, 24));
    if (message.request.facts.verb == ControlVerb::login) {
        message.session = fields.flag("session");
    }
    if (by_token && (!message.user.empty() || !message.password.empty())) {
        fields.fail("token", "stands for user and password: it must be given alone");
    }
    if (fields.number("version", true, 0, UINT32_MAX) != control_protocol_version) {
        fields.fail("version", "must be " + std::to_string(control_protocol_version));
    }
    const bool act = is_act(message.request.facts.verb);
    risk::Subject& subject = message.request.subject;
    const std::string reason = fields.text("reason", act, subject.reason.bytes.size());
    subject.reason = risk::Text<64>(reason);
    subject.user = risk::UserName(message.user);
    read_verb(fields, message.request);
    read_user_verb(fields, message);
    fields.finish();
    if (message.approver.empty() != message.approver_password.empty()) {
        fields.fail("approver", "and approver_password must be given together");
    }
    if (!message.approver.empty() && message.approver == message.user) {
        fields.fail("approver", "must be another person than user");
    }
    return message;
}

}  // namespace fairlead::gateway
