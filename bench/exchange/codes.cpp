// The table behind codes.hpp.
#include "bench/exchange/codes.hpp"

namespace fairlead::exchange {
namespace {

struct Row {
    Code code;
    std::string_view text;
};
constexpr Row rows[] = {
    {time_over, "TIME OVER"},
    {time_early, "TIME EARLY"},
    {3, "MATCHING, QUERY LATER"},
    {wait_please, "PLEASE WAIT"},
    {order_not_found, "ORDER NOT FOUND"},
    {change_error, "CHANGE ORDER ERROR"},
    {12, "BROKER ERROR"},
    {branch_error, "BRANCH ERROR"},
    {account_error, "ACCOUNT ERROR"},
    {order_number_error, "ORDER NO ERROR"},
    {channel_error, "CHANNEL FLAG ERROR"},
    {symbol_error, "STOCK NO ERROR"},
    {price_error, "PRICE ERROR"},
    {quantity_error, "QUANTITY ERROR"},
    {side_error, "SIDE ERROR"},
    {credit_type_error, "ORDER TYPE ERROR"},
    {exchange_code_error, "EXCHANGE CODE ERROR"},
    {28, "FOREIGN INVESTOR NOT ALLOWED"},
    {29, "TRUST VIOLATION"},
    {30, "OVER QUOTA"},
    {quantity_was_cut, "QUANTITY WAS CUT"},
    {cut_over_leaves, "CUT QTY OVER LEAVES"},
    {33, "BROKER AMOUNT OVER LIMIT"},
    {34, "TYPHOON AREA"},
    {35, "ABNORMAL STOCK BUY OVER LIMIT"},
    {36, "ABNORMAL STOCK SELL OVER LIMIT"},
    {38, "SHORT SELL FORBIDDEN"},
    {duplicate_order, "DUPLICATE ORDER"},
    {duplicate_order_tpex, "DUPLICATE ORDER"},
    {suspended, "STOCK SUSPENDED"},
    {45, "STOCK CLOSED"},
    {price_type_error, "PRICE TYPE OR TIF ERROR"},
    {market_forbidden, "MARKET ORDER FORBIDDEN"},
    {not_filled_at_once, "IOC OR FOK NOT FILLED"},
    {ioc_fok_forbidden, "IOC AND FOK FORBIDDEN"},
    {no_leaves, "NO LEAVES QTY"},
    {51, "CUT BY VOLATILITY BAND"},
    {52, "VOLATILITY INTERRUPTION"},
    {reprice_forbidden, "PRICE CHANGE FORBIDDEN"},
    {errors_over_limit, "ERROR OVER LIMIT - CALL THE EXCHANGE"},
    {time_difference, "TIME DIFFERENCE"},
    {99, "UNKNOWN - QUERY OR PHONE"},
};

char prefix(risk::SessionKind kind) {
    switch (kind) {
        case risk::SessionKind::intraday_odd_lot:
            return 'C';
        case risk::SessionKind::after_hours_odd:
            return '2';
        case risk::SessionKind::after_hours_fixed:
            return '7';
        case risk::SessionKind::regular:
            break;
    }
    return '0';
}

bool is_odd(risk::SessionKind kind) {
    return kind == risk::SessionKind::intraday_odd_lot || kind == risk::SessionKind::after_hours_odd;
}

}  // namespace

std::string_view code_text(Code code, risk::SessionKind kind) {
    if (code == odd_quantity_error && is_odd(kind)) {
        return "ODD LOT QTY MUST BE 1 TO 999";
    }
    if (code >= field_missing) {
        return "FIELD MISSING";
    }
    if (code >= field_length) {
        return "FIELD LENGTH OR FORMAT ERROR";
    }
    for (const Row& row : rows) {
        if (row.code == code) {
            return row.text;
        }
    }
    return "REFUSED";
}

std::string status_text(Code code, risk::SessionKind kind) {
    const std::string digits = std::to_string(1000 + code % 1000).substr(1);
    // The front end's own codes (02nn) know no sub-systems.
    const char first = code >= 200 ? '0' : prefix(kind);
    return first + digits + "-" + std::string(code_text(code, kind));
}

}  // namespace fairlead::exchange
