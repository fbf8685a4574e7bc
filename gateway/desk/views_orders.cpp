// Orders, an investor in detail, and Limits in force; see views.hpp.
#include <algorithm>
#include <set>
#include <tuple>

#include "audit/examine/explain.hpp"
#include "audit/examine/teller.hpp"
#include "config/gateway_config.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/desk/view_parts.hpp"
#include "risk/state.hpp"

namespace fairlead::desk {
namespace {

using audit::Language;
using risk::Dimension;
using risk::Scope;

constexpr std::size_t open_shown = 200;
constexpr std::size_t refused_shown = 50;
constexpr std::size_t changes_shown = 200;
constexpr std::size_t trail_shown = 500;

bool of_status(const OrderEntry& order, std::string_view status) noexcept {
    if (status.empty()) {
        return true;
    }
    if (status == "open") {
        return order.open;
    }
    if (status == "in_doubt") {
        return order.in_doubt;
    }
    if (status == "refused") {
        return order.slot == 0;
    }
    if (status == "filled") {
        return order.slot != 0 && order.status == risk::OrderStatus::filled;
    }
    if (status == "cancelled") {
        return order.slot != 0 && order.status == risk::OrderStatus::cancelled;
    }
    return order.slot != 0 && !order.open;  // ended
}

// What an order may be asked for by. Whole words only, but the beginning of a ClOrdID.
struct OrderSearch {
    std::string_view text;
    risk::Sequence key = 0;
    risk::AccountKey account;
    bool is_account = false;

    explicit OrderSearch(const std::string& from) : text(from) {
        is_account = config::parse_account(from, account);
        const bool digits =
            !from.empty() && from.size() <= 18 &&
            std::all_of(from.begin(), from.end(), [](char c) { return c >= '0' && c <= '9'; });
        key = digits ? std::stoull(from) : 0;
    }
    [[nodiscard]] bool finds(const OrderEntry& order) const noexcept {
        return text.empty() || (key != 0 && order.key == key) ||
               order.client_order_id.view().starts_with(text) || order.order_number.view() == text ||
               order.symbol.view() == text || order.investor_id.view() == text ||
               (is_account && order.account_key == account);
    }
};

std::string_view event_of(const TrailEntry& entry, Language language) {
    struct Name {
        risk::OrderStatus exec_type;
        std::string_view english;
        std::string_view chinese;
    };
    constexpr Name reports[] = {
        {risk::OrderStatus::created, "venue accepted", "市場接受"},
        {risk::OrderStatus::trade, "fill", "成交"},
        {risk::OrderStatus::cancelled, "venue cancelled", "市場刪單"},
        {risk::OrderStatus::replaced, "venue replaced", "市場改單"},
        {risk::OrderStatus::rejected, "venue rejected", "市場拒絕"},
        {risk::OrderStatus::expired, "venue expired", "市場失效"},
        {risk::OrderStatus::restated, "venue restated", "市場重述"},
        {risk::OrderStatus::trade_correct, "fill corrected", "成交更正"},
        {risk::OrderStatus::trade_cancel, "fill bust", "成交撤銷"},
        {risk::OrderStatus::order_status, "venue status", "市場回覆狀態"},
    };
    for (const Name& name : reports) {
        if (entry.kind == risk::RecordKind::venue_report && entry.exec_type == name.exec_type) {
            return language == Language::chinese ? name.chinese : name.english;
        }
    }
    return audit::name_of(entry.kind, language);
}

Json trail_row(const TrailEntry& entry) {
    const risk::ReasonText& why = risk::reason_text(entry.reason);
    const bool refused = entry.reason != risk::Reason::none;
    return {{"sequence", entry.sequence},
            {"at", audit::taipei_text(entry.at)},
            {"event", event_of(entry, Language::english)},
            {"event_zh", event_of(entry, Language::chinese)},
            {"detail", refused ? why.english : ""},
            {"detail_zh", refused ? why.chinese : ""},
            {"reason", why.code},
            {"user", ""},
            {"approver", ""},
            {"session", entry.session},
            {"line", entry.line},
            {"quantity", entry.quantity},
            {"price", audit::dollars_text(entry.price)},
            {"leaves", entry.leaves},
            {"filled", entry.filled},
            {"last_quantity", entry.last_quantity},
            {"last_price", audit::dollars_text(entry.last_price)}};
}

// The list is run in order: what follows the one that refused was not reached.
Json check_rows(const risk::Decision& decision) {
    Json rows = Json::array();
    bool refused = false;
    for (unsigned i = 0; i < risk::check_count; ++i) {
        const auto check = static_cast<risk::Check>(i);
        const bool passed = (decision.checks_passed >> i & 1U) != 0;
        const bool refuses = !passed && !refused && decision.outcome == risk::Outcome::refused;
        rows.push_back({{"check", audit::name_of(check, Language::english)},
                        {"text", audit::name_of(check, Language::english)},
                        {"text_zh", audit::name_of(check, Language::chinese)},
                        {"verdict", passed    ? "passed"
                                    : refuses ? "refused"
                                    : refused ? "not_reached"
                                              : "not_run"}});
        refused = refused || refuses;
    }
    return rows;
}

Json refused_row(const DeskState& state, const OrderEntry& order, const Asked& asked) {
    const risk::ReasonText& why = risk::reason_text(order.reason);
    const Json row = order_row(order, asked);
    return {{"sequence", order.key},
            {"at", row["at"]},
            {"order", row["order"]},
            {"account", row["account"]},
            {"symbol", row["symbol"]},
            {"side", row["side"]},
            {"quantity", order.ordered},
            {"price", row["price"]},
            {"client_order_id", row["client_order_id"]},
            {"reason", why.code},
            {"text", why.english},
            {"text_zh", why.chinese},
            {"credit", credit_row(state, order.decision)}};
}

Json change_row(const LimitChange& change, const Asked& asked) {
    const bool raised = change.before_known && change.limit.value > change.before.value;
    const bool lowered = change.before_known && change.limit.value < change.before.value;
    return {{"sequence", change.sequence},
            {"at", audit::taipei_text(change.at)},
            {"scope", gateway::scope_name(change.limit.scope)},
            {"key", target_text(change.limit.scope, change.investor, change.account, asked.masking)},
            {"dimension", gateway::dimension_name(change.limit.dimension)},
            {"symbol", change.limit.symbol.view()},
            {"value", audit::amount_text(change.limit.dimension, change.limit.value)},
            {"before", change.before_known && change.before.given
                           ? Json(audit::amount_text(change.limit.dimension, change.before.value))
                           : Json(nullptr)},
            {"user", change.user.view()},
            {"approver", change.approver.view()},
            {"reason", change.reason.view()},
            {"kind", change.reverted ? "reverted"
                     : raised        ? "raised"
                     : lowered       ? "lowered"
                                     : "same"}};
}

// One Limit that can be given, whether it is or not.
struct LimitPlace {
    Scope scope = Scope::none;
    std::uint32_t row = 0;
    Dimension dimension = Dimension::none;
    std::uint32_t security = 0;
};

std::string key_of(const risk::Reference& reference, const LimitPlace& place, audit::Masking masking) {
    switch (place.scope) {
        case Scope::investor:
            return std::string(reference.investors[place.row].id.view());
        case Scope::account:
            return audit::account_text(reference.accounts[place.row].key, masking);
        case Scope::branch:
            return std::string(reference.branches[place.row].id.view());
        default:
            return {};
    }
}

Json limit_row(const DeskState& state, const LimitPlace& place, const Asked& asked) {
    const risk::Ledger& ledger = state.ledger();
    const risk::LimitInForce limit = ledger.limit(place.scope, place.row, place.dimension, place.security);
    const LimitChange* origin = state.origin(limit.version);
    risk::Amount used = 0;
    const bool known = usage_of(ledger, place.scope, place.row, place.dimension, place.security, used);
    return {
        {"scope", gateway::scope_name(place.scope)},
        {"key", key_of(*state.reference(), place, asked.masking)},
        {"dimension", gateway::dimension_name(place.dimension)},
        {"symbol", place.security == 0 ? "" : state.reference()->securities[place.security].symbol.view()},
        {"value", audit::amount_text(place.dimension, limit.value)},
        {"used", known ? Json(audit::amount_text(place.dimension, used)) : Json(nullptr)},
        {"permille", known ? permille_json(permille_of(used, limit.value)) : Json(nullptr)},
        {"given", limit.given},
        {"version", limit.version},
        {"set_at", origin == nullptr ? Json(nullptr) : Json(audit::taipei_text(origin->at))},
        {"user", origin == nullptr ? "" : origin->user.view()},
        {"approver", origin == nullptr ? "" : origin->approver.view()},
        {"reason", origin == nullptr ? "" : origin->reason.view()},
        {"expires_at", time_or_null(state.expires(limit.version))}};
}

// Limits of one security that an investor was given, by file or by control.
std::vector<LimitPlace> symbol_limits(const DeskState& state, std::uint32_t investor) {
    std::set<std::tuple<std::uint32_t, Dimension, std::uint32_t>> found;
    for (const risk::OpeningLimitRow& row : state.reference()->opening_limits) {
        if (row.limit.scope == Scope::investor && !row.limit.symbol.empty()) {
            found.emplace(row.target, row.limit.dimension, state.ledger().find_security(row.limit.symbol));
        }
    }
    const LastOf<LimitChange>& changes = state.limit_changes();
    for (std::uint64_t row = changes.begin(); row < changes.end(); ++row) {
        const LimitChange& change = changes.at(row);
        if (change.limit.scope == Scope::investor && !change.limit.symbol.empty()) {
            found.emplace(state.ledger().find_investor(change.investor), change.limit.dimension,
                          state.ledger().find_security(change.limit.symbol));
        }
    }
    std::vector<LimitPlace> places;
    for (const auto& [row, dimension, security] : found) {
        if (row != 0 && security != 0 && (investor == 0 || row == investor)) {
            places.push_back({Scope::investor, row, dimension, security});
        }
    }
    return places;
}

// Walks every Limit that is in force and given, and counts; calls `use` for those of the page.
class LimitWalk {
  public:
    LimitWalk(const DeskState& state, const LimitQuery& query, const Asked& asked, Json& items)
        : state_(state), query_(query), asked_(asked), items_(items) {}

    void scope(Scope scope, std::uint32_t rows) {
        if (query_.scope != Scope::none && query_.scope != scope) {
            return;
        }
        Target only;
        if (!query_.key.empty()) {
            only = find_target(state_.ledger(), scope, query_.key);
            if (!only.found) {
                return;
            }
        }
        for (std::uint32_t row = scope == Scope::firm ? 0 : 1; row < rows; ++row) {
            for (unsigned i = 1; i < risk::dimension_count && (only.row == 0 || only.row == row); ++i) {
                const auto dimension = static_cast<Dimension>(i);
                if (risk::limit_kept(scope, dimension)) {
                    add({scope, row, dimension, 0});
                }
            }
        }
        if (scope == Scope::investor) {
            for (const LimitPlace& place : symbol_limits(state_, only.row)) {
                add(place);
            }
        }
    }
    [[nodiscard]] std::size_t total() const noexcept { return total_; }

  private:
    void add(const LimitPlace& place) {
        if ((query_.dimension != Dimension::none && query_.dimension != place.dimension) ||
            !state_.ledger().limit(place.scope, place.row, place.dimension, place.security).given) {
            return;
        }
        if (total_++ >= query_.offset && items_.size() < query_.limit) {
            items_.push_back(limit_row(state_, place, asked_));
        }
    }
    const DeskState& state_;
    const LimitQuery& query_;
    const Asked& asked_;
    Json& items_;
    std::size_t total_ = 0;
};

Json account_row(const DeskState& state, std::uint32_t row, const Asked& asked) {
    const risk::AccountRow& account = state.reference()->accounts[row];
    const risk::Exposure& exposure = state.ledger().exposure(Scope::account, row);
    Json usage = Json::array();
    for (const Dimension dimension : shown_dimensions) {
        const risk::LimitInForce limit = state.ledger().limit(Scope::account, row, dimension);
        if (limit.given) {
            usage.push_back(usage_row(dimension, risk::usage(exposure, dimension), limit));
        }
    }
    return {{"account", audit::account_text(account.key, asked.masking)},
            {"branch", account.key.branch.view()},
            {"own", (account.flags & risk::account_own) != 0},
            {"halted", state.ledger().halted(Scope::account, row)},
            {"executed_buy", audit::dollars_text(exposure.executed_buy)},
            {"executed_sell", audit::dollars_text(exposure.executed_sell)},
            {"open_buy", audit::dollars_text(exposure.open_buy)},
            {"open_sell", audit::dollars_text(exposure.open_sell)},
            {"usage", std::move(usage)}};
}

Json accounts_of(const DeskState& state, std::uint32_t investor, const Asked& asked) {
    Json accounts = Json::array();
    const auto& rows = state.reference()->accounts;
    for (std::uint32_t row = 1; row < rows.size(); ++row) {
        if (rows[row].investor == investor) {
            accounts.push_back(account_row(state, row, asked));
        }
    }
    return accounts;
}

Json exposure_of(const InvestorFigures& figures) {
    Json points = Json::array();
    for (const ExposurePoint& point : figures.exposure) {
        points.push_back({{"at", audit::taipei_text(point.at)},
                          {"epoch_s", point.at / second_ns},
                          {"buy", audit::dollars_text(point.buy)},
                          {"sell", audit::dollars_text(point.sell)},
                          {"gross_day", audit::dollars_text(point.gross_day)},
                          {"net", audit::dollars_text(point.net)}});
    }
    return points;
}

Json page_of(const DeskState& state, std::size_t total, std::size_t offset, Json items, const Asked& asked) {
    return {{"at", audit::taipei_text(asked.now)},
            {"sequence", state.ledger().last_sequence()},
            {"total", total},
            {"offset", offset},
            {"items", std::move(items)}};
}

}  // namespace

Json order_page(const DeskState& state, const OrderQuery& query, const Asked& asked) {
    Json items = Json::array();
    std::size_t total = 0;
    const OrderLog& orders = state.orders();
    const OrderSearch search(query.search);
    const auto take = [&](const OrderEntry& order) {
        if (of_status(order, query.status) && search.finds(order) && total++ >= query.offset &&
            items.size() < query.limit) {
            items.push_back(order_row(order, asked));
        }
    };
    if (!query.investor.empty()) {
        const Target target = state.reference() == nullptr
                                  ? Target{}
                                  : find_target(state.ledger(), Scope::investor, query.investor);
        std::uint64_t row = target.found ? state.investors()[target.row].last_order : no_row;
        while (row != no_row && orders.holds(row)) {
            take(orders.at(row));
            row = orders.at(row).investor_before;
        }
    } else if (query.search.empty() && query.status.empty()) {
        total = orders.size();
        std::uint64_t row = orders.end() - std::min<std::uint64_t>(query.offset, orders.size());
        while (row-- > orders.begin() && items.size() < query.limit) {
            items.push_back(order_row(orders.at(row), asked));
        }
    } else {
        for (std::uint64_t row = orders.end(); row-- > orders.begin();) {
            take(orders.at(row));
        }
    }
    Json page = page_of(state, total, query.offset, std::move(items), asked);
    page["kept"] = orders.size();
    return page;
}

Json order_detail(const DeskState& state, risk::Sequence key, const Asked& asked) {
    constexpr std::string_view outcomes[] = {"none",    "noted",     "accepted", "refused",
                                             "applied", "duplicate", "orphan",   "restated"};
    const std::uint64_t row = state.orders().find(key);
    if (row == no_row) {
        return nullptr;
    }
    const OrderEntry& order = state.orders().at(row);
    const risk::ReasonText& why = risk::reason_text(order.reason);
    const bool refused = order.reason != risk::Reason::none;
    const std::vector<TrailEntry> entries = state.orders().trail_of(order, trail_shown);
    Json trail = Json::array();
    for (const TrailEntry& entry : entries) {
        trail.push_back(trail_row(entry));
    }
    return {{"order", order_row(order, asked)},
            {"outcome", outcomes[static_cast<std::size_t>(order.decision.outcome)]},
            {"reason", why.code},
            {"text", refused ? why.english : ""},
            {"text_zh", refused ? why.chinese : ""},
            {"checks", check_rows(order.decision)},
            {"credit", credit_row(state, order.decision)},
            {"trail", std::move(trail)},
            {"trail_cut", entries.size() < order.trail_rows}};
}

Json investor_detail(const DeskState& state, const std::string& id, const Asked& asked) {
    const Target target =
        state.reference() == nullptr ? Target{} : find_target(state.ledger(), Scope::investor, id);
    if (!target.found || target.row >= state.investors().size()) {
        return nullptr;
    }
    const InvestorFigures& figures = state.investors()[target.row];
    const risk::Exposure& exposure = state.ledger().exposure(Scope::investor, target.row);
    Json usage = Json::array();
    for (const Dimension dimension : shown_dimensions) {
        usage.push_back(usage_row(dimension, risk::usage(exposure, dimension),
                                  state.ledger().limit(Scope::investor, target.row, dimension)));
    }
    Json open = Json::array();
    Json refused = Json::array();
    for (std::uint64_t row = figures.last_order; row != no_row && state.orders().holds(row);
         row = state.orders().at(row).investor_before) {
        const OrderEntry& order = state.orders().at(row);
        if (order.open && open.size() < open_shown) {
            open.push_back(order_row(order, asked));
        } else if (order.slot == 0 && refused.size() < refused_shown) {
            refused.push_back(refused_row(state, order, asked));
        }
    }
    Json history = Json::array();
    const LastOf<LimitChange>& changes = state.limit_changes();
    for (std::uint64_t row = changes.end(); row-- > changes.begin() && history.size() < changes_shown;) {
        const LimitChange& change = changes.at(row);
        const bool of_account = change.limit.scope == Scope::account &&
                                state.ledger().find_account(change.account).investor == target.row;
        if ((change.limit.scope == Scope::investor && change.investor.view() == id) || of_account) {
            history.push_back(change_row(change, asked));
        }
    }
    Json limits = Json::array();
    LimitQuery query;
    query.scope = Scope::investor;
    query.key = id;
    query.limit = changes_shown;
    LimitWalk walk(state, query, asked, limits);
    walk.scope(Scope::investor, static_cast<std::uint32_t>(state.reference()->investors.size()));
    const InvestorState now = figures.halted   ? InvestorState::halted
                              : figures.slowed ? InvestorState::slow
                                               : figures.level;
    return {{"at", audit::taipei_text(asked.now)},
            {"sequence", state.ledger().last_sequence()},
            {"id", id},
            {"state", state_name(now)},
            {"halted", figures.halted},
            {"usage", std::move(usage)},
            {"limits", std::move(limits)},
            {"accounts", accounts_of(state, target.row, asked)},
            {"open_orders", std::move(open)},
            {"open_count", figures.open},
            {"refused", std::move(refused)},
            {"refused_count", figures.refused},
            {"limit_history", std::move(history)},
            {"exposure", exposure_of(figures)}};
}

Json limit_page(const DeskState& state, const LimitQuery& query, const Asked& asked) {
    Json items = Json::array();
    std::size_t total = 0;
    if (state.reference() != nullptr) {
        LimitWalk walk(state, query, asked, items);
        const risk::Reference& reference = *state.reference();
        walk.scope(Scope::firm, 1);
        walk.scope(Scope::branch, static_cast<std::uint32_t>(reference.branches.size()));
        walk.scope(Scope::investor, static_cast<std::uint32_t>(reference.investors.size()));
        walk.scope(Scope::account, static_cast<std::uint32_t>(reference.accounts.size()));
        total = walk.total();
    }
    return page_of(state, total, query.offset, std::move(items), asked);
}

}  // namespace fairlead::desk
