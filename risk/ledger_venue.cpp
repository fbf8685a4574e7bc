// What venues answer, and what becomes of commands nobody answered. A venue is believed about its own
// facts; what it says twice is counted once; what it says about no order of ours changes nothing.
#include "risk/ledger.hpp"

namespace fairlead::risk {

Decision Ledger::venue_report(const VenueReport& report) noexcept {
    const VenueReportFacts& facts = report.facts;
    Decision decision;
    decision.sequence = report.record.sequence;
    decision.venue_code = facts.venue_code;
    decision.exec_type = facts.exec_type;
    decision.outcome = Outcome::orphan;
    decision.symbol = facts.symbol;
    decision.side = facts.side;
    decision.account = facts.account;
    const std::uint32_t slot = find_order(facts.order_key);
    if (slot == 0) {
        decision.reason = Reason::order_unknown;
        return decision;
    }
    Order& order = orders_[slot];
    if ((facts.side != Side::none && facts.side != order.side) ||
        (!facts.symbol.empty() && facts.symbol != securities_[order.security].symbol)) {
        decision.order_key = order.key;
        decision.reason = Reason::side_mismatch;
        return decision;
    }
    decision.outcome = Outcome::applied;
    decision.answer = Answer::execution_report;
    decision.client_order_id = order.client_order_id;
    decision.reserve_before = order.reserve;
    switch (facts.exec_type) {
        case OrderStatus::created:
            acknowledged(report, order, decision);
            break;
        case OrderStatus::trade:
        case OrderStatus::partially_filled:
        case OrderStatus::filled:
            traded(report, order, decision);
            break;
        case OrderStatus::replaced:
            replaced(report, order, decision);
            break;
        case OrderStatus::cancelled:
        case OrderStatus::restated:
        case OrderStatus::expired:
            cancelled(report, order, decision);
            break;
        case OrderStatus::rejected:
            refuse_command(facts.command, order, Reason::venue_refused, decision);
            break;
        case OrderStatus::order_status:
            status_told(report, order, decision);
            break;
        case OrderStatus::trade_correct:
        case OrderStatus::trade_cancel:
            // Credit that has been traded again cannot be taken back by a machine: a person reviews it.
            decision.last_quantity = facts.last_quantity;
            decision.last_price = facts.last_price;
            [[fallthrough]];
        case OrderStatus::none:
        case OrderStatus::pending_cancel:
        case OrderStatus::pending_new:
        case OrderStatus::pending_replace:
            decision.outcome = Outcome::noted;
            decision.answer = Answer::none;
            break;
    }
    if (decision.outcome == Outcome::duplicate || decision.outcome == Outcome::noted) {
        decision.answer = Answer::none;
    }
    describe(order, decision);
    return decision;
}

void Ledger::acknowledged(const VenueReport& report, Order& order, Decision& decision) noexcept {
    if (order.acknowledged()) {
        decision.outcome = Outcome::duplicate;
        return;
    }
    order.flags = static_cast<std::uint8_t>(order.flags | order_acknowledged);
    set_doubt(order, order_new_in_doubt, false);
    if (!order.open()) {
        // Its end has been told already. An end by evidence that the venue never had it was wrong:
        // the reason says so, and its fills will be late fills.
        decision.outcome = order.ended == OrderStatus::rejected ? Outcome::noted : Outcome::applied;
        decision.reason = order.ended == OrderStatus::rejected ? Reason::too_late : Reason::none;
        decision.answer = Answer::none;
        return;
    }
    // The greater of the two fields: an answer written after a first fill may show less left than was
    // accepted, and credit is released only for what was surely cut.
    taken_by_venue(std::max(report.facts.order_quantity, report.facts.leaves_quantity), order, decision);
    decision.exec_type = OrderStatus::created;
}

// The first word of an order's quantity. 0: it says nothing of it.
void Ledger::taken_by_venue(Quantity taken, Order& order, Decision& decision) noexcept {
    if (taken <= 0 || taken >= order.quantity) {
        return;
    }
    order.quantity = std::max(taken, order.filled);
    decision.reason = Reason::venue_cut;
    if (order.filled == order.quantity) {
        end_order(order, OrderStatus::filled);
    } else {
        recompute(order);
    }
}

Quantity Ledger::most_at_venue(const VenueReportFacts& facts, const Order& order) noexcept {
    const Quantity filled = std::max(facts.filled_quantity, order.filled);
    const bool fewer = facts.filled_quantity >= 0 && filled < order.quantity &&
                       facts.leaves_quantity < order.quantity - filled;
    return fewer ? filled + facts.leaves_quantity : order.quantity;
}

void Ledger::traded(const VenueReport& report, Order& order, Decision& decision) noexcept {
    const VenueReportFacts& facts = report.facts;
    decision.exec_type = OrderStatus::trade;
    decision.last_quantity = facts.last_quantity;
    decision.last_price = facts.last_price;
    const Amount amount = product(facts.last_quantity, facts.last_price);
    if (facts.last_quantity <= 0 || facts.last_price <= 0 || amount < 0) {
        decision.outcome = Outcome::noted;
        decision.reason = Reason::amount_overflow;
        return;
    }
    const std::uint32_t slot = slot_of(order);
    if (!facts.execution_id.empty() &&
        !remember_execution(
            {facts.execution_id, slot, 0, report.record.sequence, facts.last_quantity, facts.last_price})) {
        decision.outcome = Outcome::duplicate;
        return;
    }
    const Price reserved_at =
        order.replace.command != 0 ? std::max(order.worst, order.replace.worst) : order.worst;
    std::uint8_t flags = 0;
    if (!order.open()) {
        flags |= late_fill_flag;
    }
    if (facts.last_price > reserved_at) {
        flags |= improvement_flag;
    }
    if (order.filled + facts.last_quantity > order.quantity) {
        // More than ordered: something is wrong out there. A person resumes the investor.
        flags |= overfill_flag;
        investors_[order.investor].halted = 1;
        HaltState halt;
        halt.scope = Scope::investor;
        halt.investor = investors_[order.investor].id;
        halt.in_force = 1;
        static_cast<void>(put_halt(halt));  // out of room, it is still halted for today
    }
    decision.flags = flags;
    set_doubt(order, order_new_in_doubt, false);
    execute(order, facts.last_quantity, amount);
    if (order.open() && order.filled >= order.quantity) {
        end_order(order, OrderStatus::filled);
    }
    if (order.session_kind == SessionKind::regular) {
        securities_[order.security].last = facts.last_price;
    }
}

void Ledger::replaced(const VenueReport& report, Order& order, Decision& decision) noexcept {
    const VenueReportFacts& facts = report.facts;
    if (facts.command == 0 && order.open()) {
        replaced_unasked(facts, order);
        return;
    }
    if (order.replace.command == 0 || order.replace.command != facts.command) {
        decision.outcome = Outcome::duplicate;
        return;
    }
    const PendingReplace asked = order.replace;
    decision.client_order_id = asked.client_order_id;
    decision.original_client_order_id = order.client_order_id;
    order.replace = PendingReplace{};
    order.client_order_id = asked.client_order_id;
    order.flags = static_cast<std::uint8_t>(order.flags | order_acknowledged);
    set_doubt(order, order_replace_in_doubt, false);
    if (asked.quantity < order.quantity) {
        // The venue names what it removed; where it names nothing, it removed what was asked.
        const bool names = facts.order_quantity > 0 && facts.order_quantity <= order.quantity;
        order.quantity = names ? order.quantity - facts.order_quantity : asked.quantity;
    } else {
        // Fills the venue has counted and not yet shown may still come at the old price: until they
        // have, every share is reserved at the worse of the two.
        const bool unseen = facts.filled_quantity > order.filled;
        if (unseen) {
            order.worst = std::max(order.worst, asked.worst);
            order.reported_filled = std::min(facts.filled_quantity, order.quantity);
            order.flags = static_cast<std::uint8_t>(order.flags | order_old_price_fills);
        } else {
            order.worst = asked.worst;
            order.flags = static_cast<std::uint8_t>(order.flags & ~order_old_price_fills);
        }
        order.price = asked.price;
    }
    if (order.open() && order.quantity <= order.filled) {
        end_order(order, OrderStatus::filled);
    } else if (order.open() && says_over(facts) && facts.leaves_quantity == 0 && facts.filled_quantity >= 0 &&
               facts.filled_quantity < order.quantity) {
        // Nothing is left there, and here something would be: it has taken less than anybody was told.
        order.reported_filled = std::max(facts.filled_quantity, order.filled);
        decision.reason = Reason::venue_cut;
        end_order(order, OrderStatus::cancelled);
    } else {
        recompute(order);
    }
}

void Ledger::cancelled(const VenueReport& report, Order& order, Decision& decision) noexcept {
    const VenueReportFacts& facts = report.facts;
    const bool asked = order.cancel.command != 0 && order.cancel.command == facts.command;
    const OrderStatus status =
        facts.exec_type == OrderStatus::expired ? OrderStatus::expired : OrderStatus::cancelled;
    decision.exec_type = status;
    if (!order.open() && !asked) {
        decision.outcome = Outcome::duplicate;
        return;
    }
    if (asked) {
        if ((order.flags & order_cancel_by_gateway) == 0) {
            decision.client_order_id = order.cancel.client_order_id;
            decision.original_client_order_id = order.client_order_id;
        }
        order.cancel = PendingCancel{};
        order.flags = static_cast<std::uint8_t>(order.flags & ~order_cancel_by_gateway);
        set_doubt(order, order_cancel_in_doubt, false);
    } else {
        decision.reason = Reason::venue_cancelled;
    }
    if (!order.open()) {
        return;
    }
    // What the venue says has filled: its CumQty, or the total less what it removed, or what was seen.
    Quantity reported = order.filled;
    if (facts.filled_quantity >= 0) {
        reported = facts.filled_quantity;
    } else if (facts.order_quantity > 0 && facts.order_quantity <= order.quantity) {
        reported = order.quantity - facts.order_quantity;
    }
    order.reported_filled = std::clamp(reported, order.filled, std::max(order.quantity, order.filled));
    order.flags = static_cast<std::uint8_t>(order.flags | order_acknowledged);
    end_order(order, status);
}

void Ledger::status_told(const VenueReport& report, Order& order, Decision& decision) noexcept {
    const VenueReportFacts& facts = report.facts;
    const bool first = !order.acknowledged();
    const bool was_open = order.open();
    order.flags = static_cast<std::uint8_t>(order.flags | order_acknowledged);
    set_doubt(order, order_new_in_doubt, false);
    if (order.open() && says_over(facts) && facts.filled_quantity >= 0) {
        if (order.cancel.command != 0 && (order.flags & order_cancel_by_gateway) == 0) {
            decision.client_order_id = order.cancel.client_order_id;
            decision.original_client_order_id = order.client_order_id;
        }
        order.cancel = PendingCancel{};
        order.flags = static_cast<std::uint8_t>(order.flags & ~order_cancel_by_gateway);
        set_doubt(order, order_cancel_in_doubt, false);
        order.reported_filled =
            std::clamp(facts.filled_quantity, order.filled, std::max(order.quantity, order.filled));
        decision.exec_type = facts.order_status;
        end_order(order, facts.order_status);
        return;
    }
    // Without CumQty a state that is over proves no fill count, so the reserve stays, and what is left proves
    // no cut. Only the first word of the order is believed of one: later ones may cross a Replace.
    if (first && was_open) {
        taken_by_venue(std::max(facts.order_quantity, most_at_venue(facts, order)), order, decision);
    }
    decision.exec_type = OrderStatus::created;
    decision.answer = first && was_open ? Answer::execution_report : Answer::none;
}

// A command refused by the venue, or ended because it never got there. Only its own part of the order
// moves: a New ends it, a Replace or Cancel is dropped. Sets outcome, answer and ids.
void Ledger::refuse_command(Sequence command, Order& order, Reason reason, Decision& decision) noexcept {
    decision.outcome = Outcome::applied;
    decision.reason = reason;
    if (command != 0 && command == order.replace.command) {
        decision.answer = Answer::cancel_reject;
        decision.exec_type = OrderStatus::pending_replace;
        decision.client_order_id = order.replace.client_order_id;
        decision.original_client_order_id = order.client_order_id;
        order.replace = PendingReplace{};
        set_doubt(order, order_replace_in_doubt, false);
        recompute(order);
        return;
    }
    if (command != 0 && command == order.cancel.command) {
        const bool by_gateway = (order.flags & order_cancel_by_gateway) != 0;
        decision.answer = by_gateway ? Answer::none : Answer::cancel_reject;
        decision.exec_type = OrderStatus::pending_cancel;
        decision.client_order_id = order.cancel.client_order_id;
        decision.original_client_order_id = order.client_order_id;
        order.cancel = PendingCancel{};
        order.flags = static_cast<std::uint8_t>(order.flags & ~order_cancel_by_gateway);
        set_doubt(order, order_cancel_in_doubt, false);
        return;
    }
    if (command != order.key || !order.open()) {
        decision.outcome = Outcome::duplicate;
        decision.answer = Answer::none;
        return;
    }
    // A venue that has shown the order alive and now refuses it has ended its rest.
    const bool lived = order.acknowledged() || order.filled > 0;
    decision.answer = Answer::execution_report;
    decision.exec_type = lived ? OrderStatus::cancelled : OrderStatus::rejected;
    order.reported_filled = order.filled;
    end_order(order, decision.exec_type);
}

Decision Ledger::venue_reject(const VenueReject& reject) noexcept {
    const VenueRejectFacts& facts = reject.facts;
    Decision decision;
    decision.sequence = reject.record.sequence;
    decision.venue_code = facts.venue_code;
    const std::uint32_t slot = find_order(facts.order_key);
    if (slot == 0) {
        decision.outcome = Outcome::orphan;
        decision.reason = Reason::order_unknown;
        return decision;
    }
    Order& order = orders_[slot];
    decision.client_order_id = order.client_order_id;
    decision.reserve_before = order.reserve;
    refuse_command(facts.command, order, Reason::venue_refused, decision);
    describe(order, decision);
    return decision;
}

Decision Ledger::in_doubt(const InDoubt& doubt) noexcept {
    const InDoubtFacts& facts = doubt.facts;
    Decision decision;
    decision.sequence = doubt.record.sequence;
    decision.outcome = Outcome::noted;
    const std::uint32_t slot = find_order(facts.order_key);
    if (slot == 0) {
        return decision;
    }
    Order& order = orders_[slot];
    decision.reserve_before = order.reserve;
    std::uint8_t flag = 0;
    if (facts.command == order.key && order.open() && !order.acknowledged()) {
        flag = order_new_in_doubt;
    } else if (facts.command != 0 && facts.command == order.replace.command) {
        flag = order_replace_in_doubt;
    } else if (facts.command != 0 && facts.command == order.cancel.command) {
        flag = order_cancel_in_doubt;
    }
    const bool news = flag != 0 && (order.flags & flag) == 0;
    set_doubt(order, flag, true);
    if (news) {
        decision.answer = Answer::execution_report;
        decision.exec_type = OrderStatus::order_status;
        decision.reason = Reason::order_in_doubt;
        decision.client_order_id = order.client_order_id;
    }
    describe(order, decision);
    return decision;
}

// Whoever settles it, evidence or an operator: "the venue knows it" leaves it in flight, what it did or did
// not do is its answer, and anything else means that it was not sent.
Decision Ledger::resolved(const Resolved& resolution) noexcept {
    const ResolvedFacts& facts = resolution.facts;
    Decision decision;
    decision.sequence = resolution.record.sequence;
    decision.outcome = Outcome::noted;
    const std::uint32_t slot = find_order(facts.order_key);
    if (slot == 0) {
        return decision;
    }
    Order& order = orders_[slot];
    decision.client_order_id = order.client_order_id;
    decision.reserve_before = order.reserve;
    const bool is_new = facts.command == order.key;
    if (facts.resolution == Resolution::venue_knows || facts.resolution == Resolution::none) {
        const bool is_replace = facts.command != 0 && facts.command == order.replace.command;
        const bool is_cancel = facts.command != 0 && facts.command == order.cancel.command;
        set_doubt(order,
                  static_cast<std::uint8_t>((is_new ? order_new_in_doubt : 0) |
                                            (is_replace ? order_replace_in_doubt : 0) |
                                            (is_cancel ? order_cancel_in_doubt : 0)),
                  false);
    } else if (facts.resolution == Resolution::venue_did) {
        if (facts.command != 0 && facts.command == order.replace.command) {
            VenueReport done;  // no more than was asked for, and no fill that has not been shown
            done.facts.command = facts.command;
            done.facts.filled_quantity = order.filled;
            decision.outcome = Outcome::applied;
            decision.answer = Answer::execution_report;
            decision.exec_type = OrderStatus::replaced;
            replaced(done, order, decision);
        }
    } else if (!is_new || (!order.acknowledged() && order.filled == 0)) {
        const Reason reason =
            facts.resolution == Resolution::venue_did_not ? Reason::venue_refused : Reason::never_sent;
        refuse_command(facts.command, order, reason, decision);
        decision.outcome = decision.outcome == Outcome::duplicate ? Outcome::noted : decision.outcome;
    }
    // A New the venue has answered or filled was sent, whatever is said now: the order lives on.
    describe(order, decision);
    return decision;
}

// The rules of screen_replace again, for an order that may be another by now: a venue may change one unasked,
// and after a loss at level process one may have been changed by a command that nobody remembers.
Reason Ledger::overtaken_before_sending(std::uint32_t slot, Sequence command) const noexcept {
    const Order& order = orders_[slot];
    if (!order.open()) {
        return Reason::too_late;
    }
    const PendingReplace& asked = order.replace;
    if (asked.command != command) {
        return Reason::none;
    }
    if (asked.quantity <= order.filled) {
        return Reason::quantity_below_filled;
    }
    if (asked.quantity > order.quantity) {
        return Reason::quantity_up;
    }
    const bool reprices = asked.price != order.price;
    if (reprices == (asked.quantity < order.quantity)) {
        return reprices ? Reason::replace_both : Reason::replace_nothing;
    }
    return Reason::none;
}

Decision Ledger::ended_unsent(const WaitExpired& expired) noexcept {
    Decision decision;
    decision.sequence = expired.record.sequence;
    decision.outcome = Outcome::noted;
    const std::uint32_t slot = find_command(expired.facts.command);
    if (slot == 0) {
        return decision;
    }
    Order& order = orders_[slot];
    decision.client_order_id = order.client_order_id;
    decision.reserve_before = order.reserve;
    // For its age or a halt, unless the order has left it behind.
    const Reason overtaken = overtaken_before_sending(slot, expired.facts.command);
    const Reason halt = expired.record.kind == RecordKind::halted_unsent
                            ? halt_before_sending(slot, expired.facts.command)
                            : Reason::none;
    const Reason reason = overtaken != Reason::none ? overtaken
                          : halt != Reason::none    ? halt
                                                    : Reason::wait_expired;
    refuse_command(expired.facts.command, order, reason, decision);
    decision.outcome = decision.outcome == Outcome::duplicate ? Outcome::noted : decision.outcome;
    describe(order, decision);
    return decision;
}

// Two persons' word about a fill. A bust share does not come back to life: it leaves the order's total too.
Decision Ledger::fill_adjusted(const FillAdjusted& adjusted) noexcept {
    const FillAdjustedFacts& facts = adjusted.facts;
    Decision decision;
    decision.sequence = adjusted.record.sequence;
    decision.outcome = Outcome::refused;
    const std::uint32_t slot = find_order(facts.order_key);
    if (slot == 0) {
        decision.reason = Reason::order_unknown;
        return decision;
    }
    Order& order = orders_[slot];
    const std::uint32_t row = find_execution(slot, facts.execution_id);
    decision.client_order_id = order.client_order_id;
    decision.reserve_before = order.reserve;
    const Amount after = row == 0 ? 0 : product(executions_[row].quantity, facts.price);
    if (row == 0 || executions_[row].quantity == 0 || facts.price < 0 || after < 0) {
        decision.reason =
            row == 0 || executions_[row].quantity == 0 ? Reason::execution_unknown : Reason::amount_overflow;
        describe(order, decision);
        return decision;
    }
    ExecutionState& fill = executions_[row];
    const Amount change = after - product(fill.quantity, fill.price);
    decision.outcome = Outcome::applied;
    decision.answer = Answer::execution_report;
    decision.related = fill.report;
    decision.last_quantity = fill.quantity;
    decision.last_price = facts.price != 0 ? facts.price : fill.price;
    if (facts.price != 0) {
        decision.exec_type = OrderStatus::trade_correct;
        fill.price = facts.price;
        execute(order, 0, change);
    } else {
        decision.exec_type = OrderStatus::trade_cancel;
        order.quantity -= fill.quantity;
        order.reported_filled = std::max<Quantity>(0, order.reported_filled - fill.quantity);
        execute(order, -fill.quantity, change);
        if (order.filled == 0 && order.ended == OrderStatus::filled) {
            order.ended = OrderStatus::cancelled;
        }
        fill.quantity = 0;
    }
    describe(order, decision);
    return decision;
}

}  // namespace fairlead::risk
