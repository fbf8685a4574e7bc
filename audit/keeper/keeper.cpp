#include <time.h>

#include "audit/keeper/keeper_steps.hpp"

namespace fairlead::audit {

template class Keeper<SegmentStore>;

risk::MonotonicNs monotonic_now() noexcept {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

Recovered recover_disk(const KeeperOptions& options, risk::Sequence floor, SegmentStore& store) {
    Recovered result;
    const auto fail = [&result](KeeperState state, std::string text) {
        result.state = state;
        result.error = std::move(text);
        return result;
    };
    SegmentDirectory source;
    if (std::string error = source.open(options.journal_directory); !error.empty()) {
        return fail(KeeperState::damage, std::move(error));
    }
    std::size_t first = 0;
    FrameChain chain;
    if (!recovery_start(source, first, chain)) {
        return fail(KeeperState::io_error, source.error());
    }
    RecoveryLimits limits;
    limits.floor = floor;
    const JournalEnd end = find_end(source, first, chain, limits);
    if (end.kind == EndKind::damage || end.kind == EndKind::unreadable) {
        return fail(end.kind == EndKind::damage ? KeeperState::damage : KeeperState::io_error, end.text);
    }
    const auto name = [&source](std::size_t index) {
        return SegmentName{source.segment_number(index), source.segment_id(index)};
    };
    const std::size_t count = source.segment_count();
    result.start.chain = end.chain;
    result.start.sealed = end.sealed;
    std::size_t first_unused = 0;
    std::string go_on_in;
    if (end.segment < count && (end.any_frame || end.torn_bytes > 0)) {
        first_unused = end.segment + 1;
        const SegmentName last = name(end.segment);
        if (end.kind == EndKind::torn_tail) {
            const std::string text = "closed at offset " + std::to_string(end.offset) + " behind record " +
                                     std::to_string(end.chain.records.sequence) + ": a torn write of " +
                                     std::to_string(end.torn_bytes) + " bytes follows, cut off";
            options.say(last.text() + " " + text);
            if (std::string error = store.note(last, text); !error.empty()) {
                return fail(KeeperState::io_error, std::move(error));
            }
            result.start.cut_bytes = end.torn_bytes;
        } else if (!end.segment_closed && !SegmentStore::has_note(options.journal_directory, last)) {
            go_on_in = last.text();
            result.start.offset = end.offset;
        }
    }
    std::deque<SegmentName> unused;
    for (std::size_t i = first_unused; i < count; ++i) {
        if (!SegmentStore::has_note(options.journal_directory, name(i))) {
            unused.push_back(name(i));
        }
    }
    const std::uint64_t next_number = count == 0 ? 1 : source.segment_number(count - 1) + 1;
    if (!go_on_in.empty()) {
        if (std::string error = store.continue_in(name(end.segment)); !error.empty()) {
            return fail(KeeperState::io_error, std::move(error));
        }
    }
    if (std::string error = store.begin(std::move(unused), next_number); !error.empty()) {
        return fail(KeeperState::io_error, std::move(error));
    }
    options.say("the journal on disk ends at record " + std::to_string(end.chain.records.sequence) +
                ", frame " + std::to_string(end.chain.number - 1) + ", in segment " +
                (go_on_in.empty() ? "(a new one)" : go_on_in));
    return result;
}

}  // namespace fairlead::audit
