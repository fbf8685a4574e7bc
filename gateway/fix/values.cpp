// See values.hpp.
#include "gateway/fix/values.hpp"

#include <array>
#include <charconv>

#include "gateway/fix/words8.hpp"

namespace fairlead::fix {

namespace {

// `count` digits, or -1.
constexpr int digits(const char* text, unsigned count) noexcept {
    int value = 0;
    for (unsigned i = 0; i < count; ++i) {
        const auto digit = static_cast<unsigned char>(text[i] - '0');
        if (digit > 9) {
            return -1;
        }
        value = value * 10 + digit;
    }
    return value;
}

constexpr unsigned days_in_month(int year, unsigned month) noexcept {
    constexpr unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29U : days[month - 1];
}

// The two digits of 0 .. 99, of every number.
constexpr auto digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();

// The last `width` digits of a number, with zeros on the left.
void put_digits(char* out, std::uint64_t value, unsigned width) noexcept {
    unsigned left = width;
    for (; left >= 2; left -= 2) {
        std::memcpy(out + left - 2, digit_pairs.data() + 2 * (value % 100), 2);
        value /= 100;
    }
    if (left == 1) {
        *out = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

namespace {

// The last minute read, as text and as nanoseconds: of a message's times nearly all begin with it.
struct MinuteRead {
    std::uint64_t first = 0;   // "20260102"
    std::uint64_t second = 0;  // "2-03:04:"
    risk::UtcNs ns = 0;
};
thread_local MinuteRead minute_read;  // NOLINT: of this thread alone

// Seconds and their decimals, behind a minute's 15 characters; -1 = not read here.
std::int64_t read_seconds(const char* at, std::size_t decimals) noexcept {
    const auto digit = [](char character) {
        return static_cast<unsigned>(static_cast<unsigned char>(character)) - '0';
    };
    const unsigned tens = digit(at[0]);
    const unsigned ones = digit(at[1]);
    if (tens > 5 || ones > 9) {
        return -1;
    }
    const std::int64_t seconds_ns = std::int64_t{tens * 10 + ones} * second_ns;
    if (decimals == 0) {
        return seconds_ns;
    }
    const std::uint64_t word = short_word(at + 3, decimals);
    if (at[2] != '.' || !all_digits(padded_word(word, decimals, '0'))) {
        return -1;
    }
    return seconds_ns + std::int64_t{short_digits(word, decimals)} * (decimals == 3 ? 1'000'000 : 1'000);
}

Parsed<risk::UtcNs> read_time(std::string_view text) noexcept {
    constexpr Parsed<risk::UtcNs> bad{0, ValueError::format};
    const char* at = text.data();
    const std::uint64_t date = load_word(at);
    // "hh:mm:ss" without its zeros and colons: digits where they belong, nothing where the colons stood.
    std::uint64_t clock = 0;
    std::memcpy(&clock, "00:00:00", sizeof clock);
    clock ^= load_word(at + 9);
    constexpr std::uint64_t clock_bound = 0x76767F76767F7676;  // to bit 7 from above 9, or from above 0
    if (!all_digits(date) || ((clock | (clock + clock_bound)) & each_top) != 0 || at[8] != '-') {
        return bad;
    }
    const std::uint32_t ymd = eight_digits(date);
    const auto year = static_cast<int>(ymd / 10'000);
    const unsigned month = ymd / 100 % 100;
    const unsigned day = ymd % 100;
    const auto two = [clock](unsigned place) {
        return static_cast<unsigned>((clock >> (8 * place) & 0xff) * 10 + (clock >> (8 * place + 8) & 0xff));
    };
    const unsigned hour = two(0);
    const unsigned minute = two(3);
    const unsigned second = two(6);
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 ||
        second > 60) {
        return bad;
    }
    std::int64_t fraction_ns = 0;
    if (text.size() > 17) {
        const auto decimals = static_cast<unsigned>(text.size() - 18);
        const int fraction = digits(at + 18, decimals);
        if (at[17] != '.' || fraction < 0) {
            return bad;
        }
        fraction_ns = std::int64_t{fraction} * (decimals == 3 ? 1'000'000 : decimals == 6 ? 1'000 : 1);
    }
    if (year < 1970 || year > 2261) {
        return {0, ValueError::range};
    }
    const std::int64_t days = days_from_date(year, month, day);
    const std::int64_t of_day = (std::int64_t{hour} * 60 + minute) * 60 + second;
    return {days * day_ns + of_day * second_ns + fraction_ns};
}

// Any time, not of the minute last read or not to milliseconds.
[[gnu::noinline]] Parsed<risk::UtcNs> parse_any_time(std::string_view text) noexcept {
    const bool length_known =
        text.size() == 17 || text.size() == 21 || text.size() == 24 || text.size() == 27;
    if (!length_known) {
        return {0, ValueError::format};
    }
    const char* at = text.data();
    const std::uint64_t first = load_word(at);
    const std::uint64_t second = load_word(at + 7);
    if (first == minute_read.first && second == minute_read.second && text.size() <= 24) {
        const std::int64_t of_minute = read_seconds(at + 15, text.size() == 17 ? 0 : text.size() - 18);
        if (of_minute >= 0) {
            return {minute_read.ns + of_minute};
        }
    }
    const Parsed<risk::UtcNs> found = read_time(text);
    if (found) {
        const std::int64_t minute_ns = 60 * second_ns;
        const bool leap = at[15] == '6';  // it belongs to the minute after
        minute_read = {first, second, found.value / minute_ns * minute_ns - (leap ? minute_ns : 0)};
    }
    return found;
}

}  // namespace

// Milliseconds of the minute last read: nearly every time of every message, and each is read twice, once to
// judge the message and once for what it says.
Parsed<risk::UtcNs> parse_time(std::string_view text) noexcept {
    if (text.size() == 21) [[likely]] {
        const char* at = text.data();
        const std::uint64_t word = load_word(at + 13);  // "4:05.678"
        constexpr std::uint64_t others = 0x000000ff0000ffff;
        const std::uint64_t digits = (word & ~others) | (each_byte * '0' & others);  // "00050678"
        const std::uint32_t number = eight_digits(digits);
        const std::uint32_t second = number / 10'000;
        if (load_word(at) == minute_read.first && load_word(at + 7) == minute_read.second &&
            all_digits(digits) && at[17] == '.' && second < 60) {
            return {minute_read.ns + std::int64_t{number - 9'000 * second} * 1'000'000};
        }
    }
    return parse_any_time(text);
}

char* format_unsigned(char* out, std::uint64_t value) noexcept {
    if (value < 10) {  // nothing filled, nothing left
        *out = static_cast<char>('0' + value);
        return out + 1;
    }
    if (value >= 100'000'000) {
        return std::to_chars(out, out + number_text_max, value).ptr;
    }
    const std::uint64_t digits = eight_digit_text(static_cast<std::uint32_t>(value));
    // The zeros on the left, but for the last digit.
    const auto zeros =
        static_cast<unsigned>(std::countr_zero((digits ^ each_byte * '0') | std::uint64_t{1} << 56) / 8);
    const std::uint64_t text = digits >> (8 * zeros);
    std::memcpy(out, &text, sizeof text);
    return out + 8 - zeros;
}

char* format_signed(char* out, std::int64_t value) noexcept {
    if (value >= 0) {
        return format_unsigned(out, static_cast<std::uint64_t>(value));
    }
    *out++ = '-';
    // Negated as unsigned, so that the least value has no special case.
    return format_unsigned(out, 0 - static_cast<std::uint64_t>(value));
}

char* format_padded(char* out, std::uint64_t value, unsigned width) noexcept {
    constexpr std::uint64_t twelve_digits = 1'000'000'000'000;
    if (width == 12 && value < twelve_digits) {  // an order's key, a Record's number
        const std::uint64_t high = value / 100'000'000;
        const std::uint64_t low = eight_digit_text(static_cast<std::uint32_t>(value % 100'000'000));
        const std::uint64_t first = eight_digit_text(static_cast<std::uint32_t>(high)) >> 32;
        std::memcpy(out, &first, 4);
        std::memcpy(out + 4, &low, 8);
        return out + 12;
    }
    constexpr std::uint64_t powers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000};
    if (width != 0 && width < std::size(powers) && value < powers[width]) {
        const std::uint64_t text = eight_digit_text(static_cast<std::uint32_t>(value)) >> (64 - 8 * width);
        if (width >= 4) {  // nothing behind the last digit is written
            const auto first = static_cast<std::uint32_t>(text);
            const auto last = static_cast<std::uint32_t>(text >> (8 * (width - 4)));
            std::memcpy(out, &first, sizeof first);
            std::memcpy(out + width - 4, &last, sizeof last);
        } else {
            for (unsigned i = 0; i < width; ++i) {
                out[i] = static_cast<char>(text >> (8 * i));
            }
        }
        return out + width;
    }
    char buffer[number_text_max];
    const char* end = format_unsigned(buffer, value);
    const auto length = static_cast<std::size_t>(end - buffer);
    for (std::size_t i = length; i < width; ++i) {
        *out++ = '0';
    }
    std::memcpy(out, buffer, length);
    return out + length;
}

char* format_price(char* out, risk::Price value) noexcept {
    std::uint64_t left = static_cast<std::uint64_t>(value);
    if (value < 0) {
        *out++ = '-';
        left = 0 - left;
    }
    out = format_unsigned(out, left / 10'000);
    std::uint64_t rest = left % 10'000;
    if (rest == 0) {
        return out;
    }
    unsigned width = 4;
    for (; rest % 10 == 0; rest /= 10) {
        --width;
    }
    *out++ = '.';
    put_digits(out, rest, width);
    return out + width;
}

char* TimeWriter::write(char* out, risk::UtcNs utc_ns, TimeResolution resolution) noexcept {
    // Times before 1970 are no times of ours; they are written as 1970 rather than malformed.
    const auto safe_ns = static_cast<std::uint64_t>(utc_ns < 0 ? 0 : utc_ns);
    const auto second = static_cast<std::int64_t>(safe_ns / 1'000'000'000U);
    const auto fraction_ns = static_cast<std::uint32_t>(safe_ns % 1'000'000'000U);
    if (second != second_) {
        render(second);
    }
    std::memcpy(out, text_, 18);
    switch (resolution) {
        case TimeResolution::seconds:
            return out + 17;
        case TimeResolution::micros:
            put_digits(out + 18, fraction_ns / 1'000, 6);
            return out + 24;
        case TimeResolution::nanos:
            put_digits(out + 18, fraction_ns, 9);
            return out + 27;
        default:
            put_three_digits(out + 18, fraction_ns / 1'000'000);
            return out + 21;
    }
}

void TimeWriter::render(std::int64_t second) noexcept {
    constexpr std::int64_t day_s = 86'400;
    const Date date = date_from_days(second / day_s);
    const auto of_day = static_cast<std::uint32_t>(second % day_s);
    put_digits(text_, static_cast<std::uint64_t>(date.year), 4);
    put_digits(text_ + 4, date.month, 2);
    put_digits(text_ + 6, date.day, 2);
    put_digits(text_ + 9, of_day / 3600, 2);
    put_digits(text_ + 12, of_day / 60 % 60, 2);
    put_digits(text_ + 15, of_day % 60, 2);
    text_[8] = '-';
    text_[11] = text_[14] = ':';
    text_[17] = '.';
    second_ = second;
}

}  // namespace fairlead::fix
