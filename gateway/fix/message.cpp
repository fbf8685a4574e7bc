// Reading by Patterns; see message.hpp.
#include "gateway/fix/message.hpp"

#include "gateway/fix/words8.hpp"

namespace fairlead::fix {

bool Message::read_alike(const char* begin, std::size_t size, std::span<const std::uint16_t> ends, char type,
                         bool printable) noexcept {
    const std::size_t count = ends.size() + 1;
    const std::uint8_t place = place_of(type, count);
    const Pattern& pattern = patterns_[place];
    if (pattern.count != count || pattern.type != type) {
        return false;
    }
    // Without a branch on what the fields hold: whatever differs from the pattern leaves a bit.
    std::uint64_t different = 0;
    std::uint32_t empty = 0;
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const Pattern::Tag& tag = pattern.tags[i];
        different |= (load_word(begin + at) ^ tag.text) << tag.beyond;
        const std::uint32_t offset = at + tag.size;
        const std::uint32_t length = ends[i] - offset;
        fields_[i] = {tag.tag, offset, length};
        empty |= length - 1;
        at = ends[i] + 1U;
    }
    if (different != 0) {
        return false;
    }
    const auto after_checksum = static_cast<std::uint32_t>(size - 4);
    fields_[count - 1] = {10, after_checksum, 3};
    begin_ = begin;
    size_ = size;
    count_ = count;
    plain_ = printable && (empty >> 31) == 0;
    too_many_ = false;
    data_fault_ = DataFault::none;
    data_fault_tag_ = 0;
    quick_ = pattern.quick;
    pattern_ = place;
    return true;
}

void Message::learn(char type) noexcept {
    if (count_ > Pattern::fields_max) {
        return;
    }
    const std::uint8_t place = place_of(type, count_);
    Pattern& pattern = patterns_[place];
    pattern.count = static_cast<std::uint8_t>(count_);
    pattern.type = type;
    pattern.good_for = 0;
    pattern.secrets = false;
    pattern.quick = quick_;
    const char* at = begin_;
    for (std::size_t i = 0; i < count_; ++i) {
        const Field& field = fields_[i];
        const auto length = static_cast<std::size_t>(begin_ + field.offset - at);
        Pattern::Tag& tag = pattern.tags[i];
        tag.tag = field.tag;
        tag.size = static_cast<std::uint8_t>(length);
        tag.beyond = static_cast<std::uint8_t>(64 - 8 * length);
        tag.text = 0;
        std::memcpy(&tag.text, at, length);
        pattern.secrets = pattern.secrets || may_hold_secret(field.tag);
        at = begin_ + field.offset + field.length + 1;
    }
    pattern_ = place;
}

}  // namespace fairlead::fix
