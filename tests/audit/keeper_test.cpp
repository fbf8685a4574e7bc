// The keeper on a disk that fails on demand: what it stops at, what it never does again, and that every
// flipped bit and every cut of what it wrote is found.
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>

#include "audit/keeper/keeper_steps.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

constexpr std::uint64_t fake_segment_bytes = 1 << 20;

// Segments in memory; the next write or the next segment fails as told.
class FailingStore {
  public:
    int next_error = 0;
    bool no_segment = false;
    std::vector<std::vector<std::byte>> segments;
    std::vector<std::string> notes;
    std::size_t writes = 0;

    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] bool open_next() {
        if (no_segment) {
            return false;
        }
        segments.emplace_back(fake_segment_bytes);
        open_ = true;
        return true;
    }
    [[nodiscard]] SegmentName segment() const { return {segments.size(), SegmentId{1, 2, 3}}; }
    [[nodiscard]] std::uint64_t segment_bytes() const { return fake_segment_bytes; }
    [[nodiscard]] int write(std::uint64_t offset, Bytes bytes) {
        ++writes;
        if (next_error != 0) {
            return next_error;
        }
        CHECK(offset % block_bytes == 0);
        CHECK(bytes.size() % block_bytes == 0);
        CHECK(bytes.size() <= frame_bytes_max);
        CHECK(all_zero(Bytes(segments.back()).subspan(offset, bytes.size())));
        std::memcpy(segments.back().data() + offset, bytes.data(), bytes.size());
        return 0;
    }
    void close_segment() { open_ = false; }
    void seal_segment() { open_ = false; }
    [[nodiscard]] std::uint32_t ready() const { return no_segment ? 0 : 2; }
    [[nodiscard]] int prepare_error() const { return no_segment ? ENOSPC : 0; }
    [[nodiscard]] bool direct() const { return true; }
    [[nodiscard]] std::string note(const SegmentName&, const std::string& text) {
        notes.push_back(text);
        return {};
    }
    [[nodiscard]] int read_back(std::uint64_t offset, std::span<std::byte> into) {
        std::memcpy(into.data(), segments.back().data() + offset, into.size());
        return 0;
    }
    [[nodiscard]] std::string note_cut(const SegmentCut&, const std::string&) { return {}; }
    void give_up(const SegmentCut&, const std::string&) {}
    void number_from(std::uint64_t) {}

  private:
    bool open_ = false;
};

using FakeKeeper = Keeper<FailingStore>;

// A front with a writer, and a keeper on a failing disk.
struct Bench {
    TemporaryDirectory memory{"/dev/shm"};
    Front::OpenResult opened = Front::open(small_front(memory.path()));
    MarkResult mark = open_mark(memory.path(), true);
    KeeperMarkPage& page = *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data()));
    FailingStore store;
    risk::MonotonicNs now = 1'000'000'000;

    KeeperOptions options() {
        KeeperOptions options;
        options.front_directory = memory.path();
        return options;
    }
    void append(risk::Sequence count) {
        Front& front = *opened.front;
        for (risk::Sequence i = 0; i < count; ++i) {
            REQUIRE(front.has_room());
            append_sample(front, front.published() + 1);
        }
    }
    FakeKeeper::Step step(FakeKeeper& keeper) {
        now += 1'000'000;
        return keeper.step(now);
    }
};

// A journal directory written by the real keeper's store, sealed. Returns its one used segment's path.
std::string write_journal(const std::string& directory, risk::Sequence records) {
    const TemporaryDirectory memory("/dev/shm");
    REQUIRE(make_directory(directory).empty());
    auto opened = Front::open(small_front(memory.path(), directory));
    REQUIRE(opened.error == "");
    MarkResult mark = open_mark(memory.path(), true);
    KeeperOptions options;
    options.journal_directory = directory;
    options.front_directory = memory.path();
    options.segment_bytes = 1 << 20;
    options.ready_segments = 1;
    SegmentStoreOptions store_options;
    store_options.directory = directory;
    store_options.segment_bytes = options.segment_bytes;
    store_options.ready_target = 1;
    SegmentStore store(store_options);
    const Recovered recovered = recover_disk(options, 0, store);
    REQUIRE(recovered.error == "");
    Keeper<SegmentStore> keeper(
        options, store, *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data())), recovered.start);
    for (risk::Sequence s = 1; s <= records; ++s) {
        append_sample(*opened.front, s);
        while (keeper.synced() < s) {
            static_cast<void>(keeper.step(monotonic_now()));
        }
    }
    keeper.finish();
    REQUIRE(keeper.state() == KeeperState::stopped);
    SegmentDirectory source;
    REQUIRE(source.open(directory).empty());
    return directory + "/" + source.segment_name(0);
}

// Reads to the end. Empty text: clean, sealed, `records` long.
std::string read_fault(const std::string& directory, risk::Sequence records) {
    JournalReader reader;
    if (!reader.open(directory)) {
        return reader.error();
    }
    RecordView view;
    risk::Sequence last = 0;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record) {
        last = view.header.sequence;
    }
    if (status == ReadStatus::damaged) {
        return reader.error();
    }
    if (reader.torn_bytes() > 0) {
        return "torn";
    }
    return last == records && reader.sealed() ? "" : "ends at " + std::to_string(last);
}

void change_byte(const std::string& path, std::uint64_t offset, std::uint8_t flip) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int before = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(before ^ flip));
}

}  // namespace

TEST_CASE("published_records_become_synced_and_an_idle_end_is_sealed") {
    Bench bench;
    FakeKeeper keeper(bench.options(), bench.store, bench.page, {});
    CHECK(bench.step(keeper) == FakeKeeper::Step::idle);
    bench.append(100);
    CHECK(bench.opened.front->synced() == 0);
    CHECK(bench.step(keeper) == FakeKeeper::Step::wrote);
    CHECK(bench.opened.front->synced() == 100);
    CHECK(bench.opened.front->lag_bytes() == 0);
    CHECK(bench.opened.front->keeper_state() == KeeperState::running);
    bench.now = monotonic_now() + 20'000'000;
    CHECK(keeper.step(bench.now) == FakeKeeper::Step::wrote);
    CHECK(keeper.step(bench.now) == FakeKeeper::Step::idle);
    CHECK(bench.store.writes == 2);
    FrameChecker checker;
    FrameChain chain;
    const Bytes disk = bench.store.segments[0];
    const FrameCheck first = checker.check(disk, bench.store.segment().id, chain);
    REQUIRE(first.fault == FrameFault::none);
    CHECK(first.header.synced_seq == 0);
    const FrameCheck seal = checker.check(disk.subspan(first.disk_bytes), bench.store.segment().id, chain);
    REQUIRE(seal.fault == FrameFault::none);
    CHECK(seal.header.flags == seal_flag);
    CHECK(seal.header.synced_seq == 100);
}

TEST_CASE("after_a_failed_write_synced_stands_still_and_the_file_is_never_written_again") {
    struct Row {
        const char* name;
        int error;
    };
    // A short write reaches the keeper as EIO: SegmentStore makes it so.
    for (const Row& row : {Row{"input/output error", EIO}, Row{"no space", ENOSPC}}) {
        INFO(row.name);
        Bench bench;
        FakeKeeper keeper(bench.options(), bench.store, bench.page, {});
        bench.append(10);
        REQUIRE(bench.step(keeper) == FakeKeeper::Step::wrote);
        bench.store.next_error = row.error;
        bench.append(10);
        CHECK(bench.step(keeper) == FakeKeeper::Step::halted);
        // The disk works again: it is not believed.
        bench.store.next_error = 0;
        const std::size_t writes = bench.store.writes;
        for (int i = 0; i < 5; ++i) {
            CHECK(bench.step(keeper) == FakeKeeper::Step::halted);
        }
        keeper.finish();
        CHECK(bench.store.writes == writes);
        CHECK(bench.opened.front->synced() == 10);
        CHECK(bench.opened.front->keeper_state() == KeeperState::io_error);
        CHECK(bench.opened.front->keeper_error() == row.error);
        CHECK(bench.store.notes.size() == 1);
    }
}

TEST_CASE("without_a_further_segment_the_keeper_waits_and_goes_on_when_there_is_one") {
    Bench bench;
    FakeKeeper keeper(bench.options(), bench.store, bench.page, {});
    bench.store.no_segment = true;
    bench.append(10);
    CHECK(bench.step(keeper) == FakeKeeper::Step::waiting);
    CHECK(bench.opened.front->keeper_state() == KeeperState::disk_full);
    CHECK(bench.opened.front->keeper_error() == ENOSPC);
    CHECK(bench.opened.front->ready_segments() == 0);
    CHECK(bench.opened.front->synced() == 0);
    bench.store.no_segment = false;
    CHECK(bench.step(keeper) == FakeKeeper::Step::wrote);
    CHECK(bench.opened.front->synced() == 10);
    CHECK(bench.opened.front->keeper_state() == KeeperState::running);
}

TEST_CASE("a_wild_store_into_the_front_stops_the_keeper_before_it_reaches_the_disk") {
    Bench bench;
    FakeKeeper keeper(bench.options(), bench.store, bench.page, {});
    bench.append(10);
    REQUIRE(bench.step(keeper) == FakeKeeper::Step::wrote);
    bench.append(10);
    const std::size_t writes = bench.store.writes;
    std::uint64_t offset = 0;
    FrontReader reader;
    REQUIRE(reader.attach(bench.memory.path()).empty());
    REQUIRE(reader.seek(15));
    offset = reader.position() + 70;
    change_byte(front_segment_path(bench.memory.path(), 0), offset, 1);
    CHECK(bench.step(keeper) == FakeKeeper::Step::halted);
    CHECK(bench.opened.front->keeper_state() == KeeperState::corrupt_front);
    CHECK(bench.store.writes == writes);
    CHECK(bench.opened.front->synced() == 10);
}

TEST_CASE("a_front_that_does_not_join_the_disk_is_refused") {
    Bench bench;
    bench.append(10);
    KeeperStart ahead;
    ahead.chain.number = 5;
    ahead.chain.records.sequence = 11;
    FakeKeeper beyond(bench.options(), bench.store, bench.page, ahead);
    CHECK(bench.step(beyond) == FakeKeeper::Step::halted);
    CHECK(bench.opened.front->keeper_state() == KeeperState::damage);
    KeeperStart other;
    other.chain.number = 5;
    other.chain.records.sequence = 5;
    other.chain.records.crc = 0xBAD;
    FakeKeeper different(bench.options(), bench.store, bench.page, other);
    CHECK(bench.step(different) == FakeKeeper::Step::halted);
    CHECK(different.error().find("does not continue the disk") != std::string::npos);
    CHECK(bench.store.writes == 0);
}

// Found by the simulator (seed 7792): a client's messages could not be read for a resend.
TEST_CASE("a_record_is_found_though_a_torn_write_left_an_earlier_frame_behind_the_end") {
    constexpr risk::Sequence records = 8;
    const TemporaryDirectory disk;
    const std::string segment = write_journal(disk.path(), records);  // a frame for each record, then a seal
    std::filesystem::permissions(segment, std::filesystem::perms::owner_all);
    const std::string whole = bytes_of(segment);
    for (risk::Sequence left = 1; left < records; ++left) {
        std::string torn = whole;
        torn.replace(records * block_bytes, block_bytes, whole, (left - 1) * block_bytes, block_bytes);
        put_bytes(segment, torn);
        for (risk::Sequence wanted = 1; wanted <= records + 1; ++wanted) {
            INFO("frame " << left << " behind the end, record " << wanted << " wanted");
            JournalReader reader;
            REQUIRE(reader.open(disk.path(), wanted, AtEnd::follow));
            RecordView view;
            for (risk::Sequence next = wanted; next <= records; ++next) {
                REQUIRE(reader.next(view) == ReadStatus::record);
                REQUIRE(view.header.sequence == next);
            }
            CHECK(reader.next(view) == ReadStatus::end);
        }
    }
}

TEST_CASE("who_follows_from_the_middle_of_a_segment_goes_on_though_a_frame_before_has_rotten") {
    const TemporaryDirectory disk;
    const std::string segment = write_journal(disk.path(), 8);
    std::filesystem::permissions(segment, std::filesystem::perms::owner_all);
    std::string whole = bytes_of(segment);
    whole[block_bytes + 150] ^= '\x01';
    std::string so_far = whole;
    std::fill(so_far.begin() + 7 * block_bytes, so_far.end(), '\0');
    put_bytes(segment, so_far);
    JournalReader reader;
    REQUIRE(reader.open(disk.path(), 5, AtEnd::follow));
    RecordView view;
    for (risk::Sequence next = 5; next <= 7; ++next) {
        REQUIRE(reader.next(view) == ReadStatus::record);
        CHECK(view.header.sequence == next);
    }
    REQUIRE(reader.next(view) == ReadStatus::end);
    put_bytes(segment, whole);
    REQUIRE(reader.next(view) == ReadStatus::record);
    CHECK(view.header.sequence == 8);
}

TEST_CASE("a_flipped_bit_anywhere_in_a_sealed_journal_is_found") {
    const TemporaryDirectory disk;
    const std::string path = write_journal(disk.path(), 3);
    REQUIRE(read_fault(disk.path(), 3) == "");
    // Three data frames and the seal, and a stretch of the zeros behind them: a bit of each byte of the
    // headers and of every 13th behind them. (Each bit of a frame in memory: format_test.)
    for (std::uint64_t offset = 0; offset < 5 * block_bytes;
         offset += offset % block_bytes < sizeof(FrameHeader) + sizeof(RecordHeader) ? 1 : 13) {
        const unsigned bit = offset % 8;
        const auto flip = static_cast<std::uint8_t>(1U << bit);
        change_byte(path, offset, flip);
        const std::string fault = read_fault(disk.path(), 3);
        change_byte(path, offset, flip);
        if (fault.empty()) {
            FAIL("bit " << bit << " at offset " << offset << " went unnoticed");
        }
    }
    CHECK(read_fault(disk.path(), 3) == "");
}

TEST_CASE("damage_before_a_seal_names_segment_offset_and_sequence") {
    const TemporaryDirectory disk;
    const std::string path = write_journal(disk.path(), 3);
    change_byte(path, 2 * block_bytes + 200, 1);
    const std::string fault = read_fault(disk.path(), 3);
    CHECK(fault.find("DAMAGE in segment segment-0000000001-") != std::string::npos);
    CHECK(fault.find("at offset 8192, frame 3, records from 3 on") != std::string::npos);
    CHECK(fault.find("payload CRC-32C") != std::string::npos);
    // Neither gateway nor keeper starts on it.
    const TemporaryDirectory memory("/dev/shm");
    CHECK(Front::open(small_front(memory.path(), disk.path())).error.find("DAMAGE") != std::string::npos);
    KeeperOptions options;
    options.journal_directory = disk.path();
    SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
    CHECK(recover_disk(options, 0, store).error.find("DAMAGE") != std::string::npos);
}

TEST_CASE("a_segment_cut_short_is_found_wherever_frames_are_lost") {
    for (const std::uint64_t left :
         {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{4096}, std::uint64_t{8000},
          std::uint64_t{12288}, std::uint64_t{16384}, std::uint64_t{20480}}) {
        INFO("cut to " << left);
        const TemporaryDirectory disk;
        const std::string path = write_journal(disk.path(), 3);
        std::filesystem::resize_file(path, left);
        CHECK(read_fault(disk.path(), 3) != "");
    }
}

TEST_CASE("an_end_below_the_floor_is_damage_and_a_torn_tail_is_cut_into_a_new_segment") {
    const TemporaryDirectory disk;
    const std::string path = write_journal(disk.path(), 3);
    // The seal and the last data frame become the remains of one torn write.
    std::vector<char> garbage(block_bytes, 0x5A);
    {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(2 * block_bytes);
        file.write(garbage.data(), block_bytes);
        file.write(garbage.data(), block_bytes);
    }
    KeeperOptions options;
    options.journal_directory = disk.path();
    {
        SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
        CHECK(recover_disk(options, 3, store).error.find("known to be durable") != std::string::npos);
    }
    SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
    const Recovered recovered = recover_disk(options, 2, store);
    REQUIRE(recovered.error == "");
    CHECK(recovered.start.chain.records.sequence == 2);
    CHECK(recovered.start.cut_bytes == 2 * block_bytes);
    CHECK_FALSE(store.is_open());
    CHECK(std::filesystem::exists(path + ".note"));
}

TEST_CASE("a_segment_with_a_note_is_left_once_its_note_is_written_again") {
    const TemporaryDirectory disk;
    const std::string note = write_journal(disk.path(), 3) + ".note";
    KeeperOptions options;
    options.journal_directory = disk.path();
    {
        SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
        CHECK(recover_disk(options, 3, store).error == "");
        CHECK(store.is_open());  // nobody has left it
    }
    std::ofstream(note) << "a write failed\n";
    {
        SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
        const Recovered recovered = recover_disk(options, 3, store);
        REQUIRE(recovered.error == "");
        CHECK(recovered.start.chain.records.sequence == 3);
        CHECK_FALSE(store.is_open());
    }
    std::ifstream file(note);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text == "a write failed\nleft behind record 3 for the write that failed here\n");
    // What cannot be written is not trusted.
    std::filesystem::remove(note);
    std::filesystem::create_directory(note);
    SegmentStore store({disk.path(), 1 << 20, 1, [](const std::string&) {}});
    CHECK(recover_disk(options, 3, store).error.find(note) != std::string::npos);
}
