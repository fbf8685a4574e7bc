// MassEffects: a halt, a mass cancel or a disconnect touches many orders; here it becomes one CancelOrder
// Record for each, a bounded number a pass, so that no loop on the order thread is long and every effect
// has its own line in the journal. An order whose cancel came to nothing while it is still wanted has another
// one made. Order thread only.
#pragma once

#include <optional>
#include <vector>

#include "gateway/core.hpp"

namespace fairlead::gateway {

// The orders that a halt is about; none when it names something that the day does not have.
[[nodiscard]] std::optional<risk::OpenFilter> filter_of(const risk::Ledger& ledger,
                                                        const risk::HaltFacts& facts,
                                                        const risk::Subject& subject) noexcept;
// Those of a client's mass cancel that was accepted.
[[nodiscard]] risk::OpenFilter filter_of(const risk::Ledger& ledger, const risk::MassCancel& mass) noexcept;

class MassEffects {
  public:
    static constexpr std::size_t jobs_max = 4096;          // every session may be lost at once
    static constexpr std::uint32_t steps_per_pass = 1024;  // of Ledger::next_open
    static constexpr std::uint32_t cancels_per_pass = 32;

    explicit MassEffects(Core& core) : core_(core) { jobs_.reserve(jobs_max); }

    // Of the orders there are now. False: too many at once; the caller says so, nothing is cancelled.
    [[nodiscard]] bool start(const risk::OpenFilter& filter, risk::CancelOrigin origin,
                             risk::Sequence cause) noexcept;
    // Of those accepted up to `last`, from this slot on: an effect of the run before goes on.
    [[nodiscard]] bool take_up(const risk::OpenFilter& filter, risk::CancelOrigin origin,
                               risk::Sequence cause, risk::Sequence last, std::uint32_t first_slot) noexcept;
    [[nodiscard]] bool active() const noexcept { return !jobs_.empty() || !core_.cancel_again.empty(); }
    void run() noexcept;

  private:
    struct Job {
        risk::OpenFilter filter;
        risk::CancelOrigin origin = risk::CancelOrigin::client;
        risk::Sequence cause = 0;
        risk::Sequence last = 0;   // orders accepted later are not this effect's
        risk::Sequence begun = 0;  // the last Record when it began, here or behind a restart
        std::uint32_t next_slot = 1;
    };
    void cancel(const Job& job, std::uint32_t slot) noexcept;
    void cancel_again() noexcept;

    Core& core_;
    std::vector<Job> jobs_;  // reserved in full
};

}  // namespace fairlead::gateway
