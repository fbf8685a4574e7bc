// CRC-32C (Castagnoli): the sum that finds accidents in records and frames. Not a defence against
// intent: that is the hash chain. Called on the order thread for each record, so it is inline; the
// instruction set the programs are built for decides between the instruction and the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace fairlead::audit {

namespace detail {
[[nodiscard]] constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
        }
        table[i] = value;
    }
    return table;
}
inline constexpr std::array<std::uint32_t, 256> crc_lookup = crc_table();
}  // namespace detail

// The running value begins and ends inverted: start with crc_begin, finish with crc_end.
inline constexpr std::uint32_t crc_begin = 0xFFFFFFFFU;
[[nodiscard]] constexpr std::uint32_t crc_end(std::uint32_t running) noexcept {
    return ~running;
}

[[nodiscard]] inline std::uint32_t crc_by_table(std::uint32_t running,
                                                std::span<const std::byte> bytes) noexcept {
    for (const std::byte byte : bytes) {
        running = (running >> 8) ^ detail::crc_lookup[(running ^ std::to_integer<std::uint32_t>(byte)) & 255];
    }
    return running;
}

[[nodiscard]] inline std::uint32_t crc_update(std::uint32_t running,
                                              std::span<const std::byte> bytes) noexcept {
#ifdef __SSE4_2__
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t wide = running;
    const auto take_word = [&wide](const std::byte* from) {
        std::uint64_t word = 0;
        std::memcpy(&word, from, 8);
        wide = _mm_crc32_u64(wide, word);
    };
    for (; left >= 64; left -= 64, at += 64) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 64; i += 8) {
            take_word(at + i);
        }
    }
    for (; left >= 8; left -= 8, at += 8) {
        take_word(at);
    }
    auto narrow = static_cast<std::uint32_t>(wide);
    for (; left > 0; --left, ++at) {
        narrow = _mm_crc32_u8(narrow, std::to_integer<unsigned char>(*at));
    }
    return narrow;
#else
    return crc_by_table(running, bytes);
#endif
}

[[nodiscard]] inline std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
    return crc_end(crc_update(crc_begin, bytes));
}

}  // namespace fairlead::audit
