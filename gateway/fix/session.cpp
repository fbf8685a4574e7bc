// See session.hpp. This file: an open conversation. The logon is in session_logon.cpp, the bytes of our
// own messages in admin.cpp.
#include "gateway/fix/session.hpp"

#include <algorithm>

#include "gateway/fix/sentence.hpp"
#include "gateway/fix/session_limits.hpp"

namespace fairlead::fix {

using risk::LogoutCause;
using risk::ResetCause;

namespace {

Counterpart counterpart_of(Role role) noexcept {
    return role == Role::acceptor ? Counterpart::client : Counterpart::venue;
}

// Reject and, from clients, BusinessMessageReject: never answered by a reject.
bool is_a_reject(std::string_view type) noexcept {
    return type == "3" || type == "j";
}

}  // namespace

Session::Session(const SessionConfig& config)
    : config_(config),
      header_(config.begin_string, config.our_comp_id, config.peer_comp_id),
      early_(config.early_messages_max, config.early_bytes_max) {}

void Session::restore(std::uint64_t next_in, std::uint64_t next_out) noexcept {
    risk::require(state_ == State::disconnected, "numbers are restored while disconnected");
    next_in_ = next_in;
    next_out_ = next_out;
}

void Session::raise_next_out(std::uint64_t next_out) noexcept {
    risk::require(next_out >= next_out_ && next_out <= number_max, "an adopted number never goes down");
    next_out_ = next_out;
}

Action& Session::add(ActionKind kind, Actions& actions) noexcept {
    Action& action = actions.add(kind);
    action.next_in = next_in_;
    action.next_out = next_out_;
    return action;
}

std::uint64_t Session::take_number(Now now) noexcept {
    last_sent_ns_ = now.monotonic_ns;
    return next_out_++;
}

void Session::on_message(const Message& message, const risk::Arrival& arrival, Now now,
                         Actions& actions) noexcept {
    switch (state_) {
        case State::disconnected:
        case State::closing:
            return;
        case State::awaiting_logon:
            on_first_message(message, arrival, now, actions);
            return;
        case State::checking_logon:
            // Sent ahead of our answer: it waits for its turn, or is asked for again.
            early_.keep(message.number(), message.text(), arrival, false);
            highest_seen_ = std::max(highest_seen_, std::min(message.number(), number_max));
            return;
        case State::logon_sent:
            on_logon_answer(message, arrival, now, actions);
            return;
        case State::logged_on:
        case State::logging_out:
            break;
    }
    last_received_ns_ = now.monotonic_ns;
    test_request_out_ = false;
    on_logged_on({&message, &arrival, 0, false, false}, now, actions);
}

void Session::on_logged_on(const Incoming& arrived, Now now, Actions& actions) noexcept {
    Incoming in = arrived;
    const Message& message = *in.message;
    if (!same_text(message.begin_string(), config_.begin_string)) {
        log_out_and_end("Incorrect BeginString (8)", actions);
        return;
    }
    const auto number = parse_unsigned(message.value(34));
    if (!number || number.value == 0 || number.value > number_max) {
        log_out_and_end(
            message.has(34) ? "MsgSeqNum (34) is not a number in range" : "MsgSeqNum (34) is missing",
            actions);
        return;
    }
    in.number = number.value;
    if (!identity_holds(in, now, actions)) {
        return;
    }
    const std::string_view type = message.type();
    if (type == "4" && message.value(123) != "Y") {
        on_reset(in, now, actions);
    } else if (type == "A" && message.value(141) == "Y" && !message.poss_dup()) {
        on_second_logon(in, now, actions);
    } else if (in.number > next_in_) {
        on_too_high(in, now, actions);
    } else if (in.number < next_in_) {
        on_too_low(in, now, actions);
    } else if (poss_dup_holds(in, now, actions)) {
        on_in_turn(in, now, actions);
    }
}

// CompIDs and SendingTime, where given at all (what is missing is the dictionary's to reject, in turn).
bool Session::identity_holds(const Incoming& in, Now now, Actions& actions) noexcept {
    const Message& message = *in.message;
    const auto refuse = [&](RejectReason reason, std::int64_t tag) {
        reject(in, {reason, tag}, actions);
        log_out_and_end(reject_text(reason), actions);
        return false;
    };
    const std::string_view sender = message.sender();
    if (!sender.empty() && !same_text(sender, config_.peer_comp_id)) {
        return refuse(RejectReason::comp_id, 49);
    }
    const std::string_view target = message.target();
    if (!target.empty() && !same_text(target, config_.our_comp_id)) {
        return refuse(RejectReason::comp_id, 56);
    }
    const auto sent = parse_time(message.value(52));
    if (!in.early && sent && time_off(sent.value, now.utc_ns, config_.sending_time_tolerance_ns)) {
        return refuse(RejectReason::sending_time, 52);
    }
    return true;
}

// What PossDupFlag = Y requires: an OrigSendingTime not after SendingTime. A gap fill may omit it, as
// many engines do.
bool Session::poss_dup_holds(const Incoming& in, Now, Actions& actions) noexcept {
    const Message& message = *in.message;
    if (!message.poss_dup()) {
        return true;
    }
    std::string_view text;
    if (!message.find(122, text)) {
        if (message.type() == "4") {
            return true;
        }
        send_reject(in, {RejectReason::required_tag_missing, 122}, actions);  // its number is not used up
        return false;
    }
    const auto original = parse_time(text);
    const auto sent = parse_time(message.value(52));
    if (original && sent && original.value > sent.value) {
        reject(in, {RejectReason::sending_time, 122}, actions);
        log_out_and_end("OrigSendingTime (122) is after SendingTime (52)", actions);
        return false;
    }
    return true;
}

void Session::on_too_high(const Incoming& in, Now now, Actions& actions) noexcept {
    const Message& message = *in.message;
    const std::string_view type = message.type();
    if (type == "5") {
        on_logout(in, now, actions);
        return;
    }
    bool served = false;
    if (type == "2" && !check(message, counterpart_of(config_.role))) {
        // Both sides may be missing messages: waiting for ours first could wait for ever.
        const std::size_t before = actions.size();
        on_resend_request(in, false, now, actions);
        served = actions.size() != before;
    }
    early_.keep(in.number, message.text(), *in.arrival, served);
    highest_seen_ = std::max(highest_seen_, in.number);
    if (gap_target_ == 0 && state_ == State::logged_on) {
        ask_for_missing(now, actions);
    }
}

void Session::on_too_low(const Incoming& in, Now now, Actions& actions) noexcept {
    if (in.message->poss_dup()) {
        (void)poss_dup_holds(in, now, actions);  // rejects a malformed one; a good one was had before
        return;
    }
    Sentence text;
    text.add("MsgSeqNum too low, expecting ").add(next_in_).add(" but received ").add(in.number);
    log_out_and_end(text.text().view(), actions);
}

void Session::on_in_turn(const Incoming& in, Now now, Actions& actions) noexcept {
    const Message& message = *in.message;
    const std::string_view type = message.type();
    const Counterpart counterpart = counterpart_of(config_.role);
    const Fault fault = check(message, counterpart);
    if (type == "5") {
        on_logout(in, now, actions);
        return;
    }
    if (fault) {
        reject(in, fault, actions);
        settle_gap(now, actions);
        return;
    }
    switch (classify(type, counterpart)) {
        case MessageClass::application:
        case MessageClass::unsupported: {
            ++next_in_;
            Action& action =
                add(classify(type, counterpart) == MessageClass::application ? ActionKind::deliver
                                                                             : ActionKind::business_reject,
                    actions);
            action.message = in.message;
            action.arrival = *in.arrival;
            action.arrival.message_number = in.number;
            action.reference_number = in.number;
            break;
        }
        case MessageClass::unknown:
            break;  // the dictionary has faulted it
        case MessageClass::session:
            on_session_message(in, type.front(), now, actions);
            break;
    }
    settle_gap(now, actions);
}

void Session::on_session_message(const Incoming& in, char type, Now now, Actions& actions) noexcept {
    switch (type) {
        case '1': {
            const std::string_view test_request_id = in.message->value(112);
            if (test_request_id.size() > test_request_id_max) {
                reject(in, {RejectReason::value_incorrect, 112}, actions);
                return;
            }
            consume(in, actions);
            Action& heartbeat = add(ActionKind::send, actions);
            heartbeat.type = '0';
            heartbeat.test_request_id = test_request_id;
            return;
        }
        case '2':
            on_resend_request(in, true, now, actions);
            return;
        case '4':
            on_gap_fill(in, now, actions);
            return;
        case 'A':
            on_second_logon(in, now, actions);
            return;
        default:
            consume(in, actions);
    }
}

// Uses up the message's number, if it is the one expected.
void Session::consume(const Incoming& in, Actions& actions, const Fault& fault) noexcept {
    if (in.number != next_in_) {
        return;
    }
    ++next_in_;
    Action& action = add(ActionKind::received, actions);
    action.message = in.message;
    action.arrival = *in.arrival;
    action.arrival.message_number = in.number;
    action.reject_reason = fault.reason;
    action.reference_tag = fault.tag;
}

void Session::reject(const Incoming& in, const Fault& fault, Actions& actions,
                     std::string_view text) noexcept {
    consume(in, actions, fault);
    if (!is_a_reject(in.message->type())) {
        send_reject(in, fault, actions, text);
    }
}

void Session::send_reject(const Incoming& in, const Fault& fault, Actions& actions,
                          std::string_view text) noexcept {
    Action& action = add(ActionKind::send, actions);
    action.type = '3';
    action.message = in.message;
    action.reference_number = in.number;
    action.reject_reason = fault.reason;
    action.reference_tag = fault.tag;
    Sentence sentence;
    sentence.add(text.empty() ? reject_text(fault.reason) : text);
    if (fault.tag != no_tag) {
        sentence.add(" (tag ").add(fault.tag).add(")");
    }
    action.text = sentence.text();
}

// A peer that asks for the same again and again, however often it is answered, is not made well by one more
// answer.
bool Session::asked_too_often(Now now) noexcept {
    if (now.monotonic_ns - resend_requests_ns_ > resend_span_ns) {
        resend_requests_ns_ = now.monotonic_ns;
        resend_requests_ = 0;
    }
    return ++resend_requests_ > config_.resend_requests_max && config_.resend_requests_max != 0;
}

void Session::on_resend_request(const Incoming& in, bool in_turn, Now now, Actions& actions) noexcept {
    const std::uint64_t begin = parse_unsigned(in.message->value(7)).value;
    const std::uint64_t end = parse_unsigned(in.message->value(16)).value;
    const std::uint64_t last = next_out_ - 1;
    const bool begin_good = begin >= 1 && begin <= last;
    const bool end_good = end == 0 || end >= begin;
    if (!begin_good || !end_good) {
        if (in_turn) {
            reject(in, {RejectReason::value_incorrect, begin_good ? 16 : 7}, actions);
        }
        return;
    }
    if (in_turn) {
        consume(in, actions);
    }
    if (asked_too_often(now)) {
        Sentence text;
        text.add("More than ").add(std::uint64_t{config_.resend_requests_max}).add(" ResendRequests in ");
        text.add(std::uint64_t{resend_span_ns / second_ns}).add(" seconds");
        log_out_and_end(text.text().view(), actions);
        return;
    }
    Action& action = add(ActionKind::resend, actions);
    action.begin = begin;
    action.end = end == 0 ? last : std::min(end, last);
}

void Session::on_gap_fill(const Incoming& in, Now now, Actions& actions) noexcept {
    const std::uint64_t new_number = parse_unsigned(in.message->value(36)).value;
    if (new_number <= in.number || new_number > number_max) {
        reject(in, {RejectReason::value_incorrect, 36}, actions);
        return;
    }
    next_in_ = new_number;
    progress_ns_ = now.monotonic_ns;
    Action& action = add(ActionKind::sequence_moved, actions);
    action.reset_cause = ResetCause::gap_fill_received;
    action.message = in.message;
    action.arrival = *in.arrival;
    action.arrival.message_number = in.number;
}

// SequenceReset without GapFillFlag: MsgSeqNum does not matter, and what came early belongs to numbers
// that are no more.
void Session::on_reset(const Incoming& in, Now, Actions& actions) noexcept {
    if (const Fault fault = check(*in.message, counterpart_of(config_.role))) {
        reject(in, fault, actions);
        return;
    }
    const std::uint64_t new_number = parse_unsigned(in.message->value(36)).value;
    if (new_number < next_in_ || new_number > number_max) {
        send_reject(in, {RejectReason::value_incorrect, 36}, actions);
        return;
    }
    next_in_ = new_number;
    forget_gap();
    Action& action = add(ActionKind::sequence_moved, actions);
    action.reset_cause = ResetCause::reset_received;
    action.message = in.message;
    action.arrival = *in.arrival;
    action.arrival.message_number = in.number;
}

void Session::on_logout(const Incoming& in, Now now, Actions& actions) noexcept {
    consume(in, actions);
    if (state_ == State::logging_out) {
        end(logout_cause_, actions);
        return;
    }
    send_logout({}, actions);
    if (config_.role == Role::acceptor) {
        end(LogoutCause::by_peer, actions);
        return;
    }
    // The acceptor closes; we do so only if it does not.
    state_ = State::logging_out;
    logout_cause_ = LogoutCause::by_peer;
    wait_until_ns_ = now.monotonic_ns + config_.logout_wait_ns;
}

// A Logon on an open conversation: a reset of both sides, or nothing that makes sense.
void Session::on_second_logon(const Incoming& in, Now now, Actions& actions) noexcept {
    if (const Fault fault = check(*in.message, counterpart_of(config_.role))) {
        reject(in, fault, actions);
        return;
    }
    if (in.message->value(141) != "Y") {
        reject(in, {RejectReason::other}, actions, "Already logged on");
        return;
    }
    PendingLogon pending;
    const LogonJudgement judgement = judge_logon(*in.message, pending);
    if (judgement.verdict != risk::LogonVerdict::none) {
        log_out_and_end(judgement.text.view(), actions);
        return;
    }
    heartbeat_seconds_ = pending.heartbeat_seconds;
    reset_numbers(ResetCause::reset_at_logon, actions);
    consume(in, actions);
    Action& answer = add(ActionKind::send, actions);
    answer.type = 'A';
    answer.reset_flag = true;
    answer.heartbeat_seconds = heartbeat_seconds_;
    progress_ns_ = now.monotonic_ns;
}

void Session::ask_for_missing(Now now, Actions& actions) noexcept {
    gap_target_ = early_.find(highest_seen_) != nullptr ? highest_seen_ : highest_seen_ + 1;
    progress_ns_ = now.monotonic_ns;
    Action& request = add(ActionKind::send, actions);
    request.type = '2';
    request.begin = next_in_;
    request.end = 0;
}

// After any number was used up: is the gap filled, and is there another behind it?
void Session::settle_gap(Now now, Actions& actions) noexcept {
    if (highest_seen_ == 0 || state_ != State::logged_on) {
        return;
    }
    progress_ns_ = now.monotonic_ns;
    resend_asks_ = 0;
    early_.drop_below(next_in_);
    if (gap_target_ != 0 && next_in_ >= gap_target_) {
        gap_target_ = 0;
    }
    if (highest_seen_ < next_in_) {
        highest_seen_ = 0;
    } else if (gap_target_ == 0 && early_.find(next_in_) == nullptr) {
        ask_for_missing(now, actions);
    }
}

void Session::forget_gap() noexcept {
    early_.clear();
    gap_target_ = 0;
    highest_seen_ = 0;
    resend_asks_ = 0;
}

bool Session::early_ready() const noexcept {
    return state_ == State::logged_on && !early_.empty() && early_.find(next_in_) != nullptr;
}

void Session::on_early(Message& scratch, Now now, Actions& actions, risk::UtcNs effective_ns) noexcept {
    if (!early_ready()) {
        return;
    }
    EarlyMessages::Entry entry = *early_.find(next_in_);
    entry.arrival.effective_ns = std::max(entry.arrival.effective_ns, effective_ns);
    Incoming in{&scratch, &entry.arrival, entry.number, true, entry.served};
    if (entry.length == 0) {
        // Our own note of a Logon that came before its turn: its bytes hold a secret and are not kept.
        in.message = nullptr;
        consume(in, actions);
        settle_gap(now, actions);
        return;
    }
    const ReadResult read = config_.reader.read(early_.bytes(entry), scratch);
    risk::require(read.status == ReadStatus::complete, "an early message was read once before");
    if (entry.served) {
        consume(in, actions);
        settle_gap(now, actions);
        return;
    }
    if (scratch.begin_string() != config_.begin_string || !identity_holds(in, now, actions)) {
        if (state_ == State::logged_on) {
            log_out_and_end("Incorrect BeginString (8)", actions);
        }
        return;
    }
    if (poss_dup_holds(in, now, actions)) {
        on_in_turn(in, now, actions);
    } else if (state_ == State::logged_on) {
        // It was kept as it is and will not become better: the number is asked for again.
        early_.drop_below(next_in_ + 1);
        ask_for_missing(now, actions);
    }
}

void Session::send_logout(std::string_view text, Actions& actions) noexcept {
    Action& action = add(ActionKind::send, actions);
    action.type = '5';
    action.text = risk::Text<160>(text);
}

void Session::end(LogoutCause cause, Actions& actions) noexcept {
    if (state_ == State::logged_on || state_ == State::logging_out) {
        add(ActionKind::logged_out, actions).logout_cause = cause;
    }
    add(ActionKind::close, actions).logout_cause = cause;
    state_ = State::closing;
    forget_gap();
}

void Session::log_out_and_end(std::string_view text, Actions& actions) noexcept {
    send_logout(text, actions);
    end(LogoutCause::by_us, actions);
}

void Session::log_out_at_once(LogoutCause cause, std::string_view text, Actions& actions) noexcept {
    risk::require(state_ == State::logged_on || state_ == State::logging_out, "it was logged on");
    send_logout(text, actions);
    end(cause, actions);
}

void Session::on_garbled(bool oversize, Now, Actions& actions) noexcept {
    switch (state_) {
        case State::disconnected:
        case State::closing:
            return;
        case State::awaiting_logon:
        case State::checking_logon:
        case State::logon_sent: {
            LogonJudgement judgement;
            judgement.verdict = risk::LogonVerdict::malformed;
            judgement.answered = false;
            if (state_ == State::awaiting_logon) {
                add(ActionKind::logon_attempt, actions).verdict = judgement.verdict;
            }
            if (oversize || state_ == State::awaiting_logon) {
                end_logon(judgement, nullptr, actions);
            }
            return;
        }
        case State::logged_on:
        case State::logging_out:
            if (oversize) {
                log_out_and_end("Message longer than allowed", actions);
            }
    }
}

void Session::on_disconnect(LogoutCause cause, Actions& actions) noexcept {
    if (state_ == State::logged_on || state_ == State::logging_out) {
        add(ActionKind::logged_out, actions).logout_cause = cause;
    } else if (state_ == State::logon_sent) {
        add(ActionKind::logon_result, actions).verdict = risk::LogonVerdict::refused_by_venue;
    }
    state_ = State::disconnected;
    test_request_out_ = false;
    logon_fields_ = {};
    forget_gap();
}

void Session::start_logout(LogoutCause cause, std::string_view text, Now now, Actions& actions) noexcept {
    if (state_ == State::logged_on) {
        send_logout(text, actions);
        state_ = State::logging_out;
        logout_cause_ = cause;
        wait_until_ns_ = now.monotonic_ns + config_.logout_wait_ns;
    } else if (state_ != State::disconnected && state_ != State::logging_out && state_ != State::closing) {
        end(cause, actions);
    }
}

}  // namespace fairlead::fix
