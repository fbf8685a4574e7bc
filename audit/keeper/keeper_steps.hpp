// The steps of Keeper, for those who instantiate it: keeper.cpp with the real store, tests with one that
// fails on demand.
#pragma once

#include <cerrno>
#include <cstring>
#include <memory>

#include "audit/keeper/keeper.hpp"

namespace fairlead::audit {

inline constexpr risk::MonotonicNs slow_told_every_ns = 1'000'000'000;

template <FrameStore Store>
Keeper<Store>::Keeper(const KeeperOptions& options, Store& store, KeeperMarkPage& mark,
                      const KeeperStart& start, Store* spare)
    : options_(options),
      store_(start.switched_to != 0 ? spare : &store),
      failed_(&store),
      spare_(spare),
      mark_(mark),
      chain_(start.chain),
      offset_(start.offset),
      sealed_(start.sealed || start.chain.number == 1),
      cut_noted_(start.switched_to != 0),
      switched_to_(start.switched_to),
      last_segment_(start.last) {
    if (spare_ != nullptr) {
        read_back_.resize(frame_bytes_max + block_bytes);  // and what aligning it takes
    }
    mark_.cut_bytes.store(start.cut_bytes, std::memory_order_relaxed);
    mark_.cut_after.store(start.chain.records.sequence, std::memory_order_relaxed);
    mark_.error.store(0, std::memory_order_relaxed);
    mark_.write_started_ns.store(0, std::memory_order_relaxed);
    mark_.switched_to.store(start.arrived ? switched_to_ : 0, std::memory_order_relaxed);
    mark_.synced.store(chain_.records.sequence, std::memory_order_release);  // pairs with Front::synced
    set_state(switched_to_ == 0 ? KeeperState::running
              : start.arrived   ? KeeperState::on_spare
                                : KeeperState::switching);
    mark_.magic.store(mark_magic, std::memory_order_release);
}

template <FrameStore Store>
typename Keeper<Store>::Step Keeper<Store>::step(risk::MonotonicNs now) {
    mark_.heartbeat_ns.store(now, std::memory_order_relaxed);
    mark_.ready_segments.store(store_->ready(), std::memory_order_relaxed);
    mark_.prepare_error.store(store_->prepare_error(), std::memory_order_relaxed);
    mark_.spare_segments.store(spare_ != nullptr ? static_cast<std::int32_t>(spare_->ready()) : -1,
                               std::memory_order_relaxed);
    if (!at_work()) {
        return Step::halted;
    }
    tell_spare();
    if (!attach(now)) {
        return state_ == KeeperState::damage ? Step::halted : Step::waiting;
    }
    if (!segment_ready() || (state_ == KeeperState::switching && !go_over())) {
        return at_work() ? Step::waiting : Step::halted;
    }
    builder_.begin();
    if (!gather()) {
        return Step::halted;
    }
    if (builder_.count() == 0) {
        const bool early = sealed_ || now - last_write_ns_ < options_.seal_after_ns;
        if (early && state_ != KeeperState::switching) {
            return Step::idle;
        }
    }
    if (!write_frame()) {
        return state_ == KeeperState::switching ? Step::waiting : Step::halted;
    }
    return Step::wrote;
}

template <FrameStore Store>
bool Keeper<Store>::attach(risk::MonotonicNs now) {
    // Only when nothing was published for a while can the front have been made anew.
    if (attached_ && (now - last_look_ns_ < options_.look_again_ns || !drained())) {
        return true;
    }
    if (now - last_look_ns_ < options_.look_again_ns) {
        return attached_;
    }
    last_look_ns_ = now;
    if (attached_ && front_.current()) {
        return true;
    }
    attached_ = false;
    std::string why = front_.attach(options_.front_directory);
    if (!why.empty()) {
        if (why != waiting_for_) {
            options_.say("waiting for a front: " + why);
            waiting_for_ = why;
        }
        return false;
    }
    const risk::Sequence end = chain_.records.sequence;
    const FrontHead& head = *front_.head();
    const risk::Sequence published = head.published.load(std::memory_order_acquire);
    const bool base_fits = head.base.sequence != end || end == 0 || head.base.crc == chain_.records.crc;
    if (head.base.sequence > end || published < end || !base_fits || !front_.seek(end + 1)) {
        halt(KeeperState::damage, 0,
             "DAMAGE: the disk ends at record " + std::to_string(end) + ", the front holds records " +
                 std::to_string(head.base.sequence + 1) + " to " + std::to_string(published) +
                 (base_fits ? ": the two do not join" : ": the record before them is not the disk's last"));
        return false;
    }
    options_.say("attached to the front in '" + options_.front_directory + "' behind record " +
                 std::to_string(end) + "; published " + std::to_string(published));
    waiting_for_.clear();
    mark_.synced_position.store(front_.position(), std::memory_order_relaxed);
    go_over_to_ = published;
    attached_ = true;
    return true;
}

template <FrameStore Store>
bool Keeper<Store>::segment_ready() {
    if (store_->is_open()) {
        return true;
    }
    if (!store_->open_next()) {
        return segment_missing();
    }
    offset_ = 0;
    last_segment_ = store_->segment();
    segment_missed_ = false;
    options_.say("writing to " + last_segment_.text());
    if (state_ == KeeperState::disk_full) {
        mark_.error.store(0, std::memory_order_relaxed);
        set_state(switched_to_ != 0 ? KeeperState::on_spare : KeeperState::running);
    }
    return true;
}

// No segment is ready: one may be on its way, or the disk is full, or its device does not let one be made.
template <FrameStore Store>
bool Keeper<Store>::segment_missing() {
    const int error = store_->prepare_error();
    if (error == 0) {
        return false;
    }
    const std::string text =
        std::string("no journal segment is left and none can be made: ") + std::strerror(error);
    const bool device_failed = error == EIO || error == EROFS || error == ENODEV || error == ENXIO;
    if (device_failed && spare_ != nullptr && store_ != spare_) {
        leave_device(last_segment_, error, text);
        return state_ == KeeperState::switching && segment_ready();
    }
    if (!segment_missed_) {
        segment_missed_ = true;
        options_.alarm(text);
        if (state_ != KeeperState::switching) {
            mark_.error.store(error, std::memory_order_relaxed);
            set_state(KeeperState::disk_full);
        }
    }
    return false;
}

// A spare that is not ready helps nobody: better told now than when it is needed.
template <FrameStore Store>
void Keeper<Store>::tell_spare() {
    if (spare_ == nullptr || store_ == spare_) {
        return;
    }
    const bool missing = spare_->ready() == 0 && spare_->prepare_error() != 0;
    if (missing && !spare_missed_) {
        options_.alarm("the spare device is not ready, no segment can be made in '" +
                       options_.spare_directory + "': " + std::strerror(spare_->prepare_error()));
    }
    spare_missed_ = missing;
}

// Copies and checks what is published, up to one frame. False: halted.
template <FrameStore Store>
bool Keeper<Store>::gather() {
    ChainEnd expected = chain_.records;
    while (true) {
        const std::span<std::byte> room = builder_.room();
        if (room.empty()) {
            return true;
        }
        RecordView view;
        const ReadStatus status = front_.next(room, view);
        if (status == ReadStatus::end) {
            return true;
        }
        if (status != ReadStatus::record) {
            halt(KeeperState::corrupt_front, 0, "the front is corrupt: " + front_.error());
            return false;
        }
        if (const RecordFault fault = advance(expected, view.header); fault != RecordFault::none) {
            halt(KeeperState::damage, 0,
                 "DAMAGE: record " + std::to_string(view.header.sequence) +
                     " of the front does not continue the disk: " + describe(fault));
            return false;
        }
        builder_.take(view);
    }
}

// One write; on the way to the spare, what was written is read from the device again and compared.
template <FrameStore Store>
int Keeper<Store>::put(std::uint64_t offset, Bytes frame) {
    const int error = store_->write(offset, frame);
    if (error != 0 || state_ != KeeperState::switching) {
        return error;
    }
    void* place = read_back_.data();
    std::size_t space = read_back_.size();
    const std::span<std::byte> copy(
        static_cast<std::byte*>(std::align(block_bytes, frame.size(), place, space)), frame.size());
    if (const int failed = store_->read_back(offset, copy); failed != 0) {
        return failed;
    }
    return std::memcmp(copy.data(), frame.data(), frame.size()) == 0 ? 0 : EIO;
}

template <FrameStore Store>
bool Keeper<Store>::write_frame() {
    const std::uint64_t whole = round_up(sizeof(FrameHeader) + builder_.payload_bytes(), block_bytes);
    const bool last = store_->segment_bytes() - (offset_ + whole) < frame_bytes_max;
    FrameChain next = chain_;
    const Bytes frame = builder_.finish(store_->segment().id, next, chain_.records.sequence,
                                        last ? std::uint16_t{last_of_segment_flag} : std::uint16_t{0});
    const risk::MonotonicNs started = monotonic_now();
    mark_.write_started_ns.store(started, std::memory_order_relaxed);
    const int error = put(offset_, frame);
    const risk::MonotonicNs ended = monotonic_now();
    mark_.write_started_ns.store(0, std::memory_order_relaxed);
    mark_.last_write_ns.store(ended - started, std::memory_order_relaxed);
    if (error != 0) {
        on_failed_write(error, "writing frame " + std::to_string(chain_.number) + " to " +
                                   store_->segment().text() + " at offset " + std::to_string(offset_) +
                                   " failed: " + std::strerror(error));
        return false;
    }
    if (ended - started > options_.slow_write_ns && ended - slow_told_ns_ > slow_told_every_ns) {
        slow_told_ns_ = ended;
        options_.say("a write of " + std::to_string(whole) + " bytes took " +
                     std::to_string((ended - started) / 1'000'000) + " ms");
    }
    chain_ = next;
    offset_ += whole;
    sealed_ = builder_.count() == 0;
    last_write_ns_ = ended;
    mark_.synced_position.store(front_.position(), std::memory_order_relaxed);
    mark_.synced.store(chain_.records.sequence, std::memory_order_release);  // pairs with Front::synced
    options_.written({builder_.leaves(), chain_, store_->segment(), offset_, store_ == spare_, last});
    if (last) {
        store_->seal_segment();
    }
    if (state_ == KeeperState::switching && chain_.records.sequence >= go_over_to_) {
        arrive();
    }
    return true;
}

// Never again on this file: a later success after a failed write proves nothing. The front still holds
// every byte from synced + 1 on, so with a spare nothing is lost and nobody has to wait for a repair.
template <FrameStore Store>
void Keeper<Store>::on_failed_write(int error, const std::string& text) {
    const SegmentName segment = store_->segment();
    store_->close_segment();
    if (spare_ == nullptr || store_ == spare_) {
        static_cast<void>(store_->note(segment, text));
        halt(KeeperState::io_error, error,
             text + "; synced stays at " + std::to_string(synced()) +
                 (spare_ == nullptr ? "; there is no spare device (journal.spare_directory)"
                                    : "; this was the spare device") +
                 ": mend the device, then start the keeper again");
        return;
    }
    leave_device(segment, error, text);
}

// Nothing of the journal is on the device yet when `last` has no number: then there is nothing to cut.
template <FrameStore Store>
void Keeper<Store>::leave_device(const SegmentName& last, int error, const std::string& text) {
    cut_ = {last, offset_, chain_.number, chain_.records.sequence, {}};
    cut_reason_ = text;
    cut_noted_ = false;
    segment_missed_ = false;
    mark_.error.store(error, std::memory_order_relaxed);
    set_state(KeeperState::switching);
    options_.alarm(text + "; synced stays at " + std::to_string(synced()) + ", going over to the spare in '" +
                   options_.spare_directory + "'");
    store_ = spare_;
    store_->number_from(last.number + 1);
    if (!attached_) {
        return;
    }
    // What was copied out for the frame that failed is read from the front again.
    if (!front_.seek(chain_.records.sequence + 1)) {
        halt(KeeperState::damage, 0,
             "the front does not hold record " + std::to_string(synced() + 1) +
                 ", which is not on disk: " + front_.error());
        return;
    }
    go_over_to_ = front_.head()->published.load(std::memory_order_acquire);
}

// The segment on the spare is open: before it gets its first frame, the other one is cut for all readers.
template <FrameStore Store>
bool Keeper<Store>::go_over() {
    if (cut_noted_) {
        return true;
    }
    cut_.next = store_->segment();
    if (cut_.segment.number == 0) {
        cut_noted_ = true;
        switched_to_ = cut_.next.number;
        return true;
    }
    const std::string reason = cut_reason_ + "; the journal goes on in '" + options_.spare_directory + "'";
    if (std::string error = store_->note_cut(cut_, reason); !error.empty()) {
        store_->close_segment();
        halt(KeeperState::io_error, EIO,
             "the spare cannot be written to either: " + error + "; synced stays at " +
                 std::to_string(synced()) + ": mend a device, then start the keeper again");
        return false;
    }
    cut_noted_ = true;
    switched_to_ = cut_.next.number;
    failed_->give_up(cut_, reason);
    return true;
}

template <FrameStore Store>
void Keeper<Store>::arrive() {
    mark_.switched_to.store(switched_to_, std::memory_order_relaxed);
    set_state(KeeperState::on_spare);
    options_.alarm("the journal goes on on the spare device, in " + store_->segment().text() +
                   ": all records up to " + std::to_string(synced()) +
                   " are there, read back and compared. New orders wait for two persons: "
                   "fairlead journal resume");
}

template <FrameStore Store>
bool Keeper<Store>::drained() const {
    return !attached_ || front_.head()->published.load(std::memory_order_acquire) <= chain_.records.sequence;
}

template <FrameStore Store>
void Keeper<Store>::finish() {
    if (!at_work() || state_ == KeeperState::disk_full) {
        return;
    }
    builder_.begin();
    if (state_ == KeeperState::switching && !(segment_ready() && go_over() && write_frame())) {
        return;
    }
    if (!sealed_ && segment_ready() && !write_frame()) {
        return;
    }
    set_state(KeeperState::stopped);
}

template <FrameStore Store>
void Keeper<Store>::halt(KeeperState state, int error, std::string text) {
    error_ = std::move(text);
    mark_.error.store(error, std::memory_order_relaxed);
    set_state(state);
    options_.alarm(error_);
}

template <FrameStore Store>
void Keeper<Store>::set_state(KeeperState state) {
    state_ = state;
    mark_.state.store(static_cast<std::uint32_t>(state), std::memory_order_relaxed);
}

}  // namespace fairlead::audit
