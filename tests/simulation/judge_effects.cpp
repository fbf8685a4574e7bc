// The judge of what a halt, a lost connection or a mass cancel had to cancel: each order it was about has had
// a cancel that did not come to nothing, whatever was killed in between.
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
    } else if (const risk::Sequence command = cancel_without_effect(seen); command != 0) {
        const auto given_up = std::find_if(cancels_tried_.begin(), cancels_tried_.end(),
                                           [&](const auto& tried) { return tried.second == command; });
        if (given_up != cancels_tried_.end()) {
            cancels_tried_.erase(given_up);
            kernel_.marks.hit("cancel came to nothing");
        }
    }
}

// The command that this record says has come to nothing; of the gateway's own cancels not one that the venue
// has refused: it would refuse the next.
risk::Sequence Judge::cancel_without_effect(const Seen& seen) {
    if (seen.kind == RecordKind::wait_expired) {
        return as<risk::WaitExpired>(seen).facts.command;
    }
    if (seen.kind == RecordKind::resolved) {
        const risk::ResolvedFacts& facts = as<risk::Resolved>(seen).facts;
        const bool knows = facts.resolution == risk::Resolution::venue_knows ||
                           facts.resolution == risk::Resolution::venue_did ||
                           facts.resolution == risk::Resolution::none;
        return knows ? 0 : facts.command;
    }
    if (seen.kind != RecordKind::venue_reject) {
        return 0;
    }
    const risk::Sequence command = as<risk::VenueReject>(seen).facts.command;
    if (command == 0 || command > last() || seen_[command - 1].kind != RecordKind::cancel_order) {
        return 0;
    }
    if (as<risk::CancelOrder>(seen_[command - 1]).facts.origin == risk::CancelOrigin::client) {
        return command;
    }
    venue_refused_.insert(as<risk::VenueReject>(seen).facts.order_key);
    return 0;
}

void Judge::check_effects(const risk::Ledger& ledger, const config::GatewayConfig& config) {
    for (risk::OpenScan scan{0, 1}; scan.next_slot != 0;) {
        scan = ledger.next_open({}, scan.next_slot, UINT32_MAX);
        const risk::Order& order = ledger.order(scan.slot);
        if (scan.slot == 0 || cancels_tried_.count(order.key) != 0 || venue_refused_.count(order.key) != 0) {
            continue;
        }
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
