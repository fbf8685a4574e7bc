// What a venue reports of orders and commands that have no Record here: the journal's end was lost, or the
// venue errs. The exposure is taken in as the venue tells it and the account is halted; a person decides.
#include "risk/ledger.hpp"

namespace fairlead::risk {

namespace {

// The shares of an order as its first report shows them; 0 = the report shows no living order.
Quantity shown_quantity(const VenueReportFacts& facts) noexcept {
    switch (facts.exec_type) {
        case OrderStatus::created:
            return std::max(facts.order_quantity, facts.leaves_quantity);
        case OrderStatus::trade:
        case OrderStatus::partially_filled:
        case OrderStatus::filled:
            return std::max(facts.order_quantity, facts.last_quantity + facts.leaves_quantity);
        case OrderStatus::replaced:  // its OrderQty (38) is what was cut
        case OrderStatus::order_status:
            return facts.leaves_quantity;
        default:
            return 0;
    }
}

}  // namespace

// Every report of an order that is none of ours halts its account. One that shows the order alive or filled
// makes it an order of ours: key = this Record, no client, cash. Reports of its later life name that key.
Decision Ledger::orphan_report(const VenueReport& report) noexcept {
    const VenueReportFacts& facts = report.facts;
    Decision decision;
    decision.sequence = report.record.sequence;
    decision.outcome = Outcome::orphan;
    decision.reason = Reason::order_unknown;
    decision.venue_code = facts.venue_code;
    decision.exec_type = facts.exec_type;
    decision.symbol = facts.symbol;
    decision.side = facts.side;
    decision.account = facts.account;
    const std::uint32_t account = find_account(facts.account).account;
    if (account != 0) {
        halt_account(account);
        if (day_open_ && shown_quantity(facts) > 0 && !take_in(report, decision)) {
            decision.reason = Reason::capacity_orders;
        }
    }
    return decision;
}

void Ledger::halt_account(std::uint32_t account) noexcept {
    accounts_[account].halted = 1;
    HaltState halt;
    halt.scope = Scope::account;
    halt.account = accounts_[account].key;
    halt.in_force = 1;
    static_cast<void>(put_halt(halt));  // out of room, it is still halted for today
}

// False: it cannot be booked (no such security, no side, no price, no room), only its account is halted.
bool Ledger::take_in(const VenueReport& report, Decision& decision) noexcept {
    const VenueReportFacts& facts = report.facts;
    const std::uint32_t security = find_security(facts.symbol);
    const bool room = counts_.orders < room_.orders && counts_.account_positions < room_.positions &&
                      counts_.investor_positions < room_.positions;
    if (security == 0 || !room || (facts.side != Side::buy && facts.side != Side::sell)) {
        return false;
    }
    const AccountFound found = find_account(facts.account);
    const bool strict =
        facts.side == Side::sell && (accounts_[found.account].flags & account_strict_sells) != 0;
    const OrderType type = facts.price == 0 ? OrderType::market : OrderType::limit;
    const Price worst = std::max(
        worst_price(facts.side, type, facts.price, strict, securities_[security].limit_up), facts.last_price);
    const Quantity quantity = shown_quantity(facts);
    const Amount value = product(quantity, worst);
    if (worst <= 0 || value < 0) {
        return false;
    }
    const std::uint32_t slot = ++counts_.orders;
    ++counts_.open;
    open_marks_.set(slot);
    ++sessions_[0].open_orders;  // the row of no session
    Order& order = orders_[slot];
    order.key = report.record.sequence;
    order.quantity = quantity;
    order.price = facts.price;
    order.worst = worst;
    order.account = found.account;
    order.investor = found.investor;
    order.security = security;
    order.account_position = ensure_account_position(found.account, security);
    order.investor_position = ensure_investor_position(found.investor, security);
    order.side = facts.side;
    order.order_type = type;
    order.time_in_force = TimeInForce::rest_of_day;
    order.session_kind = facts.session_kind;
    order.credit_type = CreditType::cash;
    order.venue = securities_[security].venue;
    order.flags = static_cast<std::uint8_t>(order_acknowledged | (strict ? order_strict : 0));
    remember_command({order.key, {}, 0, slot}, hashes_of(order.key, 0, {}));
    recompute(order);
    report_raise(order, order.key, value, decision);
    if (facts.last_quantity > 0) {
        traded(report, order, decision);
    }
    describe(order, decision);
    decision.outcome = Outcome::orphan;
    return true;
}

// A Replace nobody here has a Record of has taken effect. A cut is released as told; another price is
// reserved for at the worse of the two, since fills at the old one may still come.
void Ledger::replaced_unasked(const VenueReportFacts& facts, Order& order) noexcept {
    order.flags = static_cast<std::uint8_t>(order.flags | order_acknowledged);
    if (facts.price != 0 && facts.price != order.price) {
        order.worst = std::max(order.worst, worst_of(order, facts.price));
        order.price = facts.price;
    } else if (facts.order_quantity > 0 && facts.order_quantity <= order.quantity) {
        // Not more than it proves: the cut may have been heard before, from a status answer.
        const Quantity proven = facts.filled_quantity >= 0 ? most_at_venue(facts, order) : 0;
        order.quantity = std::max(order.quantity - facts.order_quantity, proven);
    }
    if (order.quantity <= order.filled) {
        end_order(order, OrderStatus::filled);
    } else {
        recompute(order);
    }
}

}  // namespace fairlead::risk
