// SystemClock: the one place where the gateway reads time. Everything else is given a time. A reading is
// one look at the monotonic clock; UTC is that and the difference last settled, so that both clocks of a
// Record are of one moment and cost one look.
#pragma once

#include <time.h>

#include "risk/words.hpp"

namespace fairlead::gateway {

struct Reading {
    risk::UtcNs utc_ns = 0;
    risk::MonotonicNs monotonic_ns = 0;
};

class SystemClock {
  public:
    SystemClock() noexcept {
        settle();
        refresh();
    }

    // A new reading, kept as the last one.
    Reading refresh() noexcept {
        last_.monotonic_ns = monotonic_ns();
        last_.utc_ns = last_.monotonic_ns + ahead_ns_;
        return last_;
    }
    // The last reading: as old as the Record or message being worked on. For everything that bears no
    // Record's time of its own.
    [[nodiscard]] const Reading& last() const noexcept { return last_; }

    // Measures again what UTC is ahead; every few milliseconds, so that no slew of UTC adds up.
    void settle() noexcept {
        for (int attempt = 0; attempt < settle_attempts; ++attempt) {
            const risk::MonotonicNs before = monotonic_ns();
            const risk::UtcNs utc = utc_ns();
            const risk::MonotonicNs after = monotonic_ns();
            ahead_ns_ = utc - before - (after - before) / 2;
            if (after - before < settle_ns_max) {
                return;  // not put aside in between
            }
        }
    }

    // The clocks themselves.
    [[nodiscard]] static risk::UtcNs utc_ns() noexcept { return read(CLOCK_REALTIME); }
    [[nodiscard]] static risk::MonotonicNs monotonic_ns() noexcept { return read(CLOCK_MONOTONIC); }

  private:
    static constexpr int settle_attempts = 3;
    static constexpr std::int64_t settle_ns_max = 1'000;

    static std::int64_t read(clockid_t which) noexcept {
        timespec at{};
        ::clock_gettime(which, &at);
        return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
    }

    Reading last_;
    std::int64_t ahead_ns_ = 0;
};

}  // namespace fairlead::gateway
