// See dictionary.hpp. One table of fields, one of messages; both become bit masks at compile time, so
// that judging a message is one pass over its fields.
#include "gateway/fix/dictionary.hpp"

#include <array>
#include <initializer_list>

#include "gateway/fix/field_format.hpp"
#include "gateway/fix/reader.hpp"

namespace fairlead::fix {

namespace {

enum class Place : std::uint8_t { header, body, trailer };

struct FieldRule {
    std::uint32_t tag;
    Format format;
    Place place = Place::body;
    // The values FIX 4.4 knows, one character each; empty = any. Those known to FIX and not traded here
    // are refused by an ExecutionReport, so they are listed too.
    std::string_view values{};
};

constexpr FieldRule field_rules[] = {
    {8, Format::string, Place::header},
    {9, Format::number, Place::header},
    {35, Format::string, Place::header},
    {49, Format::string, Place::header},
    {56, Format::string, Place::header},
    {34, Format::number, Place::header},
    {52, Format::time, Place::header},
    {43, Format::boolean, Place::header},
    {97, Format::boolean, Place::header},
    {122, Format::time, Place::header},
    {50, Format::string, Place::header},
    {142, Format::string, Place::header},
    {57, Format::string, Place::header},
    {143, Format::string, Place::header},
    {115, Format::string, Place::header},
    {116, Format::string, Place::header},
    {144, Format::string, Place::header},
    {128, Format::string, Place::header},
    {129, Format::string, Place::header},
    {145, Format::string, Place::header},
    {369, Format::number, Place::header},
    {93, Format::number, Place::trailer},
    {89, Format::data, Place::trailer},
    {10, Format::string, Place::trailer},
    {1, Format::string},
    {6, Format::price},
    {7, Format::number},
    {11, Format::string},
    {14, Format::quantity},
    {15, Format::currency},
    {16, Format::number},
    {17, Format::string},
    {21, Format::character, Place::body, "123"},
    {31, Format::price},
    {32, Format::quantity},
    {36, Format::number},
    {37, Format::string},
    {38, Format::quantity},
    {39, Format::character},
    {40, Format::character, Place::body, "12346789DEGIJKLMP"},
    {41, Format::string},
    {44, Format::price},
    {45, Format::number},
    {54, Format::character, Place::body, "123456789ABCDEFG"},
    {55, Format::string},
    {58, Format::text},
    {59, Format::character, Place::body, "01234567"},
    {60, Format::time},
    {95, Format::number},
    {96, Format::data},
    {98, Format::integer, Place::body, "0123456"},
    {102, Format::integer},
    {103, Format::integer},
    {108, Format::integer},
    {112, Format::string},
    {123, Format::boolean},
    {141, Format::boolean},
    {150, Format::character},
    {151, Format::quantity},
    {198, Format::string},
    {207, Format::string},
    {354, Format::number},
    {355, Format::data},
    {371, Format::integer},
    {372, Format::string},
    {373, Format::integer},
    {379, Format::string},
    {380, Format::integer},
    {383, Format::number},
    {434, Format::character},
    {464, Format::boolean},
    {530, Format::character, Place::body, "1234567"},
    {553, Format::string},
    {554, Format::string},
    {789, Format::number},
    {790, Format::string},
    {925, Format::string},
    {10000, Format::character, Place::body, "123456"},
    {10001, Format::character, Place::body, "0123456"},
    {10005, Format::character, Place::body, "0C27"},
    {10006, Format::integer},
    // Groups a client's engine may send and this gateway reads over.
    {386, Format::number},
    {336, Format::string},
    {625, Format::string},
    {453, Format::number},
    {448, Format::string},
    {447, Format::character, Place::body, "123456789ABCDEFGHI"},
    {452, Format::integer},
};
constexpr std::size_t rule_count = std::size(field_rules);
constexpr std::uint8_t no_rule = 255;
static_assert(rule_count <= 128);

// Tags below 1024 and 10000..10015 to their rule.
struct RuleIndex {
    std::array<std::uint8_t, 1024> low{};
    std::array<std::uint8_t, 16> own{};
    constexpr RuleIndex() {
        low.fill(no_rule);
        own.fill(no_rule);
        for (std::size_t i = 0; i < rule_count; ++i) {
            const std::uint32_t tag = field_rules[i].tag;
            (tag < low.size() ? low[tag] : own[tag - 10000]) = static_cast<std::uint8_t>(i);
        }
    }
    [[nodiscard]] constexpr std::uint8_t of(std::uint32_t tag) const {
        if (tag < low.size()) {
            return low[tag];
        }
        return tag >= 10000 && tag - 10000 < own.size() ? own[tag - 10000] : no_rule;
    }
};
constexpr RuleIndex rule_index;
// The rules of groups and their members stand last.
constexpr std::uint8_t first_group_rule = rule_index.of(386);

struct Mask {
    std::array<std::uint64_t, 2> words{};
    constexpr void set(std::size_t bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }
    [[nodiscard]] constexpr bool has(std::size_t bit) const {
        return (words[bit / 64] >> (bit % 64) & 1U) != 0;
    }
    constexpr void set_tags(std::initializer_list<std::uint32_t> tags) {
        for (const std::uint32_t tag : tags) {
            set(rule_index.of(tag));
        }
    }
};

struct GroupRule {
    std::uint32_t count_tag;
    std::array<std::uint32_t, 3> member_tags;  // the first one begins an entry; 0 = no more
};
constexpr GroupRule group_rules[] = {{386, {336, 625, 0}}, {453, {448, 447, 452}}};

struct MessageRule {
    char type = '\0';
    bool known = false;
    Mask required;
    Mask allowed;
};

constexpr MessageRule make_rule(char type, std::initializer_list<std::uint32_t> required,
                                std::initializer_list<std::uint32_t> optional) {
    MessageRule rule;
    rule.type = type;
    rule.known = true;
    rule.required.set_tags({8, 9, 35, 49, 56, 34, 52, 10});
    rule.required.set_tags(required);
    for (std::size_t i = 0; i < rule_count; ++i) {
        if (field_rules[i].place != Place::body) {
            rule.allowed.set(i);
        }
    }
    rule.allowed.set_tags(required);
    rule.allowed.set_tags(optional);
    return rule;
}

// Of both sides.
constexpr MessageRule session_rules[] = {
    make_rule('0', {}, {112}),
    make_rule('1', {112}, {}),
    make_rule('2', {7, 16}, {}),
    make_rule('3', {45}, {371, 372, 373, 58, 354, 355}),
    make_rule('4', {36}, {123}),
    make_rule('5', {}, {58, 354, 355}),
    make_rule('A', {98, 108}, {95, 96, 141, 789, 383, 464, 553, 554, 925}),
};
constexpr MessageRule client_rules[] = {
    make_rule('D', {11, 1, 55, 54, 60, 38, 40},
              {21, 207, 44, 15, 59, 58, 354, 355, 10000, 10001, 10005, 386, 336, 625, 453, 448, 447, 452}),
    make_rule('G', {41, 11, 55, 54, 60, 38, 40}, {37,    1,     21,    207, 44,  15,  59,  58,  354, 355,
                                                  10000, 10001, 10005, 386, 336, 625, 453, 448, 447, 452}),
    make_rule('F', {41, 11, 55, 54, 60}, {37, 1, 207, 38, 58, 354, 355, 453, 448, 447, 452}),
    make_rule('H', {11, 55, 54}, {37, 790, 1, 207, 453, 448, 447, 452}),
    make_rule('q', {11, 530, 60}, {55, 207, 54, 58, 354, 355}),
    make_rule('j', {372, 380}, {45, 379, 58, 354, 355, 10006}),
};
// A venue's message is allowed any further field; only what a report cannot be read without is required.
constexpr MessageRule venue_rules[] = {
    make_rule('8', {37, 17, 150, 39}, {}),
    make_rule('9', {11}, {}),
    make_rule('j', {380}, {}),
};

// The character types of FIX 4.4; AA to AZ and BA to BH are its two-character ones.
constexpr std::string_view one_character_types =
    "0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz";

const MessageRule* rule_of(std::string_view type, Counterpart counterpart) noexcept {
    if (type.size() != 1) {
        return nullptr;
    }
    const auto find = [type](const auto& rules) -> const MessageRule* {
        for (const MessageRule& rule : rules) {
            if (rule.type == type.front()) {
                return &rule;
            }
        }
        return nullptr;
    };
    const MessageRule* application =
        counterpart == Counterpart::client ? find(client_rules) : find(venue_rules);
    return application != nullptr ? application : find(session_rules);
}

// Whether FIX 4.4 defines the tag at all (its fields are 1 to 956, but for 101).
constexpr bool defined_by_fix(std::uint32_t tag) {
    return tag >= 1 && tag <= 956 && tag != 101;
}

// What judging a field asks of its rule, in one place: its listed values as a set of characters.
struct FieldJudge {
    std::array<std::uint64_t, 2> listed{};
    bool any_value = true;
    Format format = Format::string;
    Place place = Place::body;
};
constexpr auto field_judges = [] {
    std::array<FieldJudge, rule_count> judges{};
    for (std::size_t i = 0; i < rule_count; ++i) {
        judges[i].any_value = field_rules[i].values.empty();
        judges[i].format = field_rules[i].format;
        judges[i].place = field_rules[i].place;
        for (const char value : field_rules[i].values) {
            const auto bit = static_cast<unsigned char>(value);
            judges[i].listed[bit / 64] |= std::uint64_t{1} << (bit % 64);
        }
    }
    return judges;
}();

inline __attribute__((always_inline)) RejectReason judge_value(const FieldJudge& judged,
                                                               std::string_view value) noexcept {
    const FormatFault fault = judge(judged.format, value);
    if (fault != FormatFault::none) [[unlikely]] {
        return fault == FormatFault::range ? RejectReason::value_incorrect : RejectReason::format;
    }
    if (judged.any_value) {
        return RejectReason::none;
    }
    const auto bit = static_cast<unsigned char>(value.front());
    const bool listed = value.size() == 1 && bit < 128 && (judged.listed[bit / 64] >> (bit % 64) & 1U) != 0;
    return listed ? RejectReason::none : RejectReason::value_incorrect;
}

// The entries behind fields[at], which is a group's count. `next` becomes the first field after them.
Fault check_group(const Message& message, const GroupRule& group, std::size_t at,
                  std::size_t& next) noexcept {
    const auto fields = message.fields();
    const auto said = parse_unsigned(message.value(fields[at]));
    std::uint64_t entries = 0;
    unsigned seen = 0;  // members of the entry being read, one bit each
    for (next = at + 1; next < fields.size(); ++next) {
        unsigned member = 0;
        while (member < group.member_tags.size() && group.member_tags[member] != fields[next].tag) {
            ++member;
        }
        if (member == group.member_tags.size()) {
            break;
        }
        if (member == 0) {
            ++entries;
            seen = 0;
        } else if (entries == 0) {
            return {RejectReason::group_order, fields[next].tag};
        }
        if ((seen >> member & 1U) != 0) {
            return {RejectReason::repeated, fields[next].tag};
        }
        seen |= 1U << member;
        const std::string_view value = message.value(fields[next]);
        const RejectReason reason = value.empty()
                                        ? RejectReason::no_value
                                        : judge_value(field_judges[rule_index.of(fields[next].tag)], value);
        if (reason != RejectReason::none) {
            return {reason, fields[next].tag};
        }
    }
    if (!said || said.value != entries) {
        return {RejectReason::group_count, group.count_tag};
    }
    return {};
}

const GroupRule* group_of(std::uint32_t tag, bool as_member) noexcept {
    for (const GroupRule& group : group_rules) {
        if (!as_member && group.count_tag == tag) {
            return &group;
        }
        for (const std::uint32_t member : group.member_tags) {
            if (as_member && member == tag && tag != 0) {
                return &group;
            }
        }
    }
    return nullptr;
}

// What is wrong with the number of a tag that bears no rule here.
Fault unknown_tag(const Message& message, const Field& field) noexcept {
    if (field.tag == 0) {
        // Named if a number can name it: RefTagID of "-1" is -1, of "007" nothing.
        const std::string_view text = message.tag_text(field);
        const auto tag = parse_signed(text);
        const bool plain = text == "0" || (text.front() == '-' ? text[1] != '0' : text.front() != '0');
        const bool nameable = tag && plain && tag.value >= INT32_MIN && tag.value <= INT32_MAX;
        return {RejectReason::invalid_tag_number, nameable ? tag.value : no_tag};
    }
    if (defined_by_fix(field.tag)) {
        return {RejectReason::tag_not_for_message, field.tag};
    }
    return {RejectReason::invalid_tag_number, field.tag};
}

Fault check_required(const MessageRule& rule, const Mask& seen) noexcept {
    if ((rule.required.words[0] & ~seen.words[0]) == 0 && (rule.required.words[1] & ~seen.words[1]) == 0) {
        return {};
    }
    for (std::size_t i = 0; i < rule_count; ++i) {
        if (rule.required.has(i) && !seen.has(i)) {
            return {RejectReason::required_tag_missing, field_rules[i].tag};
        }
    }
    return {};
}

Fault check_data(const Message& message) noexcept {
    const std::uint32_t length_tag = message.data_fault_tag();
    switch (message.data_fault()) {
        case DataFault::none:
            return {};
        case DataFault::length_wrong:
            return {RejectReason::value_incorrect, length_tag};
        case DataFault::data_missing:
            return {RejectReason::required_tag_missing, data_tag_of(length_tag)};
        case DataFault::length_missing:
            return {RejectReason::required_tag_missing, length_tag};
    }
    return {};
}

// What a message's Pattern is to remember of the judgement: which values of its fields need judging again.
enum class Kind : std::uint8_t { digits, character, price, time, other };
static_assert(static_cast<std::size_t>(Kind::other) + 1 == Pattern::kinds);

constexpr Kind kind_of(Format format) {
    switch (format) {
        case Format::integer:
        case Format::number:
        case Format::quantity:
            return Kind::digits;
        case Format::character:
            return Kind::character;
        case Format::price:
            return Kind::price;
        case Format::time:
            return Kind::time;
        default:
            return Kind::other;
    }
}

struct Lesson {
    std::array<Pattern::JudgedFields, Pattern::kinds> judged;
    bool of_use = true;

    void note(std::size_t field, std::uint8_t rule, Format format) noexcept {
        if (field < Pattern::fields_max) {
            Pattern::JudgedFields& of_kind = judged[static_cast<std::size_t>(kind_of(format))];
            of_kind.fields[of_kind.count++] = {static_cast<std::uint8_t>(field), rule};
        }
    }
};

// Text that is known to be printable ASCII and not empty needs no closer look. BodyLength is the reader's.
constexpr bool plain_to_see(std::uint32_t tag, const FieldJudge& judged) {
    return tag == 9 ||
           ((judged.format == Format::string || judged.format == Format::text) && judged.any_value);
}

// One pass over the fields, each judged by its own rule; then what a message as a whole must hold.
template <bool lenient>
Fault check_fields(const Message& message, const MessageRule& rule, Lesson& lesson) noexcept {
    const auto fields = message.fields();
    Mask seen;
    Place place = Place::header;
    for (std::size_t at = 0; at < fields.size();) {
        const Field& field = fields[at];
        const std::string_view value = message.value(field);
        const std::uint8_t index = rule_index.of(field.tag);
        ++at;
        if (index == no_rule || (!rule.allowed.has(index) && !lenient)) {
            if (lenient && field.tag != 0) {
                continue;
            }
            return unknown_tag(message, field);
        }
        if (value.empty()) {
            return {RejectReason::no_value, field.tag};
        }
        const FieldJudge& judged = field_judges[index];
        if (judged.place < place) {
            return {RejectReason::field_order, field.tag};
        }
        place = judged.place;
        if (seen.has(index)) {
            if (lenient && judged.place == Place::body) {
                continue;  // an entry of a group we do not know
            }
            return {RejectReason::repeated, field.tag};
        }
        seen.set(index);
        // CheckSum is the reader's to judge, and the only value with less than a word behind it.
        const bool unjudged =
            field.tag == 10 || (lenient && judged.format == Format::string && !rule.allowed.has(index));
        const RejectReason reason = unjudged ? RejectReason::none : judge_value(judged, value);
        if (reason != RejectReason::none) {
            return {reason, field.tag};
        }
        if (!unjudged && !plain_to_see(field.tag, judged)) {
            lesson.note(at - 1, index, judged.format);
        }
        if (lenient || index < first_group_rule) {
            continue;
        }
        lesson.of_use = false;  // a group is right or wrong by its count's value
        const GroupRule* group = group_of(field.tag, false);
        if (group == nullptr) {
            return {RejectReason::group_count, group_of(field.tag, true)->count_tag};
        }
        if (const Fault fault = check_group(message, *group, at - 1, at)) {
            return fault;
        }
    }
    if (message.too_many_fields()) {
        return {RejectReason::other};
    }
    if (const Fault fault = check_data(message)) {
        return fault;
    }
    return check_required(rule, seen);
}

constexpr std::uint8_t good_for(Counterpart counterpart) noexcept {
    return static_cast<std::uint8_t>(1 + static_cast<unsigned>(counterpart));
}

// Whether the values of a message whose tags are known to be right are plainly right too. What is not plain
// is judged closely, as if no tag were known.
bool values_hold(const Message& message, const Pattern& pattern) noexcept {
    const char* text = message.text().data();
    const auto fields = message.fields();
    const auto all = [&](Kind kind, auto holds) __attribute__((always_inline)) {
        const Pattern::JudgedFields& of_kind = pattern.judged[static_cast<std::size_t>(kind)];
        bool held = true;
        for (std::size_t i = 0; i < of_kind.count; ++i) {
            const Field& field = fields[of_kind.fields[i].field];
            held = holds(field_judges[of_kind.fields[i].rule], text + field.offset, field.length) && held;
        }
        return held;
    };
    constexpr std::size_t word = sizeof(std::uint64_t);
    const auto digits = [](const FieldJudge&, const char* value, std::size_t length) {
        return length <= word && all_digits(padded_word(load_word(value), length, '0'));
    };
    const auto character = [](const FieldJudge& judged, const char* value, std::size_t length) {
        const auto bit = static_cast<unsigned char>(*value) & 127U;
        return length == 1 && (judged.any_value || (judged.listed[bit / 64] >> (bit % 64) & 1U) != 0);
    };
    const auto price = [](const FieldJudge&, const char* value, std::size_t length) {
        return length <= word && is_plain_price(padded_word(load_word(value), length, '0'), length);
    };
    const auto time = [](const FieldJudge&, const char* value, std::size_t length) {
        return static_cast<bool>(parse_time({value, length}));
    };
    const auto other = [](const FieldJudge& judged, const char* value, std::size_t length) {
        return judge_value(judged, {value, length}) == RejectReason::none;
    };
    return all(Kind::digits, digits) && all(Kind::character, character) && all(Kind::price, price) &&
           all(Kind::time, time) && all(Kind::other, other);
}

Fault check_closely(const Message& message, Counterpart counterpart) noexcept {
    const std::string_view type = message.type();
    if (type.empty()) {
        return {RejectReason::no_value, 35};
    }
    const MessageRule* rule = rule_of(type, counterpart);
    Lesson lesson;
    if (rule == nullptr) {
        if (classify(type, counterpart) == MessageClass::unknown) {
            return {RejectReason::message_type, 35};
        }
        // Not served: only the header is ours to judge.
        static constexpr MessageRule unserved = make_rule('\0', {}, {});
        return check_fields<true>(message, unserved, lesson);
    }
    const Fault fault = counterpart == Counterpart::venue ? check_fields<true>(message, *rule, lesson)
                                                          : check_fields<false>(message, *rule, lesson);
    Pattern* pattern = message.pattern();
    if (!fault && pattern != nullptr && lesson.of_use) {
        pattern->judged = lesson.judged;
        pattern->good_for = good_for(counterpart);
    }
    return fault;
}

}  // namespace

MessageClass classify(std::string_view type, Counterpart counterpart) noexcept {
    if (type.size() == 1) {
        const char letter = type.front();
        if (rule_of(type, counterpart) != nullptr) {
            const bool session = (letter >= '0' && letter <= '5') || letter == 'A' ||
                                 (letter == 'j' && counterpart == Counterpart::client);
            return session ? MessageClass::session : MessageClass::application;
        }
        return one_character_types.find(letter) != std::string_view::npos ? MessageClass::unsupported
                                                                          : MessageClass::unknown;
    }
    const bool two = type.size() == 2 && ((type[0] == 'A' && type[1] >= 'A' && type[1] <= 'Z') ||
                                          (type[0] == 'B' && type[1] >= 'A' && type[1] <= 'H'));
    return two ? MessageClass::unsupported : MessageClass::unknown;
}

Fault check(const Message& message, Counterpart counterpart) noexcept {
    const Pattern* pattern = message.pattern();
    if (pattern != nullptr && pattern->good_for == good_for(counterpart) && message.plain() &&
        values_hold(message, *pattern)) {
        return {};
    }
    return check_closely(message, counterpart);
}

std::string_view reject_text(RejectReason reason) noexcept {
    switch (reason) {
        case RejectReason::none:
            return {};
        case RejectReason::invalid_tag_number:
            return "Invalid tag number";
        case RejectReason::required_tag_missing:
            return "Required tag missing";
        case RejectReason::tag_not_for_message:
            return "Tag not defined for this message type";
        case RejectReason::no_value:
            return "Tag specified without a value";
        case RejectReason::value_incorrect:
            return "Value is incorrect (out of range) for this tag";
        case RejectReason::format:
            return "Incorrect data format for value";
        case RejectReason::comp_id:
            return "CompID problem";
        case RejectReason::sending_time:
            return "SendingTime accuracy problem";
        case RejectReason::message_type:
            return "Invalid MsgType";
        case RejectReason::repeated:
            return "Tag appears more than once";
        case RejectReason::field_order:
            return "Tag specified out of required order";
        case RejectReason::group_order:
            return "Repeating group fields out of order";
        case RejectReason::group_count:
            return "Incorrect NumInGroup count for repeating group";
        case RejectReason::other:
            return "More fields than a message may hold (256)";
    }
    return {};
}

}  // namespace fairlead::fix
