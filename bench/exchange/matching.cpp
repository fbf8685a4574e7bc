// Matching: continuous matching, call auctions, and what each phase's start and end do.
#include "bench/exchange/matching.hpp"

#include <algorithm>

#include "risk/assert.hpp"

namespace fairlead::exchange {

using risk::OrderType;
using risk::Phase;
using risk::PhaseRow;
using risk::Price;
using risk::Quantity;
using risk::SessionKind;
using risk::Side;
using risk::TimeInForce;
using risk::UtcNs;

namespace {

constexpr std::int64_t ns_per_minute = 60'000'000'000;

Side other(Side side) {
    return side == Side::buy ? Side::sell : Side::buy;
}

bool may_trade(const BookOrder& taker, const BookOrder& resting) {
    return taker.side == Side::buy ? book_key(resting) <= book_key(taker)
                                   : book_key(resting) >= book_key(taker);
}

}  // namespace

Matching::Matching(const risk::Reference& reference, MatchingOptions options)
    : reference_(reference),
      options_(options),
      books_(reference.securities.size() * risk::session_kind_count),
      last_(reference.securities.size()),
      held_(reference.phases.size()),
      match_number_(options.first_match_number) {}

Book& Matching::book_for(std::uint32_t security, SessionKind kind) {
    std::unique_ptr<Book>& book = books_[index_of(security, kind)];
    if (!book) {
        book = std::make_unique<Book>(orders_);
        used_.push_back({security, kind});
    }
    return *book;
}

Price Matching::anchor(std::uint32_t security) const {
    return last_[security] != 0 ? last_[security] : reference_.securities[security].reference;
}

Phase Matching::phase(UtcNs now, const risk::SecurityRow& security, SessionKind kind) const noexcept {
    const std::int64_t offset = now - origin_;
    for (const PhaseRow& row : reference_.phases) {
        if (row.venue == security.venue && row.session_kind == kind && offset >= row.from_ns &&
            offset < row.to_ns) {
            const bool periodic = (security.flags & risk::security_periodic_call) != 0;
            return periodic && row.phase == Phase::continuous ? Phase::open_call : row.phase;
        }
    }
    return Phase::closed;
}

bool Matching::still_to_come(UtcNs now, risk::Venue venue, SessionKind kind) const noexcept {
    const std::int64_t offset = now - origin_;
    return std::any_of(reference_.phases.begin(), reference_.phases.end(), [&](const PhaseRow& row) {
        return row.venue == venue && row.session_kind == kind && row.from_ns > offset;
    });
}

Slot Matching::add(const BookOrder& order, UtcNs now, std::vector<MarketEvent>& events) {
    const auto slot = static_cast<Slot>(orders_.size());
    orders_.push_back(order);
    Book& book = book_for(order.security, order.kind);
    if (phase(now, reference_.securities[order.security], order.kind) == Phase::continuous) {
        match(slot, book, events);
    }
    place(slot, book, events);
    return slot;
}

// What matching left: into the book, or ended when it may not wait.
void Matching::place(Slot slot, Book& book, std::vector<MarketEvent>& events) {
    BookOrder& order = orders_[slot];
    if (order.leaves == 0) {
        return;
    }
    if (order.time_in_force == TimeInForce::rest_of_day) {
        book.insert(slot);
        return;
    }
    const Quantity removed = order.leaves;
    order.leaves = 0;
    order.ordered -= removed;
    order.state = OrderState::cancelled;
    events.push_back({MarketEvent::Kind::rest_ended, slot, removed, 0, 0, 0, order.filled, order.amount});
}

void Matching::cut(Slot slot, Quantity by) {
    BookOrder& order = orders_[slot];
    risk::require(by >= 0 && by <= order.leaves, "a cut is not above what is left");
    if (by == order.leaves) {
        if (order.resting) {
            book_for(order.security, order.kind).remove(slot);
        }
        order.leaves = 0;
        order.state = OrderState::cancelled;
    } else if (order.resting) {
        book_for(order.security, order.kind).reduce(slot, by);
    }
    order.ordered -= by;
}

void Matching::reprice(Slot slot, Price price, UtcNs now, std::vector<MarketEvent>& events) {
    BookOrder& order = orders_[slot];
    Book& book = book_for(order.security, order.kind);
    book.remove(slot);
    order.price = price;
    if (phase(now, reference_.securities[order.security], order.kind) == Phase::continuous) {
        match(slot, book, events);
    }
    place(slot, book, events);
}

void Matching::forget(Slot slot) {
    BookOrder& order = orders_[slot];
    if (order.resting) {
        book_for(order.security, order.kind).remove(slot);
    }
    order.leaves = 0;
    order.state = OrderState::forgotten;
}

void Matching::match(Slot taker_slot, Book& book, std::vector<MarketEvent>& events) {
    // By value where it must not move: `orders_` does not grow while matching, references hold.
    BookOrder& taker = orders_[taker_slot];
    if (taker.time_in_force == TimeInForce::fill_or_kill && book.takeable(taker) < taker.leaves) {
        return;
    }
    while (taker.leaves > 0) {
        const Slot best = book.best(other(taker.side));
        if (best == 0 || !may_trade(taker, orders_[best])) {
            return;
        }
        const BookOrder& resting = orders_[best];
        Price price = resting.price;
        if (resting.type == OrderType::market) {
            price = taker.type == OrderType::limit ? taker.price : anchor(taker.security);
        }
        if (price == 0) {
            return;  // two market orders of a security nobody has priced
        }
        const Quantity quantity = std::min(taker.leaves, resting.leaves);
        const Slot buyer = taker.side == Side::buy ? taker_slot : best;
        const Slot seller = taker.side == Side::buy ? best : taker_slot;
        trade(buyer, seller, quantity, price, events);
    }
}

void Matching::trade(Slot buyer, Slot seller, Quantity quantity, Price price,
                     std::vector<MarketEvent>& events) {
    ++match_number_;
    if (orders_[buyer].kind == SessionKind::regular) {
        last_[orders_[buyer].security] = price;
    }
    fill(buyer, quantity, price, events);
    fill(seller, quantity, price, events);
}

void Matching::fill(Slot slot, Quantity quantity, Price price, std::vector<MarketEvent>& events) {
    BookOrder& order = orders_[slot];
    if (order.resting && quantity == order.leaves) {
        book_for(order.security, order.kind).remove(slot);
        order.leaves = 0;
    } else if (order.resting) {
        book_for(order.security, order.kind).reduce(slot, quantity);
    } else {
        order.leaves -= quantity;
    }
    order.filled += quantity;
    order.amount += quantity * price;
    if (order.leaves == 0) {
        order.state = OrderState::filled;
    }
    events.push_back({MarketEvent::Kind::trade, slot, quantity, price, match_number_, order.leaves,
                      order.filled, order.amount});
}

// price 0: the auction finds its own; else everybody who allows it trades at it (after-hours fixed).
void Matching::auction(std::uint32_t security, Book& book, Price price, std::vector<MarketEvent>& events) {
    if (price == 0) {
        price = book.auction(anchor(security)).price;
    }
    if (price == 0) {
        return;
    }
    for (;;) {
        const Slot buyer = book.best(Side::buy);
        const Slot seller = book.best(Side::sell);
        if (buyer == 0 || seller == 0 || book_key(orders_[buyer]) < price ||
            book_key(orders_[seller]) > price) {
            return;
        }
        trade(buyer, seller, std::min(orders_[buyer].leaves, orders_[seller].leaves), price, events);
    }
}

void Matching::hold_auctions(const PhaseRow& row, bool periodic_only, std::vector<MarketEvent>& events) {
    for (const Used& used : used_) {
        const risk::SecurityRow& security = reference_.securities[used.security];
        if (security.venue != row.venue || used.kind != row.session_kind ||
            (periodic_only && (security.flags & risk::security_periodic_call) == 0)) {
            continue;
        }
        const Price fixed = row.phase == Phase::fixed_price ? anchor(used.security) : 0;
        auction(used.security, *books_[index_of(used.security, used.kind)], fixed, events);
    }
}

void Matching::restate_market_orders(Book& book, std::vector<MarketEvent>& events) {
    std::vector<Slot> market_orders;
    for (const Side side : {Side::buy, Side::sell}) {
        book.each(side, [&](Slot slot) {
            if (orders_[slot].type == OrderType::market) {
                market_orders.push_back(slot);
            }
        });
    }
    for (const Slot slot : market_orders) {
        const Quantity removed = orders_[slot].leaves;
        cancel(slot);
        const BookOrder& ended = orders_[slot];
        events.push_back({MarketEvent::Kind::restated, slot, removed, 0, 0, 0, ended.filled, ended.amount});
    }
}

void Matching::open_phase(const PhaseRow& row, std::vector<MarketEvent>& events) {
    if (row.phase != Phase::close_call) {
        return;
    }
    for (const Used& used : used_) {
        if (reference_.securities[used.security].venue == row.venue && used.kind == row.session_kind) {
            restate_market_orders(*books_[index_of(used.security, used.kind)], events);
        }
    }
}

bool Matching::is_last(const PhaseRow& row) const {
    return std::none_of(reference_.phases.begin(), reference_.phases.end(), [&](const PhaseRow& later) {
        return later.venue == row.venue && later.session_kind == row.session_kind &&
               later.from_ns >= row.to_ns;
    });
}

void Matching::expire(const PhaseRow& row) {
    for (const Used& used : used_) {
        if (reference_.securities[used.security].venue != row.venue || used.kind != row.session_kind) {
            continue;
        }
        Book& book = *books_[index_of(used.security, used.kind)];
        for (const Side side : {Side::buy, Side::sell}) {
            for (Slot slot = book.best(side); slot != 0; slot = book.best(side)) {
                book.remove(slot);
                orders_[slot].leaves = 0;
                orders_[slot].state = OrderState::expired;
            }
        }
    }
}

void Matching::advance(UtcNs now, std::vector<MarketEvent>& events) {
    const std::int64_t offset = now - origin_;
    for (std::size_t i = 0; i < reference_.phases.size(); ++i) {
        const PhaseRow& row = reference_.phases[i];
        Held& held = held_[i];
        if (held.closed || offset < row.from_ns) {
            continue;
        }
        if (!held.opened) {
            held.opened = true;
            held.last_interval_ns =
                row.phase == Phase::odd_lot && options_.odd_lot_first_ns > 0
                    ? row.from_ns + options_.odd_lot_first_ns - options_.odd_lot_interval_ns
                    : row.from_ns;
            open_phase(row, events);
        }
        // Odd lots of the day, and securities matched at intervals.
        const bool odd_lot = row.phase == Phase::odd_lot && row.session_kind == SessionKind::intraday_odd_lot;
        const bool continuous = row.phase == Phase::continuous;
        const std::int64_t interval =
            odd_lot
                ? options_.odd_lot_interval_ns
                : (options_.periodic_interval_ns != 0 ? options_.periodic_interval_ns : 5 * ns_per_minute);
        if ((odd_lot || continuous) && offset < row.to_ns && offset - held.last_interval_ns >= interval) {
            held.last_interval_ns += (offset - held.last_interval_ns) / interval * interval;
            hold_auctions(row, continuous, events);
        }
        if (offset < row.to_ns) {
            continue;
        }
        held.closed = true;
        if (row.phase != Phase::continuous) {
            hold_auctions(row, false, events);
        } else {
            hold_auctions(row, true, events);
        }
        if (is_last(row)) {
            expire(row);
        }
    }
}

}  // namespace fairlead::exchange
