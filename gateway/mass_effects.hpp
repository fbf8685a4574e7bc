// MassEffects: a halt, a mass cancel or a disconnect touches many orders; here it becomes one CancelOrder
// Record for each, a bounded number a pass, so that no loop on the order thread is long and every effect
// has its own line in the journal. Order thread only.
#pragma once

#include <vector>

#include "gateway/core.hpp"

namespace fairlead::gateway {

class MassEffects {
  public:
    static constexpr std::size_t jobs_max = 256;
    static constexpr std::uint32_t steps_per_pass = 4096;  // slots looked at
    static constexpr std::uint32_t cancels_per_pass = 32;

    explicit MassEffects(Core& core) : core_(core) { jobs_.reserve(jobs_max); }

    // False: too many at once; the caller says so, nothing is cancelled.
    [[nodiscard]] bool start(const risk::OpenFilter& filter, risk::CancelOrigin origin,
                             risk::Sequence cause) noexcept;
    [[nodiscard]] bool active() const noexcept { return !jobs_.empty(); }
    void run() noexcept;

  private:
    struct Job {
        risk::OpenFilter filter;
        risk::CancelOrigin origin = risk::CancelOrigin::client;
        risk::Sequence cause = 0;
        risk::Sequence before = 0;  // orders accepted later are not this effect's
        std::uint32_t next_slot = 1;
    };
    void cancel(const Job& job, std::uint32_t slot) noexcept;

    Core& core_;
    std::vector<Job> jobs_;  // reserved in full
};

}  // namespace fairlead::gateway
