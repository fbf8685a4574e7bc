// Values: text of FIX fields to numbers, prices and times, and back. No allocation, nothing wraps: what
// does not fit is an answer. Not the meaning of a value (that is the dictionary and the translation).
// Called by the reader, the dictionary, the session and the translations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "gateway/fix/words8.hpp"
#include "risk/words.hpp"

namespace fairlead::fix {

inline constexpr char soh = '\x01';

enum class ValueError : std::uint8_t {
    none = 0,
    format = 1,     // not of this type: signs, letters, empty
    range = 2,      // of this type, but larger than can be held
    precision = 3,  // a number with more decimals than can be held
};

template <class T>
struct Parsed {
    T value{};
    ValueError error = ValueError::none;
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return error == ValueError::none; }
};

// Digits only, leading zeros allowed.
[[nodiscard]] constexpr Parsed<std::uint64_t> parse_unsigned(std::string_view text) noexcept {
    if (text.empty()) {
        return {0, ValueError::format};
    }
    if (!std::is_constant_evaluated() && text.size() <= 8) {
        const std::uint64_t word = short_word(text.data(), text.size());
        return all_digits(padded_word(word, text.size(), '0'))
                   ? Parsed<std::uint64_t>{short_digits(word, text.size())}
                   : Parsed<std::uint64_t>{0, ValueError::format};
    }
    std::uint64_t value = 0;
    bool over = false;
    for (const char character : text) {
        const auto digit = static_cast<unsigned char>(character - '0');
        if (digit > 9) {
            return {0, ValueError::format};
        }
        over = over || value > (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    return over ? Parsed<std::uint64_t>{0, ValueError::range} : Parsed<std::uint64_t>{value};
}

// Digits, or a minus and digits. A plus is not FIX.
[[nodiscard]] constexpr Parsed<std::int64_t> parse_signed(std::string_view text) noexcept {
    const bool negative = !text.empty() && text.front() == '-';
    const auto magnitude = parse_unsigned(negative ? text.substr(1) : text);
    if (!magnitude) {
        return {0, magnitude.error};
    }
    if (magnitude.value > static_cast<std::uint64_t>(INT64_MAX)) {
        return {0, ValueError::range};
    }
    const auto value = static_cast<std::int64_t>(magnitude.value);
    return {negative ? -value : value};
}

// What nearly every price and quantity is: digits, at most one point between them and no more decimals than
// asked for, eight characters in all. False: not of that kind, whatever it is.
[[nodiscard]] inline bool parse_short_decimal(std::string_view text, unsigned decimals,
                                              std::int64_t& value) noexcept {
    constexpr std::int64_t powers[] = {1, 10, 100, 1'000, 10'000};
    if (text.empty() || text.size() > 8 || decimals > 4) {
        return false;
    }
    const std::uint64_t word = short_word(text.data(), text.size());
    const std::uint64_t points = places_of(word, '.');
    if (points == 0) {
        value = std::int64_t{short_digits(word, text.size())} * powers[decimals];
        return all_digits(padded_word(word, text.size(), '0'));
    }
    const auto whole = static_cast<std::size_t>(std::countr_zero(points)) / 8;
    const std::size_t fraction = text.size() - whole - 1;
    if (whole == 0 || fraction == 0 || fraction > decimals) {
        return false;
    }
    const std::uint64_t before = (std::uint64_t{1} << (8 * whole)) - 1;
    const std::uint64_t digits = (word & before) | (word >> 8 & ~before);
    value = std::int64_t{short_digits(digits, text.size() - 1)} * powers[decimals - fraction];
    return all_digits(padded_word(digits, text.size() - 1, '0'));
}

// A FIX float in units of 1/10^decimals: "12.5" with 4 decimals is 125,000. Zeros beyond the decimals
// are allowed, other digits there are a precision error.
[[nodiscard]] constexpr Parsed<std::int64_t> parse_decimal(std::string_view text,
                                                           unsigned decimals) noexcept {
    if (!std::is_constant_evaluated()) {
        std::int64_t quick = 0;
        if (parse_short_decimal(text, decimals, quick)) {
            return {quick};
        }
    }
    const bool negative = !text.empty() && text.front() == '-';
    std::size_t at = negative ? 1 : 0;
    std::uint64_t value = 0;
    std::size_t digits = 0;
    unsigned fraction = 0;
    bool point = false;
    bool over = false;
    bool finer = false;
    constexpr auto limit = static_cast<std::uint64_t>(INT64_MAX);
    for (; at < text.size(); ++at) {
        if (text[at] == '.' && !point) {
            point = true;
            continue;
        }
        const auto digit = static_cast<unsigned char>(text[at] - '0');
        if (digit > 9) {
            return {0, ValueError::format};
        }
        ++digits;
        if (point && fraction == decimals) {
            finer = finer || digit != 0;
            continue;
        }
        fraction += point ? 1U : 0U;
        over = over || value > (limit - digit) / 10;
        value = over ? 0 : value * 10 + digit;
    }
    if (digits == 0) {
        return {0, ValueError::format};
    }
    for (; fraction < decimals; ++fraction) {
        over = over || value > limit / 10;
        value = over ? 0 : value * 10;
    }
    if (over || finer) {
        return {0, over ? ValueError::range : ValueError::precision};
    }
    const auto result = static_cast<std::int64_t>(value);
    return {negative ? -result : result};
}

// NTD with up to four decimals, in 1/10,000 NTD.
[[nodiscard]] constexpr Parsed<risk::Price> parse_price(std::string_view text) noexcept {
    return parse_decimal(text, 4);
}
// Shares: whole, though FIX allows "200.00".
[[nodiscard]] constexpr Parsed<risk::Quantity> parse_quantity(std::string_view text) noexcept {
    return parse_decimal(text, 0);
}

[[nodiscard]] constexpr Parsed<char> parse_char(std::string_view text) noexcept {
    return text.size() == 1 ? Parsed<char>{text.front()} : Parsed<char>{'\0', ValueError::format};
}
[[nodiscard]] constexpr Parsed<bool> parse_boolean(std::string_view text) noexcept {
    if (text == "Y" || text == "N") {
        return {text == "Y"};
    }
    return {false, ValueError::format};
}

// A value of a message as fixed text of at most N characters, a word at a time. Eight bytes from any of its
// own on can be read: an SOH and "10=nnn|" stand behind every value.
template <std::size_t N>
[[nodiscard]] inline risk::Text<N> text_of(std::string_view value) noexcept {
    static_assert(N % sizeof(std::uint64_t) == 0);
    risk::Text<N> text;
    for (std::size_t at = 0; at < N && at < value.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t word = padded_word(load_word(value.data() + at), value.size() - at, '\0');
        std::memcpy(text.bytes.data() + at, &word, sizeof word);
    }
    return text;
}

// Days since 1970-01-01 of a date of the Gregorian calendar, and back.
[[nodiscard]] constexpr std::int64_t days_from_date(std::int64_t year, unsigned month,
                                                    unsigned day) noexcept {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

struct Date {
    std::int64_t year = 1970;
    unsigned month = 1;
    unsigned day = 1;
};
[[nodiscard]] constexpr Date date_from_days(std::int64_t days) noexcept {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
            day_of_year - (153 * shifted + 2) / 5 + 1};
}

inline constexpr std::int64_t second_ns = 1'000'000'000;
inline constexpr std::int64_t day_ns = 86'400 * second_ns;

// UTCTimestamp: 20260102-03:04:05 with 0, 3, 6 or 9 decimals. Second 60 (a leap second) is the second
// after 59. Years 1970 .. 2261.
[[nodiscard]] Parsed<risk::UtcNs> parse_time(std::string_view text) noexcept;

enum class TimeResolution : std::uint8_t { seconds = 0, millis = 3, micros = 6, nanos = 9 };
inline constexpr std::size_t time_text_max = 27;
inline constexpr std::size_t number_text_max = 20;

// The writers return the end of what they wrote; the caller gives the room (see the *_max above).
[[nodiscard]] char* format_unsigned(char* out, std::uint64_t value) noexcept;
[[nodiscard]] char* format_signed(char* out, std::int64_t value) noexcept;
// Three digits of a number below a thousand.
inline void put_three_digits(char* out, std::uint32_t value) noexcept {
    const std::uint32_t tens = value / 10;
    const std::uint32_t hundreds = value / 100;
    const std::uint32_t text =
        (hundreds | (tens - 10 * hundreds) << 8 | (value - 10 * tens) << 16) + 0x303030;
    std::memcpy(out, &text, 3);
}
// With zeros on the left to `width` digits; a longer number keeps all its digits.
[[nodiscard]] char* format_padded(char* out, std::uint64_t value, unsigned width) noexcept;
// 1/10,000 NTD as NTD without zeros at the end: 12.5, 100, -0.01.
[[nodiscard]] char* format_price(char* out, risk::Price value) noexcept;

// Writes UTCTimestamps, keeping the text of the last second: it costs once a second, not once a message.
class TimeWriter {
  public:
    [[nodiscard]] char* write(char* out, risk::UtcNs utc_ns, TimeResolution resolution) noexcept;

  private:
    void render(std::int64_t second) noexcept;

    std::int64_t second_ = INT64_MIN;  // since 1970
    char text_[24]{};                  // 20260102-03:04:05.
};

}  // namespace fairlead::fix
