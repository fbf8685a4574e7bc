// Shipment: the leader's half: sends the journal to one standby, record by record, as soon as each is on the
// leader's own disk, and puts into the front's mark how far the standby has acknowledged. Never ahead of the
// disk: a leader that comes back after a power failure still has all its standbys have. A thread of
// fairlead-ship each.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "audit/front_layout.hpp"
#include "audit/journal_reader.hpp"
#include "audit/standby/channel.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::audit {

// The page that the gate reads, shared by the shipments.
class StandbyMarks {
  public:
    explicit StandbyMarks(StandbyMarkPage& page) : page_(page) {}
    // Of the front with this tag; what was told of another one is forgotten first.
    void acked(std::size_t index, std::uint64_t front, risk::Sequence sequence);
    void state(std::size_t index, StandbyState state) noexcept;

  private:
    std::mutex mutex_;
    StandbyMarkPage& page_;
};

struct ShipmentOptions {
    JournalPlace journal;
    std::string front_directory;
    config::StandbyConfig standby;
    std::size_t index = 0;
    std::function<void(const std::string&)> say = [](const std::string&) {};
    std::function<void(const std::string&)> alarm = [](const std::string&) {};
};

class Shipment {
  public:
    // `mark` is the keeper's, for how far the disk is.
    Shipment(ShipmentOptions options, const ChannelContext& context, StandbyMarks& marks,
             const KeeperMarkPage& mark, const std::atomic<bool>& stopping);
    // Until the end is asked for, or the standby holds another journal.
    void run();

  private:
    enum class Over : std::uint8_t { again, refused };
    [[nodiscard]] Over converse();
    [[nodiscard]] bool greet(Channel& channel, Standing& standing);
    // Empty: what the standby holds is the beginning of this journal.
    [[nodiscard]] std::string why_not(const Standing& standing);
    [[nodiscard]] bool hear(Channel& channel);
    [[nodiscard]] bool send_records(Channel& channel, bool& sent);
    [[nodiscard]] bool send_files(Channel& channel);
    [[nodiscard]] bool send_checkpoint(Channel& channel);
    void acknowledge();
    void tell_once(const std::string& text);
    [[nodiscard]] risk::Sequence synced() const noexcept {
        return mark_.synced.load(std::memory_order_acquire);  // pairs with Keeper's
    }

    ShipmentOptions options_;
    const ChannelContext& context_;
    StandbyMarks& marks_;
    const KeeperMarkPage& mark_;
    const std::atomic<bool>& stopping_;
    std::string told_;
    HistoryReader reader_;
    bool found_ = false;  // the reader stands at next_
    risk::Sequence next_ = 1;
    risk::Sequence acked_ = 0;
    std::set<std::string> files_;  // the standby has
    std::string checkpoint_;       // the newest one sent
    std::vector<std::byte> batch_;
    risk::MonotonicNs heard_ns_ = 0;
    bool refused_ = false;
};

}  // namespace fairlead::audit
