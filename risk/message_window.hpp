// MessageWindow: how many commands came within the last second, in seventeen buckets of 1/16 s.
// Never lets more than the rate pass in any second; a command may be let in again up to 1/16 s late,
// because the oldest bucket counts whole. Kept by the Ledger for each session and investor.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "risk/record.hpp"

namespace fairlead::risk {

// A rate that lets nothing pass; a rate of 0 is no limit.
inline constexpr std::uint32_t message_rate_none = UINT32_MAX;

struct MessageWindow {
    static constexpr std::int64_t bucket_ns = 1'000'000'000 / 16;
    static constexpr std::size_t bucket_count = 17;

    std::int64_t bucket = 0;  // number of the newest bucket since 1970
    std::uint32_t sum = 0;    // of all counts
    std::array<std::uint16_t, bucket_count> counts{};
    std::uint16_t reserved = 0;

    // Counts the command and says true, or says false and counts nothing. Rate 0 = not limited.
    [[nodiscard]] bool admit(UtcNs now, std::uint32_t rate) noexcept {
        if (rate == 0) {
            return true;
        }
        // A stamp older than the newest bucket competes in the newest: time never goes back here.
        const std::int64_t reached = std::max(bucket, now / bucket_ns);
        if (reached - bucket >= static_cast<std::int64_t>(bucket_count)) {
            counts.fill(0);
            sum = 0;
        } else {
            for (std::int64_t stale = bucket + 1; stale <= reached; ++stale) {
                sum -= counts[place(stale)];
                counts[place(stale)] = 0;
            }
        }
        bucket = reached;
        std::uint16_t& newest = counts[place(reached)];
        if (sum >= rate || rate == message_rate_none || newest == UINT16_MAX) {
            return false;
        }
        ++newest;
        ++sum;
        return true;
    }

  private:
    [[nodiscard]] static std::size_t place(std::int64_t number) noexcept {
        return static_cast<std::uint64_t>(number) % bucket_count;
    }
};
static_assert(is_plain<MessageWindow>);

}  // namespace fairlead::risk
