// Eight characters at a time: what the reader, the dictionary and the values ask of short texts, by integer
// arithmetic on one machine word. Pure functions; little-endian hosts only, which is checked.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace fairlead::fix {

static_assert(std::endian::native == std::endian::little, "the first character is a word's lowest byte");

inline constexpr std::uint64_t each_byte = 0x0101010101010101;
inline constexpr std::uint64_t each_top = 0x8080808080808080;

// The eight bytes at `text`, all of which must be readable.
[[nodiscard]] inline std::uint64_t load_word(const char* text) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    return word;
}

// The `length` (1 to 8) characters at `text`, with zeros behind them. Reads no other byte.
[[nodiscard]] inline std::uint64_t short_word(const char* text, std::size_t length) noexcept {
    if (length >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, text, 4);
        std::memcpy(&last, text + length - 4, 4);
        return first | std::uint64_t{last} << (8 * (length - 4));
    }
    const auto byte = [text](std::size_t at) {
        return std::uint64_t{static_cast<unsigned char>(text[at])} << (8 * at);
    };
    return byte(0) | byte(length / 2) | byte(length - 1);
}

// The first `length` (0 to 8) characters, with `pad` behind them.
[[nodiscard]] inline std::uint64_t padded_word(std::uint64_t word, std::size_t length, char pad) noexcept {
    if (length >= sizeof word) {
        return word;
    }
    const std::uint64_t kept = (std::uint64_t{1} << (8 * length)) - 1;
    return (word & kept) | (each_byte * static_cast<unsigned char>(pad) & ~kept);
}

// Whether two short texts are the same, without a call.
[[nodiscard]] inline bool same_text(std::string_view a, std::string_view b) noexcept {
    const std::size_t size = a.size();
    if (size != b.size()) {
        return false;
    }
    if (size <= 8) {
        return size == 0 || short_word(a.data(), size) == short_word(b.data(), size);
    }
    std::uint64_t different = load_word(a.data() + size - 8) ^ load_word(b.data() + size - 8);
    for (std::size_t at = 0; at + 8 < size; at += 8) {
        different |= load_word(a.data() + at) ^ load_word(b.data() + at);
    }
    return different == 0;
}

// Every character from ' ' to '~'.
[[nodiscard]] inline bool all_printable(std::uint64_t word) noexcept {
    return ((word | (word - each_byte * ' ') | (word + each_byte)) & each_top) == 0;
}
// Every character from '0' to '9'.
[[nodiscard]] inline bool all_digits(std::uint64_t word) noexcept {
    const std::uint64_t digits = word ^ each_byte * '0';
    return ((digits | (digits + each_byte * 0x76)) & each_top) == 0;
}
// The top bit of every byte below the lowest occurrence of `character`, and of that, is right; beyond it
// bytes one above may be marked too.
[[nodiscard]] inline std::uint64_t places_of(std::uint64_t word, char character) noexcept {
    const std::uint64_t other = word ^ each_byte * static_cast<unsigned char>(character);
    return (other - each_byte) & ~other & each_top;
}

// The number eight digits name, the first the highest.
[[nodiscard]] inline std::uint32_t eight_digits(std::uint64_t word) noexcept {
    word = (word & each_byte * 0x0F) * 2561 >> 8;
    word = (word & 0x00FF00FF00FF00FF) * 6553601 >> 16;
    return static_cast<std::uint32_t>((word & 0x0000FFFF0000FFFF) * 42949672960001 >> 32);
}

// The number up to eight digits name: a short_word of nothing else.
[[nodiscard]] inline std::uint32_t short_digits(std::uint64_t word, std::size_t length) noexcept {
    return eight_digits(word << (8 * (8 - length)));
}

// And back: the eight digits of a number below 100,000,000, with zeros on the left.
[[nodiscard]] inline std::uint64_t eight_digit_text(std::uint32_t number) noexcept {
    // By halves: two groups of four digits, four of two, eight of one.
    std::uint64_t word = number / 10'000 | std::uint64_t{number % 10'000} << 32;
    const std::uint64_t hundreds = (word * 10'486 >> 20) & 0x0000007F0000007F;
    word = hundreds | (word - 100 * hundreds) << 16;
    const std::uint64_t tens = (word * 103 >> 10) & 0x000F000F000F000F;
    word = tens | (word - 10 * tens) << 8;
    return word | each_byte * '0';
}

}  // namespace fairlead::fix
