// The Oracle on commands and control; its venue events stand in oracle_venue.cpp.
#include "tests/risk/oracle.hpp"

#include <algorithm>

namespace fairlead::tests {

using namespace fairlead::risk;  // NOLINT(google-build-using-namespace)

namespace {

std::string limit_name(Scope scope, std::uint32_t row, Dimension dimension, std::uint32_t security) {
    return std::to_string(static_cast<int>(scope)) + "/" + std::to_string(row) + "/" +
           std::to_string(static_cast<int>(dimension)) + "/" + std::to_string(security);
}

template <class Rows, class Key>
std::uint32_t row_with(const Rows& rows, Key same) {
    for (std::uint32_t row = 1; row < rows.size(); ++row) {
        if (same(rows[row])) {
            return row;
        }
    }
    return 0;
}

Wide used(const Sums& sums, Dimension dimension) {
    const Wide buy = sums.executed_buy + sums.open_buy;
    const Wide sell = sums.executed_sell + sums.open_sell;
    if (dimension == Dimension::buy) {
        return buy;
    }
    if (dimension == Dimension::sell) {
        return sell;
    }
    if (dimension == Dimension::gross_day) {
        return buy + sell;
    }
    if (dimension == Dimension::net) {
        return std::max(sums.executed_buy - sums.executed_sell + sums.open_buy,
                        sums.executed_sell - sums.executed_buy + sums.open_sell);
    }
    return sums.offset;
}

Reason refusal(Dimension dimension) {
    switch (dimension) {
        case Dimension::buy:
            return Reason::credit_buy;
        case Dimension::sell:
            return Reason::credit_sell;
        case Dimension::gross_day:
            return Reason::credit_gross_day;
        case Dimension::net:
            return Reason::credit_net;
        default:
            return Reason::credit_offset;
    }
}

}  // namespace

Wide OracleOrder::filled() const {
    Wide sum = 0;
    for (const OracleFill& fill : fills) {
        sum += fill.quantity;
    }
    return sum;
}

Wide OracleOrder::filled_amount() const {
    Wide sum = 0;
    for (const OracleFill& fill : fills) {
        sum += fill.quantity * fill.price;
    }
    return sum;
}

Wide OracleOrder::leaves() const {
    return ended != 0 ? 0 : std::max<Wide>(total - filled(), 0);
}

Wide OracleOrder::reserve() const {
    const Wide done = filled();
    if (ended != 0) {
        const Wide price_each = replace ? std::max(worst, replace->worst) : worst;
        return std::max<Wide>(reported - done, 0) * price_each;
    }
    const Wide open = std::max<Wide>(total - done, 0);
    if (!replace) {
        return open * worst;
    }
    // Every number of fills before the venue takes the replace, each followed by a full fill after it.
    Wide most = 0;
    for (Wide before = 0;; before = std::min(before + 500, open)) {
        const Wide after = std::max<Wide>(replace->quantity - done - before, 0);
        most = std::max(most, before * worst + after * replace->worst);
        if (before == open) {
            return most;
        }
    }
}

Wide OracleOrder::reserve_shares() const {
    const Wide done = filled();
    if (ended != 0) {
        return std::max<Wide>(reported - done, 0);
    }
    const Wide open = std::max<Wide>(total - done, 0);
    return replace ? std::max(open, replace->quantity - done) : open;
}

char OracleOrder::status() const {
    if (ended != 0) {
        return ended;
    }
    if (cancel && !cancel->by_gateway) {
        return '6';
    }
    if (replace) {
        return 'E';
    }
    return !fills.empty() ? '1' : acknowledged ? '0' : 'A';
}

Oracle::Oracle(const Reference& reference) : reference_(reference) {
    for (const OpeningLimitRow& row : reference.opening_limits) {
        const std::uint32_t security =
            row_with(reference.securities, [&](const auto& at) { return at.symbol == row.limit.symbol; });
        limits_[limit_name(row.limit.scope, row.target, row.limit.dimension, security)] = row.limit.value;
    }
}

OracleOrder* Oracle::find(Sequence key) {
    for (OracleOrder& order : orders) {
        if (order.key == key && key != 0) {
            return &order;
        }
    }
    return nullptr;
}

OracleOrder* Oracle::named(std::uint32_t session, const std::string& id) {
    const auto at = ids_.find({session, id});
    return at == ids_.end() ? nullptr : find(at->second);
}

Wide Oracle::worst(const OracleOrder& order, Wide price) {
    const Wide up = reference_.securities[order.security].limit_up;
    if (order.type == OrderType::market) {
        return up;
    }
    const bool strict = (reference_.accounts[order.account].flags & account_strict_sells) != 0;
    return order.side == Side::sell && strict ? std::max(price, up) : price;
}

Wide Oracle::limit(Scope scope, std::uint32_t row, Dimension dimension, std::uint32_t security) {
    auto at = limits_.find(limit_name(scope, row, dimension, security));
    if (at == limits_.end() && security != 0) {
        at = limits_.find(limit_name(scope, row, dimension, 0));
    }
    if (at != limits_.end()) {
        return at->second;
    }
    return scope == Scope::investor ? 0 : unlimited;
}

Reason Oracle::halted(const OracleOrder& asked) {
    const auto on = [&](const std::string& name) { return halts.count(name) != 0; };
    if (on("firm")) {
        return Reason::firm_halted;
    }
    if (on("investor " + std::string(reference_.investors[asked.investor].id.view()))) {
        return Reason::investor_halted;
    }
    if (on("account " + std::to_string(reference_.accounts[asked.account].key.number))) {
        return Reason::account_halted;
    }
    return on("symbol " + std::string(reference_.securities[asked.security].symbol.view()))
               ? Reason::symbol_halted
               : Reason::none;
}

Reason Oracle::check_rules(const OracleOrder& asked) {
    const SecurityRow& security = reference_.securities[asked.security];
    if ((security.flags & security_suspended) != 0) {
        return Reason::security_suspended;
    }
    const bool allowed =
        (reference_.accounts[asked.account].credit_types >> static_cast<int>(asked.credit) & 1) != 0;
    if (!allowed || (asked.credit == CreditType::borrowed_short && asked.side == Side::buy)) {
        return Reason::credit_type_not_allowed;
    }
    if (asked.total <= 0) {
        return Reason::quantity_not_positive;
    }
    if (asked.total % 1'000 != 0) {
        return Reason::quantity_not_lot;
    }
    if (asked.type == OrderType::market) {
        return asked.price == 0 ? Reason::none : Reason::price_on_market_order;
    }
    if (asked.price <= 0) {
        return Reason::price_missing;
    }
    const Wide tick = asked.price < 1'000'000 ? 1'000 : 5'000;  // securities around 100 NTD
    if (asked.price % tick != 0) {
        return Reason::price_not_tick;
    }
    if (asked.price > security.limit_up) {
        return Reason::price_above_limit;
    }
    return asked.price < security.limit_down ? Reason::price_below_limit : Reason::none;
}

Reason Oracle::crosses(const OracleOrder& asked, Sequence& related) {
    const OracleOrder* best = nullptr;
    Wide best_price = 0;
    for (const OracleOrder& other : orders) {
        if (other.investor != asked.investor || other.security != asked.security ||
            other.side == asked.side || other.leaves() == 0) {
            continue;
        }
        Wide price = other.price;
        if (other.type == OrderType::market) {
            price = other.side == Side::buy ? Wide{price_max} + 1 : 0;
        } else if (other.replace) {
            price = other.side == Side::buy ? std::max(price, other.replace->price)
                                            : std::min(price, other.replace->price);
        }
        const bool better =
            best == nullptr || (other.side == Side::buy ? price >= best_price : price < best_price);
        if (better) {
            best = &other;
            best_price = price;
        }
    }
    if (best == nullptr) {
        return Reason::none;
    }
    const bool crossing = asked.type == OrderType::market ||
                          (asked.side == Side::buy ? asked.price >= best_price : asked.price <= best_price);
    related = crossing ? best->key : 0;
    return crossing ? Reason::self_match : Reason::none;
}

Reason Oracle::check_shares(const OracleOrder& asked) {
    if (asked.side != Side::sell || asked.credit == CreditType::short_agency) {
        return Reason::none;
    }
    Wide held = 0;
    Wide quota = 0;
    for (const InventoryRow& row : reference_.inventory) {
        if (row.account == asked.account && row.security == asked.security) {
            held += row.held;
            quota += row.borrow_quota;
        }
    }
    Wide bought = 0;
    Wide delivered = 0;
    Wide borrowed = 0;
    for (const OracleOrder& other : orders) {
        if (other.account != asked.account || other.security != asked.security) {
            continue;
        }
        if (other.side == Side::buy) {
            bought += other.credit == CreditType::cash ? other.filled() : 0;
        } else if (other.credit == CreditType::cash) {
            delivered += other.filled() + other.reserve_shares();
        } else if (other.credit == CreditType::borrowed_short) {
            borrowed += other.filled() + other.reserve_shares();
        }
    }
    const std::uint16_t flags = reference_.accounts[asked.account].flags;
    const DayTrade may = reference_.securities[asked.security].day_trade;
    const bool buy_first = (flags & account_day_trade_signed) != 0 && may != DayTrade::barred;
    const bool sell_first = (flags & account_sell_first_signed) != 0 && may == DayTrade::either;
    const bool cash = asked.credit == CreditType::cash;
    (cash ? delivered : borrowed) += asked.total;
    const auto enough = [&](bool with_bought, bool with_quota) {
        const Wide missing = std::max<Wide>(delivered - held - (with_bought ? bought : 0), 0);
        if (!cash) {
            return missing + borrowed <= quota;
        }
        return missing == 0 || (with_quota && missing + borrowed <= quota);
    };
    if (enough(buy_first, sell_first)) {
        return Reason::none;
    }
    return cash && (enough(true, !sell_first)) ? Reason::day_trade_not_allowed : Reason::sellable_short;
}

Reason Oracle::check_limits(const OracleOrder* before, const OracleOrder& after) {
    // The same list of orders once as it is and once as it would be.
    Oracle would = *this;
    if (before == nullptr) {
        would.orders.push_back(after);
    } else {
        *would.find(before->key) = after;
    }
    const Wide added = after.reserve() - (before == nullptr ? 0 : before->reserve());
    const auto scope_of = [&](Scope scope, std::uint32_t row) {
        return [=](const OracleOrder& order) {
            return scope == Scope::firm || (scope == Scope::account && order.account == row) ||
                   (scope == Scope::branch && order.branch == row) ||
                   (scope == Scope::investor && order.investor == row);
        };
    };
    const auto check_scope = [&](Scope scope, std::uint32_t row) {
        const Sums now = sums(scope_of(scope, row));
        const Sums then = would.sums(scope_of(scope, row));
        for (const Dimension dimension :
             {Dimension::buy, Dimension::sell, Dimension::gross_day, Dimension::net, Dimension::offset}) {
            if (dimension == Dimension::offset && (scope == Scope::firm || scope == Scope::branch)) {
                continue;
            }
            if (used(then, dimension) > used(now, dimension) &&
                used(then, dimension) > limit(scope, row, dimension)) {
                return refusal(dimension);
            }
        }
        return Reason::none;
    };
    for (const auto& [scope, row] : {std::pair{Scope::account, after.account},
                                     {Scope::branch, after.branch},
                                     {Scope::investor, after.investor}}) {
        if (const Reason reason = check_scope(scope, row); reason != Reason::none) {
            return reason;
        }
    }
    if (before == nullptr) {
        const Sums in_symbol = would.sums([&](const OracleOrder& order) {
            return order.investor == after.investor && order.security == after.security;
        });
        Wide held = 0;
        for (const InventoryRow& row : reference_.inventory) {
            held +=
                reference_.accounts[row.account].investor == after.investor && row.security == after.security
                    ? row.held
                    : 0;
        }
        const Wide position = held + in_symbol.shares_bought - in_symbol.shares_sold;
        if (after.side == Side::buy &&
            position + in_symbol.open_bought >
                limit(Scope::investor, after.investor, Dimension::symbol_long, after.security)) {
            return Reason::credit_symbol_long;
        }
        if (after.side == Side::sell &&
            in_symbol.open_sold - position >
                limit(Scope::investor, after.investor, Dimension::symbol_short, after.security)) {
            return Reason::credit_symbol_short;
        }
    }
    if (const Reason reason = check_scope(Scope::firm, 0); reason != Reason::none) {
        return reason;
    }
    return reported + added > limit(Scope::firm, 0, Dimension::reported) ? Reason::credit_reported
                                                                         : Reason::none;
}

Reason Oracle::screen(const NewOrder& command, OracleOrder& asked, Sequence& related) {
    if (const Reason reason = halted(asked); reason != Reason::none) {
        return reason;
    }
    if (asked.account == 0) {
        return Reason::account_unknown;
    }
    for (const SessionRow& session : reference_.sessions) {
        if (session.id == asked.session && !session.all_accounts &&
            std::find(session.accounts.begin(), session.accounts.end(), asked.account) ==
                session.accounts.end()) {
            return Reason::session_not_allowed;
        }
    }
    if (asked.security == 0) {
        return Reason::security_unknown;
    }
    if (const Reason reason = check_rules(asked); reason != Reason::none) {
        return reason;
    }
    if (const auto at = ids_.find({command.record.session, asked.id}); at != ids_.end()) {
        related = at->second;
        return Reason::duplicate_client_order_id;
    }
    if (const Reason reason = crosses(asked, related); reason != Reason::none) {
        return reason;
    }
    if (const Reason reason = check_shares(asked); reason != Reason::none) {
        return reason;
    }
    return check_limits(nullptr, asked);
}

Expected Oracle::new_order(const NewOrder& command) {
    const NewOrderFacts& facts = command.facts;
    Expected expected;
    expected.answer = Answer::execution_report;
    expected.id = facts.client_order_id.view();
    if ((facts.message_flags & poss_resend_flag) != 0) {
        if (OracleOrder* known = named(command.record.session, expected.id)) {
            expected.outcome = Outcome::restated;
            expected.exec_type = 'I';
            expected.order = known;
            return expected;
        }
    }
    OracleOrder asked;
    asked.key = command.record.sequence;
    asked.session = command.record.session;
    asked.id = expected.id;
    asked.account =
        row_with(reference_.accounts, [&](const auto& at) { return at.key == command.person.account; });
    asked.investor = reference_.accounts[asked.account].investor;
    asked.branch = reference_.accounts[asked.account].branch;
    asked.security =
        row_with(reference_.securities, [&](const auto& at) { return at.symbol == facts.symbol; });
    asked.side = facts.side;
    asked.type = facts.order_type;
    asked.credit = facts.credit_type;
    asked.total = facts.quantity;
    asked.price = facts.price;
    asked.worst = worst(asked, facts.price);
    expected.reason = screen(command, asked, expected.related);
    expected.outcome = expected.reason == Reason::none ? Outcome::accepted : Outcome::refused;
    expected.exec_type = expected.reason == Reason::none ? 'A' : '8';
    if (expected.reason == Reason::none) {
        ids_[{asked.session, asked.id}] = asked.key;
        reported += asked.reserve();
        orders.push_back(asked);
        expected.order = &orders.back();
    }
    return expected;
}

Expected Oracle::replace(const ReplaceOrder& command) {
    const ReplaceOrderFacts& facts = command.facts;
    Expected expected;
    expected.outcome = Outcome::refused;
    expected.answer = Answer::cancel_reject;
    expected.id = facts.client_order_id.view();
    expected.original = facts.original_client_order_id.view();
    OracleOrder* order = named(command.record.session, expected.original);
    if (order == nullptr) {
        expected.reason = Reason::order_unknown;
        return expected;
    }
    expected.order = order;
    const auto refuse = [&](Reason reason) {
        expected.reason = reason;
        return expected;
    };
    if (ids_.count({command.record.session, expected.id}) != 0) {
        return refuse(Reason::duplicate_client_order_id);
    }
    if (order->ended != 0) {
        return refuse(Reason::too_late);
    }
    if (expected.original != order->id && !(order->replace && expected.original == order->replace->id)) {
        return refuse(Reason::original_superseded);
    }
    if (order->replace || order->cancel) {
        return refuse(order->replace ? Reason::replace_pending : Reason::cancel_pending);
    }
    if (order->doubts.count(order->key) != 0) {
        return refuse(Reason::order_in_doubt);
    }
    if (!order->acknowledged) {
        return refuse(Reason::order_unacknowledged);
    }
    if (order->type == OrderType::market && facts.price != 0) {
        return refuse(Reason::replace_market_price);
    }
    if (order->type == OrderType::limit && facts.price <= 0) {
        return refuse(Reason::price_missing);
    }
    const bool reprices = facts.price != order->price;
    if (facts.quantity <= 0) {
        return refuse(Reason::quantity_not_positive);
    }
    if (facts.quantity > order->total) {
        return refuse(Reason::quantity_up);
    }
    OracleOrder after = *order;
    after.replace = OracleCommand{command.record.sequence,
                                  expected.id,
                                  facts.quantity,
                                  facts.price,
                                  reprices ? worst(*order, facts.price) : order->worst,
                                  false};
    if (facts.quantity != order->total) {
        if (reprices) {
            return refuse(Reason::replace_both);
        }
        if (facts.quantity <= order->filled()) {
            return refuse(Reason::quantity_below_filled);
        }
        if ((order->total - facts.quantity) % 1'000 != 0) {
            return refuse(Reason::quantity_not_lot);
        }
    } else {
        if (!reprices) {
            return refuse(Reason::replace_nothing);
        }
        const bool raises = after.reserve() > order->reserve();
        if (raises && halted(*order) != Reason::none) {
            return refuse(halted(*order));
        }
        OracleOrder asked = *order;
        asked.price = facts.price;
        asked.total = 1'000;  // lots have been looked at when it was new
        if (const Reason reason = check_rules(asked); reason != Reason::none) {
            return refuse(reason);
        }
        if (const Reason reason = crosses(asked, expected.related); reason != Reason::none) {
            return refuse(reason);
        }
        if (const Reason reason = raises ? check_limits(order, after) : Reason::none;
            reason != Reason::none) {
            return refuse(reason);
        }
    }
    reported += after.reserve() - order->reserve();
    *order = after;
    ids_[{order->session, expected.id}] = order->key;
    expected.outcome = Outcome::accepted;
    expected.answer = Answer::execution_report;
    expected.exec_type = 'E';
    return expected;
}

Expected Oracle::cancel(const CancelOrder& command) {
    const CancelOrderFacts& facts = command.facts;
    const bool by_gateway = facts.origin != CancelOrigin::client;
    Expected expected;
    expected.outcome = Outcome::refused;
    expected.answer = by_gateway ? Answer::none : Answer::cancel_reject;
    expected.id = facts.client_order_id.view();
    expected.original = facts.original_client_order_id.view();
    OracleOrder* order =
        by_gateway ? find(facts.order_key) : named(command.record.session, expected.original);
    expected.order = order;
    if (order == nullptr) {
        expected.reason = Reason::order_unknown;
    } else if (!by_gateway && ids_.count({command.record.session, expected.id}) != 0) {
        expected.reason = Reason::duplicate_client_order_id;
    } else if (order->ended != 0) {
        expected.reason = Reason::too_late;
    } else if (!by_gateway && expected.original != order->id &&
               !(order->replace && expected.original == order->replace->id)) {
        expected.reason = Reason::original_superseded;
    } else if (order->cancel) {
        expected.reason = Reason::cancel_pending;
    } else {
        order->cancel = OracleCommand{command.record.sequence, expected.id, 0, 0, 0, by_gateway};
        if (!by_gateway) {
            ids_[{order->session, expected.id}] = order->key;
        }
        expected.outcome = Outcome::accepted;
        expected.answer = by_gateway ? Answer::none : Answer::execution_report;
        expected.exec_type = '6';
    }
    return expected;
}

Expected Oracle::limit_set(const LimitSet& set) {
    const std::uint32_t investor =
        row_with(reference_.investors, [&](const auto& at) { return at.id == set.subject.investor; });
    const std::uint32_t account =
        row_with(reference_.accounts, [&](const auto& at) { return at.key == set.subject.account; });
    const std::uint32_t security =
        row_with(reference_.securities, [&](const auto& at) { return at.symbol == set.facts.symbol; });
    const std::uint32_t row = set.facts.scope == Scope::investor  ? investor
                              : set.facts.scope == Scope::account ? account
                                                                  : 0;
    Expected expected;
    expected.outcome = Outcome::accepted;
    const bool raise = set.facts.value > limit(set.facts.scope, row, set.facts.dimension, security);
    if (raise && (set.subject.approver.empty() || set.subject.approver == set.subject.user)) {
        expected.outcome = Outcome::refused;
        expected.reason = Reason::not_authorised;
        return expected;
    }
    limits_[limit_name(set.facts.scope, row, set.facts.dimension, security)] = set.facts.value;
    return expected;
}

Expected Oracle::halt(Scope, const std::string& name, bool on) {
    Expected expected;
    expected.outcome = Outcome::accepted;
    if (on) {
        halts.insert(name);
    } else if (halts.erase(name) == 0) {
        expected.outcome = Outcome::refused;
        expected.reason = Reason::not_halted;
    }
    return expected;
}

}  // namespace fairlead::tests
