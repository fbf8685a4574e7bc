// ConnectRate: how often one address may connect. What comes faster is closed before the order thread hears
// of it: each socket costs that thread system calls, for which whoever is logged on would wait. Knows no
// socket and no clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "risk/words.hpp"

namespace fairlead::gateway {

class ConnectRate {
  public:
    using Address = std::array<std::uint8_t, 16>;
    static constexpr std::uint32_t a_second = 100;
    static constexpr std::uint32_t at_once = 1'000;  // a house whose every session connects anew
    static constexpr std::size_t addresses_max = 10'000;

    // Whether this connect is within its address's rate; it counts if it is. Beyond addresses_max, addresses
    // that are not known are within it: connections_max bounds them.
    [[nodiscard]] bool admit(const Address& address, risk::MonotonicNs now) {
        if (next_.size() >= addresses_max) {
            std::erase_if(next_, [now](const auto& one) { return one.second <= now; });
        }
        const auto found = next_.find(address);
        const risk::MonotonicNs next = found != next_.end() ? std::max(found->second, now) : now;
        if (next - now > (at_once - 1) * pause_ns) {
            return false;
        }
        if (found != next_.end()) {
            found->second = next + pause_ns;
        } else if (next_.size() < addresses_max) {
            next_.emplace(address, next + pause_ns);
        }
        return true;
    }
    // Those of which something is remembered.
    [[nodiscard]] std::size_t addresses() const noexcept { return next_.size(); }

  private:
    static constexpr risk::MonotonicNs pause_ns = 1'000'000'000 / a_second;
    std::map<Address, risk::MonotonicNs> next_;  // when a connect at the rate alone would come next
};

}  // namespace fairlead::gateway
