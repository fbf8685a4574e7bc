// Stage: the gateway's order road between a client, a second client and a venue's lines, on the simulator's
// clocks, network and disk, without its faults and its chance: what is told comes out, and nothing else. It
// knows no rule of an order's life; the tables do. Used by Table.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/disk.hpp"
#include "tests/simulation/peer.hpp"
#include "tests/simulation/processes.hpp"

namespace fairlead::lifecycle {

using simulation::Fields;
using simulation::FixMessage;

// One end of a conversation: what it has heard and nobody has asked about yet.
class End : public simulation::Peer {
  public:
    using Peer::adopt_connection;
    using Peer::drop;
    using Peer::leave;
    using Peer::next_out;
    using Peer::say;
    using Peer::say_again;

    End(simulation::Kernel& kernel, simulation::Network& network, const std::string& name,
        const std::string& gateway_name, std::uint64_t stream, bool is_venue)
        : Peer(kernel, network, name, gateway_name, stream), is_venue_(is_venue) {}
    std::deque<FixMessage> heard;

  protected:
    void on_logon(const FixMessage& message) override;
    void on_application(const FixMessage& message) override { heard.push_back(message); }
    void on_lost() override {}
    void on_logout(const FixMessage& message) override;

  private:
    bool is_venue_;
};

// What one investor uses of each Limit, and what the account may sell. NTD and shares.
struct Credit {
    std::int64_t buy = 0, sell = 0, gross = 0, net = 0, offset = 0;
    std::int64_t symbol_long = 0, symbol_short = 0, sellable = 0;
    bool operator==(const Credit&) const = default;
};

class Stage {
  public:
    // line_rate: commands a second the venue's line takes; what is over it waits. own_cancels: of the
    // gateway's own, how many may be without an answer before the next waits.
    Stage(const std::string& directory, std::uint32_t line_rate, std::uint32_t own_cancels);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    static constexpr std::string_view account = "8610-0000017";
    static constexpr std::int64_t closes_after_s = 60;  // the venue's session, from the start
    static constexpr std::int64_t held = 12'000;        // shares of each security in the account

    [[nodiscard]] End& client(std::size_t index) { return *clients_[index]; }
    [[nodiscard]] End& venue(std::size_t index) { return *venues_[index]; }
    void log_on(std::size_t client);
    // The gateway is killed, and started again at once.
    void restart();
    // Lets the gateway and everybody else act until nothing more comes.
    void settle();
    void run_for(std::int64_t ns);
    void ask(gateway::ControlRequest request);
    [[nodiscard]] Credit credit(const std::string& symbol) const;
    // Firm, branch and account have executed and reserved what the only investor who trades has; else what
    // not.
    [[nodiscard]] std::string scopes_differ() const;
    [[nodiscard]] const risk::Ledger& ledger() const { return gateway_->ledger(); }
    [[nodiscard]] bool venue_takes_orders(std::size_t index);
    // Stops in order, and replays what lies on the disk through the examiner. Empty: equal Decisions, equal
    // digest, nothing wrong; else what is.
    [[nodiscard]] std::string stop_and_replay();

  private:
    void do_errands();

    simulation::Kernel kernel_;
    simulation::Network network_;
    simulation::Disk disk_;
    std::string directory_;
    simulation::Places places_;
    config::GatewayConfig config_;
    risk::Reference reference_;
    risk::UtcNs day_origin_ = 0;
    std::vector<std::unique_ptr<End>> venues_;
    std::vector<std::unique_ptr<End>> clients_;
    std::unique_ptr<simulation::KeeperProcess> keeper_;
    std::unique_ptr<simulation::GatewayProcess> gateway_;
    std::uint64_t requests_ = 0;
    bool stopped_ = false;
};

}  // namespace fairlead::lifecycle
