// Staging: the day's reference data is looked through before a DayStart may use it, so that nothing the
// order path reads can be out of range. Off the order path: it may take heap and time.
#include <algorithm>

#include "risk/ledger.hpp"

namespace fairlead::risk {

namespace {

std::string fault(const char* table, std::size_t row, const std::string& what) {
    return std::string(table) + " row " + std::to_string(row) + ": " + what;
}

std::string too_many(const char* table, std::size_t rows, std::size_t most) {
    return std::string(table) + ": " + std::to_string(rows) + " rows are more than the " +
           std::to_string(most) + " this program was sized for";
}

// The first key that occurs twice, as its row; 0 = none.
template <class Row, class Key>
std::size_t repeated(const std::vector<Row>& rows, std::size_t from, Key key) {
    std::vector<std::size_t> order;
    for (std::size_t row = from; row < rows.size(); ++row) {
        order.push_back(row);
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return key(rows[a]) != key(rows[b]) ? key(rows[a]) < key(rows[b]) : a < b;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (key(rows[order[i - 1]]) == key(rows[order[i]])) {
            return order[i];
        }
    }
    return 0;
}

std::string check_ticks(const TickTable& ticks) {
    for (std::size_t tick_class = 1; tick_class < tick_class_count; ++tick_class) {
        Price below = 0;
        for (const TickRow& row : ticks.rows[tick_class]) {
            if (row.below <= below || row.tick <= 0) {
                return fault("ticks of class", tick_class, "rows must ascend and ticks be above zero");
            }
            below = row.below;
        }
        if (!ticks.rows[tick_class].empty() && below <= price_max) {
            return fault("ticks of class", tick_class, "the last row must reach beyond the highest price");
        }
    }
    return {};
}

std::string check_securities(const Reference& reference) {
    for (std::size_t row = 1; row < reference.securities.size(); ++row) {
        const SecurityRow& at = reference.securities[row];
        const std::string name = "security " + std::string(at.symbol.view());
        if (at.symbol.empty()) {
            return fault("securities", row, "the symbol is empty");
        }
        if (at.venue != Venue::twse && at.venue != Venue::tpex) {
            return fault("securities", row, name + ": venue must be TWSE or TPEx");
        }
        if (at.lot <= 0 || at.lot > 1'000'000) {
            return fault("securities", row, name + ": lot must be 1 to 1,000,000 shares");
        }
        const bool priced = at.limit_up >= 0 && at.limit_up <= price_max && at.limit_down >= 0 &&
                            at.limit_down <= price_max && at.reference >= 0 && at.reference <= price_max &&
                            (at.limit_up == 0 || at.limit_up >= at.limit_down);
        if (!priced) {
            return fault("securities", row,
                         name +
                             ": limits and reference must be 0 to 99,999.9999, lower "
                             "limit at or below the upper");
        }
        const auto tick_class = static_cast<std::size_t>(at.tick_class);
        if (tick_class == 0 || tick_class >= tick_class_count || reference.ticks.rows[tick_class].empty()) {
            return fault("securities", row, name + ": its tick class has no row in the tick table");
        }
    }
    const std::size_t twice =
        repeated(reference.securities, 1, [](const SecurityRow& r) { return r.symbol; });
    return twice == 0 ? std::string{} : fault("securities", twice, "the symbol occurs twice");
}

std::string check_people(const Reference& reference) {
    if (const std::size_t row = repeated(reference.branches, 1, [](const BranchRow& r) { return r.id; })) {
        return fault("branches", row, "the branch occurs twice");
    }
    if (const std::size_t row = repeated(reference.investors, 1, [](const InvestorRow& r) { return r.id; })) {
        return fault("investors", row, "the investor occurs twice");
    }
    if (const std::size_t row = repeated(reference.accounts, 1, [](const AccountRow& r) { return r.key; })) {
        return fault("accounts", row, "the account occurs twice");
    }
    for (std::size_t row = 1; row < reference.accounts.size(); ++row) {
        const AccountRow& at = reference.accounts[row];
        if (at.investor == 0 || at.investor >= reference.investors.size()) {
            return fault("accounts", row, "its investor is not one of the investors");
        }
        if (at.branch == 0 || at.branch >= reference.branches.size()) {
            return fault("accounts", row, "its branch is not one of the branches");
        }
    }
    if (const std::size_t row = repeated(reference.sessions, 0, [](const SessionRow& r) { return r.id; })) {
        return fault("sessions", row, "the session's number occurs twice");
    }
    for (std::size_t row = 0; row < reference.sessions.size(); ++row) {
        const SessionRow& at = reference.sessions[row];
        if (at.id == 0 || !std::is_sorted(at.accounts.begin(), at.accounts.end()) ||
            (!at.accounts.empty() &&
             (at.accounts.front() == 0 || at.accounts.back() >= reference.accounts.size()))) {
            return fault("sessions", row, "the number must not be 0, its accounts known and sorted");
        }
    }
    return {};
}

std::string check_limits(const Reference& reference, std::size_t symbol_limits_max) {
    std::vector<Symbol> symbols;
    for (std::size_t row = 1; row < reference.securities.size(); ++row) {
        symbols.push_back(reference.securities[row].symbol);
    }
    std::sort(symbols.begin(), symbols.end());
    std::size_t of_one_security = 0;
    for (std::size_t row = 0; row < reference.opening_limits.size(); ++row) {
        const LimitSetFacts& limit = reference.opening_limits[row].limit;
        const std::uint32_t target = reference.opening_limits[row].target;
        std::size_t targets = 0;
        switch (limit.scope) {
            case Scope::firm:
                targets = 1;
                break;
            case Scope::branch:
                targets = reference.branches.size();
                break;
            case Scope::investor:
                targets = reference.investors.size();
                break;
            case Scope::account:
                targets = reference.accounts.size();
                break;
            case Scope::none:
            case Scope::venue:
            case Scope::symbol:
            case Scope::session:
                break;
        }
        const bool known = limit.scope == Scope::firm ? target == 0 : target > 0 && target < targets;
        if (!known) {
            return fault("limits", row,
                         "scope must be firm, branch, investor or account, and its target known");
        }
        if (!limit_kept(limit.scope, limit.dimension) || limit.value < 0) {
            return fault("limits", row,
                         "this scope has no limit of this dimension, or the value is negative");
        }
        if (!limit.symbol.empty()) {
            const bool symbol_dimension =
                limit.dimension == Dimension::symbol_long || limit.dimension == Dimension::symbol_short;
            if (!symbol_dimension || !std::binary_search(symbols.begin(), symbols.end(), limit.symbol)) {
                return fault("limits", row,
                             "a symbol must be known and stands only with symbol_long or symbol_short");
            }
            if (++of_one_security > symbol_limits_max) {
                return too_many("limits of one security", of_one_security, symbol_limits_max);
            }
        }
    }
    return {};
}

}  // namespace

std::string Ledger::stage(const Reference& reference) {
    struct Size {
        const char* table;
        std::size_t rows;
        std::size_t most;
    };
    const auto named = [](std::size_t rows) { return rows == 0 ? 0 : rows - 1; };
    const std::array<Size, 6> sizes{{
        {"branches", named(reference.branches.size()), sizes_.branches_max},
        {"investors", named(reference.investors.size()), sizes_.investors_max},
        {"accounts", named(reference.accounts.size()), sizes_.accounts_max},
        {"securities", named(reference.securities.size()), sizes_.securities_max},
        {"sessions", reference.sessions.size(), sizes_.sessions_max},
        {"inventory", reference.inventory.size(), sizes_.positions_max},
    }};
    for (const Size& size : sizes) {
        if (size.rows > size.most) {
            return too_many(size.table, size.rows, size.most);
        }
    }
    if (reference.branches.empty() || reference.investors.empty() || reference.accounts.empty() ||
        reference.securities.empty()) {
        return "reference: branches, investors, accounts and securities begin with an unused row 0";
    }
    for (auto* check : {check_securities, check_people}) {
        if (std::string found = check(reference); !found.empty()) {
            return found;
        }
    }
    if (std::string found = check_ticks(reference.ticks); !found.empty()) {
        return found;
    }
    // Control may have limits of single securities too; they are carried over and need room as well.
    if (std::string found = check_limits(reference, sizes_.limits_max - control_limit_rows_);
        !found.empty()) {
        return found;
    }
    for (std::size_t row = 0; row < reference.inventory.size(); ++row) {
        const InventoryRow& at = reference.inventory[row];
        if (at.account == 0 || at.account >= reference.accounts.size() || at.security == 0 ||
            at.security >= reference.securities.size() || at.held < 0 || at.borrow_quota < 0 ||
            at.held > quantity_held_max || at.borrow_quota > quantity_held_max) {
            return fault("inventory", row, "account and security must be known, shares 0 to 10^12");
        }
    }
    for (std::size_t row = 0; row < reference.phases.size(); ++row) {
        const PhaseRow& at = reference.phases[row];
        if (at.from_ns >= at.to_ns || static_cast<std::size_t>(at.session_kind) >= session_kind_count ||
            (at.venue != Venue::twse && at.venue != Venue::tpex)) {
            return fault("phases", row, "venue and session must be known, and the phase end after it begins");
        }
    }
    if (reference.rules.board_lots_max <= 0 || reference.rules.collar_reference_bp < 0 ||
        reference.rules.collar_last_bp < 0 || reference.rules.collar_reference_bp > 1'000'000 ||
        reference.rules.collar_last_bp > 1'000'000 || reference.rules.repeat_window_ns < 0) {
        return "rules: board lots must be above 0, collars 0 to 1,000,000 basis points, the window not "
               "negative";
    }
    staged_ = &reference;
    return {};
}

}  // namespace fairlead::risk
