// The replicator on a real small journal and an archive in memory that fails as asked: no hole, no double,
// whatever is lost on the way or started anew; what contradicts the journal is refused; ArchiveCheck is the
// judge, and finds what is changed, missing or doubled itself.
#include <random>

#include "audit/replicate/archive_check.hpp"
#include "audit/replicate/replicator.hpp"
#include "audit/retention/compress.hpp"
#include "audit/retention/prune.hpp"
#include "fake_archive.hpp"
#include "tests/audit/small_journal.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;
using Step = Replicator::Step;

namespace {

struct World {
    TemporaryDirectory disk{"/dev/shm"};
    SmallJournal journal{disk.path() + "/journal"};
    FakeArchive archive;
    std::vector<std::string> told;
    std::vector<std::string> alarms;
    World() {
        journal.start();
        orders(5);
        journal.checkpoint();
    }
    void orders(int count) {
        for (int i = 0; i < count; ++i) {
            journal.order();
            journal.frame();
        }
    }
    // One start of the program: until it has nothing left to do, or does not go on.
    Step run(risk::Sequence known = 0, int steps_max = 2000) {
        JournalTail tail(journal.directory(), journal.memory());
        ReplicatorOptions options;
        options.archive_name = "archive";
        options.known = known;
        options.say = [this](const std::string& text) { told.push_back(text); };
        options.alarm = [this](const std::string& text) { alarms.push_back(text); };
        Replicator replicator(options, tail, archive);
        Step step = Step::sent;
        for (int i = 0; i < steps_max && step != Step::idle && step != Step::refused; ++i) {
            step = replicator.step();
        }
        trouble = replicator.trouble();
        return step;
    }
    ArchiveCheckReport check(bool with_journal = true) {
        ArchiveCheckOptions options;
        options.keys.push_back(journal.key().verifier());
        options.journal.directory = with_journal ? journal.directory() : "";
        return ArchiveCheck(options).run(archive);
    }
    std::string trouble;
};

std::string all_of(const ArchiveCheckReport& report) {
    return text_of(report);
}
bool any_holds(const std::vector<std::string>& texts, const std::string& part) {
    return std::any_of(texts.begin(), texts.end(),
                       [&part](const std::string& text) { return text.find(part) != std::string::npos; });
}
bool finds(const ArchiveCheckReport& report, const std::string& part) {
    INFO(all_of(report));
    CHECK_FALSE(report.ok());
    return any_holds(report.findings, part);
}

// The message that holds this record.
ArchiveMessage& holder(FakeArchive& archive, risk::Sequence sequence) {
    for (auto& [number, message] : archive.messages) {
        std::vector<RecordView> records;
        if (message.kind == MessageKind::records && split_records(message.bytes, records).empty() &&
            records.front().header.sequence <= sequence && records.back().header.sequence >= sequence) {
            return message;
        }
    }
    FAIL("no message holds record " << sequence);
    std::abort();
}

// One record a message, so that each can be lost alone.
void fill_singly(World& world) {
    for (int i = 0; i < 6; ++i) {
        REQUIRE(world.run() == Step::idle);
        world.orders(1);
    }
    world.journal.checkpoint();
    REQUIRE(world.run() == Step::idle);
    REQUIRE(world.check().ok());
}

// Another byte in the record, its checksum made right again: whoever can write the stream can do that.
void change_record(std::string& bytes, std::size_t at) {
    bytes[at + sizeof(RecordHeader) + sizeof(SectionHeader)] ^= 1;
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at + 8, sizeof length);
    const std::uint32_t crc = record_crc(audit::bytes_of(std::string_view(bytes).substr(at, length)));
    std::memcpy(bytes.data() + at + 12, &crc, sizeof crc);
}

}  // namespace

TEST_CASE("an_archive_holds_every_record_that_is_on_the_disk_once_and_its_newest_checkpoint") {
    World world;
    REQUIRE(world.run() == Step::idle);
    const ArchiveCheckReport report = world.check();
    INFO(all_of(report));
    CHECK(report.ok());
    CHECK(report.records == 6);
    CHECK(report.checkpoints == 1);
    CHECK(report.covered == 6);
    CHECK(report.journal_records == 6);
    CHECK(report.root == world.check(false).root);
    // Published, and not on the disk: it waits.
    world.journal.order();
    REQUIRE(world.run() == Step::idle);
    CHECK(world.check().records == 6);
    world.journal.frame();
    REQUIRE(world.run() == Step::idle);
    CHECK(world.check().records == 7);
    CHECK(any_holds(world.check().remarks, "record 7 is under no checkpoint"));
    CHECK(world.alarms.empty());
}

TEST_CASE("without_the_front_only_what_a_checkpoint_covers_is_carried") {
    World world;
    world.orders(3);
    JournalTail tail(world.journal.directory(), "");
    CHECK(tail.synced() == 6);
    JournalTail marked(world.journal.directory(), world.journal.memory());
    CHECK(marked.synced() == 9);
}

TEST_CASE("answers_lost_before_or_behind_the_store_and_starts_at_any_moment_leave_no_hole_and_no_double") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        World world;
        world.archive.next_fault = [&random] {
            const auto drawn = random() % 6;
            return drawn == 0   ? FakeArchive::Fault::lost_before
                   : drawn == 1 ? FakeArchive::Fault::lost_after
                                : FakeArchive::Fault::none;
        };
        for (int i = 0; i < 12; ++i) {
            world.orders(static_cast<int>(random() % 3));
            if (random() % 3 == 0) {
                world.journal.checkpoint();
            }
            static_cast<void>(world.run(0, static_cast<int>(random() % 6)));  // killed behind some step
        }
        world.archive.next_fault = nullptr;
        world.journal.checkpoint();
        REQUIRE(world.run() == Step::idle);
        const ArchiveCheckReport report = world.check();
        INFO(all_of(report));
        CHECK(report.ok());
        CHECK(report.covered == report.records);
        CHECK(world.alarms.empty());
    }
}

TEST_CASE("two_replicators_at_one_archive_do_not_interleave") {
    World world;
    JournalTail first_tail(world.journal.directory(), world.journal.memory());
    JournalTail second_tail(world.journal.directory(), world.journal.memory());
    ReplicatorOptions options;
    int told = 0;
    options.say = [&told](const std::string& text) {
        told += text.find("another replicator") != std::string::npos;
    };
    Replicator first(options, first_tail, world.archive);
    Replicator second(options, second_tail, world.archive);
    for (int i = 0; i < 60; ++i) {
        world.orders(1);
        CHECK(first.step() != Step::refused);
        CHECK(second.step() != Step::refused);
    }
    // The second one's message comes between the first one's look and its own.
    world.orders(1);
    world.archive.before_put = [&world, &second] {
        world.archive.before_put = nullptr;
        while (second.step() == Step::sent) {
        }
    };
    while (first.step() == Step::sent) {
    }
    CHECK(told > 0);
    world.journal.checkpoint();
    while (first.step() == Step::sent) {
    }
    const ArchiveCheckReport report = world.check();
    INFO(all_of(report));
    CHECK(report.ok());
    CHECK(report.records == 67);
}

TEST_CASE("an_archive_that_has_lost_its_end_or_all_is_filled_again_from_the_journal_and_told_as_an_alarm") {
    World world;
    fill_singly(world);
    const std::uint64_t records = world.check().records;
    SECTION("all, and it is gone") {
        world.archive.lose_all();
        REQUIRE(world.run(records) == Step::idle);
        CHECK(any_holds(world.alarms, "has lost records 1 to " + std::to_string(records)));
    }
    SECTION("all, its numbers kept") {
        world.archive.messages.clear();
        world.archive.ids.clear();
        REQUIRE(world.run(records) == Step::idle);
        CHECK(any_holds(world.alarms, "has lost records 1 to " + std::to_string(records)));
    }
    SECTION("its end") {
        world.archive.lose_from(4);
        const risk::Sequence left = world.check().last;
        REQUIRE(left < records);
        REQUIRE(world.run(records) == Step::idle);
        CHECK(any_holds(world.alarms,
                        "has lost records " + std::to_string(left + 1) + " to " + std::to_string(records)));
    }
    CHECK(any_holds(world.told, "what was lost is there again, up to record " + std::to_string(records)));
    const ArchiveCheckReport report = world.check();
    INFO(all_of(report));
    CHECK(report.ok());
    CHECK(report.records == records);
    CHECK(report.covered == records);
}

TEST_CASE("a_loss_while_the_replicator_runs_is_told_and_filled_again") {
    World world;
    JournalTail tail(world.journal.directory(), world.journal.memory());
    ReplicatorOptions options;
    std::vector<std::string> alarms;
    options.alarm = [&alarms](const std::string& text) { alarms.push_back(text); };
    Replicator replicator(options, tail, world.archive);
    while (replicator.step() == Step::sent) {
    }
    world.archive.down = true;
    world.orders(1);
    CHECK(replicator.step() == Step::away);
    CHECK(replicator.archived() == 6);
    world.archive.lose_all();
    world.archive.down = false;
    // Believed once it has been seen several times.
    CHECK(replicator.step() == Step::unsure);
    CHECK(replicator.trouble().find("it ends at record 0, where record 6 was in it") != std::string::npos);
    CHECK(alarms.empty());
    for (int i = 0; i < 30 && replicator.step() != Step::idle; ++i) {
    }
    REQUIRE(alarms.size() == 1);
    CHECK(any_holds(alarms, "has lost records 1 to 6"));
    CHECK(world.check().records == 7);
}

TEST_CASE("an_archive_that_only_seems_to_have_lost_records_is_looked_at_again_and_no_alarm_is_raised") {
    World world;
    REQUIRE(world.run() == Step::idle);
    FakeArchive whole = world.archive;
    world.archive.lose_all();
    world.archive.exists = true;
    JournalTail tail(world.journal.directory(), world.journal.memory());
    ReplicatorOptions options;
    options.known = 6;
    int alarms = 0;
    options.alarm = [&alarms](const std::string&) { ++alarms; };
    Replicator replicator(options, tail, world.archive);
    for (int i = 0; i < 4; ++i) {
        CHECK(replicator.step() == Step::unsure);
    }
    // Counted anew behind each time without an answer.
    world.archive.down = true;
    CHECK(replicator.step() == Step::away);
    world.archive.down = false;
    CHECK(replicator.step() == Step::unsure);
    CHECK(world.archive.messages.empty());
    world.archive.messages = whole.messages;
    world.archive.last_number = whole.last_number;
    while (replicator.step() == Step::sent) {
    }
    CHECK(alarms == 0);
    CHECK(world.check().ok());
}

TEST_CASE("an_archive_that_contradicts_the_journal_is_refused_and_nothing_is_added") {
    World world;
    fill_singly(world);
    world.orders(1);
    const std::uint64_t records = world.check().last;
    const auto refused = [&world](const std::string& why) {
        const std::uint64_t before = world.archive.last_number;
        world.alarms.clear();
        CHECK(world.run() == Step::refused);
        CHECK(world.archive.last_number == before);
        INFO(world.trouble);
        CHECK(any_holds(world.alarms, "archive is refused"));
        CHECK(world.trouble.find(why) != std::string::npos);
    };
    SECTION("a changed record") {
        change_record(holder(world.archive, records).bytes, 0);
        refused("record " + std::to_string(records) +
                " of the archive is not the journal's: its leaf hash is another");
    }
    SECTION("what no leaf hash covers") {
        std::string& bytes = holder(world.archive, records).bytes;
        bytes[28] = static_cast<char>(bytes[28] ^ 1);  // prev_crc
        const std::uint32_t crc = record_crc(audit::bytes_of(std::string_view(bytes)));
        std::memcpy(bytes.data() + 12, &crc, sizeof crc);
        refused("its bytes are others");
    }
    SECTION("another journal's records") {
        World other;
        fill_singly(other);
        world.archive.messages = other.archive.messages;
        world.archive.last_number = other.archive.last_number;
        refused("is not the journal's");
    }
    SECTION("records that the journal has not") {
        const Copy older(world.journal.directory());
        world.orders(2);
        world.journal.checkpoint();
        REQUIRE(world.run() == Step::idle);
        const TemporaryDirectory disk("/dev/shm");
        older.restore(disk.path() + "/older");
        JournalTail tail(disk.path() + "/older", "");
        Replicator replicator({}, tail, world.archive);
        const std::uint64_t before = world.archive.last_number;
        CHECK(replicator.step() == Step::refused);
        CHECK(world.archive.last_number == before);
        INFO(replicator.trouble());
        CHECK(replicator.trouble().find("the journal ends before it") != std::string::npos);
    }
    SECTION("one lost in the middle") {
        world.archive.messages.erase(3);
        refused("in the middle");
    }
    SECTION("settings that let it lose records") {
        world.archive.wrong = "its setting max_age: must be 0";
        refused("max_age");
    }
}

TEST_CASE("verify_finds_what_is_removed_changed_doubled_or_put_in_front_of_its_turn") {
    World world;
    fill_singly(world);
    const std::uint64_t last = world.check().last;
    ArchiveMessage& eighth = holder(world.archive, 8);
    SECTION("a message removed") {
        world.archive.messages.erase(eighth.number);
        CHECK(finds(world.check(false), "is not in the stream any more"));
        CHECK(finds(world.check(false), "record 8 is missing"));
        CHECK(world.check(false).root.empty());
        // With the journal at hand all else is still compared, up to the root.
        const ArchiveCheckReport report = world.check();
        CHECK(finds(report, "record 8 is missing"));
        CHECK(report.covered == last);
        CHECK_FALSE(report.root.empty());
    }
    SECTION("the last records removed") {
        world.archive.messages.erase(holder(world.archive, last).number);
        CHECK(finds(world.check(false), "record " + std::to_string(last) +
                                            ", which its newest checkpoint covers, is missing at the end"));
    }
    SECTION("a bit flipped") {
        eighth.bytes[90] = static_cast<char>(eighth.bytes[90] ^ 1);
        CHECK(finds(world.check(false), "record CRC-32C does not match"));
        CHECK(finds(world.check(false), "record 8 is missing"));
    }
    SECTION("a record changed, its checksum made right") {
        change_record(eighth.bytes, 0);
        CHECK(finds(world.check(false), "prev_crc is not the crc of the record before"));
        CHECK(finds(world.check(false), "is not the one that its checkpoint was signed over"));
        CHECK(finds(world.check(), "record 8 is not the journal's"));
    }
    SECTION("a record changed in no checksum and no chain") {
        change_record(holder(world.archive, last).bytes, 0);
        CHECK(world.check(false).findings.size() == 1);
        CHECK(finds(world.check(false), "is not the one that its checkpoint was signed over"));
    }
    SECTION("a message doubled") {
        world.archive.add(MessageKind::records, eighth.bytes);
        CHECK(finds(world.check(false), "record 8 comes again"));
    }
    SECTION("two messages in each other's place") {
        std::swap(eighth.bytes, holder(world.archive, 9).bytes);
        CHECK(finds(world.check(false), "record 8 is missing"));
        CHECK(finds(world.check(false), "record 8 comes again"));
    }
    SECTION("checkpoints of another key, and none") {
        ArchiveCheckOptions options;
        SigningKey other;
        REQUIRE(SigningKey::make("fairlead.example/8610/gw1", other) == "");
        options.keys.push_back(other.verifier());
        CHECK_FALSE(ArchiveCheck(options).run(world.archive).ok());
        options.keys.clear();
        const ArchiveCheckReport report = ArchiveCheck(options).run(world.archive);
        CHECK(report.ok());
        CHECK(report.checkpoints == 0);
        CHECK(any_holds(report.remarks, "no key was given"));
        std::erase_if(world.archive.messages,
                      [](const auto& one) { return one.second.kind == MessageKind::checkpoint; });
        CHECK(finds(world.check(false), "holds no checkpoint"));
    }
    SECTION("the beginning") {
        world.archive.messages.erase(1);
        CHECK(finds(world.check(false), "beginning is not before it"));
    }
    SECTION("servers that do not answer") {
        world.archive.down = true;
        CHECK_FALSE(world.check(false).away.empty());
        world.archive.down = false;
        world.archive.exists = false;
        CHECK(finds(world.check(false), "there is no stream"));
    }
    SECTION("another journal") {
        World other;
        ArchiveCheckOptions options;
        options.journal.directory = other.journal.directory();
        CHECK(finds(ArchiveCheck(options).run(world.archive), "is not the journal's"));
    }
}

TEST_CASE("compressed_and_pruned_segments_are_carried_as_far_as_they_can_be_and_compared_by_their_hashes") {
    World world;
    world.orders(20);
    world.journal.seal();
    world.journal.checkpoint();
    CompressOptions week;
    week.directory = world.journal.directory();
    week.now = 1'700'000'000'000'000'000 + 7 * 86'400'000'000'000;
    REQUIRE(compress_segments(week).done.size() > 2);
    FakeArchive before;  // filled before anything is pruned
    REQUIRE(world.run() == Step::idle);
    REQUIRE(world.check().records == 26);
    before.messages = world.archive.messages;
    before.last_number = world.archive.last_number;
    SigningKey chen;
    SigningKey lin;
    REQUIRE(SigningKey::make("chen", chen) == "");
    REQUIRE(SigningKey::make("lin", lin) == "");
    PruneOptions prune;
    prune.directory = world.journal.directory();
    prune.now = 1'700'000'000'000'000'000 + 6LL * 366 * 86'400'000'000'000;
    prune.apply = true;
    prune.pruner = &chen;
    prune.approver = &lin;
    const PruneResult pruned = prune_segments(prune);
    REQUIRE(pruned.error == "");
    REQUIRE_FALSE(pruned.pruned.empty());
    // The old archive has what the journal has no more, and is still judged by its hashes.
    REQUIRE(world.run() == Step::idle);
    CHECK(world.check().ok());
    CHECK(world.check().records == 26);
    // A new one begins behind what was pruned, and its root is the same.
    const std::string root = world.check().root;
    world.archive.lose_all();
    REQUIRE(world.run() == Step::idle);
    const ArchiveCheckReport report = world.check(false);
    INFO(all_of(report));
    CHECK(report.ok());
    CHECK(report.first > 1);
    CHECK(report.root == root);
    CHECK(report.covered == 26);
    // A made-up edge cannot pass.
    std::string& beginning = world.archive.messages.at(1).bytes;
    beginning[beginning.size() - 2] = beginning[beginning.size() - 2] == '0' ? '1' : '0';
    CHECK(finds(world.check(false), "is not the one that its checkpoint was signed over"));
}

TEST_CASE("a_journal_that_cannot_be_read_is_waited_for_and_nothing_is_sent") {
    World world;
    REQUIRE(world.run() == Step::idle);
    world.orders(8);
    const Copy whole(world.journal.directory());
    const std::string path = world.journal.directory() + "/" + whole.segments()[1];
    put_bytes(path, std::string(1000, 'x'));
    JournalTail tail(world.journal.directory(), world.journal.memory());
    Replicator replicator({}, tail, world.archive);
    Step step = Step::sent;
    for (int i = 0; i < 20 && step == Step::sent; ++i) {
        step = replicator.step();
    }
    CHECK(step == Step::journal);
    CHECK(replicator.trouble().find("the journal's files do not give it") != std::string::npos);
    CHECK(world.check(false).last < 14);
    put_bytes(path, whole.files.at(whole.segments()[1]));
    step = Step::sent;
    for (int i = 0; i < 20 && step != Step::idle; ++i) {
        step = replicator.step();
    }
    CHECK(step == Step::idle);
    CHECK(world.check(false).last == 14);
}
