// Exchange: what each command does to the market and what it is told.
#include "bench/exchange/exchange.hpp"
#include "bench/exchange/exchange_line.hpp"
#include "bench/exchange/reports.hpp"

namespace fairlead::exchange {

using risk::SessionKind;
using risk::UtcNs;

namespace {

constexpr UtcNs ns_per_second = 1'000'000'000;

// Sub ids, lengths and presence are told by Reject or report; this is the AP-CODE's Reject.
constexpr int ap_code_tag = 57;
constexpr int value_incorrect = 5;

}  // namespace

void Exchange::on_order(Line& line, const OrderMessage& message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const UtcNs now = stamp_now().utc_ns;
    settle_origin(now);
    advance(now);  // what is due comes before what arrives
    ++line.counts.commands[message.type];
    LineFaults& faults = line.faults;
    if (faults.disconnect_before > 0 && --faults.disconnect_before == 0) {
        ++line.counts.faults;
        line.note("cut before a command was acted upon");
        line.server->cut(false);
        return;
    }
    Answer answer;
    CheckedMessage checked = check_.check(message, line.venue, matching_, now);
    if (const Code objection = standing_objection(line, now); objection != 0) {
        // Of the order's own session: an odd lot looked for among regular orders would be told as unknown.
        refuse(line, message, objection, checked.kind, now, answer);
    } else {
        if (checked.unknown_ap) {
            ++line.counts.refused["72"];
            line.server->send(session_reject(std::string(1, message.type), message.message_number,
                                             ap_code_tag, value_incorrect, "72-AP-CODE ERROR"));
            return;
        }
        const Steering steering = steer(line, message, checked);
        if (steering.fill_first) {
            std::vector<MarketEvent> filled;
            const Slot slot = find(line, message, checked);
            fill(slot, matching_.order(slot).leaves, now, filled);
            tell(filled, now);
        }
        if (steering.refuse != 0) {
            refuse(line, message, steering.refuse, checked.kind, now, answer);
        } else {
            handle(line, message, checked, now, answer);
        }
        faults.disconnect_after = steering.cut_line ? 1 : faults.disconnect_after;
    }
    if (faults.disconnect_after > 0 && --faults.disconnect_after == 0) {
        ++line.counts.faults;
        line.note("cut after a command was acted upon");
        line.server->cut(false);
    }
    if (faults.fill_before_ack) {
        tell(answer.events, now);
        deliver(line, answer.message, true, now);
    } else {
        deliver(line, answer.message, true, now);
        tell(answer.events, now);
    }
}

Steering Exchange::steer(const Line& line, const OrderMessage& message, const CheckedMessage& checked) {
    if (watch_ == nullptr || message.type == 'H') {
        return {};
    }
    Steering steering = watch_->on_command({line.name, message.type, checked});
    steering.fill_first = steering.fill_first && find(line, message, checked) != 0;
    return steering;
}

// What the line as a whole is refused for, before its message is looked at.
Code Exchange::standing_objection(Line& line, UtcNs now) {
    LineFaults& faults = line.faults;
    if (options_.error_limit != 0 && line.errors >= options_.error_limit) {
        return errors_over_limit;
    }
    if (faults.rate_per_second != 0) {
        while (!line.recent.empty() && line.recent.front() <= now - ns_per_second) {
            line.recent.pop_front();
        }
        if (line.recent.size() >= faults.rate_per_second) {
            return errors_over_limit;
        }
        line.recent.push_back(now);
    }
    if (take(faults.reject_count)) {
        ++line.counts.faults;
        return faults.reject_code;
    }
    return 0;
}

void Exchange::refuse(Line& line, const OrderMessage& message, Code code, SessionKind kind, UtcNs now,
                      Answer& answer) {
    const std::string text = status_text(code, kind);
    ++line.errors;
    ++line.counts.refused[text.substr(0, text.find('-'))];
    if (message.type == 'D' || message.type == 'H') {
        answer.message = refusal_report(message, next_execution_id(), text, now);
        return;
    }
    CheckedMessage identity;
    identity.kind = kind;
    identity.branch = risk::BranchId(message.branch);
    identity.order_number = risk::OrderNumber(message.order_number);
    const Slot slot = find(line, message, identity);
    answer.message = cancel_reject(message, slot == 0 ? nullptr : &matching_.order(slot), text, now);
}

std::string Exchange::order_key(const Line& line, const CheckedMessage& checked) const {
    std::string key;
    key += static_cast<char>('0' + static_cast<int>(line.venue));
    key += static_cast<char>('0' + static_cast<int>(checked.kind));
    key += checked.branch.view();
    key += checked.order_number.view();
    return key;
}

// The order a G, F or H names; 0 when there is none, or not that one.
Slot Exchange::find(const Line& line, const OrderMessage& message, const CheckedMessage& checked) const {
    const auto found = by_number_.find(order_key(line, checked));
    if (found == by_number_.end()) {
        return 0;
    }
    const BookOrder& order = matching_.order(found->second);
    const bool named = message.original_client_order_id.empty() ||
                       message.original_client_order_id == order.client_order_id.view();
    return named && order.state != OrderState::forgotten ? found->second : 0;
}

void Exchange::handle(Line& line, const OrderMessage& message, CheckedMessage& checked, UtcNs now,
                      Answer& answer) {
    Slot slot = 0;
    if (checked.code == 0 && message.type != 'H') {
        // The shield against a command sent twice: one ClOrdID a broker and day, and one order number.
        std::string id = line.name.substr(0, 5) + message.client_order_id;
        if (!client_order_ids_.insert(std::move(id)).second ||
            (message.type == 'D' && by_number_.count(order_key(line, checked)) != 0)) {
            checked.code = line.venue == risk::Venue::tpex ? duplicate_order_tpex : duplicate_order;
        }
    }
    if (checked.code == 0 && message.type != 'D') {
        slot = find(line, message, checked);
        if (slot == 0) {
            checked.code = order_not_found;
        } else if (matching_.order(slot).security != checked.security) {
            checked.code = symbol_error;
        } else if (matching_.order(slot).side != checked.side) {
            checked.code = side_error;
        } else if (message.type != 'H' && matching_.order(slot).account != checked.account) {
            checked.code = account_error;
        } else if (message.type != 'H' && matching_.order(slot).leaves == 0) {
            checked.code = no_leaves;
        }
    }
    if (checked.code != 0) {
        refuse(line, message, checked.code, checked.kind, now, answer);
    } else if (message.type == 'D') {
        new_order(line, message, checked, now, answer);
    } else if (message.type == 'G') {
        change_order(line, message, checked, slot, now, answer);
    } else if (message.type == 'F') {
        cancel_order(line, checked, slot, now, answer);
    } else {
        tell_status(checked, slot, now, answer);
    }
}

void Exchange::new_order(Line& line, const OrderMessage& message, const CheckedMessage& checked, UtcNs now,
                         Answer& answer) {
    static_cast<void>(message);
    BookOrder order;
    order.client_order_id = checked.client_order_id;
    order.order_number = checked.order_number;
    order.branch = checked.branch;
    order.account = checked.account;
    order.line = line.index;
    order.security = checked.security;
    order.price = checked.price;
    order.ordered = checked.quantity;
    order.venue = line.venue;
    order.kind = checked.kind;
    order.side = checked.side;
    order.type = checked.type;
    order.time_in_force = checked.time_in_force;
    order.credit_type = checked.credit_type;
    order.channel = checked.channel;
    ReportTerms terms;
    if (line.faults.cut_units > 0 && order.ordered > checked.unit && take(line.faults.cut_count)) {
        ++line.counts.faults;
        order.ordered = std::max(order.ordered - line.faults.cut_units * checked.unit, checked.unit);
        terms.text = status_text(quantity_was_cut, checked.kind);
    }
    order.leaves = order.ordered;
    if (liquidity_) {
        liquidity_->watch(order.security, order.kind, now, answer.events);
    }
    terms.exec_type = '0';
    terms.client_order_id = order.client_order_id.view();
    terms.quantity = order.ordered;
    terms.execution_id = next_execution_id();
    // Said of the order as accepted; what it traded at once follows.
    answer.message = order_report({order, reference_.securities[order.security], now}, terms);
    ++line.counts.accepted;
    const Slot slot = matching_.add(order, now, answer.events);
    line.last_order = slot;
    by_number_.emplace(order_key(line, checked), slot);
}

void Exchange::change_order(Line& line, const OrderMessage& message, const CheckedMessage& checked, Slot slot,
                            UtcNs now, Answer& answer) {
    BookOrder order = matching_.order(slot);
    Code code = 0;
    const bool reprices = checked.price > 0;
    if (reprices == (checked.quantity > 0)) {
        code = change_error;
    } else if (!reprices && checked.quantity > order.leaves) {
        code = cut_over_leaves;
    } else if (reprices && (order.type == risk::OrderType::market || order.kind != SessionKind::regular)) {
        code = reprice_forbidden;
    } else if (reprices) {
        code = check_.price_code(checked.security, checked.price);
    }
    if (code != 0) {
        refuse(line, message, code, checked.kind, now, answer);
        return;
    }
    ReportTerms terms;
    terms.exec_type = '5';
    terms.client_order_id = checked.client_order_id.view();
    terms.original_client_order_id = order.client_order_id.view();
    terms.execution_id = next_execution_id();
    if (reprices) {
        order.price = checked.price;
        terms.quantity = order.leaves;
        answer.message = order_report({order, reference_.securities[order.security], now}, terms);
        matching_.reprice(slot, checked.price, now, answer.events);
        return;
    }
    matching_.cut(slot, checked.quantity);
    terms.quantity = checked.quantity;
    answer.message = order_report({matching_.order(slot), reference_.securities[order.security], now}, terms);
}

void Exchange::cancel_order(Line& line, const CheckedMessage& checked, Slot slot, UtcNs now, Answer& answer) {
    ReportTerms terms;
    terms.exec_type = '4';
    terms.quantity = matching_.order(slot).leaves;
    matching_.cancel(slot);
    const BookOrder& order = matching_.order(slot);
    terms.client_order_id = checked.client_order_id.view();
    terms.original_client_order_id = order.client_order_id.view();
    terms.execution_id = next_execution_id();
    ++line.counts.cancelled;
    answer.message = order_report({order, reference_.securities[order.security], now}, terms);
}

void Exchange::tell_status(const CheckedMessage& checked, Slot slot, UtcNs now, Answer& answer) {
    const BookOrder& order = matching_.order(slot);
    ReportTerms terms;
    terms.exec_type = 'I';
    terms.client_order_id = checked.client_order_id.view();
    terms.quantity = order.ordered;
    terms.execution_id = next_execution_id();
    answer.message = order_report({order, reference_.securities[order.security], now}, terms);
}

}  // namespace fairlead::exchange
