// CompressedSegment: a sealed segment under zstd, readable at any offset in bounded memory. The file is the
// seekable format of zstd (independent frames of at most 1 MiB of content, each with its checksum, and a
// table of their sizes in a skippable frame at the end), so that `zstd -d` gives the segment back byte for
// byte. Made by `fairlead journal compress`, read by SegmentDirectory. Believes no number of the file before
// it is checked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/mapped_file.hpp"

namespace fairlead::audit {

inline constexpr std::string_view compressed_end = ".zst";
inline constexpr std::size_t compressed_part_bytes = 1 << 20;

class CompressedSegment {
  public:
    CompressedSegment();
    ~CompressedSegment();
    CompressedSegment(CompressedSegment&&) noexcept;
    CompressedSegment& operator=(CompressedSegment&&) noexcept;

    // Reads the table. Empty text: open. The error names the file and what is wrong with it.
    [[nodiscard]] std::string open(const std::string& path);
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // of the segment, not compressed
    // Reads no further than bytes(). Empty text: done.
    [[nodiscard]] std::string read(std::uint64_t offset, std::span<std::byte> into);

  private:
    struct Part {
        std::uint64_t file_offset = 0;
        std::uint32_t file_bytes = 0;
        std::uint64_t offset = 0;  // of its content in the segment
        std::uint32_t bytes = 0;
    };
    struct Free {
        void operator()(void* context) const noexcept;
    };
    [[nodiscard]] std::string load(std::size_t part);

    std::string path_;
    Descriptor file_;
    std::vector<Part> parts_;
    std::uint64_t bytes_ = 0;
    std::unique_ptr<void, Free> context_;
    std::size_t loaded_ = SIZE_MAX;  // the part whose content is in content_
    std::vector<std::byte> packed_;
    std::vector<std::byte> content_;
};

// Writes such a file, part by part, and its table at the end. The destination's durability is the caller's.
class SegmentCompressor {
  public:
    // level: of zstd, 1 to 19. `into` stays the caller's.
    SegmentCompressor(int into, int level);
    ~SegmentCompressor();
    SegmentCompressor(const SegmentCompressor&) = delete;
    SegmentCompressor& operator=(const SegmentCompressor&) = delete;
    // At most compressed_part_bytes, at least one. 0, or errno.
    [[nodiscard]] int add(std::span<const std::byte> part);
    // 0, or errno.
    [[nodiscard]] int finish();

  private:
    int into_;
    void* context_;
    std::vector<std::byte> packed_;
    std::vector<std::uint32_t> table_;
};

}  // namespace fairlead::audit
