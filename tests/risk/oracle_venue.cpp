// The Oracle on what venues answer, by the event table.
#include <algorithm>

#include "tests/risk/oracle.hpp"

namespace fairlead::tests {

using namespace fairlead::risk;  // NOLINT(google-build-using-namespace)

Expected Oracle::told(OracleOrder& order, char exec_type) {
    Expected expected;
    expected.outcome = Outcome::applied;
    expected.answer = Answer::execution_report;
    expected.exec_type = exec_type;
    expected.order = &order;
    expected.id = order.id;
    return expected;
}

Expected Oracle::report(const VenueReport& report) {
    const VenueReportFacts& facts = report.facts;
    OracleOrder* order = find(facts.order_key);
    if (order == nullptr) {
        Expected expected;
        expected.outcome = Outcome::orphan;
        expected.reason = Reason::order_unknown;
        return expected;
    }
    Expected expected = told(*order, static_cast<char>(facts.exec_type));
    const auto silent = [&](Outcome outcome) {
        expected.outcome = outcome;
        expected.answer = Answer::none;
        return expected;
    };
    switch (facts.exec_type) {
        case OrderStatus::created: {
            if (order->acknowledged) {
                return silent(Outcome::duplicate);
            }
            order->acknowledged = true;
            order->doubts.erase(order->key);
            if (order->ended != 0) {
                expected.reason = order->ended == '8' ? Reason::too_late : Reason::none;
                return silent(order->ended == '8' ? Outcome::noted : Outcome::applied);
            }
            expected.reason = cut(*order, std::max(facts.order_quantity, facts.leaves_quantity));
            return expected;
        }
        case OrderStatus::order_status:
            return status_told(*order, facts);
        case OrderStatus::trade: {
            for (const OracleFill& fill : order->fills) {
                if (fill.execution == facts.execution_id.view()) {
                    return silent(Outcome::duplicate);
                }
            }
            const Wide at = order->replace ? std::max(order->worst, order->replace->worst) : order->worst;
            expected.flags |= order->ended != 0 ? unsigned{late_fill_flag} : 0U;
            expected.flags |= facts.last_price > at ? unsigned{improvement_flag} : 0U;
            if (order->filled() + facts.last_quantity > order->total) {
                expected.flags |= overfill_flag;
                halts.insert("investor " + std::string(reference_.investors[order->investor].id.view()));
            }
            order->fills.push_back(
                {facts.last_quantity, facts.last_price, std::string(facts.execution_id.view())});
            order->doubts.erase(order->key);
            if (order->old_price_fills && order->ended == 0 && order->filled() >= order->reported) {
                order->old_price_fills = false;
                order->worst = worst(*order, order->price);
            }
            if (order->ended == 0 && order->filled() >= order->total) {
                order->ended = '2';
            }
            return expected;
        }
        case OrderStatus::replaced: {
            if (!order->replace || order->replace->sequence != facts.command) {
                return silent(Outcome::duplicate);
            }
            const OracleCommand asked = *order->replace;
            order->replace.reset();
            order->doubts.erase(asked.sequence);
            order->acknowledged = true;
            expected.id = asked.id;
            expected.original = order->id;
            order->id = asked.id;
            if (asked.quantity < order->total) {
                order->total = facts.order_quantity > 0 && facts.order_quantity <= order->total
                                   ? order->total - facts.order_quantity
                                   : asked.quantity;
            } else {
                order->price = asked.price;
                order->old_price_fills = facts.filled_quantity > order->filled();
                order->worst = order->old_price_fills ? std::max(order->worst, asked.worst) : asked.worst;
                if (order->old_price_fills) {
                    order->reported = std::min(Wide{facts.filled_quantity}, order->total);
                }
            }
            const bool over = facts.order_status == OrderStatus::cancelled && facts.leaves_quantity == 0;
            if (order->ended == 0 && order->filled() >= order->total) {
                order->ended = '2';
            } else if (order->ended == 0 && over && facts.filled_quantity >= 0 &&
                       facts.filled_quantity < order->total) {
                order->ended = '4';
                order->reported = std::max(Wide{facts.filled_quantity}, order->filled());
                expected.reason = Reason::venue_cut;
            }
            if (order->ended != 0) {
                order->doubts.erase(order->key);
            }
            return expected;
        }
        case OrderStatus::cancelled: {
            const bool asked = order->cancel && order->cancel->sequence == facts.command;
            if (order->ended != 0 && !asked) {
                return silent(Outcome::duplicate);
            }
            if (asked) {
                if (!order->cancel->by_gateway) {
                    expected.id = order->cancel->id;
                    expected.original = order->id;
                }
                order->doubts.erase(order->cancel->sequence);
                order->cancel.reset();
            } else {
                expected.reason = Reason::venue_cancelled;
            }
            if (order->ended == 0) {
                Wide known = order->filled();
                if (facts.filled_quantity >= 0) {
                    known = std::max(known, Wide{facts.filled_quantity});
                } else if (facts.order_quantity > 0 && facts.order_quantity <= order->total) {
                    known = std::max(known, order->total - facts.order_quantity);
                }
                order->reported = std::min(known, std::max(order->total, order->filled()));
                order->acknowledged = true;
                order->doubts.erase(order->key);
                order->ended = '4';
            }
            return expected;
        }
        case OrderStatus::rejected:
            return drop(*order, facts.command, Reason::venue_refused);
        default:
            return silent(Outcome::noted);
    }
}

// The venue has taken less than it was asked for; 0 where it has not said how much.
Reason Oracle::cut(OracleOrder& order, Wide taken) {
    if (taken <= 0 || taken >= order.total) {
        return Reason::none;
    }
    order.total = std::max(taken, order.filled());
    order.ended = order.filled() == order.total ? '2' : '\0';
    return Reason::venue_cut;
}

Expected Oracle::status_told(OracleOrder& order, const VenueReportFacts& facts) {
    Expected expected = told(order, '0');
    const bool news = !order.acknowledged && order.ended == 0;
    order.acknowledged = true;
    order.doubts.erase(order.key);
    const auto status = static_cast<char>(facts.order_status);
    const bool counted = facts.filled_quantity >= 0;
    if (order.ended == 0 && (status == '4' || status == 'C') && counted) {
        if (order.cancel) {
            if (!order.cancel->by_gateway) {
                expected.id = order.cancel->id;
                expected.original = order.id;
            }
            order.doubts.erase(order.cancel->sequence);
            order.cancel.reset();
        }
        order.reported = std::max(std::min(Wide{facts.filled_quantity}, order.total), order.filled());
        order.ended = expected.exec_type = status;
        return expected;
    }
    if (news && counted) {
        const Wide all = std::max(Wide{facts.filled_quantity}, order.filled()) + facts.leaves_quantity;
        if (all < order.total) {
            expected.reason = cut(order, std::max(all, Wide{facts.order_quantity}));
        }
    }
    expected.answer = news ? Answer::execution_report : Answer::none;
    return expected;
}

Expected Oracle::drop(OracleOrder& order, Sequence command, Reason reason) {
    Expected expected = told(order, '8');
    expected.reason = reason;
    for (auto* pending : {&order.replace, &order.cancel}) {
        if (*pending && (*pending)->sequence == command) {
            expected.answer = (*pending)->by_gateway ? Answer::none : Answer::cancel_reject;
            expected.id = (*pending)->id;
            expected.original = order.id;
            order.doubts.erase(command);
            pending->reset();
            return expected;
        }
    }
    if (command != order.key || order.ended != 0) {
        expected.outcome = Outcome::duplicate;
        expected.answer = Answer::none;
        return expected;
    }
    order.ended = order.acknowledged || !order.fills.empty() ? '4' : '8';
    order.reported = order.filled();
    order.doubts.erase(order.key);
    expected.exec_type = order.ended;
    return expected;
}

Expected Oracle::reject(const VenueReject& reject) {
    OracleOrder* order = find(reject.facts.order_key);
    if (order != nullptr) {
        return drop(*order, reject.facts.command, Reason::venue_refused);
    }
    Expected expected;
    expected.outcome = Outcome::orphan;
    expected.reason = Reason::order_unknown;
    return expected;
}

Expected Oracle::doubt(const InDoubt& doubt) {
    OracleOrder* order = find(doubt.facts.order_key);
    if (order == nullptr) {
        return {};
    }
    const Sequence command = doubt.facts.command;
    const bool may = (command == order->key && order->ended == 0 && !order->acknowledged) ||
                     (order->replace && order->replace->sequence == command) ||
                     (order->cancel && order->cancel->sequence == command);
    const bool news = may && order->doubts.insert(command).second;
    Expected expected = told(*order, 'I');
    expected.outcome = Outcome::noted;
    expected.reason = news ? Reason::order_in_doubt : Reason::none;
    expected.answer = news ? Answer::execution_report : Answer::none;
    return expected;
}

// A Replace whose answer was lost, and the order stands at the venue as it asked.
Expected Oracle::done_as_asked(OracleOrder& order) {
    const OracleCommand asked = *order.replace;
    order.replace.reset();
    order.doubts.erase(asked.sequence);
    order.acknowledged = true;
    Expected expected = told(order, '5');
    expected.id = asked.id;
    expected.original = order.id;
    order.id = asked.id;
    if (asked.quantity < order.total) {
        order.total = asked.quantity;
    } else {
        order.price = asked.price;
        order.worst = asked.worst;
        order.old_price_fills = false;
    }
    if (order.ended == 0 && order.filled() >= order.total) {
        order.ended = '2';
        order.doubts.erase(order.key);
    }
    return expected;
}

Expected Oracle::resolve(const Resolved& resolved) {
    OracleOrder* order = find(resolved.facts.order_key);
    if (order == nullptr) {
        return {};
    }
    const Sequence command = resolved.facts.command;
    Expected nothing = told(*order, 0);
    nothing.outcome = Outcome::noted;
    nothing.answer = Answer::none;
    if (resolved.facts.resolution == Resolution::venue_knows) {
        order->doubts.erase(command);
        return nothing;
    }
    if (resolved.facts.resolution == Resolution::venue_did) {
        return order->replace && order->replace->sequence == command ? done_as_asked(*order) : nothing;
    }
    if (command == order->key && (order->acknowledged || !order->fills.empty())) {
        return nothing;
    }
    const bool refused = resolved.facts.resolution == Resolution::venue_did_not;
    Expected expected = drop(*order, command, refused ? Reason::venue_refused : Reason::never_sent);
    expected.outcome = expected.outcome == Outcome::duplicate ? Outcome::noted : expected.outcome;
    return expected;
}

Reason Oracle::halt_before_sending(Sequence command) {
    for (const OracleOrder& order : orders) {
        OracleOrder without = order;
        without.replace.reset();
        const bool dearer =
            order.replace && order.replace->sequence == command && order.reserve() > without.reserve();
        if (order.key == command || dearer) {
            return halted(order);
        }
    }
    return Reason::none;
}

Expected Oracle::expire(const WaitExpired& expired) {
    for (OracleOrder& order : orders) {
        const Sequence command = expired.facts.command;
        if (order.key == command || (order.replace && order.replace->sequence == command) ||
            (order.cancel && order.cancel->sequence == command)) {
            Reason overtaken = Reason::none;
            if (order.replace && order.replace->sequence == command) {
                const bool fewer = order.replace->quantity != order.total;
                const bool repriced = order.replace->price != order.price;
                overtaken = order.replace->quantity <= order.filled() ? Reason::quantity_below_filled
                            : order.replace->quantity > order.total   ? Reason::quantity_up
                            : fewer && repriced                       ? Reason::replace_both
                            : !fewer && !repriced                     ? Reason::replace_nothing
                                                                      : Reason::none;
            }
            const Reason halt = expired.record.kind == risk::RecordKind::halted_unsent
                                    ? halt_before_sending(command)
                                    : Reason::none;
            Expected expected = drop(order, command,
                                     order.ended != 0            ? Reason::too_late
                                     : overtaken != Reason::none ? overtaken
                                     : halt != Reason::none      ? halt
                                                                 : Reason::wait_expired);
            expected.outcome = expected.outcome == Outcome::duplicate ? Outcome::noted : expected.outcome;
            return expected;
        }
    }
    return {};
}

}  // namespace fairlead::tests
