// fairlead-hold-time: measures how long after the kernel's receive stamp a message may become readable on
// this host, and so what gateway.hold_ns buys. Reads as the gateway does (gateway/socket.hpp) and sends
// either from threads of its own over loopback or, with --listen and --send, from another host. It is no
// part of the gateway; an operator runs it while the host carries the load it will carry.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gateway/socket.hpp"

namespace {

using fairlead::gateway::Readiness;
using fairlead::gateway::ReadResult;
using fairlead::gateway::Socket;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::uint32_t sessions = 64;
    std::uint32_t senders = 2;
    std::uint64_t messages = 400'000;
    std::uint32_t gap_us = 20;
    bool listen = false;
    bool send = false;
    bool json = false;
};

constexpr std::size_t message_bytes = 200;
constexpr std::array<std::int64_t, 12> holds_ns{0,      1'000,   2'000,   5'000,     10'000,    20'000,
                                                50'000, 100'000, 500'000, 1'000'000, 5'000'000, 20'000'000};

std::int64_t utc_now() {
    timespec at{};
    ::clock_gettime(CLOCK_REALTIME, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in address_of(const Options& options) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    if (::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("address '" + options.address + "' is not an IPv4 address");
    }
    return address;
}

Socket listen_on(Options& options) {
    Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = address_of(options);
    socklen_t size = sizeof address;
    if (::bind(listener.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener.fd(), static_cast<int>(options.sessions)) != 0 ||
        ::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        fail("cannot listen");
    }
    options.port = ntohs(address.sin_port);
    return listener;
}

// One gateway with one hold time, fed with what was really read: each message is released by the first pass
// that has seen it and began `hold_ns` after its stamp; those of one pass in stamp order.
class Releases {
  public:
    explicit Releases(std::int64_t hold_ns) : hold_ns_(hold_ns) {}
    void read(std::int64_t stamp_ns) { waiting_.push(stamp_ns); }
    void pass(std::int64_t pass_ns) {
        while (!waiting_.empty() && waiting_.top() <= pass_ns - hold_ns_) {
            const std::int64_t stamp_ns = waiting_.top();
            waiting_.pop();
            if (stamp_ns < youngest_ns_) {
                ++overtaken_;
                worst_ns_ = std::max(worst_ns_, youngest_ns_ - stamp_ns);
            }
            youngest_ns_ = std::max(youngest_ns_, stamp_ns);
        }
    }
    [[nodiscard]] std::int64_t hold_ns() const { return hold_ns_; }
    [[nodiscard]] std::uint64_t overtaken() const { return overtaken_; }  // a younger one was released before
    [[nodiscard]] std::int64_t worst_ns() const { return worst_ns_; }     // and was younger by so much
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

  private:
    std::int64_t hold_ns_;
    std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> waiting_;
    std::int64_t youngest_ns_ = INT64_MIN;
    std::uint64_t overtaken_ = 0;
    std::int64_t worst_ns_ = 0;
};

class Receiver {
  public:
    explicit Receiver(std::vector<Socket> sockets, std::uint64_t messages)
        : sockets_(std::move(sockets)), pending_(sockets_.size(), true), ended_(sockets_.size(), false) {
        late_.reserve(messages);
        for (const std::int64_t hold_ns : holds_ns) {
            releases_.emplace_back(hold_ns);
        }
        for (std::size_t i = 0; i < sockets_.size(); ++i) {
            bool stamped = false;
            if (fairlead::gateway::prepare_socket(sockets_[i].fd(), stamped) != 0 ||
                !readiness_.add(sockets_[i].fd(), i)) {
                fail("cannot watch a connection");
            }
            listed_.push_back(i);
        }
    }

    // Until every peer has closed and every message is released.
    void run() {
        std::size_t open = sockets_.size();
        std::int64_t previous_ns = 0;
        std::vector<char> into(1 << 16);
        while (open > 0 || !releases_.back().empty()) {
            const std::int64_t pass_ns = utc_now();
            for (bool more = true; more;) {
                const auto told = readiness_.ask(0);
                more = told.size() == Readiness::batch;
                for (const auto& event : told) {
                    ended_[event.token] = ended_[event.token] || event.ended;
                    if (event.readable && !pending_[event.token]) {
                        pending_[event.token] = true;
                        listed_.push_back(event.token);
                    }
                }
            }
            std::vector<std::size_t> again;
            for (const std::size_t at : listed_) {
                const ReadResult read = fairlead::gateway::read_stamped(sockets_[at].fd(), into);
                if (read.status == ReadResult::Status::closed || read.status == ReadResult::Status::failed) {
                    sockets_[at].close();
                    --open;
                } else if (!read.drained || ended_[at]) {
                    again.push_back(at);
                } else {
                    pending_[at] = false;
                }
                if (read.status == ReadResult::Status::data) {
                    note(read, previous_ns);
                }
            }
            listed_.swap(again);
            for (Releases& one : releases_) {
                one.pass(pass_ns);
            }
            previous_ns = pass_ns;
        }
    }
    // How long after its stamp each message was still unreadable, as far as passes show it; 0 = told in time.
    [[nodiscard]] std::vector<std::int64_t>& late() { return late_; }
    [[nodiscard]] const std::vector<Releases>& releases() const { return releases_; }
    [[nodiscard]] std::uint64_t unstamped() const { return unstamped_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    void note(const ReadResult& read, std::int64_t previous_ns) {
        bytes_ += read.length;
        if (read.stamp_ns == 0) {
            ++unstamped_;
            return;
        }
        // The pass before this one began at previous_ns and was not told: the message was not readable.
        late_.push_back(std::max<std::int64_t>(0, previous_ns - read.stamp_ns));
        for (Releases& one : releases_) {
            one.read(read.stamp_ns);
        }
    }

    std::vector<Socket> sockets_;
    Readiness readiness_;
    std::vector<bool> pending_;
    std::vector<bool> ended_;
    std::vector<std::size_t> listed_;
    std::vector<std::int64_t> late_;
    std::vector<Releases> releases_;
    std::uint64_t unstamped_ = 0;
    std::uint64_t bytes_ = 0;
};

void send_some(const Options& options, std::uint32_t sender) {
    std::vector<Socket> sockets;
    const sockaddr_in address = address_of(options);
    for (std::uint32_t i = sender; i < options.sessions; i += options.senders) {
        sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(sockets.back().fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0) {
            fail("cannot connect");
        }
        const int on = 1;
        ::setsockopt(sockets.back().fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const std::vector<char> message(message_bytes, '8');
    std::minstd_rand random(sender + 1);
    std::uniform_int_distribution<std::int64_t> gap_ns(0, 2'000 * std::int64_t{options.gap_us});
    for (std::uint64_t i = 0; i < options.messages / options.senders && !sockets.empty(); ++i) {
        const std::int64_t until_ns = utc_now() + gap_ns(random);
        if (::send(sockets[random() % sockets.size()].fd(), message.data(), message.size(), MSG_NOSIGNAL) <
            0) {
            fail("cannot send");
        }
        while (utc_now() < until_ns) {
        }
    }
}

void send_all(const Options& options) {
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < options.senders; ++i) {
        threads.emplace_back([&options, i] {
            try {
                send_some(options, i);
            } catch (const std::exception& problem) {
                std::fprintf(stderr, "sender %u: %s\n", i, problem.what());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

std::string setting(const char* path) {
    std::ifstream file(path);
    std::string value;
    return std::getline(file, value) ? value : "unknown";
}

int report(Receiver& receiver, const Options& options) {
    std::vector<std::int64_t>& late = receiver.late();
    std::sort(late.begin(), late.end());
    const auto rank = [&late](std::size_t per_mille) {
        return late.empty() ? 0 : late[std::min(late.size() - 1, late.size() * per_mille / 1000)];
    };
    const auto& table = receiver.releases();
    const auto enough =
        std::find_if(table.begin(), table.end(), [](const Releases& row) { return row.overtaken() == 0; });
    const std::string prequeue = setting("/proc/sys/net/core/netdev_tstamp_prequeue");
    if (options.json) {
        nlohmann::ordered_json json;
        json["reads"] = late.size();
        json["reads_without_stamp"] = receiver.unstamped();
        json["netdev_tstamp_prequeue"] = prequeue;
        json["late_p50_ns"] = rank(500);
        json["late_p99_ns"] = rank(990);
        json["late_worst_ns"] = rank(1000);
        json["hold_ns_without_overtaking"] = enough != table.end() ? enough->hold_ns() : -1;
        for (const Releases& row : table) {
            json["holds"].push_back(
                {{"hold_ns", row.hold_ns()}, {"overtaken", row.overtaken()}, {"worst_ns", row.worst_ns()}});
        }
        std::printf("%s\n", json.dump(2).c_str());
        return late.empty() ? 1 : 0;
    }
    const auto microseconds = [](std::int64_t ns) { return static_cast<double>(ns) / 1000.0; };
    std::printf("%zu reads with a kernel stamp, %llu without; net.core.netdev_tstamp_prequeue = %s\n",
                late.size(), static_cast<unsigned long long>(receiver.unstamped()), prequeue.c_str());
    std::printf("still unreadable so long after the stamp (us): p50 %.1f, p99 %.1f, worst %.1f\n",
                microseconds(rank(500)), microseconds(rank(990)), microseconds(rank(1000)));
    std::printf("%14s %12s %14s\n", "hold_ns", "overtaken", "worst (us)");
    for (const Releases& row : table) {
        std::printf("%14lld %12llu %14.1f\n", static_cast<long long>(row.hold_ns()),
                    static_cast<unsigned long long>(row.overtaken()), microseconds(row.worst_ns()));
    }
    if (enough != table.end()) {
        std::printf("smallest hold of this table that nobody was overtaken with: %lld ns\n",
                    static_cast<long long>(enough->hold_ns()));
    } else {
        std::printf("no hold of this table was enough\n");
    }
    return late.empty() ? 1 : 0;
}

int run(Options options) {
    if (options.send) {
        send_all(options);
        return 0;
    }
    Socket listener = listen_on(options);
    if (options.listen) {
        std::printf("listening on %s:%u for %u connections\n", options.address.c_str(), options.port,
                    options.sessions);
        std::fflush(stdout);
    }
    std::thread senders;
    if (!options.listen) {
        senders = std::thread([&options] { send_all(options); });
    }
    std::vector<Socket> sockets;
    while (sockets.size() < options.sessions) {
        sockets.emplace_back(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!sockets.back().open()) {
            fail("cannot accept");
        }
    }
    Receiver receiver(std::move(sockets), options.messages);
    receiver.run();
    if (senders.joinable()) {
        senders.join();
    }
    return report(receiver, options);
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{
        "Measures how late after its kernel stamp a message may become readable on this host, and how many\n"
        "messages each gateway.hold_ns would have left overtaken. Without --listen or --send: over "
        "loopback."};
    Options options;
    app.add_option("--address", options.address, "IPv4 address to listen on or to send to")
        ->capture_default_str();
    app.add_option("--port", options.port, "Port; 0 = any, with --listen it is printed");
    app.add_option("--sessions", options.sessions, "Connections")
        ->check(CLI::Range(1U, 4096U))
        ->capture_default_str();
    app.add_option("--senders", options.senders, "Sending threads")
        ->check(CLI::Range(1U, 64U))
        ->capture_default_str();
    app.add_option("--messages", options.messages, "Messages in all")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))
        ->capture_default_str();
    app.add_option("--gap-us", options.gap_us, "Mean pause of a sending thread between two messages")
        ->check(CLI::Range(0U, 1'000'000U))
        ->capture_default_str();
    auto* listen = app.add_flag("--listen", options.listen, "Receive from another host");
    app.add_flag("--send", options.send, "Send to another host's --listen")->excludes(listen);
    app.add_flag("--json", options.json, "Print JSON");
    app.footer("Example: fairlead-hold-time --sessions 200 --messages 1000000");
    CLI11_PARSE(app, count, arguments);
    try {
        return run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}
