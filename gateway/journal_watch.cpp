// The journal's health and the clock's, turned into Records; see journal_watch.hpp.
#include "gateway/journal_watch.hpp"

#include <cstdlib>
#include <cstring>

namespace fairlead::gateway {

namespace {

constexpr std::int64_t ms_ns = 1'000'000;
// Good news is believed after this long without bad news.
constexpr risk::MonotonicNs settle_ns = 50 * ms_ns;
constexpr risk::MonotonicNs reading_ns_max = 20'000;
// Zero-written disk segments that should be ready; with fewer and no room for more, orders are closed.
constexpr std::uint32_t segments_wanted = 2;

}  // namespace

JournalWatch::Finding JournalWatch::examine(risk::MonotonicNs now) const noexcept {
    const audit::Front& front = core_.journal.front();
    const config::JournalSection& journal = core_.config.journal;
    switch (front.keeper_state()) {
        case audit::KeeperState::io_error:
        case audit::KeeperState::damage:
        case audit::KeeperState::corrupt_front:
        case audit::KeeperState::switching:
            return {risk::DeviceCause::disk_error, front.keeper_error()};
        case audit::KeeperState::disk_full:
            return {risk::DeviceCause::disk_space, 0};
        case audit::KeeperState::absent:
        case audit::KeeperState::recovering:
        case audit::KeeperState::running:
        case audit::KeeperState::stopped:
        case audit::KeeperState::on_spare:
            break;
    }
    const std::int64_t writing_ns = front.write_started_ns() != 0 ? now - front.write_started_ns() : 0;
    if (writing_ns > std::int64_t{journal.sync_refuse_ms} * ms_ns) {
        return {risk::DeviceCause::sync_slow, writing_ns};
    }
    if (now - progress_ns_ > std::int64_t{journal.keeper_lag_ms} * ms_ns) {
        return {risk::DeviceCause::keeper_lost, now - progress_ns_};
    }
    if (front.lag_bytes() > std::uint64_t{journal.keeper_lag_mib} << 20) {
        return {risk::DeviceCause::keeper_lag, static_cast<std::int64_t>(front.lag_bytes())};
    }
    if (front.fill_permille() > journal.front_refuse_percent * 10) {
        return {risk::DeviceCause::front_full, front.fill_permille()};
    }
    // One is left while the next is being made, too: that is no want of space.
    const std::uint32_t ready = front.ready_segments();
    if (ready == 0 || (ready < segments_wanted && front.prepare_error() != 0)) {
        return {risk::DeviceCause::disk_space, ready};
    }
    if (now - acked_ns_ > std::int64_t{core_.config.replica.lost_ms} * ms_ns) {
        return {risk::DeviceCause::standby_lost, now - acked_ns_};
    }
    const std::int64_t unsynchronised_ns = unsynchronised_since_ns_ != 0 ? now - unsynchronised_since_ns_ : 0;
    const std::int64_t limit_ns = std::int64_t{core_.config.clock.unsynchronised_refuse_s} * fix::second_ns;
    if (limit_ns != 0 && unsynchronised_ns > limit_ns) {
        return {risk::DeviceCause::clock_untrusted, unsynchronised_ns};
    }
    return {};
}

void JournalWatch::on_clock(const ClockReading& reading, risk::MonotonicNs now) noexcept {
    const bool was = unsynchronised_since_ns_ == 0;
    if (clock_known_ && was == reading.synchronised) {
        return;
    }
    clock_known_ = true;
    unsynchronised_since_ns_ = reading.synchronised ? 0 : now;
    risk::Clock clock;
    clock.record.kind = risk::RecordKind::clock;
    clock.facts.synchronised = reading.synchronised ? 1 : 0;
    core_.step(clock);
    if (reading.synchronised) {
        core_.log(LogLevel::info, "the kernel's clock is synchronised");
    } else {
        core_.log(LogLevel::warning,
                  "the kernel's clock is not synchronised; new orders are refused after so many seconds (0 = "
                  "never)",
                  0, core_.config.clock.unsynchronised_refuse_s);
    }
}

bool JournalWatch::clients_must_go() const noexcept {
    return venue_must_wait() ||
           core_.journal.front().fill_permille() > core_.config.journal.front_disconnect_percent * 10;
}

bool JournalWatch::venue_must_wait() const noexcept {
    const audit::Front& front = core_.journal.front();
    return front.ready_segments() == 0 && front.prepare_error() != 0;
}

// The journal has gone over to its spare, or its keeper was found there: closed until two persons have said
// otherwise, which only the Ledger remembers, because it is in the journal.
void JournalWatch::look_at_device() noexcept {
    const audit::Front& front = core_.journal.front();
    const std::uint64_t switched_to = front.switched_to();
    if (switched_to == 0 || switched_to == core_.ledger.journal_switch()) {
        return;
    }
    if (closed_by_ != risk::DeviceCause::disk_error) {
        closed_by_ = risk::DeviceCause::disk_error;  // the switch was quicker than this look
        good_since_ns_ = 0;
        record({risk::DeviceCause::disk_error, front.keeper_error()}, true);
    }
    record({risk::DeviceCause::spare_ready, static_cast<std::int64_t>(switched_to)}, true);
    core_.log(
        LogLevel::error,
        "the journal's device failed; it goes on on the spare, from this segment on. New orders wait for "
        "two persons: fairlead journal resume",
        0, static_cast<std::int64_t>(switched_to));
}

// An alarm to the operator, once a minute while it lasts.
void JournalWatch::tell_segments(risk::MonotonicNs now) noexcept {
    const audit::Front& front = core_.journal.front();
    const bool few = front.ready_segments() < segments_wanted && front.prepare_error() != 0;
    if (few && (segments_told_ns_ == 0 || now - segments_told_ns_ > 60'000 * ms_ns)) {
        segments_told_ns_ = now;
        core_.log(LogLevel::error, "the journal's disk has no room for further segments; still ready", 0,
                  front.ready_segments(), std::strerror(front.prepare_error()));
    } else if (!few) {
        segments_told_ns_ = 0;
    }
}

// An alarm to the operator, once a second at most; it closes nothing.
void JournalWatch::tell_slow_write(risk::MonotonicNs now) noexcept {
    const std::int64_t took = core_.journal.front().last_write_ns();
    if (took > std::int64_t{core_.config.journal.sync_alarm_ms} * ms_ns &&
        now - slow_told_ns_ > 1'000 * ms_ns) {
        slow_told_ns_ = now;
        core_.log(LogLevel::warning, "a write to the journal's disk was slow (ns)", 0, took);
    }
}

void JournalWatch::look(risk::MonotonicNs now) noexcept {
    look_at_clock();
    tell_slow_write(now);
    tell_segments(now);
    look_at_device();
    const risk::Sequence synced = core_.journal.front().synced();
    if (synced != last_synced_ || synced == core_.journal.front().published()) {
        last_synced_ = synced;
        progress_ns_ = now;
    }
    const risk::Sequence acked = core_.journal.acked();
    if (acked != last_acked_ || acked >= core_.journal.front().published()) {
        last_acked_ = acked;
        acked_ns_ = now;
    }
    const Finding finding = examine(now);
    if (finding.cause != risk::DeviceCause::none) {
        good_since_ns_ = 0;
        if (closed_by_ == risk::DeviceCause::none) {
            closed_by_ = finding.cause;
            record(finding, true);
            core_.log(LogLevel::error,
                      finding.cause == risk::DeviceCause::clock_untrusted
                          ? "the clock has not been synchronised for too long: no new orders"
                      : finding.cause == risk::DeviceCause::standby_lost
                          ? "too few standbys acknowledge what is journaled: no new orders"
                          : "journal not safe: no new orders",
                      0, finding.value);
        }
        return;
    }
    if (closed_by_ == risk::DeviceCause::none) {
        return;
    }
    if (good_since_ns_ == 0) {
        good_since_ns_ = now;
    } else if (now - good_since_ns_ > settle_ns) {
        closed_by_ = risk::DeviceCause::none;
        record({risk::DeviceCause::recovered, 0}, false);
        core_.log(LogLevel::info, core_.ledger.journal_waits()
                                      ? "journal safe again: new orders still wait for two persons"
                                      : "journal and clock are trusted again: new orders are taken");
    }
}

void JournalWatch::on_stamps_missing() noexcept {
    if (stamps_missing_told_ || !core_.sequencer->can_step()) {
        return;
    }
    stamps_missing_told_ = true;
    record({risk::DeviceCause::stamps_missing, 0}, false);
    core_.log(LogLevel::warning, "this kernel gives no receive stamps: arrival is the time of reading");
}

void JournalWatch::on_revocation_list(const RevocationListRead& list) noexcept {
    record({list.taken ? risk::DeviceCause::revocation_list : risk::DeviceCause::revocation_list_refused,
            list.revoked},
           false, list.text.view());
    core_.log(list.taken ? LogLevel::info : LogLevel::error,
              list.taken ? "list of revoked certificates in force"
                         : "list of revoked certificates not usable: the one before stays in force",
              0, list.revoked, list.text.view());
}

void JournalWatch::record(const Finding& finding, bool closed, std::string_view text) noexcept {
    risk::DeviceEvent event;
    event.record.kind = risk::RecordKind::device_event;
    event.facts.cause = finding.cause;
    event.facts.value = finding.value;
    event.facts.orders_closed = closed ? 1 : 0;
    core_.step(event, std::as_bytes(std::span(text)));
}

// Between two looks UTC and the monotonic clock should have gone on alike; what they differ by is a step.
// UTC is read between two monotonic readings: a thread put aside in between must not look like a step.
void JournalWatch::look_at_clock() noexcept {
    const risk::MonotonicNs before = core_.clock.monotonic_ns();
    const risk::UtcNs utc = core_.clock.utc_ns();
    const risk::MonotonicNs after = core_.clock.monotonic_ns();
    if (after - before > reading_ns_max) {
        return;
    }
    const risk::MonotonicNs monotonic = before + (after - before) / 2;
    const std::int64_t step = (utc - last_utc_ns_) - (monotonic - last_monotonic_ns_);
    const bool first = last_monotonic_ns_ == 0;
    last_utc_ns_ = utc;
    last_monotonic_ns_ = monotonic;
    if (first || std::abs(step) <= std::int64_t{core_.config.clock.alarm_us} * 1'000) {
        return;
    }
    risk::Clock clock;
    clock.record.kind = risk::RecordKind::clock;
    clock.facts.offset_ns = step;
    clock.facts.synchronised = clock_known_ && unsynchronised_since_ns_ == 0 ? 1 : 0;
    core_.step(clock);
    core_.log(LogLevel::warning, "the clock stepped", 0, step);
    if (std::abs(step) > std::int64_t{core_.config.clock.refuse_ms} * ms_ns) {
        closed_by_ = risk::DeviceCause::clock_untrusted;
        good_since_ns_ = 0;
        record({risk::DeviceCause::clock_untrusted, step}, true);
    }
}

}  // namespace fairlead::gateway
