// JudgedSession: a fix::Session whose peer sends anything at all. It performs what the session asks for and
// throws std::logic_error at the first broken rule: only well-formed messages leave, with contiguous numbers;
// each number is delivered once and in order; a conversation ends or goes on. For the random conversations
// and the fuzzer.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/fix/session.hpp"

namespace fairlead::test {

class JudgedSession {
  public:
    explicit JudgedSession(fix::Role role) : session_(config(role)) {}

    [[nodiscard]] fix::Session& session() noexcept { return session_; }

    void connect() {
        buffer_.clear();
        session_.on_connect(now_, {"12398", {}, {}}, actions_);
        perform();
    }
    void answer_logon(bool accept) {
        if (accept) {
            session_.accept_logon(now_, actions_);
        } else {
            session_.refuse_logon(risk::LogonVerdict::bad_credentials, "Logon refused", now_, actions_);
        }
        perform();
    }
    void pass_time(std::int64_t ns) {
        now_.utc_ns += ns;
        now_.monotonic_ns += ns;
        session_.on_timer(now_, actions_);
        perform();
    }
    void start_logout() {
        session_.start_logout(risk::LogoutCause::by_operator, "End", now_, actions_);
        perform();
    }
    void disconnect() {
        session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
        perform();
    }
    // An application message of ours takes a number.
    void send_one() {
        if (session_.logged_on()) {
            (void)session_.take_number(now_);
        }
    }

    [[nodiscard]] std::string time_text() const {
        char text[fix::time_text_max];
        fix::TimeWriter writer;
        const char* end = writer.write(text, now_.utc_ns, fix::TimeResolution::millis);
        return std::string(static_cast<const char*>(text), end);
    }

    void feed(const std::string& bytes) {
        buffer_ += bytes;
        for (int guard = 0; guard < 1000; ++guard) {
            if (session_.reading_paused()) {
                return;
            }
            if (session_.early_ready()) {
                session_.on_early(early_, now_, actions_);
                perform();
                continue;
            }
            const auto result = reader_.read({buffer_.data(), buffer_.size()}, message_);
            if (result.status == fix::ReadStatus::incomplete) {
                return;
            }
            if (result.status == fix::ReadStatus::complete) {
                session_.on_message(message_, {}, now_, actions_);
            } else {
                session_.on_garbled(result.status == fix::ReadStatus::oversize, now_, actions_);
            }
            const bool ended = perform();
            if (ended || result.status == fix::ReadStatus::oversize) {
                buffer_.clear();
                return;
            }
            buffer_.erase(0, result.consumed);
        }
        demand(false, "the same bytes are read for ever");
    }

    std::uint64_t delivered = 0;
    std::uint64_t sent = 0;
    std::uint64_t logons = 0;

  private:
    static void demand(bool holds, const std::string& rule) {
        if (!holds) {
            throw std::logic_error(rule);
        }
    }

    static fix::SessionConfig config(fix::Role role) {
        fix::SessionConfig config;
        config.role = role;
        config.our_comp_id = "BROKER";
        config.peer_comp_id = "CLIENT";
        config.reset_permitted = true;
        config.early_messages_max = 8;
        config.early_bytes_max = 2048;
        return config;
    }

    bool perform() {
        bool closed = false;
        const fix::Actions actions = actions_;
        actions_.clear();
        for (const fix::Action& action : actions) {
            demand(!closed, "close is the last action");
            switch (action.kind) {
                case fix::ActionKind::deliver:
                case fix::ActionKind::received:
                case fix::ActionKind::business_reject:
                    demand(action.arrival.message_number == expected_,
                           "each number is taken once and in order");
                    ++expected_;
                    demand(action.next_in == expected_, "the next number is told");
                    delivered += action.kind == fix::ActionKind::deliver ? 1 : 0;
                    break;
                case fix::ActionKind::sequence_moved:
                    demand((action.next_in >= expected_ ||
                            action.reset_cause == risk::ResetCause::reset_at_logon),
                           "numbers go back only with a reset at logon");
                    expected_ = action.next_in;
                    break;
                case fix::ActionKind::logon_result:
                    expected_ = action.next_in;
                    logons += action.verdict == risk::LogonVerdict::accepted ? 1 : 0;
                    break;
                case fix::ActionKind::send:
                    check_sent(action);
                    break;
                case fix::ActionKind::resend:
                    demand(action.begin >= 1, "a resend begins at 1 or later");
                    demand(action.begin <= action.end, "a resend has an end");
                    demand(action.end < session_.next_out(), "a resend ends with what was sent");
                    break;
                case fix::ActionKind::close:
                    closed = true;
                    break;
                default:
                    break;
            }
        }
        demand(session_.next_in() == expected_, "the session expects what follows");
        if (closed) {
            session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
            actions_.clear();
        }
        return closed;
    }

    void check_sent(const fix::Action& action) {
        const std::uint64_t number = session_.take_number(now_);
        demand(number + 1 == session_.next_out(), "outgoing numbers have no gap");
        std::vector<char> out(fix::admin_message_max);
        const std::size_t length = fix::encode_admin(encoder_, out, session_, action, number, now_);
        fix::Message message;
        demand(fix::Reader().read({out.data(), length}, message).status == fix::ReadStatus::complete,
               "what is sent is a message");
        demand(message.number() == number, "a message has the number taken for it");
        // What we send passes the rules we hold others to.
        const fix::Fault fault = fix::check(message, fix::Counterpart::client);
        demand(!fault,
               "what is sent passes the rules others are held to: " + std::string(out.data(), length));
        ++sent;
    }

    fix::Session session_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    fix::Message early_;
    fix::Actions actions_;
    std::string buffer_;
    std::uint64_t expected_ = 1;
    fix::Now now_{1'767'574'800'000'000'000, 1'000'000'000'000};
};

}  // namespace fairlead::test
