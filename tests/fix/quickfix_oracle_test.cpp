// Our session machine against a stock QuickFIX session, over a wire that loses messages and connections:
// what either side's application sent arrives at the other's once, whole and in order.
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gateway/fix/resend_plan.hpp"
#include "gateway/fix/session.hpp"
#include "tests/fix/quickfix_peer.hpp"

using namespace fairlead;

namespace {

class Pair {
  public:
    explicit Pair(std::uint32_t seed) : random_(seed), session_(config()), peer_(FAIRLEAD_DATA_DICTIONARY) {}

    std::vector<std::string> ordered;    // ClOrdIDs QuickFIX sent
    std::vector<std::string> delivered;  // ClOrdIDs our session delivered
    std::vector<std::string> reported;   // reports we sent
    unsigned lost = 0;
    unsigned reconnects = 0;
    [[nodiscard]] const test::QuickfixPeer& peer() const { return peer_; }

    void step() {
        if (session_.state() == fix::Session::State::disconnected || !peer_.connected()) {
            reconnect();
            return;
        }
        switch (random_() % 10) {
            case 0:
                if (random_() % 6 == 0) {
                    reconnect();
                }
                break;
            case 1:
            case 2:
            case 3:
                if (peer_.logged_on()) {
                    ordered.push_back("order-" + std::to_string(ordered.size() + 1));
                    peer_.send_order(ordered.back());
                }
                break;
            case 4:
            case 5:
            case 6:
                if (session_.logged_on()) {
                    report();
                }
                break;
            default:
                pump(6);
        }
    }

    // No more losses: connect anew, one more message each, and everything asked for is sent.
    void settle() {
        reconnect();
        pump(0);
        REQUIRE(session_.logged_on());
        REQUIRE(peer_.logged_on());
        ordered.push_back("order-last");
        peer_.send_order(ordered.back());
        report();
        pump(0);
    }

    // Moves what waits on the wire; one message in `loss` is lost (0 = none).
    void pump(unsigned loss) {
        for (int turn = 0; turn < 300; ++turn) {
            const auto from_peer = peer_.take_sent();
            std::vector<std::string> from_us;
            from_us.swap(out_);
            if (from_peer.empty() && from_us.empty()) {
                return;
            }
            for (const std::string& message : from_peer) {
                if (!dropped(message, loss)) {
                    receive(message);
                }
            }
            for (const std::string& message : from_us) {
                if (peer_.connected() && !dropped(message, loss)) {
                    peer_.receive(message);
                }
            }
        }
        FAIL("the two sides never come to rest");
    }

  private:
    static fix::SessionConfig config() {
        fix::SessionConfig config;
        config.our_comp_id = "BROKER";
        config.peer_comp_id = "CLIENT";
        return config;
    }

    static fix::Now now() {
        const auto utc_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
        return {utc_ns, utc_ns};
    }

    bool dropped(const std::string& message, unsigned loss) {
        const bool session_opening = message.find(
                                         "\x01"
                                         "35=A\x01") != std::string::npos ||
                                     message.find(
                                         "\x01"
                                         "35=5\x01") != std::string::npos;
        if (loss == 0 || session_opening || random_() % loss != 0) {
            return false;
        }
        ++lost;
        return true;
    }

    void reconnect() {
        ++reconnects;
        peer_.disconnect();
        if (session_.state() != fix::Session::State::disconnected) {
            session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
            actions_.clear();
        }
        plan_.clear();
        out_.clear();
        session_.on_connect(now(), {}, actions_);
        actions_.clear();
        peer_.connect();
        pump(0);
    }

    void receive(const std::string& bytes) {
        if (session_.state() == fix::Session::State::disconnected) {
            return;
        }
        const auto result = reader_.read({bytes.data(), bytes.size()}, message_);
        REQUIRE(result.status == fix::ReadStatus::complete);
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
    }

    void perform() {
        const fix::Actions actions = actions_;
        actions_.clear();
        for (const fix::Action& action : actions) {
            if (action.kind == fix::ActionKind::deliver) {
                delivered.emplace_back(action.message->value(11));
            } else if (action.kind == fix::ActionKind::send) {
                REQUIRE(action.type != '3');  // nothing QuickFIX sends is rejected
                std::vector<char> out(fix::admin_message_max);
                const std::uint64_t number = session_.take_number(now());
                const std::size_t length = fix::encode_admin(encoder_, out, session_, action, number, now());
                out_.emplace_back(out.data(), length);
            } else if (action.kind == fix::ActionKind::resend) {
                plan_.request(action.begin, action.end);
                resend();
            } else if (action.kind == fix::ActionKind::close) {
                session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
                actions_.clear();
            }
        }
    }

    void report() {
        const std::uint64_t number = session_.take_number(now());
        reported.push_back("report-" + std::to_string(reported.size() + 1));
        journal_[number] = {reported.back(), now().utc_ns};
        encode(number, {});
    }

    void encode(std::uint64_t number, fix::Duplicate duplicate) {
        std::vector<char> out(1024);
        encoder_.begin(out, session_.header(), "8", number, now().utc_ns, duplicate);
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

    std::mt19937 random_;
    fix::Session session_;
    test::QuickfixPeer peer_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    fix::Message early_;
    fix::Actions actions_;
    fix::ResendPlan plan_;
    std::vector<std::string> out_;
    std::map<std::uint64_t, std::pair<std::string, risk::UtcNs>> journal_;
};

}  // namespace

TEST_CASE("a_stock_engine_and_ours_lose_nothing_over_a_wire_that_does") {
    unsigned lost = 0;
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        Pair pair(seed);
        for (int i = 0; i < 200; ++i) {
            pair.step();
        }
        pair.settle();
        CHECK(pair.delivered == pair.ordered);
        CHECK(pair.peer().reports() == pair.reported);
        CHECK(pair.peer().rejects() == std::vector<std::string>{});
        lost += pair.lost;
    }
    CHECK(lost > 500);
}
