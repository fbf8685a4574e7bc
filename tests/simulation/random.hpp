// Random: numbers drawn from a seed and nothing else. Each part of the simulator has a stream of its own,
// so that leaving one part out does not move what the others draw.
#pragma once

#include <cstdint>

namespace fairlead::simulation {

class Random {
  public:
    Random(std::uint64_t seed, std::uint64_t stream) noexcept
        : state_(seed ^ (stream * 0xD1342543DE82EF95ULL)) {
        static_cast<void>(next());
    }
    // splitmix64
    std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31);
    }
    // 0 to count - 1
    std::uint64_t pick(std::uint64_t count) noexcept { return next() % count; }
    // from to to, both included
    std::int64_t between(std::int64_t from, std::int64_t to) noexcept {
        return from + static_cast<std::int64_t>(pick(static_cast<std::uint64_t>(to - from) + 1));
    }
    bool chance(std::uint64_t permille) noexcept { return pick(1'000) < permille; }

  private:
    std::uint64_t state_;
};

}  // namespace fairlead::simulation
