// OpenMarks: one bit an order, set while it is open. A mass effect over a day of ten million orders, most of
// them ended, looks at the open ones only. Derived from the orders: no part of the state or its digest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace fairlead::risk {

class OpenMarks {
  public:
    explicit OpenMarks(std::uint32_t slots_max) : words_(words_of(slots_max)) {}

    // For slots up to this one; those there are stay as they are.
    void lengthen(std::uint32_t slots_max) { words_.resize(std::max(words_.size(), words_of(slots_max))); }

    void set(std::uint32_t slot) noexcept { words_[slot / bits] |= bit(slot); }
    void clear(std::uint32_t slot) noexcept { words_[slot / bits] &= ~bit(slot); }
    void clear() noexcept { std::fill(words_.begin(), words_.end(), 0); }

    // The first open slot at or behind this one within its word of 64 slots; 0 = none there, go on at
    // `behind_word`. Slots count from 1.
    [[nodiscard]] std::uint32_t next_in_word(std::uint32_t slot) const noexcept {
        const std::uint64_t left = words_[slot / bits] >> (slot % bits);
        return left == 0 ? 0 : slot + static_cast<std::uint32_t>(std::countr_zero(left));
    }
    [[nodiscard]] static std::uint32_t behind_word(std::uint32_t slot) noexcept {
        return (slot / bits + 1) * bits;
    }

  private:
    static constexpr std::uint32_t bits = 64;
    [[nodiscard]] static std::size_t words_of(std::uint32_t slots_max) noexcept {
        return slots_max / bits + 1;
    }
    [[nodiscard]] static std::uint64_t bit(std::uint32_t slot) noexcept {
        return std::uint64_t{1} << (slot % bits);
    }

    std::vector<std::uint64_t> words_;
};

}  // namespace fairlead::risk
