// ReadAhead gives what JournalReader gives: records, leaves, places, end.
#include "audit/examine/read_ahead.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include "small_gateway.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Records of many sizes, several batches of them.
void fill(SmallGateway& gateway, int count) {
    gateway.step(risk::Start(), risk::RecordKind::start);
    for (int i = 0; i < count; ++i) {
        if (i % 3 == 0) {
            gateway.step(risk::LogonAttempt(), risk::RecordKind::logon_attempt);
        } else {
            gateway.step(risk::Logout(), risk::RecordKind::logout);
        }
        if (i % 500 == 499) {
            gateway.keep();  // the front has room for no more
        }
    }
    gateway.keep();
}

struct Seen {
    std::vector<std::vector<std::byte>> records;
    std::vector<std::byte> sections;
    std::vector<Hash> leaves;
    std::vector<std::string> places;
    ReadStatus end = ReadStatus::record;

    void take(const RecordView& view, const ReadPlace& place) {
        records.emplace_back(view.bytes.begin(), view.bytes.end());
        for (std::size_t i = 0; i < view.header.sections; ++i) {
            const Bytes bytes = view.sections[i].bytes;
            sections.insert(sections.end(), bytes.begin(), bytes.end());
        }
        places.push_back(place.segment + " " + std::to_string(place.offset) + " " +
                         std::to_string(place.frame) + " " + std::to_string(place.sequence));
    }
    bool operator==(const Seen&) const = default;
};

Seen plainly(const std::string& journal) {
    Seen seen;
    JournalReader reader;
    REQUIRE(reader.open(journal));
    RecordView view;
    while ((seen.end = reader.next(view)) == ReadStatus::record) {
        seen.take(view, reader.place());
        seen.leaves.push_back(reader.leaf());
    }
    return seen;
}

Seen ahead(const std::string& journal, std::size_t hashers = 1) {
    Seen seen;
    JournalReader reader;
    JournalPlace place(journal);
    place.hashers = hashers;
    REQUIRE(reader.open(place));
    std::vector<Hash> leaves;
    ReadAhead records(reader, [&leaves](const Hash& leaf) { leaves.push_back(leaf); });
    RecordView view;
    while ((seen.end = records.next(view)) == ReadStatus::record) {
        seen.take(view, records.place());
    }
    CHECK(records.next(view) == seen.end);
    seen.leaves = leaves;
    return seen;
}

}  // namespace

TEST_CASE("reading_ahead_gives_the_same_records_leaves_places_and_end") {
    const int count = GENERATE(0, 1, 20'000);
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    fill(gateway, count);
    const Seen plain = plainly(disk.path());
    CHECK(plain.records.size() == static_cast<std::size_t>(count) + 1);
    CHECK(plain.end == ReadStatus::end);
    SegmentDirectory segments;
    REQUIRE(segments.open(disk.path()).empty());
    CHECK(plain.places.front() == segments.segment_name(0) + " 0 1 1");
    for (const std::size_t hashers : {1U, 2U, 5U}) {
        INFO(hashers << " threads hash");
        CHECK((ahead(disk.path(), hashers) == plain));
    }
}

TEST_CASE("reading_ahead_stops_at_the_damage_where_reading_stops") {
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    fill(gateway, 9'000);
    std::set<std::filesystem::path> segments;
    for (const auto& entry : std::filesystem::directory_iterator(disk.path())) {
        if (entry.path().extension() == ".flj") {
            segments.insert(entry.path());
        }
    }
    REQUIRE(segments.size() > 1);
    const std::filesystem::path damaged = *std::next(segments.begin());
    std::filesystem::permissions(damaged, std::filesystem::perms::owner_all);
    std::fstream file(damaged, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(5'000);
    file.put('\x55');
    file.close();
    const Seen plain = plainly(disk.path());
    CHECK(plain.end == ReadStatus::damaged);
    CHECK(plain.records.size() > 1'000);
    for (const std::size_t hashers : {1U, 2U, 5U}) {
        INFO(hashers << " threads hash");
        CHECK((ahead(disk.path(), hashers) == plain));
    }
}

TEST_CASE("reading_ahead_ends_when_nobody_wants_more") {
    const TemporaryDirectory disk;
    SmallGateway gateway(disk.path());
    fill(gateway, 20'000);
    for (const int wanted : {0, 1, 5'000}) {
        JournalReader reader;
        JournalPlace place(disk.path());
        place.hashers = 3;
        REQUIRE(reader.open(place));
        ReadAhead records(reader, [](const Hash&) {});
        RecordView view;
        for (int i = 0; i < wanted; ++i) {
            REQUIRE(records.next(view) == ReadStatus::record);
        }
        CHECK((wanted == 0 || view.header.sequence == static_cast<risk::Sequence>(wanted)));
    }
}
