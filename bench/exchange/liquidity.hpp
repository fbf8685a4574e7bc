// Liquidity: a seeded participant in the background that quotes around the last price and now and then
// takes what rests, so that clients of a demo get fills. Not a model of a market. It only looks at
// securities that some line has sent an order for. Called by Exchange, under its lock.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "bench/exchange/matching.hpp"

namespace fairlead::exchange {

class Liquidity {
  public:
    Liquidity(const risk::Reference& reference, Matching& matching, std::uint64_t seed)
        : reference_(reference),
          matching_(matching),
          random_(seed),
          watched_(reference.securities.size() * risk::session_kind_count) {}

    // Somebody is about to trade this: quotes are there from now on.
    void watch(std::uint32_t security, risk::SessionKind kind, risk::UtcNs now,
               std::vector<MarketEvent>& events);
    // Quotes anew, and takes, in some of what is watched.
    void step(risk::UtcNs now, std::vector<MarketEvent>& events);

  private:
    struct Watched {
        std::uint32_t security;
        risk::SessionKind kind;
    };
    void quote(const Watched& watched, risk::UtcNs now, std::vector<MarketEvent>& events);
    void take(const Watched& watched, risk::UtcNs now, std::vector<MarketEvent>& events);
    void send(const Watched& watched, risk::Side side, risk::Price price, risk::Quantity quantity,
              risk::TimeInForce time_in_force, risk::UtcNs now, std::vector<MarketEvent>& events);
    [[nodiscard]] risk::Price price_near(const risk::SecurityRow& security, risk::Price from,
                                         std::int64_t ticks) const;
    [[nodiscard]] std::int64_t draw(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
    }

    const risk::Reference& reference_;
    Matching& matching_;
    std::mt19937_64 random_;  // its sequence is the standard's, so a seed means the same everywhere
    std::vector<bool> watched_;
    std::vector<Watched> list_;
    std::size_t next_ = 0;
};

}  // namespace fairlead::exchange
