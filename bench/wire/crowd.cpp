// fairlead-wire-crowd: the other sessions of a full gateway: logs CLIENTnn on one after the other, says how
// many are on, then answers and sends heartbeats until it is ended. Sends no orders. Sleeps between messages.
#include <arpa/inet.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <deque>
#include <iostream>

#include "bench/wire/peer.hpp"

namespace {

using namespace fairlead;
using wire::clock_ns;
using wire::fail;
using wire::Peer;

constexpr std::size_t buffer_bytes = 16'384;
constexpr std::uint64_t heartbeat_s = 20;
constexpr std::int64_t quiet_ns_max = 15'000'000'000;

std::string two_digits(std::uint32_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("nobody listens for clients");
    }
    return fd;
}

void log_on(Peer& peer, std::uint32_t number, const std::string& password_prefix) {
    const std::string user = "client" + two_digits(number);
    fix::Encoder& logon = peer.begin("A");
    logon.add_unsigned(98, 0);
    logon.add_unsigned(108, heartbeat_s);
    logon.add(553, user);
    logon.add(554, password_prefix + user);
    peer.ready();
    peer.write();
    const std::int64_t deadline = clock_ns() + 20'000'000'000;
    while (clock_ns() < deadline) {
        if (const fix::Message* message = peer.poll()) {
            const bool answered = message->type() == "A";
            static_cast<void>(peer.serve(*message));
            if (answered) {
                return;
            }
        }
        ::usleep(200);
    }
    fail("no answer to the logon of " + user);
}

// Serves whoever has bytes, and keeps the quiet ones alive. Does not return.
[[noreturn]] void keep_on(std::deque<Peer>& peers, std::vector<pollfd>& sockets) {
    while (true) {
        ::poll(sockets.data(), sockets.size(), 500);
        for (std::size_t i = 0; i < peers.size(); ++i) {
            while (sockets[i].revents != 0) {
                const fix::Message* message = peers[i].poll();
                if (message == nullptr) {
                    break;
                }
                static_cast<void>(peers[i].serve(*message));
            }
            peers[i].keep_alive(clock_ns(), quiet_ns_max);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Logs sessions on and keeps them alive"};
    std::uint16_t port = 0;
    std::uint32_t first = 2;
    std::uint32_t count = 0;
    std::string password_prefix = "demo-";
    app.add_option("--client-port", port, "where the gateway listens")->required();
    app.add_option("--first", first, "number of the first session");
    app.add_option("--count", count, "how many sessions")->required();
    app.add_option("--password-prefix", password_prefix, "a user's password: this, then the user's name");
    CLI11_PARSE(app, argc, argv);
    std::deque<Peer> peers;
    std::vector<pollfd> sockets;
    for (std::uint32_t number = first; number < first + count; ++number) {
        const int fd = connect_to(port);
        Peer& peer = peers.emplace_back(("CLIENT" + two_digits(number)).c_str(), "FAIRLEAD", buffer_bytes);
        peer.adopt(fd);
        log_on(peer, number, password_prefix);
        sockets.push_back({fd, POLLIN, 0});
    }
    std::cout << count << " logged on" << std::endl;
    keep_on(peers, sockets);
}
