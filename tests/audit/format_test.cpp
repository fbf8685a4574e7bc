// The format's numbers: the golden vector of the specification, the two ways to sum, what a reader of
// bytes refuses.
#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>
#include <iterator>

#include "audit/crc32c.hpp"
#include "audit/frame.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

// Record s of the golden vector, built from the specification's words, not by the writer under test.
std::vector<std::byte> golden_record(std::uint64_t s, std::uint32_t previous_crc) {
    RecordHeader header;
    header.kind = 0x20;
    header.length = 160;
    header.sequence = s;
    header.epoch = 1;
    header.prev_crc = previous_crc;
    header.utc_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(s);
    header.monotonic_ns = static_cast<std::int64_t>(1000 * s);
    header.session = 7;
    header.sections = 2;
    std::vector<std::byte> bytes(160);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::size_t at = sizeof header;
    for (std::uint16_t k = 1; k <= 2; ++k) {
        const std::string text = "section" + std::to_string(k) + " of " + std::to_string(s);
        SectionHeader section;
        section.kind = k;
        section.length = static_cast<std::uint16_t>(text.size());
        section.salt.fill(static_cast<std::uint8_t>(k));
        std::memcpy(bytes.data() + at, &section, sizeof section);
        std::memcpy(bytes.data() + at + sizeof section, text.data(), text.size());
        at += section_bytes(text.size());
    }
    const std::uint32_t crc = record_crc(bytes);
    std::memcpy(bytes.data() + offsetof(RecordHeader, crc), &crc, sizeof crc);
    return bytes;
}

std::vector<std::byte> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

std::vector<std::byte> golden_frames() {
    FrameBuilder builder;
    FrameChain chain;
    SegmentId id{};
    id.fill(0x5A);
    std::vector<std::byte> all;
    const auto add = [&all](Bytes frame) { all.insert(all.end(), frame.begin(), frame.end()); };
    std::uint32_t crc = 0;
    for (std::uint64_t s = 1; s <= 5; ++s) {
        const std::vector<std::byte> record = golden_record(s, crc);
        RecordView view;
        REQUIRE(parse_record(record, view) == RecordFault::none);
        crc = view.header.crc;
        std::memcpy(builder.room().data(), record.data(), record.size());
        builder.take(view);
        if (s == 2 || s == 5) {
            add(builder.finish(id, chain, chain.records.sequence, 0));
            builder.begin();
        }
    }
    add(builder.finish(id, chain, chain.records.sequence, 0));
    return all;
}

}  // namespace

TEST_CASE("leaf_of_the_golden_record_is_the_published_hash") {
    const std::vector<std::byte> record = golden_record(1, 0);
    RecordView view;
    REQUIRE(parse_record(record, view) == RecordFault::none);
    Sha256Hasher hasher;
    CHECK(to_hex(leaf_hash(hasher, view)) ==
          "9b7679e1c87f95c1fe860f315eb701c78f11bf6b075fa8bc14e78888bd3c630b");
}

TEST_CASE("crc32c_has_its_published_check_value_by_instruction_and_by_table") {
    const std::string text = "123456789";
    const Bytes bytes = std::as_bytes(std::span(text));
    CHECK(crc32c(bytes) == 0xE3069283U);
    CHECK(crc_end(crc_by_table(crc_begin, bytes)) == 0xE3069283U);
    const std::string longer(1031, 'x');
    CHECK(crc32c(std::as_bytes(std::span(longer))) ==
          crc_end(crc_by_table(crc_begin, std::as_bytes(std::span(longer)))));
}

TEST_CASE("golden_segment_of_version_1_is_written_and_read_byte_for_byte") {
    const std::vector<std::byte> built = golden_frames();
    const std::vector<std::byte> kept = read_file(FAIRLEAD_GOLDEN "/journal-version-1.frames");
    CHECK(built.size() == 3 * block_bytes);
    REQUIRE(kept == built);
    SegmentId id{};
    id.fill(0x5A);
    FrameChecker checker;
    FrameChain chain;
    std::size_t at = 0;
    for (int frame = 0; frame < 3; ++frame) {
        const FrameCheck check = checker.check(Bytes(kept).subspan(at), id, chain);
        REQUIRE(check.fault == FrameFault::none);
        at += check.disk_bytes;
    }
    CHECK(chain.records.sequence == 5);
    CHECK(chain.number == 4);
}

TEST_CASE("every_flipped_bit_of_a_record_is_refused") {
    std::vector<std::byte> record = golden_record(1, 0);
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        record[bit / 8] ^= std::byte{1} << (bit % 8);
        RecordView view;
        CHECK(parse_record(record, view) != RecordFault::none);
        record[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST_CASE("every_flipped_bit_of_a_frame_is_refused_padding_included") {
    std::vector<std::byte> frames = golden_frames();
    SegmentId id{};
    id.fill(0x5A);
    FrameChecker checker;
    for (std::size_t bit = 0; bit < block_bytes * 8; ++bit) {
        frames[bit / 8] ^= std::byte{1} << (bit % 8);
        FrameChain chain;
        CHECK(checker.check(frames, id, chain).fault != FrameFault::none);
        frames[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST_CASE("a_frame_is_as_long_as_a_write_at_most") {
    std::vector<std::byte> frame = golden_frames();
    frame.resize(frame_bytes_max + 2 * block_bytes);
    SegmentId id{};
    id.fill(0x5A);
    const auto fault_with = [&](std::size_t payload) {
        FrameHeader header;
        std::memcpy(&header, frame.data(), sizeof header);
        header.record_count = 3;  // one more than there are
        header.payload_bytes = static_cast<std::uint32_t>(payload);
        header.payload_crc = crc32c(Bytes(frame).subspan(sizeof header, payload));
        std::memcpy(frame.data(), &header, sizeof header);
        header.header_crc = crc32c(Bytes(frame).first(offsetof(FrameHeader, header_crc)));
        std::memcpy(frame.data(), &header, sizeof header);
        FrameChecker checker;
        FrameChain chain;
        return checker.check(frame, id, chain).fault;
    };
    CHECK(fault_with(frame_payload_max + 16) == FrameFault::size);
    // Of a length that may be; its third record is none.
    CHECK(fault_with(frame_payload_max) == FrameFault::record);
}

TEST_CASE("record_is_refused_by_the_rule_it_breaks") {
    struct Row {
        const char* name;
        std::size_t offset;
        std::uint8_t value;
        RecordFault fault;
    };
    const Row rows[] = {
        {"magic", 0, 0, RecordFault::magic},
        {"version 2", 4, 2, RecordFault::version},
        {"unknown type 11", 6, 11, RecordFault::kind},
        {"length not a multiple of 16", 8, 161, RecordFault::length},
        {"length beyond the bytes", 8, 176, RecordFault::too_short},
        {"five sections", 62, 5, RecordFault::sections},
        {"one section too few", 62, 1, RecordFault::sections},
        {"section kind 5", 64 + 48, 5, RecordFault::sections},
        {"section kinds out of order", 64, 2, RecordFault::sections},
        {"padding not zero", 64 + 47, 1, RecordFault::sections},
        {"last section longer than the record", 64 + 48 + 2, 40, RecordFault::sections},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        std::vector<std::byte> record = golden_record(1, 0);
        record[row.offset] = std::byte{row.value};
        const std::uint32_t crc = record_crc(record);
        std::memcpy(record.data() + offsetof(RecordHeader, crc), &crc, sizeof crc);
        RecordView view;
        CHECK(parse_record(record, view) == row.fault);
    }
}

TEST_CASE("record_that_does_not_continue_the_chain_is_refused_by_rule") {
    const ChainEnd before{10, 77, 3, 500, 1000};
    RecordHeader good;
    good.kind = 0x20;
    good.sequence = 11;
    good.prev_crc = 77;
    good.epoch = 3;
    good.monotonic_ns = 1000;
    struct Row {
        const char* name;
        void (*change)(RecordHeader&);
        RecordFault fault;
    };
    const Row rows[] = {
        {"continues", [](RecordHeader&) {}, RecordFault::none},
        {"utc may step back", [](RecordHeader& h) { h.utc_ns = 1; }, RecordFault::none},
        {"gap", [](RecordHeader& h) { h.sequence = 12; }, RecordFault::sequence},
        {"repeat", [](RecordHeader& h) { h.sequence = 10; }, RecordFault::sequence},
        {"other record before", [](RecordHeader& h) { h.prev_crc = 78; }, RecordFault::previous_crc},
        {"epoch falls", [](RecordHeader& h) { h.epoch = 2; }, RecordFault::epoch},
        {"time falls", [](RecordHeader& h) { h.monotonic_ns = 999; }, RecordFault::monotonic_time},
        {"time falls at a start",
         [](RecordHeader& h) {
             h.monotonic_ns = 0;
             h.kind = static_cast<std::uint16_t>(risk::RecordKind::start);
         },
         RecordFault::none},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        RecordHeader header = good;
        row.change(header);
        ChainEnd chain = before;
        CHECK(advance(chain, header) == row.fault);
        CHECK((chain == before) == (row.fault != RecordFault::none));
    }
}

TEST_CASE("salts_differ_by_sequence_kind_and_key_and_stay_for_the_same") {
    SaltSource salts;
    const Salt first = salts.salt(1, SectionKind::facts);
    CHECK(first == salts.salt(1, SectionKind::facts));
    CHECK(first != salts.salt(1, SectionKind::person));
    CHECK(first != salts.salt(2, SectionKind::facts));
    CHECK(salts.salt(1000, SectionKind::facts) != first);
    CHECK(salts.salt(1, SectionKind::facts) == first);
    salts.change_key();
    CHECK(salts.salt(1, SectionKind::facts) != first);
}
