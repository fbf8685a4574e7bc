// TextWriter: writes a sentence with numbers into fixed room, without allocation. What does not fit is
// cut at the end: a Text field may be short, never wrong in its beginning. Used by the translations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::gateway {

template <std::size_t Room>
class TextWriter {
  public:
    TextWriter& add(std::string_view text) noexcept {
        const std::size_t taken = std::min(text.size(), Room - length_);
        std::memcpy(bytes_ + length_, text.data(), taken);
        length_ += taken;
        return *this;
    }

    // A value a client sent: at most 32 characters of it, whatever is not printable as '?'.
    TextWriter& add_quoted(std::string_view value) noexcept {
        constexpr std::size_t shown_max = 32;
        add("\"");
        for (const char character : value.substr(0, shown_max)) {
            const char shown = character >= ' ' && character <= '~' ? character : '?';
            add({&shown, 1});
        }
        return add(value.size() > shown_max ? "...\"" : "\"");
    }

    TextWriter& add_number(std::int64_t value) noexcept { return add_digits(value, false); }
    // 1,000,000
    TextWriter& add_grouped(std::int64_t value) noexcept { return add_digits(value, true); }
    // NTD/10,000 as NTD: 12.34, without zeros at the end.
    TextWriter& add_price(std::int64_t value) noexcept { return add_money(value, false); }
    // The same, grouped: 1,000,000.5
    TextWriter& add_amount(std::int64_t value) noexcept { return add_money(value, true); }

    // With zeros on the left.
    TextWriter& add_padded(std::uint64_t value, std::size_t width) noexcept {
        char digits[20];
        std::size_t at = sizeof(digits);
        while (value > 0 || sizeof(digits) - at < width) {
            digits[--at] = static_cast<char>('0' + value % 10);
            value /= 10;
        }
        return add({digits + at, sizeof(digits) - at});
    }

    [[nodiscard]] std::string_view view() const noexcept { return {bytes_, length_}; }
    void drop_last(std::size_t count) noexcept { length_ -= count < length_ ? count : length_; }

  private:
    TextWriter& add_money(std::int64_t value, bool grouped) noexcept {
        const std::int64_t whole = value / risk::price_unit;
        auto rest = static_cast<std::uint64_t>(value % risk::price_unit < 0 ? -(value % risk::price_unit)
                                                                            : value % risk::price_unit);
        if (whole == 0 && value < 0) {
            add("-");
        }
        add_digits(whole, grouped);
        if (rest == 0) {
            return *this;
        }
        std::size_t width = 4;
        while (rest % 10 == 0) {
            rest /= 10;
            --width;
        }
        return add(".").add_padded(rest, width);
    }

    TextWriter& add_digits(std::int64_t value, bool grouped) noexcept {
        char digits[32];
        std::size_t at = sizeof(digits);
        std::size_t count = 0;
        // Negated as unsigned, so that the least value has no special case.
        std::uint64_t left =
            value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
        do {
            if (grouped && count > 0 && count % 3 == 0) {
                digits[--at] = ',';
            }
            digits[--at] = static_cast<char>('0' + left % 10);
            left /= 10;
            ++count;
        } while (left > 0);
        if (value < 0) {
            digits[--at] = '-';
        }
        return add({digits + at, sizeof(digits) - at});
    }

    char bytes_[Room];
    std::size_t length_ = 0;
};

}  // namespace fairlead::gateway
