#include <time.h>

#include "audit/keeper/keeper_steps.hpp"

namespace fairlead::audit {

template class Keeper<SegmentStore>;

risk::MonotonicNs monotonic_now() noexcept {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

namespace {

Recovered failed(KeeperState state, std::string text) {
    Recovered result;
    result.state = state;
    result.error = std::move(text);
    return result;
}

SegmentName name_of(const SegmentDirectory& source, std::size_t index) {
    return {source.segment_number(index), source.segment_id(index)};
}

// The journal had gone over to the spare, perhaps no further than its first segment's name: what was not
// done is done now. Empty text: the segment at the end is closed, whatever its device says later.
std::string close_first_device(const SegmentDirectory& source, const JournalEnd& end, SegmentStore& spare) {
    if (source.on_spare(end.segment) || source.segment_cut(end.segment)) {
        return {};
    }
    const SegmentCut cut{name_of(source, end.segment), end.offset, end.chain.number,
                         end.chain.records.sequence, name_of(source, source.first_on_spare())};
    return spare.note_cut(cut, "closed at the start of a keeper that found the spare in use");
}

}  // namespace

Recovered recover_disk(const KeeperOptions& options, risk::Sequence floor, SegmentStore& store,
                       SegmentStore* spare) {
    SegmentDirectory source;
    if (std::string error = source.open({options.journal_directory, options.spare_directory});
        !error.empty()) {
        return failed(KeeperState::damage, std::move(error));
    }
    std::size_t first = 0;
    FrameChain chain;
    if (!recovery_start(source, first, chain)) {
        return failed(KeeperState::io_error, source.error());
    }
    RecoveryLimits limits;
    limits.floor = floor;
    const JournalEnd end = find_end(source, first, chain, limits);
    if (end.kind == EndKind::damage || end.kind == EndKind::unreadable) {
        return failed(end.kind == EndKind::damage ? KeeperState::damage : KeeperState::io_error, end.text);
    }
    Recovered result;
    const std::size_t count = source.segment_count();
    const std::size_t first_on_spare = source.first_on_spare();
    const bool on_spare = first_on_spare < count;
    SegmentStore& used = on_spare ? *spare : store;
    result.start.chain = end.chain;
    result.start.sealed = end.sealed;
    result.start.offset = end.offset;
    result.start.last = end.segment < count ? name_of(source, end.segment) : SegmentName{};
    result.start.switched_to = on_spare ? source.segment_number(first_on_spare) : 0;
    result.start.arrived =
        on_spare && (end.segment > first_on_spare || (end.segment == first_on_spare && end.offset > 0));
    std::size_t first_unused = on_spare ? first_on_spare : 0;
    std::string go_on_in;
    if (on_spare) {
        if (std::string error = close_first_device(source, end, *spare); !error.empty()) {
            return failed(KeeperState::io_error, std::move(error));
        }
    }
    if (end.segment < count && source.on_spare(end.segment) == on_spare &&
        (end.any_frame || end.torn_bytes > 0)) {
        first_unused = end.segment + 1;
        const SegmentName last = name_of(source, end.segment);
        if (end.kind == EndKind::torn_tail) {
            const std::string text = "closed at offset " + std::to_string(end.offset) + " behind record " +
                                     std::to_string(end.chain.records.sequence) + ": a torn write of " +
                                     std::to_string(end.torn_bytes) + " bytes follows, cut off";
            options.say(last.text() + " " + text);
            if (std::string error = used.note(last, text); !error.empty()) {
                return failed(KeeperState::io_error, std::move(error));
            }
        } else if (!end.segment_closed && !source.segment_noted(end.segment)) {
            go_on_in = last.text();
        } else if (!end.segment_closed) {
            // Who wrote the note may not have had it on the disk, and the next segment depends on it.
            if (std::string error =
                    used.note(last, "left behind record " + std::to_string(end.chain.records.sequence) +
                                        " for the write that failed here");
                !error.empty()) {
                return failed(KeeperState::io_error, std::move(error));
            }
        }
    }
    result.start.cut_bytes = end.torn_bytes;
    std::deque<SegmentName> unused;
    for (std::size_t i = first_unused; i < count; ++i) {
        if (!source.segment_noted(i)) {
            unused.push_back(name_of(source, i));
        }
    }
    const std::uint64_t next_number = count == 0 ? 1 : source.segment_number(count - 1) + 1;
    if (!go_on_in.empty()) {
        if (std::string error = used.continue_in(name_of(source, end.segment)); !error.empty()) {
            return failed(KeeperState::io_error, std::move(error));
        }
    }
    if (std::string error = used.begin(std::move(unused), next_number); !error.empty()) {
        return failed(KeeperState::io_error, std::move(error));
    }
    if (spare != nullptr && !on_spare) {
        if (std::string error = spare->begin({}, 0); !error.empty()) {
            return failed(KeeperState::io_error, std::move(error));
        }
    }
    options.say("the journal on disk ends at record " + std::to_string(end.chain.records.sequence) +
                ", frame " + std::to_string(end.chain.number - 1) + ", in segment " +
                (go_on_in.empty() ? "(a new one)" : go_on_in) + (on_spare ? " on the spare device" : ""));
    return result;
}

}  // namespace fairlead::audit
