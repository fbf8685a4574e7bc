// fairlead-wire-tester: client and venue at once, on one thread with one clock, around a middle process.
// Sends orders on one side, takes them on the other, answers, takes the answer; every message is checked
// for what it must say and for its order. Prints one line of JSON: latencies each way, orders a second.
#include <arpa/inet.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/wire/peer.hpp"

namespace {

using namespace fairlead;
using wire::clock_ns;
using wire::fail;
using wire::Peer;

struct Options {
    std::uint16_t client_port = 0;  // where the middle listens for clients
    std::uint16_t venue_port = 0;   // where this program listens as the venue
    bool fix_middle = false;        // logons on both sides; else bytes come through unchanged
    bool wait_for_go = false;       // begins when a line comes on standard input
    std::string password;
    std::string tls_name;  // with .pem and .key behind it, the client's certificate and key; empty: plain
    std::vector<std::string> accounts;  // orders take turns among them
    std::string symbol;
    std::int64_t price = 0;  // 1/10,000 NTD
    std::int64_t tick = 0;
    std::vector<double> gaps_us = {15, 200, 2000};
    double seconds = 1;
    std::uint32_t outstanding = 64;
};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

class Tester {
  public:
    explicit Tester(const Options& options)
        : options_(options),
          client_("CLIENT01", "FAIRLEAD"),
          venue_(options.fix_middle ? "XTAI" : "FAIRLEAD", options.fix_middle ? "T8610H3" : "CLIENT01") {}

    void connect() {
        const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
        const int one = 1;
        ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        const sockaddr_in ours = loopback(options_.venue_port);
        if (::bind(listener, reinterpret_cast<const sockaddr*>(&ours), sizeof ours) != 0 ||
            ::listen(listener, 1) != 0) {
            fail("cannot listen as the venue");
        }
        std::cerr << "listening\n";
        if (options_.fix_middle) {
            venue_.adopt(::accept(listener, nullptr, nullptr));
            log_on_venue();
        }
        const sockaddr_in theirs = loopback(options_.client_port);
        int fd = -1;
        for (int attempt = 0; fd < 0; ++attempt) {
            fd = ::socket(AF_INET, SOCK_STREAM, 0);
            if (::connect(fd, reinterpret_cast<const sockaddr*>(&theirs), sizeof theirs) != 0) {
                ::close(fd);
                fd = -1;
                ::usleep(20'000);
                if (attempt == 500) {
                    fail("nobody listens for clients");
                }
            }
        }
        client_.adopt(fd);
        if (!options_.tls_name.empty()) {
            shake_hands();
        }
        if (options_.fix_middle) {
            log_on_client();
        } else {
            venue_.adopt(::accept(listener, nullptr, nullptr));
        }
        ::close(listener);
        if (options_.wait_for_go) {
            std::cerr << "ready\n";
        }
        // A gateway opens its line for orders when the line is proven and the journal's keeper is at work.
        const std::int64_t begin_at = clock_ns() + (options_.fix_middle ? 1'500'000'000 : 0);
        while (clock_ns() < begin_at || (options_.wait_for_go && !told_to_go())) {
            for (Peer* peer : {&client_, &venue_}) {
                if (const fix::Message* message = peer->poll()) {
                    static_cast<void>(peer->serve(*message));
                }
            }
            ::usleep(1'000);
        }
    }

    // One order at a time, `gap` apart, or as soon as the one before is answered.
    void paced(double gap_us, nlohmann::json& out) {
        std::vector<std::int64_t> in, back;
        const auto gap_ns = static_cast<std::int64_t>(gap_us * 1'000);
        const std::int64_t end = clock_ns() + static_cast<std::int64_t>(options_.seconds * 1e9);
        std::int64_t next = clock_ns() + gap_ns;
        for (int n = 0; clock_ns() < end; ++n) {
            make_order();
            while (clock_ns() < next) {
            }
            const std::int64_t sent = client_.write();
            const std::int64_t arrived = take_order();
            make_answer();
            const std::int64_t answered = venue_.write();
            const std::int64_t told = take_answer();
            if (n >= warm_up) {
                in.push_back(arrived - sent);
                back.push_back(told - answered);
            }
            next = std::max(next + gap_ns, clock_ns());
            keep_alive();
        }
        out["to_venue"] = summary(in);
        out["to_client"] = summary(back);
    }

    // So many orders out at once, as fast as answers come.
    void pipelined(nlohmann::json& out) {
        const std::int64_t begin = clock_ns();
        const std::int64_t end = begin + static_cast<std::int64_t>(options_.seconds * 1e9);
        std::uint64_t answered = 0;
        std::uint32_t on_the_way = 0;
        while (clock_ns() < end || on_the_way > 0) {
            while (on_the_way < options_.outstanding && clock_ns() < end) {
                make_order();
                client_.queue();
                ++on_the_way;
            }
            client_.flush();
            while (const fix::Message* message = venue_.poll()) {
                if (!venue_.serve(*message)) {
                    note_order(*message);
                    make_answer();
                    venue_.queue();
                }
            }
            venue_.flush();
            while (const fix::Message* message = client_.poll()) {
                if (!client_.serve(*message)) {
                    note_answer(*message);
                    ++answered;
                    --on_the_way;
                }
            }
        }
        out["orders"] = answered;
        out["orders_a_second"] =
            static_cast<double>(answered) * 1e9 / static_cast<double>(clock_ns() - begin);
        keep_alive();
    }

  private:
    static constexpr int warm_up = 20;

    // Both ends are on and served meanwhile: others may still be logging on.
    static bool told_to_go() {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        return ::poll(&input, 1, 0) > 0;
    }

    static nlohmann::json summary(std::vector<std::int64_t>& values) {
        std::sort(values.begin(), values.end());
        const auto at = [&](double share) {
            return values.empty()
                       ? 0
                       : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
        };
        return {{"count", values.size()}, {"p50", at(0.5)}, {"p99", at(0.99)}, {"p999", at(0.999)}};
    }

    void shake_hands() {
        SSL_CTX* context = SSL_CTX_new(TLS_client_method());  // until the end
        if (SSL_CTX_use_certificate_chain_file(context, (options_.tls_name + ".pem").c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, (options_.tls_name + ".key").c_str(), SSL_FILETYPE_PEM) !=
                1) {
            fail("no certificate and key at " + options_.tls_name);
        }
        client_.shake_hands(context);
    }
    void log_on_venue() {
        wait(venue_, "A");
        fix::Encoder& logon = venue_.begin("A");
        logon.add_unsigned(98, 0);
        logon.add_unsigned(108, 10);
        venue_.ready();
        venue_.write();
        wait(venue_, "1");  // the gateway's proof that nothing is missing
    }
    void log_on_client() {
        fix::Encoder& logon = client_.begin("A");
        logon.add_unsigned(98, 0);
        logon.add_unsigned(108, 30);
        logon.add(553, "client01");
        logon.add(554, options_.password);
        client_.ready();
        client_.write();
        wait(client_, "A");
    }
    static void wait(Peer& peer, std::string_view type) {
        const std::int64_t deadline = clock_ns() + 20'000'000'000;
        while (clock_ns() < deadline) {
            if (const fix::Message* message = peer.poll()) {
                const bool is_it = message->type() == type;
                static_cast<void>(peer.serve(*message));
                if (is_it) {
                    return;
                }
            }
        }
        fail("no answer of type " + std::string(type));
    }
    void keep_alive() {
        client_.keep_alive(clock_ns());
        venue_.keep_alive(clock_ns());
    }

    void make_order() {
        const std::string id = "o" + std::to_string(++order_);
        ids_.push_back(id);
        fix::Encoder& order = client_.begin("D");
        order.add(11, id);
        order.add(1, options_.accounts[order_ % options_.accounts.size()]);
        order.add(55, options_.symbol);
        order.add_char(54, '1');
        order.add_time(60, clock_ns(CLOCK_REALTIME));
        order.add_quantity(38, 1'000);
        order.add_char(40, '2');
        // Neighbours differ, so that none looks like the one before sent again.
        order.add_price(44, options_.price + static_cast<std::int64_t>(order_ % 8) * options_.tick);
        order.add_char(59, '0');
        client_.ready();
    }
    std::int64_t take_order() {
        return take(venue_, [this](const fix::Message& message) { note_order(message); });
    }
    std::int64_t take_answer() {
        return take(client_, [this](const fix::Message& message) { note_answer(message); });
    }
    template <class Note>
    std::int64_t take(Peer& peer, const Note& note) {
        const std::int64_t deadline = clock_ns() + 5'000'000'000;
        while (true) {
            const fix::Message* message = peer.poll();
            if (message == nullptr) {
                if (clock_ns() > deadline) {
                    const fix::Message* instead = client_.poll();
                    fail("a message did not come through within 5 s; the client was told: " +
                         (instead != nullptr ? std::string(instead->text()) : "nothing"));
                }
                continue;
            }
            const std::int64_t at = peer.read_ns();
            if (!peer.serve(*message)) {
                note(*message);
                return at;
            }
        }
    }
    // What the middle sent on: the order asked for, and in order.
    void note_order(const fix::Message& message) {
        if (message.type() != "D" || message.value(38) != (options_.fix_middle ? "1" : "1000")) {
            fail("not the order sent: " + std::string(message.text()));
        }
        venue_id_ = std::string(message.value(11));
        venue_number_ = std::string(message.value(37));
        price_ = std::string(message.value(44));
        venue_account_ = std::string(message.value(1));
        if (!options_.fix_middle && venue_id_ != "o" + std::to_string(taken_ + 1)) {
            fail("orders changed places: " + venue_id_);
        }
        if (options_.fix_middle && venue_id_ <= last_venue_id_) {
            fail("orders changed places: " + venue_id_ + " after " + last_venue_id_);
        }
        last_venue_id_ = venue_id_;
        ++taken_;
    }
    void make_answer() {
        fix::Encoder& report = venue_.begin("8");
        if (options_.fix_middle) {
            report.add(50, "0");
            report.add(57, "8610");
        }
        report.add(1, venue_account_);
        report.add_unsigned(6, 0);
        report.add(11, venue_id_);
        report.add_unsigned(14, 0);
        report.add(17, std::to_string(taken_));
        report.add(37, venue_number_.empty() ? "A0001" : venue_number_);
        report.add(38, "1");
        report.add(39, "0");
        report.add(40, "2");
        report.add(44, price_);
        report.add(54, "1");
        report.add(55, options_.symbol);
        report.add(59, "0");
        report.add_time(60, clock_ns(CLOCK_REALTIME));
        report.add(150, "0");
        report.add(151, "1");
        report.add(10001, "0");
        venue_.ready();
    }
    void note_answer(const fix::Message& message) {
        const bool right_id = options_.fix_middle ? message.value(11) == ids_.front() : true;
        if (message.type() != "8" || message.value(150) != "0" || !right_id) {
            fail("not the answer to " + ids_.front() + ": " + std::string(message.text()));
        }
        ids_.pop_front();
    }

    const Options& options_;
    Peer client_;
    Peer venue_;
    std::uint64_t order_ = 0;
    std::uint64_t taken_ = 0;
    std::deque<std::string> ids_;  // orders not yet answered
    std::string venue_id_, venue_number_, venue_account_, price_, last_venue_id_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Client and venue at once around a middle process: latency each way, orders a second"};
    Options options;
    app.add_option("--client-port", options.client_port, "where the middle listens")->required();
    app.add_option("--venue-port", options.venue_port, "where the middle connects to")->required();
    app.add_flag("--fix", options.fix_middle, "the middle is a gateway: log on to it on both sides");
    app.add_option("--password", options.password);
    app.add_option("--tls", options.tls_name,
                   "the client's side in TLS: its certificate without .pem and .key");
    std::string accounts_file;
    CLI::Option* account = app.add_option("--account", options.accounts, "one or more");
    app.add_option("--accounts-file", accounts_file, "accounts, one a line, taken in turn")
        ->excludes(account);
    app.add_flag("--wait-for-go", options.wait_for_go, "log on, then wait for a line on standard input");
    app.add_option("--symbol", options.symbol)->required();
    app.add_option("--price", options.price, "in 1/10,000 NTD")->required();
    app.add_option("--tick", options.tick, "in 1/10,000 NTD")->required();
    app.add_option("--gap", options.gaps_us, "gaps between orders in microseconds");
    app.add_option("--seconds", options.seconds, "of each part");
    app.add_option("--outstanding", options.outstanding, "orders out at once in the pipelined part");
    CLI11_PARSE(app, argc, argv);
    std::ifstream file(accounts_file);
    for (std::string line; std::getline(file, line);) {
        options.accounts.push_back(line);
    }
    if (options.accounts.empty()) {
        fail("no account is given");
    }
    Tester tester(options);
    tester.connect();
    nlohmann::json out;
    for (const double gap : options.gaps_us) {
        tester.paced(gap, out["gap_" + std::to_string(static_cast<int>(gap)) + "us"]);
    }
    tester.pipelined(out["pipelined"]);
    std::cout << out.dump() << '\n';
    return 0;
}
