// OrderCheck: lengths and presence first (02nn), then values, then the market's rules.
#include "bench/exchange/order_check.hpp"

#include <array>
#include <chrono>

#include "config/reference_parts.hpp"

namespace fairlead::exchange {
namespace {

using risk::OrderType;
using risk::Phase;
using risk::SessionKind;
using risk::Side;
using risk::TimeInForce;

constexpr risk::Quantity board_lots_max = 499;
constexpr risk::Quantity odd_shares_max = 999;
constexpr risk::UtcNs stale_ns = 30'000'000'000;

// A field every message of the types in `types` must have. Their places give the 02nn codes.
struct Field {
    const std::string OrderMessage::*text;
    std::string_view types;
    std::size_t width;  // 0: any
};
constexpr std::array<Field, 13> fields = {{
    {&OrderMessage::client_order_id, "DGFH", 12},
    {&OrderMessage::original_client_order_id, "GF", 12},
    {&OrderMessage::order_number, "DGFH", 5},
    {&OrderMessage::symbol, "DGFH", 6},
    {&OrderMessage::account, "DGF", 7},
    {&OrderMessage::side, "DGFH", 1},
    {&OrderMessage::quantity, "DG", 0},
    {&OrderMessage::order_type, "DG", 1},
    {&OrderMessage::price, "DG", 0},
    {&OrderMessage::time_in_force, "D", 1},
    {&OrderMessage::transact_time, "DGF", 21},
    {&OrderMessage::channel, "DGFH", 1},
    {&OrderMessage::exchange_code, "DGFH", 1},
}};

Code form_code(const OrderMessage& message) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Field& field = fields[i];
        const std::string& text = message.*field.text;
        const bool needed = field.types.find(message.type) != std::string_view::npos;
        if (needed && text.empty()) {
            return static_cast<Code>(field_missing + i);
        }
        if (needed && field.width != 0 && text.size() != field.width) {
            return static_cast<Code>(field_length + i);
        }
    }
    constexpr std::size_t transact_time = 10;
    if (message.type == 'H' && !message.transact_time.empty()) {
        return static_cast<Code>(field_length + transact_time);  // must be absent here
    }
    return 0;
}

bool is_alphanumeric(std::string_view text) {
    for (const char c : text) {
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            return false;
        }
    }
    return true;
}

bool kind_of(std::string_view ap_code, SessionKind& kind) {
    constexpr std::string_view codes = "0C27";
    const std::size_t place = ap_code.size() == 1 ? codes.find(ap_code.front()) : std::string_view::npos;
    if (place == std::string_view::npos) {
        return false;
    }
    kind = static_cast<SessionKind>(place);
    return true;
}

bool is_odd(SessionKind kind) {
    return kind == SessionKind::intraday_odd_lot || kind == SessionKind::after_hours_odd;
}

std::string_view unpadded(std::string_view text) {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

bool one_of(const std::string& text, std::string_view allowed) {
    return text.size() == 1 && allowed.find(text.front()) != std::string_view::npos;
}

// Values that stand by themselves, for all four types.
Code value_code(const OrderMessage& message, CheckedMessage& checked) {
    std::int64_t account = 0;
    if (message.branch.size() != 4 || !is_alphanumeric(message.branch)) {
        return branch_error;
    }
    if (message.type != 'H' && !parse_number(message.account, account)) {
        return account_error;
    }
    if (!is_alphanumeric(message.order_number)) {
        return order_number_error;
    }
    if (!one_of(message.channel, "123456")) {
        return channel_error;
    }
    if (!one_of(message.side, "12")) {
        return side_error;
    }
    if (message.exchange_code != (is_odd(checked.kind) ? "2" : "0")) {
        return exchange_code_error;
    }
    checked.branch = risk::BranchId(message.branch);
    checked.account = static_cast<std::uint32_t>(account);
    checked.order_number = risk::OrderNumber(message.order_number);
    checked.client_order_id = risk::Text<12>(message.client_order_id);
    checked.original_client_order_id = risk::Text<12>(message.original_client_order_id);
    checked.channel = message.channel.front();
    checked.side = message.side == "1" ? Side::buy : Side::sell;
    return 0;
}

// Of D and G.
Code terms_code(const OrderMessage& message, CheckedMessage& checked) {
    if (!one_of(message.credit_type, "0123456")) {
        return credit_type_error;
    }
    checked.credit_type = message.credit_type.front();
    if (!parse_number(message.quantity, checked.quantity)) {
        return quantity_error;
    }
    checked.quantity *= checked.unit;
    if (!parse_price(message.price, checked.price)) {
        return price_error;
    }
    if (!one_of(message.order_type, "12")) {
        return price_type_error;
    }
    checked.type = message.order_type == "1" ? OrderType::market : OrderType::limit;
    return 0;
}

Code age_code(const OrderMessage& message, risk::UtcNs now) {
    risk::UtcNs sent = 0;
    if (message.type == 'H') {
        return 0;
    }
    if (!parse_utc(message.transact_time, sent) || !one_of(message.check_age, "YN")) {
        return field_length + 10;
    }
    return message.check_age == "Y" && now - sent > stale_ns ? time_difference : Code{0};
}

}  // namespace

bool parse_number(std::string_view text, std::int64_t& into) {
    if (text.empty() || text.size() > 9) {
        return false;
    }
    into = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return false;
        }
        into = into * 10 + (c - '0');
    }
    return true;
}

bool parse_price(std::string_view text, risk::Price& into) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view rest = point == std::string_view::npos ? "" : text.substr(point + 1);
    std::int64_t units = 0;
    std::int64_t fraction = 0;
    if (whole.size() > 5 || rest.size() > 4 || !parse_number(whole, units) ||
        (point != std::string_view::npos && !parse_number(rest, fraction))) {
        return false;
    }
    for (std::size_t i = rest.size(); i < 4; ++i) {
        fraction *= 10;
    }
    into = units * risk::price_unit + fraction;
    return true;
}

bool parse_utc(std::string_view text, risk::UtcNs& into) {
    if ((text.size() != 17 && text.size() != 21) || text[8] != '-' || text[11] != ':' || text[14] != ':' ||
        (text.size() == 21 && text[17] != '.')) {
        return false;
    }
    constexpr std::array<std::array<std::size_t, 2>, 6> places = {
        {{0, 4}, {4, 2}, {6, 2}, {9, 2}, {12, 2}, {15, 2}}};
    std::array<std::int64_t, 6> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!parse_number(text.substr(places[i][0], places[i][1]), parts[i])) {
            return false;
        }
    }
    std::int64_t milliseconds = 0;
    if (text.size() == 21 && !parse_number(text.substr(18), milliseconds)) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(parts[0])},
                                           std::chrono::month{static_cast<unsigned>(parts[1])},
                                           std::chrono::day{static_cast<unsigned>(parts[2])}};
    if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) {
        return false;
    }
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    into =
        (((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]) * 1'000'000'000 + milliseconds * 1'000'000;
    return true;
}

OrderCheck::OrderCheck(const risk::Reference& reference)
    : reference_(reference), securities_(static_cast<std::uint32_t>(reference.securities.size())) {
    for (std::uint32_t row = 1; row < reference.securities.size(); ++row) {
        securities_.insert(risk::hash_of(reference.securities[row].symbol, 0), row);
    }
}

std::uint32_t OrderCheck::find_security(std::string_view symbol) const {
    const risk::Symbol key(unpadded(symbol));
    return securities_.find(risk::hash_of(key, 0),
                            [&](std::uint32_t row) { return reference_.securities[row].symbol == key; });
}

Code OrderCheck::price_code(std::uint32_t security, risk::Price price) const {
    const risk::SecurityRow& row = reference_.securities[security];
    const risk::Price tick = config::tick_at(reference_.ticks, row.tick_class, price);
    const bool outside =
        (row.limit_up != 0 && price > row.limit_up) || (row.limit_down != 0 && price < row.limit_down);
    return price <= 0 || outside || (tick != 0 && price % tick != 0) ? price_error : Code{0};
}

Code OrderCheck::time_code(const Matching& matching, const risk::SecurityRow& security, SessionKind kind,
                           risk::UtcNs now) {
    if (matching.phase(now, security, kind) != Phase::closed) {
        return 0;
    }
    return matching.still_to_come(now, security.venue, kind) ? time_early : time_over;
}

void OrderCheck::check_new(const OrderMessage& message, const Matching& matching, risk::UtcNs now,
                           CheckedMessage& checked) const {
    const risk::SecurityRow& security = reference_.securities[checked.security];
    if (!one_of(message.time_in_force, "034")) {
        checked.code = price_type_error;
        return;
    }
    checked.time_in_force = static_cast<TimeInForce>(message.time_in_force.front() - '0');
    const bool odd = is_odd(checked.kind);
    const bool market = checked.type == OrderType::market;
    const bool at_once = checked.time_in_force != TimeInForce::rest_of_day;
    const risk::Quantity most = odd ? odd_shares_max : board_lots_max * checked.unit;
    const Phase phase = matching.phase(now, security, checked.kind);
    if ((security.flags & risk::security_suspended) != 0) {
        checked.code = suspended;
    } else if (odd && (security.flags & risk::security_no_odd_lot) != 0) {
        checked.code = symbol_error;
    } else if (checked.quantity <= 0 || checked.quantity > most) {
        checked.code = odd ? odd_quantity_error : quantity_error;
    } else if (market != (checked.price == 0)) {
        checked.code = price_error;
    } else if (checked.kind != SessionKind::regular && (market || at_once)) {
        checked.code = price_type_error;
    } else if (market && (phase != Phase::continuous || security.limit_up == 0)) {
        checked.code = market_forbidden;
    } else if (at_once && phase != Phase::continuous) {
        checked.code = ioc_fok_forbidden;
    } else if (!market) {
        checked.code = price_code(checked.security, checked.price);
        // After hours everybody trades at the closing price: a limit that bars it asks for another.
        const risk::Price close = matching.last_price(checked.security) != 0
                                      ? matching.last_price(checked.security)
                                      : security.reference;
        if (checked.kind == SessionKind::after_hours_fixed &&
            (checked.side == Side::buy ? checked.price < close : checked.price > close)) {
            checked.code = price_error;
        }
    }
}

CheckedMessage OrderCheck::check(const OrderMessage& message, risk::Venue venue, const Matching& matching,
                                 risk::UtcNs now) const {
    CheckedMessage checked;
    if (!kind_of(message.ap_code, checked.kind)) {
        checked.unknown_ap = true;
        return checked;
    }
    checked.ap_code = message.ap_code.front();
    checked.code = form_code(message);
    if (checked.code == 0) {
        checked.code = value_code(message, checked);
    }
    if (checked.code != 0) {
        return checked;
    }
    checked.security = find_security(message.symbol);
    const risk::SecurityRow& security = reference_.securities[checked.security];
    if (checked.security == 0 || security.venue != venue) {
        checked.code = symbol_error;
        return checked;
    }
    checked.unit = is_odd(checked.kind) ? 1 : security.lot;
    const bool has_terms = message.type == 'D' || message.type == 'G';
    if (has_terms) {
        checked.code = terms_code(message, checked);
    }
    if (checked.code == 0) {
        checked.code = age_code(message, now);
    }
    if (checked.code == 0 && message.type != 'H') {
        checked.code = time_code(matching, security, checked.kind, now);
    }
    if (checked.code == 0 && message.type == 'D') {
        check_new(message, matching, now, checked);
    }
    return checked;
}

}  // namespace fairlead::exchange
