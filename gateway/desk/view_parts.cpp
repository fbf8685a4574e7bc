#include "gateway/desk/view_parts.hpp"

#include "config/gateway_config.hpp"
#include "gateway/control/protocol.hpp"

namespace fairlead::desk {
namespace {

using risk::Scope;

std::string_view status_name(const OrderEntry& order) noexcept {
    if (order.slot == 0) {
        return "refused";
    }
    if (order.waiting) {
        return "waiting";
    }
    switch (order.status) {
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
        case risk::OrderStatus::expired:
            return "expired";
        case risk::OrderStatus::pending_replace:
            return "pending_replace";
        default:
            return "pending_new";
    }
}

std::string_view session_kind_name(risk::SessionKind kind) noexcept {
    constexpr std::string_view names[] = {"regular", "intraday_odd_lot", "after_hours_odd",
                                          "after_hours_fixed"};
    const auto at = static_cast<std::size_t>(kind);
    return names[at < std::size(names) ? at : 0];
}

std::string key_text(risk::Sequence key) {
    const std::string digits = std::to_string(key);
    return digits.size() < 12 ? std::string(12 - digits.size(), '0') + digits : digits;
}

}  // namespace

std::string_view venue_name(risk::Venue venue) noexcept {
    return venue == risk::Venue::twse ? "TWSE" : venue == risk::Venue::tpex ? "TPEx" : "";
}

Json time_or_null(risk::UtcNs at) {
    return at == 0 ? Json(nullptr) : Json(audit::taipei_text(at));
}

Json permille_json(std::uint16_t permille) {
    return permille == permille_none ? Json(nullptr) : Json(permille);
}

std::string address_text(const std::array<std::uint8_t, 16>& address) {
    return address == std::array<std::uint8_t, 16>{} ? std::string() : config::format_address(address);
}

Json usage_row(risk::Dimension dimension, risk::Amount used, const risk::LimitInForce& limit) {
    return {{"dimension", gateway::dimension_name(dimension)},
            {"used", audit::amount_text(dimension, used)},
            {"limit", audit::amount_text(dimension, limit.value)},
            {"given", limit.given},
            {"permille", permille_json(permille_of(used, limit.value))},
            {"version", limit.version}};
}

std::string target_text(Scope scope, const risk::InvestorId& investor, const risk::AccountKey& account,
                        audit::Masking masking) {
    switch (scope) {
        case Scope::investor:
            return std::string(investor.view());
        case Scope::account:
            return audit::account_text(account, masking);
        case Scope::branch:
            return std::string(account.branch.view());
        default:
            return {};
    }
}

std::string halt_target(const risk::HaltFacts& facts, const risk::InvestorId& investor,
                        const risk::AccountKey& account, audit::Masking masking) {
    switch (facts.scope) {
        case Scope::venue:
            return std::string(venue_name(facts.venue));
        case Scope::symbol:
            return std::string(facts.symbol.view());
        case Scope::session:
            return std::to_string(facts.session);
        default:
            return target_text(facts.scope, investor, account, masking);
    }
}

Target find_target(const risk::Ledger& ledger, Scope scope, const std::string& key) {
    Target target;
    risk::AccountKey account;
    switch (scope) {
        case Scope::firm:
            target.found = key.empty();
            break;
        case Scope::branch:
            target.row = risk::BranchId::fits(key) ? ledger.find_branch(risk::BranchId(key)) : 0;
            target.found = target.row != 0;
            break;
        case Scope::investor:
            target.row = risk::InvestorId::fits(key) ? ledger.find_investor(risk::InvestorId(key)) : 0;
            target.found = target.row != 0;
            break;
        case Scope::account:
            target.row = config::parse_account(key, account) ? ledger.find_account(account).account : 0;
            target.found = target.row != 0;
            break;
        default:
            break;
    }
    return target;
}

bool usage_of(const risk::Ledger& ledger, Scope scope, std::uint32_t row, risk::Dimension dimension,
              std::uint32_t security, risk::Amount& used) {
    switch (dimension) {
        case risk::Dimension::buy:
        case risk::Dimension::sell:
        case risk::Dimension::gross_day:
        case risk::Dimension::net:
        case risk::Dimension::offset:
        case risk::Dimension::reported:
            used = risk::usage(ledger.exposure(scope, row), dimension);
            return true;
        case risk::Dimension::symbol_long:
        case risk::Dimension::symbol_short: {
            if (security == 0) {
                return false;
            }
            const risk::InvestorPosition* position = ledger.investor_position(row, security);
            used = position == nullptr                         ? 0
                   : dimension == risk::Dimension::symbol_long ? position->position.long_usage()
                                                               : position->position.short_usage();
            return true;
        }
        default:
            return false;
    }
}

Json order_row(const OrderEntry& order, const Asked& asked) {
    const risk::ReasonText& why = risk::reason_text(order.reason);
    const bool refused = order.reason != risk::Reason::none;
    return {{"order", key_text(order.key)},
            {"at", audit::taipei_text(order.at)},
            {"investor", order.investor_id.view()},
            {"account", audit::account_text(order.account_key, asked.masking)},
            {"symbol", order.symbol.view()},
            {"side", order.side == risk::Side::buy    ? "buy"
                     : order.side == risk::Side::sell ? "sell"
                                                      : ""},
            {"order_type", order.order_type == risk::OrderType::market  ? "market"
                           : order.order_type == risk::OrderType::limit ? "limit"
                                                                        : ""},
            {"time_in_force", order.time_in_force == risk::TimeInForce::immediate_or_cancel ? "ioc"
                              : order.time_in_force == risk::TimeInForce::fill_or_kill      ? "fok"
                                                                                            : "rod"},
            {"session_kind", session_kind_name(order.session_kind)},
            {"price", audit::dollars_text(order.price)},
            {"ordered", order.ordered},
            {"leaves", order.leaves},
            {"filled", order.filled},
            {"filled_amount", audit::dollars_text(order.filled_amount)},
            {"status", status_name(order)},
            {"open", order.open},
            {"in_doubt", order.in_doubt},
            {"reason", why.code},
            {"reason_text", refused ? why.english : ""},
            {"reason_text_zh", refused ? why.chinese : ""},
            {"venue", venue_name(order.venue)},
            {"client_order_id", order.client_order_id.view()},
            {"order_number", order.order_number.view()},
            {"session", order.session},
            {"line", order.line},
            {"wait_ns", order.wait_ns < 0 ? Json(nullptr) : Json(order.wait_ns)}};
}

Json proposal_row(const DeskState& state, risk::Sequence sequence, const ProposalFigures& proposal,
                  std::size_t batch_size, const Asked& asked) {
    constexpr std::string_view states[] = {"open", "approved", "rejected", "withdrawn", "lapsed"};
    const risk::ProposalFacts& facts = proposal.proposal.facts;
    const risk::Subject& subject = proposal.proposal.subject;
    const bool limit = facts.act == risk::ProposalAct::limit_set;
    Json row = {
        {"proposal", sequence},
        {"at", audit::taipei_text(proposal.proposal.record.utc_ns)},
        {"user", subject.user.view()},
        {"act", limit ? "limit_set" : "resume"},
        {"state", states[static_cast<std::size_t>(proposal.state)]},
        {"scope", gateway::scope_name(limit ? facts.limit.scope : facts.halt.scope)},
        {"key", limit ? target_text(facts.limit.scope, subject.investor, subject.account, asked.masking)
                      : halt_target(facts.halt, subject.investor, subject.account, asked.masking)},
        {"dimension", limit ? gateway::dimension_name(facts.limit.dimension) : ""},
        {"symbol", limit ? facts.limit.symbol.view() : ""},
        {"value", nullptr},
        {"current", nullptr},
        {"used", nullptr},
        {"reason", subject.reason.view()},
        {"effective_at", time_or_null(facts.effective_ns)},
        {"expires_at", time_or_null(facts.expires_ns)},
        {"batch", batch_size > 1 ? Json(facts.batch != 0 ? facts.batch : sequence) : Json(nullptr)},
        {"batch_size", batch_size},
        {"closed_at", time_or_null(proposal.closed_at)},
        {"closed_by", proposal.closed_by.view()},
        {"closed_reason", proposal.closed_reason.view()},
        {"closed_sequence", proposal.closed == 0 ? Json(nullptr) : Json(proposal.closed)},
        {"own", subject.user.view() == asked.own}};
    if (!limit) {
        return row;
    }
    const risk::Dimension dimension = facts.limit.dimension;
    row["value"] = audit::amount_text(dimension, facts.limit.value);
    if (state.reference() == nullptr) {
        return row;
    }
    const Target target = find_target(
        state.ledger(), facts.limit.scope,
        target_text(facts.limit.scope, subject.investor, subject.account, audit::Masking::revealed));
    const std::uint32_t security =
        facts.limit.symbol.empty() ? 0 : state.ledger().find_security(facts.limit.symbol);
    risk::Amount used = 0;
    if (target.found) {
        row["current"] = audit::amount_text(
            dimension, state.ledger().limit(facts.limit.scope, target.row, dimension, security).value);
        if (usage_of(state.ledger(), facts.limit.scope, target.row, dimension, security, used)) {
            row["used"] = audit::amount_text(dimension, used);
        }
    }
    return row;
}

Json credit_row(const DeskState& state, const risk::Decision& decision) {
    if (decision.dimension == risk::Dimension::none) {
        return nullptr;
    }
    const LimitChange* origin = state.origin(decision.limit_version);
    return {{"scope", gateway::scope_name(decision.scope)},
            {"dimension", gateway::dimension_name(decision.dimension)},
            {"used_before", audit::amount_text(decision.dimension, decision.usage_before)},
            {"used_after", audit::amount_text(decision.dimension, decision.usage_after)},
            {"limit", audit::amount_text(decision.dimension, decision.limit)},
            {"version", decision.limit_version},
            {"by", origin == nullptr ? "" : origin->user.view()},
            {"approver", origin == nullptr ? "" : origin->approver.view()}};
}

}  // namespace fairlead::desk
