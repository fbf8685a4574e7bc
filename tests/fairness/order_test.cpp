// The arrival rule's arithmetic: what a message competes with on a real TCP connection, and what it is judged
// by when it takes its turn.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "gateway/arrival_order.hpp"
#include "gateway/connection.hpp"

using namespace fairlead;
using namespace fairlead::gateway;

namespace {

const std::string heartbeat = [] {
    std::string text =
        "8=FIX.4.4\x01"
        "9=5\x01"
        "35=0\x01";
    unsigned sum = 0;
    for (const char c : text) {
        sum += static_cast<unsigned char>(c);
    }
    char trailer[8];
    std::snprintf(trailer, sizeof trailer, "10=%03u\x01", sum % 256);
    return text + trailer;
}();

// A connection of the gateway and the peer that writes to it, over loopback.
class Pair {
  public:
    Pair() {
        Socket listener(::socket(AF_INET, SOCK_STREAM, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(listener.fd(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(listener.fd(), 1) == 0);
        REQUIRE(::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        peer = Socket(::socket(AF_INET, SOCK_STREAM, 0));
        REQUIRE(::connect(peer.fd(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        Socket accepted(::accept(listener.fd(), nullptr, nullptr));
        bool stamped = false;
        REQUIRE(prepare_socket(accepted.fd(), stamped) == 0);
        REQUIRE(stamped);
        connection.open(std::move(accepted), {}, 0);
    }
    void send(int messages) {
        std::string text;
        for (int i = 0; i < messages; ++i) {
            text += heartbeat;
        }
        REQUIRE(::send(peer.fd(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    }
    // Reads what has come; the kernel's stamp of it.
    risk::UtcNs read() {
        pollfd ready{connection.fd(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, 10'000) == 1);
        const ReadResult result = connection.read();
        REQUIRE(result.status == ReadResult::Status::data);
        return connection.kernel_ns();
    }
    Connection::Head frame(risk::UtcNs horizon_ns) { return connection.frame(reader, message, horizon_ns); }

    Socket peer;
    Connection connection{1 << 14, 1 << 14};
    fix::Reader reader{4096};
    fix::Message message;
};

// The kernel begins to stamp some time after the first socket has asked for it: waits for that, and keeps the
// asking socket for as long as the tests run.
void wait_for_stamps() {
    static Pair first;
    for (int attempt = 0; first.connection.kernel_ns() == 0 && attempt < 1'000; ++attempt) {
        first.send(1);
        static_cast<void>(first.read());
        REQUIRE(first.frame(0) == Connection::Head::ready);
        first.connection.take_head(0);
        ::usleep(1'000);
    }
    REQUIRE(first.connection.kernel_ns() > 0);
}

class StampedPair : public Pair {
  public:
    StampedPair() { wait_for_stamps(); }
};

}  // namespace

TEST_CASE("the_first_message_of_a_read_competes_at_its_stamp_and_each_further_one_with_its_pass") {
    StampedPair pair;
    pair.send(2);
    const risk::UtcNs stamp = pair.read();
    REQUIRE(stamp > 0);
    REQUIRE(pair.frame(stamp + 1'000) == Connection::Head::ready);
    CHECK(pair.connection.effective_ns() == stamp);
    pair.connection.take_head(stamp + 1'000);
    REQUIRE(pair.frame(stamp + 2'000) == Connection::Head::ready);
    CHECK(pair.connection.effective_ns() == stamp + 2'000);
    CHECK(pair.connection.kernel_ns() == stamp);
}

TEST_CASE("a_message_that_waited_in_the_kernel_behind_its_own_session_does_not_compete_at_its_old_stamp") {
    StampedPair pair;
    pair.send(1);
    const risk::UtcNs first = pair.read();
    REQUIRE(pair.frame(first) == Connection::Head::ready);
    pair.send(1);  // in the kernel while the first is the head
    const risk::UtcNs taken_in = first + 3'600'000'000'000;
    pair.connection.take_head(taken_in);
    const risk::UtcNs second = pair.read();
    REQUIRE(second < taken_in);
    REQUIRE(pair.frame(taken_in + 500) == Connection::Head::ready);
    CHECK(pair.connection.effective_ns() == taken_in + 500);
    CHECK(pair.connection.kernel_ns() == second);
}

TEST_CASE("a_message_stamped_after_its_sessions_last_turn_competes_at_its_stamp") {
    StampedPair pair;
    pair.send(1);
    const risk::UtcNs first = pair.read();
    REQUIRE(pair.frame(first) == Connection::Head::ready);
    pair.connection.take_head(first);
    pair.send(1);
    const risk::UtcNs second = pair.read();
    REQUIRE(pair.frame(second + 10'000) == Connection::Head::ready);
    CHECK(pair.connection.effective_ns() == second);
}

TEST_CASE("effective_arrival_never_falls_and_a_late_one_arrives_with_the_last_that_was_served") {
    ArrivalOrder order(0);
    order.begin_pass(1'000);
    CHECK(order.horizon_ns() == 1'000);
    CHECK(order.release(700) == 700);
    CHECK(order.release(900) == 900);
    order.begin_pass(2'000);
    CHECK(order.release(800) == 900);  // readable only now
    CHECK(order.release(1'500) == 1'500);
}

TEST_CASE("a_hold_time_moves_the_horizon_and_a_clock_set_back_holds_nobody_up") {
    ArrivalOrder order(300);
    order.begin_pass(1'000);
    CHECK(order.horizon_ns() == 700);
    CHECK(order.release(700) == 700);
    order.begin_pass(500);  // UTC went back: stamps as well, so they are within the horizon again
    CHECK(order.horizon_ns() == 200);
    CHECK(order.release(150) == 700);
}

TEST_CASE("the_end_of_a_connection_told_together_with_its_last_bytes_is_told_as_such") {
    StampedPair pair;
    pair.send(1);
    REQUIRE(::shutdown(pair.peer.fd(), SHUT_WR) == 0);
    pollfd both{pair.connection.fd(), POLLRDHUP, 0};
    REQUIRE(::poll(&both, 1, 10'000) == 1);
    Readiness readiness;
    REQUIRE(readiness.add(pair.connection.fd(), 5));
    const auto told = readiness.ask(10'000);
    REQUIRE(told.size() == 1);
    CHECK(told[0].readable);
    CHECK(told[0].ended);
    REQUIRE(pair.read() > 0);
    // No further edge comes: whoever stops at the short read never learns of the end.
    CHECK(readiness.ask(0).empty());
    CHECK(pair.connection.read().status == ReadResult::Status::closed);
}
