// Kills the writer, the keeper, and both, with SIGKILL at random moments: nothing published may be
// missing from the disk afterwards, nothing may be there twice. FAIRLEAD_KILLS sets the rounds.
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "audit/journal_reader.hpp"
#include "process.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// What the writer had told the world when it was killed. Shared between parent and child.
struct Told {
    std::atomic<std::uint64_t> published{0};
    std::atomic<std::uint64_t> synced{0};
    std::atomic<std::uint32_t> failed{0};
};

void pause_us(long microseconds) {
    const timespec wait{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
    ::nanosleep(&wait, nullptr);
}

[[noreturn]] void write_for_ever(const FrontOptions& options, Told& told) {
    auto opened = Front::open(options);
    if (!opened.ok()) {
        std::fprintf(stderr, "%s\n", opened.error.c_str());
        told.failed.store(1);
        ::_exit(1);
    }
    Front& front = *opened.front;
    if (front.published() < told.published.load()) {
        std::fprintf(stderr, "front ends at %llu\n", static_cast<unsigned long long>(front.published()));
        told.failed.store(2);
        ::_exit(1);
    }
    for (risk::Sequence s = front.published() + 1;;) {
        for (int burst = 0; burst < 40; ++burst) {
            if (front.has_room()) {
                append_sample(front, s);
                told.published.store(s++);
            }
        }
        told.synced.store(front.synced());
        pause_us(100);
    }
}

Child start_writer(const FrontOptions& options, Told& told) {
    const pid_t id = ::fork();
    if (id == 0) {
        write_for_ever(options, told);
    }
    return Child(id);
}

Child start_keeper(const std::string& journal, const std::string& front, const std::string& log) {
    return Child::run(
        {FAIRLEAD_KEEPER, "--journal", journal, "--front", front, "--segment-mib", "1", "--ready", "1"}, log);
}

}  // namespace

TEST_CASE("no_published_record_is_lost_or_doubled_when_writer_and_keeper_are_killed_at_random") {
    const char* asked = std::getenv("FAIRLEAD_KILLS");
    const int rounds = asked != nullptr ? std::atoi(asked) : 40;
    const unsigned seed = 20'260'723;
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const TemporaryDirectory disk;
    const TemporaryDirectory memory("/dev/shm");
    const std::string journal = disk.path() + "/journal";
    const std::string log = disk.path() + "/keeper.log";
    const FrontOptions options = small_front(memory.path(), journal);
    void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(shared != MAP_FAILED);
    Told& told = *new (shared) Told();

    Child keeper = start_keeper(journal, memory.path(), log);
    Child writer = start_writer(options, told);
    for (int round = 0; round < rounds; ++round) {
        pause_us(static_cast<long>(2000 + random() % 20'000));
        const auto which = random() % 3;
        INFO("round " << round << ", killed " << which);
        if (which != 1) {
            writer.kill(SIGKILL);
            REQUIRE(told.failed.load() == 0);
        }
        if (which != 0) {
            keeper.kill(SIGKILL);
            // What was said to be synced must be on the disk at this moment.
            const DiskEnd end = find_disk_end(journal);
            REQUIRE(end.error == "");
            REQUIRE(end.chain.sequence >= told.synced.load());
            keeper = start_keeper(journal, memory.path(), log);
        }
        if (which != 1) {
            writer = start_writer(options, told);
        }
    }
    pause_us(200'000);
    writer.kill(SIGKILL);
    REQUIRE(told.failed.load() == 0);
    const int status = keeper.kill(SIGTERM);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);

    JournalReader reader;
    REQUIRE(reader.open(journal));
    RecordView view;
    risk::Sequence last = 0;
    ReadStatus read = ReadStatus::record;
    while ((read = reader.next(view)) == ReadStatus::record) {
        REQUIRE(view.header.sequence == last + 1);
        REQUIRE(is_sample(view));
        last = view.header.sequence;
    }
    INFO(reader.error());
    CHECK(read == ReadStatus::end);
    CHECK(reader.sealed());
    CHECK(reader.torn_bytes() == 0);
    CHECK(last >= told.published.load());
    CHECK(last > static_cast<risk::Sequence>(rounds));
    // The end of the log is the same to a writer that has lost the front, as after a loss of power.
    const TemporaryDirectory other("/dev/shm");
    const auto reopened = Front::open(small_front(other.path(), journal));
    REQUIRE(reopened.error == "");
    CHECK(reopened.front->recovered().sequence == last);
    // Any place can be looked up without reading what lies before it.
    for (int i = 0; i < 50; ++i) {
        const risk::Sequence wanted = 1 + random() % last;
        JournalReader seeking;
        REQUIRE(seeking.open(journal, wanted));
        REQUIRE(seeking.next(view) == ReadStatus::record);
        CHECK(view.header.sequence == wanted);
    }
    ::munmap(shared, 4096);
}
