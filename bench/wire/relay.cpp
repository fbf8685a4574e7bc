// fairlead-wire-relay: the floor to measure a gateway against: takes one client, connects to the venue, and
// copies bytes both ways unread. Spins, or with --block sleeps in epoll as most programs do; with --stamped
// it spins on epoll and reads with the kernel's receive stamps, as whoever serves many clients in arrival
// order must.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <ctime>

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// False: the connection has ended.
bool copy(int from, int to, bool stamped) {
    std::array<char, 65'536> bytes;
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec)) + 64> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = stamped ? ::recvmsg(from, &message, MSG_DONTWAIT)
                                : ::recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0) {
        return true;
    }
    for (ssize_t sent = 0; sent < got;) {
        const ssize_t put = ::send(to, bytes.data() + sent, static_cast<std::size_t>(got - sent),
                                   MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += put > 0 ? put : 0;
    }
    return got > 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Copies bytes between one client and the venue, unread"};
    std::uint16_t listen_port = 0;
    std::uint16_t venue_port = 0;
    bool block = false;
    app.add_option("--listen", listen_port)->required();
    app.add_option("--venue", venue_port)->required();
    bool stamped = false;
    app.add_flag("--block", block, "sleep in epoll instead of spinning");
    app.add_flag("--stamped", stamped, "spin on epoll, and read with receive stamps")->excludes("--block");
    CLI11_PARSE(app, argc, argv);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    const sockaddr_in ours = loopback(listen_port);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&ours), sizeof ours) != 0 ||
        ::listen(listener, 1) != 0) {
        std::perror("listen");
        return 1;
    }
    const int client = ::accept(listener, nullptr, nullptr);
    const int venue = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in theirs = loopback(venue_port);
    if (::connect(venue, reinterpret_cast<const sockaddr*>(&theirs), sizeof theirs) != 0) {
        std::perror("connect");
        return 1;
    }
    for (const int fd : {client, venue}) {
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (stamped) {
            ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        }
    }
    const int epoll = ::epoll_create1(0);
    for (const int fd : {client, venue}) {
        epoll_event event{};
        event.events = stamped ? EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET : EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    while (stamped) {
        std::array<epoll_event, 2> events;
        const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < ready; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            if ((event.events & EPOLLIN) != 0 &&
                !copy(event.data.fd, event.data.fd == client ? venue : client, true)) {
                return 0;
            }
        }
    }
    while (true) {
        if (block) {
            epoll_event event{};
            ::epoll_wait(epoll, &event, 1, -1);
        }
        if (!copy(client, venue, false) || !copy(venue, client, false)) {
            return 0;
        }
    }
}
