// A seeded random source that gives the same numbers on every machine (the standard's distributions do
// not). splitmix64 by S. Vigna, public domain. Not for secrets.
#pragma once

#include <cmath>
#include <cstdint>

namespace fairlead::load {

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] std::uint64_t next() noexcept {
        const std::uint64_t value = mix(state_);
        state_ += 0x9E3779B97F4A7C15ULL;
        return value;
    }
    // [0, bound), 0 < bound < 2^32.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return (next() >> 32) * bound >> 32; }
    // (0, 1]
    [[nodiscard]] double unit() noexcept {
        return (static_cast<double>(next() >> 11) + 1.0) * (1.0 / 9007199254740992.0);
    }
    [[nodiscard]] bool chance(std::uint32_t per_mille) noexcept { return below(1000) < per_mille; }

  private:
    std::uint64_t state_;
};

}  // namespace fairlead::load
