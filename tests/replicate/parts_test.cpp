// The parts of the replicator that know no journal: where an archive stands, what may not be added to,
// messages, lag, the status file.
#include <catch2/catch.hpp>

#include "audit/front.hpp"
#include "audit/replicate/lag.hpp"
#include "audit/replicate/place.hpp"
#include "audit/replicate/status_file.hpp"
#include "tests/audit/small_journal.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Records first .. last of a small journal, as a message has them.
std::string records_of(const std::string& directory, risk::Sequence first, risk::Sequence last) {
    JournalReader reader;
    REQUIRE(reader.open(directory, first));
    std::string bytes;
    RecordView view;
    while (reader.next(view) == ReadStatus::record && view.header.sequence <= last) {
        bytes.append(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
    }
    return bytes;
}

struct Sample {
    TemporaryDirectory disk{"/dev/shm"};
    SmallJournal journal{disk.path() + "/journal"};
    ArchiveEnds ends;
    Sample() {
        journal.start();
        for (int i = 0; i < 6; ++i) {
            journal.order();
        }
        journal.frame();
        journal.checkpoint();
        SignedCheckpoint newest;
        REQUIRE(read_checkpoint(latest_checkpoint_path(journal.directory()), newest) == "");
        ends.state.first = 1;
        ends.state.last = ends.state.messages = 4;
        ends.beginning = {1, MessageKind::beginning, ArchiveBeginning{}.text()};
        ends.records = {3, MessageKind::records, records_of(journal.directory(), 4, 7)};
        ends.checkpoint = {4, MessageKind::checkpoint, newest.note};
    }
};

std::string refusal(const ArchiveEnds& ends, PlaceFault expected = PlaceFault::refused) {
    ArchivePlace place;
    std::string text;
    CHECK(find_place(ends, place, text) == expected);
    return text;
}

bool holds(const std::string& text, const char* part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("where_an_archive_stands_is_told_by_its_last_messages_alone") {
    const Sample sample;
    ArchivePlace place;
    std::string text;
    REQUIRE(find_place(sample.ends, place, text) == PlaceFault::none);
    CHECK(place.last_message == 4);
    CHECK(place.archived == 7);
    CHECK(place.checkpoint_size == 7);
    CHECK(place.begun);
    CHECK(place.last_records.size() == 4);
    ArchiveEnds ends;
    REQUIRE(find_place(ends, place, text) == PlaceFault::none);
    CHECK_FALSE(place.begun);
    CHECK(place.last_message == 0);
    // All of it lost, its numbers kept: begun anew behind them.
    ends.state.first = 10;
    ends.state.last = 9;
    REQUIRE(find_place(ends, place, text) == PlaceFault::none);
    CHECK_FALSE(place.begun);
    CHECK(place.last_message == 9);
    // Only begun, at a record whose forerunners had been pruned.
    ends.state.first = ends.state.last = 10;
    ends.state.messages = 1;
    ends.beginning = {10, MessageKind::beginning, ArchiveBeginning{6, {Hash{}, Hash{}}}.text()};
    REQUIRE(find_place(ends, place, text) == PlaceFault::none);
    CHECK(place.begun);
    CHECK(place.archived == 5);
}

TEST_CASE("an_archive_that_has_lost_what_cannot_be_put_back_or_holds_what_is_not_ours_is_refused_by_name") {
    const Sample sample;
    ArchiveEnds ends = sample.ends;
    ends.state.wrong = "its setting max_age: must be 0";
    CHECK(holds(refusal(ends), "max_age"));
    ends = sample.ends;
    ends.state.messages = 3;
    CHECK(holds(refusal(ends), "it has lost 1 in the middle"));
    ends = sample.ends;
    ends.state.first = 2;
    ends.state.messages = 3;
    CHECK(holds(refusal(ends), "no archive's beginning"));
    ends.beginning.reset();
    CHECK(holds(refusal(ends), "no archive's beginning"));
    ends = sample.ends;
    ends.beginning->bytes = "something else\n";
    CHECK(holds(refusal(ends), "first line"));
    ends = sample.ends;
    ends.beginning->bytes = ArchiveBeginning{6, {Hash{}, Hash{}}}.text();
    CHECK(holds(refusal(ends), "the archive begins with record 6"));
    ends = sample.ends;
    ends.records->bytes[100] = static_cast<char>(ends.records->bytes[100] ^ 1);
    CHECK(holds(refusal(ends), "message 3, offset 0: record CRC-32C"));
    ends.records->bytes = "x";
    CHECK(holds(refusal(ends), "message 3, offset 0: fewer bytes"));
    ends = sample.ends;
    ends.records->bytes = records_of(sample.journal.directory(), 4, 6);
    CHECK(holds(refusal(ends), "a checkpoint over 7 records, the archive ends at record 6"));
    ends.checkpoint->bytes = "no note";
    CHECK(holds(refusal(ends), "not a checkpoint"));
}

TEST_CASE("an_archive_that_moves_while_it_is_read_is_read_again") {
    const Sample sample;
    ArchiveEnds ends = sample.ends;
    ends.records->number = 5;
    CHECK(holds(refusal(ends, PlaceFault::changing), "grown"));
    ends = sample.ends;
    ends.state.last = ends.state.messages = 6;
    CHECK(holds(refusal(ends, PlaceFault::changing), "its last message, 6, is neither"));
}

TEST_CASE("the_beginning_of_an_archive_reads_as_written_and_by_its_rules_alone") {
    ArchiveBeginning read;
    for (const ArchiveBeginning& one : {ArchiveBeginning{}, ArchiveBeginning{2, {Hash{1}}},
                                        ArchiveBeginning{8, {Hash{1}, Hash{2}, Hash{3}}}}) {
        CHECK(ArchiveBeginning::parse(one.text(), read) == "");
        CHECK(read == one);
    }
    const std::string title = "fairlead archive 1\n";
    struct Row {
        std::string text;
        const char* rule;
    };
    for (const Row& row :
         {Row{"", "first line"}, Row{"fairlead archive 2\nfirst-record 1\n", "first line"},
          Row{title, "which record is the first"}, Row{title + "first-record 1", "has no end"},
          Row{title + "first-record 0\n", "number from 1"}, Row{title + "first-record 1x\n", "number from 1"},
          Row{title + "first-record -1\n", "number from 1"}, Row{title + "edge 00\n", "has a line"},
          Row{title + "first-record 2\nedge 00\n", "64 hexadecimal digits"},
          Row{title + "first-record 2\n", "0 hashes for the records before record 2"},
          Row{title + "first-record 1\nother\n", "has a line 'other'"}}) {
        CHECK(holds(ArchiveBeginning::parse(row.text, read), row.rule));
    }
}

TEST_CASE("the_lag_alarm_is_raised_by_how_long_a_record_waits_not_by_how_many_and_ends_once") {
    constexpr std::int64_t second = 1'000'000'000;
    Lag lag(10 * second);
    using enum Lag::Change;
    CHECK(lag.look(1'000'000, 0, 0) == none);
    CHECK(lag.look(1'000'000, 999'999, 10 * second) == none);
    CHECK(lag.look(2'000'000, 999'999, 10 * second + 1) == raised);
    CHECK(lag.late());
    CHECK(lag.look(2'000'000, 999'999, 20 * second) == none);
    // The one that waited longest is there; those that came with the alarm have waited for ten seconds.
    CHECK(lag.look(2'000'000, 1'000'000, 20 * second) == none);
    CHECK(lag.look(2'000'001, 2'000'000, 21 * second) == over);
    CHECK(lag.waited_ns() == 0);
    // A flow that is carried at once is never late, however long it lasts.
    for (std::int64_t at = 0; at < 1000; ++at) {
        const auto synced = static_cast<risk::Sequence>(3'000'000 + at);
        CHECK(lag.look(synced, synced - 1, 100 * second + at * second) == none);
    }
    // What the archive has lost is late at once, and until all of it is there again.
    CHECK(lag.look(3'000'999, 3'000'999, 1100 * second) == none);
    CHECK(lag.look(3'000'999, 0, 1101 * second) == raised);
    CHECK(lag.look(3'000'999, 3'000'998, 1102 * second) == none);
    CHECK(lag.look(3'001'100, 3'000'999, 1103 * second) == over);
}

TEST_CASE("the_status_file_reads_as_written_and_an_old_one_is_an_alarm") {
    ReplicatorStatus status;
    status.archive = "archive 'gw1'";
    status.state = "away";
    status.reason = "no answer, \"so\"";
    status.synced = 12;
    status.archived = 7;
    status.checkpoint = 5;
    status.waited_ms = 4500;
    status.written_utc_s = 1000;
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/status.json";
    REQUIRE(replace_status(path, status) == "");
    ReplicatorStatus read;
    REQUIRE(ReplicatorStatus::parse(bytes_of(path), read) == "");
    std::string line;
    CHECK(in_order(read, 1015, 15, line));
    CHECK(
        line ==
        "archive 'gw1': away, record 7 of 12 archived, 5 under its newest checkpoint, the oldest that waits "
        "since 4 s: no answer, \"so\"");
    CHECK_FALSE(in_order(read, 1016, 15, line));
    CHECK(holds(line, "no sign of life for 16 s"));
    read.alarm = true;
    CHECK_FALSE(in_order(read, 1000, 15, line));
    CHECK(ReplicatorStatus::parse("{}", read) != "");
    CHECK(replace_status(directory.path() + "/missing/status.json", status) != "");
}
