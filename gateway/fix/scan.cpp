// See scan.hpp.
#include "gateway/fix/scan.hpp"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

#include "gateway/fix/values.hpp"

namespace fairlead::fix {

namespace {

constexpr std::size_t width = sizeof(__m128i);

// What is found in some blocks, carried from one to the next.
struct Found {
    __m128i sums = _mm_setzero_si128();
    __m128i odd = _mm_setzero_si128();  // not zero where a byte is neither printable nor SOH

    // The SOHs of a block, one bit each.
    std::uint64_t look(__m128i block) noexcept {
        sums = _mm_add_epi64(sums, _mm_sad_epu8(block, _mm_setzero_si128()));
        const __m128i is_soh = _mm_cmpeq_epi8(block, _mm_set1_epi8(soh));
        // Signed: control characters and all beyond ASCII are below a space.
        const __m128i below = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
        const __m128i is_delete = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f));
        odd = _mm_or_si128(odd, _mm_or_si128(_mm_andnot_si128(is_soh, below), is_delete));
        return static_cast<unsigned>(_mm_movemask_epi8(is_soh));
    }
};

__m128i block_at(const char* at) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// Adds the places of the bits, counted from `base`.
std::uint16_t* put(std::uint64_t bits, std::size_t base, std::uint16_t* to) noexcept {
    constexpr int at_once = 8;
    std::uint16_t* const next = to + std::popcount(bits);
    do {
        for (int i = 0; i < at_once; ++i) {
            to[i] = static_cast<std::uint16_t>(base + static_cast<unsigned>(std::countr_zero(bits)));
            bits &= bits - 1;
        }
        to += at_once;
    } while (bits != 0);
    return next;
}

}  // namespace

Scan::Scan(const char* bytes, std::size_t size) noexcept {
    if (size < width) {
        std::array<char, width> padded;
        padded.fill(' ');
        std::copy_n(bytes, size, padded.data());
        *this = Scan(padded.data(), width);
        sum = static_cast<std::uint8_t>(sum - (width - size) * ' ');
        return;
    }
    Found found;
    std::uint16_t* to = ends.data();
    const std::uint16_t* const last = to + ends_max;
    std::size_t at = 0;
    for (; at + 4 * width <= size && to < last; at += 4 * width) {
        std::uint64_t places = found.look(block_at(bytes + at));
        places |= found.look(block_at(bytes + at + width)) << width;
        places |= found.look(block_at(bytes + at + 2 * width)) << 2 * width;
        places |= found.look(block_at(bytes + at + 3 * width)) << 3 * width;
        to = put(places, at, to);
    }
    if (at < size && to < last) {
        const std::size_t base = at;
        std::uint64_t places = 0;
        for (; at + width <= size; at += width) {
            places |= found.look(block_at(bytes + at)) << (at - base);
        }
        if (at < size) {
            // The last 16 bytes once more, those seen before made printable and taken from the sum.
            const std::size_t seen = width - (size - at);
            const __m128i numbers = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            const __m128i old = _mm_cmplt_epi8(numbers, _mm_set1_epi8(static_cast<char>(seen)));
            const __m128i block = _mm_or_si128(_mm_andnot_si128(old, block_at(bytes + size - width)),
                                               _mm_and_si128(old, _mm_set1_epi8(' ')));
            places |= found.look(block) >> seen << (at - base);
            sum = static_cast<std::uint8_t>(0 - seen * ' ');
        }
        to = put(places, base, to);
        at = size;
    }
    const __m128i sums = found.sums;
    sum = static_cast<std::uint8_t>(sum +
                                    _mm_cvtsi128_si64(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums))));
    count = static_cast<std::size_t>(to - ends.data());
    whole = at >= size && count <= ends_max;
    printable = _mm_movemask_epi8(found.odd) == 0;
}

}  // namespace fairlead::fix
