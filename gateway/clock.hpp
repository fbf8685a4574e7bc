// SystemClock: the one place where the gateway reads time. Everything else is given a time.
#pragma once

#include <time.h>

#include "risk/words.hpp"

namespace fairlead::gateway {

struct SystemClock {
    [[nodiscard]] risk::UtcNs utc_ns() const noexcept { return read(CLOCK_REALTIME); }
    [[nodiscard]] risk::MonotonicNs monotonic_ns() const noexcept { return read(CLOCK_MONOTONIC); }

  private:
    static std::int64_t read(clockid_t which) noexcept {
        timespec at{};
        ::clock_gettime(which, &at);
        return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
    }
};

}  // namespace fairlead::gateway
