// Our session machine against a stock QuickFIX session, over a wire that loses messages and connections:
// what either side's application sent arrives at the other's once, whole and in order.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/fix/quickfix_peer.hpp"
#include "tests/fix/wired_session.hpp"

using namespace fairlead;

namespace {

fix::SessionConfig config_of_broker() {
    fix::SessionConfig config;
    config.our_comp_id = "BROKER";
    config.peer_comp_id = "CLIENT";
    return config;
}

class Pair {
  public:
    explicit Pair(std::uint32_t seed)
        : random_(seed), ours_(config_of_broker()), peer_(FAIRLEAD_DATA_DICTIONARY) {}

    std::vector<std::string> ordered;  // ClOrdIDs QuickFIX sent
    unsigned lost = 0;
    unsigned reconnects = 0;
    [[nodiscard]] const test::QuickfixPeer& peer() const { return peer_; }
    [[nodiscard]] const test::WiredSession& ours() const { return ours_; }

    void step() {
        if (!ours_.connected() || !peer_.connected()) {
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
                if (ours_.session().logged_on()) {
                    ours_.report();
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
        REQUIRE(ours_.session().logged_on());
        REQUIRE(peer_.logged_on());
        ordered.push_back("order-last");
        peer_.send_order(ordered.back());
        ours_.report();
        pump(0);
    }

    // Moves what waits on the wire; one message in `loss` is lost (0 = none).
    void pump(unsigned loss) {
        for (int turn = 0; turn < 300; ++turn) {
            const auto from_peer = peer_.take_sent();
            const auto from_us = ours_.take_sent();
            if (from_peer.empty() && from_us.empty()) {
                return;
            }
            for (const std::string& message : from_peer) {
                if (!dropped(message, loss)) {
                    REQUIRE(ours_.receive(message));
                }
            }
            for (const std::string& message : from_us) {
                REQUIRE(message.find("\x01"
                                     "35=3\x01") == std::string::npos);  // nothing of QuickFIX is rejected
                if (peer_.connected() && !dropped(message, loss)) {
                    peer_.receive(message);
                }
            }
        }
        FAIL("the two sides never come to rest");
    }

  private:
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
        ours_.connect();
        peer_.connect();
        pump(0);
    }

    std::mt19937 random_;
    test::WiredSession ours_;
    test::QuickfixPeer peer_;
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
        CHECK(pair.ours().delivered == pair.ordered);
        CHECK(pair.peer().reports() == pair.ours().reported);
        CHECK(pair.peer().rejects() == std::vector<std::string>{});
        lost += pair.lost;
    }
    CHECK(lost > 500);
}
