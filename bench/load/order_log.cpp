// The order log's fields by position, each with its rule.
#include "bench/load/order_log.hpp"

#include <algorithm>

namespace fairlead::load {
namespace {

using risk::Price;
using risk::Quantity;

// One field of the line under examination; keeps the first failure.
class FieldCursor {
  public:
    FieldCursor(std::string_view text, std::uint64_t line, OrderLogError& error)
        : text_(text), line_(line), error_(error) {}

    // Positions count from 1, as the exchange's format sheet does.
    [[nodiscard]] std::string_view at(std::size_t position, std::size_t length) const {
        return text_.substr(position - 1, length);
    }
    bool refuse(std::string_view field, std::string_view value, std::string_view rule) {
        error_ = {line_, std::string(field), std::string(value), std::string(rule)};
        return false;
    }

  private:
    std::string_view text_;
    std::uint64_t line_;
    OrderLogError& error_;
};

bool digits(std::string_view text, std::uint64_t& into) {
    if (text.empty() || text.size() > 18) {
        return false;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    into = value;
    return true;
}

std::string_view without_padding(std::string_view text) {
    const std::size_t last = text.find_last_not_of(' ');
    return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
}

bool parse_date(std::string_view text, std::uint32_t& into) {
    std::uint64_t value = 0;
    if (!digits(text, value)) {
        return false;
    }
    const std::uint64_t month = value / 100 % 100;
    const std::uint64_t day = value % 100;
    into = static_cast<std::uint32_t>(value);
    return value >= 19000101 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool parse_time(std::string_view text, std::int64_t& into_ns) {
    std::uint64_t value = 0;
    if (!digits(text, value)) {
        return false;
    }
    const std::uint64_t hours = value / 1'000'000;
    const std::uint64_t minutes = value / 10'000 % 100;
    const std::uint64_t seconds = value / 100 % 100;
    const std::uint64_t hundredths = value % 100;
    into_ns = static_cast<std::int64_t>(((hours * 60 + minutes) * 60 + seconds) * 1'000'000'000 +
                                        hundredths * 10'000'000);
    return hours <= 23 && minutes <= 59 && seconds <= 59;
}

bool parse_price(std::string_view text, Price& into) {
    const std::size_t point = text.find('.');
    if (point == std::string_view::npos || point == 0 || point + 1 == text.size()) {
        return false;
    }
    std::uint64_t whole = 0;
    std::uint64_t part = 0;
    const std::string_view decimals = text.substr(point + 1);
    if (decimals.size() > 4 || !digits(text.substr(0, point), whole) || !digits(decimals, part)) {
        return false;
    }
    for (std::size_t i = decimals.size(); i < 4; ++i) {
        part *= 10;
    }
    into = static_cast<Price>(whole * static_cast<std::uint64_t>(risk::price_unit) + part);
    return true;
}

// Lines that came through the exchange's TMP front carry letters, those through FIX digits.
bool parse_channel(char code, risk::Channel& into) {
    constexpr std::string_view letters = " ADIVP";
    const std::size_t letter = letters.find(code);
    if (letter != std::string_view::npos) {
        into = static_cast<risk::Channel>(letter + 1);
        return true;
    }
    if (code < '1' || code > '6') {
        return false;
    }
    into = static_cast<risk::Channel>(code - '0');
    return true;
}

bool parse_quantity(std::string_view text, Quantity& into, bool& minus) {
    std::uint64_t value = 0;
    if (text.size() != 11 || (text[0] != '+' && text[0] != '-') || !digits(text.substr(1), value)) {
        return false;
    }
    minus = text[0] == '-';
    into = static_cast<Quantity>(value);
    return true;
}

bool parse_who(FieldCursor& cursor, OrderLogEntry& entry) {
    const std::string_view number = without_padding(cursor.at(25, 5));
    if (!is_word(number)) {
        return cursor.refuse("order number II", cursor.at(25, 5), "letters and digits");
    }
    entry.number = risk::OrderNumber(number);
    const std::string_view printer = without_padding(cursor.at(51, 4));
    if (!is_word(printer)) {
        return cursor.refuse("report printer", cursor.at(51, 4), "letters and digits");
    }
    entry.printer = risk::Text<4>(printer);
    entry.investor_type = cursor.at(55, 1)[0];
    if (std::string_view("MFIJ").find(entry.investor_type) == std::string_view::npos) {
        return cursor.refuse("investor type", cursor.at(55, 1), "one of M, F, I, J");
    }
    const std::string_view broker = without_padding(cursor.at(56, 4));
    if (!is_word(broker)) {
        return cursor.refuse("order number I", cursor.at(56, 4), "letters and digits");
    }
    entry.broker = risk::Text<4>(broker);
    return true;
}

bool parse_what(FieldCursor& cursor, OrderLogEntry& entry) {
    if (!parse_price(cursor.at(31, 7), entry.price)) {
        return cursor.refuse("price", cursor.at(31, 7), "digits with one decimal point");
    }
    bool minus = false;
    if (!parse_quantity(cursor.at(38, 11), entry.quantity, minus)) {
        return cursor.refuse("quantity", cursor.at(38, 11), "a sign and ten digits, shares");
    }
    if (entry.quantity == 0) {
        return cursor.refuse("quantity", cursor.at(38, 11), "not zero");
    }
    if (minus == entry.is_new()) {
        return cursor.refuse("quantity", cursor.at(38, 11),
                             entry.is_new() ? "plus for a new order (changed trade code 1 or 4)"
                                            : "minus for a cut or a cancel (changed trade code 2, 3, 5, 6)");
    }
    const char credit = cursor.at(49, 1)[0];
    if (credit < '0' || credit > '6') {
        return cursor.refuse("order type", cursor.at(49, 1), "0 to 6");
    }
    entry.credit_type = static_cast<risk::CreditType>(credit - '0');
    if (!parse_channel(cursor.at(50, 1)[0], entry.channel)) {
        return cursor.refuse("channel", cursor.at(50, 1), "space, A, D, I, V, P or 1 to 6");
    }
    return true;
}

}  // namespace

std::string describe(const OrderLogError& error) {
    return "line " + std::to_string(error.line) + ": " + error.field + " = '" + error.value +
           "': " + error.rule;
}

bool parse_order_log_line(std::string_view text, std::uint64_t line, OrderLogEntry& entry,
                          OrderLogError& error) {
    FieldCursor cursor(text, line, error);
    if (text.size() != order_log_line_bytes) {
        return cursor.refuse("line", std::to_string(text.size()) + " bytes", "59 bytes without the line end");
    }
    entry = OrderLogEntry{};
    entry.line = line;
    if (!parse_date(cursor.at(1, 8), entry.date)) {
        return cursor.refuse("order date", cursor.at(1, 8), "a date as yyyymmdd");
    }
    const std::string_view symbol = without_padding(cursor.at(9, 6));
    if (!is_word(symbol)) {
        return cursor.refuse("security", cursor.at(9, 6),
                             "letters and digits, padded with spaces on the right");
    }
    entry.symbol = risk::Symbol(symbol);
    const char side = cursor.at(15, 1)[0];
    if (side != 'B' && side != 'S') {
        return cursor.refuse("side", cursor.at(15, 1), "B or S");
    }
    entry.side = side == 'B' ? risk::Side::buy : risk::Side::sell;
    const char trade_type = cursor.at(16, 1)[0];
    if (trade_type < '0' || trade_type > '2') {
        return cursor.refuse("trade type", cursor.at(16, 1), "0 regular, 1 block, 2 odd lot");
    }
    entry.trade_type = static_cast<TradeType>(trade_type - '0');
    if (!parse_time(cursor.at(17, 8), entry.time_ns)) {
        return cursor.refuse("time", cursor.at(17, 8), "hhmmsscc, a time of day");
    }
    const char change = cursor.at(30, 1)[0];
    if (change < '1' || change > '6') {
        return cursor.refuse("changed trade code", cursor.at(30, 1), "1 to 6");
    }
    entry.change = static_cast<TradeChange>(change - '0');
    if ((entry.side == risk::Side::buy) != (change <= '3')) {
        return cursor.refuse("changed trade code", cursor.at(30, 1), "1 to 3 for a buy, 4 to 6 for a sell");
    }
    return parse_who(cursor, entry) && parse_what(cursor, entry);
}

OrderLogStep OrderLogReader::next(OrderLogEntry& entry, OrderLogError& error) {
    if (rest_.empty()) {
        return OrderLogStep::end;
    }
    const std::size_t end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    ++line_;
    return parse_order_log_line(line, line_, entry, error) ? OrderLogStep::entry : OrderLogStep::error;
}

}  // namespace fairlead::load
