// Encoder: writes one FIX message into room the caller gives: header, fields, then BodyLength and
// CheckSum. It never writes a malformed message: a value with an SOH has it replaced by '?', an empty
// value is left out, and what does not fit gives no message at all. No allocation. Not the session: the
// caller brings number and time. Used by the session's own messages and by the translations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "gateway/fix/values.hpp"
#include "gateway/fix/words8.hpp"
#include "risk/words.hpp"

namespace fairlead::fix {

// The part of the header that is the same in every message of a session, rendered once: from 8= to 34=,
// with room for BodyLength and a MsgType of one character.
class HeaderTemplate {
  public:
    static constexpr std::size_t comp_id_max = 48;

    HeaderTemplate() = default;
    // sender: us; target: the peer. At most comp_id_max bytes each, printable (else it is left empty:
    // valid() is false).
    HeaderTemplate(std::string_view begin_string, std::string_view sender, std::string_view target) noexcept;

    [[nodiscard]] bool valid() const noexcept { return length_ != 0; }
    // 8=FIX.4.4|9=000|35=?|49=...|56=...|34=
    [[nodiscard]] std::string_view text() const noexcept { return {text_, length_}; }
    // Bytes of 8=FIX.4.4|9=, and where the MsgType stands.
    [[nodiscard]] std::size_t prefix() const noexcept { return prefix_; }
    [[nodiscard]] std::size_t type_at() const noexcept { return prefix_ + 7; }

  private:
    char text_[2 * comp_id_max + 48]{};
    std::size_t prefix_ = 0;
    std::size_t length_ = 0;
};

// What marks a message as sent before. Written as 43=Y and 122=original_sending_time.
struct Duplicate {
    bool poss_dup = false;
    risk::UtcNs original_sending_time_ns = 0;
};

// "tag=" of the tags messages use, rendered beforehand: of every tag below a thousand, and of our own.
struct TagText {
    char text[8]{};
    std::uint8_t length = 0;
};
constexpr TagText tag_text(std::uint32_t tag) {
    TagText result;
    std::uint32_t divisor = 1;
    while (tag / divisor >= 10) {
        divisor *= 10;
    }
    for (; divisor != 0; divisor /= 10) {
        result.text[result.length++] = static_cast<char>('0' + tag / divisor % 10);
    }
    result.text[result.length++] = '=';
    return result;
}
template <std::uint32_t first, std::size_t count>
inline constexpr auto tag_texts = [] {
    std::array<TagText, count> texts{};
    for (std::uint32_t i = 0; i < count; ++i) {
        texts[i] = tag_text(first + i);
    }
    return texts;
}();
inline constexpr std::uint32_t own_tag_first = 10'000;
inline constexpr const auto& standard_tags = tag_texts<0, 1000>;
inline constexpr const auto& own_tags = tag_texts<own_tag_first, 16>;

// Copies `size` bytes, at least one, by words that may overlap. False: there is an SOH among them.
[[nodiscard]] inline bool copy_clean(char* to, const char* from, std::size_t size) noexcept {
    constexpr std::size_t width = sizeof(std::uint64_t);
    if (size >= width) {
        std::uint64_t found = 0;
        for (std::size_t at = 0;; at = size - at < 2 * width ? size - width : at + width) {
            const std::uint64_t word = load_word(from + at);
            std::memcpy(to + at, &word, width);
            found |= places_of(word, soh);
            if (at + width == size) {
                return found == 0;
            }
        }
    }
    if (size >= 4) {
        const std::uint64_t word = short_word(from, size);
        const auto first = static_cast<std::uint32_t>(word);
        const auto last = static_cast<std::uint32_t>(word >> (8 * (size - 4)));
        std::memcpy(to, &first, 4);
        std::memcpy(to + size - 4, &last, 4);
        return places_of(word, soh) == 0;
    }
    bool clean = true;
    for (std::size_t at = 0; at < size; ++at) {
        to[at] = from[at];
        clean = clean && from[at] != soh;
    }
    return clean;
}

class Encoder {
  public:
    explicit Encoder(TimeResolution resolution = TimeResolution::millis) noexcept : resolution_(resolution) {}

    // Starts a message of `type` in `out`, writing the header. Header fields beyond these (50, 57, 97,
    // 115 ...) are added next, before the body.
    void begin(std::span<char> out, const HeaderTemplate& header, std::string_view type, std::uint64_t number,
               risk::UtcNs sending_time_ns, Duplicate duplicate = {}) noexcept;

    // Adds a field; an empty value is left out.
    void add(std::uint32_t tag, std::string_view value) noexcept {
        if (!value.empty() && open(tag, value.size())) {
            if (!copy_clean(at_, value.data(), value.size())) {
                mask_soh(value.size());
            }
            close(at_ + value.size());
        }
    }
    void add_char(std::uint32_t tag, char value) noexcept {
        if (open(tag, 1)) {
            *at_ = value == soh ? '?' : value;
            close(at_ + 1);
        }
    }
    void add_boolean(std::uint32_t tag, bool value) noexcept { add_char(tag, value ? 'Y' : 'N'); }
    void add_unsigned(std::uint32_t tag, std::uint64_t value) noexcept {
        if (open(tag, number_text_max)) {
            close(format_unsigned(at_, value));
        }
    }
    void add_signed(std::uint32_t tag, std::int64_t value) noexcept {
        if (open(tag, number_text_max)) {
            close(format_signed(at_, value));
        }
    }
    void add_padded(std::uint32_t tag, std::uint64_t value, unsigned width) noexcept {
        if (open(tag, width > number_text_max ? width : number_text_max)) {
            close(format_padded(at_, value, width));
        }
    }
    void add_price(std::uint32_t tag, risk::Price value) noexcept {
        if (open(tag, number_text_max + 2)) {
            close(format_price(at_, value));
        }
    }
    void add_quantity(std::uint32_t tag, risk::Quantity value) noexcept { add_signed(tag, value); }
    // In the encoder's resolution, or one of its own.
    void add_time(std::uint32_t tag, risk::UtcNs value) noexcept { add_time(tag, value, resolution_); }
    void add_time(std::uint32_t tag, risk::UtcNs value, TimeResolution resolution) noexcept {
        if (open(tag, time_text_max)) {
            close(field_writer_.write(at_, value, resolution));
        }
    }
    // Length field and data field; the data may hold any byte.
    void add_data(std::uint32_t length_tag, std::uint32_t data_tag, std::string_view data) noexcept;

    // The message's length, from out[0] on; 0 = it did not fit and must not be sent.
    [[nodiscard]] std::size_t finish() noexcept;

  private:
    // Writes "tag=" if there is room for it, `value_room` bytes and an SOH; false: the message fails.
    [[nodiscard]] bool open(std::uint32_t tag, std::size_t value_room) noexcept {
        constexpr std::size_t tag_room = 11;  // ten digits and '='
        if (static_cast<std::size_t>(end_ - at_) < tag_room + value_room + 1) {
            fail();
            return false;
        }
        const TagText* text = tag < standard_tags.size()              ? &standard_tags[tag]
                              : tag - own_tag_first < own_tags.size() ? &own_tags[tag - own_tag_first]
                                                                      : nullptr;
        if (text != nullptr) {
            std::memcpy(at_, text->text, sizeof text->text);
            at_ += text->length;
        } else {
            at_ = format_unsigned(at_, tag);
            *at_++ = '=';
        }
        return true;
    }
    void close(char* value_end) noexcept {
        *value_end = soh;
        at_ = value_end + 1;
    }
    // Nothing fits any more: every further field fails at its first look.
    void fail() noexcept {
        failed_ = true;
        end_ = at_;
    }
    void mask_soh(std::size_t size) noexcept;

    char* out_ = nullptr;
    char* at_ = nullptr;
    char* end_ = nullptr;
    std::size_t prefix_ = 0;  // bytes of 8=FIX.4.4|9=
    bool failed_ = true;
    TimeResolution resolution_;
    TimeWriter sending_writer_;
    TimeWriter field_writer_;
};

}  // namespace fairlead::fix
