// Liquidity: a few levels on each side, kept filled; small takers.
#include "bench/exchange/liquidity.hpp"

#include <algorithm>

#include "config/reference_parts.hpp"

namespace fairlead::exchange {

using risk::Phase;
using risk::Price;
using risk::Quantity;
using risk::SessionKind;
using risk::Side;
using risk::TimeInForce;

namespace {

constexpr std::int64_t levels = 3;
constexpr std::size_t securities_a_step = 200;

bool is_odd(SessionKind kind) {
    return kind == SessionKind::intraday_odd_lot || kind == SessionKind::after_hours_odd;
}

}  // namespace

void Liquidity::watch(std::uint32_t security, SessionKind kind, risk::UtcNs now,
                      std::vector<MarketEvent>& events) {
    const std::size_t index = security * risk::session_kind_count + static_cast<std::size_t>(kind);
    if (watched_[index] || reference_.securities[security].reference == 0) {
        return;
    }
    watched_[index] = true;
    list_.push_back({security, kind});
    quote(list_.back(), now, events);
}

void Liquidity::step(risk::UtcNs now, std::vector<MarketEvent>& events) {
    const std::size_t count = std::min(list_.size(), securities_a_step);
    for (std::size_t i = 0; i < count; ++i) {
        next_ = next_ + 1 < list_.size() ? next_ + 1 : 0;
        const Watched watched = list_[next_];
        quote(watched, now, events);
        if (draw(0, 3) == 0) {
            take(watched, now, events);
        }
    }
}

// `ticks` steps from `from`, each by the step that holds where it stands; inside the day's limits.
Price Liquidity::price_near(const risk::SecurityRow& security, Price from, std::int64_t ticks) const {
    Price price =
        from - from % std::max<Price>(config::tick_at(reference_.ticks, security.tick_class, from), 1);
    for (; ticks > 0; --ticks) {
        price += config::tick_at(reference_.ticks, security.tick_class, price);
    }
    for (; ticks < 0 && price > 0; ++ticks) {
        price -= config::tick_at(reference_.ticks, security.tick_class, price - 1);
    }
    if (security.limit_up != 0) {
        price = std::clamp(price, security.limit_down, security.limit_up);
    }
    return price;
}

void Liquidity::send(const Watched& watched, Side side, Price price, Quantity quantity,
                     TimeInForce time_in_force, risk::UtcNs now, std::vector<MarketEvent>& events) {
    if (price <= 0 || quantity <= 0) {
        return;
    }
    BookOrder order;
    order.security = watched.security;
    order.venue = reference_.securities[watched.security].venue;
    order.kind = watched.kind;
    order.side = side;
    order.price = price;
    order.ordered = order.leaves = quantity;
    order.time_in_force = time_in_force;
    matching_.add(order, now, events);
}

void Liquidity::quote(const Watched& watched, risk::UtcNs now, std::vector<MarketEvent>& events) {
    const risk::SecurityRow& security = reference_.securities[watched.security];
    const Phase phase = matching_.phase(now, security, watched.kind);
    if (phase == Phase::closed) {
        return;
    }
    const Price last = matching_.last_price(watched.security);
    const Price middle = last != 0 ? last : security.reference;
    const Quantity unit = is_odd(watched.kind) ? 10 : security.lot;
    // In an auction both sides meet at the middle; while matching is continuous they stand apart.
    const std::int64_t nearest = phase == Phase::continuous ? 1 : 0;
    const Book* book = matching_.book(watched.security, watched.kind);
    for (const Side side : {Side::buy, Side::sell}) {
        const Slot best = book != nullptr ? book->best(side) : 0;
        const std::int64_t direction = side == Side::buy ? -1 : 1;
        const Price edge = price_near(security, middle, direction * (nearest + levels - 1));
        const bool thin = best == 0 || (side == Side::buy ? matching_.order(best).price < edge
                                                          : matching_.order(best).price > edge);
        if (!thin) {
            continue;
        }
        for (std::int64_t level = 0; level < levels; ++level) {
            const Price price = watched.kind == SessionKind::after_hours_fixed
                                    ? middle
                                    : price_near(security, middle, direction * (nearest + level));
            send(watched, side, price, draw(1, 20) * unit, TimeInForce::rest_of_day, now, events);
        }
    }
}

void Liquidity::take(const Watched& watched, risk::UtcNs now, std::vector<MarketEvent>& events) {
    const risk::SecurityRow& security = reference_.securities[watched.security];
    const Book* book = matching_.book(watched.security, watched.kind);
    if (book == nullptr || matching_.phase(now, security, watched.kind) != Phase::continuous) {
        return;
    }
    const Side resting = draw(0, 1) == 0 ? Side::buy : Side::sell;
    const Slot best = book->best(resting);
    if (best == 0 || matching_.order(best).type != risk::OrderType::limit) {
        return;
    }
    const Price price = matching_.order(best).price;
    const Quantity quantity = std::min(matching_.order(best).leaves, draw(1, 10) * security.lot);
    send(watched, resting == Side::buy ? Side::sell : Side::buy, price, quantity,
         TimeInForce::immediate_or_cancel, now, events);
}

}  // namespace fairlead::exchange
