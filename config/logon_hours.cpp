// Logon hours: minutes of the exchange's day.
#include "config/logon_hours.hpp"

#include <algorithm>

#include "config/csv.hpp"

namespace fairlead::config {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t minutes_a_day = std::int64_t{24} * 60;
constexpr std::int64_t taipei_ahead_minutes = std::int64_t{8} * 60;

bool parse_minute(std::string_view text, std::int64_t& minute) noexcept {
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (text.size() != 5 || text[2] != ':' || !parse_whole(text.substr(0, 2), 0, 24, hours) ||
        !parse_whole(text.substr(3), 0, 59, minutes)) {
        return false;
    }
    minute = hours * 60 + minutes;
    return minute <= minutes_a_day;
}

std::string minute_text(std::uint16_t minute) {
    const auto two = [](int value) { return std::to_string(100 + value).substr(1); };
    return two(minute / 60) + ":" + two(minute % 60);
}

}  // namespace

bool parse_logon_window(std::string_view text, LogonWindow& into) noexcept {
    std::int64_t from = 0;
    std::int64_t to = 0;
    if (text.size() != 11 || text[5] != '-' || !parse_minute(text.substr(0, 5), from) ||
        !parse_minute(text.substr(6), to) || from == to || from == minutes_a_day) {
        return false;
    }
    into.from_minute = static_cast<std::uint16_t>(from);
    into.to_minute = static_cast<std::uint16_t>(to);
    return true;
}

bool within_hours(const std::vector<LogonWindow>& windows, risk::UtcNs utc_ns) noexcept {
    const std::int64_t minute = (utc_ns / minute_ns + taipei_ahead_minutes) % minutes_a_day;
    return windows.empty() ||
           std::any_of(windows.begin(), windows.end(), [minute](const LogonWindow& window) {
               const bool after = minute >= window.from_minute;
               const bool before = minute < window.to_minute;
               return window.from_minute < window.to_minute ? after && before : after || before;
           });
}

std::string hours_text(const std::vector<LogonWindow>& windows) {
    std::string text;
    for (const LogonWindow& window : windows) {
        text += text.empty() ? "" : " and ";
        text += minute_text(window.from_minute) + "-" + minute_text(window.to_minute);
    }
    return text;
}

}  // namespace fairlead::config
