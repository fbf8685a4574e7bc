// See reader.hpp. Framing first (8, 9, 35, length, checksum), then one walk over the fields. Whatever
// breaks a rule sends the search to the next place that looks like the beginning of a message.
#include "gateway/fix/reader.hpp"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

#include "gateway/fix/scan.hpp"

namespace fairlead::fix {

namespace {

constexpr std::size_t begin_string_max = 16;
constexpr std::size_t trailer_size = 7;  // 10=nnn|
constexpr std::uint32_t tag_max = 999'999'999;
// More digits than these in a BodyLength are never a length we would read.
constexpr std::size_t length_digits_max = 10;

struct DataPair {
    std::uint32_t length_tag;
    std::uint32_t data_tag;
};
constexpr DataPair data_pairs[] = {{93, 89},   {95, 96},   {90, 91},   {212, 213}, {348, 349}, {350, 351},
                                   {352, 353}, {354, 355}, {356, 357}, {358, 359}, {360, 361}, {362, 363},
                                   {364, 365}, {445, 446}, {618, 619}, {621, 622}};

// Every tag of a pair, one bit each, so that the walk asks a table and not a list.
struct DataTags {
    std::uint64_t bits[10]{};
    constexpr DataTags() {
        for (const DataPair& pair : data_pairs) {
            bits[pair.length_tag / 64] |= std::uint64_t{1} << (pair.length_tag % 64);
            bits[pair.data_tag / 64] |= std::uint64_t{1} << (pair.data_tag % 64);
        }
    }
    [[nodiscard]] constexpr bool holds(std::uint32_t tag) const {
        return tag < 640 && (bits[tag / 64] >> (tag % 64) & 1U) != 0;
    }
};
constexpr DataTags data_tags;
// Tags that are not read straight through: those, and CheckSum, which ends a message.
struct SpecialTags : DataTags {
    constexpr SpecialTags() { bits[0] |= std::uint64_t{1} << 10U; }
};
constexpr SpecialTags special_tags;

// The next SOH in [at, end), or end.
const char* find_soh(const char* at, const char* end) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        constexpr std::uint64_t ones = 0x0101010101010101U;
        constexpr std::uint64_t highs = 0x8080808080808080U;
        while (end - at >= 8) {
            std::uint64_t word;
            std::memcpy(&word, at, sizeof(word));
            word ^= ones * static_cast<std::uint64_t>(soh);
            const std::uint64_t zero = (word - ones) & ~word & highs;
            if (zero != 0) {
                return at + std::countr_zero(zero) / 8;
            }
            at += 8;
        }
    }
    return std::find(at, end, soh);
}

bool is_digit(char character) noexcept {
    return static_cast<unsigned char>(character - '0') <= 9;
}

// How many bytes to skip so that the next read begins where a message may begin: "8=FIX...|9=", whole
// or cut off by the end of what was read. At least one byte, or everything.
std::size_t skip_to_next_begin(std::string_view bytes) noexcept {
    constexpr std::string_view pattern = "8=FIX";
    for (std::size_t at = 1; at < bytes.size(); ++at) {
        const auto* found = static_cast<const char*>(std::memchr(bytes.data() + at, '8', bytes.size() - at));
        if (found == nullptr) {
            return bytes.size();
        }
        at = static_cast<std::size_t>(found - bytes.data());
        const std::string_view rest = bytes.substr(at);
        if (rest.size() < pattern.size()) {
            if (pattern.substr(0, rest.size()) == rest) {
                return at;
            }
            continue;
        }
        if (rest.substr(0, pattern.size()) != pattern) {
            continue;
        }
        const std::size_t end = rest.substr(0, begin_string_max + 3).find(soh);
        if (end == std::string_view::npos) {
            if (rest.size() < begin_string_max + 3) {
                return at;
            }
            continue;
        }
        const std::string_view next = rest.substr(end + 1, 2);
        if (next == std::string_view("9=").substr(0, next.size())) {
            return at;
        }
    }
    return bytes.size();
}

enum class FrameStatus : std::uint8_t { whole, part, broken, too_long };

struct Frame {
    FrameStatus status = FrameStatus::broken;
    std::size_t begin_end = 0;   // of the BeginString's value
    std::size_t length_end = 0;  // of the BodyLength's value
    std::size_t body = 0;        // where MsgType begins
    std::size_t size = 0;        // of the whole message, as BodyLength says
};

// The bytes of a text as a word holds them, the first lowest; `of` may be shorter than a word.
constexpr std::uint64_t word_of(std::string_view of) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(of[i])} << (8 * i);
    }
    return word;
}

// What nearly every message begins with, "8=FIX.4.4|9=nnn|35=", by words. False: anything else.
bool usual_frame(std::string_view bytes, std::size_t message_max, Frame& frame) noexcept {
    constexpr std::size_t length_at = 12;
    constexpr std::size_t body = length_at + 4;
    if (bytes.size() < body + 4) {
        return false;
    }
    const std::uint64_t second = load_word(bytes.data() + 4);
    const std::uint64_t third = load_word(bytes.data() + length_at);  // nnn|35=?
    constexpr std::uint64_t digits = 0x0000000000ffffff;
    constexpr std::uint64_t fixed = 0x00ffffffff000000;
    if (load_word(bytes.data()) != word_of("8=FIX.4.") ||
        second != word_of("X.4.4\x01"
                          "9=") ||
        (third & fixed) != word_of("\x01"
                                   "35=")
                               << 24 ||
        !all_digits(padded_word(third, 3, '0'))) {
        return false;
    }
    frame.begin_end = length_at - 3;
    frame.length_end = body - 1;
    frame.body = body;
    frame.size = body + short_digits(third & digits, 3) + trailer_size;
    frame.status = frame.size > message_max    ? FrameStatus::too_long
                   : bytes.size() < frame.size ? FrameStatus::part
                                               : FrameStatus::whole;
    return true;
}

// 8=...|9=...|35= at the beginning of `bytes`, as far as they go.
Frame frame_of(std::string_view bytes, std::size_t message_max) noexcept {
    Frame frame;
    if (usual_frame(bytes, message_max, frame)) {
        return frame;
    }
    const std::string_view head = bytes.substr(0, 2);
    if (head != std::string_view("8=").substr(0, head.size())) {
        return frame;
    }
    frame.status = FrameStatus::part;
    const std::size_t begin_end = bytes.substr(0, begin_string_max + 3).find(soh);
    if (begin_end == std::string_view::npos) {
        frame.status = bytes.size() < begin_string_max + 3 ? FrameStatus::part : FrameStatus::broken;
        return frame;
    }
    frame.begin_end = begin_end;
    const std::string_view second = bytes.substr(begin_end + 1, 2);
    if (second != std::string_view("9=").substr(0, second.size()) || begin_end == 2) {
        frame.status = FrameStatus::broken;
        return frame;
    }
    std::size_t at = begin_end + 3;
    std::uint64_t length = 0;
    const std::size_t digits_begin = at;
    for (; at < bytes.size() && is_digit(bytes[at]); ++at) {
        if (at - digits_begin == length_digits_max) {
            frame.status = FrameStatus::too_long;
            return frame;
        }
        length = length * 10 + static_cast<std::uint64_t>(bytes[at] - '0');
    }
    if (at >= bytes.size()) {
        return frame;
    }
    if (bytes[at] != soh || at == digits_begin) {
        frame.status = FrameStatus::broken;
        return frame;
    }
    frame.length_end = at;
    frame.body = at + 1;
    if (frame.body + length + trailer_size > message_max) {
        frame.status = FrameStatus::too_long;
        return frame;
    }
    const std::string_view third = bytes.substr(frame.body, 3);
    if (third != std::string_view("35=").substr(0, third.size())) {
        frame.status = FrameStatus::broken;
        return frame;
    }
    frame.size = frame.body + static_cast<std::size_t>(length) + trailer_size;
    frame.status = bytes.size() < frame.size ? FrameStatus::part : FrameStatus::whole;
    return frame;
}

// Walks the fields of a body. Used on whole messages to fill `message`, and on cut-off ones to see
// whether a CheckSum comes before BodyLength says it does.
class Walk {
  public:
    Walk(const char* begin, std::size_t from, std::size_t to) noexcept
        : begin_(begin), at_(begin + from), end_(begin + to) {}

    enum class Step : std::uint8_t { field, end, broken };

    // The next field. `message` is told of data faults.
    Step next(Field& field, Message& message) noexcept {
        if (at_ == end_) {
            if (expected_data_ != 0) {
                message.mark_data_fault(DataFault::data_missing, length_tag_of(expected_data_));
            }
            return Step::end;
        }
        const char* tag_begin = at_;
        if (!read_tag(field)) {
            return Step::broken;
        }
        const char* value = at_;
        const char* value_end = nullptr;
        if (expected_data_ != 0) [[unlikely]] {
            value_end = data_end(field.tag, value, message);
        } else if (data_tags.holds(field.tag) && length_tag_of(field.tag) != 0) {
            message.mark_data_fault(DataFault::length_missing, length_tag_of(field.tag));
        }
        if (value_end == nullptr) {
            value_end = find_soh(value, end_);
        }
        if (value_end == end_) {
            ran_out_ = true;
            at_ = tag_begin;
            return Step::broken;
        }
        field.offset = static_cast<std::uint32_t>(value - begin_);
        field.length = static_cast<std::uint32_t>(value_end - value);
        at_ = value_end + 1;
        if (data_tags.holds(field.tag)) {
            expect_data(field, {value, field.length}, message);
        }
        return Step::field;
    }

    [[nodiscard]] const char* at() const noexcept { return at_; }
    // The last step was broken because the bytes ended, not because of what they are.
    [[nodiscard]] bool ran_out() const noexcept { return ran_out_; }

  private:
    // "tag=" with a tag of digits, or a minus and digits. A number we cannot hold becomes tag 0, which
    // the dictionary rejects; what is no number at all is no FIX.
    bool read_tag(Field& field) noexcept {
        const char* first = at_;
        const bool negative = *at_ == '-';
        at_ += negative ? 1 : 0;
        const char* digits = at_;
        std::uint64_t tag = 0;
        for (; at_ != end_ && is_digit(*at_); ++at_) {
            tag = tag > tag_max ? tag : tag * 10 + static_cast<std::uint64_t>(*at_ - '0');
        }
        if (at_ == end_ || *at_ != '=' || at_ == digits) {
            ran_out_ = at_ == end_;
            at_ = first;
            return false;
        }
        const bool held = !negative && *digits != '0' && tag <= tag_max;
        field.tag = held ? static_cast<std::uint32_t>(tag) : 0;
        ++at_;
        return true;
    }

    void expect_data(const Field& field, std::string_view value, Message& message) noexcept {
        const std::uint32_t data_tag = data_tag_of(field.tag);
        if (data_tag == 0) {
            return;
        }
        const auto length = parse_unsigned(value);
        expected_data_ = data_tag;
        expected_length_ = length.value;
        length_known_ = static_cast<bool>(length);
        if (!length_known_) {
            message.mark_data_fault(DataFault::length_wrong, field.tag);
        }
    }

    // Where the data ends by its length; null when the length is not to be trusted.
    const char* data_end(std::uint32_t tag, const char* value, Message& message) noexcept {
        const std::uint32_t expected = expected_data_;
        expected_data_ = 0;
        if (tag != expected) {
            message.mark_data_fault(DataFault::data_missing, length_tag_of(expected));
            return nullptr;
        }
        if (!length_known_) {
            return nullptr;
        }
        const auto left = static_cast<std::uint64_t>(end_ - value);
        if (expected_length_ >= left || value[expected_length_] != soh) {
            ran_out_ = ran_out_ || expected_length_ >= left;
            message.mark_data_fault(DataFault::length_wrong, length_tag_of(expected));
            return nullptr;
        }
        return value + expected_length_;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    std::uint64_t expected_length_ = 0;
    std::uint32_t expected_data_ = 0;
    bool length_known_ = false;
    bool ran_out_ = false;
};

// What the CheckSum field behind a message's last SOH names, "|10=nnn|"; -1: there is none.
int named_sum(const char* at) noexcept {
    const std::uint64_t word = load_word(at);
    constexpr std::uint64_t digits = 0x00ffffff00000000;
    constexpr std::uint64_t around = word_of(
                                         "\x01"
                                         "10=") |
                                     std::uint64_t{soh} << 56;
    if ((word & ~digits) != around || !all_digits(padded_word(word >> 32, 3, '0'))) {
        return -1;
    }
    return static_cast<int>(short_digits(word >> 32 & 0xffffff, 3));
}

// A message not yet whole by its BodyLength: if its CheckSum field is already there, BodyLength is too
// long and would swallow what follows; if some text is no tag=value, it can only be garbled. Returns how
// many bytes to skip, 0 = nothing wrong so far.
std::size_t swallowed(std::string_view bytes, const Frame& frame, Message& scratch) noexcept {
    if (frame.body == 0) {
        return 0;
    }
    scratch.start(bytes.data(), bytes.size());
    Walk walk(bytes.data(), frame.body, bytes.size());
    Field field;
    Walk::Step step = walk.next(field, scratch);
    for (; step == Walk::Step::field && !walk.ran_out(); step = walk.next(field, scratch)) {
        if (field.tag == 10) {
            return static_cast<std::size_t>(walk.at() - bytes.data());
        }
    }
    // A data field that is still to come may hold anything: wait for it.
    return step == Walk::Step::broken && !walk.ran_out() ? skip_to_next_begin(bytes) : 0;
}

// One field of the messages that come all day: a tag of at most five digits, no data field. False: anything
// else, to be read closely.
bool plain_field(const char* begin, const char* field, const char* field_end, Message& message) noexcept {
    const auto digit = [](const char* at) {
        return static_cast<unsigned>(static_cast<unsigned char>(*at)) - '0';
    };
    std::uint32_t tag = digit(field);
    if (tag - 1 > 8) {
        return false;
    }
    const char* at = field + 1;
    for (unsigned next = digit(at); next <= 9; next = digit(++at)) {
        tag = tag * 10 + next;
    }
    if (*at != '=' || at - field > 5 || special_tags.holds(tag)) {
        return false;
    }
    message.add(
        {tag, static_cast<std::uint32_t>(at + 1 - begin), static_cast<std::uint32_t>(field_end - at - 1)});
    return true;
}

// The fields from MsgType on, by the places of their ends.
bool fill_plain(const char* begin, const Scan& scan, Message& message) noexcept {
    const char* field = begin + scan.ends[1] + 1;
    for (std::size_t i = 2; i < scan.count; ++i) {
        const char* field_end = begin + scan.ends[i];
        if (!plain_field(begin, field, field_end, message)) {
            return false;
        }
        field = field_end + 1;
    }
    return true;
}

// Fills `message` from a frame whose length and checksum are right; false: some text is no tag=value.
bool fill(const char* begin, const Frame& frame, const Scan& scan, Message& message) noexcept {
    const char* type = begin + frame.body + 3;
    const bool one_character = type[0] != soh && type[1] == soh;
    if (one_character && scan.whole &&
        message.read_alike(begin, frame.size, {scan.ends.data(), scan.count}, *type, scan.printable)) {
        return true;
    }
    const auto start = [&] {
        message.start(begin, frame.size);
        message.add({8, 2, static_cast<std::uint32_t>(frame.begin_end - 2)});
        const auto length_begin = static_cast<std::uint32_t>(frame.begin_end + 3);
        message.add({9, length_begin, static_cast<std::uint32_t>(frame.length_end) - length_begin});
    };
    const Field checksum_field{10, static_cast<std::uint32_t>(frame.size - 4), 3};
    start();
    if (scan.whole && fill_plain(begin, scan, message)) {
        message.add(checksum_field);
        if (one_character) {
            message.learn(*type);
        }
        return true;
    }
    start();
    Walk walk(begin, frame.body, frame.size - trailer_size);
    Field field;
    Walk::Step step = walk.next(field, message);
    for (; step == Walk::Step::field; step = walk.next(field, message)) {
        if (field.tag == 10) {
            return false;
        }
        message.add(field);
    }
    message.add(checksum_field);
    return step == Walk::Step::end;
}

}  // namespace

std::uint8_t checksum(const char* bytes, std::size_t size) noexcept {
    __m128i sums = _mm_setzero_si128();
    std::size_t at = 0;
    const auto take_block = [&sums, bytes](std::size_t from) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + from));
        sums = _mm_add_epi64(sums, _mm_sad_epu8(block, _mm_setzero_si128()));
    };
    for (; at + 4 * sizeof(sums) <= size; at += 4 * sizeof(sums)) {
        take_block(at);
        take_block(at + sizeof(sums));
        take_block(at + 2 * sizeof(sums));
        take_block(at + 3 * sizeof(sums));
    }
    for (; at + sizeof(sums) <= size; at += sizeof(sums)) {
        take_block(at);
    }
    auto sum =
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums))));
    for (; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
        sum += static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_sad_epu8(
            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + at)), _mm_setzero_si128())));
    }
    for (; at < size; ++at) {
        sum += static_cast<std::uint8_t>(bytes[at]);
    }
    return static_cast<std::uint8_t>(sum);
}

std::uint32_t data_tag_of(std::uint32_t length_tag) noexcept {
    for (const DataPair& pair : data_pairs) {
        if (pair.length_tag == length_tag) {
            return pair.data_tag;
        }
    }
    return 0;
}

std::uint32_t length_tag_of(std::uint32_t data_tag) noexcept {
    for (const DataPair& pair : data_pairs) {
        if (pair.data_tag == data_tag) {
            return pair.length_tag;
        }
    }
    return 0;
}

ReadResult Reader::read(std::span<const char> input, Message& message) const noexcept {
    const std::string_view bytes(input.data(), input.size());
    if (bytes.empty()) {
        return {};
    }
    const Frame frame = frame_of(bytes, message_max_);
    switch (frame.status) {
        case FrameStatus::too_long:
            return {ReadStatus::oversize, 0};
        case FrameStatus::broken:
            return {ReadStatus::garbled, skip_to_next_begin(bytes)};
        case FrameStatus::part: {
            const std::size_t skip = swallowed(bytes, frame, message);
            return skip == 0 ? ReadResult{} : ReadResult{ReadStatus::garbled, skip};
        }
        case FrameStatus::whole:
            break;
    }
    const char* trailer = bytes.data() + frame.size - trailer_size;
    const Scan scan(bytes.data(), frame.size - trailer_size);
    int sum = scan.sum;
    if (!scan.whole) [[unlikely]] {
        sum = checksum(bytes.data(), frame.size - trailer_size);
    }
    if (sum != named_sum(trailer - 1)) {
        return {ReadStatus::garbled, skip_to_next_begin(bytes)};
    }
    if (!fill(bytes.data(), frame, scan, message)) {
        return {ReadStatus::garbled, skip_to_next_begin(bytes.substr(0, frame.size))};
    }
    return {ReadStatus::complete, frame.size};
}

}  // namespace fairlead::fix
