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

// Ours is the acceptor a client comes to, or the initiator that goes to a venue.
fix::SessionConfig config_of_ours(fix::Role role) {
    fix::SessionConfig config;
    config.role = role;
    config.our_comp_id = role == fix::Role::acceptor ? "BROKER" : "CLIENT";
    config.peer_comp_id = role == fix::Role::acceptor ? "CLIENT" : "BROKER";
    config.reset_permitted = true;
    return config;
}

class Pair {
  public:
    Pair(std::uint32_t seed, fix::Role ours)
        : random_(seed),
          ours_initiates_(ours == fix::Role::initiator),
          ours_(config_of_ours(ours)),
          peer_(FAIRLEAD_DATA_DICTIONARY, ours == fix::Role::initiator) {}

    std::vector<std::string> ordered;  // what QuickFIX sent
    unsigned lost = 0;
    unsigned reconnects = 0;
    [[nodiscard]] test::QuickfixPeer& peer() { return peer_; }
    [[nodiscard]] test::WiredSession& ours() { return ours_; }

    void step() {
        if (!ours_.connected() || !peer_.connected()) {
            reconnect(true);
            return;
        }
        switch (random_() % 10) {
            case 0:
                if (random_() % 6 == 0) {
                    reconnect(true);
                }
                break;
            case 1:
            case 2:
            case 3:
                if (peer_.logged_on()) {
                    peer_sends("order-" + std::to_string(ordered.size() + 1));
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
        reconnect(false);
        pump(0);
        REQUIRE(ours_.session().logged_on());
        REQUIRE(peer_.logged_on());
        peer_sends("order-last");
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
    void peer_sends(const std::string& text) {
        ordered.push_back(text);
        if (ours_initiates_) {
            peer_.send_report(text);
        } else {
            peer_.send_order(text);
        }
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

    void reconnect(bool lossy) {
        ++reconnects;
        peer_.disconnect();
        // Whoever comes first, and in the middle of whatever either has been asked for again.
        if (random_() % 2 == 0) {
            ours_.connect();
            peer_.connect();
        } else {
            peer_.connect();
            ours_.connect();
        }
        pump(lossy && random_() % 3 == 0 ? 4 : 0);
    }

    std::mt19937 random_;
    bool ours_initiates_;
    test::WiredSession ours_;
    test::QuickfixPeer peer_;
};

}  // namespace

TEST_CASE("a_stock_engine_and_ours_lose_nothing_over_a_wire_that_does") {
    const fix::Role role = GENERATE(fix::Role::acceptor, fix::Role::initiator);
    unsigned lost = 0;
    unsigned reconnects = 0;
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed << (role == fix::Role::acceptor ? ", a client" : ", a venue"));
        Pair pair(seed, role);
        for (int i = 0; i < 200; ++i) {
            pair.step();
        }
        pair.settle();
        CHECK(pair.ours().delivered == pair.ordered);
        CHECK(pair.peer().reports() == pair.ours().reported);
        CHECK(pair.peer().rejects() == std::vector<std::string>{});
        lost += pair.lost;
        reconnects += pair.reconnects;
    }
    CHECK(lost > 500);
    CHECK(reconnects > 200);
}

TEST_CASE("a_logout_is_answered_and_the_next_connection_goes_on_whoever_begins_it") {
    const fix::Role role = GENERATE(fix::Role::acceptor, fix::Role::initiator);
    const bool by_peer = GENERATE(true, false);
    Pair pair(7, role);
    for (int round = 0; round < 3; ++round) {
        INFO((role == fix::Role::acceptor ? "a client" : "a venue") << (by_peer ? ", who logs out" : ""));
        pair.settle();
        if (by_peer) {
            pair.peer().log_out();
        } else {
            pair.ours().log_out();
        }
        pair.pump(0);
        CHECK_FALSE(pair.ours().session().logged_on());
        CHECK_FALSE(pair.peer().logged_on());
    }
    pair.settle();
    CHECK(pair.ours().delivered == pair.ordered);
    CHECK(pair.peer().reports() == pair.ours().reported);
}

TEST_CASE("a_client_that_resets_at_every_logon_begins_at_1_and_loses_nothing_told_while_it_is_on") {
    Pair pair(7, fix::Role::acceptor);
    pair.peer().reset_on_logon();
    for (int round = 1; round <= 3; ++round) {
        pair.settle();
        // Logon, one message each.
        CHECK(pair.ours().session().next_in() == 3);
        CHECK(pair.ours().session().next_out() == 3);
        CHECK(pair.peer().next_in() == 3);
    }
    CHECK(pair.ours().delivered == pair.ordered);
    CHECK(pair.peer().reports() == pair.ours().reported);
    CHECK(pair.peer().rejects() == std::vector<std::string>{});
}
