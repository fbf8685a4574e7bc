// Book: levels as lists through the orders, so that taking one out needs no search.
#include "bench/exchange/book.hpp"

#include <algorithm>
#include <cstdlib>

#include "risk/assert.hpp"

namespace fairlead::exchange {

using risk::Price;
using risk::Quantity;
using risk::Side;

Level& Book::level_of(const BookOrder& order) {
    return order.side == Side::buy ? bids_[book_key(order)] : asks_[book_key(order)];
}

void Book::insert(Slot slot) {
    BookOrder& order = orders_[slot];
    risk::require(!order.resting && order.leaves > 0, "only a live order that rests nowhere enters a book");
    Level& level = level_of(order);
    order.previous = level.last;
    order.next = 0;
    if (level.last != 0) {
        orders_[level.last].next = slot;
    } else {
        level.first = slot;
    }
    level.last = slot;
    level.quantity += order.leaves;
    order.resting = true;
}

void Book::remove(Slot slot) {
    BookOrder& order = orders_[slot];
    risk::require(order.resting, "only a resting order leaves a book");
    Level& level = level_of(order);
    (order.previous != 0 ? orders_[order.previous].next : level.first) = order.next;
    (order.next != 0 ? orders_[order.next].previous : level.last) = order.previous;
    level.quantity -= order.leaves;
    if (level.first == 0) {
        if (order.side == Side::buy) {
            bids_.erase(book_key(order));
        } else {
            asks_.erase(book_key(order));
        }
    }
    order.previous = order.next = 0;
    order.resting = false;
}

void Book::reduce(Slot slot, Quantity by) {
    level_of(orders_[slot]).quantity -= by;
    orders_[slot].leaves -= by;
}

Slot Book::best(Side side) const {
    if (side == Side::buy) {
        return bids_.empty() ? 0 : bids_.begin()->second.first;
    }
    return asks_.empty() ? 0 : asks_.begin()->second.first;
}

Quantity Book::takeable(const BookOrder& taker) const {
    Quantity sum = 0;
    const Price limit = book_key(taker);
    if (taker.side == Side::buy) {
        for (const auto& level : asks_) {
            if (level.first > limit) {
                break;
            }
            sum += level.second.quantity;
        }
    } else {
        for (const auto& level : bids_) {
            if (level.first < limit) {
                break;
            }
            sum += level.second.quantity;
        }
    }
    return sum;
}

AuctionPrice Book::auction(Price anchor) const {
    std::vector<Price> candidates;
    candidates.reserve(bids_.size() + asks_.size() + 1);
    for (const auto& level : bids_) {
        if (level.first != market_buy_key) {
            candidates.push_back(level.first);
        }
    }
    for (const auto& level : asks_) {
        if (level.first != market_sell_key) {
            candidates.push_back(level.first);
        }
    }
    if (anchor > 0) {
        candidates.push_back(anchor);
    }
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    // Upward through the prices: buyers below drop out, sellers at or below join.
    Quantity buyers = 0;
    for (const auto& level : bids_) {
        buyers += level.second.quantity;
    }
    Quantity sellers = 0;
    auto ask = asks_.begin();
    auto bid = bids_.rbegin();
    AuctionPrice chosen;
    for (const Price price : candidates) {
        for (; ask != asks_.end() && ask->first <= price; ++ask) {
            sellers += ask->second.quantity;
        }
        for (; bid != bids_.rend() && bid->first < price; ++bid) {
            buyers -= bid->second.quantity;
        }
        const AuctionPrice here{price, std::min(buyers, sellers), std::abs(buyers - sellers)};
        if (here.quantity == 0) {
            continue;
        }
        const auto rank = [&](const AuctionPrice& at) {
            return std::make_tuple(at.quantity, -at.imbalance, -std::abs(at.price - anchor), at.price);
        };
        if (chosen.price == 0 || rank(here) > rank(chosen)) {
            chosen = here;
        }
    }
    return chosen;
}

}  // namespace fairlead::exchange
