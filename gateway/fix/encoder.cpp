// See encoder.hpp. BodyLength gets room for three digits, which nearly every message needs; the body is
// moved by the difference when it needs fewer or more, so that no leading zeros are written.
#include "gateway/fix/encoder.hpp"

#include <algorithm>
#include <array>

#include "gateway/fix/reader.hpp"

namespace fairlead::fix {

namespace {

constexpr std::size_t length_room = 3;
constexpr std::size_t trailer_size = 7;  // 10=nnn|

// "tag=" of the tags messages use, rendered beforehand: of every tag below a thousand, and of our own.
struct TagText {
    char text[7]{};
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
constexpr std::uint32_t own_tag_first = 10'000;
template <std::uint32_t first, std::size_t count>
constexpr auto tag_texts = [] {
    std::array<TagText, count> texts{};
    for (std::uint32_t i = 0; i < count; ++i) {
        texts[i] = tag_text(first + i);
    }
    return texts;
}();
constexpr const auto& standard_tags = tag_texts<0, 1000>;
constexpr const auto& own_tags = tag_texts<own_tag_first, 16>;

// Copies `size` bytes, eight at a time. False: there is an SOH among them.
bool copy_clean(char* to, const char* from, std::size_t size) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = 0x8080808080808080;
    std::uint64_t found = 0;
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, from + at, sizeof word);
        std::memcpy(to + at, &word, sizeof word);
        const std::uint64_t zero_where_soh = word ^ ones;
        found |= (zero_where_soh - ones) & ~zero_where_soh & tops;
    }
    for (; at < size; ++at) {
        to[at] = from[at];
        found |= static_cast<std::uint64_t>(from[at] == soh);
    }
    return found == 0;
}

bool printable(std::string_view text) noexcept {
    for (const char character : text) {
        if (character <= ' ' || character > '~') {
            return false;
        }
    }
    return !text.empty();
}

}  // namespace

HeaderTemplate::HeaderTemplate(std::string_view begin_string, std::string_view sender,
                               std::string_view target) noexcept {
    if (begin_string.size() > 8 || sender.size() > comp_id_max || target.size() > comp_id_max ||
        !printable(begin_string) || !printable(sender) || !printable(target)) {
        return;
    }
    const auto put = [](char* buffer, std::size_t& length, std::string_view text) {
        std::memcpy(buffer + length, text.data(), text.size());
        length += text.size();
    };
    put(begin_, begin_length_, "8=");
    put(begin_, begin_length_, begin_string);
    put(begin_, begin_length_,
        "\x01"
        "9=");
    put(ids_, ids_length_, "49=");
    put(ids_, ids_length_, sender);
    put(ids_, ids_length_,
        "\x01"
        "56=");
    put(ids_, ids_length_, target);
    put(ids_, ids_length_, "\x01");
}

void Encoder::begin(std::span<char> out, const HeaderTemplate& header, std::string_view type,
                    std::uint64_t number, risk::UtcNs sending_time_ns, Duplicate duplicate) noexcept {
    out_ = out.data();
    at_ = out_;
    end_ = out_ + out.size();
    failed_ = !header.valid();
    prefix_ = header.begin().size();
    put(header.begin());
    put({"000\x01", length_room + 1});
    add(35, type);
    put(header.ids());
    add_unsigned(34, number);
    if (duplicate.poss_dup) {
        add_char(43, 'Y');
    }
    if (open(52, time_text_max)) {
        at_ = sending_writer_.write(at_, sending_time_ns, resolution_);
        *at_++ = soh;
    }
    if (duplicate.poss_dup) {
        add_time(122, duplicate.original_sending_time_ns);
    }
}

void Encoder::put(std::string_view text) noexcept {
    if (failed_ || static_cast<std::size_t>(end_ - at_) < text.size()) {
        failed_ = true;
        return;
    }
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
}

bool Encoder::open(std::uint32_t tag, std::size_t value_room) noexcept {
    constexpr std::size_t tag_room = 11;  // ten digits and '='
    if (failed_ || static_cast<std::size_t>(end_ - at_) < tag_room + value_room + 1) {
        failed_ = true;
        return false;
    }
    const TagText* text = nullptr;
    if (tag < standard_tags.size()) {
        text = &standard_tags[tag];
    } else if (tag - own_tag_first < own_tags.size()) {
        text = &own_tags[tag - own_tag_first];
    } else {
        at_ = format_unsigned(at_, tag);
        *at_++ = '=';
        return true;
    }
    std::memcpy(at_, text->text, sizeof text->text);
    at_ += text->length;
    return true;
}

void Encoder::add(std::uint32_t tag, std::string_view value) noexcept {
    if (value.empty() || !open(tag, value.size())) {
        return;
    }
    if (!copy_clean(at_, value.data(), value.size())) {
        std::replace(at_, at_ + value.size(), soh, '?');
    }
    at_ += value.size();
    *at_++ = soh;
}

void Encoder::add_char(std::uint32_t tag, char value) noexcept {
    if (open(tag, 1)) {
        *at_++ = value == soh ? '?' : value;
        *at_++ = soh;
    }
}

void Encoder::add_unsigned(std::uint32_t tag, std::uint64_t value) noexcept {
    if (open(tag, number_text_max)) {
        at_ = format_unsigned(at_, value);
        *at_++ = soh;
    }
}

void Encoder::add_signed(std::uint32_t tag, std::int64_t value) noexcept {
    if (open(tag, number_text_max)) {
        at_ = format_signed(at_, value);
        *at_++ = soh;
    }
}

void Encoder::add_padded(std::uint32_t tag, std::uint64_t value, unsigned width) noexcept {
    if (open(tag, width > number_text_max ? width : number_text_max)) {
        at_ = format_padded(at_, value, width);
        *at_++ = soh;
    }
}

void Encoder::add_price(std::uint32_t tag, risk::Price value) noexcept {
    if (open(tag, number_text_max + 2)) {
        at_ = format_price(at_, value);
        *at_++ = soh;
    }
}

void Encoder::add_time(std::uint32_t tag, risk::UtcNs value, TimeResolution resolution) noexcept {
    if (open(tag, time_text_max)) {
        at_ = field_writer_.write(at_, value, resolution);
        *at_++ = soh;
    }
}

void Encoder::add_data(std::uint32_t length_tag, std::uint32_t data_tag, std::string_view data) noexcept {
    if (data.empty()) {
        return;
    }
    add_unsigned(length_tag, data.size());
    if (open(data_tag, data.size())) {
        put(data);
        *at_++ = soh;
    }
}

std::size_t Encoder::finish() noexcept {
    if (failed_) {
        return 0;
    }
    failed_ = true;  // a finished message takes no more fields
    char* body = out_ + prefix_ + length_room + 1;
    const auto body_length = static_cast<std::size_t>(at_ - body);
    char digits[number_text_max];
    const auto width = static_cast<std::size_t>(format_unsigned(digits, body_length) - digits);
    char* moved_body = out_ + prefix_ + width + 1;
    if (static_cast<std::size_t>(end_ - moved_body) < body_length + trailer_size) {
        return 0;
    }
    if (moved_body != body) {
        std::memmove(moved_body, body, body_length);
    }
    std::memcpy(out_ + prefix_, digits, width);
    out_[prefix_ + width] = soh;
    char* at = moved_body + body_length;
    const std::uint8_t sum = checksum(out_, static_cast<std::size_t>(at - out_));
    std::copy_n("10=", 3, at);
    at = format_padded(at + 3, sum, 3);
    *at++ = soh;
    return static_cast<std::size_t>(at - out_);
}

}  // namespace fairlead::fix
