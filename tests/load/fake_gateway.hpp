// FakeGateway: a small FIX acceptor on a loopback port, in its own thread, that answers orders by plain
// rules so that the player can be tested without the gateway. Not a model of the gateway: each rule is
// there for one test.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"

namespace fairlead::load_test {

struct FakeRules {
    bool refuse_logon = false;
    // A first Logon numbered below this is refused with the text that names it.
    std::uint64_t expected_number = 1;
    std::uint64_t silent_every = 0;         // every n-th New gets no answer
    std::uint64_t refuse_every = 0;         // every n-th New is refused with ReasonCode 55
    std::uint64_t venue_refuse_every = 0;   // every n-th New is refused with VenueCode 0013
    bool refuse_before_duplicates = false;  // refuse_every comes before the look at ClOrdID
    std::uint64_t fill_every = 0;           // every n-th New is filled at once
    std::uint64_t disconnect_at = 0;        // the n-th New cuts the connection, unanswered
    std::uint64_t garble_at = 0;            // the n-th New's answer has a wrong CheckSum
    std::uint64_t skip_number_at = 0;       // before the n-th New's answer one number is left out
};

class FakeGateway {
  public:
    explicit FakeGateway(FakeRules rules);
    ~FakeGateway();
    FakeGateway(const FakeGateway&) = delete;
    FakeGateway& operator=(const FakeGateway&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint64_t orders() const noexcept { return orders_.load(); }
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_.load(); }
    [[nodiscard]] std::uint64_t gap_fills() const noexcept { return gap_fills_.load(); }

  private:
    struct Peer {
        int descriptor = -1;
        std::string in;
        std::string out;
        std::string sender;  // of the client
    };
    struct Numbers {
        std::uint64_t next_out = 1;
        std::uint64_t next_in = 1;
    };
    struct Order {
        std::string symbol;
        std::string side;
        std::int64_t quantity = 0;
        bool ended = false;
    };

    void run();
    bool serve(Peer& peer);
    bool on_message(Peer& peer, const fix::Message& message);
    bool on_logon(Peer& peer, const fix::Message& message);
    bool on_new(Peer& peer, const fix::Message& message);
    void on_change(Peer& peer, const fix::Message& message);
    fix::Encoder& begin(Peer& peer, std::string_view type);
    void send(Peer& peer, bool garble = false);
    void report(Peer& peer, const fix::Message& message, std::uint64_t key, char execution, char status,
                bool garble = false);

    FakeRules rules_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> orders_{0};
    std::atomic<std::uint64_t> changes_{0};
    std::atomic<std::uint64_t> gap_fills_{0};
    std::vector<Peer> peers_;
    std::map<std::string, Numbers> numbers_;     // by client, over reconnects
    std::map<std::uint64_t, Order> book_;        // by order key
    std::map<std::string, std::uint64_t> keys_;  // by ClOrdID
    fix::Encoder encoder_;
    std::vector<char> out_ = std::vector<char>(4096);
    std::uint64_t execution_ = 0;
    std::thread thread_;
};

}  // namespace fairlead::load_test
