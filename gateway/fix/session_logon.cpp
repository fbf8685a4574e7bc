// See session.hpp. This file: from the connection to an open conversation, on both sides.
#include <algorithm>

#include "gateway/fix/sentence.hpp"
#include "gateway/fix/session.hpp"
#include "gateway/fix/session_limits.hpp"

namespace fairlead::fix {

using risk::LogonVerdict;
using risk::ResetCause;

void Session::on_connect(Now now, const LogonFields& fields, Actions& actions) noexcept {
    risk::require(state_ == State::disconnected, "a session has one connection at a time");
    forget_gap();
    test_request_out_ = false;
    heartbeat_seconds_ = config_.heartbeat_seconds;
    wait_until_ns_ = now.monotonic_ns + config_.logon_wait_ns;
    logon_fields_ = fields;
    if (config_.role == Role::acceptor) {
        state_ = State::awaiting_logon;
        return;
    }
    state_ = State::logon_sent;
    Action& attempt = add(ActionKind::logon_attempt, actions);
    attempt.heartbeat_seconds = heartbeat_seconds_;
    attempt.reset_flag = config_.reset_at_logon;
    if (config_.reset_at_logon) {
        reset_numbers(ResetCause::reset_at_logon, actions);
    }
    Action& logon = add(ActionKind::send, actions);
    logon.type = 'A';
    logon.heartbeat_seconds = heartbeat_seconds_;
    logon.reset_flag = config_.reset_at_logon;
}

// Who it is from, and when: what is wrong here is not answered at all.
Session::LogonJudgement Session::judge_identity(const Message& message, Now now) const noexcept {
    LogonJudgement judgement;
    judgement.answered = false;
    const auto sent = parse_time(message.value(52));
    if (message.begin_string() != config_.begin_string || !sent) {
        judgement.verdict = LogonVerdict::malformed;
    } else if (message.sender() != config_.peer_comp_id || message.target() != config_.our_comp_id) {
        judgement.verdict = LogonVerdict::unknown_session;
    } else if (time_off(sent.value, now.utc_ns, config_.sending_time_tolerance_ns)) {
        judgement.verdict = LogonVerdict::sending_time;
    }
    return judgement;
}

// What a Logon asks for. What is wrong here is answered with a Logout that says so.
Session::LogonJudgement Session::judge_logon(const Message& message, PendingLogon& pending) const noexcept {
    const auto refuse = [](Sentence& sentence, LogonVerdict verdict = LogonVerdict::malformed) {
        return LogonJudgement{verdict, true, sentence.text()};
    };
    Sentence text;
    text.add("Logon refused: ");
    const Counterpart counterpart = config_.role == Role::acceptor ? Counterpart::client : Counterpart::venue;
    if (const Fault fault = check(message, counterpart)) {
        text.add(reject_text(fault.reason));
        if (fault.tag != no_tag) {
            text.add(" (tag ").add(fault.tag).add(")");
        }
        return refuse(text);
    }
    const auto number = parse_unsigned(message.value(34));
    const auto heartbeat = parse_signed(message.value(108));
    const auto next_expected = parse_unsigned(message.value(789));
    pending.number = number.value;
    pending.next_expected = next_expected.value;
    pending.reset = message.value(141) == "Y";
    pending.heartbeat_seconds = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(heartbeat.value, 0, config_.heartbeat_seconds_max));
    if (!number || number.value == 0 || number.value > number_max) {
        return refuse(text.add("MsgSeqNum (34) is not a number in range"));
    }
    if (message.value(98) != "0") {
        return refuse(text.add("EncryptMethod (98) must be 0"));
    }
    if (heartbeat.value < std::int64_t{config_.heartbeat_seconds_min} ||
        heartbeat.value > std::int64_t{config_.heartbeat_seconds_max}) {
        text.add("HeartBtInt (108) must be ").add(std::uint64_t{config_.heartbeat_seconds_min});
        return refuse(text.add(" to ").add(std::uint64_t{config_.heartbeat_seconds_max}).add(" seconds"));
    }
    if (message.has(789) && (next_expected.value == 0 || next_expected.value > number_max)) {
        return refuse(text.add("NextExpectedMsgSeqNum (789) is not a number in range"));
    }
    if (pending.reset && !config_.reset_permitted && !config_.reset_at_logon) {
        return refuse(text.add("ResetSeqNumFlag (141) is not permitted"), LogonVerdict::reset_not_permitted);
    }
    if (pending.reset && number.value != 1) {
        return refuse(text.add("MsgSeqNum (34) must be 1 with ResetSeqNumFlag (141)"));
    }
    return {};
}

void Session::on_first_message(const Message& message, const risk::Arrival& arrival, Now now,
                               Actions& actions) noexcept {
    pending_ = {};
    LogonJudgement judgement;
    if (message.type() != "A") {
        judgement.verdict = LogonVerdict::malformed;
        judgement.answered = false;
    } else {
        judgement = judge_identity(message, now);
        if (judgement.verdict == LogonVerdict::none) {
            judgement = judge_logon(message, pending_);
        }
    }
    pending_.arrival = arrival;
    pending_.arrival.message_number = message.number();
    Action& attempt = add(ActionKind::logon_attempt, actions);
    attempt.verdict = judgement.verdict;
    attempt.message = &message;
    attempt.arrival = pending_.arrival;
    attempt.reset_flag = pending_.reset;
    attempt.heartbeat_seconds = pending_.heartbeat_seconds;
    if (judgement.verdict != LogonVerdict::none) {
        end_logon(judgement, &message, actions);
        return;
    }
    state_ = State::checking_logon;
    // A change of password costs a hash for each one it must differ from.
    const std::int64_t patience = message.has(925) ? 6 : 1;
    wait_until_ns_ = now.monotonic_ns + patience * config_.logon_wait_ns;
}

void Session::accept_logon(Now now, Actions& actions) noexcept {
    if (state_ == State::checking_logon) {
        settle_logon(now, actions);
    }
}

void Session::refuse_logon(LogonVerdict verdict, std::string_view text, Now, Actions& actions) noexcept {
    if (state_ == State::checking_logon) {
        end_logon({verdict, true, risk::Text<160>(text)}, nullptr, actions);
    }
}

// The peer is who it says. Its numbers against ours: too low is the end, too high opens a gap; then the
// conversation is open.
void Session::settle_logon(Now now, Actions& actions) noexcept {
    const bool acceptor = config_.role == Role::acceptor;
    if (acceptor && (pending_.reset || config_.reset_at_logon)) {
        reset_numbers(ResetCause::reset_at_logon, actions);
    } else if (!acceptor && pending_.reset && !config_.reset_at_logon) {
        // The venue began again at 1: so do our numbers, but for the Logon already sent.
        reset_numbers(ResetCause::reset_at_logon, actions);
        next_out_ = 2;
    }
    if (pending_.number < next_in_) {
        Sentence text;
        text.add("MsgSeqNum too low, expecting ").add(next_in_).add(" but received ").add(pending_.number);
        end_logon({LogonVerdict::number_too_low, true, text.text()}, nullptr, actions);
        return;
    }
    if (pending_.next_expected > next_out_) {
        Sentence text;
        text.add("NextExpectedMsgSeqNum (789) too high, at most ").add(next_out_).add(" but received ");
        text.add(pending_.next_expected);
        end_logon({LogonVerdict::malformed, true, text.text()}, nullptr, actions);
        return;
    }
    const bool gap = pending_.number > next_in_;
    next_in_ += gap ? 0 : 1;
    const std::uint64_t last_sent = next_out_ - 1;
    state_ = State::logged_on;
    heartbeat_seconds_ = pending_.heartbeat_seconds;
    last_received_ns_ = last_sent_ns_ = progress_ns_ = now.monotonic_ns;
    Action& result = add(ActionKind::logon_result, actions);
    result.verdict = LogonVerdict::accepted;
    result.heartbeat_seconds = heartbeat_seconds_;
    result.arrival = pending_.arrival;
    if (acceptor) {
        Action& answer = add(ActionKind::send, actions);
        answer.type = 'A';
        answer.heartbeat_seconds = heartbeat_seconds_;
        answer.reset_flag = pending_.reset;
        answer.next_expected = pending_.next_expected != 0 ? next_in_ : 0;
    }
    if (pending_.next_expected != 0 && pending_.next_expected <= last_sent) {
        Action& resend = add(ActionKind::resend, actions);
        resend.begin = pending_.next_expected;
        resend.end = last_sent;
    }
    early_.drop_below(next_in_);
    if (!gap) {
        return;
    }
    highest_seen_ = std::max(highest_seen_, pending_.number);
    early_.keep(pending_.number, {}, pending_.arrival, true);
    if (pending_.next_expected == 0) {
        ask_for_missing(now, actions);
    } else {
        gap_target_ = highest_seen_;  // the peer reads from our 789 what to send again
    }
}

void Session::on_logon_answer(const Message& message, const risk::Arrival& arrival, Now now,
                              Actions& actions) noexcept {
    pending_ = {};
    LogonJudgement judgement = judge_identity(message, now);
    const std::string_view type = message.type();
    if (judgement.verdict == LogonVerdict::none && type != "A") {
        const bool refused = type == "5" || type == "3";
        judgement.verdict = refused ? LogonVerdict::refused_by_venue : LogonVerdict::malformed;
        judgement.answered = false;
        const Incoming in{&message, &arrival, message.number(), false, false};
        consume(in, actions);
    } else if (judgement.verdict == LogonVerdict::none) {
        judgement = judge_logon(message, pending_);
    }
    if (judgement.verdict != LogonVerdict::none) {
        end_logon(judgement, &message, actions);
        return;
    }
    pending_.arrival = arrival;
    pending_.arrival.message_number = pending_.number;
    settle_logon(now, actions);
}

void Session::end_logon(const LogonJudgement& judgement, const Message* message, Actions& actions) noexcept {
    Action& result = add(ActionKind::logon_result, actions);
    result.verdict = judgement.verdict;
    result.message = message;
    result.arrival = pending_.arrival;
    result.text = judgement.text;
    if (judgement.answered) {
        send_logout(judgement.text.view(), actions);
    }
    end(risk::LogoutCause::by_us, actions);
}

void Session::reset_numbers(ResetCause cause, Actions& actions) noexcept {
    next_in_ = 1;
    next_out_ = 1;
    forget_gap();
    add(ActionKind::sequence_moved, actions).reset_cause = cause;
}

FirstMessage examine_first(const Message& message) noexcept {
    FirstMessage first;
    first.sender = message.sender();
    first.target = message.target();
    first.ok = message.type() == "A" && !first.sender.empty() && !first.target.empty();
    first.verdict = first.ok ? LogonVerdict::none : LogonVerdict::malformed;
    return first;
}

}  // namespace fairlead::fix
