// Where the log ends when power fails again before the first frame of a new segment is whole. Found by the
// simulator (seeds 1, 28 and 42 of tests/simulation): gateway and keeper took it for damage and did not
// start.
#include <catch2/catch.hpp>
#include <cstring>
#include <set>

#include "audit/recovery.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

constexpr std::size_t sector = 512;
constexpr std::size_t segment_sectors = 32;
constexpr std::size_t frame_sectors = 4;

class Segments {
  public:
    explicit Segments(std::size_t count) : disks_(count, std::vector<std::byte>(segment_sectors * sector)) {}
    [[nodiscard]] std::size_t segment_count() const { return disks_.size(); }
    [[nodiscard]] SegmentId segment_id(std::size_t index) const {
        SegmentId id{};
        id.fill(static_cast<std::uint8_t>(index + 1));
        return id;
    }
    [[nodiscard]] std::uint64_t segment_bytes(std::size_t) const { return segment_sectors * sector; }
    [[nodiscard]] std::string segment_name(std::size_t index) const { return std::to_string(index); }
    [[nodiscard]] bool segment_cut(std::size_t) const { return false; }
    [[nodiscard]] bool segment_noted(std::size_t index) const { return noted_.count(index) != 0; }
    void note(std::size_t index) { noted_.insert(index); }
    [[nodiscard]] bool read(std::size_t index, std::uint64_t offset, std::span<std::byte> into) const {
        std::memcpy(into.data(), disks_[index].data() + offset, into.size());
        return true;
    }
    [[nodiscard]] std::string error() const { return {}; }

    // The next frame, of one record that fills frame_sectors; `whole_sectors` of it reach the disk.
    void write(std::size_t index, std::size_t at_sector, FrameChain& chain,
               std::size_t whole_sectors = frame_sectors) {
        FrameBuilder builder(sector);
        builder.begin();
        FrameChain next = chain;
        const std::vector<std::byte> record = make_record(chain.records);
        RecordView view;
        REQUIRE(parse_record(record, view) == RecordFault::none);
        std::memcpy(builder.room().data(), record.data(), record.size());
        builder.take(view);
        const Bytes bytes = builder.finish(segment_id(index), next, chain.records.sequence, 0);
        REQUIRE(bytes.size() == frame_sectors * sector);
        std::memcpy(disks_[index].data() + at_sector * sector, bytes.data(), whole_sectors * sector);
        if (whole_sectors == frame_sectors) {
            chain = next;
        }
    }
    void seal(std::size_t index, std::size_t at_sector, FrameChain& chain) {
        FrameBuilder builder(sector);
        builder.begin();
        const Bytes bytes = builder.finish(segment_id(index), chain, chain.records.sequence, 0);
        std::memcpy(disks_[index].data() + at_sector * sector, bytes.data(), bytes.size());
    }
    void rot(std::size_t index, std::size_t at_sector) {
        disks_[index][at_sector * sector + 200] ^= std::byte{1};
    }

  private:
    static std::vector<std::byte> make_record(const ChainEnd& before) {
        constexpr std::size_t text_bytes = 1'600;
        RecordHeader header;
        header.kind = static_cast<std::uint16_t>(risk::RecordKind::tick);
        header.length = static_cast<std::uint32_t>(sizeof header + section_bytes(text_bytes));
        header.sequence = before.sequence + 1;
        header.epoch = 1;
        header.prev_crc = before.crc;
        header.monotonic_ns = before.monotonic_ns + 1;
        header.sections = 1;
        SectionHeader section;
        section.kind = 1;
        section.length = text_bytes;
        std::vector<std::byte> bytes(header.length);
        std::memset(bytes.data() + sizeof header + sizeof section, 0x41, text_bytes);
        std::memcpy(bytes.data(), &header, sizeof header);
        std::memcpy(bytes.data() + sizeof header, &section, sizeof section);
        const std::uint32_t crc = record_crc(bytes);
        std::memcpy(bytes.data() + offsetof(RecordHeader, crc), &crc, sizeof crc);
        return bytes;
    }

    std::vector<std::vector<std::byte>> disks_;
    std::set<std::size_t> noted_;
};

JournalEnd end_of(Segments& segments, std::size_t& began_in, risk::Sequence floor = 0) {
    FrameChain chain;
    REQUIRE(recovery_start(segments, began_in, chain, sector));
    RecoveryLimits limits;
    limits.floor = floor;
    limits.write_bytes_max = frame_sectors * sector;
    return find_end(segments, began_in, chain, limits, sector);
}

// The log ends behind its first record, and the last write that was torn stands at the start of `segment`.
void check_torn_start(const JournalEnd& end, std::size_t segment) {
    CHECK(end.kind == EndKind::torn_tail);
    CHECK(end.chain.records.sequence == 1);
    CHECK(end.segment == segment);
    CHECK(end.offset == 0);
    CHECK(end.torn_bytes > 0);
}

}  // namespace

TEST_CASE("a_segment_torn_in_its_first_write_behind_a_torn_tail_is_the_end_and_no_damage") {
    for (const std::size_t torn_in_a_row : {1U, 2U, 5U}) {
        Segments segments(torn_in_a_row + 2);
        FrameChain chain;
        segments.write(0, 0, chain);
        segments.write(0, frame_sectors, chain, 2);
        for (std::size_t later = 1; later <= torn_in_a_row; ++later) {
            segments.write(later, 0, chain, later % frame_sectors == 0 ? 1 : later % frame_sectors);
        }
        std::size_t began_in = 9;
        const JournalEnd end = end_of(segments, began_in);
        INFO(torn_in_a_row << " " << end.text);
        check_torn_start(end, torn_in_a_row);
        CHECK(began_in == 0);
        CHECK(end_of(segments, began_in, 2).kind == EndKind::damage);  // the floor still holds
    }
}

// Seed 1796266522002677: a write failed and had left a whole frame; the first write of the next segment
// failed too.
TEST_CASE("a_first_write_torn_behind_a_segment_its_writer_has_left_is_the_end_and_no_damage") {
    for (const std::size_t torn_in_a_row : {1U, 2U, 5U}) {
        Segments segments(torn_in_a_row + 2);
        FrameChain chain;
        segments.write(0, 0, chain);
        for (std::size_t later = 1; later <= torn_in_a_row; ++later) {
            segments.write(later, 0, chain, later % frame_sectors == 0 ? 1 : later % frame_sectors);
        }
        std::size_t began_in = 9;
        // Nobody has left the first one: the next is not begun behind a clean end.
        CHECK(end_of(segments, began_in).kind == EndKind::damage);
        segments.note(0);
        const JournalEnd end = end_of(segments, began_in);
        INFO(torn_in_a_row << " " << end.text);
        check_torn_start(end, torn_in_a_row);
        CHECK(end_of(segments, began_in, 2).kind == EndKind::damage);  // the floor still holds
    }
}

// Its first write failed and left nothing, and the first write behind it is torn.
TEST_CASE("a_torn_segment_behind_an_empty_one_its_writer_has_left_is_the_end_and_no_damage") {
    Segments segments(4);
    FrameChain chain;
    segments.write(0, 0, chain);
    segments.note(0);
    segments.note(1);
    segments.write(2, 0, chain, 3);
    std::size_t began_in = 9;
    const JournalEnd end = end_of(segments, began_in);
    INFO(end.text);
    check_torn_start(end, 2);
}

TEST_CASE("what_proves_that_more_was_durable_is_damage_behind_a_segment_its_writer_has_left_too") {
    Segments segments(3);
    FrameChain chain;
    segments.write(0, 0, chain);
    segments.note(0);
    segments.write(1, 0, chain);
    segments.write(1, frame_sectors, chain);
    std::size_t began_in = 9;
    CHECK(end_of(segments, began_in).chain.records.sequence == 3);
    segments.rot(1, 2);
    CHECK(end_of(segments, began_in).kind == EndKind::damage);
}

TEST_CASE("recovery_does_not_begin_in_a_segment_whose_first_frame_was_never_whole") {
    Segments segments(5);
    FrameChain chain;
    segments.write(0, 0, chain);
    segments.write(0, frame_sectors, chain, 3);
    segments.write(1, 0, chain, 3);  // its header is whole, the frame is not
    segments.write(2, 0, chain, 2);
    segments.write(3, 0, chain);
    std::size_t began_in = 9;
    const JournalEnd end = end_of(segments, began_in);
    INFO(end.text);
    CHECK(end.kind == EndKind::clean);
    CHECK(end.chain.records.sequence == 2);
    CHECK(end.segment == 3);
    CHECK(began_in == 0);
}

// Seed 4011: what followed did not join the record before.
TEST_CASE("segments_of_seals_alone_do_not_hide_what_the_next_record_must_join") {
    Segments segments(5);
    FrameChain chain;
    segments.write(0, 0, chain);
    segments.write(1, 0, chain);
    for (const std::size_t sealed : {2U, 3U}) {
        segments.seal(sealed, 0, chain);
    }
    std::size_t began_in = 9;
    const JournalEnd end = end_of(segments, began_in);
    INFO(end.text);
    CHECK(end.kind == EndKind::clean);
    CHECK(end.segment == 3);
    CHECK(end.chain.records.crc == chain.records.crc);
    CHECK(end.chain.records.monotonic_ns == chain.records.monotonic_ns);
}

TEST_CASE("a_durable_first_frame_that_rots_is_damage_wherever_recovery_begins") {
    Segments segments(5);
    FrameChain chain;
    segments.write(0, 0, chain);
    segments.write(0, frame_sectors, chain, 2);
    segments.write(1, 0, chain);
    segments.write(1, frame_sectors, chain, 2);
    segments.write(2, 0, chain);
    segments.rot(1, 2);
    std::size_t began_in = 9;
    CHECK(end_of(segments, began_in).kind == EndKind::damage);
}

// Seed 692: two segments the device refused stood between, and the journal passed as ending before them.
TEST_CASE("empty_segments_do_not_hide_that_a_frame_behind_them_was_durable") {
    for (const std::size_t empty : {1U, 2U}) {
        Segments segments(empty + 4);
        FrameChain chain;
        segments.write(0, 0, chain);
        segments.write(empty + 1, 0, chain);
        segments.write(empty + 1, frame_sectors, chain);
        std::size_t began_in = 9;
        CHECK(end_of(segments, began_in).chain.records.sequence == 3);
        segments.rot(empty + 1, 2);
        CHECK(end_of(segments, began_in).kind == EndKind::damage);
    }
}
