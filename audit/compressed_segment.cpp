#include "audit/compressed_segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

// The seekable format: a skippable frame of entries (compressed, decompressed bytes), then the footer
// (number of frames, descriptor, magic).
constexpr std::uint32_t skippable_magic = 0x184D2A5E;
constexpr std::uint32_t seekable_magic = 0x8F92EAB1;
constexpr std::size_t skippable_head_bytes = 8;
constexpr std::size_t entry_bytes = 8;
constexpr std::size_t footer_bytes = 9;
// 1 TiB of content.
constexpr std::uint32_t parts_max = 1 << 20;

std::uint32_t number_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// errno; EIO where the file is shorter than asked for.
int read_all(int handle, std::uint64_t offset, std::span<std::byte> into) noexcept {
    while (!into.empty()) {
        const ssize_t got = ::pread(handle, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : EIO;
        }
        offset += static_cast<std::uint64_t>(got);
        into = into.subspan(static_cast<std::size_t>(got));
    }
    return 0;
}

int write_all(int handle, std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t put = ::write(handle, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return put < 0 ? errno : EIO;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return 0;
}

}  // namespace

CompressedSegment::CompressedSegment() = default;
CompressedSegment::~CompressedSegment() = default;
CompressedSegment::CompressedSegment(CompressedSegment&&) noexcept = default;
CompressedSegment& CompressedSegment::operator=(CompressedSegment&&) noexcept = default;

void CompressedSegment::Free::operator()(void* context) const noexcept {
    ZSTD_freeDCtx(static_cast<ZSTD_DCtx*>(context));
}

std::string CompressedSegment::open(const std::string& path) {
    path_ = path;
    loaded_ = SIZE_MAX;
    bytes_ = 0;
    parts_.clear();
    file_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file_.open() || ::fstat(file_.get(), &info) != 0) {
        return system_error("open", path, errno);
    }
    const auto wrong = [&path](const std::string& what) { return "'" + path + "': " + what; };
    const auto size = static_cast<std::uint64_t>(info.st_size);
    std::array<std::byte, footer_bytes> footer{};
    if (size < skippable_head_bytes + footer_bytes) {
        return wrong("shorter than the table at the end of a compressed segment");
    }
    if (const int error = read_all(file_.get(), size - footer_bytes, footer); error != 0) {
        return system_error("read", path, error);
    }
    const std::uint32_t count = number_at(footer, 0);
    const std::uint64_t table_bytes =
        skippable_head_bytes + std::uint64_t{count} * entry_bytes + footer_bytes;
    if (number_at(footer, 5) != seekable_magic || footer[4] != std::byte{0} || count > parts_max ||
        table_bytes > size) {
        return wrong("does not end with the table of a compressed segment");
    }
    std::vector<std::byte> table(table_bytes);
    if (const int error = read_all(file_.get(), size - table_bytes, table); error != 0) {
        return system_error("read", path, error);
    }
    if (number_at(table, 0) != skippable_magic || number_at(table, 4) != table_bytes - skippable_head_bytes) {
        return wrong("the table at its end does not begin where it should");
    }
    std::uint64_t at = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t entry = skippable_head_bytes + std::size_t{i} * entry_bytes;
        const Part part{at, number_at(table, entry), bytes_, number_at(table, entry + 4)};
        // Only the last part may be shorter: offsets are found by division.
        if (part.bytes == 0 || part.bytes > compressed_part_bytes ||
            (i + 1 < count && part.bytes != compressed_part_bytes) ||
            part.file_bytes > ZSTD_compressBound(compressed_part_bytes)) {
            return wrong("part " + std::to_string(i + 1) + " of its table has sizes that cannot be");
        }
        at += part.file_bytes;
        bytes_ += part.bytes;
        parts_.push_back(part);
    }
    if (at + table_bytes != size) {
        return wrong("the parts in its table have " + std::to_string(at) + " bytes, the file has " +
                     std::to_string(size - table_bytes) + " before the table");
    }
    return {};
}

std::string CompressedSegment::load(std::size_t index) {
    const Part& part = parts_[index];
    if (!context_) {
        context_.reset(ZSTD_createDCtx());
        risk::require(context_ != nullptr, "memory to decompress");
    }
    loaded_ = SIZE_MAX;
    packed_.resize(part.file_bytes);
    content_.resize(part.bytes);
    if (const int error = read_all(file_.get(), part.file_offset, packed_); error != 0) {
        return system_error("read", path_, error);
    }
    const auto wrong = [&](const std::string& what) {
        return "'" + path_ + "', part " + std::to_string(index + 1) + " at offset " +
               std::to_string(part.file_offset) + " (the segment's bytes from " +
               std::to_string(part.offset) + "): " + what;
    };
    const std::size_t got = ZSTD_decompressDCtx(static_cast<ZSTD_DCtx*>(context_.get()), content_.data(),
                                                content_.size(), packed_.data(), packed_.size());
    if (ZSTD_isError(got) != 0) {
        return wrong(std::string("zstd: ") + ZSTD_getErrorName(got));
    }
    if (got != part.bytes) {
        return wrong("its content has " + std::to_string(got) + " bytes, the table says " +
                     std::to_string(part.bytes));
    }
    loaded_ = index;
    return {};
}

std::string CompressedSegment::read(std::uint64_t offset, std::span<std::byte> into) {
    risk::require(offset + into.size() <= bytes_, "a compressed segment is read within its bounds");
    while (!into.empty()) {
        const std::size_t index = offset / compressed_part_bytes;
        if (index != loaded_) {
            if (std::string error = load(index); !error.empty()) {
                return error;
            }
        }
        const std::size_t from = offset - parts_[index].offset;
        const std::size_t size = std::min(into.size(), content_.size() - from);
        std::memcpy(into.data(), content_.data() + from, size);
        into = into.subspan(size);
        offset += size;
    }
    return {};
}

SegmentCompressor::SegmentCompressor(int into, int level)
    : into_(into), context_(ZSTD_createCCtx()), packed_(ZSTD_compressBound(compressed_part_bytes)) {
    risk::require(context_ != nullptr, "memory to compress");
    auto* context = static_cast<ZSTD_CCtx*>(context_);
    risk::require(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) == 0 &&
                      ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) == 0,
                  "zstd has levels and checksums");
}

SegmentCompressor::~SegmentCompressor() {
    ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context_));
}

int SegmentCompressor::add(std::span<const std::byte> part) {
    risk::require(!part.empty() && part.size() <= compressed_part_bytes, "a part has 1 byte to 1 MiB");
    const std::size_t size = ZSTD_compress2(static_cast<ZSTD_CCtx*>(context_), packed_.data(), packed_.size(),
                                            part.data(), part.size());
    risk::require(ZSTD_isError(size) == 0, "there is room for what zstd makes of a part");
    table_.push_back(static_cast<std::uint32_t>(size));
    table_.push_back(static_cast<std::uint32_t>(part.size()));
    return write_all(into_, std::span<const std::byte>(packed_).first(size));
}

int SegmentCompressor::finish() {
    std::vector<std::byte> bytes;
    const auto put = [&bytes](std::uint32_t value) {
        const auto* from = reinterpret_cast<const std::byte*>(&value);
        bytes.insert(bytes.end(), from, from + sizeof value);
    };
    put(skippable_magic);
    put(static_cast<std::uint32_t>(table_.size() * sizeof(std::uint32_t) + footer_bytes));
    for (const std::uint32_t value : table_) {
        put(value);
    }
    put(static_cast<std::uint32_t>(table_.size() / 2));
    bytes.push_back(std::byte{0});  // the entries have no checksums of their own
    put(seekable_magic);
    return write_all(into_, bytes);
}

}  // namespace fairlead::audit
