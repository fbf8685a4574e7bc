// The venue's logon rule: RawData (96) = APPEND-NO (three digits, chosen by us, none of its last five)
// and KEY-VALUE (thousands and hundreds digit of APPEND-NO x password). Not the session: that is
// gateway/fix; this only makes and reads its data. Called by the order thread when a line logs on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fairlead::gateway {

inline constexpr std::size_t raw_data_width = 5;
inline constexpr std::uint32_t append_number_max = 999;
inline constexpr std::uint32_t line_password_max = 9999;

struct RawData {
    std::array<char, raw_data_width> bytes{};
    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), bytes.size()}; }
};

// 123 and 9999 give "12398". The append number is 1 .. 999, the password 0 .. 9999.
[[nodiscard]] RawData make_raw_data(std::uint32_t append_number, std::uint32_t password) noexcept;

// The append number of a RawData; 0 = not five digits. The key value is the secret's shadow: mask the
// last two digits in what is journaled, and the append number can still be restored from it.
[[nodiscard]] std::uint32_t append_number_of(std::string_view raw_data) noexcept;

// The append numbers of one line, so that none of the venue's previous five is used again. It counts the
// logons it has received: of ours, some may not have come so far.
class AppendNumbers {
  public:
    static constexpr std::size_t remembered = 20;

    // A number 1 .. 999 that is none of those remembered, even over the rest; `randomness` is any 64
    // random bits. It is remembered at once: a logon that fails has used it too.
    [[nodiscard]] std::uint32_t choose(std::uint64_t randomness) noexcept;

    // A number used before a restart, in the order used.
    void remember(std::uint32_t append_number) noexcept;

    [[nodiscard]] bool recent(std::uint32_t append_number) const noexcept;

  private:
    std::array<std::uint16_t, remembered> last_{};
    std::size_t next_ = 0;
};

enum class LogonRefusalAction : std::uint8_t {
    retry = 1,       // again with the next append number
    stop = 2,        // stop the line and raise an alarm: configuration or program is wrong
    wait_venue = 3,  // the venue has stopped the line: ask again after the back-off, alarm
};

// A connection status the venue gives when it refuses a logon or a message of a line.
struct LogonRefusal {
    std::string_view code;  // two digits; empty: told in words
    LogonRefusalAction action = LogonRefusalAction::stop;
    std::string_view english;
    std::string_view chinese;
};

// The number a peer expects, by its refusal "MsgSeqNum too low, expecting 14 but received 10"; 0 = the Text
// (58) says something else.
[[nodiscard]] std::uint64_t expected_number(std::string_view text) noexcept;

// The refusal a Logout's or Reject's Text (58) begins with ("02", "02-...", "0002 ...", "MsgSeqNum too low");
// null = unknown.
[[nodiscard]] const LogonRefusal* logon_refusal(std::string_view text) noexcept;

}  // namespace fairlead::gateway
