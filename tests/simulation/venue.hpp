// VenueLine: one order line of an exchange, with its own book. What has arrived here is the only witness for
// "reached the exchange"; what was filled here is what credit must show in the end.
#pragma once

#include <functional>
#include <set>

#include "tests/simulation/peer.hpp"

namespace fairlead::simulation {

struct VenueOrder {
    std::string number, branch, id, account, symbol, side;
    std::int64_t price = 0;
    std::int64_t leaves = 0;  // lots
    std::int64_t filled = 0;
    std::int64_t amount = 0;  // of fills, NTD/10,000 times shares
    bool cancelled = false;
};

class VenueLine : public Peer {
  public:
    VenueLine(Kernel& kernel, Network& network, std::uint32_t line, std::string name,
              std::string gateway_name);

    // The gateway connects; false: nobody listens just now.
    [[nodiscard]] bool accept(int fd);
    void cut_off();
    void fall_silent();
    void cancel_something();
    // Every report so much later from now on.
    void slow_down(std::int64_t ns) noexcept { slow_by_ns_ = ns; }
    [[nodiscard]] const std::map<std::string, VenueOrder>& orders() const noexcept { return orders_; }
    // Each command as it arrives, before it is acted upon.
    std::function<void(std::uint32_t line, const FixMessage& message)> on_command;
    static constexpr unsigned password = 4711;
    static constexpr std::int64_t lot = 1'000;

  protected:
    void on_logon(const FixMessage& message) override;
    void on_application(const FixMessage& message) override;
    void on_lost() override {}
    void on_logout(const FixMessage& message) override;

  private:
    void take_new(const FixMessage& message);
    void take_replace(const FixMessage& message);
    void take_cancel(const FixMessage& message);
    void tell_status(const FixMessage& message);
    void refuse(const FixMessage& message, const std::string& text);
    void report(const VenueOrder& order, const std::string& id, char exec_type, std::int64_t quantity,
                std::int64_t delay_ns, std::int64_t last_price = 0, const std::string& text = "");
    void fill(const std::string& number);
    void fill_later(const std::string& number);
    [[nodiscard]] bool strikes(Fault fault, std::uint64_t permille);
    [[nodiscard]] char status(const VenueOrder& order) const;

    std::uint32_t line_;
    std::map<std::string, VenueOrder> orders_;  // by order number
    std::set<std::string> ids_;                 // ClOrdIDs ever seen
    std::vector<std::string> appends_;
    std::uint64_t executions_ = 0;
    std::int64_t slow_by_ns_ = 0;
};

}  // namespace fairlead::simulation
