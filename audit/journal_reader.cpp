#include "audit/journal_reader.hpp"

#include <optional>

#include "audit/pruned_segment.hpp"
#include "audit/recovery.hpp"

namespace fairlead::audit {

using Scan = FrameScan<SegmentDirectory>;

struct JournalReader::State {
    SegmentDirectory source;
    std::optional<LeafPool> pool;
    std::optional<Scan> scan;
    std::vector<RecordView> records;
    std::size_t next_record = 0;
    risk::Sequence first = 1;
    // The frame that halving has found, until it is known to be one of the log's.
    struct Sought {
        std::size_t segment = 0;
        std::uint64_t offset = 0;
        std::uint64_t number = 0;
    };
    std::optional<Sought> sought;
    AtEnd at_end = AtEnd::judge;
    ChainEnd chain;
    JournalEnd end;
    std::uint64_t frames = 0;
    std::uint64_t records_read = 0;
    std::uint64_t bytes = 0;  // of segments that hold frames; counted when somebody watches
    std::vector<std::uint64_t> bytes_before;
    std::string error;

    void count_bytes() {
        std::array<std::byte, sizeof(FrameHeader)> head{};
        for (std::size_t i = 0; i < source.segment_count(); ++i) {
            bytes_before.push_back(bytes);
            FrameHeader header;
            const bool used = source.read(i, 0, head) &&
                              check_frame_header(head, source.segment_id(i), header) == FrameFault::none;
            bytes += used ? source.segment_bytes(i) : 0;
        }
    }
    // Now and then: a clock is asked for each.
    void tell() {
        records_read += records.size();
        if (source.place().watch && frames % 64 == 0 && scan->frame_segment() < bytes_before.size() &&
            bytes > 0) {
            source.place().watch->at(
                static_cast<double>(bytes_before[scan->frame_segment()] + scan->frame_offset()) /
                    static_cast<double>(bytes),
                records_read);
        }
    }

    void scan_from(std::size_t segment, std::uint64_t offset, const FrameChain& from) {
        scan.emplace(source, segment, from);
        scan->place(segment, offset);
        if (pool) {
            scan->use(&*pool);
        }
    }

    // Sequences rise with offsets only as far as the log goes: behind its end a torn write may have left an
    // earlier frame of the segment, where halving ends up. Who finds no more behind such a frame begins again
    // at the segment's first. False: the frame was one of the log's, or damage lies before it.
    [[nodiscard]] bool begin_again_at_start() {
        if (!sought || scan->segment() != sought->segment) {
            return false;
        }
        const Sought from = *sought;
        sought.reset();
        FrameChain anywhere;
        anywhere.anchor = true;
        Scan log(source, from.segment, anywhere);
        while (log.segment() == from.segment && log.offset() < from.offset &&
               log.next() == Scan::Step::frame) {
        }
        if (log.chain().number <= from.number) {
            return false;
        }
        first = std::max(first, chain.sequence + 1);
        scan_from(from.segment, 0, anywhere);
        frames = records_read = 0;
        return true;
    }

    // Where the first segment that is left begins. The error says that records are missing, and who has
    // pruned them, unless the caller asked only for later ones or knows what to do with their hashes.
    [[nodiscard]] std::string begin_behind_pruned(FrameChain& into) {
        std::string by;
        std::string wrong = walk_pruned(source, into, [&by](const PrunedSegment& part) {
            by = "by " + part.pruned_by + " and " + part.approved_by;
        });
        const risk::Sequence last = into.records.sequence;
        if (wrong.empty() && !by.empty() && first <= last && !source.place().pruned) {
            wrong = "records 1 to " + std::to_string(last) + " of the journal in '" +
                    source.place().directory + "' were pruned " + by +
                    ": what needs them from the first on cannot use it";
        }
        return wrong;
    }
};

namespace {

// The sound frame header that lies highest at or below a block, searching back no further than `from`.
// Sequences rise with offsets, so a segment is searched by halving.
struct Probe {
    bool readable = true;
    bool found = false;
    std::uint64_t offset = 0;
    FrameHeader header;
};

Probe first_frame_from(SegmentDirectory& source, std::size_t segment, std::uint64_t block,
                       std::uint64_t limit) {
    Probe probe;
    std::array<std::byte, sizeof(FrameHeader)> bytes{};
    for (std::uint64_t i = block; i < limit; ++i) {
        if (!source.read(segment, i * block_bytes, bytes)) {
            probe.readable = false;
            return probe;
        }
        if (check_frame_header(bytes, source.segment_id(segment), probe.header) == FrameFault::none) {
            probe.found = true;
            probe.offset = i * block_bytes;
            return probe;
        }
        // Behind the last frame all is zero; one block of it inside a frame is possible, so look on, but
        // no further than a frame can reach.
        if (i - block > frame_bytes_max / block_bytes) {
            break;
        }
    }
    return probe;
}

// The last frame of the segment whose first sequence is at or below `first`.
bool seek_in_segment(SegmentDirectory& source, std::size_t segment, risk::Sequence first, Probe& last) {
    std::uint64_t low = 0;
    std::uint64_t high = source.segment_bytes(segment) / block_bytes;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        const Probe probe = first_frame_from(source, segment, middle, high);
        if (!probe.readable) {
            return false;
        }
        if (!probe.found || probe.header.first_sequence > first) {
            high = middle;
        } else {
            // Of a seal and the data frame behind it, which name the same sequence, the later is taken.
            last = probe;
            low = probe.offset / block_bytes + 1;
        }
    }
    return true;
}

}  // namespace

JournalReader::JournalReader() : state_(std::make_unique<State>()) {}
JournalReader::~JournalReader() = default;
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;

bool JournalReader::open(const JournalPlace& place, risk::Sequence first, AtEnd at_end) {
    state_ = std::make_unique<State>();
    State& state = *state_;
    state.first = first;
    state.at_end = at_end;
    state.error = state.source.open(place);
    if (!state.error.empty()) {
        return false;
    }
    FrameChain chain;
    std::size_t segment = 0;
    Probe last;
    state.error = state.begin_behind_pruned(chain);
    if (!state.error.empty()) {
        return false;
    }
    if (first > chain.records.sequence + 1) {
        // The last segment that begins at or below `first`.
        for (std::size_t i = state.source.segment_count(); i-- > 0;) {
            std::array<std::byte, sizeof(FrameHeader)> bytes{};
            FrameHeader header;
            if (!state.source.read(i, 0, bytes)) {
                state.error = state.source.error();
                return false;
            }
            if (check_frame_header(bytes, state.source.segment_id(i), header) == FrameFault::none &&
                header.first_sequence <= first) {
                segment = i;
                break;
            }
        }
        if (segment < state.source.segment_count() && !seek_in_segment(state.source, segment, first, last)) {
            state.error = state.source.error();
            return false;
        }
        if (segment > 0 || last.offset > 0) {
            chain = {};
            chain.anchor = true;
        }
    }
    if (state.source.place().watch) {
        state.count_bytes();
    }
    if (place.hashers > 1) {
        state.pool.emplace(place.hashers);
    }
    if (last.offset > 0) {
        state.sought = {segment, last.offset, last.header.frame_number};
    }
    state.scan_from(segment, last.offset, chain);
    return true;
}

ReadStatus JournalReader::next(RecordView& view) {
    const ReadStatus status = read(view);
    if (status != ReadStatus::record && state_->source.place().watch) {
        state_->source.place().watch->at(1, state_->records_read);
    }
    return status;
}

ReadStatus JournalReader::read(RecordView& view) {
    State& state = *state_;
    if (!state.error.empty()) {
        return ReadStatus::damaged;
    }
    while (true) {
        while (state.next_record < state.records.size()) {
            const RecordView& record = state.records[state.next_record++];
            const RecordHeader& header = record.header;
            state.chain = {header.sequence, header.crc, header.epoch, header.utc_ns, header.monotonic_ns};
            if (header.sequence >= state.first) {
                view = record;
                return ReadStatus::record;
            }
        }
        state.records.clear();
        state.next_record = 0;
        Scan::Step step = state.scan->next(&state.records);
        if (step == Scan::Step::stop) {
            // What was read ahead may be older than the file: look once more with fresh eyes.
            state.scan->refresh();
            state.records.clear();
            state.error = state.source.refresh();
            step = state.error.empty() ? state.scan->next(&state.records) : Scan::Step::unreadable;
        }
        if (step == Scan::Step::frame) {
            ++state.frames;
            state.tell();
            continue;
        }
        state.records.clear();
        if (step == Scan::Step::stop && state.begin_again_at_start()) {
            continue;
        }
        if (step == Scan::Step::unreadable) {
            if (state.error.empty()) {
                state.error = state.source.error();
            }
            return ReadStatus::damaged;
        }
        if (state.at_end == AtEnd::follow) {
            return ReadStatus::end;
        }
        state.at_end = AtEnd::follow;
        state.end = state.scan->end({});
        if (state.end.kind != EndKind::damage && state.end.kind != EndKind::unreadable) {
            return ReadStatus::end;
        }
        // A keeper at work may have written behind the end while it was judged: then the next frame is
        // there by now, and nothing is wrong.
        state.scan->refresh();
        step = state.scan->next(&state.records);
        if (step != Scan::Step::frame) {
            state.error = state.end.text;
            return ReadStatus::damaged;
        }
        ++state.frames;
        state.at_end = AtEnd::judge;
        state.end = {};
    }
}

const std::string& JournalReader::error() const noexcept {
    return state_->error;
}
const ChainEnd& JournalReader::chain() const noexcept {
    return state_->chain;
}
const Hash& JournalReader::leaf() const noexcept {
    return state_->scan->leaves()[state_->next_record - 1];
}
std::uint64_t JournalReader::torn_bytes() const noexcept {
    return state_->end.torn_bytes;
}
bool JournalReader::sealed() const noexcept {
    return state_->end.sealed;
}
std::uint64_t JournalReader::frames() const noexcept {
    return state_->frames;
}
std::uint64_t JournalReader::segments() const noexcept {
    return state_->frames == 0 ? 0 : state_->scan->frame_segment() + 1;
}

ReadPlace JournalReader::place() const {
    const State& state = *state_;
    ReadPlace place;
    if (state.scan && state.scan->frame_segment() < state.source.segment_count()) {
        place.segment = state.source.segment_name(state.scan->frame_segment());
        place.offset = state.scan->frame_offset();
        place.frame = state.scan->header().frame_number;
    }
    place.sequence = state.chain.sequence;
    return place;
}

ReadPlace JournalReader::next_place() const {
    const State& state = *state_;
    ReadPlace place;
    if (state.scan && state.scan->segment() < state.source.segment_count()) {
        place.segment = state.source.segment_name(state.scan->segment());
        place.offset = state.scan->offset();
        place.frame = state.scan->chain().number;
    }
    place.sequence = state.chain.sequence;
    return place;
}

HistoryReader::HistoryReader(JournalPlace journal, std::string front_directory)
    : journal_(std::move(journal)), front_directory_(std::move(front_directory)), buffer_(record_bytes_max) {}

bool HistoryReader::seek(risk::Sequence first) {
    error_.clear();
    next_ = first;
    on_disk_ = false;
    on_front_ = !front_directory_.empty() && front_.attach(front_directory_).empty() && front_.seek(first);
    if (on_front_ || journal_.directory.empty()) {
        return on_front_;
    }
    on_disk_ = disk_.open(journal_, first, AtEnd::follow);
    if (!on_disk_) {
        error_ = disk_.error();
    }
    return on_disk_;
}

ReadStatus HistoryReader::from_front(RecordView& view) {
    const ReadStatus status = front_.next(buffer_, view);
    if (status == ReadStatus::record) {
        next_ = view.header.sequence + 1;
    } else if (status == ReadStatus::damaged) {
        error_ = front_.error();
    }
    return status;
}

ReadStatus HistoryReader::next(RecordView& view) {
    if (on_front_) {
        const ReadStatus status = from_front(view);
        if (status != ReadStatus::overtaken) {
            return status;
        }
        // Overtaken means synced: the disk has it.
        on_front_ = false;
        on_disk_ = disk_.open(journal_, next_, AtEnd::follow);
        if (!on_disk_) {
            error_ = disk_.error();
            return ReadStatus::damaged;
        }
    }
    if (!on_disk_) {
        return ReadStatus::end;
    }
    const ReadStatus status = disk_.next(view);
    if (status == ReadStatus::record) {
        next_ = view.header.sequence + 1;
        return status;
    }
    if (status == ReadStatus::damaged) {
        error_ = disk_.error();
        return status;
    }
    // The disk ends here: the front may have more.
    on_front_ = !front_directory_.empty() && front_.attach(front_directory_).empty() && front_.seek(next_);
    on_disk_ = !on_front_;
    return on_front_ ? from_front(view) : ReadStatus::end;
}

DiskEnd find_disk_end(const JournalPlace& place) {
    DiskEnd result;
    SegmentDirectory source;
    result.error = source.open(place);
    if (!result.error.empty()) {
        return result;
    }
    std::size_t segment = 0;
    FrameChain chain;
    if (!recovery_start(source, segment, chain)) {
        result.error = source.error();
        return result;
    }
    const JournalEnd end = find_end(source, segment, chain, {});
    result.chain = end.chain.records;
    if (end.kind == EndKind::damage || end.kind == EndKind::unreadable) {
        result.error = end.text;
    }
    return result;
}

}  // namespace fairlead::audit
