// The exchange's daily price and mark file T30: one record of 100 bytes per security. Only the fields
// the checks need are read; the Chinese name (Big5) is passed over.
//
//   from  bytes  field              as read
//      0      6  STOCK-NO           code, blanks on the right
//      6      9  BULL-PRICE         upper limit, five digits and four decimals
//     15      9  LDC-PRICE          reference of the opening auction
//     24      9  BEAR-PRICE         lower limit
//     33      8  LAST-MTH-DATE      not used
//     41      1  SETTYPE            blank or 0: normal; else altered trading, full delivery
//     42      1  MARK-W             blank or 0: none; else disposition
//     43      1  MARK-P             blank or 0: none; else attention
//     44      1  MARK-L             order restriction: not used
//     45      4  industry, class    not used
//     49      1  MARK-M             Y: margin short below reference allowed
//     50     16  STOCK-NAME         not used
//     66      3  MATCH-INTERVAL     minutes between matches; 0: continuous
//     69     15  order quantity limits and prepayment: not used
//     84      1  MARK-S             Y: borrowed short below reference allowed
//  TWSE 86, TPEx 87  1  MARK-DAY-TRADE   X: either side first, Y: buy first, else barred
//  TWSE 87, TPEx 88  1  STK-CTGCD        3: innovation board
// (TPEx has one more mark at 85, so its last two fields stand one further.)
//
// A lower limit of at most 0.01 with an upper limit of at least 9,995 is how the file says "no limit".
#include "config/reference_parts.hpp"

namespace fairlead::config {
namespace {

constexpr risk::Price no_limit_up = 9995 * risk::price_unit;
constexpr risk::Price no_limit_down = risk::price_unit / 100;

bool parse_digits(std::string_view text, std::int64_t& into) {
    into = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
        into = into * 10 + (c - '0');
    }
    return true;
}

bool is_set(char mark) {
    return mark != ' ' && mark != '0';
}

}  // namespace

T30Record parse_t30(std::string_view record, risk::Venue venue) {
    T30Record result;
    risk::SecurityRow& row = result.row;
    row.venue = venue;
    const auto fail = [&](std::string_view field, std::size_t from, std::size_t bytes,
                          std::string_view rule) {
        if (result.bad_field.empty()) {
            result.bad_field = field;
            result.bad_value = record.substr(from, bytes);
            result.bad_rule = rule;
        }
    };
    std::string_view code = record.substr(0, 6);
    while (!code.empty() && code.back() == ' ') {
        code.remove_suffix(1);
    }
    if (!is_code(code, 4, 6)) {
        fail("STOCK-NO", 0, 6, "must be four to six letters or digits");
    }
    row.symbol = risk::Symbol(code);
    constexpr std::string_view price_rule = "must be nine digits, the last four decimals";
    if (!parse_digits(record.substr(6, 9), row.limit_up)) {
        fail("BULL-PRICE", 6, 9, price_rule);
    }
    if (!parse_digits(record.substr(15, 9), row.reference)) {
        fail("LDC-PRICE", 15, 9, price_rule);
    }
    if (!parse_digits(record.substr(24, 9), row.limit_down)) {
        fail("BEAR-PRICE", 24, 9, price_rule);
    }
    std::int64_t interval = 0;
    if (!parse_digits(record.substr(66, 3), interval)) {
        fail("MATCH-INTERVAL", 66, 3, "must be three digits, minutes");
    }
    row.match_interval_minutes = static_cast<std::uint16_t>(interval);
    if (row.limit_down <= no_limit_down && row.limit_up >= no_limit_up) {
        row.flags |= risk::security_no_price_limit;
        row.limit_up = 0;
        row.limit_down = 0;
    } else if (row.limit_up < row.reference) {
        fail("BULL-PRICE", 6, 9, "must not be below LDC-PRICE");
    } else if (row.limit_down > row.reference) {
        fail("BEAR-PRICE", 24, 9, "must not be above LDC-PRICE");
    }
    const auto mark = [&](bool set, std::uint16_t flag) {
        row.flags = static_cast<std::uint16_t>(row.flags | (set ? flag : 0));
    };
    mark(is_set(record[41]), risk::security_full_delivery);
    mark(is_set(record[42]), risk::security_disposition);
    mark(is_set(record[43]), risk::security_attention);
    mark(record[49] != 'Y', risk::security_no_short_below);
    mark(record[84] != 'Y', risk::security_no_sbl_below);
    mark(interval != 0, risk::security_periodic_call);
    mark(row.reference == 0, risk::security_suspended);
    const std::size_t day_trade = venue == risk::Venue::tpex ? 87 : 86;
    row.day_trade = record[day_trade] == 'X'   ? risk::DayTrade::either
                    : record[day_trade] == 'Y' ? risk::DayTrade::buy_first
                                               : risk::DayTrade::barred;
    mark(record[day_trade + 1] == '3', risk::security_innovation);
    row.tick_class = tick_class_of_code(code);
    return result;
}

}  // namespace fairlead::config
