// Frames: what the keeper writes to disk in one synchronous write, and how one is checked. Building and
// checking stand side by side, so that neither can drift from the format. Knows no file and no disk.
#pragma once

#include <vector>

#include "audit/hash.hpp"

namespace fairlead::audit {

// What the next frame must be: which segment, which number, which link, behind which record.
struct FrameChain {
    std::uint64_t number = 1;
    Hash link{};  // of the frame to come; all zero for frame 1
    ChainEnd records;
    // True: nothing before is known; the first frame is taken at its word for number, link and chain.
    bool anchor = false;
};

enum class FrameFault : std::uint8_t {
    none = 0,
    too_short,
    magic,
    version,
    segment_id,
    header_crc,
    number,
    size,  // payload larger than a frame or the segment's rest, count against payload, padding
    payload_crc,
    link,
    first_sequence,
    epoch,
    record,  // see FrameCheck::record_fault
};
[[nodiscard]] const char* describe(FrameFault fault) noexcept;

struct FrameCheck {
    FrameFault fault = FrameFault::none;
    RecordFault record_fault = RecordFault::none;
    std::size_t disk_bytes = 0;  // the frame with its padding, when its header is sound
    FrameHeader header;
};

// Header alone: magic, version, segment id, header CRC. Enough to say "a frame of this segment is here".
[[nodiscard]] FrameFault check_frame_header(Bytes bytes, const SegmentId& segment,
                                            FrameHeader& into) noexcept;
[[nodiscard]] constexpr std::size_t frame_disk_bytes(const FrameHeader& header, std::size_t block) noexcept {
    return round_up(sizeof(FrameHeader) + header.payload_bytes, block);
}

class LeafPool;

class FrameChecker {
  public:
    // block: 4096 on disk; the model of recovery uses smaller ones.
    explicit FrameChecker(std::size_t block = block_bytes) : block_(block) { leaves_.reserve(1024); }
    // Checks the frame at the front of `bytes` (which may be longer) against `chain` and, if all holds,
    // moves `chain` behind it. Records, if given, receives its records; spans point into `bytes`.
    [[nodiscard]] FrameCheck check(Bytes bytes, const SegmentId& segment, FrameChain& chain,
                                   std::vector<RecordView>* records = nullptr);
    // Leaf hashes of the frame checked last.
    [[nodiscard]] std::span<const Hash> leaves() const noexcept { return leaves_; }
    [[nodiscard]] std::size_t block() const noexcept { return block_; }
    // Leaf hashes that are there already are taken from it.
    void use(LeafPool* pool) noexcept { pool_ = pool; }

  private:
    std::size_t block_;
    LeafPool* pool_ = nullptr;
    Sha256Hasher hasher_;
    std::vector<Hash> leaves_;
};

// Packs checked records into one frame. The buffer is aligned to 4096 for direct writes.
class FrameBuilder {
  public:
    explicit FrameBuilder(std::size_t block = block_bytes);
    ~FrameBuilder();
    FrameBuilder(const FrameBuilder&) = delete;
    FrameBuilder& operator=(const FrameBuilder&) = delete;

    void begin() noexcept;
    // Where the next record's bytes are to be copied; empty once a largest record would not fit.
    [[nodiscard]] std::span<std::byte> room() noexcept;
    // The record copied into room() has been checked and belongs to the frame.
    void take(const RecordView& record) noexcept;
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t payload_bytes() const noexcept { return used_; }
    // Leaf hashes of the records taken.
    [[nodiscard]] std::span<const Hash> leaves() const noexcept { return leaves_; }
    // Completes header and padding for `chain`, and moves `chain` behind the frame. With no records it
    // is a seal. The result stays good until begin.
    [[nodiscard]] Bytes finish(const SegmentId& segment, FrameChain& chain, risk::Sequence synced,
                               std::uint16_t flags) noexcept;

  private:
    std::size_t block_;
    std::byte* buffer_;
    std::size_t used_ = 0;
    std::uint32_t count_ = 0;
    risk::Sequence first_sequence_ = 0;
    ChainEnd last_;
    Sha256Hasher hasher_;
    std::vector<Hash> leaves_;
};

[[nodiscard]] bool all_zero(Bytes bytes) noexcept;

}  // namespace fairlead::audit
