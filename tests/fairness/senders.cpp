// Many client sessions on several sending threads, for the test of arrival order: sends orders one by one or
// several in a write, and writes down between which two readings of the clock each was handed to the kernel.
// It judges nothing; arrival_test.py does, from the gateway's journal.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "bench/load/client_session.hpp"

namespace {

using namespace fairlead;

struct Options {
    std::uint16_t port = 0;
    std::uint32_t sessions = 24;
    std::uint32_t threads = 3;
    std::uint64_t messages = 400'000;
    std::uint32_t burst = 1;  // up to so many messages in one write
    std::uint32_t gap_us = 50;
    std::vector<std::string> accounts;  // one a session
    std::string out;
};

load::Stamp now() {
    timespec utc{};
    timespec monotonic{};
    ::clock_gettime(CLOCK_REALTIME, &utc);
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    constexpr std::int64_t second_ns = 1'000'000'000;
    return {utc.tv_sec * second_ns + utc.tv_nsec, monotonic.tv_sec * second_ns + monotonic.tv_nsec};
}

class CountingSink final : public load::ApplicationSink {
  public:
    void on_message(std::uint32_t, const fix::Message&, load::Stamp) override { ++answers; }
    void on_withdrawn(std::uint32_t, std::uint64_t, std::uint64_t) override { ++withdrawn; }
    std::uint64_t answers = 0;
    std::uint64_t withdrawn = 0;
};

struct Sent {
    std::uint32_t session = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    risk::UtcNs before_ns = 0;
    risk::UtcNs after_ns = 0;
};

class Client {
  public:
    Client(const Options& options, std::uint32_t id) : id_(id) {
        std::array<char, 16> name{};
        std::snprintf(name.data(), name.size(), "%02u", id);
        load::ClientIdentity identity;
        identity.sender = std::string("CLIENT") + name.data();
        identity.target = "FAIRLEAD";
        identity.user = std::string("client") + name.data();
        identity.password = "demo-" + identity.user;
        identity.heartbeat_s = 60;
        session_ = std::make_unique<load::ClientSession>(id, identity, load::SessionNumbers{});
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(options.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
            ::fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) {
            throw std::runtime_error("client " + std::to_string(id) + " cannot connect");
        }
        session_->connected(now());
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void order(std::uint64_t serial) {
        std::array<char, 24> identifier{};
        std::snprintf(identifier.data(), identifier.size(), "%02u-%llu", id_,
                      static_cast<unsigned long long>(serial));
        fix::Encoder& encoder = session_->begin_message("D", now());
        encoder.add(11, identifier.data());
        // One in ten names a security that is traded; the others are refused, which takes a turn as well.
        encoder.add(55, serial % 10 == 0 ? "2330" : "0000");
        encoder.add_char(54, '1');
        encoder.add_time(60, now().utc_ns);
        encoder.add_quantity(38, 1000);
        encoder.add_char(40, '2');
        encoder.add_price(44, 960 * 10'000);
        encoder.add(1, account_);
        if (session_->finish_message() == 0) {
            throw std::runtime_error("an order has no room");
        }
    }
    // Everything pending in one send; what does not go at once goes later and is not written down.
    bool flush() {
        while (!session_->pending().empty()) {
            const auto pending = session_->pending();
            const ssize_t put = ::send(fd_, pending.data(), pending.size(), MSG_NOSIGNAL);
            if (put < 0) {
                return false;
            }
            session_->written(static_cast<std::size_t>(put), now());
        }
        return true;
    }
    void receive(CountingSink& sink) {
        for (;;) {
            const auto room = session_->read_room();
            const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
            if (got <= 0) {
                closed_ = closed_ || got == 0;
                return;
            }
            session_->received(static_cast<std::size_t>(got), now(), sink);
        }
    }
    void set_account(std::string account) { account_ = std::move(account); }
    [[nodiscard]] load::ClientSession& session() { return *session_; }
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] bool closed() const { return closed_; }

  private:
    std::uint32_t id_;
    std::string account_;
    std::unique_ptr<load::ClientSession> session_;
    int fd_ = -1;
    bool closed_ = false;
};

class Sender {
  public:
    Sender(const Options& options, std::uint32_t thread) : options_(options), random_(thread + 1) {
        for (std::uint32_t id = 1 + thread; id <= options.sessions; id += options.threads) {
            clients_.push_back(std::make_unique<Client>(options, id));
            clients_.back()->set_account(options.accounts[id - 1]);
        }
    }

    void run() {
        until([](Client& one) { return one.session().state() == load::ClientSession::State::active; },
              "log on");
        const std::uint64_t share = options_.messages / options_.threads;
        std::uniform_int_distribution<std::uint32_t> bursts(1, options_.burst);
        std::uniform_int_distribution<std::int64_t> gaps_ns(0, 2'000 * std::int64_t{options_.gap_us});
        for (std::uint64_t serial = 0; serial < share;) {
            Client& client = *clients_[random_() % clients_.size()];
            Sent sent;
            sent.session = client.id();
            sent.first = client.session().numbers().next_out;
            const std::uint32_t burst = bursts(random_);
            for (std::uint32_t i = 0; i < burst && serial < share; ++i) {
                client.order(++serial);
            }
            sent.last = client.session().numbers().next_out - 1;
            sent.before_ns = now().utc_ns;
            const bool whole = client.flush();
            sent.after_ns = whole ? now().utc_ns : INT64_MAX;
            sent_.push_back(sent);
            if (!whole) {
                catch_up(client);
            }
            const std::int64_t until_ns = sent.before_ns + gaps_ns(random_);
            do {
                clients_[random_() % clients_.size()]->receive(sink_);
            } while (now().utc_ns < until_ns);
        }
        until([](Client& one) { return one.flush(); }, "send everything");
        // Answered one for one, at least: New by ExecutionReport or BusinessMessageReject.
        until([this, share](Client&) { return sink_.answers >= share; }, "be answered");
        for (auto& client : clients_) {
            client->session().logout(now());
        }
        until([](Client& one) { return (one.flush(), one.closed()); }, "log out");
    }
    [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }
    std::string problem;

  private:
    void catch_up(Client& client) {
        while (!client.flush() && !client.closed()) {
            client.receive(sink_);
        }
    }
    template <class Done>
    void until(Done done, const char* what) {
        const std::int64_t deadline_ns = now().monotonic_ns + 120'000'000'000;
        for (auto& client : clients_) {
            while (!done(*client)) {
                for (auto& any : clients_) {
                    static_cast<void>(any->flush());
                    any->receive(sink_);
                }
                const bool ended = client->session().state() == load::ClientSession::State::failed;
                if (ended || now().monotonic_ns > deadline_ns) {
                    throw std::runtime_error("client " + std::to_string(client->id()) + " did not " + what +
                                             ": " + client->session().failure());
                }
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
        }
    }

    const Options& options_;
    std::minstd_rand random_;
    std::vector<std::unique_ptr<Client>> clients_;
    CountingSink sink_;
    std::vector<Sent> sent_;
};

int run(const Options& options) {
    std::vector<std::unique_ptr<Sender>> senders;
    for (std::uint32_t i = 0; i < options.threads; ++i) {
        senders.push_back(std::make_unique<Sender>(options, i));
    }
    std::vector<std::thread> threads;
    for (auto& sender : senders) {
        threads.emplace_back([one = sender.get()] {
            try {
                one->run();
            } catch (const std::exception& problem) {
                one->problem = problem.what();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::FILE* file = std::fopen(options.out.c_str(), "w");
    if (file == nullptr) {
        throw std::runtime_error("cannot write " + options.out);
    }
    bool good = true;
    for (const auto& sender : senders) {
        for (const Sent& one : sender->sent()) {
            std::fprintf(file, "%u\t%llu\t%llu\t%lld\t%lld\n", one.session,
                         static_cast<unsigned long long>(one.first),
                         static_cast<unsigned long long>(one.last), static_cast<long long>(one.before_ns),
                         static_cast<long long>(one.after_ns));
        }
        if (!sender->problem.empty()) {
            std::fprintf(stderr, "%s\n", sender->problem.c_str());
            good = false;
        }
    }
    std::fclose(file);
    return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Sends orders of many sessions from several threads and writes down when."};
    Options options;
    app.add_option("--port", options.port)->required();
    app.add_option("--sessions", options.sessions)->check(CLI::Range(1U, 24U));
    app.add_option("--threads", options.threads)->check(CLI::Range(1U, 24U));
    app.add_option("--messages", options.messages);
    app.add_option("--burst", options.burst)->check(CLI::Range(1U, 500U));
    app.add_option("--gap-us", options.gap_us);
    app.add_option("--accounts", options.accounts, "One a session")->required()->delimiter(',');
    app.add_option("--out", options.out)->required();
    CLI11_PARSE(app, count, arguments);
    try {
        if (options.accounts.size() < options.sessions) {
            throw std::runtime_error("--accounts names fewer accounts than there are sessions");
        }
        return run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}
