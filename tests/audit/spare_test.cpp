// The switch to the spare device, on real files: a write that fails at any place, in every way a write can
// fail, and a keeper that dies at every step of the switch. Whatever happens, no record is lost or doubled,
// and the device that failed is never written to again.
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <set>
#include <sstream>
#include <thread>

#include "audit/keeper/keeper_steps.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

struct Crash {};

// How a write fails: nothing of it reached the disk, half of it did, or all of it did and only its return
// was an error. The last is the one that a careless reader would believe.
enum class Failure { none, nothing, half, landed };

// Of both devices of one machine; outlives the keepers that die on it.
struct Trouble {
    int main_fails_at = 0;  // that write and all after it, counted from 1 over the machine's life
    int spare_fails_at = 0;
    Failure how = Failure::nothing;
    int main_segments_max = -1;  // a further one cannot be made: the device is read-only by now
    bool spare_lies = false;     // what is read back is not what was written
    int crash_at = 0;            // the operation of a device, counted from 1
    bool crash_after = false;

    int main_writes = 0;
    int spare_writes = 0;
    int operations = 0;
    bool main_failed = false;
    int touched_after_failure = 0;
};

class TroubledStore : public SegmentStore {
  public:
    TroubledStore(const SegmentStoreOptions& options, Trouble& trouble)
        : SegmentStore(options), trouble_(trouble), spare_(options.spare) {}

    // One operation of the device, and the place for a crash before or behind it.
    template <class Act>
    auto step(Act act) {
        const bool here = ++trouble_.operations == trouble_.crash_at;
        if (here && !trouble_.crash_after) {
            throw Crash{};
        }
        trouble_.touched_after_failure += trouble_.main_failed && !spare_ ? 1 : 0;
        auto result = act();
        if (here) {
            throw Crash{};
        }
        return result;
    }

    [[nodiscard]] bool open_next() {
        if (none_can_be_made() || ready() == 0) {
            return false;
        }
        ++opened_;
        return step([this] { return SegmentStore::open_next(); });
    }
    [[nodiscard]] int write(std::uint64_t offset, Bytes bytes) {
        return step([&] { return put(offset, bytes); });
    }
    [[nodiscard]] int read_back(std::uint64_t offset, std::span<std::byte> into) {
        return step([&] {
            const int error = SegmentStore::read_back(offset, into);
            into[into.size() / 2] ^= std::byte{trouble_.spare_lies};
            return error;
        });
    }
    [[nodiscard]] std::string note_cut(const SegmentCut& cut, const std::string& text) {
        return step([&] { return SegmentStore::note_cut(cut, text); });
    }

    [[nodiscard]] int prepare_error() const {
        return none_can_be_made() ? EROFS : SegmentStore::prepare_error();
    }

  private:
    [[nodiscard]] bool none_can_be_made() const { return !spare_ && opened_ == trouble_.main_segments_max; }
    int put(std::uint64_t offset, Bytes bytes) {
        const int fails_at = spare_ ? trouble_.spare_fails_at : trouble_.main_fails_at;
        const int count = spare_ ? ++trouble_.spare_writes : ++trouble_.main_writes;
        if (fails_at == 0 || count < fails_at) {
            return SegmentStore::write(offset, bytes);
        }
        trouble_.main_failed = trouble_.main_failed || !spare_;
        const std::size_t whole = trouble_.how == Failure::landed ? bytes.size()
                                  : trouble_.how == Failure::half ? bytes.size() / 2
                                                                  : 0;
        if (whole > 0) {
            std::fstream file(directory() + "/" + segment().text(),
                              std::ios::binary | std::ios::in | std::ios::out);
            file.seekp(static_cast<std::streamoff>(offset));
            file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(whole));
        }
        return EIO;
    }

    Trouble& trouble_;
    bool spare_;
    int opened_ = 0;
};

using TroubledKeeper = Keeper<TroubledStore>;

// A front, two devices, and keepers that come and go.
class Machine {
  public:
    explicit Machine(bool with_spare = true) {
        options_.journal_directory = place_.directory;
        options_.spare_directory = with_spare ? place_.spare : "";
        options_.front_directory = memory_.path();
        options_.segment_bytes = 1 << 20;
        options_.ready_segments = 1;
        options_.seal_after_ns = 0;
        options_.alarm = [this](const std::string& text) { alarms += text + "\n"; };
        REQUIRE(make_directory(place_.directory).empty());
        REQUIRE(make_directory(place_.spare).empty());
        opened_ = Front::open(small_front(memory_.path(), place_.directory));
        REQUIRE(opened_.error == "");
    }
    ~Machine() { end_keeper(); }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // Empty text: started.
    std::string start_keeper() {
        end_keeper();
        trouble.main_failed = false;  // a new process: it may look at what it finds
        main_ = std::make_unique<TroubledStore>(store_options(false), trouble);
        if (!options_.spare_directory.empty()) {
            spare_ = std::make_unique<TroubledStore>(store_options(true), trouble);
        }
        const Recovered recovered = recover_disk(options_, page_.synced.load(), *main_, spare_.get());
        if (recovered.error.empty()) {
            keeper_ =
                std::make_unique<TroubledKeeper>(options_, *main_, page_, recovered.start, spare_.get());
        }
        return recovered.error;
    }
    void end_keeper() {
        keeper_.reset();
        spare_.reset();
        main_.reset();
    }
    // Appends one by one, each in a frame of its own and sealed, until `last` is on disk or the keeper
    // stops. False: it has stopped. Throws Crash when the plan says so.
    bool keep(risk::Sequence last) {
        while (true) {
            const TroubledKeeper::Step step = keeper_->step(now_ += 200'000'000);
            REQUIRE(trouble.touched_after_failure == 0);
            if (step == TroubledKeeper::Step::halted) {
                return false;
            }
            if (step == TroubledKeeper::Step::idle && front().published() >= last) {
                return true;
            }
            if (step == TroubledKeeper::Step::idle) {
                append_sample(front(), front().published() + 1);
            }
        }
    }
    void keep_through_crashes(risk::Sequence last) {
        for (int starts = 0; starts < 3; ++starts) {
            REQUIRE(start_keeper() == "");
            try {
                const bool kept = keep(last);
                REQUIRE(kept);
                return;
            } catch (const Crash&) {
            }
        }
        FAIL("the keeper crashed more often than planned");
    }
    [[nodiscard]] Front& front() { return *opened_.front; }
    [[nodiscard]] TroubledKeeper& keeper() { return *keeper_; }
    [[nodiscard]] const JournalPlace& place() const { return place_; }

    Trouble trouble;
    std::string alarms;

  private:
    SegmentStoreOptions store_options(bool spare) {
        SegmentStoreOptions options;
        options.directory = spare ? place_.spare : place_.directory;
        options.segment_bytes = options_.segment_bytes;
        options.ready_target = 1;
        options.spare = spare;
        return options;
    }
    TemporaryDirectory disk_;
    TemporaryDirectory memory_{"/dev/shm"};
    JournalPlace place_{disk_.path() + "/journal", disk_.path() + "/spare"};
    KeeperOptions options_;
    Front::OpenResult opened_;
    MarkResult mark_ = open_mark(memory_.path(), true);
    KeeperMarkPage& page_ = *std::launder(reinterpret_cast<KeeperMarkPage*>(mark_.map.data()));
    std::unique_ptr<TroubledStore> main_;
    std::unique_ptr<TroubledStore> spare_;
    std::unique_ptr<TroubledKeeper> keeper_;
    risk::MonotonicNs now_ = monotonic_now();
};

// Reads every record. Empty text: 1 to `records`, each once and as it was appended, ended by a seal.
std::string read_fault(const JournalPlace& place, risk::Sequence records) {
    JournalReader reader;
    if (!reader.open(place)) {
        return reader.error();
    }
    RecordView view;
    risk::Sequence last = 0;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record) {
        if (view.header.sequence != ++last || !is_sample(view)) {
            return "record " + std::to_string(last) + " is not the one that was appended";
        }
    }
    if (status == ReadStatus::damaged) {
        return reader.error();
    }
    if (last != records || !reader.sealed() || reader.torn_bytes() > 0) {
        return "ends at " + std::to_string(last) + (reader.sealed() ? ", sealed" : ", not sealed");
    }
    return "";
}

std::string note_of_cut_segment(const std::string& directory) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() == ".note") {
            std::stringstream text;
            text << std::ifstream(entry.path()).rdbuf();
            return text.str();
        }
    }
    return "";
}

}  // namespace

TEST_CASE("a_write_that_fails_at_any_place_and_in_any_way_sends_the_journal_to_the_spare") {
    // The first write of the journal, one in the middle, a seal, and the first of the second segment. A
    // data frame and its seal take a block each, so 97 records fill a segment of 1 MiB up to its last frame.
    const risk::Sequence records = 110;
    for (const Failure how : {Failure::nothing, Failure::half, Failure::landed}) {
        for (const int at : {1, 2, 7, 192, 193, 194, 195}) {
            INFO("write " << at << ", failure " << static_cast<int>(how));
            Machine machine;
            machine.trouble.how = how;
            machine.trouble.main_fails_at = at;
            REQUIRE(machine.start_keeper() == "");
            REQUIRE(machine.keep(records));
            CHECK(machine.trouble.main_failed);
            CHECK(machine.front().keeper_state() == KeeperState::on_spare);
            CHECK(machine.front().switched_to() > 0);
            CHECK(machine.front().synced() == records);
            CHECK(read_fault(machine.place(), records) == "");
            CHECK(note_of_cut_segment(machine.place().spare).find("Input/output error") != std::string::npos);
            // Started again, it goes on where it was, and does not call it a new switch.
            const std::uint64_t switched_to = machine.front().switched_to();
            REQUIRE(machine.start_keeper() == "");
            CHECK(machine.front().keeper_state() == KeeperState::on_spare);
            REQUIRE(machine.keep(records + 5));
            CHECK(machine.front().switched_to() == switched_to);
            CHECK(machine.trouble.main_writes == at);
            CHECK(read_fault(machine.place(), records + 5) == "");
            // Behind any record, reading can begin.
            for (risk::Sequence wanted = 1; wanted <= records; wanted += 7) {
                HistoryReader history(machine.place(), "");
                RecordView view;
                REQUIRE(history.seek(wanted));
                REQUIRE(history.next(view) == ReadStatus::record);
                CHECK(view.header.sequence == wanted);
            }
        }
    }
}

TEST_CASE("a_keeper_that_dies_at_any_step_of_the_switch_loses_and_doubles_nothing") {
    const risk::Sequence records = 8;
    for (const Failure how : {Failure::nothing, Failure::half, Failure::landed}) {
        for (const int fails_at : {1, 4, 5}) {
            for (const bool after : {false, true}) {
                bool crashed = true;
                for (int at = 1; crashed; ++at) {
                    INFO("failure " << static_cast<int>(how) << " at write " << fails_at << ", crash "
                                    << (after ? "after" : "before") << " operation " << at);
                    Machine machine;
                    machine.trouble.how = how;
                    machine.trouble.main_fails_at = fails_at;
                    machine.trouble.crash_at = at;
                    machine.trouble.crash_after = after;
                    machine.keep_through_crashes(records);
                    crashed = machine.trouble.operations >= at;
                    CHECK(machine.front().keeper_state() == KeeperState::on_spare);
                    CHECK(machine.front().synced() == records);
                    CHECK(read_fault(machine.place(), records) == "");
                    // A gateway that has lost its front finds the same end.
                    const TemporaryDirectory other("/dev/shm");
                    FrontOptions options = small_front(other.path(), machine.place().directory);
                    options.spare_directory = machine.place().spare;
                    const auto reopened = Front::open(options);
                    // (The writer above holds the journal's lock.)
                    CHECK(reopened.error.find("lock") != std::string::npos);
                    CHECK(find_disk_end(machine.place()).chain.sequence == records);
                    REQUIRE(at < 100);
                }
            }
        }
    }
}

TEST_CASE("a_spare_that_fails_too_stops_the_keeper_and_synced_stands_still") {
    for (const Failure how : {Failure::nothing, Failure::half, Failure::landed}) {
        for (const int at : {1, 2, 5}) {
            INFO("write " << at << " of the spare, failure " << static_cast<int>(how));
            Machine machine;
            machine.trouble.how = how;
            machine.trouble.main_fails_at = 4;
            machine.trouble.spare_fails_at = at;
            REQUIRE(machine.start_keeper() == "");
            CHECK_FALSE(machine.keep(20));
            CHECK(machine.front().keeper_state() == KeeperState::io_error);
            CHECK(machine.keeper().error().find("this was the spare device") != std::string::npos);
            const risk::Sequence synced = machine.front().synced();
            CHECK(synced < 20);
            const int writes = machine.trouble.spare_writes;
            CHECK_FALSE(machine.keep(20));
            CHECK(machine.trouble.spare_writes == writes);
            CHECK(machine.front().synced() == synced);
            // Mended and started again: in a new segment of the spare, from the front.
            machine.trouble.spare_fails_at = 0;
            REQUIRE(machine.start_keeper() == "");
            REQUIRE(machine.keep(20));
            CHECK(machine.front().keeper_state() == KeeperState::on_spare);
            CHECK(machine.trouble.main_writes == 4);
            CHECK(read_fault(machine.place(), 20) == "");
        }
    }
}

TEST_CASE("a_device_on_which_no_segment_can_be_made_any_more_is_left_for_the_spare") {
    const risk::Sequence records = 230;  // more than two segments hold
    for (const int segments : {0, 1}) {
        for (const bool torn : {false, true}) {
            INFO("after " << segments << " segments, torn " << torn);
            Machine machine;
            REQUIRE(machine.start_keeper() == "");
            if (torn) {
                // A keeper before this one has died in the middle of a write.
                machine.trouble.how = Failure::half;
                machine.trouble.main_fails_at = 5;
                machine.trouble.crash_at = 6;  // after the segment's opening, the fifth write
                machine.trouble.crash_after = true;
                CHECK_THROWS_AS(machine.keep(records), Crash);
                machine.trouble.main_fails_at = 0;
            }
            machine.trouble.main_segments_max = segments;
            REQUIRE(machine.start_keeper() == "");
            REQUIRE(machine.keep(records));
            CHECK(machine.front().keeper_state() == KeeperState::on_spare);
            const std::uint64_t switched_to = machine.front().switched_to();
            CHECK(switched_to > 0);
            CHECK(read_fault(machine.place(), records) == "");
            REQUIRE(machine.keep(2 * records));
            CHECK(machine.front().switched_to() == switched_to);  // the first one there, however many follow
            REQUIRE(machine.start_keeper() == "");
            REQUIRE(machine.keep(2 * records + 3));
            CHECK(read_fault(machine.place(), 2 * records + 3) == "");
        }
    }
}

TEST_CASE("what_the_spare_does_not_give_back_as_written_never_counts_as_synced") {
    Machine machine;
    machine.trouble.main_fails_at = 4;
    machine.trouble.spare_lies = true;
    REQUIRE(machine.start_keeper() == "");
    CHECK_FALSE(machine.keep(20));
    CHECK(machine.front().synced() == 2);
    CHECK(machine.front().switched_to() == 0);
    CHECK(machine.front().keeper_state() == KeeperState::io_error);
}

TEST_CASE("without_a_spare_a_failed_write_stops_the_keeper_and_says_what_to_do") {
    Machine machine(false);
    machine.trouble.main_fails_at = 4;
    REQUIRE(machine.start_keeper() == "");
    CHECK_FALSE(machine.keep(20));
    CHECK(machine.front().keeper_state() == KeeperState::io_error);
    CHECK(machine.front().spare_segments() == -1);
    CHECK(machine.alarms.find("there is no spare device (journal.spare_directory)") != std::string::npos);
    machine.trouble.main_fails_at = 0;
    REQUIRE(machine.start_keeper() == "");
    REQUIRE(machine.keep(20));
    CHECK(read_fault(machine.place().directory, 20) == "");
}

TEST_CASE("a_journal_without_its_spare_part_is_named_as_such_by_every_reader") {
    Machine machine;
    machine.trouble.main_fails_at = 5;
    REQUIRE(machine.start_keeper() == "");
    REQUIRE(machine.keep(20));
    machine.end_keeper();  // by now the note about it lies on the first device, too
    const std::string told = "the journal goes on on another device";
    CHECK(read_fault(machine.place().directory, 20).find(told) != std::string::npos);
    CHECK(find_disk_end(machine.place().directory).error.find(told) != std::string::npos);
    const TemporaryDirectory empty;
    CHECK(read_fault({machine.place().directory, empty.path()}, 20).find(told) != std::string::npos);
    KeeperOptions options;
    options.journal_directory = machine.place().directory;
    SegmentStore store({options.journal_directory, 1 << 20, 1, [](const std::string&) {}});
    CHECK(recover_disk(options, 0, store).error.find(told) != std::string::npos);
    CHECK(read_fault(machine.place(), 20) == "");
    // Brought together in one directory, it is one journal again.
    for (const auto& entry : std::filesystem::directory_iterator(machine.place().spare)) {
        const std::string name = entry.path().filename().string();
        SegmentName parsed;
        if (SegmentName::parse(name, parsed)) {
            for (const auto& old : std::filesystem::directory_iterator(machine.place().directory)) {
                SegmentName unused;
                if (SegmentName::parse(old.path().filename().string(), unused) &&
                    unused.number == parsed.number) {
                    std::filesystem::remove(old.path());
                }
            }
            std::filesystem::copy(entry.path(), machine.place().directory + "/" + name);
        }
    }
    CHECK(read_fault(machine.place().directory, 20) == "");
}

TEST_CASE("two_directories_that_do_not_belong_together_are_refused") {
    Machine machine;
    REQUIRE(machine.start_keeper() == "");
    REQUIRE(machine.keep(20));
    machine.end_keeper();
    Machine other;
    other.trouble.main_fails_at = 1;
    REQUIRE(other.start_keeper() == "");
    REQUIRE(other.keep(20));
    other.end_keeper();
    // The other's spare begins with segment 2, which here was never used: the frames tell.
    CHECK(read_fault({machine.place().directory, other.place().spare}, 20) != "");
    std::filesystem::rename(
        other.place().spare + "/" +
            [&] {
                SegmentDirectory source;
                REQUIRE(source.open(other.place().spare) == "");
                return source.segment_name(0);
            }(),
        other.place().spare + "/" + SegmentName{1, SegmentId{1}}.text());
    CHECK(read_fault({machine.place().directory, other.place().spare}, 20).find("do not belong together") !=
          std::string::npos);
}

TEST_CASE("a_cut_is_written_and_read_back_as_it_was") {
    SegmentCut cut;
    cut.offset = 40960;
    cut.frame = 17;
    cut.sequence = 12344;
    cut.next = {4, SegmentId{9, 8, 7}};
    SegmentCut read;
    REQUIRE(SegmentCut::parse(cut.text(), read));
    CHECK(read == cut);
    for (const char* line :
         {"", "cut", "cut 1 frame 2 record 3 next ", "closed at offset 4096 behind record 1",
          "cut 1 frame 2 record 3 next segment-4.flj"}) {
        INFO(line);
        CHECK_FALSE(SegmentCut::parse(line, read));
    }
}

TEST_CASE("a_spare_takes_up_the_segments_an_earlier_keeper_made_ready") {
    const TemporaryDirectory directory;
    SegmentStoreOptions options;
    options.directory = directory.path();
    options.segment_bytes = std::uint64_t{1} << 20;
    options.ready_target = 2;
    options.spare = true;
    const auto files_after_a_keeper = [&] {
        SegmentStore store(options);
        REQUIRE(store.begin({}, 1) == "");
        for (int waited = 0; store.ready() < options.ready_target && waited < 20'000; ++waited) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        REQUIRE(store.ready() == options.ready_target);
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(options.directory)) {
            names.insert(entry.path().filename().string());
        }
        return names;
    };
    const std::set<std::string> first = files_after_a_keeper();
    CHECK(first.size() == 2);
    CHECK(files_after_a_keeper() == first);
}
