// Mass effects expanded, see mass_effects.hpp.
#include "gateway/mass_effects.hpp"

#include "gateway/fix/values.hpp"

namespace fairlead::gateway {

std::optional<risk::OpenFilter> filter_of(const risk::Ledger& ledger, const risk::HaltFacts& facts,
                                          const risk::Subject& subject) noexcept {
    risk::OpenFilter filter;
    bool known = true;
    switch (facts.scope) {
        case risk::Scope::session:
            filter.session = facts.session;
            known = filter.session != 0;
            break;
        case risk::Scope::venue:
            filter.venue = facts.venue;
            known = filter.venue != risk::Venue::none;
            break;
        case risk::Scope::symbol:
            filter.security = ledger.find_security(facts.symbol);
            known = filter.security != 0;
            break;
        case risk::Scope::investor:
            filter.investor = ledger.find_investor(subject.investor);
            known = filter.investor != 0;
            break;
        case risk::Scope::account:
            filter.account = ledger.find_account(subject.account).account;
            known = filter.account != 0;
            break;
        case risk::Scope::firm:
            break;
        case risk::Scope::branch:  // nobody halts one
        case risk::Scope::none:
            known = false;
            break;
    }
    return known ? std::optional(filter) : std::nullopt;
}

risk::OpenFilter filter_of(const risk::Ledger& ledger, const risk::MassCancel& mass) noexcept {
    risk::OpenFilter filter;
    filter.session = mass.record.session;
    filter.side = mass.facts.side;
    filter.security =
        mass.facts.mass_kind == risk::MassCancelKind::symbol ? ledger.find_security(mass.facts.symbol) : 0;
    return filter;
}

bool MassEffects::start(const risk::OpenFilter& filter, risk::CancelOrigin origin,
                        risk::Sequence cause) noexcept {
    return take_up(filter, origin, cause, core_.sequencer->last(), 1);
}

bool MassEffects::take_up(const risk::OpenFilter& filter, risk::CancelOrigin origin, risk::Sequence cause,
                          risk::Sequence last, std::uint32_t first_slot) noexcept {
    if (jobs_.size() == jobs_max) {
        return false;
    }
    jobs_.push_back({filter, origin, cause, last, core_.sequencer->last(), first_slot});
    jobs_.back().filter.with_pending_cancel = true;
    return true;
}

void MassEffects::run() noexcept {
    if (jobs_.empty()) {
        cancel_again();
        return;
    }
    Job& job = jobs_.front();
    std::uint32_t cancels = 0;
    std::uint32_t steps = steps_per_pass;
    while (cancels < cancels_per_pass && steps > 0 && core_.sequencer->can_step()) {
        const risk::OpenScan scan = core_.ledger.next_open(job.filter, job.next_slot, steps);
        if (scan.slot != 0 && core_.ledger.order(scan.slot).key <= job.last) {
            // A client's own that is under way will do, unless it comes to nothing: ours is refused for it,
            // and its Record says that the order is wanted cancelled.
            const risk::Order& order = core_.ledger.order(scan.slot);
            if (order.cancel.command == 0 || (order.flags & risk::order_cancel_by_gateway) == 0) {
                cancel(job, scan.slot);
                ++cancels;
            }
        }
        steps -= scan.steps;
        if (scan.next_slot == 0) {
            jobs_.erase(jobs_.begin());
            return;
        }
        job.next_slot = scan.next_slot;
    }
}

// Behind all effects under way: a cancel made for one of them says that those before it are done
// (UnfinishedEffects).
void MassEffects::cancel_again() noexcept {
    std::uint32_t cancels = 0;
    while (cancels < cancels_per_pass && !core_.cancel_again.empty() && core_.sequencer->can_step()) {
        const CancelAgain again = core_.cancel_again.back();
        core_.cancel_again.pop_back();
        if (core_.lacks_cancel(again.slot)) {
            const risk::CancelOrigin origin = core_.routes.at(again.slot).cancel_wanted;
            cancel({{}, origin, again.cause, 0, again.cause}, again.slot);
            ++cancels;
        }
    }
}

void MassEffects::cancel(const Job& job, std::uint32_t slot) noexcept {
    const risk::Order& order = core_.ledger.order(slot);
    risk::CancelOrder cancel;
    cancel.record.kind = risk::RecordKind::cancel_order;
    cancel.record.session = order.session;
    cancel.record.cause = job.cause;
    cancel.facts.symbol = core_.ledger.security(order.security).symbol;
    // Unique for ever: the order, and the last Record when this effect began.
    char id[2 * fix::number_text_max + 2];
    char* end = id;
    *end++ = 'M';
    end = fix::format_unsigned(end, job.begun);
    *end++ = '.';
    end = fix::format_unsigned(end, slot);
    cancel.facts.client_order_id =
        risk::ClientOrderId(std::string_view(id, static_cast<std::size_t>(end - id)));
    cancel.facts.original_client_order_id = order.client_order_id;
    cancel.facts.order_key = order.key;
    cancel.facts.side = order.side;
    cancel.facts.origin = job.origin;
    cancel.person.account = core_.ledger.account_key(order.account);
    cancel.person.investor = core_.ledger.investor_id(order.investor);
    core_.step(cancel);
}

}  // namespace fairlead::gateway
