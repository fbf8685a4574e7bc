#include "audit/front.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <new>

#include "audit/crc32c.hpp"
#include "audit/journal_reader.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

using risk::require;

namespace {

constexpr risk::MonotonicNs standby_silent_ns = 10'000'000'000;

std::string check_options(const FrontOptions& options) {
    if (options.directory.empty()) {
        return "front directory is empty: it must name a directory in tmpfs";
    }
    if (options.segment_count < 2 || options.segment_count > front_segments_max) {
        return "front segments = " + std::to_string(options.segment_count) + ": must be from 2 to 64";
    }
    if (options.segment_bytes < 2 * record_bytes_max || options.segment_bytes % shared_page_bytes != 0) {
        return "front segment size = " + std::to_string(options.segment_bytes) +
               " bytes: must be a multiple of 4096, at least 65536";
    }
    return {};
}

// Allocates for good, so that no store can ever meet a full file system.
std::string allocate(int handle, std::uint64_t bytes, const std::string& path) {
    const int error = ::posix_fallocate(handle, 0, static_cast<off_t>(bytes));
    if (error == 0) {
        return {};
    }
    struct statvfs space {};
    std::string text = system_error("allocate", path, error) + ": needs " + std::to_string(bytes) + " bytes";
    if (::fstatvfs(handle, &space) == 0) {
        text += ", the file system has " + std::to_string(space.f_bavail * space.f_frsize) + " left";
    }
    return text;
}

}  // namespace

Front::OpenResult Front::open(const FrontOptions& options) {
    OpenResult result;
    const auto fail = [&result](std::string text) {
        result.error = std::move(text);
        result.front.reset();
        return std::move(result);
    };
    if (std::string error = check_options(options); !error.empty()) {
        return fail(std::move(error));
    }
    result.front.reset(new Front());
    Front& front = *result.front;
    front.options_ = options;
    if (!options.journal_directory.empty()) {
        if (std::string error = make_directory(options.journal_directory); !error.empty()) {
            return fail(std::move(error));
        }
        LockResult lock = take_lock(options.journal_directory + "/gateway.lock", "gateway");
        if (!lock.ok()) {
            return fail(std::move(lock.error));
        }
        front.lock_ = std::move(lock.held);
    }
    if (std::string error = make_directory(options.directory); !error.empty()) {
        return fail(std::move(error));
    }
    if (std::string error = front.open_mark(); !error.empty()) {
        return fail(std::move(error));
    }
    const std::string path = head_path(options.directory);
    front.head_file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    std::string error;
    if (front.head_file_.open()) {
        if (::flock(front.head_file_.get(), LOCK_EX | LOCK_NB) != 0) {
            return fail("'" + path + "' is locked: another gateway writes this front");
        }
        error = front.resume(result);
    } else if (errno == ENOENT) {
        error = front.create(result);
    } else {
        error = system_error("open", path, errno);
    }
    if (!error.empty()) {
        return fail(std::move(error));
    }
    front.recovered_ = front.chain_;
    front.epoch_ = std::max(front.chain_.epoch, front.head_->epoch.load(std::memory_order_relaxed)) + 1;
    front.head_->epoch.store(front.epoch_, std::memory_order_relaxed);
    return result;
}

std::string Front::open_mark() {
    MarkResult mark = audit::open_mark(options_.directory, false);
    if (mark.error.empty()) {
        mark_map_ = std::move(mark.map);
        mark_ = std::launder(reinterpret_cast<const KeeperMarkPage*>(mark_map_.data()));
    }
    if (mark.error.empty() && options_.standbys) {
        mark = audit::open_standby_mark(options_.directory, false);
        if (mark.error.empty()) {
            standbys_map_ = std::move(mark.map);
            standbys_ = std::launder(reinterpret_cast<const StandbyMarkPage*>(standbys_map_.data()));
        }
    }
    return std::move(mark.error);
}

// A head appears by rename, complete: nobody ever attaches to half a front.
std::string Front::create(OpenResult& result) {
    ChainEnd base;
    if (!options_.journal_directory.empty()) {
        DiskEnd disk = find_disk_end({options_.journal_directory, options_.spare_directory});
        if (!disk.ok()) {
            return std::move(disk.error);
        }
        base = disk.chain;
    }
    if (std::string error = map_segments(true, result); !error.empty()) {
        return error;
    }
    const std::string path = head_path(options_.directory);
    const std::string temporary = path + ".new";
    ::unlink(temporary.c_str());
    head_file_ = Descriptor(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!head_file_.open()) {
        return system_error("create", temporary, errno);
    }
    if (::flock(head_file_.get(), LOCK_EX | LOCK_NB) != 0) {
        return system_error("lock", temporary, errno);
    }
    if (std::string error = allocate(head_file_.get(), shared_page_bytes, temporary); !error.empty()) {
        return error;
    }
    if (std::string error = head_map_.map(head_file_.get(), shared_page_bytes, true, temporary);
        !error.empty()) {
        return error;
    }
    head_ = new (head_map_.data()) FrontHead();
    if (!head_map_.lock()) {
        result.warnings.push_back("the front's head cannot be locked in memory: " + temporary);
    }
    head_->segment_count = options_.segment_count;
    head_->segment_bytes = options_.segment_bytes;
    head_->boot_id = current_boot_id();
    fill_random(head_->front_id);
    head_->base = base;
    head_->published.store(base.sequence, std::memory_order_relaxed);
    head_->epoch.store(base.epoch, std::memory_order_relaxed);
    head_->magic = head_magic;
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        return system_error("rename", temporary, errno);
    }
    chain_ = base;
    begin_generation(0);
    return {};
}

std::string Front::resume(OpenResult& result) {
    const std::string path = head_path(options_.directory);
    struct stat info {};
    if (::fstat(head_file_.get(), &info) != 0) {
        return system_error("examine", path, errno);
    }
    bool usable = info.st_size == static_cast<off_t>(shared_page_bytes);
    if (usable) {
        if (std::string error = head_map_.map(head_file_.get(), shared_page_bytes, true, path);
            !error.empty()) {
            return error;
        }
        head_ = std::launder(reinterpret_cast<FrontHead*>(head_map_.data()));
        // Of another boot: what it held and the disk does not is gone by the rules of level `process`.
        usable = head_->magic == head_magic && head_->version == format_version &&
                 head_->boot_id == current_boot_id();
    }
    const auto begin_anew = [&](const char* why) {
        result.warnings.push_back("the front in '" + options_.directory + "' is made anew: " + why);
        head_map_.unmap();
        head_file_.close();
        head_ = nullptr;
        return create(result);
    };
    if (!usable) {
        return begin_anew("it is from another boot or version");
    }
    if (head_->segment_count != options_.segment_count || head_->segment_bytes != options_.segment_bytes) {
        if (head_->published.load(std::memory_order_acquire) > synced()) {
            return "front sizes changed from " + std::to_string(head_->segment_count) + " x " +
                   std::to_string(head_->segment_bytes) + " bytes to " +
                   std::to_string(options_.segment_count) + " x " + std::to_string(options_.segment_bytes) +
                   " while records are not on disk yet: run the keeper first, or keep the sizes";
        }
        return begin_anew("its sizes changed");
    }
    if (std::string error = map_segments(false, result); !error.empty()) {
        return error;
    }
    if (!head_map_.lock()) {
        result.warnings.push_back("the front's head cannot be locked in memory: " + path);
    }
    result.resumed = true;
    return find_end();
}

std::string Front::map_segments(bool fresh, OpenResult& result) {
    segments_.clear();
    for (std::uint32_t slot = 0; slot < options_.segment_count; ++slot) {
        const std::string path = front_segment_path(options_.directory, slot);
        const int flags = O_RDWR | O_CLOEXEC | (fresh ? O_CREAT | O_TRUNC : 0);
        const Descriptor file(::open(path.c_str(), flags, 0640));
        if (!file.open()) {
            return system_error("open", path, errno);
        }
        if (std::string error = allocate(file.get(), options_.segment_bytes, path); !error.empty()) {
            return error;
        }
        MappedFile& segment = segments_.emplace_back();
        if (std::string error = segment.map(file.get(), options_.segment_bytes, true, path); !error.empty()) {
            return error;
        }
        if (fresh) {
            std::memset(segment.data(), 0, segment.size());
        } else {
            for (std::size_t at = 0; at < segment.size(); at += shared_page_bytes) {
                static_cast<void>(*static_cast<volatile std::byte*>(segment.data() + at));
            }
        }
        if (!segment.lock() && (result.warnings.empty() || slot == 0)) {
            result.warnings.push_back("the front's segments cannot be locked in memory ('" + path +
                                      "'): raise the limit on locked memory (ulimit -l, LimitMEMLOCK)");
        }
    }
    return {};
}

// The last published record, by walking its generation from the start with every check. What lies
// behind it was never published, so nothing it caused has left: it is written over.
std::string Front::find_end() {
    const risk::Sequence published = head_->published.load(std::memory_order_acquire);
    std::uint64_t generation = 0;
    risk::Sequence first = 0;
    for (std::uint32_t slot = 0; slot < options_.segment_count; ++slot) {
        const auto plus_one = head_->slots[slot].generation_plus_one.load(std::memory_order_acquire);
        const auto slot_first = head_->slots[slot].first_sequence.load(std::memory_order_acquire);
        if (plus_one > 0 && slot_first <= published && slot_first > first) {
            first = slot_first;
            generation = plus_one - 1;
        }
    }
    if (published == head_->base.sequence) {
        chain_ = head_->base;
        begin_generation(0);
        return {};
    }
    if (first == 0) {
        return "the front in '" + options_.directory + "' has no segment with record " +
               std::to_string(published);
    }
    generation_ = generation;
    segment_ = segments_[generation % options_.segment_count].data();
    position_ = generation * options_.segment_bytes;
    segment_end_ = position_ + options_.segment_bytes;
    bool anchored = false;
    while (chain_.sequence != published) {
        const std::uint64_t offset = position_ % options_.segment_bytes;
        RecordView view;
        RecordFault fault = parse_record({segment_ + offset, segment_end_ - position_}, view);
        if (fault == RecordFault::none && !anchored) {
            chain_ = {first - 1, view.header.prev_crc, 0, 0, INT64_MIN};
            anchored = true;
        }
        if (fault == RecordFault::none) {
            fault = advance(chain_, view.header);
        }
        if (fault != RecordFault::none) {
            return "the front in '" + options_.directory + "' is damaged behind record " +
                   std::to_string(chain_.sequence) + ", offset " + std::to_string(position_) + ": " +
                   describe(fault) + "; record " + std::to_string(published) + " was published";
        }
        position_ += view.header.length;
        if (position_ == segment_end_ && chain_.sequence != published) {
            return "the front in '" + options_.directory + "' ends before record " +
                   std::to_string(published);
        }
    }
    // The dead writer had begun the next generation, and readers may stand at its start already.
    const FrontHead::Slot& next = head_->slots[(generation_ + 1) % options_.segment_count];
    if (next.generation_plus_one.load(std::memory_order_acquire) == generation_ + 2 &&
        next.first_sequence.load(std::memory_order_acquire) == published + 1) {
        close_generation();
        begin_generation(generation_ + 1);
    }
    return {};
}

bool Front::next_segment_free() const noexcept {
    const std::uint64_t next = generation_ + 1;
    if (next < options_.segment_count) {
        return true;
    }
    // The generation to be written over ends where the one after it begins.
    const std::uint64_t after = next - options_.segment_count + 1;
    const risk::Sequence last =
        head_->slots[after % options_.segment_count].first_sequence.load(std::memory_order_relaxed) - 1;
    return synced() >= last;
}

void Front::close_generation() noexcept {
    if (position_ < segment_end_) {
        std::memcpy(segment_ + position_ % options_.segment_bytes, &next_segment_magic,
                    sizeof next_segment_magic);
    }
}

void Front::begin_generation(std::uint64_t generation) noexcept {
    const std::uint64_t slot = generation % options_.segment_count;
    if (generation >= options_.segment_count) {
        head_->lowest_intact.store(generation - options_.segment_count + 1, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_release);  // pairs with FrontReader::next
    }
    generation_ = generation;
    segment_ = segments_[slot].data();
    position_ = generation * options_.segment_bytes;
    segment_end_ = position_ + options_.segment_bytes;
    // Taken out first: a reader must never see the old generation beside the new first sequence.
    head_->slots[slot].generation_plus_one.store(0, std::memory_order_release);
    head_->slots[slot].first_sequence.store(chain_.sequence + 1, std::memory_order_release);
    head_->slots[slot].generation_plus_one.store(generation + 1, std::memory_order_release);
    salts_.change_key();
}

std::byte* Front::put_section(std::byte* at, SectionKind kind, Bytes bytes,
                              risk::Sequence sequence) noexcept {
    const std::size_t whole = section_bytes(bytes.size());
    // The last block first, all of it: what nothing else covers stays zero.
    std::memset(at + whole - record_alignment, 0, record_alignment);
    SectionHeader header;
    header.kind = static_cast<std::uint16_t>(kind);
    header.length = static_cast<std::uint16_t>(bytes.size());
    header.salt = salts_.salt(sequence, kind);
    std::memcpy(at, &header, sizeof header);
    std::memcpy(at + sizeof header, bytes.data(), bytes.size());
    return at + whole;
}

// Where the next record goes. Room must have been asked for.
inline std::byte* Front::place_for(std::size_t length) noexcept {
    if (segment_end_ - position_ < length) {
        require(next_segment_free(), "room in the front was asked for before a record is appended");
        close_generation();
        begin_generation(generation_ + 1);
    }
    // The offset in the segment, by what is left of it: without a division.
    return segment_ + (options_.segment_bytes - (segment_end_ - position_));
}

inline void Front::publish(std::size_t length, const ChainEnd& chain) noexcept {
    position_ += length;
    chain_ = chain;
    head_->published_position.store(position_, std::memory_order_relaxed);
    head_->published.store(chain.sequence, std::memory_order_release);  // pairs with FrontReader::next
}

std::size_t Front::append(const risk::Record& record, Bytes facts, Bytes person, Bytes received,
                          Bytes decision) noexcept {
    require(record.sequence == chain_.sequence + 1, "a record's sequence is the previous plus one");
    const auto whole = [](Bytes part) { return part.empty() ? 0 : section_bytes(part.size()); };
    const std::size_t fixed = sizeof(RecordHeader) + whole(facts) + whole(person) + whole(decision);
    require(fixed + sizeof(SectionHeader) + record_alignment <= record_bytes_max, "a record's parts fit");
    received = received.first(
        std::min(received.size(), record_bytes_max - fixed - sizeof(SectionHeader) - record_alignment));
    const std::size_t length = fixed + whole(received);
    std::byte* const start = place_for(length);

    RecordHeader header;
    header.kind = static_cast<std::uint16_t>(record.kind);
    header.length = static_cast<std::uint32_t>(length);
    header.sequence = record.sequence;
    header.epoch = epoch_;
    header.prev_crc = chain_.crc;
    header.utc_ns = record.utc_ns;
    header.monotonic_ns = record.monotonic_ns;
    header.cause = record.cause;
    header.session = record.session;
    header.flags = record.flags;
    std::byte* at = start + sizeof header;
    const auto put = [&](SectionKind kind, Bytes bytes) {
        if (!bytes.empty()) {
            at = put_section(at, kind, bytes, record.sequence);
            ++header.sections;
        }
    };
    put(SectionKind::facts, facts);
    put(SectionKind::person, person);
    put(SectionKind::received, received);
    put(SectionKind::decision, decision);
    std::memcpy(start, &header, sizeof header);
    header.crc = record_crc({start, length});
    std::memcpy(start + offsetof(RecordHeader, crc), &header.crc, sizeof header.crc);

    publish(length, {record.sequence, header.crc, epoch_, record.utc_ns, record.monotonic_ns});
    return length;
}

RecordFault Front::append_copy(const RecordView& record) noexcept {
    ChainEnd chain = chain_;
    const RecordFault fault = advance(chain, record.header);
    if (fault == RecordFault::none) {
        std::memcpy(place_for(record.bytes.size()), record.bytes.data(), record.bytes.size());
        publish(record.bytes.size(), chain);
    }
    return fault;
}

risk::Sequence Front::acked(std::uint32_t quorum) const noexcept {
    if (standbys_ == nullptr ||
        standbys_->front.load(std::memory_order_acquire) != front_tag(head_->front_id)) {
        return 0;
    }
    std::array<risk::Sequence, standbys_max> each{};
    for (std::size_t i = 0; i < standbys_max; ++i) {
        each[i] =
            standbys_->standbys[i].acked.load(std::memory_order_acquire);  // pairs with Shipment::on_ack
    }
    std::sort(each.begin(), each.end(), std::greater<>());
    return each[quorum - 1];
}

StandbyState Front::standby_state(std::size_t index, risk::MonotonicNs now) const noexcept {
    if (standbys_ == nullptr) {
        return StandbyState::absent;
    }
    const StandbyMarkPage::Standby& standby = standbys_->standbys[index];
    const StandbyState state{standby.state.load(std::memory_order_relaxed)};
    const bool fresh = now - standby.state_at_ns.load(std::memory_order_relaxed) < standby_silent_ns;
    return fresh || state == StandbyState::refused ? state : StandbyState::absent;
}

std::uint64_t Front::lag_bytes() const noexcept {
    if (synced() >= chain_.sequence) {
        return 0;
    }
    const std::uint64_t done = mark_->synced_position.load(std::memory_order_relaxed);
    return position_ > done ? position_ - done : 0;
}

std::uint32_t Front::fill_permille() const noexcept {
    // One segment is always the one being written; what is left of it is not counted as room.
    const std::uint64_t room = (options_.segment_count - 1) * options_.segment_bytes;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(lag_bytes() * 1000 / room, 1000));
}

KeeperState Front::keeper_state() const noexcept {
    return mark_->magic.load(std::memory_order_acquire) == mark_magic
               ? static_cast<KeeperState>(mark_->state.load(std::memory_order_relaxed))
               : KeeperState::absent;
}
int Front::keeper_error() const noexcept {
    return mark_->error.load(std::memory_order_relaxed);
}
risk::MonotonicNs Front::keeper_heartbeat_ns() const noexcept {
    return mark_->heartbeat_ns.load(std::memory_order_relaxed);
}
risk::MonotonicNs Front::write_started_ns() const noexcept {
    return mark_->write_started_ns.load(std::memory_order_relaxed);
}
std::int64_t Front::last_write_ns() const noexcept {
    return mark_->last_write_ns.load(std::memory_order_relaxed);
}
std::uint32_t Front::ready_segments() const noexcept {
    return mark_->ready_segments.load(std::memory_order_relaxed);
}
int Front::prepare_error() const noexcept {
    return mark_->prepare_error.load(std::memory_order_relaxed);
}
std::uint64_t Front::switched_to() const noexcept {
    return mark_->switched_to.load(std::memory_order_relaxed);
}
int Front::spare_segments() const noexcept {
    return mark_->spare_segments.load(std::memory_order_relaxed);
}
std::uint64_t Front::cut_bytes() const noexcept {
    return mark_->cut_bytes.load(std::memory_order_relaxed);
}

}  // namespace fairlead::audit
