// The judge of what a halt, a lost connection or a mass cancel had to cancel: each order it was about has had
// a cancel that was not given up before it was sent, whatever was killed in between.
#include <algorithm>

#include "tests/simulation/judge.hpp"

namespace fairlead::simulation {

using risk::RecordKind;

namespace {

std::string name_of_scope(const risk::HaltFacts& facts, const risk::Subject& subject) {
    return std::to_string(static_cast<int>(facts.scope)) + "/" +
           (facts.scope == risk::Scope::investor  ? std::string(subject.investor.view())
            : facts.scope == risk::Scope::account ? std::to_string(subject.account.number)
            : facts.scope == risk::Scope::symbol  ? std::string(facts.symbol.view())
            : facts.scope == risk::Scope::session ? std::to_string(facts.session)
            : facts.scope == risk::Scope::venue   ? std::to_string(static_cast<int>(facts.venue))
                                                  : std::string());
}

bool is_about(const risk::Halt& halt, const risk::Order& order, const risk::Ledger& ledger) {
    switch (halt.facts.scope) {
        case risk::Scope::investor:
            return ledger.investor_id(order.investor) == halt.subject.investor;
        case risk::Scope::account:
            return ledger.account_key(order.account) == halt.subject.account;
        case risk::Scope::symbol:
            return ledger.security(order.security).symbol == halt.facts.symbol;
        case risk::Scope::session:
            return order.session == halt.facts.session;
        case risk::Scope::venue:
            return order.venue == halt.facts.venue;
        default:
            return halt.facts.scope == risk::Scope::firm;
    }
}

}  // namespace

void Judge::note_effects(const Seen& seen, risk::Sequence sequence) {
    const bool accepted = seen.answered && seen.answered->decision.outcome == risk::Outcome::accepted;
    if (seen.kind == RecordKind::halt && accepted && as<risk::Halt>(seen).facts.cancel_open != 0) {
        const auto& halt = as<risk::Halt>(seen);
        cancelling_halts_[name_of_scope(halt.facts, halt.subject)] = {halt, sequence};
    } else if (seen.kind == RecordKind::resume && accepted) {
        const auto& resume = as<risk::Resume>(seen);
        cancelling_halts_.erase(name_of_scope(resume.facts, resume.subject));
    } else if (seen.kind == RecordKind::logout) {
        logged_out_[seen.session] = sequence;
    } else if (seen.kind == RecordKind::mass_cancel && accepted) {
        mass_cancelled_.push_back({as<risk::MassCancel>(seen), sequence});
    } else if (seen.kind == RecordKind::cancel_order && accepted) {
        const auto& cancel = as<risk::CancelOrder>(seen);
        const risk::Sequence order = seen.answered->decision.order_key;
        cancels_tried_[order] = sequence;
        if (cancel.facts.origin != risk::CancelOrigin::client && order > cancel.record.cause) {
            kernel_.fail(22, "record " + std::to_string(sequence) + " cancels order " +
                                 std::to_string(order) + ", which is younger than what asked for it");
        }
    } else if (seen.kind == RecordKind::wait_expired || seen.kind == RecordKind::resolved) {
        const bool expired = seen.kind == RecordKind::wait_expired;
        if (!expired && as<risk::Resolved>(seen).facts.resolution != risk::Resolution::never_sent) {
            return;
        }
        const risk::Sequence command =
            expired ? as<risk::WaitExpired>(seen).facts.command : as<risk::Resolved>(seen).facts.command;
        const auto given_up = std::find_if(cancels_tried_.begin(), cancels_tried_.end(),
                                           [&](const auto& tried) { return tried.second == command; });
        // A client is told that its own was not sent, and may ask again.
        const bool made =
            given_up != cancels_tried_.end() &&
            as<risk::CancelOrder>(seen_[command - 1]).facts.origin != risk::CancelOrigin::client;
        if (made) {
            cancels_tried_.erase(given_up);
            kernel_.marks.hit("cancel given up unsent");
        }
    }
}

void Judge::check_effects(const risk::Ledger& ledger, const config::GatewayConfig& config) {
    for (risk::OpenScan scan{0, 1}; scan.next_slot != 0;) {
        scan = ledger.next_open({}, scan.next_slot, UINT32_MAX);
        if (scan.slot == 0 || cancels_tried_.count(ledger.order(scan.slot).key) != 0) {
            continue;
        }
        const risk::Order& order = ledger.order(scan.slot);
        std::string who;
        for (const auto& [name, halt] : cancelling_halts_) {
            who = halt.second > order.key && is_about(halt.first, order, ledger) ? "halt " + name : who;
        }
        for (const config::SessionConfig& session : config.sessions) {
            const auto out = logged_out_.find(session.id);
            const bool wants = session.cancel_on_disconnect && session.id == order.session;
            who = wants && out != logged_out_.end() && out->second > order.key ? "disconnect" : who;
        }
        for (const auto& [mass, sequence] : mass_cancelled_) {
            const bool about = mass.record.session == order.session && sequence > order.key &&
                               (mass.facts.side == risk::Side::none || mass.facts.side == order.side) &&
                               (mass.facts.mass_kind != risk::MassCancelKind::symbol ||
                                mass.facts.symbol == ledger.security(order.security).symbol);
            who = about ? "mass cancel" : who;
        }
        if (!who.empty()) {
            kernel_.fail(22, "order " + std::to_string(order.key) +
                                 " is open, and nobody has tried to cancel it for " + who);
        }
    }
}

}  // namespace fairlead::simulation
