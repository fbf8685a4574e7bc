// Who asks at the control socket, and whether they may: persons verified, tokens, rights, acts on users and
// the lists of them. See server_state.hpp.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "gateway/control/server_state.hpp"
#include "gateway/control/user_database.hpp"

namespace fairlead::gateway {
namespace {

constexpr const char* second_factor_wanted =
    " needs a second factor to approve (control.totp_for_approvers): `fairlead totp enrol`";

// The code beside the password; a confirmation's code is of a factor that does not count yet.
std::string first_totp(const ControlMessage& message) {
    return message.request.facts.verb == risk::ControlVerb::totp_confirm ? std::string() : message.totp;
}

}  // namespace

AuthTask task_of(risk::ControlVerb verb) {
    switch (verb) {
        case risk::ControlVerb::password_change:
            return AuthTask::change;
        case risk::ControlVerb::user_disable:
            return AuthTask::disable;
        case risk::ControlVerb::user_enable:
            return AuthTask::enable;
        case risk::ControlVerb::user_unlock:
            return AuthTask::unlock;
        case risk::ControlVerb::user_reset:
            return AuthTask::reset;
        case risk::ControlVerb::user_add:
            return AuthTask::add_user;
        case risk::ControlVerb::user_set_role:
            return AuthTask::set_role;
        case risk::ControlVerb::totp_enrol:
            return AuthTask::totp_enrol;
        case risk::ControlVerb::totp_confirm:
            return AuthTask::totp_confirm;
        case risk::ControlVerb::totp_remove:
            return AuthTask::totp_remove;
        case risk::ControlVerb::visit_open:
        case risk::ControlVerb::visit_close:
        case risk::ControlVerb::visit_sign:
            return AuthTask::visit;
        case risk::ControlVerb::review_decide:
            return AuthTask::review;
        default:
            return AuthTask::verify;
    }
}

void ControlServer::State::verify_asker(std::uint64_t number) {
    const ControlMessage& message = pending_.at(number).message;
    if (message.token.empty()) {
        verify(number, message.user, message.password, first_totp(message));
    } else {
        verify_token(number);
    }
}

// A token says who asks; whether that person may still ask is looked up each time.
void ControlServer::State::verify_token(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    ControlMessage& message = pending.message;
    const Token* token = tokens_.find(message.token, message.request.peer_user, users_.monotonic_ns());
    if (token == nullptr) {
        deny(number, Denied::bad_credentials, "the token is unknown or has ended: log on again");
        return;
    }
    message.user = token->user.view();
    message.request.subject.user = token->user;
    if (const std::string problem = why_oneself(message); !problem.empty()) {
        deny(number, Denied::malformed, "target " + problem);
        return;
    }
    if (!message.approver.empty() && message.approver == message.user) {
        deny(number, Denied::malformed, "approver must be another person than user");
        return;
    }
    if (message.request.facts.verb == risk::ControlVerb::totp_enrol ||
        message.request.facts.verb == risk::ControlVerb::totp_confirm) {
        message.request.target = token->user;
    }
    const Verified standing = users_.standing(message.user, token->version);
    if (standing.result != Verification::good) {
        ended_.emplace_back(token->user, risk::Text<64>("password, role or account has changed"));
        tokens_.end(message.token);
        deny(number, Denied::bad_credentials,
             standing.text.empty() ? "the password has changed since: log on again" : standing.text);
        return;
    }
    pending.role = standing.role;
    pending.version = standing.version;
    pending.second_factor = standing.second_factor;
    check_rights(number);
}

void ControlServer::State::watch_tokens() {
    token_timer_.expires_after(
        std::chrono::milliseconds(std::clamp(options_.token_idle_s * 250, 10U, 5'000U)));
    token_timer_.async_wait([self = shared_from_this()](boost::system::error_code problem) {
        if (!problem && self->listening_) {
            self->end_idle_tokens();
            self->watch_tokens();
        }
    });
}

void ControlServer::State::end_idle_tokens() {
    Token ended;
    while (tokens_.take_idle(users_.monotonic_ns(), ended)) {
        ended_.emplace_back(ended.user, risk::Text<64>("idle for too long"));
    }
    while (!ended_.empty()) {
        ControlRequest request;
        request.request = next_request_++;
        request.facts.verb = risk::ControlVerb::logout;
        request.subject.user = ended_.front().first;
        request.subject.reason = ended_.front().second;
        if (!submit_(request)) {
            return;  // tried again with the next look
        }
        ended_.pop_front();
    }
}

void ControlServer::State::give_token(std::uint64_t number, risk::Sequence recorded) {
    Pending& pending = pending_.at(number);
    TokenRow row;
    row.role = pending.role;
    row.must_change = pending.must_change;
    row.idle_s = options_.token_idle_s;
    if (!row.must_change) {
        row.token = tokens_.issue(risk::UserName(pending.message.user), pending.version,
                                  pending.message.request.peer_user, users_.monotonic_ns());
        if (row.token.empty()) {
            finish(number, refusal_line(pending.message.id, "busy",
                                        "too many people are logged on, at most " +
                                            std::to_string(options_.tokens_max),
                                        recorded));
            return;
        }
    }
    std::string line = token_line(row, recorded, pending.message.id);
    wipe(row.token);
    finish(number, std::move(line));
}

void ControlServer::State::verify(std::uint64_t number, const std::string& user, const std::string& password,
                                  const std::string& totp) {
    AuthRequest request;
    request.ticket = number;
    request.set(user, password);
    request.totp = risk::Text<8>(totp);
    const Pending& pending = pending_.at(number);
    // Failures are counted per user and asking system user.
    std::memcpy(request.source.data() + 12, &pending.message.request.peer_user, 4);
    if (!worker_->submit(request)) {
        finish(number,
               refusal_line(pending.message.id, "busy", "too many logons are being verified, try again", 0));
    }
}

void ControlServer::State::on_verified(const AuthResult& result) {
    const auto found = pending_.find(result.ticket);
    if (found == pending_.end()) {
        return;
    }
    Pending& pending = found->second;
    if (pending.acting) {
        on_acted(pending, result);
        return;
    }
    const bool lasting_logon =
        pending.message.session && pending.message.request.facts.verb == risk::ControlVerb::login;
    if (result.verdict == AuthVerdict::must_change && lasting_logon && !pending.approver_asked) {
        pending.must_change = true;
    } else if (result.verdict == AuthVerdict::must_change) {
        if (pending.approver_asked ||
            pending.message.request.facts.verb != risk::ControlVerb::password_change) {
            deny(result.ticket, Denied::no_right,
                 (pending.approver_asked ? pending.message.approver : pending.message.user) + ": " +
                     std::string(result.text.view()) + "; `fairlead password change` does it");
            return;
        }
    } else if (result.verdict != AuthVerdict::accepted) {
        std::string text = pending.approver_asked ? "the approver is unknown or the approver's password wrong"
                                                  : "the user is unknown or the password wrong";
        if (result.locked_for_ns > 0) {
            text += "; locked for " + std::to_string(result.locked_for_ns / 1'000'000'000 + 1) + " s";
        }
        deny(result.ticket, Denied::bad_credentials, std::move(text));
        return;
    }
    if (pending.approver_asked) {
        if (lacks_second_factor(result.role, result.second_factor)) {
            deny(result.ticket, Denied::no_right, pending.message.approver + second_factor_wanted);
            return;
        }
        if (!may_approve(result.role)) {
            deny(result.ticket, Denied::no_right, pending.message.approver + " has no right to approve");
            return;
        }
        pending.message.request.subject.approver = result.user;
        hand_over(result.ticket);
        return;
    }
    pending.role = result.role;
    pending.version = result.version;
    pending.second_factor = result.second_factor;
    check_rights(result.ticket);
}

void ControlServer::State::check_rights(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    const risk::ControlVerb verb = pending.message.request.facts.verb;
    const Right right = right_of(pending.role, verb);
    if (right == Right::none) {
        deny(number, Denied::no_right,
             std::string(config::role_name(pending.role)) + " has no right to " +
                 std::string(verb_name(verb)));
        return;
    }
    const bool approves = verb == risk::ControlVerb::approve || verb == risk::ControlVerb::reject;
    if (approves && lacks_second_factor(pending.role, pending.second_factor)) {
        deny(number, Denied::no_right, pending.message.user + second_factor_wanted);
        return;
    }
    if (!pending.message.approver.empty()) {
        pending.approver_asked = true;
        verify(number, pending.message.approver, pending.message.approver_password,
               pending.message.approver_totp);
        return;
    }
    if (right == Right::with_approver) {
        deny(number, Denied::no_right, std::string(verb_name(verb)) + " needs an approver beside the user");
        return;
    }
    hand_over(number);
}

void ControlServer::State::deny(std::uint64_t number, Denied denied, std::string text) {
    Pending& pending = pending_.at(number);
    pending.message.request.facts.denied = static_cast<std::uint8_t>(denied);
    pending.denied_text = std::move(text);
    hand_over(number);
}

bool ControlServer::State::hand_over(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    wipe(pending.message.approver_password);
    const Denied denied{pending.message.request.facts.denied};
    // A change needs it once more, when it has been recorded.
    if (denied != Denied::no || pending.message.request.facts.verb != risk::ControlVerb::password_change) {
        wipe(pending.message.password);
    }
    if (!submit_(pending.message.request)) {
        finish(number,
               refusal_line(pending.message.id, "busy", "the gateway takes no control requests now", 0));
        return false;
    }
    // `submit` may have answered at once, and ended the request.
    if (pending_.contains(number)) {
        arm(number);
    }
    return true;
}

// The request is a Record: what it asks for is done by the worker, and answered when it is stored.
void ControlServer::State::act(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    pending.acting = true;
    pending.timer.cancel();
    AuthRequest request;
    request.ticket = number;
    request.task = task_of(pending.message.request.facts.verb);
    request.user = pending.message.request.target;
    request.version = pending.version;
    request.password.set(pending.message.password);
    const ControlRequest& asked = pending.message.request;
    request.totp = risk::Text<8>(pending.message.totp);
    request.act = {asked.subject.user, asked.subject.approver, asked.ticket, asked.subject.reason,
                   asked.expires_ns,   asked.half_year,        asked.role,   asked.visit,
                   asked.decision};
    if (request.task == AuthTask::reset || request.task == AuthTask::add_user) {
        pending.initial_password = random_password();
        request.new_password.set(pending.initial_password);
    } else {
        request.new_password.set(pending.message.new_password);
    }
    wipe(pending.message.password);
    wipe(pending.message.new_password);
    if (!worker_->submit(request)) {
        deny(number, Denied::failed, "too many logons are being verified, try again");
    }
}

void ControlServer::State::on_acted(Pending& pending, const AuthResult& result) {
    pending.acting = false;
    if (result.verdict != AuthVerdict::accepted) {
        pending.message.request.cause = pending.recorded;
        deny(result.ticket, Denied::failed, std::string(result.text.view()));
        return;
    }
    ControlReply reply;
    reply.request = result.ticket;
    reply.sequence = pending.recorded;
    reply.ok = true;
    if (!pending.initial_password.empty()) {
        reply.text =
            risk::Text<512>("initial password, to be changed at its first use: " + pending.initial_password);
        wipe(pending.initial_password);
    }
    if (pending.message.request.facts.verb == risk::ControlVerb::totp_enrol) {
        const std::string secret(result.text.view());
        reply.text = risk::Text<512>("otpauth://totp/Fairlead:" + pending.message.user + "?secret=" + secret +
                                     "&issuer=Fairlead");
    }
    finish(result.ticket, reply_line(reply, pending.message.id));
}

template <class Row, class Line>
void ControlServer::State::list(std::uint64_t number, const std::vector<Row>& rows, Line line) {
    Pending& pending = pending_.at(number);
    if (rows.size() > options_.rows_max) {
        finish(number,
               refusal_line(pending.message.id, "too_many_rows",
                            "more than " + std::to_string(options_.rows_max) + " rows", pending.recorded));
        return;
    }
    std::string lines;
    for (const Row& row : rows) {
        lines += lines.empty() ? "" : "\n";
        lines += line(row, pending.recorded, &row != &rows.back(), pending.message.id);
    }
    if (lines.empty()) {
        ControlReply none;
        none.sequence = pending.recorded;
        none.ok = true;
        lines = reply_line(none, pending.message.id);
    }
    finish(number, std::move(lines));
}

// What the users themselves answer, once the question is a Record.
bool ControlServer::State::answered_from_users(const ControlReply& reply) {
    Pending& pending = pending_.at(reply.request);
    switch (pending.message.request.facts.verb) {
        case risk::ControlVerb::user_list:
            list(reply.request, users_.list(), user_line);
            return true;
        case risk::ControlVerb::review_list:
            list(reply.request, users_.reviews(), review_line);
            return true;
        case risk::ControlVerb::visit_list:
            list(reply.request, users_.visits(), visit_line);
            return true;
        case risk::ControlVerb::status: {
            ControlReply told = reply;
            told.text = risk::Text<512>(overdue());
            finish(reply.request, reply_line(told, pending.message.id));
            return true;
        }
        default:
            return false;
    }
}

// What staff has left undone, told with every status. Empty: nothing.
std::string ControlServer::State::overdue() const {
    const std::vector<ReviewView> reviews = users_.reviews();
    const std::vector<VisitView> visits = users_.visits();
    const auto late = [](const auto& row) { return row.overdue; };
    const auto rights = std::count_if(reviews.begin(), reviews.end(), late);
    const auto unsigned_visits = std::count_if(visits.begin(), visits.end(), late);
    std::string text;
    if (rights != 0) {
        text =
            "OVERDUE: rights of " + std::to_string(rights) + " users to be reviewed (`fairlead review list`)";
    }
    if (unsigned_visits != 0) {
        text += (text.empty() ? "OVERDUE: " : "; ") + std::to_string(unsigned_visits) +
                " visits to be signed off (`fairlead visit list`)";
    }
    return text;
}

}  // namespace fairlead::gateway
