// Rig: the gateway's order road in this process, wired as gateway/main.cpp wires it, with both ends of
// its connections in hand: a pass is made when the program says so and takes no time. TCP on loopback is
// real, so is the front; the keeper is a mark that says all is on disk. Not the gateway's threads around
// the order road. Used by the budget's programs.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "gateway/road.hpp"
#include "gateway/tls/tls_context.hpp"
#include "tests/budget/peers.hpp"

namespace fairlead::budget {

struct RigOptions {
    std::string config_file;
    std::string front_directory;
    std::uint32_t orders_max = 0;  // 0 = as configured
    std::string tls;  // clients come by TLS, with what make_certificates.py left there; empty: plain
};

struct Security {
    std::string symbol;
    risk::Price price = 0;
    risk::Price other_price = 0;
    risk::Price too_high = 0;
};

class Rig {
  public:
    explicit Rig(const RigOptions& options);
    ~Rig();

    // Logs the first line of TWSE and the first `count` sessions on.
    void log_on(std::size_t count);
    // A pass that is not counted; timers are due in it. Peers are not asked.
    void idle(std::int64_t gone_on_ns);
    // One pass with what has been sent to the gateway.
    void pass() { road_->pass(); }
    // Waits until the kernel has what was sent to this end.
    void await(std::size_t client) const;
    void await_venue() const;

    [[nodiscard]] Peer& client(std::size_t index) { return clients_[index].peer; }
    [[nodiscard]] Peer& venue() { return venue_; }
    [[nodiscard]] const config::GatewayConfig& configuration() const { return config_; }
    // Accounts of the session's branch, as orders name them; at most `count`.
    [[nodiscard]] std::vector<std::string> accounts_of(std::size_t client, std::size_t count) const;
    // Stocks of the line's venue that may be traded, with prices on their ticks.
    [[nodiscard]] std::vector<Security> securities(std::size_t count) const;

  private:
    struct End {
        Peer peer;
        int gateway_fd = -1;
    };
    void keep() noexcept;
    void log_on_line();
    void log_on_client(std::size_t index);
    // The gateway's end of a TLS connection, hands shaken with the peer; null for a plain one.
    [[nodiscard]] gateway::SealedStream* shake_hands(Peer& peer);

    config::GatewayConfig config_;
    risk::Reference reference_;
    audit::MappedFile mark_;
    std::unique_ptr<audit::Front> front_;
    struct Parts;
    std::unique_ptr<Parts> parts_;
    gateway::Road* road_ = nullptr;
    std::vector<gateway::TlsContext> tls_;
    SSL_CTX* client_tls_ = nullptr;  // until the program ends
    std::deque<End> clients_;
    Peer venue_;
    int venue_gateway_fd_ = -1;
};

}  // namespace fairlead::budget
