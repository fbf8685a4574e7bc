// FlatIndex: open addressing from a 64-bit hash to a row number; the rows live in the owner's arrays.
// Sized once, never grows, never erases (only `clear`); nothing iterates it, so neither its capacity
// nor its seed can move a Decision. Used by the Ledger for every look-up by key.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "risk/assert.hpp"
#include "risk/words.hpp"

namespace fairlead::risk {

// Multiplies to 128 bits and folds: every input bit reaches every output bit.
[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Hash of a plain value, eight bytes at a time. The seed keeps clients from choosing colliding ids.
template <class T>
[[nodiscard]] std::uint64_t hash_of(const T& value, std::uint64_t seed) noexcept {
    static_assert(std::has_unique_object_representations_v<T>);
    std::uint64_t state = seed ^ 0x9E3779B97F4A7C15ULL;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
#pragma GCC unroll 8
    for (std::size_t at = 0; at < sizeof(T); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + at, std::min<std::size_t>(8, sizeof(T) - at));
        state = fold(state ^ word, 0xD6E8FEB86659FD93ULL) + 0xA0761D6478BD642FULL;
    }
    return fold(state, seed ^ 0xE7037ED1A0B428DBULL);
}

class FlatIndex {
  public:
    // Holds up to rows_max rows at a load of at most one half.
    explicit FlatIndex(std::uint32_t rows_max)
        : cells_(std::bit_ceil(std::max<std::uint64_t>(16, std::uint64_t{rows_max} * 2))),
          mask_(cells_.size() - 1) {}

    // The row of this hash for which `same(row)` holds; 0 = none. Rows count from 1.
    template <class Same>
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same&& same) const noexcept {
        for (std::uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
            const std::uint64_t cell = cells_[at];
            if (cell == 0) {
                return 0;
            }
            if ((cell ^ hash) >> 32 == 0 && same(static_cast<std::uint32_t>(cell))) {
                return static_cast<std::uint32_t>(cell);
            }
        }
    }

    // The caller has made sure that the key is not in yet and that rows_max is kept.
    void insert(std::uint64_t hash, std::uint32_t row) noexcept {
        require(row != 0 && used_ * 2 < cells_.size(), "a flat index keeps half of its cells free");
        std::uint64_t at = hash & mask_;
        while (cells_[at] != 0) {
            at = (at + 1) & mask_;
        }
        cells_[at] = (hash & 0xFFFFFFFF00000000ULL) | row;
        ++used_;
    }

    void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(&cells_[hash & mask_]); }

    [[nodiscard]] bool full() const noexcept { return used_ * 2 >= cells_.size(); }

    void clear() noexcept {
        std::fill(cells_.begin(), cells_.end(), 0);
        used_ = 0;
    }

  private:
    std::vector<std::uint64_t> cells_;  // high half of the hash, row number; 0 = empty
    std::uint64_t mask_;
    std::uint64_t used_ = 0;
};

}  // namespace fairlead::risk
