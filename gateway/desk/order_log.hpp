// OrderLog: the last N orders of the day and what happened to them, newest findable first by investor. What
// the Ledger knows of an order lives in the Ledger; here is what it does not keep: refused orders, when each
// came and left, and the rows of its trail. Fixed room: the oldest goes. Used by DeskState alone.
#pragma once

#include "gateway/desk/figures.hpp"
#include "risk/decision.hpp"

namespace fairlead::desk {

inline constexpr std::uint64_t no_row = UINT64_MAX;

// One record of an order's life.
struct TrailEntry {
    risk::Sequence sequence = 0;
    risk::UtcNs at = 0;
    std::uint64_t before = no_row;  // the order's row before this one
    risk::Quantity quantity = 0;
    risk::Price price = 0;
    risk::Quantity leaves = 0;
    risk::Quantity filled = 0;
    risk::Quantity last_quantity = 0;
    risk::Price last_price = 0;
    std::uint32_t session = 0;
    std::uint32_t line = 0;
    risk::RecordKind kind = risk::RecordKind::none;
    risk::Reason reason = risk::Reason::none;
    risk::OrderStatus exec_type = risk::OrderStatus::none;
    risk::Outcome outcome = risk::Outcome::none;
};

struct OrderEntry {
    risk::Sequence key = 0;  // sequence of its New
    risk::UtcNs at = 0;
    std::uint64_t investor_before = no_row;  // the investor's order before this one
    std::uint64_t trail = no_row;            // its last row
    std::uint64_t trail_rows = 0;
    risk::InvestorId investor_id;
    risk::AccountKey account_key;
    risk::Symbol symbol;
    risk::ClientOrderId client_order_id;
    risk::OrderNumber order_number;
    risk::Quantity ordered = 0;
    risk::Quantity leaves = 0;
    risk::Quantity filled = 0;
    risk::Amount filled_amount = 0;
    risk::Price price = 0;
    std::int64_t wait_ns = -1;   // from effective arrival to the socket; -1: not sent
    std::uint32_t slot = 0;      // in the Ledger; 0 = refused
    std::uint32_t investor = 0;  // rows of the Ledger
    std::uint32_t account = 0;
    std::uint32_t security = 0;
    std::uint32_t session = 0;
    std::uint32_t line = 0;
    risk::Reason reason = risk::Reason::none;
    risk::Venue venue = risk::Venue::none;
    risk::Side side = risk::Side::none;
    risk::OrderType order_type = risk::OrderType::none;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    risk::SessionKind session_kind = risk::SessionKind::regular;
    risk::OrderStatus status = risk::OrderStatus::none;
    bool open = false;
    bool in_doubt = false;
    bool waiting = false;  // for its line's rate
    // Of the check that decided: shown with a refusal.
    risk::Decision decision;
};

class OrderLog {
  public:
    OrderLog(std::size_t orders, std::size_t trail_rows) : orders_(orders), trail_(trail_rows) {}

    // Adds an order; keys rise.
    std::uint64_t add(OrderEntry entry) {
        orders_.add(entry);
        return orders_.end() - 1;
    }
    // By the sequence of its New; no_row when it is none, or gone.
    [[nodiscard]] std::uint64_t find(risk::Sequence key) const noexcept {
        std::uint64_t low = orders_.begin();
        std::uint64_t high = orders_.end();
        while (low < high) {
            const std::uint64_t middle = low + (high - low) / 2;
            if (orders_.at(middle).key < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < orders_.end() && orders_.at(low).key == key ? low : no_row;
    }
    [[nodiscard]] OrderEntry& at(std::uint64_t row) noexcept { return orders_.at(row); }
    [[nodiscard]] const OrderEntry& at(std::uint64_t row) const noexcept { return orders_.at(row); }
    [[nodiscard]] bool holds(std::uint64_t row) const noexcept { return orders_.holds(row); }
    [[nodiscard]] std::uint64_t begin() const noexcept { return orders_.begin(); }
    [[nodiscard]] std::uint64_t end() const noexcept { return orders_.end(); }
    [[nodiscard]] std::size_t size() const noexcept { return orders_.size(); }

    void add_trail(OrderEntry& order, TrailEntry entry) {
        entry.before = order.trail;
        trail_.add(entry);
        order.trail = trail_.end() - 1;
        ++order.trail_rows;
    }
    // Oldest first, as far as they are still kept.
    [[nodiscard]] std::vector<TrailEntry> trail_of(const OrderEntry& order, std::size_t rows_max) const {
        std::vector<TrailEntry> rows;
        for (std::uint64_t row = order.trail; row != no_row && trail_.holds(row) && rows.size() < rows_max;
             row = trail_.at(row).before) {
            rows.push_back(trail_.at(row));
        }
        std::reverse(rows.begin(), rows.end());
        return rows;
    }
    void clear() noexcept {
        orders_.clear();
        trail_.clear();
    }

  private:
    LastOf<OrderEntry> orders_;
    LastOf<TrailEntry> trail_;
};

}  // namespace fairlead::desk
