#include "audit/keeper/segment_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>

#include "audit/hash.hpp"

namespace fairlead::audit {

namespace {

constexpr std::string_view part_end = ".part";
constexpr std::size_t zero_chunk = 1 << 20;

// A spare's segment before it has a number.
constexpr std::string_view ready_start = "ready-";
constexpr std::string_view ready_end = ".flj";

std::string file_name(const SegmentName& name) {
    return name.number != 0 ? name.text()
                            : std::string(ready_start) + to_hex(name.id) + std::string(ready_end);
}

int sync_directory(const std::string& path) {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.open() && ::fsync(directory.get()) == 0 ? 0 : errno;
}

// errno, 0 when every byte went out.
int write_all(int handle, std::uint64_t offset, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(handle, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 ? errno : EIO;
        }
        offset += static_cast<std::uint64_t>(put);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return 0;
}

}  // namespace

SegmentStore::SegmentStore(SegmentStoreOptions options) : options_(std::move(options)) {}

SegmentStore::~SegmentStore() {
    {
        const std::lock_guard lock(mutex_);
        stopping_.store(true);
    }
    wake_.notify_all();
    if (preparer_.joinable()) {
        preparer_.join();
    }
}

std::string SegmentStore::begin(std::deque<SegmentName> unused, std::uint64_t next_number) {
    if (options_.segment_bytes < (1 << 20) || options_.segment_bytes % block_bytes != 0) {
        return "journal segment size = " + std::to_string(options_.segment_bytes) +
               " bytes: must be a multiple of 4096, at least 1 MiB";
    }
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory, code)) {
        if (entry.path().extension() == part_end) {
            std::filesystem::remove(entry.path(), code);  // left by a keeper that died while making it
        }
    }
    unused_ = std::move(unused);
    next_number_ = next_number;
    if (options_.spare) {
        take_ready_files();
    }
    ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
    preparer_ = std::thread([this] { prepare_loop(); });
    return {};
}

std::string SegmentStore::open_for_writing(const SegmentName& name) {
    const std::string path = options_.directory + "/" + name.text();
    Descriptor file(::open(path.c_str(), O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC));
    if (!file.open() && errno == EINVAL) {
        if (direct_) {
            options_.say("the file system of '" + options_.directory +
                         "' refuses direct writes: synchronous writes through the page cache are used");
        }
        direct_ = false;
        file = Descriptor(::open(path.c_str(), O_RDWR | O_DSYNC | O_CLOEXEC));
    }
    struct stat info {};
    if (!file.open() || ::fstat(file.get(), &info) != 0) {
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

// Complete ones that an earlier keeper made: they got this name only then, and nothing was written since.
void SegmentStore::take_ready_files() {
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory, code)) {
        const std::string text = entry.path().filename().string();
        SegmentName name;
        if (text.size() == ready_start.size() + 2 * sizeof(SegmentId) + ready_end.size() &&
            text.starts_with(ready_start) && text.ends_with(ready_end) &&
            from_hex(std::string_view(text).substr(ready_start.size(), 2 * sizeof(SegmentId)), name.id) &&
            entry.file_size(code) == options_.segment_bytes) {
            unused_.push_back(name);
        }
    }
}

void SegmentStore::number_from(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    next_number_ = number;
}

bool SegmentStore::number_it(SegmentName& name) {
    const std::string before = options_.directory + "/" + file_name(name);
    const std::lock_guard lock(mutex_);
    name.number = next_number_;
    const std::string path = options_.directory + "/" + name.text();
    int error = ::rename(before.c_str(), path.c_str()) == 0 ? 0 : errno;
    if (error == 0) {
        ++next_number_;
        error = sync_directory(options_.directory);
    }
    if (error != 0) {
        options_.say(system_error("rename", before, error));
    }
    return error == 0;
}

bool SegmentStore::open_next() {
    SegmentName name;
    {
        const std::lock_guard lock(mutex_);
        if (unused_.empty()) {
            return false;
        }
        name = unused_.front();
        unused_.pop_front();
        ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
    }
    wake_.notify_all();
    if (name.number == 0 && !number_it(name)) {
        return false;
    }
    if (std::string error = open_for_writing(name); !error.empty()) {
        options_.say(error);
        return false;
    }
    return true;
}

int SegmentStore::write(std::uint64_t offset, Bytes bytes) noexcept {
    ssize_t put = -1;
    do {
        put = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    } while (put < 0 && errno == EINTR);
    if (put < 0) {
        return errno;
    }
    return static_cast<std::size_t>(put) == bytes.size() ? 0 : EIO;
}

void SegmentStore::seal_segment() noexcept {
    // A mode that cannot be set costs nothing that was promised: the frames are on disk.
    static_cast<void>(::fchmod(file_.get(), 0440));
    file_.close();
}

int SegmentStore::read_back(std::uint64_t offset, std::span<std::byte> into) noexcept {
    if (!direct_) {
        ::posix_fadvise(file_.get(), static_cast<off_t>(offset), static_cast<off_t>(into.size()),
                        POSIX_FADV_DONTNEED);
    }
    ssize_t got = -1;
    do {
        got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno;
    }
    return static_cast<std::size_t>(got) == into.size() ? 0 : EIO;
}

void SegmentStore::prepare_loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_.load()) {
        if (unused_.size() >= options_.ready_target) {
            wake_.wait(lock);
            continue;
        }
        // A spare's is numbered when it is opened.
        const std::uint64_t number = options_.spare ? 0 : next_number_;
        lock.unlock();
        SegmentName made;
        const int error = prepare_one(number, made);
        if (error != 0 && error != ECANCELED && error != prepare_error_.load()) {
            options_.say("cannot make a further journal segment in '" + options_.directory +
                         "': " + std::strerror(error));
        }
        lock.lock();
        prepare_error_.store(error);
        if (error == 0) {
            unused_.push_back(made);
            next_number_ += options_.spare ? 0 : 1;
            ready_count_.store(static_cast<std::uint32_t>(unused_.size()));
        } else {
            wake_.wait_for(lock, std::chrono::seconds(1));
        }
    }
    if (last_note_) {
        const std::function<void()> write = std::move(last_note_);
        lock.unlock();
        write();
    }
}

// Written in full, not merely allocated: a write into it then changes no metadata, and an unwritten
// block can never come back as somebody's old data. It gets its name only when it is complete.
int SegmentStore::prepare_one(std::uint64_t number, SegmentName& made) {
    made.number = number;
    fill_random(made.id);
    const std::string path = options_.directory + "/" + file_name(made);
    const std::string part = path + std::string(part_end);
    Descriptor file(::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!file.open()) {
        return errno;
    }
    const std::unique_ptr<std::byte[]> zeros(new std::byte[zero_chunk]());
    int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(options_.segment_bytes));
    for (std::uint64_t at = 0; at < options_.segment_bytes && error == 0; at += zero_chunk) {
        const std::size_t size = std::min<std::uint64_t>(zero_chunk, options_.segment_bytes - at);
        error = stopping_.load() ? ECANCELED : write_all(file.get(), at, {zeros.get(), size});
        // In small steps, so that the keeper's own writes never queue behind the whole segment.
        if (error == 0 && ::fdatasync(file.get()) != 0) {
            error = errno;
        }
    }
    if (error == 0 && ::fsync(file.get()) != 0) {
        error = errno;
    }
    if (error == 0 && ::rename(part.c_str(), path.c_str()) != 0) {
        error = errno;
    }
    if (error != 0) {
        ::unlink(part.c_str());
        return error;
    }
    return sync_directory(options_.directory);
}

std::string SegmentStore::note(const SegmentName& name, const std::string& text) const {
    const std::string path = note_path(options_.directory, name);
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file.open()) {
        return system_error("create", path, errno);
    }
    const std::string line = text + "\n";
    if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
        ::fsync(file.get()) != 0) {
        return system_error("write", path, errno);
    }
    if (const int error = sync_directory(options_.directory); error != 0) {
        return system_error("sync", options_.directory, error);
    }
    return {};
}

std::string SegmentStore::note_cut(const SegmentCut& cut, const std::string& reason) const {
    const std::string path = note_path(options_.directory, cut.segment);
    const std::string part = path + std::string(part_end);
    const std::string text = cut.text() + "\n" + reason + "\n";
    const Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!file.open()) {
        return system_error("create", part, errno);
    }
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0) {
        return system_error("write", part, errno);
    }
    if (::rename(part.c_str(), path.c_str()) != 0) {
        return system_error("rename", part, errno);
    }
    if (const int error = sync_directory(options_.directory); error != 0) {
        return system_error("sync", options_.directory, error);
    }
    return {};
}

void SegmentStore::give_up(const SegmentCut& cut, const std::string& reason) {
    const auto write = [this, cut, reason] {
        if (std::string error = note_cut(cut, reason); !error.empty()) {
            options_.say("the note about it could not be left on the device that failed: " + error);
        }
    };
    {
        const std::lock_guard lock(mutex_);
        last_note_ = write;
        stopping_.store(true);
        if (!preparer_.joinable()) {
            preparer_ = std::thread([this] { prepare_loop(); });
        }
    }
    wake_.notify_all();
}

}  // namespace fairlead::audit
