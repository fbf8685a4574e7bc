// Allowance: how many requests a second one connection of the control socket may make. No lock, no thread of
// its own: one connection asks. Used by ControlServer.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace fairlead::gateway {

// At most `rate` a second, in a burst no greater than one second's worth.
class Allowance {
  public:
    explicit Allowance(std::uint32_t rate)
        : rate_(rate), tokens_(rate), last_(std::chrono::steady_clock::now()) {}
    [[nodiscard]] bool take() {
        const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
        tokens_ =
            std::min<double>(rate_, tokens_ + std::chrono::duration<double>(now - last_).count() * rate_);
        last_ = now;
        if (tokens_ < 1) {
            return false;
        }
        tokens_ -= 1;
        return true;
    }

  private:
    double rate_;
    double tokens_;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace fairlead::gateway
