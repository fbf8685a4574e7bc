#include "gateway/orders/venue_logon.hpp"

namespace fairlead::gateway {
namespace {

constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}

using enum LogonRefusalAction;

constexpr std::array refusals{
    LogonRefusal{"01", retry, "The APPEND-NO was used in one of the last five logons.",
                 "APPEND-NO 與前五次重複"},
    LogonRefusal{"02", stop, "The KEY-VALUE does not fit: the line's password is wrong.", "KEY-VALUE 錯誤"},
    LogonRefusal{"03", stop, "The APPEND-NO is 0.", "APPEND-NO 為零"},
    LogonRefusal{"08", stop, "RawDataLength (95) is not 5.", "RawDataLength 不等於 5"},
    LogonRefusal{"72", stop, "The AP-CODE in TargetSubID (57) is wrong.", "AP-CODE 錯誤"},
    LogonRefusal{"73", stop, "SenderCompID (49) is not a line of this broker.", "SenderCompID 錯誤"},
    LogonRefusal{"77", wait_venue, "Too many bad messages on this line: call the venue.",
                 "錯誤次數超過上限, 請洽交易所"},
    LogonRefusal{"78", stop, "The venue does not take this message type.", "訊息種類錯誤"},
    LogonRefusal{"86", wait_venue, "The venue has stopped this line.", "PVC 停用或離線"},
};

// Not a code of the venue but what FIX engines say. Trying again would use up a number each time until one
// fits, and trade on as if nothing had been lost.
constexpr std::string_view number_too_low_text = "MsgSeqNum too low";
constexpr LogonRefusal number_too_low{
    "", stop, "The venue has had messages of this line that our journal does not hold.",
    "交易所已收到本線路較新之訊息, 本地日誌不完整"};

// Editions before 2013 numbered three of them otherwise.
constexpr std::string_view current_code(std::string_view code) noexcept {
    if (code == "04") {
        return "02";
    }
    if (code == "70") {
        return "03";
    }
    if (code == "71") {
        return "08";
    }
    return code;
}

}  // namespace

RawData make_raw_data(std::uint32_t append_number, std::uint32_t password) noexcept {
    const std::uint32_t append = append_number % (append_number_max + 1);
    const std::uint32_t product = append * (password % (line_password_max + 1));
    const std::uint32_t key = product / 100 % 100;
    const auto digit = [](std::uint32_t value) { return static_cast<char>('0' + value % 10); };
    return {{digit(append / 100), digit(append / 10), digit(append), digit(key / 10), digit(key)}};
}

std::uint32_t append_number_of(std::string_view raw_data) noexcept {
    if (raw_data.size() != raw_data_width) {
        return 0;
    }
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        if (!is_digit(raw_data[i])) {
            return 0;
        }
        number = number * 10 + static_cast<std::uint32_t>(raw_data[i] - '0');
    }
    return number;
}

bool AppendNumbers::recent(std::uint32_t append_number) const noexcept {
    for (const std::uint16_t number : last_) {
        if (number == append_number && number != 0) {
            return true;
        }
    }
    return false;
}

void AppendNumbers::remember(std::uint32_t append_number) noexcept {
    last_[next_] = static_cast<std::uint16_t>(append_number);
    next_ = (next_ + 1) % remembered;
}

std::uint32_t AppendNumbers::choose(std::uint64_t randomness) noexcept {
    std::uint32_t excluded = 0;
    for (std::uint32_t number = 1; number <= append_number_max; ++number) {
        excluded += recent(number) ? 1 : 0;
    }
    std::uint64_t place = randomness % (append_number_max - excluded);
    std::uint32_t chosen = 1;
    while (recent(chosen) || place > 0) {
        place -= recent(chosen) ? 0 : 1;
        ++chosen;
    }
    remember(chosen);
    return chosen;
}

std::uint64_t expected_number(std::string_view text) noexcept {
    constexpr std::string_view before = "expecting ";
    constexpr std::size_t digits_max = 12;
    const std::size_t found = text.find(before);
    if (text.substr(0, number_too_low_text.size()) != number_too_low_text ||
        found == std::string_view::npos) {
        return 0;
    }
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (text.remove_prefix(found + before.size()); !text.empty() && is_digit(text.front());
         text.remove_prefix(1)) {
        if (++digits > digits_max) {
            return 0;
        }
        number = number * 10 + static_cast<std::uint64_t>(text.front() - '0');
    }
    return number;
}

const LogonRefusal* logon_refusal(std::string_view text) noexcept {
    if (text.substr(0, number_too_low_text.size()) == number_too_low_text) {
        return &number_too_low;
    }
    if (text.size() > 2 && text.substr(0, 2) == "00" && is_digit(text[2])) {
        text.remove_prefix(2);  // four digits, as on the order messages
    }
    if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1]) ||
        (text.size() > 2 && is_digit(text[2]))) {
        return nullptr;
    }
    const std::string_view code = current_code(text.substr(0, 2));
    for (const LogonRefusal& refusal : refusals) {
        if (refusal.code == code) {
            return &refusal;
        }
    }
    return nullptr;
}

}  // namespace fairlead::gateway
