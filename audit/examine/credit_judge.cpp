#include "audit/examine/credit_judge.hpp"

#include <algorithm>

#include "audit/examine/replayer.hpp"

namespace fairlead::audit {

namespace {

using risk::Check;
using risk::Dimension;
using risk::Ledger;
using risk::Scope;

bool is_strict(const Ledger& ledger, std::uint32_t account, risk::Side side) {
    return side == risk::Side::sell &&
           (ledger.reference()->accounts[account].flags & risk::account_strict_sells) != 0;
}

std::optional<AskedCredit> asked_by(const Ledger& ledger, const risk::NewOrder& command) {
    const risk::NewOrderFacts& facts = command.facts;
    const risk::AccountFound found = ledger.find_account(command.person.account);
    AskedCredit asked;
    asked.is_new = true;
    asked.terms = {facts.quantity,      facts.price,        facts.side,       facts.order_type,
                   facts.time_in_force, facts.session_kind, facts.credit_type};
    asked.account = found.account;
    asked.investor = found.investor;
    asked.security = ledger.find_security(facts.symbol);
    if (asked.account == 0 || asked.security == 0) {
        return {};
    }
    asked.branch = ledger.reference()->accounts[asked.account].branch;
    asked.worst = risk::worst_price(facts.side, facts.order_type, facts.price,
                                    is_strict(ledger, asked.account, facts.side),
                                    ledger.security(asked.security).limit_up);
    asked.value = asked.added = risk::product(facts.quantity, asked.worst);
    asked.added_quantity = facts.quantity;
    return asked;
}

std::optional<AskedCredit> asked_by(const Ledger& ledger, const risk::ReplaceOrder& command) {
    const risk::ReplaceOrderFacts& facts = command.facts;
    const std::uint32_t slot = ledger.find_order(command.record.session, facts.original_client_order_id);
    if (slot == 0) {
        return {};
    }
    const risk::Order& order = ledger.order(slot);
    if (!order.open() || facts.price <= 0 || facts.price == order.price || facts.quantity != order.quantity ||
        order.order_type == risk::OrderType::market) {
        return {};
    }
    AskedCredit asked;
    asked.terms = {order.quantity,      facts.price,        order.side,       order.order_type,
                   order.time_in_force, order.session_kind, order.credit_type};
    asked.account = order.account;
    asked.investor = order.investor;
    asked.branch = ledger.reference()->accounts[order.account].branch;
    asked.security = order.security;
    asked.worst = risk::worst_price(order.side, order.order_type, facts.price,
                                    is_strict(ledger, order.account, order.side),
                                    ledger.security(order.security).limit_up);
    asked.value = risk::product(order.quantity, asked.worst);
    if (asked.value >= 0) {
        risk::Order replacing = order;
        replacing.replace = {command.record.sequence, facts.quantity, facts.price, asked.worst, {}};
        asked.added = std::max<risk::Amount>(risk::reserve_of(replacing).amount - order.reserve, 0);
    }
    return asked;
}

std::uint32_t row_of(const AskedCredit& asked, Scope scope) {
    switch (scope) {
        case Scope::account:
            return asked.account;
        case Scope::branch:
            return asked.branch;
        case Scope::investor:
            return asked.investor;
        default:
            return 0;
    }
}

// The sum of smaller sides, with `added` on one side of one security.
risk::Amount offset_with(const Ledger& ledger, const AskedCredit& asked, Scope scope) {
    risk::Position position;
    if (scope == Scope::account) {
        const auto* found = ledger.account_position(asked.account, asked.security);
        position = found != nullptr ? found->position : position;
    } else {
        const auto* found = ledger.investor_position(asked.investor, asked.security);
        position = found != nullptr ? found->position : position;
    }
    const risk::Amount before = position.offset();
    (asked.terms.side == risk::Side::buy ? position.open_buy : position.open_sell) += asked.added;
    return ledger.exposure(scope, row_of(asked, scope)).offset + position.offset() - before;
}

std::vector<CreditUse> scope_uses(const Ledger& ledger, const Ledger& limits, const AskedCredit& asked,
                                  Scope scope) {
    const std::uint32_t row = row_of(asked, scope);
    const risk::Exposure& before = ledger.exposure(scope, row);
    risk::Exposure with = before;
    (asked.terms.side == risk::Side::buy ? with.open_buy : with.open_sell) += asked.added;
    with.reported += asked.added;
    std::vector<CreditUse> uses;
    for (const Dimension dimension : {Dimension::buy, Dimension::sell, Dimension::gross_day, Dimension::net,
                                      Dimension::offset, Dimension::reported}) {
        if (risk::limit_kept(scope, dimension)) {
            const risk::Amount after = dimension == Dimension::offset ? offset_with(ledger, asked, scope)
                                                                      : risk::usage(with, dimension);
            uses.push_back({scope, dimension, limits.limit(scope, row, dimension),
                            risk::usage(before, dimension), after, false});
        }
    }
    return uses;
}

std::vector<CreditUse> value_uses(const Ledger& ledger, const Ledger& limits, const AskedCredit& asked) {
    std::vector<CreditUse> uses;
    if (const risk::Amount rule = ledger.reference()->rules.order_value_max; rule > 0) {
        uses.push_back({Scope::firm, Dimension::order_value, {rule, 0, true}, 0, asked.value, true});
    }
    for (const Scope scope : {Scope::account, Scope::branch, Scope::investor, Scope::firm}) {
        uses.push_back({scope, Dimension::order_value,
                        limits.limit(scope, row_of(asked, scope), Dimension::order_value), 0, asked.value,
                        false});
    }
    return uses;
}

CreditUse symbol_use(const Ledger& ledger, const Ledger& limits, const AskedCredit& asked) {
    const bool buy = asked.terms.side == risk::Side::buy;
    const Dimension dimension = buy ? Dimension::symbol_long : Dimension::symbol_short;
    const auto* found = ledger.investor_position(asked.investor, asked.security);
    const risk::Position position = found != nullptr ? found->position : risk::Position{};
    const risk::Quantity used = buy ? position.long_usage() : position.short_usage();
    return {Scope::symbol,
            dimension,
            limits.limit(Scope::investor, asked.investor, dimension, asked.security),
            used,
            used + asked.added_quantity,
            false};
}

}  // namespace

std::optional<AskedCredit> asked_credit(const Ledger& ledger, const risk::Record& record) {
    if (ledger.reference() == nullptr) {
        return {};
    }
    switch (record.kind) {
        case risk::RecordKind::new_order:
            return asked_by(ledger, as_kind<risk::NewOrder>(record));
        case risk::RecordKind::replace_order:
            return asked_by(ledger, as_kind<risk::ReplaceOrder>(record));
        default:
            return {};
    }
}

std::vector<CreditUse> credit_uses(const Ledger& ledger, const Ledger& limits, const AskedCredit& asked,
                                   Check check) {
    if (asked.value < 0) {
        return {};  // beyond any sum: nothing to compare
    }
    switch (check) {
        case Check::order_value:
            return value_uses(ledger, limits, asked);
        case Check::credit_account:
            return scope_uses(ledger, limits, asked, Scope::account);
        case Check::credit_branch:
            return scope_uses(ledger, limits, asked, Scope::branch);
        case Check::credit_investor:
            return scope_uses(ledger, limits, asked, Scope::investor);
        case Check::credit_symbol:
            return {symbol_use(ledger, limits, asked)};
        case Check::credit_firm:
            return scope_uses(ledger, limits, asked, Scope::firm);
        default:
            return {};
    }
}

std::optional<CreditRefusal> judge_credit(const Ledger& ledger, const Ledger& limits,
                                          const AskedCredit& asked) {
    if (!asked.is_new && asked.added <= 0) {
        return {};  // a Replace that adds nothing passes no credit check
    }
    for (const Check check : {Check::order_value, Check::credit_account, Check::credit_branch,
                              Check::credit_investor, Check::credit_symbol, Check::credit_firm}) {
        for (const CreditUse& use : credit_uses(ledger, limits, asked, check)) {
            if (use.exceeded()) {
                return CreditRefusal{refusal_of(use.dimension), use};
            }
        }
    }
    return {};
}

risk::Reason refusal_of(Dimension dimension) noexcept {
    using enum risk::Reason;
    switch (dimension) {
        case Dimension::buy:
            return credit_buy;
        case Dimension::sell:
            return credit_sell;
        case Dimension::gross_day:
            return credit_gross_day;
        case Dimension::net:
            return credit_net;
        case Dimension::offset:
            return credit_offset;
        case Dimension::symbol_long:
            return credit_symbol_long;
        case Dimension::symbol_short:
            return credit_symbol_short;
        case Dimension::reported:
            return credit_reported;
        case Dimension::order_value:
            return order_value_too_large;
        default:
            return none;
    }
}

}  // namespace fairlead::audit
