#include "audit/retention/compress.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "audit/hash.hpp"
#include "audit/retention/closed_segment.hpp"

namespace fairlead::audit {

std::size_t current_segment(SegmentDirectory& source) {
    for (std::size_t i = source.segment_count(); i-- > 0;) {
        std::array<std::byte, sizeof(FrameHeader)> head{};
        FrameHeader header;
        if (source.segment_bytes(i) < head.size() || !source.read(i, 0, head) ||
            check_frame_header(head, source.segment_id(i), header) == FrameFault::none) {
            return i;
        }
    }
    return source.segment_count();
}

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

std::string sync_directory(const std::string& path) {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.open() && ::fsync(directory.get()) == 0 ? "" : system_error("sync", path, errno);
}

class Compression {
  public:
    Compression(const CompressOptions& options, std::string source)
        : options_(options), source_(std::move(source)), copy_(source_ + std::string(compressed_end)) {}

    // Empty text: the compressed copy alone is there, and equal.
    [[nodiscard]] std::string run(CompressResult& result) {
        if (std::string error = write_copy(result); !error.empty()) {
            return error;
        }
        const std::string part = copy_ + ".part";
        if (std::string error = compare(part); !error.empty()) {
            ::unlink(part.c_str());
            return error;
        }
        options_.behind("compared");
        if (::rename(part.c_str(), copy_.c_str()) != 0) {
            return system_error("rename", part, errno);
        }
        if (std::string error = sync_directory(options_.directory); !error.empty()) {
            return error;
        }
        options_.behind("named");
        if (::unlink(source_.c_str()) != 0) {
            return system_error("remove", source_, errno);
        }
        options_.behind("source removed");
        return sync_directory(options_.directory);
    }

  private:
    [[nodiscard]] std::string write_copy(CompressResult& result) {
        const std::string part = copy_ + ".part";
        const Descriptor from(::open(source_.c_str(), O_RDONLY | O_CLOEXEC));
        if (!from.open()) {
            return system_error("open", source_, errno);
        }
        const Descriptor into(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
        if (!into.open()) {
            return system_error("create", part, errno);
        }
        options_.behind("begun");
        SegmentCompressor compressor(into.get(), options_.level);
        Sha256Hasher hasher;
        hasher.begin();
        std::vector<std::byte> bytes(compressed_part_bytes);
        while (true) {
            std::size_t size = 0;
            if (std::string error = read_part(from.get(), bytes, size); !error.empty()) {
                return error;
            }
            if (size == 0) {
                break;
            }
            const Bytes content = Bytes(bytes).first(size);
            hasher.add(content);
            bytes_ += size;
            if (const int error = compressor.add(content); error != 0) {
                return system_error("write", part, error);
            }
        }
        hash_ = hasher.end();
        // Sealed: nobody has a reason to write to it ever again.
        if (const int error = compressor.finish(); error != 0) {
            return system_error("write", part, error);
        }
        options_.behind("written");
        struct stat info {};
        if (::fchmod(into.get(), 0440) != 0 || ::fsync(into.get()) != 0 || ::fstat(into.get(), &info) != 0) {
            return system_error("sync", part, errno);
        }
        // What is compared is what the device has.
        static_cast<void>(::posix_fadvise(into.get(), 0, 0, POSIX_FADV_DONTNEED));
        options_.behind("synced");
        result.bytes_before += bytes_;
        result.bytes_after += static_cast<std::uint64_t>(info.st_size);
        return {};
    }

    [[nodiscard]] std::string read_part(int handle, std::span<std::byte> into, std::size_t& size) const {
        size = 0;
        while (size < into.size()) {
            const ssize_t got = ::read(handle, into.data() + size, into.size() - size);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                return system_error("read", source_, errno);
            }
            if (got == 0) {
                break;
            }
            size += static_cast<std::size_t>(got);
        }
        return {};
    }

    [[nodiscard]] std::string compare(const std::string& path) const {
        CompressedSegment copy;
        if (std::string error = copy.open(path); !error.empty()) {
            return error;
        }
        Sha256Hasher hasher;
        hasher.begin();
        std::vector<std::byte> bytes(compressed_part_bytes);
        for (std::uint64_t at = 0; at < copy.bytes(); at += bytes.size()) {
            bytes.resize(std::min<std::uint64_t>(bytes.size(), copy.bytes() - at));
            if (std::string error = copy.read(at, bytes); !error.empty()) {
                return error;
            }
            hasher.add(bytes);
        }
        return copy.bytes() == bytes_ && hasher.end() == hash_
                   ? ""
                   : "'" + path +
                         "' does not give back the segment it was made of: the segment stays as it is";
    }

    const CompressOptions& options_;
    std::string source_;
    std::string copy_;
    std::uint64_t bytes_ = 0;
    Hash hash_{};
};

}  // namespace

CompressResult compress_segments(const CompressOptions& options) {
    CompressResult result;
    const LockResult lock = take_lock(options.directory + "/retention.lock", "compress or prune");
    SegmentDirectory source;
    result.error = lock.ok() ? source.open(options.directory) : lock.error;
    if (!result.error.empty()) {
        return result;
    }
    const std::size_t current = current_segment(source);
    for (std::size_t i = 0; i < source.segment_count(); ++i) {
        const std::string name = source.segment_name(i);
        if (source.segment_compressed(i)) {
            continue;
        }
        if (i >= current) {
            result.kept.push_back(name + ": the journal's current segment, or not used yet");
            continue;
        }
        FrameChain chain;
        chain.anchor = true;
        std::string error = walk_closed_segment(source, i, chain, [](const auto&, const auto&) {});
        if (!error.empty()) {
            result.kept.push_back(name + ": not sound, see fairlead-examine verify: " + error);
            continue;
        }
        if (options.now - chain.records.utc_ns < options.days * day_ns) {
            result.kept.push_back(name + ": its last record is not " + std::to_string(options.days) +
                                  " days old");
            continue;
        }
        const std::uint64_t before = result.bytes_before;
        const std::uint64_t after = result.bytes_after;
        result.error = Compression(options, options.directory + "/" + name).run(result);
        if (!result.error.empty()) {
            return result;
        }
        result.done.push_back(name + ": " + std::to_string(result.bytes_before - before) + " bytes, now " +
                              std::to_string(result.bytes_after - after));
    }
    return result;
}

}  // namespace fairlead::audit
