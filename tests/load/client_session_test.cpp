// The client's session rules against a scripted peer: bytes in, bytes out, no sockets.
#include "bench/load/client_session.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using namespace fairlead;
using namespace fairlead::load;

namespace {

constexpr std::int64_t second = 1'000'000'000;

class Sink final : public ApplicationSink {
  public:
    void on_message(std::uint32_t, const fix::Message& message, Stamp) override {
        seen.push_back(std::string(message.type()) + "/" + std::string(message.value(34)));
    }
    void on_withdrawn(std::uint32_t, std::uint64_t first, std::uint64_t last) override {
        withdrawn.emplace_back(first, last);
    }
    std::vector<std::string> seen;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> withdrawn;
};

// A session and its peer; the peer's messages are written tag by tag.
struct Wire {
    ClientSession session;
    Sink sink;
    Stamp time{1'700'000'000 * second, second};

    explicit Wire(SessionNumbers numbers = {}, bool adopt = false, bool reset = false)
        : session(3, {"ME", "GATEWAY", "user", "secret", 10, reset, adopt}, numbers) {
        session.connected(time);
    }

    void peer(std::string_view type, std::uint64_t number, const std::string& fields = "",
              std::string_view extra_header = "") {
        std::string body = std::string("35=").append(type) + "|34=" + std::to_string(number) +
                           "|49=GATEWAY|56=ME|52=20231114-22:13:20|" + std::string(extra_header) + fields;
        std::replace(body.begin(), body.end(), '|', '\x01');
        std::string text =
            "8=FIX.4.4\x01"
            "9=" +
            std::to_string(body.size()) + "\x01" + body;
        char trailer[16];
        std::snprintf(trailer, sizeof(trailer), "10=%03u\x01", fix::checksum(text.data(), text.size()));
        give(text + trailer);
    }
    void give(const std::string& bytes) {
        const std::span<char> room = session.read_room();
        REQUIRE(room.size() >= bytes.size());
        std::copy(bytes.begin(), bytes.end(), room.begin());
        session.received(bytes.size(), time, sink);
    }
    void logged_on() {
        peer("A", session.numbers().next_in, "98=0|108=10|");
        (void)sent();
        REQUIRE(session.state() == ClientSession::State::active);
    }
    // What the session wrote since the last look: "A/1 D/2", with the fields asked for behind.
    std::string sent(std::initializer_list<std::uint32_t> tags = {}) {
        std::string all;
        const fix::Reader reader;
        while (!session.pending().empty()) {
            fix::Message message;
            const fix::ReadResult result = reader.read(session.pending(), message);
            REQUIRE(result.status == fix::ReadStatus::complete);
            all +=
                (all.empty() ? "" : " ") + std::string(message.type()) + "/" + std::string(message.value(34));
            for (const std::uint32_t tag : tags) {
                all += "," + std::to_string(tag) + "=" + std::string(message.value(tag));
            }
            session.written(result.consumed, time);
        }
        return all;
    }
    void pass(std::int64_t seconds) {
        time.utc_ns += seconds * second;
        time.monotonic_ns += seconds * second;
        session.on_timer(time);
    }
};

}  // namespace

TEST_CASE("session_logs_on_with_user_and_password_and_its_number") {
    Wire wire({7, 4});
    CHECK(wire.sent({49, 56, 98, 108, 553, 554}) == "A/7,49=ME,56=GATEWAY,98=0,108=10,553=user,554=secret");
    wire.peer("A", 4, "98=0|108=10|");
    CHECK(wire.session.state() == ClientSession::State::active);
    CHECK(wire.session.numbers().next_out == 8);
    CHECK(wire.session.numbers().next_in == 5);
}

TEST_CASE("session_refuses_a_logon_with_another_heartbeat_or_no_logon_at_all") {
    Wire other;
    other.peer("A", 1, "98=0|108=30|");
    CHECK(other.session.state() == ClientSession::State::failed);
    Wire none;
    none.peer("8", 1, "37=1|");
    CHECK(none.session.state() == ClientSession::State::failed);
    CHECK(none.session.wants_close());
    Wire silent;
    silent.pass(59);
    CHECK(silent.session.state() == ClientSession::State::logon_sent);
    silent.pass(2);
    CHECK(silent.session.state() == ClientSession::State::failed);
}

TEST_CASE("session_lost_while_it_comes_back_is_lost_again_not_refused") {
    Wire first;
    first.session.disconnected();
    CHECK(first.session.state() == ClientSession::State::failed);
    Wire again;
    again.peer("A", 1, "98=0|108=10|");
    again.session.disconnected();
    again.session.connected(again.time);
    again.session.disconnected();
    CHECK(again.session.state() == ClientSession::State::down);
    again.session.connected(again.time);
    again.peer("5", 2, "58=no|");
    again.session.disconnected();
    CHECK(again.session.state() == ClientSession::State::failed);
}

TEST_CASE("session_reset_starts_both_sides_at_one") {
    Wire wire({50, 60}, false, true);
    CHECK(wire.sent({141}) == "A/1,141=Y");
    wire.peer("A", 1, "98=0|108=10|141=Y|");
    CHECK(wire.session.state() == ClientSession::State::active);
    CHECK(wire.session.numbers().next_in == 2);
}

TEST_CASE("session_asks_for_a_gap_once_and_delivers_in_order_without_repeats") {
    Wire wire;
    wire.logged_on();
    wire.peer("8", 2, "37=1|");
    wire.peer("8", 5, "37=1|");
    wire.peer("8", 6, "37=1|");
    CHECK(wire.sent({7, 16}) == "2/2,7=3,16=0");
    CHECK(wire.sink.seen == std::vector<std::string>{"8/2"});
    wire.peer("8", 3, "37=1|", "43=Y|122=20231114-22:13:20|");
    wire.peer("4", 4, "123=Y|36=5|", "43=Y|122=20231114-22:13:20|");
    CHECK(wire.sink.seen == std::vector<std::string>{"8/2", "8/3", "8/5", "8/6"});
    wire.peer("8", 5, "37=1|", "43=Y|122=20231114-22:13:20|");
    wire.peer("8", 7, "37=1|");
    CHECK(wire.sink.seen.back() == "8/7");
    CHECK(wire.sink.seen.size() == 5);
    CHECK(wire.session.gaps() == 1);
}

TEST_CASE("session_logon_numbered_too_high_is_a_gap_too") {
    Wire wire({1, 3});
    wire.peer("A", 6, "98=0|108=10|");
    CHECK(wire.session.state() == ClientSession::State::active);
    CHECK(wire.sent({7}) == "A/1,7= 2/2,7=3");
    wire.peer("4", 3, "123=Y|36=7|", "43=Y|122=20231114-22:13:20|");
    wire.peer("8", 7, "37=1|");
    CHECK(wire.sink.seen == std::vector<std::string>{"8/7"});
}

TEST_CASE("session_ends_on_a_number_too_low_and_says_both") {
    Wire wire;
    wire.logged_on();
    wire.peer("8", 2, "37=1|");
    wire.peer("8", 2, "37=1|");
    CHECK(wire.session.state() == ClientSession::State::failed);
    CHECK(wire.sent({58}) == "5/2,58=MsgSeqNum too low, expecting 3 but received 2");
    CHECK(wire.sink.seen.size() == 1);
}

TEST_CASE("session_answers_a_resend_request_by_gap_fill_and_tells_which_orders_are_withdrawn") {
    Wire wire;
    wire.logged_on();
    for (int i = 0; i < 3; ++i) {
        wire.session.begin_message("D", wire.time).add(11, "X");
        CHECK(wire.session.finish_message() == static_cast<std::uint64_t>(2 + i));
    }
    CHECK(wire.sent() == "D/2 D/3 D/4");
    wire.peer("2", 2, "7=3|16=0|");
    CHECK(wire.sent({123, 36, 43}) == "4/3,123=Y,36=5,43=Y");
    REQUIRE(wire.sink.withdrawn.size() == 1);
    CHECK(wire.sink.withdrawn[0] == std::make_pair(std::uint64_t{3}, std::uint64_t{4}));
    wire.peer("2", 3, "7=2|16=2|");
    CHECK(wire.sent({36}) == "4/2,36=3");
    wire.peer("2", 4, "7=9|16=0|");
    CHECK(wire.sent().empty());
    CHECK(wire.session.numbers().next_out == 5);
}

TEST_CASE("session_keeps_alive_answers_tests_and_gives_up_a_silent_peer") {
    Wire wire;
    wire.logged_on();
    wire.peer("1", 2, "112=hello|");
    CHECK(wire.sent({112}) == "0/2,112=hello");
    wire.pass(9);
    CHECK(wire.sent().empty());
    wire.pass(2);
    CHECK(wire.sent() == "0/3");
    wire.pass(2);
    CHECK(wire.sent({112}) == "1/4,112=ARE-YOU-THERE");
    wire.pass(9);
    CHECK(wire.session.state() == ClientSession::State::active);
    wire.pass(4);
    CHECK(wire.session.state() == ClientSession::State::down);
    CHECK(wire.session.wants_close());
}

TEST_CASE("session_counts_malformed_bytes_and_finds_the_next_message") {
    Wire wire;
    wire.logged_on();
    wire.give(
        "8=FIX.4.4\x01"
        "9=5\x01"
        "35=0\x01"
        "10=000\x01");
    wire.peer("8", 2, "37=1|");
    CHECK(wire.session.malformed() >= 1);
    CHECK(wire.sink.seen == std::vector<std::string>{"8/2"});
}

TEST_CASE("session_takes_no_message_of_another_comp_id") {
    Wire wire;
    wire.logged_on();
    std::string body =
        "35=8\x01"
        "34=2\x01"
        "49=OTHER\x01"
        "56=ME\x01"
        "52=20231114-22:13:20\x01";
    std::string text =
        "8=FIX.4.4\x01"
        "9=" +
        std::to_string(body.size()) + "\x01" + body;
    char trailer[16];
    std::snprintf(trailer, sizeof(trailer), "10=%03u\x01", fix::checksum(text.data(), text.size()));
    wire.give(text + trailer);
    CHECK(wire.session.state() == ClientSession::State::failed);
    CHECK(wire.sink.seen.empty());
}

TEST_CASE("session_logs_out_and_ends_when_the_answer_comes") {
    Wire wire;
    wire.logged_on();
    wire.session.logout(wire.time);
    CHECK(wire.sent() == "5/2");
    wire.peer("5", 2);
    CHECK(wire.session.state() == ClientSession::State::ended);
    Wire asked;
    asked.logged_on();
    asked.peer("5", 2, "58=The day is over|");
    CHECK(asked.sent() == "5/2");
    CHECK(asked.session.state() == ClientSession::State::down);
    CHECK(asked.session.failure() == "logged out by the gateway: The day is over");
}

TEST_CASE("session_sequence_reset_moves_forward_only") {
    Wire wire;
    wire.logged_on();
    wire.peer("4", 99, "36=20|");
    CHECK(wire.session.numbers().next_in == 20);
    wire.peer("4", 99, "36=5|");
    CHECK(wire.sent({371, 373}) == "3/2,371=36,373=5");
    CHECK(wire.session.numbers().next_in == 20);
}

TEST_CASE("session_reads_the_expected_number_in_a_logouts_text") {
    CHECK(expected_number_in("MsgSeqNum too low, expecting 57 but received 1") == 57);
    CHECK(expected_number_in("received 3, expected 12") == 12);
    CHECK(expected_number_in("expected") == 0);
    CHECK(expected_number_in("Logon refused.") == 0);
}
