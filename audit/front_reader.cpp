// FrontReader: the reading half of the front. A copy is taken first and checked then, so that neither
// an overtaking writer nor a wild store can pass unseen.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "audit/journal_reader.hpp"
#include "audit/mapped_file.hpp"

namespace fairlead::audit {

struct FrontReader::State {
    std::string directory;
    MappedFile head_map;
    const FrontHead* head = nullptr;
    std::vector<MappedFile> segments;
    dev_t device = 0;
    ino_t inode = 0;
    bool missing = false;
    std::uint64_t position = 0;
    ChainEnd chain;
    bool anchored = false;  // chain holds a record or the front's base
    std::string error;
};

FrontReader::FrontReader() : state_(std::make_unique<State>()) {}
FrontReader::~FrontReader() = default;
FrontReader::FrontReader(FrontReader&&) noexcept = default;
FrontReader& FrontReader::operator=(FrontReader&&) noexcept = default;

std::string FrontReader::attach(const std::string& directory) {
    *state_ = State();
    state_->directory = directory;
    const std::string path = head_path(directory);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) {
        state_->missing = errno == ENOENT;
        return system_error("open", path, errno);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || info.st_size < static_cast<off_t>(shared_page_bytes)) {
        return "'" + path + "' is not the head of a front: it has " + std::to_string(info.st_size) + " bytes";
    }
    if (std::string error = state_->head_map.map(file.get(), shared_page_bytes, false, path);
        !error.empty()) {
        return error;
    }
    const auto* head = std::launder(reinterpret_cast<const FrontHead*>(state_->head_map.data()));
    if (head->magic != head_magic || head->version != format_version || head->segment_count < 2 ||
        head->segment_count > front_segments_max) {
        return "'" + path + "' is not the head of a front of this version";
    }
    if (head->boot_id != current_boot_id()) {
        state_->missing = true;
        return "the front in '" + directory + "' is from another boot of this machine";
    }
    for (std::uint32_t slot = 0; slot < head->segment_count; ++slot) {
        const std::string segment_path = front_segment_path(directory, slot);
        const Descriptor segment(::open(segment_path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!segment.open()) {
            return system_error("open", segment_path, errno);
        }
        struct stat segment_info {};
        if (::fstat(segment.get(), &segment_info) != 0 ||
            segment_info.st_size < static_cast<off_t>(head->segment_bytes)) {
            return "'" + segment_path + "' is shorter than the front's segments";
        }
        MappedFile& map = state_->segments.emplace_back();
        if (std::string error = map.map(segment.get(), head->segment_bytes, false, segment_path);
            !error.empty()) {
            return error;
        }
    }
    state_->device = info.st_dev;
    state_->inode = info.st_ino;
    state_->head = head;
    return {};
}

bool FrontReader::missing() const noexcept {
    return state_->missing;
}
const FrontHead* FrontReader::head() const noexcept {
    return state_->head;
}
const std::string& FrontReader::error() const noexcept {
    return state_->error;
}
const ChainEnd& FrontReader::chain() const noexcept {
    return state_->chain;
}
std::uint64_t FrontReader::position() const noexcept {
    return state_->position;
}

bool FrontReader::current() const {
    struct stat info {};
    return state_->head != nullptr && ::stat(head_path(state_->directory).c_str(), &info) == 0 &&
           info.st_dev == state_->device && info.st_ino == state_->inode;
}

bool FrontReader::seek(risk::Sequence first) {
    State& state = *state_;
    const risk::Sequence published = state.head->published.load(std::memory_order_acquire);
    if (first <= state.head->base.sequence || first > published + 1) {
        return false;
    }
    // The generation that begins highest, but not above `first`.
    std::uint64_t found = 0;
    risk::Sequence found_first = 0;
    for (std::uint32_t slot = 0; slot < state.head->segment_count; ++slot) {
        const auto plus_one = state.head->slots[slot].generation_plus_one.load(std::memory_order_acquire);
        const auto begins = state.head->slots[slot].first_sequence.load(std::memory_order_acquire);
        if (plus_one > 0 && begins <= first && begins > found_first) {
            found_first = begins;
            found = plus_one - 1;
        }
    }
    if (found_first == 0) {
        return false;
    }
    state.position = found * state.head->segment_bytes;
    state.anchored = found_first - 1 == state.head->base.sequence;
    state.chain = state.anchored ? state.head->base : ChainEnd{found_first - 1, 0, 0, 0, INT64_MIN};
    std::vector<std::byte> buffer(record_bytes_max);
    RecordView view;
    while (state.chain.sequence + 1 < first) {
        if (next(buffer, view) != ReadStatus::record) {
            return false;
        }
    }
    return true;
}

ReadStatus FrontReader::next(std::span<std::byte> into, RecordView& view) {
    State& state = *state_;
    const FrontHead& head = *state.head;
    // Pairs with the release in Front::append.
    if (head.published.load(std::memory_order_acquire) <= state.chain.sequence) {
        return ReadStatus::end;
    }
    const auto overtaken = [&](std::uint64_t position) {
        std::atomic_signal_fence(std::memory_order_acquire);  // pairs with Front::begin_generation
        return head.lowest_intact.load(std::memory_order_relaxed) > position / head.segment_bytes;
    };
    std::uint64_t position = state.position;
    const std::byte* at = nullptr;
    std::uint64_t left = 0;
    std::uint32_t magic = next_segment_magic;
    for (int hop = 0; hop < 2 && magic == next_segment_magic; ++hop) {
        if (hop > 0) {
            position = (position / head.segment_bytes + 1) * head.segment_bytes;
        }
        const std::uint64_t offset = position % head.segment_bytes;
        at = state.segments[position / head.segment_bytes % head.segment_count].data() + offset;
        left = head.segment_bytes - offset;
        std::memcpy(&magic, at, sizeof magic);
    }
    std::uint32_t length = 0;
    if (left >= sizeof(RecordHeader)) {
        std::memcpy(&length, at + offsetof(RecordHeader, length), sizeof length);
    }
    const std::size_t copied = std::min<std::uint64_t>({length, left, into.size()});
    std::memcpy(into.data(), at, copied);
    if (overtaken(position)) {
        state.error = "the writer has overtaken this reader of the front";
        return ReadStatus::overtaken;
    }
    RecordFault fault = parse_record(into.first(copied), view);
    if (fault == RecordFault::none && !state.anchored) {
        state.chain.crc = view.header.prev_crc;
        state.anchored = true;
    }
    if (fault == RecordFault::none) {
        fault = advance(state.chain, view.header);
    }
    if (fault != RecordFault::none) {
        state.error = "front '" + state.directory + "', offset " + std::to_string(position) +
                      ", behind record " + std::to_string(state.chain.sequence) + ": " + describe(fault);
        return ReadStatus::damaged;
    }
    state.position = position + view.header.length;
    return ReadStatus::record;
}

}  // namespace fairlead::audit
