// JournalWatch: looks at the keeper's mark a few hundred times a second and closes the road for new
// orders when the journal cannot be trusted to reach the disk: keeper gone, lagging, failing, front
// nearly full, write stuck, no segment left. Each closing and opening is a Record. A journal that has gone
// over to its spare device stays closed until two persons say otherwise (ControlSide). Order thread only.
#pragma once

#include "gateway/core.hpp"

namespace fairlead::gateway {

class JournalWatch {
  public:
    explicit JournalWatch(Core& core) : core_(core) {}

    void look(risk::MonotonicNs now) noexcept;
    // A change of whether the kernel's clock is synchronised is a Record; unsynchronised for too long, new
    // orders are refused (journal 2.6).
    void on_clock(const ClockReading& reading, risk::MonotonicNs now) noexcept;
    // Once a run: from here on a Record without a kernel stamp has its arrival from the time of reading.
    void on_stamps_missing() noexcept;
    // Which list of revoked client certificates is in force, or that one could not be used.
    void on_revocation_list(const RevocationListRead& list) noexcept;
    // So little of the front or of the disk is left that clients are sent away and only the venue is
    // listened to.
    [[nodiscard]] bool clients_must_go() const noexcept;
    // No disk segment is left and none can be made: the venue waits too, in its socket; nothing is dropped.
    [[nodiscard]] bool venue_must_wait() const noexcept;

  private:
    struct Finding {
        risk::DeviceCause cause = risk::DeviceCause::none;
        std::int64_t value = 0;
    };
    [[nodiscard]] Finding examine(risk::MonotonicNs now) const noexcept;
    void record(const Finding& finding, bool closed, std::string_view text = {}) noexcept;
    void look_at_device() noexcept;
    void tell_segments(risk::MonotonicNs now) noexcept;
    void look_at_clock() noexcept;
    void tell_slow_write(risk::MonotonicNs now) noexcept;

    Core& core_;
    risk::DeviceCause closed_by_ = risk::DeviceCause::none;
    risk::MonotonicNs good_since_ns_ = 0;
    risk::Sequence last_synced_ = 0;
    risk::Sequence last_acked_ = 0;
    risk::MonotonicNs acked_ns_ = 0;  // when the standbys last had nothing to say or got further
    risk::MonotonicNs slow_told_ns_ = 0;
    risk::MonotonicNs segments_told_ns_ = 0;
    risk::MonotonicNs progress_ns_ = 0;  // when the keeper last had nothing to do or got further
    bool clock_known_ = false;
    risk::MonotonicNs unsynchronised_since_ns_ = 0;  // 0 = it is synchronised, or nothing is known yet
    bool stamps_missing_told_ = false;
    risk::UtcNs last_utc_ns_ = 0;
    risk::MonotonicNs last_monotonic_ns_ = 0;
};

}  // namespace fairlead::gateway
