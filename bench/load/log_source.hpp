// LogSource: one day of an exchange's order log made into commands of today's sessions, accounts and
// securities. Pure: the same log and reference give the same commands. Called by `fairlead-load play`.
//
// How a line is mapped, always the same way:
// - session: hash of broker (order number I) over the sessions that have accounts;
// - account: hash of broker, report printer and investor type over that session's accounts;
// - security: the one of the same code; a line of a code that today's reference lacks is left out;
// - quantity: board lots are rounded down to today's lot, at least one lot, at most the largest order;
//   odd lots (trade type 2) go to the odd-lot session; block trades (type 1) are left out;
// - price `scaled`: its distance in per cent from the middle of the log's highest and lowest price of
//   that security is laid at today's reference, then moved inside today's limits to a legal price;
//   `kept`: as the log has it. 0 is a market order;
// - credit type (0-6): the log's where the account may use it, else cash; channel: the log's;
// - a cancel (code 3, 6) or cut (code 2, 5) is sent for the order of the same broker, number, security
//   and side that the log has shown before; of an order that it has not shown, it is left out.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/load/market.hpp"
#include "bench/load/order_log.hpp"
#include "bench/load/planned.hpp"

namespace fairlead::load {

enum class LogPrice : std::uint8_t { scaled = 0, kept = 1 };
enum class LogClock : std::uint8_t {
    own = 0,       // the log's own times from its first line, divided by `speed`
    calendar = 1,  // the log's phases stretched or squeezed onto today's phases
    none = 2,      // as fast as the sockets take them
};

struct LogOptions {
    double speed = 1;
    LogClock clock = LogClock::own;
    LogPrice price = LogPrice::scaled;
    std::int64_t day_offset_ns = 0;  // LogClock::calendar: how long after the day's origin the run starts
};

// Lines left out, by cause.
struct LogOmissions {
    std::uint64_t unknown_security = 0;
    std::uint64_t untradable_security = 0;
    std::uint64_t block_trade = 0;
    std::uint64_t order_not_shown = 0;      // a cut or cancel of an order that the log does not have
    std::uint64_t credit_type_changed = 0;  // not left out: sent as cash
    std::uint64_t price_moved = 0;          // not left out: clamped to today's limits
    [[nodiscard]] std::uint64_t left_out() const {
        return unknown_security + untradable_security + block_trade + order_not_shown;
    }
};

class LogSource final : public CommandSource {
  public:
    LogSource(const Market& market, std::vector<OrderLogEntry> entries, const LogOptions& options);

    [[nodiscard]] bool next(PlannedCommand& command) override;
    [[nodiscard]] std::uint64_t expected_count() const override { return entries_.size(); }
    [[nodiscard]] const LogOmissions& omissions() const noexcept { return omissions_; }

  private:
    struct ShownOrder {
        PlannedCommand command;
        risk::Quantity left = 0;
    };

    [[nodiscard]] std::int64_t due(const OrderLogEntry& entry) const;
    [[nodiscard]] risk::Price map_price(SecurityIndex security, risk::Price price);
    bool make_new(const OrderLogEntry& entry, PlannedCommand& command);
    bool make_change(const OrderLogEntry& entry, PlannedCommand& command);

    const Market& market_;
    LogOptions options_;
    std::vector<OrderLogEntry> entries_;
    std::vector<std::uint32_t> sessions_;
    std::unordered_map<std::string, risk::Price> middle_;  // by symbol
    std::unordered_map<std::string, ShownOrder> shown_;
    LogOmissions omissions_;
    std::size_t place_ = 0;
    std::int64_t last_due_ns_ = 0;
    std::uint32_t orders_ = 0;
};

}  // namespace fairlead::load
