// Incoming first, in the order of the checks; then what is sent; then time.
#include "bench/load/client_session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::load {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t logon_wait_ns = 60 * second_ns;
constexpr std::int64_t logout_wait_ns = 5 * second_ns;
constexpr std::int64_t ask_again_ns = 5 * second_ns;
constexpr std::size_t early_max = 200'000;

}  // namespace

std::uint64_t expected_number_in(std::string_view text) {
    std::size_t at = text.find("xpect");
    if (at == std::string_view::npos) {
        return 0;
    }
    at = text.find_first_of("0123456789", at);
    if (at == std::string_view::npos) {
        return 0;
    }
    const std::size_t end = text.find_first_not_of("0123456789", at);
    return fix::parse_unsigned(text.substr(at, end == std::string_view::npos ? end : end - at)).value;
}

ClientSession::ClientSession(std::uint32_t index, ClientIdentity identity, SessionNumbers numbers)
    : index_(index),
      identity_(std::move(identity)),
      numbers_(numbers),
      header_("FIX.4.4", identity_.sender, identity_.target),
      reader_(in_bytes / 4),
      in_(in_bytes),
      out_(out_bytes) {}

void ClientSession::connected(Stamp now) {
    in_begin_ = in_end_ = out_begin_ = out_end_ = 0;
    early_.clear();
    gap_open_ = test_request_open_ = close_ = retry_ = false;
    failure_.clear();
    state_ = State::logon_sent;
    state_since_ns_ = sent_ns_ = received_ns_ = now.monotonic_ns;
    send_logon(now);
}

void ClientSession::disconnected() {
    if (state_ == State::logout_sent) {
        state_ = State::ended;
    } else if (state_ == State::active || state_ == State::logon_sent) {
        if (failure_.empty()) {
            failure_ = state_ == State::active ? "the gateway closed the connection"
                                               : "the gateway closed the connection instead of a logon";
        }
        // A gateway that goes away while a session comes back to it has not refused that session.
        state_ = state_ == State::active || been_active_ ? State::down : State::failed;
    }
    close_ = false;
}

std::span<char> ClientSession::read_room() {
    if (in_begin_ == in_end_) {
        in_begin_ = in_end_ = 0;
    } else if (in_.size() - in_end_ < in_.size() / 4) {
        std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
        in_end_ -= in_begin_;
        in_begin_ = 0;
    }
    return {in_.data() + in_end_, in_.size() - in_end_};
}

void ClientSession::received(std::size_t size, Stamp now, ApplicationSink& sink) {
    in_end_ += size;
    received_ns_ = now.monotonic_ns;
    test_request_open_ = false;
    while (in_begin_ < in_end_ && state_ != State::failed && state_ != State::ended) {
        const fix::ReadResult result = reader_.read({in_.data() + in_begin_, in_end_ - in_begin_}, message_);
        if (result.status == fix::ReadStatus::incomplete) {
            return;
        }
        if (result.status == fix::ReadStatus::oversize) {
            ++malformed_;
            fail("the gateway announced a message longer than any it may send");
            return;
        }
        in_begin_ += result.consumed;
        if (result.status == fix::ReadStatus::garbled) {
            ++malformed_;
            continue;
        }
        ++messages_in_;
        process(message_, now, sink);
    }
}

void ClientSession::process(const fix::Message& message, Stamp now, ApplicationSink& sink) {
    if (!check_peer(message, now)) {
        return;
    }
    if (state_ == State::logon_sent) {
        on_logon_answer(message, now, sink);
        return;
    }
    const std::uint64_t number = message.number();
    if (message.type() == "4" && message.value(123) != "Y") {
        on_sequence_reset(message, now);
        release_early(now, sink);
        return;
    }
    if (number < numbers_.next_in) {
        if (!message.poss_dup()) {
            const std::string text = "MsgSeqNum too low, expecting " + std::to_string(numbers_.next_in) +
                                     " but received " + std::to_string(number);
            send_logout(text, now);
            fail(text);
        }
        return;
    }
    if (number > numbers_.next_in) {
        keep_early(message, now, sink);
        return;
    }
    ++numbers_.next_in;
    asked_ns_ = now.monotonic_ns;  // a gap that is being filled is not asked for again
    apply(message, now, sink);
    release_early(now, sink);
}

bool ClientSession::check_peer(const fix::Message& message, Stamp now) {
    if (message.begin_string() == "FIX.4.4" && message.sender() == identity_.target &&
        message.target() == identity_.sender && message.number() != 0 && !message.value(52).empty()) {
        return true;
    }
    ++malformed_;
    send_logout("BeginString, CompID, MsgSeqNum or SendingTime is wrong", now);
    fail("a message with a wrong BeginString, CompID, MsgSeqNum or no SendingTime");
    return false;
}

void ClientSession::on_logon_answer(const fix::Message& message, Stamp now, ApplicationSink& sink) {
    const std::uint64_t number = message.number();
    if (message.type() == "5") {
        const std::string_view text = message.value(58);
        const std::uint64_t expected = expected_number_in(text);
        fail("logon refused: " + std::string(text.empty() ? "no reason given" : text));
        if (identity_.adopt_numbers && expected > numbers_.next_out) {
            numbers_.next_out = expected;
            ++adopted_;
            retry_ = true;
        }
        retry_ = retry_ || text.find("come back later") != std::string_view::npos ||
                 text.find("try again") != std::string_view::npos;
        return;
    }
    if (message.type() != "A") {
        fail("the first message was not a Logon but type " + std::string(message.type()));
        return;
    }
    if (message.value(108) != std::to_string(identity_.heartbeat_s)) {
        fail("the Logon's HeartBtInt (108) is " + std::string(message.value(108)) +
             ", not the one asked for");
        return;
    }
    state_ = State::active;
    been_active_ = true;
    state_since_ns_ = now.monotonic_ns;
    const bool was_first = std::exchange(first_logon_, false);
    if (message.value(141) == "Y") {
        numbers_.next_in = number + 1;
        return;
    }
    if (was_first && identity_.adopt_numbers && number != numbers_.next_in) {
        numbers_.next_in = number + 1;
        ++adopted_;
        return;
    }
    if (number < numbers_.next_in) {
        const std::string text = "MsgSeqNum too low, expecting " + std::to_string(numbers_.next_in) +
                                 " but received " + std::to_string(number);
        send_logout(text, now);
        fail(text);
        return;
    }
    if (number > numbers_.next_in) {
        keep_early(message, now, sink);
        return;
    }
    ++numbers_.next_in;
}

// Beyond a gap: kept until the gap is filled, but what keeps the session alive is served at once.
void ClientSession::keep_early(const fix::Message& message, Stamp now, ApplicationSink& sink) {
    if (message.type() == "2") {
        on_resend_request(message, now, sink);
    } else if (message.type() == "5") {
        on_logout(message, now);
        return;
    }
    if (early_.size() < early_max) {
        early_.try_emplace(message.number(), message.text());
    }
    if (!gap_open_) {
        ++gaps_;
        gap_open_ = true;
        ask_resend(now);
    }
}

void ClientSession::release_early(Stamp now, ApplicationSink& sink) {
    if (early_.empty()) {
        gap_open_ = false;
        return;
    }
    while (!early_.empty() && state_ != State::failed) {
        const auto first = early_.begin();
        if (first->first > numbers_.next_in) {
            return;
        }
        if (first->first == numbers_.next_in) {
            ++numbers_.next_in;
            const std::string text = std::move(first->second);
            early_.erase(first);
            fix::Message message;
            const fix::ReadResult result = reader_.read(text, message);
            // Resend requests were served when they came; a Logon that came early is the answer to ours.
            if (result.status == fix::ReadStatus::complete && message.type() != "2" &&
                message.type() != "A") {
                apply(message, now, sink);
            }
        } else {
            early_.erase(first);
        }
    }
    gap_open_ = false;
}

void ClientSession::apply(const fix::Message& message, Stamp now, ApplicationSink& sink) {
    const std::string_view type = message.type();
    if (type.size() != 1) {
        sink.on_message(index_, message, now);
        return;
    }
    switch (type.front()) {
        case '0':
        case 'A':
            return;
        case '1':
            begin("0", numbers_.next_out, now).add(112, message.value(112));
            numbers_.next_out += finish() ? 1 : 0;
            return;
        case '2':
            on_resend_request(message, now, sink);
            return;
        case '4':
            on_sequence_reset(message, now);
            return;
        case '5':
            on_logout(message, now);
            return;
        default:
            sink.on_message(index_, message, now);
    }
}

// Nothing is ever sent twice: an order that the gateway has not seen by now is stale.
void ClientSession::on_resend_request(const fix::Message& message, Stamp now, ApplicationSink& sink) {
    const std::uint64_t first = fix::parse_unsigned(message.value(7)).value;
    const std::uint64_t asked_last = fix::parse_unsigned(message.value(16)).value;
    const std::uint64_t latest = numbers_.next_out - 1;
    if (first == 0 || first > latest) {
        return;
    }
    const std::uint64_t last = asked_last == 0 || asked_last > latest ? latest : asked_last;
    fix::Encoder& encoder = begin("4", first, now, {true, now.utc_ns});
    encoder.add_boolean(123, true);
    encoder.add_unsigned(36, last + 1);
    if (finish()) {
        sink.on_withdrawn(index_, first, last);
    }
}

void ClientSession::on_sequence_reset(const fix::Message& message, Stamp now) {
    const std::uint64_t next = fix::parse_unsigned(message.value(36)).value;
    if (next >= numbers_.next_in) {
        numbers_.next_in = next;
        return;
    }
    ++malformed_;
    begin("3", numbers_.next_out, now).add_unsigned(45, message.number());
    encoder_.add_unsigned(371, 36);
    encoder_.add(372, "4");
    encoder_.add_unsigned(373, 5);
    encoder_.add(58, "NewSeqNo is less than the number expected");
    numbers_.next_out += finish() ? 1 : 0;
}

void ClientSession::on_logout(const fix::Message& message, Stamp now) {
    if (state_ == State::logout_sent) {
        state_ = State::ended;
    } else {
        send_logout("", now);
        const std::string_view text = message.value(58);
        failure_ = "logged out by the gateway: " + std::string(text.empty() ? "no reason given" : text);
        state_ = State::down;
    }
    close_ = true;
}

void ClientSession::ask_resend(Stamp now) {
    asked_ns_ = now.monotonic_ns;
    begin("2", numbers_.next_out, now).add_unsigned(7, numbers_.next_in);
    encoder_.add_unsigned(16, 0);
    numbers_.next_out += finish() ? 1 : 0;
}

void ClientSession::fail(std::string why) {
    failure_ = std::move(why);
    state_ = State::failed;
    close_ = true;
}

void ClientSession::send_logon(Stamp now) {
    if (identity_.reset && first_logon_) {
        numbers_ = SessionNumbers{};
    }
    fix::Encoder& encoder = begin("A", numbers_.next_out, now);
    encoder.add_unsigned(98, 0);
    encoder.add_unsigned(108, identity_.heartbeat_s);
    if (identity_.reset && first_logon_) {
        encoder.add_boolean(141, true);
    }
    encoder.add(553, identity_.user);
    encoder.add(554, identity_.password);
    numbers_.next_out += finish() ? 1 : 0;
}

void ClientSession::send_logout(std::string_view text, Stamp now) {
    begin("5", numbers_.next_out, now).add(58, text);
    numbers_.next_out += finish() ? 1 : 0;
}

void ClientSession::logout(Stamp now) {
    if (state_ != State::active) {
        return;
    }
    send_logout("", now);
    state_ = State::logout_sent;
    state_since_ns_ = now.monotonic_ns;
}

fix::Encoder& ClientSession::begin(std::string_view type, std::uint64_t number, Stamp now,
                                   fix::Duplicate duplicate) {
    compact_out();
    encoder_.begin({out_.data() + out_end_, out_.size() - out_end_}, header_, type, number, now.utc_ns,
                   duplicate);
    return encoder_;
}

bool ClientSession::finish() {
    const std::size_t size = encoder_.finish();
    out_end_ += size;
    return size != 0;
}

fix::Encoder& ClientSession::begin_message(std::string_view type, Stamp now) {
    return begin(type, numbers_.next_out, now);
}

std::uint64_t ClientSession::finish_message() {
    return finish() ? numbers_.next_out++ : 0;
}

void ClientSession::compact_out() {
    if (out_begin_ == out_end_) {
        out_begin_ = out_end_ = 0;
    } else if (!has_room() && out_begin_ > 0) {
        std::memmove(out_.data(), out_.data() + out_begin_, out_end_ - out_begin_);
        out_end_ -= out_begin_;
        out_begin_ = 0;
    }
}

void ClientSession::written(std::size_t size, Stamp now) {
    out_begin_ += size;
    sent_ns_ = now.monotonic_ns;
    compact_out();
}

void ClientSession::on_timer(Stamp now) {
    const std::int64_t heartbeat_ns = static_cast<std::int64_t>(identity_.heartbeat_s) * second_ns;
    const std::int64_t silent_ns = now.monotonic_ns - received_ns_;
    switch (state_) {
        case State::logon_sent:
            if (now.monotonic_ns - state_since_ns_ >= logon_wait_ns) {
                fail("no answer to the Logon within 60 s");
            }
            return;
        case State::logout_sent:
            if (now.monotonic_ns - state_since_ns_ >= logout_wait_ns) {
                fail("no answer to the Logout within 5 s");
            }
            return;
        case State::active:
            break;
        case State::down:
        case State::ended:
        case State::failed:
            return;
    }
    if (gap_open_ && now.monotonic_ns - asked_ns_ >= ask_again_ns) {
        ask_resend(now);
    }
    if (heartbeat_ns == 0) {
        return;
    }
    if (now.monotonic_ns - sent_ns_ >= heartbeat_ns && pending().empty()) {
        (void)begin("0", numbers_.next_out, now);
        numbers_.next_out += finish() ? 1 : 0;
    }
    if (silent_ns >= heartbeat_ns * 5 / 2) {
        fail("silent for two and a half heartbeat intervals");
        state_ = State::down;
    } else if (silent_ns >= heartbeat_ns * 6 / 5 && !test_request_open_) {
        test_request_open_ = true;
        begin("1", numbers_.next_out, now).add(112, "ARE-YOU-THERE");
        numbers_.next_out += finish() ? 1 : 0;
    }
}

}  // namespace fairlead::load
