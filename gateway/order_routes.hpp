// OrderRoutes: what the gateway must remember of an order that the Ledger need not: its line, its order
// number, and the terms its later messages to the venue repeat. One row per Ledger slot, taken at
// construction; order thread only. Rebuilt from the journal at start.
#pragma once

#include <vector>

#include "risk/record.hpp"

namespace fairlead::gateway {

struct OrderRoute {
    risk::Sequence order_key = 0;
    std::uint32_t line = 0;  // 0 = waiting for its line's rate
    risk::Channel channel = risk::Channel::dma;
    std::uint8_t waiting = 0;  // commands of the order that wait in arrival order
    // A halt, a mass cancel or a lost connection wants the order cancelled: its CancelOrigin, else client.
    risk::CancelOrigin cancel_wanted = risk::CancelOrigin::client;
    std::array<std::uint8_t, 1> reserved{};
    std::uint64_t original_id = 0;  // its ClOrdID at the venue when that is not by its key: an orphan's
    risk::OrderNumber order_number;
};

class OrderRoutes {
  public:
    explicit OrderRoutes(std::size_t orders_max) : rows_(orders_max + 1) {}
    [[nodiscard]] OrderRoute& at(std::uint32_t slot) noexcept { return rows_[slot]; }
    [[nodiscard]] const OrderRoute& at(std::uint32_t slot) const noexcept { return rows_[slot]; }

  private:
    std::vector<OrderRoute> rows_;
};

}  // namespace fairlead::gateway
