// The journal's bytes, format version 1: record header, section header, frame header, and their sizes
// and numbers. FORMAT.md is the same in words. Not how they are written (front, keeper) nor how they
// are checked (frame, journal_reader). Used by everything in audit/.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "risk/record.hpp"

namespace fairlead::audit {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

inline constexpr std::uint16_t format_version = 1;
inline constexpr std::uint32_t record_magic = 0x31524C46;  // "FLR1"
inline constexpr std::uint32_t frame_magic = 0x31464C46;   // "FLF1"
inline constexpr std::size_t record_bytes_max = 32'768;
inline constexpr std::size_t record_alignment = 16;
inline constexpr std::size_t sections_max = 4;
inline constexpr std::size_t salt_bytes = 16;
// Frames begin on a new block, so that no durable sector is ever written again.
inline constexpr std::size_t block_bytes = 4096;
// The whole frame on disk, header and padding included. Also how far a torn write can reach.
inline constexpr std::size_t frame_bytes_max = 262'144;

using Salt = std::array<std::uint8_t, salt_bytes>;
using Hash = risk::Sha256;
using SegmentId = std::array<std::uint8_t, 16>;

enum : std::uint16_t {
    level_flag_mask = 3,       // durability level in force: 0 process, 1 disk, 2 replica
    secrets_masked_flag = 4,   // section 3 holds a message with its secrets masked
    in_doubt_flag = 8,         // about a command in doubt
    replayed_input_flag = 16,  // made from replayed input
};

struct RecordHeader {
    std::uint32_t magic = record_magic;
    std::uint16_t version = format_version;
    std::uint16_t kind = 0;      // risk::RecordKind; an unknown one fails the check, never skipped
    std::uint32_t length = 0;    // header to end, multiple of 16
    std::uint32_t crc = 0;       // CRC-32C over bytes 0-11 and 16-length
    std::uint64_t sequence = 0;  // from 1, +1, never reset in the journal's life
    std::uint32_t epoch = 0;     // fencing number, never falls
    std::uint32_t prev_crc = 0;  // `crc` of the record before: the accident chain
    std::int64_t utc_ns = 0;
    std::int64_t monotonic_ns = 0;
    std::uint64_t cause = 0;
    std::uint32_t session = 0;
    std::uint16_t flags = 0;
    std::uint16_t sections = 0;
};

enum class SectionKind : std::uint16_t {
    facts = 1,     // public facts: symbol, side, amounts
    person = 2,    // account, investor, user, address
    received = 3,  // the bytes as received, secrets masked
    decision = 4,  // risk::Answered: decision and routing
};

// Followed by `length` bytes, then zeros until header and bytes together are a multiple of 16.
struct SectionHeader {
    std::uint16_t kind = 0;
    std::uint16_t length = 0;
    std::uint32_t zero = 0;
    Salt salt{};
};

enum : std::uint16_t {
    seal_flag = 1,             // no records; its synced_seq vouches for everything before it
    encrypted_flag = 2,        // reserved, never set in version 1
    last_of_segment_flag = 4,  // the next frame is the first of the next segment
};

struct FrameHeader {
    std::uint32_t magic = frame_magic;
    std::uint16_t version = format_version;
    std::uint16_t flags = 0;
    SegmentId segment_id{};            // random: stale or forged frames cannot pass
    std::uint64_t frame_number = 0;    // from 1, +1, across segments
    std::uint64_t first_sequence = 0;  // of its records; of a seal: the next sequence to come
    std::uint32_t record_count = 0;
    std::uint32_t payload_bytes = 0;
    std::uint64_t synced_seq = 0;  // highest sequence known durable when this frame was made
    std::uint32_t epoch = 0;       // of its last record; of a seal: of the last record before it
    std::uint32_t payload_crc = 0;
    Hash link{};  // SHA-256(0x02 || previous link || leaf hashes of the previous frame); first frame: 0
    std::array<std::uint8_t, 28> zero{};
    std::uint32_t header_crc = 0;  // CRC-32C of bytes 0-123
};

static_assert(risk::is_plain<RecordHeader> && sizeof(RecordHeader) == 64);
static_assert(risk::is_plain<SectionHeader> && sizeof(SectionHeader) == 24);
static_assert(risk::is_plain<FrameHeader> && sizeof(FrameHeader) == 128);
static_assert(offsetof(RecordHeader, crc) == 12 && offsetof(RecordHeader, sequence) == 16);
static_assert(offsetof(RecordHeader, utc_ns) == 32 && offsetof(RecordHeader, session) == 56);
static_assert(offsetof(FrameHeader, segment_id) == 8 && offsetof(FrameHeader, frame_number) == 24);
static_assert(offsetof(FrameHeader, synced_seq) == 48 && offsetof(FrameHeader, link) == 64);
static_assert(offsetof(FrameHeader, header_crc) == 124);

inline constexpr std::size_t frame_payload_max = frame_bytes_max - sizeof(FrameHeader);

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t multiple) noexcept {
    return (value + multiple - 1) / multiple * multiple;
}
// A section on disk, header and padding included.
[[nodiscard]] constexpr std::size_t section_bytes(std::size_t length) noexcept {
    return round_up(sizeof(SectionHeader) + length, record_alignment);
}

using Bytes = std::span<const std::byte>;

struct Section {
    SectionKind kind = SectionKind::facts;
    Salt salt{};
    Bytes bytes;
};

// A record taken apart. The spans point into the bytes it was read from.
struct RecordView {
    RecordHeader header;
    std::array<Section, sections_max> sections{};
    Bytes bytes;  // the whole record
    // Empty when the record has no such section.
    [[nodiscard]] Bytes section(SectionKind kind) const noexcept {
        for (std::size_t i = 0; i < header.sections && i < sections_max; ++i) {
            if (sections[i].kind == kind) {
                return sections[i].bytes;
            }
        }
        return {};
    }
};

// Which rule of the format a record breaks.
enum class RecordFault : std::uint8_t {
    none = 0,
    too_short,  // fewer bytes than a header, or than the header's length
    magic,
    version,
    kind,    // no such record type
    length,  // not a multiple of 16, below 64 or above 32,768
    crc,
    sections,        // count, kinds, lengths or padding do not fit the record
    sequence,        // not the previous plus one
    previous_crc,    // does not name the record before
    epoch,           // fell
    monotonic_time,  // fell without a start
};
[[nodiscard]] const char* describe(RecordFault fault) noexcept;

// What stands before a record: what its sequence, prev_crc, epoch and times are checked against.
struct ChainEnd {
    risk::Sequence sequence = 0;
    std::uint32_t crc = 0;
    std::uint32_t epoch = 0;
    risk::UtcNs utc_ns = 0;
    risk::MonotonicNs monotonic_ns = 0;
    friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};

[[nodiscard]] bool is_known_kind(std::uint16_t kind) noexcept;
[[nodiscard]] std::uint32_t record_crc(Bytes record) noexcept;
// Reads the record at the front of `bytes`: magic, version, kind, length, crc, sections.
[[nodiscard]] RecordFault parse_record(Bytes bytes, RecordView& into) noexcept;
// The same from a copy that has been checked before: takes the sections apart, no crc.
[[nodiscard]] RecordFault split_sections(RecordView& view) noexcept;
// Whether the record may stand behind `before`; if so, `before` becomes this record.
[[nodiscard]] RecordFault advance(ChainEnd& before, const RecordHeader& header) noexcept;

}  // namespace fairlead::audit
