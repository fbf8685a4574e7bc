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
            {"level", config::level_name(row.level)},
            {"keeper", row.keeper.view()},
            {"spare_segments", row.spare_segments},
            {"journal_waits", row.journal_waits},
            {"acked", row.level == config::JournalLevel::replica ? json(row.acked) : json(nullptr)},
            {"standbys", row.standbys.view()},
            {"takeover_waits", row.takeover_waits},
            {"log_lines_dropped", row.log_lines_dropped}};
}
json row_json(const LimitRow& row) {
    return {
        {"kind", "limit"},
        {"scope", scope_name(row.scope)},
        {"dimension", dimension_name(row.dimension)},
        {"symbol", row.symbol.view()},
        {"given", row.given},
        {"limit", amount_text(row.dimension, row.value)},
        {"used", row.usage_known ? json(amount_text(row.dimension, row.usage)) : json(nullptr)},
        {"version", row.version},
        {"expires_at", row.expires_ns == 0 ? "" : config::utc_text(row.expires_ns)},
        {"goes_back_to", row.expires_ns == 0 ? json(nullptr) : json(amount_text(row.dimension, row.base))}};
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

std::string_view proposal_state_text(ProposalState state) {
    switch (state) {
        case ProposalState::open:
            return "open";
        case ProposalState::approved:
            return "approved";
        case ProposalState::in_force:
            return "in_force";
        case ProposalState::refused:
            return "refused";
        case ProposalState::rejected:
            return "rejected";
        case ProposalState::withdrawn:
            return "withdrawn";
        case ProposalState::lapsed:
            return "lapsed";
        case ProposalState::none:
            break;
    }
    return "none";
}
std::string target_text(risk::Scope scope, const risk::HaltFacts& halt, const risk::Subject& subject) {
    switch (scope) {
        case risk::Scope::branch:
            return std::string(subject.account.branch.view());
        case risk::Scope::investor:
            return std::string(subject.investor.view());
        case risk::Scope::account:
            return account_text(subject.account);
        case risk::Scope::venue:
            return std::string(venue_text(halt.venue));
        case risk::Scope::symbol:
            return std::string(halt.symbol.view());
        case risk::Scope::session:
            return std::to_string(halt.session);
        case risk::Scope::firm:
        case risk::Scope::none:
            break;
    }
    return {};
}
std::string time_text(risk::UtcNs at) {
    return at == 0 ? "" : config::utc_text(at);
}
json row_json(const ProposalRow& row) {
    const bool limit = row.facts.act == risk::ProposalAct::limit_set;
    const risk::Scope scope = limit ? row.facts.limit.scope : row.facts.halt.scope;
    json object = {{"kind", "proposal"},
                   {"proposal", row.number},
                   {"state", proposal_state_text(row.state)},
                   {"act", limit ? "limit_set" : "resume"},
                   {"scope", scope_name(scope)},
                   {"target", target_text(scope, row.facts.halt, row.subject)},
                   {"proposer", row.subject.user.view()},
                   {"reason", row.subject.reason.view()},
                   {"made_ns", std::to_string(row.made_ns)},
                   {"made", time_text(row.made_ns)},
                   {"effective_at", time_text(row.facts.effective_ns)},
                   {"expires_at", time_text(row.facts.expires_ns)},
                   {"batch", row.facts.batch},
                   {"needs_approval", row.facts.alone == 0},
                   {"answer", row.answer},
                   {"answered_by", row.answerer.view()},
                   {"answer_reason", row.answer_reason.view()},
                   {"effect", row.effect},
                   {"refused", risk::reason_text(row.reason).code}};
    if (limit) {
        const Dimension dimension = row.facts.limit.dimension;
        object["dimension"] = dimension_name(dimension);
        object["symbol"] = row.facts.limit.symbol.view();
        object["value"] = amount_text(dimension, row.facts.limit.value);
        object["in_force"] = row.in_force < 0 ? json(nullptr) : json(amount_text(dimension, row.in_force));
    }
    return object;
}

json row_json(const UserView& row) {
    return {{"kind", "user"},
            {"name", row.name.view()},
            {"role", config::role_name(row.role)},
            {"state", row.state},
            {"locked", row.locked},
            {"second_factor", row.second_factor},
            {"password_age_days", row.password_age_days},
            {"password_set", config::utc_text(row.changed_ns)},
            {"used", config::utc_text(row.used_ns)},
            {"ends", row.expires_ns == 0 ? "" : config::utc_text(row.expires_ns)}};
}

json row_json(const VisitView& row) {
    return {{"kind", "visit"},
            {"vendor", row.vendor.view()},
            {"ticket", row.ticket.view()},
            {"purpose", row.purpose.view()},
            {"opened_by", row.opened_by.view()},
            {"approved_by", row.approved_by.view()},
            {"opened", time_text(row.opened_ns)},
            {"until", time_text(row.until_ns)},
            {"closed_by", row.closed_by.view()},
            {"closed", time_text(row.closed_ns)},
            {"signed_by", row.signed_by.view()},
            {"signed", time_text(row.signed_ns)},
            {"finding", row.finding.view()},
            {"overdue", row.overdue}};
}
json row_json(const ReviewView& row) {
    return {{"kind", "review"},
            {"name", row.name.view()},
            {"role", config::role_name(row.role)},
            {"half_year", row.half_year},
            {"decision", row.decision == risk::ReviewDecision::kept      ? "keep"
                         : row.decision == risk::ReviewDecision::removed ? "remove"
                                                                         : "open"},
            {"by", row.by.view()},
            {"decided", time_text(row.decided_ns)},
            {"used", time_text(row.used_ns)},
            {"overdue", row.overdue}};
}

std::string line_of(const json& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}
std::string line_of_row(const json& row, risk::Sequence sequence, bool more, std::uint64_t id) {
    return line_of({{"id", id},
                    {"ok", true},
                    {"sequence", sequence},
                    {"reason", "none"},
                    {"text", ""},
                    {"more", more},
                    {"row", row}});
}

}  // namespace

std::string token_line(const TokenRow& row, risk::Sequence sequence, std::uint64_t id) {
    return line_of_row({{"kind", "token"},
                        {"token", row.token},
                        {"role", config::role_name(row.role)},
                        {"must_change", row.must_change},
                        {"idle_s", row.idle_s}},
                       sequence, false, id);
}
std::string user_line(const UserView& row, risk::Sequence sequence, bool more, std::uint64_t id) {
    return line_of_row(row_json(row), sequence, more, id);
}
std::string visit_line(const VisitView& row, risk::Sequence sequence, bool more, std::uint64_t id) {
    return line_of_row(row_json(row), sequence, more, id);
}
std::string review_line(const ReviewView& row, risk::Sequence sequence, bool more, std::uint64_t id) {
    return line_of_row(row_json(row), sequence, more, id);
}

std::string reply_line(const ControlReply& reply, std::uint64_t id, std::string_view text) {
    const risk::ReasonText& reason = risk::reason_text(reply.reason);
    json object = {{"id", id},
                   {"ok", reply.ok},
                   {"sequence", reply.sequence},
                   {"reason", reason.code},
                   {"text", text.empty() ? reply.text.view() : text},
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
