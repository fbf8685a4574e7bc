// See encoder.hpp. BodyLength gets room for three digits, which nearly every message needs; the body is
// moved by the difference when it needs fewer or more, so that no leading zeros are written.
#include "gateway/fix/encoder.hpp"

#include <algorithm>

#include "gateway/fix/reader.hpp"

namespace fairlead::fix {

namespace {

constexpr std::size_t length_room = 3;
constexpr std::size_t trailer_size = 7;  // 10=nnn|

bool printable(std::string_view text) noexcept {
    for (const char character : text) {
        if (character <= ' ' || character > '~') {
            return false;
        }
    }
    return !text.empty();
}

// Writes the CheckSum of a message that begins at `out`, at its end, where there is room for it. The length.
std::size_t end_message(char* out, char* at) noexcept {
    const std::uint8_t sum = checksum(out, static_cast<std::size_t>(at - out));
    std::copy_n("10=", 3, at);
    put_three_digits(at + 3, sum);
    at[6] = soh;
    return static_cast<std::size_t>(at + trailer_size - out);
}

}  // namespace

HeaderTemplate::HeaderTemplate(std::string_view begin_string, std::string_view sender,
                               std::string_view target) noexcept {
    if (begin_string.size() > 8 || sender.size() > comp_id_max || target.size() > comp_id_max ||
        !printable(begin_string) || !printable(sender) || !printable(target)) {
        return;
    }
    const auto put = [this](std::string_view text) {
        std::memcpy(text_ + length_, text.data(), text.size());
        length_ += text.size();
    };
    put("8=");
    put(begin_string);
    put("\x01"
        "9=");
    prefix_ = length_;
    put("000\x01"
        "35=?\x01"
        "49=");
    put(sender);
    put("\x01"
        "56=");
    put(target);
    put("\x01"
        "34=");
}

void Encoder::begin(std::span<char> out, const HeaderTemplate& header, std::string_view type,
                    std::uint64_t number, risk::UtcNs sending_time_ns, Duplicate duplicate) noexcept {
    constexpr std::size_t number_room = 64;  // the longer types, the number and its SOH
    out_ = out.data();
    at_ = out_;
    end_ = out_ + out.size();
    prefix_ = header.prefix();
    const std::string_view text = header.text();
    failed_ = !header.valid() || type.empty() || type.size() > 4 || out.size() < text.size() + number_room;
    if (failed_) {
        fail();
        return;
    }
    std::memcpy(at_, text.data(), text.size());
    const std::size_t behind = header.type_at() + 1;
    if (type.size() == 1) [[likely]] {
        at_[header.type_at()] = type.front();
    } else {
        std::memcpy(at_ + header.type_at(), type.data(), type.size());
        std::memcpy(at_ + header.type_at() + type.size(), text.data() + behind, text.size() - behind);
    }
    close(format_unsigned(at_ + text.size() + type.size() - 1, number));
    if (duplicate.poss_dup) {
        add_char(43, 'Y');
    }
    if (open(52, time_text_max)) {
        close(sending_writer_.write(at_, sending_time_ns, resolution_));
    }
    if (duplicate.poss_dup) {
        add_time(122, duplicate.original_sending_time_ns);
    }
}

void Encoder::mask_soh(std::size_t size) noexcept {
    std::replace(at_, at_ + size, soh, '?');
}

void Encoder::add_data(std::uint32_t length_tag, std::uint32_t data_tag, std::string_view data) noexcept {
    if (data.empty()) {
        return;
    }
    add_unsigned(length_tag, data.size());
    if (open(data_tag, data.size())) {
        std::memcpy(at_, data.data(), data.size());
        close(at_ + data.size());
    }
}

std::size_t Encoder::finish() noexcept {
    if (failed_) {
        return 0;
    }
    const char* end = end_;
    fail();  // a finished message takes no more fields
    char* body = out_ + prefix_ + length_room + 1;
    const auto body_length = static_cast<std::size_t>(at_ - body);
    if (body_length >= 100 && body_length < 1'000) [[likely]] {  // as much as there is room for
        if (static_cast<std::size_t>(end - at_) < trailer_size) {
            return 0;
        }
        put_three_digits(out_ + prefix_, static_cast<std::uint32_t>(body_length));
        out_[prefix_ + length_room] = soh;
        return end_message(out_, at_);
    }
    char digits[number_text_max];
    const auto width = static_cast<std::size_t>(format_unsigned(digits, body_length) - digits);
    char* moved_body = out_ + prefix_ + width + 1;
    if (static_cast<std::size_t>(end - moved_body) < body_length + trailer_size) {
        return 0;
    }
    if (moved_body != body) {
        std::memmove(moved_body, body, body_length);
    }
    std::memcpy(out_ + prefix_, digits, width);
    out_[prefix_ + width] = soh;
    return end_message(out_, moved_body + body_length);
}

}  // namespace fairlead::fix
