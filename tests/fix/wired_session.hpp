// WiredSession: a fix::Session of ours on a wire without sockets, with the application's part played: reports
// are kept and sent again when asked for, credentials are always good, what is delivered is listed. For the
// tests that put QuickFIX at its other end or beside it.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "gateway/fix/resend_plan.hpp"
#include "gateway/fix/session.hpp"

namespace fairlead::test {

class WiredSession {
  public:
    // As an acceptor it sends reports and is sent orders; as an initiator, which is a venue's line, the other
    // way round.
    explicit WiredSession(const fix::SessionConfig& config)
        : session_(config), initiator_(config.role == fix::Role::initiator) {}

    [[nodiscard]] const fix::Session& session() const noexcept { return session_; }
    [[nodiscard]] bool connected() const noexcept {
        return session_.state() != fix::Session::State::disconnected;
    }
    std::vector<std::string> delivered;  // ClOrdIDs (11), or the Text (58) of reports
    std::vector<std::string> reported;   // what it sent: the same

    // Ends the connection before, if there is one.
    void connect() {
        if (connected()) {
            disconnect();
        }
        plan_.clear();
        out_.clear();
        session_.on_connect(now(), {}, actions_);
        perform();
    }
    void disconnect() {
        session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
        actions_.clear();
    }
    void log_out() {
        session_.start_logout(risk::LogoutCause::by_operator, "End", now(), actions_);
        perform();
    }
    // One message. False: it is none.
    bool receive(const std::string& bytes) {
        if (!connected()) {
            return true;
        }
        const auto result = reader_.read({bytes.data(), bytes.size()}, message_);
        if (result.status != fix::ReadStatus::complete) {
            return false;
        }
        session_.on_message(message_, {}, now(), actions_);
        perform();
        if (session_.reading_paused()) {
            session_.accept_logon(now(), actions_);
            perform();
        }
        while (session_.early_ready()) {
            session_.on_early(early_, now(), actions_);
            perform();
        }
        return true;
    }
    void report() {
        const std::uint64_t number = session_.take_number(now());
        reported.push_back("report-" + std::to_string(reported.size() + 1));
        journal_[number] = {reported.back(), now().utc_ns};
        encode(number, {});
    }
    // What it wanted on the wire since the last call, one message each.
    [[nodiscard]] std::vector<std::string> take_sent() {
        std::vector<std::string> sent;
        sent.swap(out_);
        return sent;
    }

  private:
    static fix::Now now() {
        const auto utc_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
        return {utc_ns, utc_ns};
    }

    void perform() {
        const fix::Actions actions = actions_;
        actions_.clear();
        for (const fix::Action& action : actions) {
            if (action.kind == fix::ActionKind::deliver) {
                delivered.emplace_back(action.message->value(initiator_ ? 58 : 11));
            } else if (action.kind == fix::ActionKind::send) {
                std::vector<char> out(fix::admin_message_max);
                const std::uint64_t number = session_.take_number(now());
                const std::size_t length = fix::encode_admin(encoder_, out, session_, action, number, now());
                out_.emplace_back(out.data(), length);
            } else if (action.kind == fix::ActionKind::resend) {
                plan_.request(action.begin, action.end);
                resend();
            } else if (action.kind == fix::ActionKind::sequence_moved) {
                if (action.reset_cause == risk::ResetCause::reset_at_logon) {
                    journal_.clear();  // its numbers are given anew
                }
            } else if (action.kind == fix::ActionKind::business_reject) {
                refuse(action);
            } else if (action.kind == fix::ActionKind::close) {
                disconnect();
            }
        }
    }

    // A type nobody serves, as the gateway refuses it.
    void refuse(const fix::Action& action) {
        std::vector<char> out(1024);
        encoder_.begin(out, session_.header(), "j", session_.take_number(now()), now().utc_ns, {});
        encoder_.add_unsigned(45, action.arrival.message_number);
        encoder_.add(372, action.message->type());
        encoder_.add(380, "3");
        out_.emplace_back(out.data(), encoder_.finish());
    }

    void encode(std::uint64_t number, fix::Duplicate duplicate) {
        std::vector<char> out(1024);
        encoder_.begin(out, session_.header(), initiator_ ? "D" : "8", number, now().utc_ns, duplicate);
        if (initiator_) {
            encoder_.add(11, journal_[number].first);
            encoder_.add(1, "8610-0000017");
            encoder_.add(55, "2330");
            encoder_.add(54, "1");
            encoder_.add_time(60, now().utc_ns);
            encoder_.add_quantity(38, 1000);
            encoder_.add(40, "2");
            encoder_.add(44, "605.5");
            out_.emplace_back(out.data(), encoder_.finish());
            return;
        }
        encoder_.add(37, "000000000001");
        encoder_.add(17, std::to_string(number));
        encoder_.add(150, "0");
        encoder_.add(39, "0");
        encoder_.add(55, "2330");
        encoder_.add(54, "1");
        encoder_.add_quantity(151, 1000);
        encoder_.add_quantity(14, 0);
        encoder_.add_price(6, 0);
        encoder_.add(58, journal_[number].first);
        out_.emplace_back(out.data(), encoder_.finish());
    }

    void resend() {
        const auto is_application = [this](std::uint64_t number) { return journal_.count(number) != 0; };
        for (auto step = plan_.next(is_application); step.kind != fix::ResendPlan::StepKind::none;
             step = plan_.next(is_application)) {
            if (step.kind == fix::ResendPlan::StepKind::application) {
                encode(step.number, {true, journal_[step.number].second});
            } else if (step.kind == fix::ResendPlan::StepKind::gap_fill) {
                std::vector<char> out(fix::admin_message_max);
                const std::size_t length = fix::encode_gap_fill(encoder_, out, session_.header(), step.number,
                                                                step.new_number, now().utc_ns);
                out_.emplace_back(out.data(), length);
            }
        }
    }

    fix::Session session_;
    bool initiator_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    fix::Message early_;
    fix::Actions actions_;
    fix::ResendPlan plan_;
    std::vector<std::string> out_;
    std::map<std::uint64_t, std::pair<std::string, risk::UtcNs>> journal_;
};

}  // namespace fairlead::test
