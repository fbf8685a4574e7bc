// Hooks: time stands still unless told to go on, receive stamps are of that time, and memory taken is
// counted: what the budget's programs measure is then the same in every run. Not part of the gateway;
// linking hooks.cpp into a program puts these in the place of the C library's own.
#pragma once

#include <cstdint>

namespace fairlead::budget {

// Nanoseconds both clocks go on by; they start at a fixed moment of a trading day.
void advance_ns(std::int64_t by) noexcept;
[[nodiscard]] std::int64_t utc_now_ns() noexcept;
// Of this machine, for timing.
[[nodiscard]] std::int64_t true_monotonic_ns() noexcept;

// Counts of this thread since the program began.
struct Counts {
    std::uint64_t clock_looks = 0;
    std::uint64_t memory_taken = 0;
};
[[nodiscard]] Counts counts() noexcept;

}  // namespace fairlead::budget
