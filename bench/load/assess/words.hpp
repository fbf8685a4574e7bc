// How an assessment writes its figures: numbers, times of day, dates. Called by all of its parts.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

#include "risk/words.hpp"

namespace fairlead::load {

[[nodiscard]] inline std::string decimal(double value, int places) {
    std::array<char, 64> room{};
    std::snprintf(room.data(), room.size(), "%.*f", places, value);
    return room.data();
}

[[nodiscard]] inline std::string microseconds(std::uint64_t ns) {
    return decimal(static_cast<double>(ns) / 1000.0, ns < 100'000 ? 1 : 0);
}

// "2026-11-23T15:39:00Z"; with another format, as strftime has it.
[[nodiscard]] inline std::string utc_text(risk::UtcNs at, const char* format = "%Y-%m-%dT%H:%M:%SZ") {
    const std::time_t seconds = at / 1'000'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), format, &parts);
    return text.data();
}

// 20261123 -> "2026-11-23"
[[nodiscard]] inline std::string date_text(std::uint32_t date) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04u-%02u-%02u", date / 10'000, date / 100 % 100, date % 100);
    return text.data();
}

}  // namespace fairlead::load
