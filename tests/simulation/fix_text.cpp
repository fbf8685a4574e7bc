#include "tests/simulation/fix_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace fairlead::simulation {

namespace {

constexpr char soh = '\x01';
constexpr std::string_view begins = "8=FIX.4.4\x01";

unsigned sum_of(std::string_view text) {
    unsigned sum = 0;
    for (const char byte : text) {
        sum += static_cast<unsigned char>(byte);
    }
    return sum % 256;
}

}  // namespace

std::string FixMessage::get(int tag) const {
    for (const auto& [found, value] : fields) {
        if (found == tag) {
            return value;
        }
    }
    return {};
}

bool FixMessage::has(int tag) const {
    for (const auto& field : fields) {
        if (field.first == tag) {
            return true;
        }
    }
    return false;
}

std::uint64_t FixMessage::number(int tag) const {
    return std::strtoull(get(tag).c_str(), nullptr, 10);
}

std::string FixMessage::content() const {
    std::string text;
    for (const auto& [tag, value] : fields) {
        if (tag != 34 && tag != 43 && tag != 52 && tag != 122) {
            text += std::to_string(tag) + "=" + value + "|";
        }
    }
    return text;
}

std::string write_fix(const Fields& fields) {
    std::string body;
    for (const auto& [tag, value] : fields) {
        body += std::to_string(tag) + "=" + value + soh;
    }
    std::string text = std::string(begins) + "9=" + std::to_string(body.size()) + soh + body;
    std::array<char, 16> end{};
    std::snprintf(end.data(), end.size(), "10=%03u\x01", sum_of(text));
    return text + end.data();
}

bool take_fix(std::string& bytes, FixMessage& into, std::string& bad) {
    if (bytes.size() < begins.size() + 4) {
        return false;
    }
    const std::size_t length_end = bytes.find(soh, begins.size());
    if (bytes.compare(0, begins.size(), begins) != 0 || bytes.compare(begins.size(), 2, "9=") != 0) {
        bad = "bytes that begin with no message";
        return false;
    }
    if (length_end == std::string::npos) {
        return false;
    }
    const std::size_t length = std::strtoull(bytes.c_str() + begins.size() + 2, nullptr, 10);
    const std::size_t whole = length_end + 1 + length + 7;
    if (bytes.size() < whole) {
        return false;
    }
    const unsigned told = static_cast<unsigned>(std::strtoul(bytes.c_str() + whole - 4, nullptr, 10));
    if (told != sum_of(std::string_view(bytes).substr(0, whole - 7))) {
        bad = "a message with a wrong CheckSum";
        return false;
    }
    into.fields.clear();
    for (std::size_t at = length_end + 1; at < whole - 7;) {
        const std::size_t equals = bytes.find('=', at);
        const std::size_t end = bytes.find(soh, at);
        into.fields.emplace_back(std::atoi(bytes.c_str() + at), bytes.substr(equals + 1, end - equals - 1));
        at = end + 1;
    }
    bytes.erase(0, whole);
    return true;
}

std::string fix_time(std::int64_t utc_ns) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{floor<milliseconds>(nanoseconds{utc_ns})};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss<milliseconds> clock{time - day};
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%04d%02u%02u-%02d:%02d:%02d.%03d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text.data();
}

std::string fix_price(std::int64_t price) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%lld.%04lld", static_cast<long long>(price / 10'000),
                  static_cast<long long>(price % 10'000));
    return text.data();
}

std::int64_t parse_fix_price(const std::string& text) {
    const std::size_t point = text.find('.');
    std::int64_t price = std::strtoll(text.c_str(), nullptr, 10) * 10'000;
    if (point != std::string::npos) {
        std::string fraction = text.substr(point + 1, 4);
        fraction.resize(4, '0');
        price += std::strtoll(fraction.c_str(), nullptr, 10);
    }
    return price;
}

}  // namespace fairlead::simulation
