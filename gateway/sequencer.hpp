// Sequencer: gives every Record its number and its time, asks the Ledger, has the Outbox give the
// answer its message numbers, journals all of it, and only then hands it to the Outbox. The only place
// where any of this happens, in production and in the simulator alike: Clock, Journal and Outbox are
// the three things that differ. Runs on the order thread; never waits, never allocates.
#pragma once

#include <cstddef>
#include <span>

#include "risk/assert.hpp"
#include "risk/ledger.hpp"
#include "risk/record_operation.hpp"
#include "risk/routing.hpp"

namespace fairlead::gateway {

template <class T>
concept ClockLike = requires(T& clock) {
    { clock.refresh().utc_ns } -> std::convertible_to<risk::UtcNs>;
    { clock.refresh().monotonic_ns } -> std::convertible_to<risk::MonotonicNs>;
};

// append: the Record is complete in the front, or the program stops: room was asked for beforehand.
template <class T>
concept JournalLike = requires(T& journal, const risk::NewOrder& record, std::span<const std::byte> raw,
                               const risk::Answered* answered) {
    { journal.has_room() } -> std::same_as<bool>;
    journal.append(record, raw, answered);
};

// route: the numbers of the messages this Record causes. deliver: encodes them behind the gate.
template <class T>
concept OutboxLike = requires(T& outbox, const risk::Record& record, const risk::Decision& decision,
                              const risk::Answered& answered) {
    { outbox.route(record, decision) } -> std::same_as<risk::Routing>;
    outbox.deliver(record, answered);
};

// Kinds whose journal record carries the Ledger's Decision. The others are noted and answered nobody.
[[nodiscard]] constexpr bool is_answered(risk::RecordKind kind) noexcept {
    using enum risk::RecordKind;
    switch (kind) {
        case new_order:
        case replace_order:
        case cancel_order:
        case order_status:
        case mass_cancel:
        case released:
        case wait_expired:
        case halted_unsent:
        case in_doubt:
        case resolved:
        case venue_report:
        case venue_reject:
        case orphan_report:
        case fill_adjusted:
        case limit_set:
        case halt:
        case resume:
            return true;
        default:
            return false;
    }
}

template <ClockLike Clock, JournalLike Journal, OutboxLike Outbox>
class Sequencer {
  public:
    Sequencer(Clock& clock, Journal& journal, risk::Ledger& ledger, Outbox& outbox) noexcept
        : clock_(clock), journal_(journal), ledger_(ledger), outbox_(outbox) {}

    // After a replay: the sequence of the last Record.
    void restore(risk::Sequence last) noexcept { last_ = last; }
    [[nodiscard]] risk::Sequence last() const noexcept { return last_; }

    // False: the journal has no room; nothing may be decided, so nothing may be read either.
    [[nodiscard]] bool can_step() noexcept { return journal_.has_room(); }

    // The whole road of one Record. `record` needs kind, cause, session, flags and its facts; number and
    // times are given here. `raw`: the bytes as received, secrets masked; empty for our own Records.
    template <class RecordStruct>
    risk::Answered step(RecordStruct& record, std::span<const std::byte> raw = {}) noexcept {
        risk::Record& header = record.record;
        header.sequence = ++last_;
        const auto now = clock_.refresh();
        header.monotonic_ns = now.monotonic_ns;
        header.utc_ns = now.utc_ns;
        // Each part is made where it stands: the Decision is there when the Outbox is asked.
        const risk::Answered answered{ledger_.apply(header), outbox_.route(header, answered.decision)};
        journal_.append(record, raw, is_answered(header.kind) ? &answered : nullptr);
        outbox_.deliver(header, answered);
        return answered;
    }

  private:
    Clock& clock_;
    Journal& journal_;
    risk::Ledger& ledger_;
    Outbox& outbox_;
    risk::Sequence last_ = 0;
};

}  // namespace fairlead::gateway
