// Mass effects expanded, see mass_effects.hpp.
#include "gateway/mass_effects.hpp"

#include "gateway/fix/values.hpp"

namespace fairlead::gateway {

bool MassEffects::start(const risk::OpenFilter& filter, risk::CancelOrigin origin,
                        risk::Sequence cause) noexcept {
    if (jobs_.size() == jobs_max) {
        return false;
    }
    jobs_.push_back({filter, origin, cause, core_.sequencer->last() + 1, 1});
    return true;
}

void MassEffects::run() noexcept {
    if (jobs_.empty()) {
        return;
    }
    Job& job = jobs_.front();
    std::uint32_t cancels = 0;
    std::uint32_t steps = steps_per_pass;
    while (cancels < cancels_per_pass && steps > 0 && core_.sequencer->can_step()) {
        const risk::OpenScan scan = core_.ledger.next_open(job.filter, job.next_slot, steps);
        if (scan.slot != 0 && core_.ledger.order(scan.slot).key < job.before) {
            cancel(job, scan.slot);
            ++cancels;
        }
        if (scan.next_slot == 0) {
            jobs_.erase(jobs_.begin());
            return;
        }
        steps -= std::min(steps, scan.next_slot - job.next_slot);
        job.next_slot = scan.next_slot;
    }
}

void MassEffects::cancel(const Job& job, std::uint32_t slot) noexcept {
    const risk::Order& order = core_.ledger.order(slot);
    risk::CancelOrder cancel;
    cancel.record.kind = risk::RecordKind::cancel_order;
    cancel.record.session = order.session;
    cancel.record.cause = job.cause;
    cancel.facts.symbol = core_.ledger.security(order.security).symbol;
    // Unique for ever: the order and the Record this effect comes from.
    char id[2 * fix::number_text_max + 2];
    char* end = id;
    *end++ = 'M';
    end = fix::format_unsigned(end, job.cause);
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
