#include "bench/load/market.hpp"

#include <algorithm>
#include <unordered_set>

namespace fairlead::load {
namespace {

using risk::Amount;
using risk::Dimension;
using risk::Price;

bool bounds_value(Dimension dimension) {
    return dimension == Dimension::buy || dimension == Dimension::sell || dimension == Dimension::gross_day ||
           dimension == Dimension::net;
}

}  // namespace

Market::Market(const risk::Reference& reference, const std::vector<std::uint32_t>& sessions)
    : reference_(reference) {
    for (SecurityIndex i = 1; i < reference_.securities.size(); ++i) {
        by_symbol_.emplace(reference_.securities[i].symbol.view(), i);
        if (is_plain(i)) {
            plain_.push_back(i);
        }
    }
    for (const risk::InventoryRow& row : reference_.inventory) {
        if (row.held > 0 && is_plain(row.security)) {
            holdings_[row.account].push_back({row.security, row.held});
        }
    }
    std::vector<AccountIndex> all;
    for (AccountIndex i = 1; i < reference_.accounts.size(); ++i) {
        if (account_enabled(i)) {
            all.push_back(i);
        }
    }
    sessions_.resize(sessions.size());
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        for (const risk::SessionRow& row : reference_.sessions) {
            if (row.id != sessions[i]) {
                continue;
            }
            if (row.all_accounts) {
                sessions_[i].accounts = all;
            } else {
                std::copy_if(row.accounts.begin(), row.accounts.end(),
                             std::back_inserter(sessions_[i].accounts),
                             [this](AccountIndex account) { return account_enabled(account); });
            }
        }
    }
    read_limits();
}

void Market::keep_accounts(std::size_t count) {
    std::unordered_set<AccountIndex> kept;
    bool more = true;
    for (std::size_t round = 0; more; ++round) {
        more = false;
        for (const SessionAccounts& session : sessions_) {
            if (round < session.accounts.size() && kept.size() < count) {
                kept.insert(session.accounts[round]);
                more = true;
            }
        }
    }
    for (SessionAccounts& session : sessions_) {
        std::erase_if(session.accounts, [&kept](AccountIndex account) { return !kept.contains(account); });
    }
}

std::size_t Market::account_count() const {
    std::unordered_set<AccountIndex> all;
    for (const SessionAccounts& session : sessions_) {
        all.insert(session.accounts.begin(), session.accounts.end());
    }
    return all.size();
}

bool Market::account_enabled(AccountIndex account) const {
    const risk::AccountRow& row = reference_.accounts[account];
    return (row.flags & risk::account_disabled) == 0 &&
           (reference_.investors[row.investor].flags & risk::account_disabled) == 0;
}

void Market::read_limits() {
    investor_allowance_.assign(reference_.investors.size(), 0);
    investor_order_value_.assign(reference_.investors.size(), risk::unlimited);
    account_allowance_.assign(reference_.accounts.size(), risk::unlimited);
    account_order_value_.assign(reference_.accounts.size(), risk::unlimited);
    symbol_max_.assign(reference_.investors.size(), risk::unlimited);
    std::vector<bool> given(reference_.investors.size(), false);
    for (const risk::OpeningLimitRow& row : reference_.opening_limits) {
        const bool investor = row.limit.scope == risk::Scope::investor;
        if (!investor && row.limit.scope != risk::Scope::account) {
            continue;
        }
        std::vector<Amount>& allowance = investor ? investor_allowance_ : account_allowance_;
        std::vector<Amount>& order_value = investor ? investor_order_value_ : account_order_value_;
        if (row.limit.dimension == Dimension::order_value) {
            order_value[row.target] = std::min(order_value[row.target], row.limit.value);
        } else if (investor && (row.limit.dimension == Dimension::symbol_long ||
                                row.limit.dimension == Dimension::symbol_short)) {
            symbol_max_[row.target] = std::min(symbol_max_[row.target], row.limit.value);
        } else if (bounds_value(row.limit.dimension)) {
            const bool first = investor && !given[row.target];
            allowance[row.target] =
                first ? row.limit.value : std::min(allowance[row.target], row.limit.value);
            if (investor) {
                given[row.target] = true;
            }
        }
    }
}

bool Market::is_plain(SecurityIndex index) const {
    const risk::SecurityRow& row = reference_.securities[index];
    constexpr unsigned harmless = risk::security_attention;
    return (row.flags & ~harmless) == 0 && row.reference > 0 && row.limit_up > 0 && row.limit_down > 0 &&
           row.lot > 0 && tick_at(row.tick_class, row.reference) > 0;
}

const std::vector<Holding>& Market::holdings_of(AccountIndex account) const {
    static const std::vector<Holding> none;
    const auto found = holdings_.find(account);
    return found == holdings_.end() ? none : found->second;
}

SecurityIndex Market::find(const risk::Symbol& symbol) const {
    const auto found = by_symbol_.find(std::string(symbol.view()));
    return found == by_symbol_.end() ? 0 : found->second;
}

Price Market::tick_at(risk::TickClass tick_class, Price price) const {
    for (const risk::TickRow& row : reference_.ticks.rows[static_cast<std::size_t>(tick_class)]) {
        if (price < row.below) {
            return row.tick;
        }
    }
    return 0;
}

Price Market::legal_at_or_below(SecurityIndex index, Price price) const {
    const risk::SecurityRow& row = security(index);
    const Price bounded = row.limit_up > 0 ? std::min(price, row.limit_up) : price;
    const Price tick = tick_at(row.tick_class, bounded);
    const Price legal = tick > 0 ? bounded - bounded % tick : bounded;
    return row.limit_down > 0 && legal < row.limit_down ? row.limit_down : legal;
}

Price Market::legal_at_or_above(SecurityIndex index, Price price) const {
    const risk::SecurityRow& row = security(index);
    const Price bounded = row.limit_down > 0 ? std::max(price, row.limit_down) : price;
    const Price tick = tick_at(row.tick_class, bounded);
    const Price legal = tick > 0 ? (bounded + tick - 1) / tick * tick : bounded;
    return row.limit_up > 0 && legal > row.limit_up ? row.limit_up : legal;
}

Price Market::step(SecurityIndex index, Price price, std::int64_t steps) const {
    const risk::TickClass tick_class = security(index).tick_class;
    for (; steps > 0; --steps) {
        price = legal_at_or_below(index, price + tick_at(tick_class, price));
    }
    for (; steps < 0; ++steps) {
        // The step below a boundary of the table is the lower row's.
        price = legal_at_or_above(index, price - tick_at(tick_class, price - 1));
    }
    return price;
}

Amount Market::order_value_max(AccountIndex index) const {
    Amount value = std::min(account_order_value_[index], investor_order_value_[account(index).investor]);
    if (reference_.rules.order_value_max > 0) {
        value = std::min(value, reference_.rules.order_value_max);
    }
    return value;
}

risk::Phase Market::phase(risk::Venue venue, risk::SessionKind kind, std::int64_t day_ns) const {
    for (const risk::PhaseRow& row : reference_.phases) {
        if (row.venue == venue && row.session_kind == kind && day_ns >= row.from_ns && day_ns < row.to_ns) {
            return row.phase;
        }
    }
    return risk::Phase::closed;
}

}  // namespace fairlead::load
