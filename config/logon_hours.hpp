// LogonHours: when in the exchange's day a session may log on. Exchange time is Asia/Taipei, eight hours
// ahead of UTC all year. It ends no session that is on. Read by gateway_config.cpp, asked at each Logon.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "risk/words.hpp"

namespace fairlead::config {

// [from, to) in minutes after midnight; to before from: over midnight.
struct LogonWindow {
    std::uint16_t from_minute = 0;
    std::uint16_t to_minute = 0;
};

// "08:00-14:45"; the two must differ, and "24:00" may end a window.
[[nodiscard]] bool parse_logon_window(std::string_view text, LogonWindow& into) noexcept;

// No window: any hour. Without heap: the order thread asks.
[[nodiscard]] bool within_hours(const std::vector<LogonWindow>& windows, risk::UtcNs utc_ns) noexcept;
// "08:00-14:45 and 16:00-17:00", for people.
[[nodiscard]] std::string hours_text(const std::vector<LogonWindow>& windows);

}  // namespace fairlead::config
