// Message: one FIX message as it stands in the reader's buffer: where each field is, nothing copied.
// Valid as long as the buffer is. Not checked against a dictionary. Filled by the Reader, read by the
// dictionary, the session and the translations. One Message used for all messages of a connection learns
// their Patterns, so that the next message like one before is read and judged faster.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "gateway/fix/pattern.hpp"
#include "gateway/fix/values.hpp"

namespace fairlead::fix {

// `offset` and `length` are those of the value, within Message::text(). tag 0 stands for a tag that is
// no number from 1 to 999,999,999 without leading zeros; Message::tag_text shows it as sent.
struct Field {
    std::uint32_t tag = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
};

// Password, NewPassword, RawData: what no copy outside the connection may show.
[[nodiscard]] constexpr bool may_hold_secret(std::uint32_t tag) noexcept {
    return tag == 554 || tag == 925 || tag == 96;
}

// What belongs to one sending of a message, not to what it says: sent again, it gets these anew.
[[nodiscard]] constexpr bool is_framing(std::uint32_t tag) noexcept {
    switch (tag) {
        case 8:
        case 9:
        case 10:
        case 34:
        case 35:
        case 43:
        case 49:
        case 52:
        case 56:
        case 122:
            return true;
        default:
            return false;
    }
}

// What is wrong with a data field (RawData and its like) and its length field.
enum class DataFault : std::uint8_t {
    none = 0,
    length_wrong = 1,    // the length is no number, or the data does not end where it says
    data_missing = 2,    // a length without its data behind it
    length_missing = 3,  // data without its length before it
};

class Message {
  public:
    static constexpr std::size_t fields_max = 256;

    // From "8=" to the last SOH.
    [[nodiscard]] std::string_view text() const noexcept { return {begin_, size_}; }
    // In the order sent: 8, 9, 35 first, 10 last. At most fields_max; see too_many_fields.
    [[nodiscard]] std::span<const Field> fields() const noexcept { return {fields_.data(), count_}; }
    [[nodiscard]] std::string_view value(const Field& field) const noexcept {
        return {begin_ + field.offset, field.length};
    }

    // The first field of this tag; null when absent.
    [[nodiscard]] const Field* field(std::uint32_t tag) const noexcept {
        if (const std::uint32_t place = Pattern::quick_place(tag); place < Pattern::quick_tags) {
            const std::size_t index = quick_[place];
            return index != 0 || (tag == 8 && count_ != 0) ? &fields_[index] : nullptr;
        }
        for (std::size_t i = 0; i < count_; ++i) {
            if (fields_[i].tag == tag) {
                return &fields_[i];
            }
        }
        return nullptr;
    }
    [[nodiscard]] bool has(std::uint32_t tag) const noexcept { return field(tag) != nullptr; }
    // Empty when absent.
    [[nodiscard]] std::string_view value(std::uint32_t tag) const noexcept {
        const Field* found = field(tag);
        return found != nullptr ? value(*found) : std::string_view{};
    }
    // False, and `out` untouched, when absent.
    [[nodiscard]] bool find(std::uint32_t tag, std::string_view& out) const noexcept {
        const Field* found = field(tag);
        if (found == nullptr) {
            return false;
        }
        out = value(*found);
        return true;
    }

    [[nodiscard]] std::string_view begin_string() const noexcept { return value(8); }
    [[nodiscard]] std::string_view type() const noexcept { return value(35); }
    // MsgSeqNum (34); 0 when absent, no number, or over range.
    [[nodiscard]] std::uint64_t number() const noexcept { return parse_unsigned(value(34)).value; }
    [[nodiscard]] bool poss_dup() const noexcept { return value(43) == "Y"; }
    [[nodiscard]] bool poss_resend() const noexcept { return value(97) == "Y"; }
    [[nodiscard]] std::string_view sender() const noexcept { return value(49); }
    [[nodiscard]] std::string_view target() const noexcept { return value(56); }

    [[nodiscard]] bool may_hold_secrets() const noexcept {
        return pattern_ == unlearned || patterns_[pattern_].secrets;
    }

    // The tag as sent, for a Field whose tag is 0.
    [[nodiscard]] std::string_view tag_text(const Field& field) const noexcept {
        const std::string_view before(begin_, field.offset - 1);
        const std::size_t last = before.rfind(soh);
        return before.substr(last == std::string_view::npos ? 0 : last + 1);
    }

    [[nodiscard]] bool too_many_fields() const noexcept { return too_many_; }
    // The first data field fault; the tag of the length field concerned.
    [[nodiscard]] DataFault data_fault() const noexcept { return data_fault_; }
    [[nodiscard]] std::uint32_t data_fault_tag() const noexcept { return data_fault_tag_; }

    // The tags of this message, as remembered; null: they are not, or not worth it.
    [[nodiscard]] Pattern* pattern() const noexcept {
        return pattern_ == unlearned ? nullptr : &patterns_[pattern_];
    }
    // Known of every message of a pattern: no field is empty, and all text is printable ASCII.
    [[nodiscard]] bool plain() const noexcept { return plain_; }

    // For the Reader only.
    void start(const char* begin, std::size_t size) noexcept {
        begin_ = begin;
        size_ = size;
        count_ = 0;
        plain_ = false;
        too_many_ = false;
        data_fault_ = DataFault::none;
        data_fault_tag_ = 0;
        pattern_ = unlearned;
        quick_.fill(0);
    }
    void add(const Field& added) noexcept {
        if (count_ == fields_max) {
            too_many_ = true;
            return;
        }
        const std::uint32_t place = Pattern::quick_place(added.tag);
        if (place < Pattern::quick_tags && quick_[place] == 0) {
            quick_[place] = static_cast<std::uint8_t>(count_);
        }
        fields_[count_++] = added;
    }
    // Reads a whole message by a Pattern: `ends` are the places of its SOHs but the last. False: it has other
    // tags than the messages before it, and must be started and read field by field.
    [[nodiscard]] bool read_alike(const char* begin, std::size_t size, std::span<const std::uint16_t> ends,
                                  char type, bool printable) noexcept;
    // Remembers the tags of the message just read field by field.
    void learn(char type) noexcept;
    void mark_data_fault(DataFault fault, std::uint32_t length_tag) noexcept {
        if (data_fault_ == DataFault::none) {
            data_fault_ = fault;
            data_fault_tag_ = length_tag;
        }
    }

  private:
    static constexpr std::size_t patterns_kept = 8;
    static constexpr std::uint8_t unlearned = patterns_kept;

    // Messages of one type and as many fields are mostly of one pattern.
    [[nodiscard]] static std::uint8_t place_of(char type, std::size_t count) noexcept {
        return static_cast<std::uint8_t>((static_cast<unsigned char>(type) + count) % patterns_kept);
    }

    const char* begin_ = nullptr;
    std::size_t size_ = 0;
    std::size_t count_ = 0;
    std::uint32_t data_fault_tag_ = 0;
    DataFault data_fault_ = DataFault::none;
    bool too_many_ = false;
    bool plain_ = false;
    std::uint8_t pattern_ = unlearned;
    Pattern::Quick quick_{};
    std::array<Field, fields_max> fields_;
    // What messages before this one have taught; no part of what this one says.
    mutable std::array<Pattern, patterns_kept> patterns_{};
};

}  // namespace fairlead::fix
