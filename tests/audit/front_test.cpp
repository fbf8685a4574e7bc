// The front: what it promises to its writer, to readers, and after the writer's death.
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "audit/journal_reader.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {
// Stands for the keeper: says that everything up to `sequence` is on disk.
void say_synced(const std::string& front, risk::Sequence sequence) {
    MarkResult mark = open_mark(front, true);
    REQUIRE(mark.error.empty());
    reinterpret_cast<KeeperMarkPage*>(mark.map.data())->synced.store(sequence);
}
}  // namespace

TEST_CASE("records_are_read_back_from_the_front_as_they_were_appended") {
    const TemporaryDirectory directory("/dev/shm");
    auto opened = Front::open(small_front(directory.path()));
    REQUIRE(opened.error == "");
    CHECK_FALSE(opened.resumed);
    for (risk::Sequence s = 1; s <= 500; ++s) {
        REQUIRE(opened.front->has_room());
        append_sample(*opened.front, s);
    }
    CHECK(opened.front->published() == 500);
    FrontReader reader;
    REQUIRE(reader.attach(directory.path()) == "");
    REQUIRE(reader.seek(1));
    std::vector<std::byte> buffer(record_bytes_max);
    RecordView view;
    for (risk::Sequence s = 1; s <= 500; ++s) {
        REQUIRE(reader.next(buffer, view) == ReadStatus::record);
        REQUIRE(view.header.sequence == s);
        REQUIRE(is_sample(view));
    }
    CHECK(reader.next(buffer, view) == ReadStatus::end);
    REQUIRE(reader.seek(333));
    REQUIRE(reader.next(buffer, view) == ReadStatus::record);
    CHECK(view.header.sequence == 333);
    CHECK_FALSE(reader.seek(502));
    CHECK_FALSE(reader.seek(0));
}

TEST_CASE("records_without_facts_fill_a_segment_to_its_last_byte_and_are_read_back") {
    const TemporaryDirectory directory("/dev/shm");
    auto opened = Front::open(small_front(directory.path()));
    REQUIRE(opened.error == "");
    constexpr risk::Sequence records = 3 * (256 * 1024 / sizeof(RecordHeader));
    risk::Record record;
    record.kind = risk::RecordKind::day_close;
    for (record.sequence = 1; record.sequence <= records; ++record.sequence) {
        REQUIRE(opened.front->has_room(sizeof(RecordHeader)));
        REQUIRE(opened.front->append(record, {}, {}, {}, {}) == sizeof(RecordHeader));
    }
    FrontReader reader;
    REQUIRE(reader.attach(directory.path()) == "");
    REQUIRE(reader.seek(1));
    std::vector<std::byte> buffer(record_bytes_max);
    RecordView view;
    for (risk::Sequence s = 1; s <= records; ++s) {
        INFO("record " << s << ": " << reader.error());
        REQUIRE(reader.next(buffer, view) == ReadStatus::record);
        REQUIRE(view.header.sequence == s);
    }
    CHECK(reader.next(buffer, view) == ReadStatus::end);
}

TEST_CASE("decision_and_person_come_back_in_their_sections") {
    const TemporaryDirectory directory("/dev/shm");
    auto opened = Front::open(small_front(directory.path()));
    REQUIRE(opened.ok());
    risk::NewOrder order;
    order.record.sequence = 1;
    order.record.kind = risk::RecordKind::new_order;
    order.facts.quantity = 2000;
    order.person.user = risk::UserName("amy");
    risk::Answered answered;
    answered.decision.sequence = 1;
    answered.routing.line_number = 42;
    const std::string raw = "8=FIX.4.4|";
    opened.front->append(order, std::as_bytes(std::span(raw)), &answered);
    FrontReader reader;
    REQUIRE(reader.attach(directory.path()) == "");
    REQUIRE(reader.seek(1));
    std::vector<std::byte> buffer(record_bytes_max);
    RecordView view;
    REQUIRE(reader.next(buffer, view) == ReadStatus::record);
    RecordStorage storage;
    const risk::Record* record = materialize(view, storage);
    REQUIRE(record != nullptr);
    CHECK(std::memcmp(record, &order, sizeof order) == 0);
    CHECK(view.section(SectionKind::received).size() == raw.size());
    const Bytes decision = view.section(SectionKind::decision);
    REQUIRE(decision.size() == sizeof answered);
    CHECK(std::memcmp(decision.data(), &answered, sizeof answered) == 0);
}

TEST_CASE("front_has_no_room_until_the_keeper_has_synced_its_oldest_segment") {
    const TemporaryDirectory directory("/dev/shm");
    auto opened = Front::open(small_front(directory.path()));
    REQUIRE(opened.ok());
    Front& front = *opened.front;
    risk::Sequence s = 0;
    while (front.has_room()) {
        append_sample(front, ++s);
    }
    CHECK(front.lag_bytes() > 3 * 256 * 1024);
    CHECK(front.fill_permille() == 1000);
    FrontReader reader;
    REQUIRE(reader.attach(directory.path()) == "");
    REQUIRE(reader.seek(1));
    say_synced(directory.path(), 5);
    CHECK_FALSE(front.has_room());
    say_synced(directory.path(), s);
    CHECK(front.has_room());
    CHECK(front.lag_bytes() == 0);
    while (s < 20000 && front.has_room()) {
        append_sample(front, ++s);
        say_synced(directory.path(), s);
    }
    CHECK(s == 20000);
    // The reader at record 1 has been overtaken, and is told so instead of being given other bytes.
    std::vector<std::byte> buffer(record_bytes_max);
    RecordView view;
    CHECK(reader.next(buffer, view) == ReadStatus::overtaken);
    CHECK_FALSE(reader.seek(1));
    REQUIRE(reader.seek(s));
    REQUIRE(reader.next(buffer, view) == ReadStatus::record);
    CHECK(is_sample(view));
}

TEST_CASE("second_writer_of_a_front_or_of_a_journal_is_refused") {
    const TemporaryDirectory directory("/dev/shm");
    auto first = Front::open(small_front(directory.path() + "/a", directory.path() + "/journal"));
    REQUIRE(first.ok());
    auto same_front = Front::open(small_front(directory.path() + "/a"));
    CHECK(same_front.error.find("another gateway writes this front") != std::string::npos);
    auto same_journal = Front::open(small_front(directory.path() + "/b", directory.path() + "/journal"));
    CHECK(same_journal.error.find("another gateway runs on this journal") != std::string::npos);
}

TEST_CASE("a_front_left_by_a_dead_writer_is_continued_with_a_higher_epoch") {
    const TemporaryDirectory directory("/dev/shm");
    for (risk::Sequence round = 0; round < 40; ++round) {
        auto opened = Front::open(small_front(directory.path()));
        REQUIRE(opened.error == "");
        CHECK(opened.resumed == (round > 0));
        CHECK(opened.front->recovered().sequence == round * 77);
        CHECK(opened.front->epoch() == round + 1);
        for (risk::Sequence s = round * 77 + 1; s <= (round + 1) * 77; ++s) {
            REQUIRE(opened.front->has_room());
            append_sample(*opened.front, s);
        }
        say_synced(directory.path(), (round + 1) * 77);
    }
}

TEST_CASE("front_of_other_sizes_is_refused_while_it_holds_unsynced_records") {
    const TemporaryDirectory directory("/dev/shm");
    {
        auto opened = Front::open(small_front(directory.path()));
        REQUIRE(opened.ok());
        append_sample(*opened.front, 1);
    }
    FrontOptions other = small_front(directory.path());
    other.segment_count = 5;
    CHECK(Front::open(other).error.find("while records are not on disk yet") != std::string::npos);
}

TEST_CASE("a_damaged_front_is_named_and_not_continued") {
    const TemporaryDirectory directory("/dev/shm");
    {
        auto opened = Front::open(small_front(directory.path()));
        REQUIRE(opened.ok());
        for (risk::Sequence s = 1; s <= 9; ++s) {
            append_sample(*opened.front, s);
        }
    }
    const std::string path = front_segment_path(directory.path(), 0);
    FILE* file = std::fopen(path.c_str(), "r+b");
    REQUIRE(file != nullptr);
    std::fseek(file, 400, SEEK_SET);
    std::fputc('#', file);
    std::fclose(file);
    const auto opened = Front::open(small_front(directory.path()));
    CHECK(opened.error.find("is damaged behind record") != std::string::npos);
}

TEST_CASE("front_options_out_of_range_are_refused_by_name") {
    const TemporaryDirectory directory("/dev/shm");
    FrontOptions options = small_front(directory.path());
    options.segment_count = 1;
    CHECK(Front::open(options).error.find("must be from 2 to 64") != std::string::npos);
    options = small_front(directory.path());
    options.segment_bytes = 100'000;
    CHECK(Front::open(options).error.find("multiple of 4096") != std::string::npos);
}

TEST_CASE("a_front_that_is_not_there_is_told_from_one_that_cannot_be_opened") {
    const TemporaryDirectory directory("/dev/shm");
    FrontReader reader;
    CHECK_FALSE(reader.attach(directory.path()).empty());
    CHECK(reader.missing());
    const std::string file = directory.path() + "/file";
    REQUIRE(std::ofstream(file).put('x').good());
    CHECK_FALSE(reader.attach(file).empty());  // not a directory
    CHECK_FALSE(reader.missing());
}

TEST_CASE("a_reader_knows_when_its_front_is_no_longer_the_one_in_the_directory") {
    const TemporaryDirectory directory("/dev/shm");
    FrontReader reader;
    CHECK_FALSE(reader.current());
    auto opened = Front::open(small_front(directory.path()));
    REQUIRE(opened.error == "");
    REQUIRE(reader.attach(directory.path()) == "");
    CHECK(reader.current());
    REQUIRE(::rename(directory.path().c_str(), (directory.path() + ".gone").c_str()) == 0);
    CHECK_FALSE(reader.current());
    {
        const TemporaryDirectory other("/dev/shm");
        auto another = Front::open(small_front(other.path()));
        REQUIRE(another.error == "");
        REQUIRE(::rename(other.path().c_str(), directory.path().c_str()) == 0);
        CHECK_FALSE(reader.current());
        REQUIRE(::rename(directory.path().c_str(), other.path().c_str()) == 0);
    }
    REQUIRE(::rename((directory.path() + ".gone").c_str(), directory.path().c_str()) == 0);
    CHECK(reader.current());
}
