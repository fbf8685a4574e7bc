// The ordered check list, as the enumeration `Check` has it. Each check reads; none moves a counter, so
// a refusal at any place leaves nothing to undo. A Replace that adds to a reserve runs a part of it.
#include <algorithm>
#include <utility>

#include "risk/candidate.hpp"
#include "risk/credit.hpp"

namespace fairlead::risk {

// By rows; 0 = unknown.
inline __attribute__((always_inline)) Reason Ledger::halt_about(std::uint32_t security_row,
                                                                std::uint32_t investor, std::uint32_t account,
                                                                std::uint32_t session) const noexcept {
    if (firm_halted_) {
        return Reason::firm_halted;
    }
    const SecurityState& security = securities_[security_row];
    if (venue_halted_[static_cast<std::size_t>(security.venue)] != 0) {
        return Reason::venue_halted;
    }
    if (investors_[investor].halted != 0) {
        return Reason::investor_halted;
    }
    if (accounts_[account].halted != 0) {
        return Reason::account_halted;
    }
    if (security.halted != 0) {
        return Reason::symbol_halted;
    }
    return sessions_[session].halted != 0 ? Reason::session_halted : Reason::none;
}

Reason Ledger::check_halts(const Candidate& candidate) const noexcept {
    return halt_about(candidate.security, candidate.investor, candidate.account, candidate.session);
}

Reason Ledger::halt_before_sending(std::uint32_t slot, Sequence command) const noexcept {
    const Order& order = orders_[slot];
    bool adds = command == order.key;
    if (command == order.replace.command) {
        Order without = order;
        without.replace = PendingReplace{};
        adds = reserve_of(without).amount < order.reserve;
    }
    return adds ? halt_about(order.security, order.investor, order.account, find_session(order.session))
                : Reason::none;
}

Reason Ledger::check_session_account(const Candidate& candidate) const noexcept {
    if (candidate.account == 0) {
        return Reason::account_unknown;
    }
    if (candidate.session == 0) {
        return Reason::session_not_allowed;
    }
    if (sessions_[candidate.session].all_accounts != 0) {
        return Reason::none;
    }
    const auto& allowed = reference_->sessions[candidate.session - 1].accounts;
    return std::binary_search(allowed.begin(), allowed.end(), candidate.account)
               ? Reason::none
               : Reason::session_not_allowed;
}

Reason Ledger::check_order_value(const Candidate& candidate, Decision& decision) const noexcept {
    if (candidate.value < 0) {
        return Reason::amount_overflow;
    }
    const Amount firm = reference_->rules.order_value_max;
    if (firm > 0 && candidate.value > firm) {
        note_usage(decision, Scope::firm, Dimension::order_value, 0, candidate.value, firm);
        return Reason::order_value_too_large;
    }
    const auto bound = [&](Scope scope, const Limits& limits) {
        const Amount limit = limits.value[limit_place(Dimension::order_value)];
        if (candidate.value <= limit) {
            return false;
        }
        note_usage(decision, scope, Dimension::order_value, 0, candidate.value, limit);
        return true;
    };
    const bool refused = bound(Scope::account, accounts_[candidate.account].limits) ||
                         bound(Scope::branch, branches_[candidate.branch].limits) ||
                         bound(Scope::investor, investors_[candidate.investor].limits) ||
                         bound(Scope::firm, firm_.limits);
    return refused ? Reason::order_value_too_large : Reason::none;
}

Reason Ledger::check_repeated(const Candidate& candidate, Decision& decision) const noexcept {
    const RuleSet& rules = reference_->rules;
    if (rules.repeat_count_max == 0 || candidate.account_position == 0) {
        return Reason::none;
    }
    const AccountPosition& last = account_positions_[candidate.account_position];
    if (!repeats(last, candidate.terms) || candidate.utc_ns - last.repeat_from_ns > rules.repeat_window_ns ||
        last.repeat_count < rules.repeat_count_max) {
        return Reason::none;
    }
    decision.related = last.repeat_key;
    return Reason::repeated_order;
}

Reason Ledger::check_self_match(const Candidate& candidate, Decision& decision) const noexcept {
    if (!reference_->rules.refuse_self_match || candidate.investor_position == 0) {
        return Reason::none;
    }
    const OrderTerms& terms = candidate.terms;
    const bool buy = terms.side == Side::buy;
    const std::uint32_t best =
        best_open(candidate.investor_position, terms.session_kind, buy ? Side::sell : Side::buy);
    if (best == 0) {
        return Reason::none;
    }
    const Price opposite = orders_[best].book_price;
    const bool any_price =
        terms.order_type == OrderType::market || terms.session_kind == SessionKind::after_hours_fixed;
    if (any_price || (buy ? terms.price >= opposite : terms.price <= opposite)) {
        decision.related = orders_[best].key;
        return Reason::self_match;
    }
    return Reason::none;
}

Reason Ledger::check_sellable(const Candidate& candidate, Decision& decision) const noexcept {
    const OrderTerms& terms = candidate.terms;
    const AccountState& account = accounts_[candidate.account];
    if (terms.side != Side::sell || (account.flags & account_no_inventory_check) != 0 ||
        terms.credit_type == CreditType::short_agency || terms.credit_type == CreditType::short_own) {
        return Reason::none;
    }
    const AccountPosition& shares = account_positions_[candidate.account_position];  // row 0: all zero
    const DayTrade day_trade = securities_[candidate.security].day_trade;
    const bool cash = terms.credit_type == CreditType::cash;
    const bool borrowed = terms.credit_type == CreditType::borrowed_short ||
                          terms.credit_type == CreditType::borrowed_short_exempt;
    const bool buy_first = (account.flags & account_day_trade_signed) != 0 && day_trade != DayTrade::barred;
    const bool sell_first = (account.flags & account_sell_first_signed) != 0 && day_trade == DayTrade::either;

    const Quantity own = shares.position.held + (buy_first ? shares.cash_bought : 0);
    const Quantity delivered = shares.delivered + (borrowed ? 0 : candidate.added_quantity);
    const Quantity borrowing = shares.borrowed + (borrowed ? candidate.added_quantity : 0);
    // What is sold beyond the account's own shares must be borrowed, out of the same quota.
    const Quantity beyond = std::max<Quantity>(delivered - own, 0);
    const bool own_enough = beyond == 0 || (cash && sell_first);
    if (borrowed ? beyond + borrowing <= shares.borrow_quota
                 : own_enough && (beyond == 0 || beyond + borrowing <= shares.borrow_quota)) {
        return Reason::none;
    }
    const Quantity available = borrowed ? shares.borrow_quota - beyond : own;
    const Quantity after = borrowed ? borrowing : delivered;
    note_usage(decision, Scope::account, Dimension::sellable, after - candidate.added_quantity, after,
               std::max<Quantity>(available, 0));
    // Would the sell pass if this account could day trade this security?
    const Quantity with_bought = shares.position.held + shares.cash_bought;
    const Quantity still_beyond = std::max<Quantity>(delivered - with_bought, 0);
    const bool only_day_trade =
        cash && (still_beyond == 0 || (!sell_first && still_beyond + borrowing <= shares.borrow_quota));
    return only_day_trade ? Reason::day_trade_not_allowed : Reason::sellable_short;
}

Reason Ledger::check_symbol(const Candidate& candidate, Decision& decision) const noexcept {
    const bool buy = candidate.terms.side == Side::buy;
    const Dimension dimension = buy ? Dimension::symbol_long : Dimension::symbol_short;
    Amount limit = investors_[candidate.investor].limits.value[limit_place(dimension)];
    if (symbol_limit_rows_ != 0) {
        const std::uint32_t row = find_symbol_limit(candidate.investor, candidate.security, dimension);
        limit = row != 0 ? symbol_limits_[row].value : limit;
    }
    const Position& position = investor_positions_[candidate.investor_position].position;
    const Quantity used = buy ? position.long_usage() : position.short_usage();
    const Quantity would = used + candidate.added_quantity;
    if (candidate.added_quantity <= 0 || would <= limit) {
        return Reason::none;
    }
    note_usage(decision, Scope::symbol, dimension, used, would, limit);
    decision.related = investors_[candidate.investor].exposure.last_raise;
    return buy ? Reason::credit_symbol_long : Reason::credit_symbol_short;
}

Reason Ledger::check_capacity(const Candidate& candidate) const noexcept {
    if (counts_.commands >= room_.commands || counts_.executions >= room_.executions ||
        (candidate.is_new && counts_.orders >= room_.orders)) {
        return Reason::capacity_orders;
    }
    const bool room = (candidate.account_position != 0 || counts_.account_positions < room_.positions) &&
                      (candidate.investor_position != 0 || counts_.investor_positions < room_.positions);
    return room ? Reason::none : Reason::capacity_positions;
}

inline __attribute__((always_inline)) Reason Ledger::check_scope(Candidate& candidate, Scope scope,
                                                                 Decision& decision) const noexcept {
    const Exposure* exposure = &firm_.exposure;
    const Limits* limits = &firm_.limits;
    if (scope == Scope::account) {
        exposure = &accounts_[candidate.account].exposure;
        limits = &accounts_[candidate.account].limits;
    } else if (scope == Scope::branch) {
        exposure = &branches_[candidate.branch].exposure;
        limits = &branches_[candidate.branch].limits;
    } else if (scope == Scope::investor) {
        exposure = &investors_[candidate.investor].exposure;
        limits = &investors_[candidate.investor].limits;
    }
    const bool buy = candidate.terms.side == Side::buy;
    const Amount added = candidate.added;
    const Amount bought = exposure->executed_buy + exposure->open_buy;
    const Amount sold = exposure->executed_sell + exposure->open_sell;
    // The firm's sums hold every other scope's: what fits them fits all.
    if (scope == Scope::firm &&
        (bought + sold + added > usage_max || exposure->reported + added > usage_max)) {
        return Reason::amount_overflow;
    }
    if (limits->bounded == 0) {
        return Reason::none;
    }
    Reason refused = Reason::none;
    // A dimension the command does not raise cannot refuse it, even one already over its Limit.
    const auto bound = [&](Dimension dimension, Reason reason, Amount used, Amount would)
        __attribute__((always_inline)) {
        const Amount limit = limits->value[limit_place(dimension)];
        if (limit == unlimited || would <= used) {
            return true;
        }
        if (would > limit || limit - would < candidate.headroom) {
            note_usage(decision, scope, dimension, used, would, limit);
            candidate.headroom = limit - would;
        }
        refused = would > limit ? reason : Reason::none;
        return would <= limit;
    };
    const Amount bought_then = buy ? bought + added : bought;
    const Amount sold_then = buy ? sold : sold + added;
    const auto net = [&](Amount buys, Amount sells) {
        return std::max(buys - exposure->executed_sell, sells - exposure->executed_buy);
    };
    bool passes =
        bound(Dimension::buy, Reason::credit_buy, bought, bought_then) &&
        bound(Dimension::sell, Reason::credit_sell, sold, sold_then) &&
        bound(Dimension::gross_day, Reason::credit_gross_day, bought + sold, bought + sold + added) &&
        bound(Dimension::net, Reason::credit_net, net(bought, sold), net(bought_then, sold_then));
    if (passes && (scope == Scope::account || scope == Scope::investor)) {
        const Position& position = scope == Scope::account
                                       ? account_positions_[candidate.account_position].position
                                       : investor_positions_[candidate.investor_position].position;
        Position moved = position;
        (buy ? moved.open_buy : moved.open_sell) += added;
        passes = bound(Dimension::offset, Reason::credit_offset, exposure->offset,
                       exposure->offset + moved.offset() - position.offset());
    }
    if (passes && scope == Scope::firm) {
        passes = bound(Dimension::reported, Reason::credit_reported, exposure->reported,
                       exposure->reported + added);
    }
    if (!passes) {
        decision.related = exposure->last_raise;
    }
    return refused;
}

inline __attribute__((always_inline)) Reason Ledger::check(Check which, Candidate& candidate,
                                                           Decision& decision) noexcept {
    const SecurityState& security = securities_[candidate.security];
    const AccountState& account = accounts_[candidate.account];
    switch (which) {
        case Check::road_open:
            return road(security.venue);
        case Check::halted:
            return check_halts(candidate);
        case Check::session_account:
            return check_session_account(candidate);
        case Check::account_enabled:
            if ((account.flags & account_disabled) != 0) {
                return Reason::account_disabled;
            }
            return (investors_[candidate.investor].flags & account_disabled) != 0 ? Reason::investor_disabled
                                                                                  : Reason::none;
        case Check::security_known:
            return candidate.security == 0 ? Reason::security_unknown : Reason::none;
        case Check::security_tradable:
            return check_tradable(candidate.terms, security, account.flags, account.credit_types);
        case Check::order_type:
            return check_order_type(candidate.terms, security);
        case Check::trading_phase:
            return check_phase(candidate.terms,
                               phase_now(security.venue, candidate.terms.session_kind, candidate.utc_ns));
        case Check::quantity:
            return check_quantity(candidate.terms, security, reference_->rules);
        case Check::tick:
            return check_tick(candidate.terms, security, reference_->ticks);
        case Check::price_limit:
            return check_price_limit(candidate.terms, security);
        case Check::collar:
            return check_collar(candidate.terms, security, reference_->rules, reference_->ticks);
        case Check::order_value:
            return check_order_value(candidate, decision);
        case Check::message_rate:
            if (candidate.over_session_rate) {
                return Reason::session_message_rate;
            }
            return candidate.over_investor_rate ? Reason::investor_message_rate : Reason::none;
        case Check::duplicate:
            decision.related = orders_[commands_[candidate.duplicate].order].key;
            return candidate.duplicate != 0 ? Reason::duplicate_client_order_id : Reason::none;
        case Check::repeated:
            return check_repeated(candidate, decision);
        case Check::self_match:
            return check_self_match(candidate, decision);
        case Check::sellable:
            return check_sellable(candidate, decision);
        case Check::credit_account:
            return check_scope(candidate, Scope::account, decision);
        case Check::credit_branch:
            return check_scope(candidate, Scope::branch, decision);
        case Check::credit_investor:
            return check_scope(candidate, Scope::investor, decision);
        case Check::credit_symbol:
            return check_symbol(candidate, decision);
        case Check::credit_firm:
            return check_scope(candidate, Scope::firm, decision);
        case Check::capacity:
            return check_capacity(candidate);
    }
    require(false, "a check is one of the list");
    return Reason::none;
}

// Unrolled by the compiler: the list costs its checks and no dispatch.
template <std::uint64_t which>
Reason Ledger::run_checks(Candidate& candidate, Decision& decision) noexcept {
    Reason reason = Reason::none;
    std::uint64_t passed = 0;
    const auto run = [&]<unsigned n>() __attribute__((always_inline)) {
        if constexpr ((which >> n & 1U) != 0) {
            reason = check(static_cast<Check>(n), candidate, decision);
            passed |= reason == Reason::none ? std::uint64_t{1} << n : 0;
        }
        return reason == Reason::none;
    };
    const auto run_all = [&]<unsigned... n>(std::integer_sequence<unsigned, n...>)
        __attribute__((always_inline)) {
        return (run.template operator()<n>() && ...);
    };
    static_cast<void>(run_all(std::make_integer_sequence<unsigned, check_count>{}));
    decision.checks_passed = passed;
    return reason;
}

template Reason Ledger::run_checks<all_checks>(Candidate&, Decision&) noexcept;
template Reason Ledger::run_checks<price_checks>(Candidate&, Decision&) noexcept;
template Reason Ledger::run_checks<price_checks | raise_checks>(Candidate&, Decision&) noexcept;

}  // namespace fairlead::risk
