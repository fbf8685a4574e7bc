#include "audit/examine/words.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace fairlead::audit {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t taipei_ahead_s = std::int64_t{8} * 3600;
constexpr std::size_t account_digits = 7;
constexpr std::size_t digits_shown = 2;

using Names = std::array<std::string_view, 2>;

template <std::size_t N, class Enumeration>
std::string_view pick(const std::array<Names, N>& names, Enumeration value, Language language) {
    const auto at = static_cast<std::size_t>(value);
    return names[at < N ? at : 0][static_cast<std::size_t>(language)];
}

// Reads exactly `digits` digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
    if (text.size() < digits) {
        return false;
    }
    const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, value);
    const bool good = problem == std::errc{} && end == text.data() + digits && value >= 0;
    text.remove_prefix(digits);
    return good;
}
bool take_character(std::string_view& text, std::string_view any_of) {
    const bool good = !text.empty() && any_of.find(text.front()) != std::string_view::npos;
    text.remove_prefix(good ? 1 : 0);
    return good;
}

}  // namespace

std::string taipei_text(risk::UtcNs at) {
    const std::chrono::sys_time<std::chrono::nanoseconds> local{
        std::chrono::nanoseconds{at + taipei_ahead_s * ns_per_second}};
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{local - day};
    std::array<char, 80> text{};
    std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02lld:%02lld:%02lld.%09lld+08:00",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<long long>(time.hours().count()), static_cast<long long>(time.minutes().count()),
        static_cast<long long>(time.seconds().count()), static_cast<long long>(time.subseconds().count()));
    return text.data();
}

bool parse_taipei(std::string_view text, risk::UtcNs& at) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_number(text, 4, year) || !take_character(text, "-") || !take_number(text, 2, month) ||
        !take_character(text, "-") || !take_number(text, 2, day) || !take_character(text, "T ") ||
        !take_number(text, 2, hour) || !take_character(text, ":") || !take_number(text, 2, minute) ||
        !take_character(text, ":") || !take_number(text, 2, second)) {
        return false;
    }
    std::int64_t fraction_ns = 0;
    if (take_character(text, ".")) {
        std::int64_t step = ns_per_second / 10;
        if (text.empty() || text.front() < '0' || text.front() > '9') {
            return false;
        }
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
            fraction_ns += (text.front() - '0') * step;
            step /= 10;
        }
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const bool offset_good = text.empty() || text == "+08:00" || text == "Z";
    // Nanoseconds since 1970 have room for the years up to 2261.
    if (!offset_good || !date.ok() || year < 1970 || year > 2261 || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    at = (seconds - (text == "Z" ? 0 : taipei_ahead_s)) * ns_per_second + fraction_ns;
    return true;
}

std::string dollars_text(risk::Amount amount) {
    if (amount == risk::unlimited) {
        return "unlimited";
    }
    std::string text = amount < 0 ? "-" : "";
    const std::uint64_t size =
        amount < 0 ? ~static_cast<std::uint64_t>(amount) + 1 : static_cast<std::uint64_t>(amount);
    text += std::to_string(size / risk::price_unit);
    const std::uint64_t part = size % risk::price_unit;
    if (part != 0) {
        std::string decimals = std::to_string(part + risk::price_unit).substr(1);
        decimals.erase(decimals.find_last_not_of('0') + 1);
        text += "." + decimals;
    }
    return text;
}

std::string amount_text(risk::Dimension dimension, risk::Amount amount) {
    using enum risk::Dimension;
    const bool counted = dimension == symbol_long || dimension == symbol_short || dimension == sellable ||
                         dimension == message_rate;
    return counted && amount != risk::unlimited ? std::to_string(amount) : dollars_text(amount);
}

std::string account_text(const risk::AccountKey& key, Masking masking) {
    std::string number = std::to_string(key.number);
    number.insert(0, number.size() < account_digits ? account_digits - number.size() : 0, '0');
    if (masking == Masking::masked) {
        number.replace(0, number.size() - digits_shown, number.size() - digits_shown, '*');
    }
    return std::string(key.branch.view()) + "-" + number;
}

bool parse_account(std::string_view text, risk::AccountKey& key) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos || dash == 0 || !risk::BranchId::fits(text.substr(0, dash))) {
        return false;
    }
    key.branch = risk::BranchId(text.substr(0, dash));
    const std::string_view number = text.substr(dash + 1);
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), key.number);
    return problem == std::errc{} && end == number.data() + number.size() && number.size() <= account_digits;
}

std::string_view name_of(risk::Scope scope, Language language) {
    static constexpr std::array<Names, 8> names{{{"none", "無"},
                                                 {"firm", "公司"},
                                                 {"branch", "分公司"},
                                                 {"investor", "投資人"},
                                                 {"account", "帳號"},
                                                 {"venue", "市場"},
                                                 {"symbol", "證券"},
                                                 {"session", "連線"}}};
    return pick(names, scope, language);
}

std::string_view name_of(risk::Dimension dimension, Language language) {
    static constexpr std::array<Names, risk::dimension_count> names{{{"none", "無"},
                                                                     {"buy", "買進額度"},
                                                                     {"sell", "賣出額度"},
                                                                     {"gross_day", "單日買賣額度"},
                                                                     {"net", "淨額額度"},
                                                                     {"offset", "資券相抵及當沖額度"},
                                                                     {"symbol_long", "單一證券買進部位"},
                                                                     {"symbol_short", "單一證券放空部位"},
                                                                     {"order_value", "單筆委託金額"},
                                                                     {"reported", "委託金額累計"},
                                                                     {"sellable", "可賣出庫存"},
                                                                     {"message_rate", "每秒訊息數"}}};
    return pick(names, dimension, language);
}

std::string_view name_of(risk::Side side, Language language) {
    static constexpr std::array<Names, 3> names{{{"none", "無"}, {"buy", "買"}, {"sell", "賣"}}};
    return pick(names, side, language);
}

}  // namespace fairlead::audit
