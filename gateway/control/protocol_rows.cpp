// Replies of the control socket: rows and answers made into JSON lines.
#include <nlohmann/json.hpp>

#include "config/gateway_config.hpp"
#include "config/user_state.hpp"
#include "config/users.hpp"
#include "gateway/control/protocol.hpp"

namespace fairlead::gateway {
namespace {

using nlohmann::json;
using risk::Dimension;

// 1/10,000 as text without trailing zeros: 12345000 -> "1234.5".
std::string ntd_text(std::int64_t units) {
    std::string text = units < 0 ? "-" : "";
    const auto absolute =
        units < 0 ? 0 - static_cast<std::uint64_t>(units) : static_cast<std::uint64_t>(units);
    text += std::to_string(absolute / 10'000);
    std::string part = std::to_string(10'000 + absolute % 10'000).substr(1);
    while (!part.empty() && part.back() == '0') {
        part.pop_back();
    }
    return part.empty() ? text : text + "." + part;
}
std::string amount_text(Dimension dimension, risk::Amount value) {
    if (value == risk::unlimited) {
        return "unlimited";
    }
    return in_ntd(dimension) ? ntd_text(value) : std::to_string(value);
}

std::string key_text(risk::Sequence key) {
    std::string digits = std::to_string(key);
    return digits.size() < 12 ? std::string(12 - digits.size(), '0') + digits : digits;
}
std::string account_text(const risk::AccountKey& account) {
    if (account.branch.empty()) {
        return {};
    }
    const std::string digits = std::to_string(10'000'000 + account.number).substr(1);
    return std::string(account.branch.view()) + "-" + digits;
}
std::string_view venue_text(risk::Venue venue) {
    return venue == risk::Venue::twse ? "TWSE" : venue == risk::Venue::tpex ? "TPEx" : "";
}
std::string_view side_text(risk::Side side) {
    return side == risk::Side::buy ? "buy" : side == risk::Side::sell ? "sell" : "";
}
std::string_view status_text(risk::OrderStatus status) {
    switch (status) {
        case risk::OrderStatus::created:
            return "new";
        case risk::OrderStatus::partially_filled:
            return "partially_filled";
        case risk::OrderStatus::filled:
            return "filled";
        case risk::OrderStatus::cancelled:
            return "cancelled";
        case risk::OrderStatus::pending_cancel:
            return "pending_cancel";
        case risk::OrderStatus::rejected:
            return "rejected";
        case risk::OrderStatus::pending_new:
            return "pending_new";
        case risk::OrderStatus::expired:
            return "expired";
        case risk::OrderStatus::pending_replace:
            return "pending_replace";
        default:
            return "";
    }
}
std::string_view session_kind_text(risk::SessionKind kind) {
    switch (kind) {
        case risk::SessionKind::intraday_odd_lot:
            return "intraday_odd_lot";
        case risk::SessionKind::after_hours_odd:
            return "after_hours_odd";
        case risk::SessionKind::after_hours_fixed:
            return "after_hours_fixed";
        case risk::SessionKind::regular:
            break;
    }
    return "regular";
}
std::string_view time_in_force_text(risk::TimeInForce time_in_force) {
    return time_in_force == risk::TimeInForce::immediate_or_cancel ? "ioc"
           : time_in_force == risk::TimeInForce::fill_or_kill      ? "fok"
                                                                   : "rod";
}
std::string digest_text(const risk::StateDigest& digest) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint64_t word : digest) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            text += digits[word >> shift & 15];
        }
    }
    return text;
}

json row_json(const std::monostate&) {
    return nullptr;
}
json row_json(const StatusRow& row) {
    return {{"kind", "status"},
            {"utc_ns", row.utc_ns},
            {"sequence", row.sequence},
            {"synced", row.synced},
            {"date", row.date},
            {"orders", row.orders},
            {"open", row.open},
            {"in_doubt", row.in_doubt},
            {"executions", row.executions},
            {"sessions_on", row.sessions_on},
            {"sessions", row.sessions},
            {"lines_on", row.lines_on},
            {"lines", row.lines},
            {"road_twse", risk::reason_text(row.road_twse).code},
            {"road_tpex", risk::reason_text(row.road_tpex).code},
            {"firm_halted", row.firm_halted},
            {"level", row.disk_level ? "disk" : "process"},
            {"keeper", row.keeper.view()},
            {"spare_segments", row.spare_segments},
            {"journal_waits", row.journal_waits},
            {"log_lines_dropped", row.log_lines_dropped},
            {"digest", digest_text(row.digest)}};
}
json row_json(const LimitRow& row) {
    return {{"kind", "limit"},
            {"scope", scope_name(row.scope)},
            {"dimension", dimension_name(row.dimension)},
            {"symbol", row.symbol.view()},
            {"given", row.given},
            {"limit", amount_text(row.dimension, row.value)},
            {"used", row.usage_known ? json(amount_text(row.dimension, row.usage)) : json(nullptr)},
            {"version", row.version}};
}
json row_json(const SessionRow& row) {
    const bool connected = row.address != std::array<std::uint8_t, 16>{};
    return {{"kind", "session"},
            {"id", row.id},
            {"side", row.venue_side ? "venue" : "client"},
            {"venue", venue_text(row.venue)},
            {"sender", row.sender_comp_id.view()},
            {"target", row.target_comp_id.view()},
            {"user", row.user.view()},
            {"logged_on", row.logged_on},
            {"address", connected ? config::format_address(row.address) : ""},
            {"next_in", row.next_in},
            {"next_out", row.next_out},
            {"waiting", row.waiting}};
}
json row_json(const OrderRow& row) {
    return {{"kind", "order"},
            {"order", key_text(row.order_key)},
            {"status", status_text(row.status)},
            {"open", row.open},
            {"in_doubt", row.in_doubt},
            {"venue", venue_text(row.venue)},
            {"symbol", row.symbol.view()},
            {"side", side_text(row.side)},
            {"order_type", row.order_type == risk::OrderType::market ? "market" : "limit"},
            {"time_in_force", time_in_force_text(row.time_in_force)},
            {"session_kind", session_kind_text(row.session_kind)},
            {"price", ntd_text(row.price)},
            {"ordered", row.ordered},
            {"leaves", row.leaves},
            {"filled", row.filled},
            {"filled_amount", ntd_text(row.filled_amount)},
            {"reserve", ntd_text(row.reserve)},
            {"account", account_text(row.account)},
            {"investor", row.investor.view()},
            {"client_order_id", row.client_order_id.view()},
            {"order_number", row.order_number.view()},
            {"session", row.session},
            {"line", row.line}};
}

json row_json(const UserView& row) {
    return {{"kind", "user"},
            {"name", row.name.view()},
            {"role", config::role_name(row.role)},
            {"state", row.state},
            {"locked", row.locked},
            {"password_age_days", row.password_age_days},
            {"password_set", config::utc_text(row.changed_ns)},
            {"used", config::utc_text(row.used_ns)},
            {"ends", row.expires_ns == 0 ? "" : config::utc_text(row.expires_ns)}};
}

std::string line_of(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string user_line(const UserView& row, risk::Sequence sequence, bool more, std::uint64_t id) {
    return line_of({{"id", id},
                    {"ok", true},
                    {"sequence", sequence},
                    {"reason", "none"},
                    {"text", ""},
                    {"more", more},
                    {"row", row_json(row)}});
}

std::string reply_line(const ControlReply& reply, std::uint64_t id) {
    const risk::ReasonText& reason = risk::reason_text(reply.reason);
    json object = {{"id", id},
                   {"ok", reply.ok},
                   {"sequence", reply.sequence},
                   {"reason", reason.code},
                   {"text", reply.text.view()},
                   {"more", reply.more}};
    if (!reply.ok && reply.text.empty()) {
        object["text"] = reason.english;
    }
    const json row = std::visit([](const auto& value) { return row_json(value); }, reply.row);
    if (!row.is_null()) {
        object["row"] = row;
    }
    return line_of(object);
}

std::string refusal_line(std::uint64_t id, std::string_view error, std::string_view text,
                         risk::Sequence sequence) {
    return line_of({{"id", id},
                    {"ok", false},
                    {"error", error},
                    {"text", text},
                    {"sequence", sequence},
                    {"more", false}});
}

}  // namespace fairlead::gateway
