// LineRate: how many messages a venue line may still take: a sliding window over the times of the last
// N messages. It only counts; who waits, in which order and how long is the order thread's business.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "risk/words.hpp"

namespace fairlead::gateway {

class LineRate {
  public:
    // At most `count` messages in any `window_ns` (the venue's contract, e.g. 160 in 1000 ms). A count
    // of 0 lets nothing pass: a line that is configured but not to be used.
    explicit LineRate(std::uint32_t count, risk::MonotonicNs window_ns = 1'000'000'000)
        : times_(count), window_ns_(window_ns) {}

    [[nodiscard]] bool can_send(risk::MonotonicNs now) const noexcept {
        return held_ < times_.size() || (held_ != 0 && times_[next_] + window_ns_ <= now);
    }

    // A message goes now. Times do not fall; the caller asked `can_send(now)` first.
    void sent(risk::MonotonicNs now) noexcept {
        if (times_.empty()) {
            return;
        }
        times_[next_] = now;
        next_ = next_ + 1 == times_.size() ? 0 : next_ + 1;
        if (held_ < times_.size()) {
            ++held_;
        }
    }

    // Messages that may go at `now` together.
    [[nodiscard]] std::size_t left(risk::MonotonicNs now) const noexcept {
        if (held_ < times_.size()) {
            return times_.size() - in_window(now);
        }
        return times_.empty() || times_[next_] + window_ns_ > now ? 0 : times_.size() - in_window(now);
    }

    // The earliest time at which one message may go: `now` or later; INT64_MAX when never.
    [[nodiscard]] risk::MonotonicNs next_at(risk::MonotonicNs now) const noexcept {
        if (times_.empty()) {
            return INT64_MAX;
        }
        if (held_ < times_.size() || times_[next_] + window_ns_ <= now) {
            return now;
        }
        return times_[next_] + window_ns_;
    }

    // From here on as many as `fresh` allows, those sent lately counted; the memory goes over to `fresh`.
    void go_on_as(LineRate& fresh) noexcept {
        fresh.clear();
        const std::size_t kept = std::min(held_, fresh.times_.size());
        const std::size_t oldest = held_ < times_.size() ? 0 : next_;
        for (std::size_t i = held_ - kept; i < held_; ++i) {
            fresh.sent(times_[oldest + i < times_.size() ? oldest + i : oldest + i - times_.size()]);
        }
        std::swap(*this, fresh);
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return times_.size(); }
    void clear() noexcept { held_ = next_ = 0; }

  private:
    // Times run upward from the oldest, so the first one inside the window is found by halving.
    [[nodiscard]] std::size_t in_window(risk::MonotonicNs now) const noexcept {
        const std::size_t oldest = held_ < times_.size() ? 0 : next_;
        std::size_t low = 0;
        std::size_t high = held_;
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            std::size_t place = oldest + middle;
            place = place >= times_.size() ? place - times_.size() : place;
            if (times_[place] + window_ns_ > now) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return held_ - low;
    }

    std::vector<risk::MonotonicNs> times_;  // a ring; `next_` is the oldest once it is full
    risk::MonotonicNs window_ns_;
    std::size_t next_ = 0;
    std::size_t held_ = 0;
};

}  // namespace fairlead::gateway
