// The gateway and the keeper as processes: wired of the product's own parts as gateway/main.cpp and
// audit/keeper/main.cpp wire them, started and killed by the simulation. What outlives them lies in files.
#pragma once

#include <memory>
#include <string>

#include "audit/keeper/checkpointer.hpp"
#include "audit/keeper/keeper.hpp"
#include "gateway/recovery.hpp"
#include "gateway/road.hpp"
#include "gateway/start_day.hpp"
#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

struct Places {
    std::string journal, spare, front;  // directories; spare empty: none
};

[[nodiscard]] config::GatewayConfig make_config(const Plan& plan, const Places& places);
// Of the key that signs checkpoints, in the journal's directory.
[[nodiscard]] std::string key_path(const Places& places);
// The made-up broker: branches, investors who share credit over accounts, limits near enough to be met.
[[nodiscard]] risk::Reference make_reference(const Plan& plan);
// Accounts that the n-th client may trade for, as orders name them.
[[nodiscard]] std::vector<std::string> accounts_of_client(unsigned client);

inline constexpr std::uint32_t first_client_session = 101;

class GatewayProcess {
  public:
    GatewayProcess(Kernel& kernel, const config::GatewayConfig& config);
    ~GatewayProcess();
    GatewayProcess(const GatewayProcess&) = delete;
    GatewayProcess& operator=(const GatewayProcess&) = delete;

    // As main does it. Empty: at work; else why not.
    [[nodiscard]] std::string start(const risk::Reference& reference, risk::UtcNs day_origin);
    void pass();
    [[nodiscard]] bool in_pass() const noexcept { return in_pass_; }

    [[nodiscard]] gateway::Inbox& inbox() noexcept;
    [[nodiscard]] gateway::Errands& errands() noexcept;
    [[nodiscard]] const risk::Ledger& ledger() const noexcept;
    [[nodiscard]] const audit::Front& front() const noexcept;
    [[nodiscard]] gateway::Core& core() noexcept;
    [[nodiscard]] const gateway::Recovery::Result& replayed() const noexcept { return replayed_; }
    [[nodiscard]] gateway::VenueSide& venues() noexcept;

  private:
    struct Parts;
    const config::GatewayConfig& config_;
    Kernel& kernel_;
    std::unique_ptr<audit::Front> front_;
    std::unique_ptr<Parts> parts_;
    gateway::Recovery::Result replayed_;
    bool in_pass_ = false;
};

class KeeperProcess {
  public:
    explicit KeeperProcess(const Places& places) : places_(places) {}
    // Empty: at work; else why not.
    [[nodiscard]] std::string start(const Plan& plan);
    audit::Keeper<audit::SegmentStore>::Step step(std::int64_t now_ns);
    void finish();
    [[nodiscard]] bool stepping() const noexcept { return stepping_; }
    [[nodiscard]] audit::KeeperState state() const noexcept { return keeper_->state(); }
    [[nodiscard]] const std::string& error() const noexcept { return keeper_->error(); }
    [[nodiscard]] std::uint64_t synced() const noexcept { return keeper_->synced(); }
    [[nodiscard]] bool drained() const { return keeper_->drained(); }
    // The shared page as it is; a dead keeper's later stores are taken back by it.
    [[nodiscard]] std::string mark_bytes() const;
    void restore_mark(const std::string& bytes);

  private:
    const Places& places_;
    audit::MappedFile mark_;
    std::unique_ptr<audit::SegmentStore> store_;
    std::unique_ptr<audit::SegmentStore> spare_;
    std::unique_ptr<audit::Checkpointer> checkpointer_;  // null: this keeper signs nothing
    std::unique_ptr<audit::Keeper<audit::SegmentStore>> keeper_;
    bool stepping_ = false;
};

}  // namespace fairlead::simulation
