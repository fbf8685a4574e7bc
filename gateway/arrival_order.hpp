// ArrivalOrder: the arithmetic of the arrival rule: up to which stamp a pass releases, and the effective
// arrival each released message is judged by. It reads no clock and knows no socket; the Road asks it once
// a pass and once a message of a client.
#pragma once

#include <algorithm>

#include "risk/words.hpp"

namespace fairlead::gateway {

class ArrivalOrder {
  public:
    explicit ArrivalOrder(std::int64_t hold_ns) noexcept : hold_ns_(hold_ns) {}

    // A pass that began, and so asked who is readable, at `pass_ns`. Whatever was stamped before is
    // readable by then or, where the kernel takes longer, `hold_ns` after its stamp.
    void begin_pass(risk::UtcNs pass_ns) noexcept {
        pass_ns_ = pass_ns;
        horizon_ns_ = pass_ns - hold_ns_;
    }
    [[nodiscard]] risk::UtcNs pass_ns() const noexcept { return pass_ns_; }
    // Messages that compete with a later moment wait for the next pass.
    [[nodiscard]] risk::UtcNs horizon_ns() const noexcept { return horizon_ns_; }

    // A message takes its turn, having competed with `competed_ns`. One that became readable only after
    // younger ones were served cannot be served before them any more: it arrived, in effect, with the last
    // of them. Its kernel stamp stays beside it, so that how late it was can be told for ever.
    [[nodiscard]] risk::UtcNs release(risk::UtcNs competed_ns) noexcept {
        last_ns_ = std::max(last_ns_, competed_ns);
        return last_ns_;
    }

  private:
    std::int64_t hold_ns_;
    risk::UtcNs pass_ns_ = 0;
    risk::UtcNs horizon_ns_ = 0;
    risk::UtcNs last_ns_ = INT64_MIN;
};

}  // namespace fairlead::gateway
