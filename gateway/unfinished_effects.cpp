#include "gateway/unfinished_effects.hpp"

#include <set>

namespace fairlead::gateway {

namespace {

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

bool same_scope(const risk::HaltFacts& a, const risk::Subject& a_subject, const risk::HaltFacts& b,
                const risk::Subject& b_subject) noexcept {
    if (a.scope != b.scope) {
        return false;
    }
    switch (a.scope) {
        case risk::Scope::investor:
            return a_subject.investor == b_subject.investor;
        case risk::Scope::account:
            return a_subject.account == b_subject.account;
        case risk::Scope::symbol:
            return a.symbol == b.symbol;
        case risk::Scope::session:
            return a.session == b.session;
        case risk::Scope::venue:
            return a.venue == b.venue;
        default:
            return true;
    }
}

}  // namespace

void UnfinishedEffects::follow(const risk::Record& record, const risk::Decision& decision) {
    const bool accepted = decision.outcome == risk::Outcome::accepted;
    switch (record.kind) {
        case risk::RecordKind::day_start:
            mass_cancels_.clear();
            break;
        case risk::RecordKind::logout:
            logouts_[record.session] = record.sequence;
            break;
        case risk::RecordKind::halt:
            if (accepted && as<risk::Halt>(record).facts.cancel_open != 0) {
                halts_.push_back(as<risk::Halt>(record));
            }
            break;
        case risk::RecordKind::resume:
            if (accepted) {
                const auto& resume = as<risk::Resume>(record);
                std::erase_if(halts_, [&](const risk::Halt& halt) {
                    return same_scope(halt.facts, halt.subject, resume.facts, resume.subject);
                });
            }
            break;
        case risk::RecordKind::mass_cancel:
            if (accepted) {
                mass_cancels_[record.sequence] = {as<risk::MassCancel>(record)};
            }
            break;
        case risk::RecordKind::cancel_order:
            follow_cancel(as<risk::CancelOrder>(record), decision.order_slot);
            break;
        default:
            break;
    }
}

// Effects are done one after the other: a cancel of a later one says that those before it are done.
void UnfinishedEffects::follow_cancel(const risk::CancelOrder& cancel, std::uint32_t slot) {
    if (cancel.facts.origin == risk::CancelOrigin::client) {
        return;
    }
    const auto own = mass_cancels_.lower_bound(cancel.record.cause);
    for (auto before = own; before != mass_cancels_.begin() && std::prev(before)->second.under_way;) {
        (--before)->second.under_way = false;
    }
    if (own != mass_cancels_.end() && own->first == cancel.record.cause) {
        own->second.next_slot = slot + 1;
    }
}

void UnfinishedEffects::take_up(Core& core, MassEffects& effects) const {
    const auto start = [&](const risk::OpenFilter& filter, risk::CancelOrigin origin, risk::Sequence cause,
                           std::uint32_t first_slot = 1) {
        if (!effects.take_up(filter, origin, cause, cause, first_slot)) {
            core.log(LogLevel::error, "too many mass cancels at once: orders stay open", filter.session,
                     static_cast<std::int64_t>(cause));
        }
    };
    for (const risk::Halt& halt : halts_) {
        if (const auto filter = filter_of(core.ledger, halt.facts, halt.subject)) {
            start(*filter, risk::CancelOrigin::halt, halt.record.sequence);
        }
    }
    core.cancel_again.clear();
    std::set<std::uint32_t> with_open_orders;
    for (risk::OpenScan scan{0, 1}; scan.next_slot != 0;) {
        scan = core.ledger.next_open({.with_pending_cancel = true}, scan.next_slot, UINT32_MAX);
        if (scan.slot != 0) {
            with_open_orders.insert(core.ledger.order(scan.slot).session);
            if (core.lacks_cancel(scan.slot)) {
                core.cancel_again.push_back({scan.slot, core.sequencer->last()});
            }
        }
    }
    for (const config::SessionConfig& session : core.config.sessions) {
        const auto logout = logouts_.find(session.id);
        if (session.cancel_on_disconnect && logout != logouts_.end() &&
            with_open_orders.count(session.id) != 0) {
            risk::OpenFilter filter;
            filter.session = session.id;
            start(filter, risk::CancelOrigin::disconnect, logout->second);
        }
    }
    for (const auto& [sequence, at] : mass_cancels_) {
        if (at.under_way) {
            start(filter_of(core.ledger, at.command), risk::CancelOrigin::mass_cancel, sequence,
                  at.next_slot);
        }
    }
}

}  // namespace fairlead::gateway
