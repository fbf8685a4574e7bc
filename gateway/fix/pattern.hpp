// Pattern: the tags of a message, in their order, as a peer's messages of one type have them again and
// again. A message of a known pattern is read by comparing its tags and not by parsing them; if the
// dictionary has found nothing wrong with the tags before, only values are judged. Kept in the Message;
// written by the Reader (the tags) and the dictionary (what is to be judged). It changes no answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fairlead::fix {

struct Pattern {
    static constexpr std::size_t fields_max = 48;
    // Tags that are found without a search: those below 224, and our own from 10000 on.
    static constexpr std::uint32_t low_tags = 224;
    static constexpr std::uint32_t own_tag_first = 10'000;
    static constexpr std::uint32_t quick_tags = low_tags + 16;
    // Where a tag's index stands; quick_tags or more: it must be searched for.
    [[nodiscard]] static constexpr std::uint32_t quick_place(std::uint32_t tag) noexcept {
        const std::uint32_t own = tag - own_tag_first;
        return tag < low_tags ? tag : own < quick_tags - low_tags ? low_tags + own : quick_tags;
    }
    // Index of the first field of each tag; 0 = absent (or BeginString, which no message is without).
    using Quick = std::array<std::uint8_t, quick_tags>;

    struct Tag {
        std::uint64_t text = 0;  // as sent, '=' included: the first bytes of the field
        std::uint32_t tag = 0;
        std::uint8_t size = 0;     // of the text
        std::uint8_t beyond = 64;  // bits of a word that are not the text's
    };
    // A value whose form is not plain to see: which field, and by which rule of the dictionary.
    struct Judged {
        std::uint8_t field = 0;
        std::uint8_t rule = 0;
    };
    // Values of one kind of form are judged together.
    static constexpr std::size_t kinds = 5;
    struct JudgedFields {
        std::array<Judged, fields_max> fields;
        std::uint8_t count = 0;
    };

    std::uint8_t count = 0;     // of fields, CheckSum included; 0 = no pattern
    char type = '\0';           // MsgType (35)
    bool secrets = false;       // it has fields that may hold secrets
    std::uint8_t good_for = 0;  // 1 + the Counterpart in whose dictionary these tags are right; 0 = none
    std::array<JudgedFields, kinds> judged{};
    Quick quick{};
    std::array<Tag, fields_max> tags{};
};

}  // namespace fairlead::fix
