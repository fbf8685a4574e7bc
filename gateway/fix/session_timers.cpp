// See session.hpp. This file: what happens because nothing else did.
#include <algorithm>

#include "gateway/fix/session.hpp"

namespace fairlead::fix {

using risk::LogoutCause;

namespace {

constexpr risk::MonotonicNs never = INT64_MAX;

// Beyond the interval itself, before silence counts as silence.
risk::MonotonicNs silence_after_ns(std::uint32_t heartbeat_seconds) noexcept {
    const std::int64_t interval_ns = std::int64_t{heartbeat_seconds} * second_ns;
    return interval_ns + std::max(interval_ns / 5, second_ns);
}

}  // namespace

void Session::on_timer(Now now, Actions& actions) noexcept {
    switch (state_) {
        case State::disconnected:
        case State::closing:
            return;
        case State::awaiting_logon:
        case State::checking_logon:
        case State::logon_sent:
            if (now.monotonic_ns >= wait_until_ns_) {
                LogonJudgement judgement;
                judgement.verdict = risk::LogonVerdict::timed_out;
                judgement.answered = false;
                end_logon(judgement, nullptr, actions);
            }
            return;
        case State::logging_out:
            if (now.monotonic_ns >= wait_until_ns_) {
                end(logout_cause_, actions);
            }
            return;
        case State::logged_on:
            break;
    }
    if (heartbeat_seconds_ != 0) {
        const std::int64_t silence_ns = silence_after_ns(heartbeat_seconds_);
        if (test_request_out_ && now.monotonic_ns >= test_request_ns_ + silence_ns) {
            end(LogoutCause::heartbeat_lost, actions);
            return;
        }
        if (!test_request_out_ && now.monotonic_ns >= last_received_ns_ + silence_ns) {
            send_test_request(now, actions);
        } else if (now.monotonic_ns >= last_sent_ns_ + std::int64_t{heartbeat_seconds_} * second_ns) {
            add(ActionKind::send, actions).type = '0';
        }
    }
    if (gap_target_ != 0 && now.monotonic_ns >= progress_ns_ + config_.resend_wait_ns) {
        if (++resend_asks_ >= config_.resend_asks_max) {
            log_out_and_end("Missing messages were asked for and not sent", actions);
            return;
        }
        ask_for_missing(now, actions);
    }
}

void Session::send_test_request(Now now, Actions& actions) noexcept {
    char* end = format_unsigned(test_request_id_.data(), ++test_requests_);
    test_request_out_ = true;
    test_request_ns_ = now.monotonic_ns;
    Action& action = add(ActionKind::send, actions);
    action.type = '1';
    action.test_request_id = {test_request_id_.data(),
                              static_cast<std::size_t>(end - test_request_id_.data())};
}

risk::MonotonicNs Session::next_deadline() const noexcept {
    switch (state_) {
        case State::disconnected:
        case State::closing:
            return never;
        case State::awaiting_logon:
        case State::checking_logon:
        case State::logon_sent:
        case State::logging_out:
            return wait_until_ns_;
        case State::logged_on:
            break;
    }
    risk::MonotonicNs deadline = gap_target_ != 0 ? progress_ns_ + config_.resend_wait_ns : never;
    if (heartbeat_seconds_ != 0) {
        const std::int64_t silence_ns = silence_after_ns(heartbeat_seconds_);
        deadline =
            std::min(deadline, (test_request_out_ ? test_request_ns_ : last_received_ns_) + silence_ns);
        deadline = std::min(deadline, last_sent_ns_ + std::int64_t{heartbeat_seconds_} * second_ns);
    }
    return deadline;
}

}  // namespace fairlead::fix
