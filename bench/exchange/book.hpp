// Book: the resting orders of one security in one sub-system, by price and then by arrival; and the
// price of a call auction. It moves orders in and out of levels and finds prices; it fills nothing and
// knows no phases. Called by Matching.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "bench/exchange/book_order.hpp"

namespace fairlead::exchange {

struct Level {
    Slot first = 0;
    Slot last = 0;
    risk::Quantity quantity = 0;
};

// Market orders stand before every limit: buys at this key, sells at 0.
inline constexpr risk::Price market_buy_key = INT64_MAX;
inline constexpr risk::Price market_sell_key = 0;

[[nodiscard]] constexpr risk::Price book_key(const BookOrder& order) noexcept {
    if (order.type == risk::OrderType::limit) {
        return order.price;
    }
    return order.side == risk::Side::buy ? market_buy_key : market_sell_key;
}

struct AuctionPrice {
    risk::Price price = 0;         // 0: nothing can be matched
    risk::Quantity quantity = 0;   // shares that trade at it
    risk::Quantity imbalance = 0;  // what stays unmatched there, either side
};

class Book {
  public:
    explicit Book(std::vector<BookOrder>& orders) : orders_(orders) {}

    // Behind all others at its price.
    void insert(Slot slot);
    void remove(Slot slot);
    // A resting order's leaves went down by `by`; the level's sum follows.
    void reduce(Slot slot, risk::Quantity by);

    // The order to be filled first; 0 = none.
    [[nodiscard]] Slot best(risk::Side side) const;
    // Shares on `side` that an order of the other side with this limit could take (market: any).
    [[nodiscard]] risk::Quantity takeable(const BookOrder& taker) const;
    [[nodiscard]] bool empty() const { return bids_.empty() && asks_.empty(); }

    // The single price of greatest volume; then least imbalance, then nearest `anchor` (the last trade
    // or the reference price), then the higher. Only prices within the orders' limits are looked at,
    // and the anchor where only market orders meet.
    [[nodiscard]] AuctionPrice auction(risk::Price anchor) const;

    // Every resting order, best price and oldest first.
    template <class Visit>
    void each(risk::Side side, Visit&& visit) const {
        const auto walk = [&](const auto& levels) {
            for (const auto& level : levels) {
                for (Slot slot = level.second.first; slot != 0; slot = orders_[slot].next) {
                    visit(slot);
                }
            }
        };
        if (side == risk::Side::buy) {
            walk(bids_);
        } else {
            walk(asks_);
        }
    }

  private:
    [[nodiscard]] Level& level_of(const BookOrder& order);

    std::vector<BookOrder>& orders_;
    std::map<risk::Price, Level, std::greater<>> bids_;
    std::map<risk::Price, Level> asks_;
};

}  // namespace fairlead::exchange
