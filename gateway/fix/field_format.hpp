// What the value of a FIX field must look like, by its data type. The dictionary's table names a format for
// each tag; judge() says whether a value is of it. Not the meaning of a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/fix/words8.hpp"

namespace fairlead::fix {

enum class Format : std::uint8_t {
    string,  // printable ASCII
    text,    // any characters but control ones: Text may be in the sender's encoding
    data,    // any byte
    character,
    boolean,
    integer,
    number,  // SeqNum, Length: digits only
    quantity,
    price,
    time,
    currency,
};

enum class FormatFault : std::uint8_t {
    none = 0,
    format = 1,  // not of this type
    range = 2,   // of this type, but larger than can be held
};

// The whole rule, character by character. A value with more decimals than can be held is no fault here: the
// translation names the tick or lot rule.
[[nodiscard]] FormatFault judge_closely(Format format, std::string_view value) noexcept;

// Whether a price of at most eight characters is digits with at most one point and four decimals.
[[nodiscard]] inline bool is_plain_price(std::uint64_t word, std::size_t length) noexcept {
    const std::uint64_t points = places_of(word, '.');
    const std::uint64_t first = points & (0 - points);  // the first point's top bit
    const std::uint64_t digits = word ^ (first >> 7) * ('.' ^ '0');
    if (!all_digits(digits)) {
        return false;  // a second point is no digit either
    }
    const auto point = first == 0 ? length : static_cast<std::size_t>(std::countr_zero(first)) / 8;
    return point == length || (length > 1 && length - point <= 5);
}

// `value` is not empty and stands in a message: eight bytes from its first one on can be read, since an SOH
// and "10=nnn|" stand behind every value. What is common is judged a word at a time, all else closely.
[[nodiscard]] inline FormatFault judge(Format format, std::string_view value) noexcept {
    const std::size_t length = value.size();
    if (length <= sizeof(std::uint64_t)) {
        const std::uint64_t word = load_word(value.data());
        switch (format) {
            case Format::string:
                if (all_printable(padded_word(word, length, ' '))) {
                    return FormatFault::none;
                }
                break;
            case Format::integer:
            case Format::number:
            case Format::quantity:
                if (all_digits(padded_word(word, length, '0'))) {
                    return FormatFault::none;
                }
                break;
            case Format::price:
                if (is_plain_price(padded_word(word, length, '0'), length)) {
                    return FormatFault::none;
                }
                break;
            case Format::character:
                return length == 1 ? FormatFault::none : FormatFault::format;
            default:
                break;
        }
    } else if (format == Format::string) {
        std::uint64_t word = load_word(value.data() + length - sizeof word);
        bool printable = all_printable(word);
        for (std::size_t at = 0; printable && at + sizeof word < length; at += sizeof word) {
            printable = all_printable(load_word(value.data() + at));
        }
        return printable ? FormatFault::none : FormatFault::format;
    }
    return judge_closely(format, value);
}

}  // namespace fairlead::fix
