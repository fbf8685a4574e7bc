#include "tests/simulation/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "audit/checkpoint_files.hpp"
#include "audit/hash.hpp"
#include "audit/keeper/checkpointer.hpp"
#include "audit/keeper/saved_edge.hpp"
#include "audit/keeper/segment_store.hpp"

namespace fairlead::simulation {

namespace {
Disk* running = nullptr;
constexpr std::size_t sector_bytes = 512;
}  // namespace

Disk::Disk(Kernel& kernel) : kernel_(kernel), random_(kernel.plan.seed, 20), tearing_(kernel.plan.seed, 41) {
    running = this;
}
Disk::~Disk() {
    running = nullptr;
}
Disk* Disk::current() noexcept {
    return running;
}

int Disk::may_prepare(const std::string& directory) {
    if (keeper_dead || failed(directory)) {
        return EIO;
    }
    return full_ ? ENOSPC : 0;
}

int Disk::write(int file, const std::string& directory, std::uint64_t offset, audit::Bytes bytes) {
    if (keeper_dead || failed(directory)) {
        return EIO;
    }
    const WriteEnd end = next_end_;
    next_end_ = WriteEnd::good;
    while_writing(slow_ns_ != 0 && kernel_.faults_on ? random_.between(1, slow_ns_)
                                                     : random_.between(5 * us_ns, 60 * us_ns));
    if (keeper_dead) {  // killed meanwhile: the write was under way
        leave_remains(file, offset, bytes, false);
        return EIO;
    }
    switch (end) {
        case WriteEnd::good:
            break;
        case WriteEnd::device_error:
            kernel_.hit(Fault::device_error);
            failed_[directory] = true;
            leave_remains(file, offset, bytes, true);
            return EIO;
        case WriteEnd::short_write: {
            kernel_.hit(Fault::short_write);
            failed_[directory] = true;
            const std::size_t part = random_.pick(bytes.size());
            static_cast<void>(!::pwrite(file, bytes.data(), part, static_cast<off_t>(offset)));
            return EIO;
        }
        case WriteEnd::keeper_killed:
            kernel_.hit(Fault::keeper_killed_in_write);
            leave_remains(file, offset, bytes, false);
            on_keeper_killed();
            return EIO;
        case WriteEnd::power_lost:
            kernel_.hit(Fault::power_lost_in_write);
            leave_remains(file, offset, bytes, true);
            on_power_lost();
            return EIO;
    }
    if (::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes.size())) {
        kernel_.fail(0, "the simulator's own disk is full");
        return EIO;
    }
    count_durable(bytes);
    return 0;
}

// A process killed in mid-write leaves whole blocks old or new; without power each sector is on its own.
void Disk::leave_remains(int file, std::uint64_t offset, audit::Bytes bytes, bool powerless) {
    const std::size_t unit = powerless ? sector_bytes : audit::block_bytes;
    for (std::size_t at = 0; at < bytes.size(); at += unit) {
        const std::size_t size = std::min(unit, bytes.size() - at);
        std::vector<std::byte> sector(size);
        const auto place = static_cast<off_t>(offset + at);
        const std::uint64_t fate = random_.pick(powerless ? 10 : 2);
        if (fate == 0) {
            kernel_.marks.hit("sector old");
            continue;
        }
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), size, sector.begin());
        if (fate == 7) {
            kernel_.marks.hit("sector torn");
            std::fill(sector.begin() + static_cast<std::ptrdiff_t>(random_.pick(size)), sector.end(),
                      std::byte{0});
        } else if (fate == 8) {
            kernel_.marks.hit("sector garbage");
            for (std::byte& byte : sector) {
                byte = static_cast<std::byte>(random_.next());
            }
        } else if (fate == 9 && offset >= unit) {
            kernel_.marks.hit("sector stale");
            const std::uint64_t from = random_.pick(offset / unit) * unit;
            static_cast<void>(!::pread(file, sector.data(), size, static_cast<off_t>(from)));
        } else {
            kernel_.marks.hit("sector new");
        }
        static_cast<void>(!::pwrite(file, sector.data(), size, place));
    }
}

void Disk::on_signed(std::uint64_t size) {
    if (size > durable_ || size < signed_) {
        kernel_.fail(18, "signed over " + std::to_string(size) + " records: " + std::to_string(durable_) +
                             " are durable, " + std::to_string(signed_) + " were signed before");
    }
    signed_ = size;
    kernel_.marks.hit("checkpoint signed");
}

void Disk::tear_checkpoints(const std::string& journal, bool powerless) {
    std::vector<std::string> notes;
    if (journal.empty() || !audit::list_notes(journal, notes).empty() || notes.empty()) {
        return;
    }
    const audit::StoredNotes stored = audit::read_notes(notes.back());
    // A torn one is cut off before the next is written, so there is never more than one.
    if (tearing_.chance(500) && !stored.notes.empty() && stored.torn_bytes == 0) {
        const std::string next = stored.notes.back() + "\n";
        std::ofstream file(notes.back(), std::ios::binary | std::ios::app);
        file << next.substr(0, tearing_.pick(next.size() - 1));
        kernel_.marks.hit("checkpoint torn");
    }
    std::error_code missing;
    const std::string edge = audit::edge_path(journal);
    const std::uintmax_t size = std::filesystem::file_size(edge, missing);
    if (powerless && !missing && size > 0 && tearing_.chance(500)) {
        std::filesystem::resize_file(edge, tearing_.pick(size));
        kernel_.marks.hit("checkpoint shortcut torn");
    }
}

void Disk::count_durable(audit::Bytes bytes) noexcept {
    audit::FrameHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    durable_ = std::max(durable_, header.first_sequence + header.record_count - 1);
}

}  // namespace fairlead::simulation

// What audit/keeper/segment_store.cpp defines in the product, without its thread.
namespace fairlead::audit {

using simulation::Disk;

namespace {

constexpr std::string_view ready_start = "ready-";
constexpr std::string_view ready_end = ".flj";

std::string file_name(const SegmentName& name) {
    return name.number != 0 ? name.text()
                            : std::string(ready_start) + to_hex(name.id) + std::string(ready_end);
}

std::string store_text(const std::string& path, const std::string& text, bool add) {
    if (Disk::current()->keeper_dead) {
        return "the keeper is dead";
    }
    std::ofstream file(path, add ? std::ios::app : std::ios::trunc);
    file << text << std::flush;
    return file ? "" : "cannot write '" + path + "'";
}

}  // namespace

SegmentStore::SegmentStore(SegmentStoreOptions options) : options_(std::move(options)) {}
SegmentStore::~SegmentStore() = default;

std::string SegmentStore::begin(std::deque<SegmentName> unused, std::uint64_t next_number) {
    unused_ = std::move(unused);
    next_number_ = next_number;
    if (options_.spare) {
        take_ready_files();
    }
    ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
    Disk::current()->prepare_later([this] { prepare_loop(); });
    return {};
}

std::string SegmentStore::open_for_writing(const SegmentName& name) {
    const std::string path = options_.directory + "/" + name.text();
    Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat info {};
    if (Disk::current()->keeper_dead || !file.open() || ::fstat(file.get(), &info) != 0) {
        return system_error("open for writing", path, errno);
    }
    file_ = std::move(file);
    file_bytes_ = static_cast<std::uint64_t>(info.st_size);
    name_ = name;
    return {};
}

std::string SegmentStore::continue_in(const SegmentName& name) {
    return open_for_writing(name);
}

void SegmentStore::take_ready_files() {
    std::vector<std::string> names;  // listed in no order: that must not come from the file system
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& text : names) {
        SegmentName name;
        if (text.starts_with(ready_start) &&
            from_hex(std::string_view(text).substr(ready_start.size(), 2 * sizeof(SegmentId)), name.id)) {
            unused_.push_back(name);
        }
    }
}

void SegmentStore::number_from(std::uint64_t number) {
    next_number_ = number;
}

bool SegmentStore::number_it(SegmentName& name) {
    const std::string before = options_.directory + "/" + file_name(name);
    name.number = next_number_;
    if (Disk::current()->keeper_dead ||
        ::rename(before.c_str(), (options_.directory + "/" + name.text()).c_str()) != 0) {
        return false;
    }
    ++next_number_;
    return true;
}

bool SegmentStore::open_next() {
    if (unused_.empty()) {
        return false;
    }
    SegmentName name = unused_.front();
    unused_.pop_front();
    ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
    return (name.number != 0 || number_it(name)) && open_for_writing(name).empty();
}

int SegmentStore::write(std::uint64_t offset, Bytes bytes) noexcept {
    return Disk::current()->write(file_.get(), options_.directory, offset, bytes);
}

int SegmentStore::read_back(std::uint64_t offset, std::span<std::byte> into) noexcept {
    const ssize_t got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    return got == static_cast<ssize_t>(into.size()) ? 0 : EIO;
}

// One step of it: makes a segment ready if one is wanted and the device lets it.
void SegmentStore::seal_segment() noexcept {
    file_.close();
}

void SegmentStore::prepare_loop() {
    Disk& disk = *Disk::current();
    if (!stopping_.load() && unused_.size() < options_.ready_target) {
        SegmentName made;
        const int error = prepare_one(options_.spare ? 0 : next_number_, made);
        prepare_error_.store(error);
        if (error == 0) {
            unused_.push_back(made);
            next_number_ += options_.spare ? 0 : 1;
            ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
        }
    }
    disk.prepare_later([this] { prepare_loop(); });
}

int SegmentStore::prepare_one(std::uint64_t number, SegmentName& made) {
    if (const int error = Disk::current()->may_prepare(options_.directory); error != 0) {
        return error;
    }
    made.number = number;
    fill_random(made.id);
    const std::string path = options_.directory + "/" + file_name(made);
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    return file.open() && ::ftruncate(file.get(), static_cast<off_t>(options_.segment_bytes)) == 0 ? 0
                                                                                                   : errno;
}

std::string SegmentStore::note(const SegmentName& name, const std::string& text) const {
    return store_text(note_path(options_.directory, name), text + "\n", true);
}

std::string SegmentStore::note_cut(const SegmentCut& cut, const std::string& reason) const {
    return store_text(note_path(options_.directory, cut.segment), cut.text() + "\n" + reason + "\n", false);
}

// The device that failed takes nothing any more; its note would be a kindness only.
void SegmentStore::give_up(const SegmentCut&, const std::string&) {
    stopping_.store(true);
}

// --- what checkpointer_thread.cpp defines: signing takes its turns among the events

void Checkpointer::start() {
    due_ = stand_.tree.size() > last_.checkpoint.size;
    asked_size_ = stand_.tree.size();
    Disk::current()->prepare_later([this] { run(); });
}

void Checkpointer::run() {
    finish();
    Disk::current()->prepare_later([this] { run(); });
}

void Checkpointer::finish() {
    Disk* disk = Disk::current();
    if (disk == nullptr || disk->keeper_dead) {
        return;
    }
    const std::uint64_t before = last_.checkpoint.size;
    std::unique_lock lock(mutex_);
    issue(lock);
    if (last_.checkpoint.size != before) {
        disk->on_signed(last_.checkpoint.size);
    }
}

}  // namespace fairlead::audit
