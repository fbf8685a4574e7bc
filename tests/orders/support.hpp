// What the translation tests share: messages written with '|' for SOH, and read by the gateway's reader.
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/fix/values.hpp"

namespace fairlead::gateway {

inline std::string with_soh(std::string text) {
    std::replace(text.begin(), text.end(), '|', fix::soh);
    return text;
}
inline std::string with_bars(std::string text) {
    std::replace(text.begin(), text.end(), fix::soh, '|');
    return text;
}

// 2026-11-23 01:02:03.456 UTC
inline constexpr risk::UtcNs test_time_ns = 1795395723456000000;

// A whole message of `type` with this header rest and body ("11=a|55=2330|").
inline std::string message_text(const std::string& type, const std::string& body, std::uint64_t number = 7,
                                const std::string& header = "49=CLIENT|56=GATEWAY|") {
    std::string rest =
        "35=" + type + "|" + header + "34=" + std::to_string(number) + "|52=20261123-01:02:03.456|" + body;
    std::string text = with_soh("8=FIX.4.4|9=" + std::to_string(rest.size()) + "|" + rest);
    const std::string sum = std::to_string(fix::checksum(text.data(), text.size()));
    return text + "10=" + std::string(3 - sum.size(), '0') + sum + fix::soh;
}

// A message and the bytes it points into.
class ReadMessage {
  public:
    explicit ReadMessage(std::string text) : text_(std::move(text)) {
        const fix::ReadResult result = fix::Reader().read(text_, message_);
        REQUIRE(result.status == fix::ReadStatus::complete);
        REQUIRE(result.consumed == text_.size());
    }
    ReadMessage(const ReadMessage&) = delete;
    ReadMessage& operator=(const ReadMessage&) = delete;
    [[nodiscard]] const fix::Message& get() const { return message_; }

  private:
    std::string text_;
    fix::Message message_;
};

// Room for one encoded message, and its text with bars.
struct Room {
    std::array<char, 2048> bytes{};
    [[nodiscard]] std::string raw(std::size_t length) const { return {bytes.data(), length}; }
    [[nodiscard]] std::string text(std::size_t length) const { return with_bars(raw(length)); }
};

// The body of a message with bars: behind SendingTime (52) and OrigSendingTime (122), before CheckSum.
inline std::string body_of(const std::string& bars) {
    std::size_t at = bars.find("|52=");
    at = bars.find('|', at + 1) + 1;
    if (bars.compare(at, 4, "122=") == 0) {
        at = bars.find('|', at) + 1;
    }
    return bars.substr(at, bars.rfind("10=") - at);
}

}  // namespace fairlead::gateway
