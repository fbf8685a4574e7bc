// Where the end of the log is. One rule, as a function over any source of segments, so that the keeper,
// the readers and the exhaustive model in tests/audit judge by the same code. It only reads: cutting a
// torn tail off, by beginning a new segment, is the keeper's.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <utility>

#include "audit/frame.hpp"
#include "audit/leaf_pool.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

// Segments by index in journal order. read: false = the device failed (errno in `source.error()`).
template <class T>
concept SegmentSource = requires(T& source, std::size_t index, std::uint64_t offset,
                                 std::span<std::byte> into) {
    { source.segment_count() } -> std::convertible_to<std::size_t>;
    { source.segment_id(index) } -> std::convertible_to<SegmentId>;
    { source.segment_bytes(index) } -> std::convertible_to<std::uint64_t>;
    { source.segment_name(index) } -> std::convertible_to<std::string>;
    // Its device failed at its end: the journal goes on in the next segment, as if this were closed.
    { source.segment_cut(index) } -> std::convertible_to<bool>;
    // Its writer has said that it writes there no more, whatever its end looks like.
    { source.segment_noted(index) } -> std::convertible_to<bool>;
    { source.read(index, offset, into) } -> std::convertible_to<bool>;
    { source.error() } -> std::convertible_to<std::string>;
};

// The two judgements of the rule that the model of it mutates, to show that each is needed.
struct RecoveryRule {
    static FrameCheck check(FrameChecker& checker, Bytes bytes, const SegmentId& segment, FrameChain& chain,
                            std::vector<RecordView>* records) {
        return checker.check(bytes, segment, chain, records);
    }
    // Whether a sound header found behind an invalid position proves that frame `number`, with records
    // from `next_sequence` on, was durable once. A writer with w writes in flight begins frame m only
    // after frame m - w has returned; and a frame says itself what was known durable when it was made.
    static bool proves_durable(const FrameHeader& later, std::uint64_t number, risk::Sequence next_sequence,
                               std::uint64_t writes_in_flight) {
        return later.frame_number > number &&
               (later.synced_seq >= next_sequence || later.frame_number - number >= writes_in_flight);
    }
};

enum class EndKind : std::uint8_t {
    clean = 0,       // zeros, or nothing, behind the last frame
    torn_tail = 1,   // the remains of a write that never returned
    damage = 2,      // something durable is missing or changed
    unreadable = 3,  // the device failed
};

struct JournalEnd {
    EndKind kind = EndKind::clean;
    FrameChain chain;         // what the next frame must be
    std::size_t segment = 0;  // where it would go, were it not for a torn tail
    std::uint64_t offset = 0;
    bool sealed = false;  // the last frame is a seal
    bool any_frame = false;
    bool segment_closed = false;   // the last frame was its segment's last
    std::uint64_t torn_bytes = 0;  // from `offset` to the last byte that is not zero
    std::string text;              // of damage: segment, offset, sequences and rule
};

struct RecoveryLimits {
    // The end may not lie below: mark of the front, last checkpoint, standby, archive: the highest known.
    risk::Sequence floor = 0;
    std::uint64_t writes_in_flight = 1;
    // How far one torn write can reach.
    std::uint64_t write_bytes_max = frame_bytes_max;
};

template <SegmentSource Source, class Rule = RecoveryRule>
class FrameScan {
  public:
    enum class Step : std::uint8_t { frame, stop, unreadable };

    FrameScan(Source& source, std::size_t first_segment, FrameChain chain, std::size_t block = block_bytes)
        : source_(source), checker_(block), segment_(first_segment), chain_(chain) {}

    // Goes on in the middle: the frame at this place is the next one.
    void place(std::size_t segment, std::uint64_t offset) noexcept {
        segment_ = segment;
        offset_ = offset;
    }

    // The next frame, wherever it lies: behind the last, or at the start of the next segment when this
    // one was closed or cut. `stop`: no valid frame follows (yet); `end` says what that means.
    [[nodiscard]] Step next(std::vector<RecordView>* records = nullptr) {
        fault_ = {};
        segment_closed_ = segment_closed_ || cut_here();
        while (segment_closed_ && segment_ + 1 < source_.segment_count()) {
            if (!may_leave(true)) {
                return Step::stop;
            }
            ++segment_;
            offset_ = 0;
            segment_closed_ = cut_here();
        }
        if (segment_ >= source_.segment_count() || segment_closed_) {
            return Step::stop;
        }
        FrameCheck check;
        if (!check_at(segment_, offset_, check, records)) {
            return Step::unreadable;
        }
        // Cut here after a crash or an error, if a segment behind begins with the frame expected here. A
        // segment may have been cut before its first frame was whole, so more than one is looked at.
        const FrameCheck here = check;
        for (std::size_t later = segment_ + 1;
             check.fault != FrameFault::none && later < source_.segment_count() &&
             later <= segment_ + torn_in_a_row_max;
             ++later) {
            const FrameChain before = chain_;
            if (!check_at(later, 0, check, records)) {
                return Step::unreadable;
            }
            if (check.fault != FrameFault::none) {
                continue;
            }
            chain_ = before;
            fault_ = here;
            for (; segment_ < later; ++segment_, offset_ = 0) {
                if (!may_leave(false)) {
                    return Step::stop;
                }
            }
            // The window moved while the tails were searched: the views need their bytes again.
            if (!check_at(later, 0, check, records)) {
                return Step::unreadable;
            }
        }
        if (check.fault != FrameFault::none) {
            check = here;
        }
        fault_ = check;
        if (check.fault != FrameFault::none) {
            return Step::stop;
        }
        frame_segment_ = segment_;
        frame_offset_ = offset_;
        header_ = check.header;
        offset_ += check.disk_bytes;
        any_frame_ = true;
        segment_closed_ = (check.header.flags & last_of_segment_flag) != 0 || cut_here();
        return Step::frame;
    }

    // After `stop`: clean end, torn tail, or damage.
    [[nodiscard]] JournalEnd end(const RecoveryLimits& limits) {
        if (left_damaged_.kind != EndKind::clean) {
            return left_damaged_;
        }
        JournalEnd result;
        result.chain = chain_;
        result.segment = segment_;
        result.offset = offset_;
        result.any_frame = any_frame_;
        result.sealed = any_frame_ && (header_.flags & seal_flag) != 0;
        result.segment_closed = segment_closed_;
        // A closed segment must be zero to its end, and the next one as well: that is where frame n goes.
        std::uint64_t last_used = 0;
        bool sound = look_behind(segment_, offset_, limits, last_used, result);
        if (sound && last_used > 0) {
            result.kind = EndKind::torn_tail;
            result.torn_bytes = last_used - offset_;
            if (segment_closed_ || result.torn_bytes > limits.write_bytes_max) {
                say_damage(result, "bytes that are not zero reach " + std::to_string(result.torn_bytes) +
                                       " bytes past the end, further than one write");
                sound = false;
            }
        }
        sound = sound && look_at_next_segments(limits, result);
        if (sound && segment_ < source_.segment_count() && !segment_closed_ &&
            source_.segment_bytes(segment_) - std::min(offset_, source_.segment_bytes(segment_)) <
                limits.write_bytes_max) {
            say_damage(result, "the segment is cut short: no frame says it is the segment's last");
            sound = false;
        }
        if (sound && chain_.records.sequence < limits.floor) {
            say_damage(result, "the log ends below record " + std::to_string(limits.floor) +
                                   ", which was known to be durable");
        }
        return result;
    }

    [[nodiscard]] const FrameChain& chain() const noexcept { return chain_; }
    [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }  // of the last frame
    [[nodiscard]] std::size_t frame_segment() const noexcept { return frame_segment_; }
    [[nodiscard]] std::uint64_t frame_offset() const noexcept { return frame_offset_; }
    [[nodiscard]] std::size_t segment() const noexcept { return segment_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] const FrameCheck& fault() const noexcept { return fault_; }
    [[nodiscard]] std::span<const Hash> leaves() const noexcept { return checker_.leaves(); }
    // Forgets what it has read ahead: the next look asks the source again.
    void refresh() noexcept { window_bytes_ = 0; }
    // Has the records of each window hashed by it, before they are checked.
    void use(LeafPool* pool) noexcept {
        pool_ = pool;
        checker_.use(pool);
    }

  private:
    static constexpr std::size_t window_max = 1 << 20;
    // Segments in a row that have nothing but a torn write at their start.
    static constexpr std::size_t torn_in_a_row_max = 16;

    [[nodiscard]] bool cut_here() const {
        return segment_ < source_.segment_count() && source_.segment_cut(segment_) &&
               offset_ >= source_.segment_bytes(segment_);
    }

    // Bytes of the segment from `offset`, at least a largest frame or up to the segment's end. None at
    // all behind a cut that was made after this reader had passed it.
    bool load(std::size_t segment, std::uint64_t offset, Bytes& bytes) {
        const std::uint64_t rest =
            source_.segment_bytes(segment) - std::min(offset, source_.segment_bytes(segment));
        const std::uint64_t wanted = std::min<std::uint64_t>(rest, frame_bytes_max);
        if (segment != window_segment_ || offset < window_offset_ ||
            offset + wanted > window_offset_ + window_bytes_) {
            window_segment_ = segment;
            window_offset_ = offset;
            window_bytes_ = 0;
            window_hashed_ = false;
            if (pool_ != nullptr) {
                pool_->forget();
            }
            const std::size_t size = std::min<std::uint64_t>(rest, window_max);
            if (window_.size() < size) {
                window_.resize(size);
            }
            if (!source_.read(segment, offset, std::span(window_).first(size))) {
                return false;
            }
            window_bytes_ = size;
        }
        const std::size_t from = offset - window_offset_;
        bytes = Bytes(window_).subspan(from, std::min<std::size_t>(window_bytes_ - from, wanted));
        return true;
    }

    bool check_at(std::size_t segment, std::uint64_t offset, FrameCheck& check,
                  std::vector<RecordView>* records) {
        Bytes bytes;
        if (!load(segment, offset, bytes)) {
            return false;
        }
        if (pool_ != nullptr && !window_hashed_) {
            window_hashed_ = true;
            const std::size_t from = offset - window_offset_;
            pool_->prepare(Bytes(window_).subspan(from, window_bytes_ - from), source_.segment_id(segment),
                           checker_.block());
        }
        check = Rule::check(checker_, bytes, source_.segment_id(segment), chain_, records);
        return true;
    }

    // Every block from `offset` to the segment's end: a header that proves more was durable is damage;
    // otherwise last_used is the place behind the last byte that is not zero, 0 when all are.
    bool look_behind(std::size_t segment, std::uint64_t offset, const RecoveryLimits& limits,
                     std::uint64_t& last_used, JournalEnd& result) {
        last_used = 0;
        if (segment >= source_.segment_count()) {
            return true;
        }
        const SegmentId id = source_.segment_id(segment);
        const std::size_t block = checker_.block();
        while (offset < source_.segment_bytes(segment)) {
            Bytes bytes;
            if (!load(segment, offset, bytes)) {
                result.kind = EndKind::unreadable;
                result.text = source_.error();
                return false;
            }
            for (std::size_t at = 0; at < bytes.size(); at += block) {
                const Bytes part = bytes.subspan(at, std::min(block, bytes.size() - at));
                if (all_zero(part)) {
                    continue;
                }
                std::size_t used = part.size();
                while (part[used - 1] == std::byte{0}) {
                    --used;
                }
                last_used = offset + at + used;
                FrameHeader later;
                if (check_frame_header(part, id, later) == FrameFault::none &&
                    Rule::proves_durable(later, chain_.number, chain_.records.sequence + 1,
                                         limits.writes_in_flight)) {
                    say_damage(result, "frame " + std::to_string(later.frame_number) + " in " +
                                           source_.segment_name(segment) + " at offset " +
                                           std::to_string(offset + at) + " shows that frame " +
                                           std::to_string(chain_.number) + " was durable (records up to " +
                                           std::to_string(later.synced_seq) + " were)");
                    return false;
                }
            }
            offset += bytes.size();
        }
        return true;
    }

    // The segment that follows is empty; but behind a torn write, or one that failed and left nothing or a
    // whole frame, it was begun for the same frame, and that write may be torn too, and the one after it. The
    // end is then in the last of them. Every segment is looked at for proof that more was durable: an empty
    // one may stand before one with frames, where a device failed at its first write.
    bool look_at_next_segments(const RecoveryLimits& limits, JournalEnd& result) {
        bool found_empty = false;
        const bool left = result.kind == EndKind::torn_tail ||
                          (segment_ < source_.segment_count() && source_.segment_noted(segment_));
        for (std::size_t later = segment_ + 1; later < source_.segment_count(); ++later) {
            std::uint64_t used = 0;
            if (!look_behind(later, 0, limits, used, result)) {
                return false;
            }
            if (used == 0) {
                // Made ready, or begun by a write that left nothing, which a note says: look further.
                found_empty = found_empty || !left || !source_.segment_noted(later);
                continue;
            }
            if (found_empty) {
                continue;
            }
            if (!left || used > limits.write_bytes_max || later >= segment_ + torn_in_a_row_max) {
                say_damage(result, "segment " + source_.segment_name(later) +
                                       " is not empty, yet does not begin with the next frame");
                return false;
            }
            result.kind = EndKind::torn_tail;
            result.segment = later;
            result.offset = 0;
            result.torn_bytes = used;
        }
        return true;
    }

    // Before going on in the next segment: nothing behind this one's end proves that more was durable,
    // and an orderly closed one is zero from there on.
    bool may_leave(bool must_be_zero) {
        JournalEnd result;
        std::uint64_t last_used = 0;
        bool sound = look_behind(segment_, offset_, {}, last_used, result);
        if (sound && must_be_zero && last_used > 0) {
            say_damage(result, "bytes that are not zero follow the segment's last frame");
            sound = false;
        }
        if (!sound) {
            left_damaged_ = result;
        }
        return sound;
    }

    void say_damage(JournalEnd& result, const std::string& rule) {
        result.kind = EndKind::damage;
        result.text = "DAMAGE in segment " +
                      (segment_ < source_.segment_count() ? source_.segment_name(segment_) : "(none)") +
                      " at offset " + std::to_string(offset_) + ", frame " + std::to_string(chain_.number) +
                      ", records from " + std::to_string(chain_.records.sequence + 1) + " on";
        if (fault_.fault != FrameFault::none) {
            result.text += std::string(": ") + describe(fault_.fault);
            if (fault_.fault == FrameFault::record) {
                result.text += std::string(" (") + describe(fault_.record_fault) + ")";
            }
        }
        result.text += "; " + rule;
    }

    Source& source_;
    FrameChecker checker_;
    std::size_t segment_;
    std::uint64_t offset_ = 0;
    FrameChain chain_;
    FrameHeader header_;
    FrameCheck fault_;
    JournalEnd left_damaged_;
    bool any_frame_ = false;
    bool segment_closed_ = false;
    std::size_t frame_segment_ = 0;
    std::uint64_t frame_offset_ = 0;
    std::vector<std::byte> window_;
    std::size_t window_segment_ = SIZE_MAX;
    std::uint64_t window_offset_ = 0;
    std::size_t window_bytes_ = 0;
    LeafPool* pool_ = nullptr;
    bool window_hashed_ = false;
};

// From a segment's start to the end of the log, and what that end is.
template <SegmentSource Source, class Rule = RecoveryRule>
[[nodiscard]] JournalEnd find_end(Source& source, std::size_t first_segment, const FrameChain& chain,
                                  const RecoveryLimits& limits, std::size_t block = block_bytes) {
    FrameScan<Source, Rule> scan(source, first_segment, chain, block);
    using Step = typename FrameScan<Source, Rule>::Step;
    Step step = Step::frame;
    while (step == Step::frame) {
        step = scan.next();
    }
    if (step == Step::unreadable) {
        JournalEnd result;
        result.kind = EndKind::unreadable;
        result.text = source.error();
        return result;
    }
    return scan.end(limits);
}

// The segment to begin with: before the last one that has a sound header at its start, since the end of one
// vouches for the beginning of the next; and with a whole frame at its own start, for nothing can be begun
// with one that was torn in its first write. False: the device failed.
template <SegmentSource Source>
[[nodiscard]] bool recovery_start(Source& source, std::size_t& segment, FrameChain& chain,
                                  std::size_t block = block_bytes) {
    segment = 0;
    chain = FrameChain();
    std::vector<std::byte> head(sizeof(FrameHeader));
    for (std::size_t i = source.segment_count(); i-- > 0;) {
        if (!source.read(i, 0, head)) {
            return false;
        }
        FrameHeader header;
        if (check_frame_header(head, source.segment_id(i), header) == FrameFault::none) {
            segment = i > 0 ? i - 1 : 0;
            break;
        }
    }
    FrameChecker checker(block);
    std::vector<std::byte> bytes;
    for (; segment > 0; --segment) {
        bytes.resize(std::min<std::uint64_t>(source.segment_bytes(segment), frame_bytes_max));
        if (!source.read(segment, 0, bytes)) {
            return false;
        }
        FrameChain any;
        any.anchor = true;
        const FrameCheck first = checker.check(bytes, source.segment_id(segment), any, nullptr);
        if (first.fault == FrameFault::none && first.header.record_count > 0) {
            break;
        }
    }
    chain.anchor = segment > 0;
    return true;
}

}  // namespace fairlead::audit
