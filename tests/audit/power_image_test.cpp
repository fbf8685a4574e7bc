// Power fails while the real fairlead-keeper writes: from its recorded calls the disk is rebuilt as it may be
// at any of them, and the real recovery, keeper and checkpointer must go on from it with every record the
// gate had been told of. FAIRLEAD_IMAGES sets how many; 400, or 10,000 when FAIRLEAD_LONG is 1.
#include <time.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "audit/checkpoint_files.hpp"
#include "audit/keeper/checkpointer.hpp"
#include "audit/merkle.hpp"
#include "power_disk.hpp"
#include "process.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

const std::string log_name = "fairlead.example/8610/power";
constexpr risk::Sequence records_wanted = 3000;
constexpr std::size_t subsets_max = 1 << 10;  // of one write's sectors

void pause_us(long microseconds) {
    const timespec wait{microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
    ::nanosleep(&wait, nullptr);
}

std::size_t images_wanted() {
    const char* asked = std::getenv("FAIRLEAD_IMAGES");
    const char* is_long = std::getenv("FAIRLEAD_LONG");
    return asked != nullptr                                    ? static_cast<std::size_t>(std::atoll(asked))
           : is_long != nullptr && std::string(is_long) == "1" ? 10'000
                                                               : 400;
}

// What a keeper did that was started twice and ended in order twice.
struct Recording {
    TemporaryDirectory place;
    std::string journal = place.path() + "/journal";
    std::string key = place.path() + "/key";
    std::vector<NotedCall> calls;
};

void record(Recording& into) {
    SigningKey key;
    REQUIRE(SigningKey::make(log_name, key) == "");
    REQUIRE(key.save(into.key) == "");
    const TemporaryDirectory memory("/dev/shm");
    REQUIRE(make_directory(into.journal) == "");
    auto opened = Front::open(small_front(memory.path(), into.journal));
    REQUIRE(opened.error == "");
    Front& front = *opened.front;
    const std::string notes = into.place.path() + "/calls";
    const std::string log = into.place.path() + "/keeper.log";
    std::mt19937_64 random(1);
    for (const risk::Sequence until : {records_wanted / 2, records_wanted}) {
        Child keeper = Child::run(
            // A build with AddressSanitizer refuses to come second otherwise.
            {"/usr/bin/env", "ASAN_OPTIONS=verify_asan_link_order=0", "LD_PRELOAD=" FAIRLEAD_WRITE_RECORDER,
             "FAIRLEAD_RECORD_BELOW=" + into.journal, "FAIRLEAD_RECORD_TO=" + notes, FAIRLEAD_KEEPER,
             "--journal", into.journal, "--front", memory.path(), "--segment-mib", "1", "--ready", "1",
             "--checkpoint-key", into.key},
            log);
        while (front.published() < until) {
            const std::uint64_t most = random() % 4 == 0 ? 60 : 3;
            for (std::uint64_t burst = random() % most; burst > 0 && front.has_room(); --burst) {
                append_sample(front, front.published() + 1);
            }
            pause_us(random() % 8 == 0 ? 15'000 : 300);
        }
        const int status = keeper.kill(SIGTERM);
        INFO(log);
        REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    into.calls = read_notes_of(notes);
}

// The record the gate has been told of when this call has ended; 0: it is no frame.
risk::Sequence gated_by(const NotedCall& begin) {
    FrameHeader header;
    if (begin.note.call != WriteCall::write || begin.bytes.size() < block_bytes) {
        return 0;
    }
    std::memcpy(&header, begin.bytes.data(), sizeof header);
    return header.magic == FrameHeader{}.magic && header.record_count > 0
               ? header.first_sequence + header.record_count - 1
               : 0;
}

// What is wrong with a journal that ended like this, and with going on from there. Empty: nothing.
std::string judge(const std::string& journal, const std::string& key_file, risk::Sequence gated,
                  risk::Sequence begun) {
    const TemporaryDirectory memory("/dev/shm");
    SigningKey key;
    if (std::string error = SigningKey::load(key_file, key); !error.empty()) {
        return error;
    }
    const VerifierKey verifier = key.verifier();
    // What others take away is whole at any moment: it is not made again before the next is signed.
    SignedCheckpoint latest;
    if (const std::string path = latest_checkpoint_path(journal); std::filesystem::exists(path)) {
        if (std::string error = read_checkpoint(path, latest); !error.empty()) {
            return path + ": " + error;
        }
    }
    CheckpointerOptions checkpoints;
    checkpoints.place = journal;
    checkpoints.every = std::chrono::hours(1);
    Checkpointer checkpointer(checkpoints, std::move(key));
    if (std::string error = checkpointer.open(); !error.empty()) {
        return "checkpoints: " + error;
    }
    KeeperOptions options;
    options.journal_directory = journal;
    options.front_directory = memory.path();
    options.segment_bytes = 1 << 20;
    options.written = [&checkpointer](const WrittenFrame& frame) { checkpointer.take(frame); };
    MarkResult mark = open_mark(memory.path(), true);
    SegmentStore store({journal, options.segment_bytes, 1, [](const std::string&) {}});
    const Recovered recovered = recover_disk(options, checkpointer.signed_size(), store);
    if (!recovered.error.empty()) {
        return recovered.error;
    }
    const risk::Sequence end = recovered.start.chain.records.sequence;
    if (end < gated || end > begun) {
        return "the journal ends at record " + std::to_string(end) + ", the gate was told of " +
               std::to_string(gated) + ", frames were begun up to " + std::to_string(begun);
    }
    if (std::string error = checkpointer.build(recovered.start.chain); !error.empty()) {
        return "checkpoints: " + error;
    }
    checkpointer.start();
    {
        const auto opened = Front::open(small_front(memory.path(), journal));
        if (!opened.ok() || opened.front->published() != end) {
            return "a gateway does not join: " + opened.error;
        }
        Keeper<SegmentStore> keeper(options, store,
                                    *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data())),
                                    recovered.start);
        for (int i = 0; i < 3; ++i) {
            append_sample(*opened.front, opened.front->published() + 1);
            while (keeper.state() == KeeperState::running && keeper.synced() < opened.front->published()) {
                static_cast<void>(keeper.step(monotonic_now()));
            }
        }
        keeper.finish();
        if (keeper.state() != KeeperState::stopped) {
            return "the keeper does not go on: " + keeper.error();
        }
    }
    checkpointer.finish();
    // Every record is what it was, and no note contradicts another.
    std::map<std::uint64_t, Hash> roots;
    std::vector<std::string> paths;
    if (std::string error = list_notes(journal, paths); !error.empty()) {
        return error;
    }
    for (const std::string& path : paths) {
        for (const std::string& note : read_notes(path).notes) {
            SignedCheckpoint checkpoint;
            std::string error = parse_checkpoint(note, checkpoint);
            error = error.empty() ? verify_checkpoint(checkpoint, {&verifier, 1}) : error;
            if (!error.empty()) {
                return "a note in " + path + ": " + error;
            }
            roots[checkpoint.checkpoint.size] = checkpoint.checkpoint.root;
        }
    }
    JournalReader reader;
    if (!reader.open(journal)) {
        return reader.error();
    }
    RecordView view;
    MerkleTree tree;
    Sha256Hasher hasher;
    while (reader.next(view) == ReadStatus::record) {
        tree.add(hasher, reader.leaf());
        if (view.header.sequence != tree.size() || !is_sample(view)) {
            return "record " + std::to_string(tree.size()) + " is another";
        }
        if (roots.contains(tree.size()) && roots[tree.size()] != tree.root(hasher)) {
            return "the checkpoint over " + std::to_string(tree.size()) + " records is contradicted";
        }
    }
    if (tree.size() != end + 3 || !reader.sealed() || !roots.contains(end + 3)) {
        return "went on to record " + std::to_string(tree.size()) + " of " + std::to_string(end + 3) + ": " +
               reader.error();
    }
    return {};
}

// One disk after the other as power may leave it behind the first `count` calls.
class Images {
  public:
    explicit Images(const Recording& recording) : recording_(recording) {
        for (std::size_t i = 0; i < recording.calls.size(); ++i) {
            const NotedCall& call = recording.calls[i];
            // Not behind the zeros of a segment in the making: hundreds of them would be all alike.
            if (call.note.ended != 0 || call.note.data_bytes > 0 || call.note.length == 0) {
                places_.push_back(i + 1);
            }
            // Checkpoints are seldom beside frames, and are written in more steps, the last of them a rename.
            if ((call.note.length > 0 && call.note.length < block_bytes) ||
                call.other == latest_checkpoint_path(recording.journal)) {
                places_.insert(places_.end(), 10, i + 1);
            }
        }
    }
    [[nodiscard]] const std::vector<std::size_t>& places() const { return places_; }
    // For ever larger counts only.
    void advance(std::size_t count) {
        for (; taken_ < count; ++taken_) {
            const NotedCall& call = recording_.calls[taken_];
            const auto key = std::pair(call.note.process, call.note.number);
            if (call.note.ended == 0) {
                frames_[key] = gated_by(call);
                begun_ = std::max(begun_, frames_[key]);
            } else {
                gated_ = std::max(gated_, frames_[key]);
            }
            disk_.take(call);
        }
    }
    [[nodiscard]] std::string try_one(const PowerDisk::Draw& draw, std::mt19937_64& random) {
        const TemporaryDirectory image("/dev/shm");
        disk_.write_image(recording_.journal, image.path(), draw, random);
        return judge(image.path(), recording_.key, gated_, begun_);
    }
    [[nodiscard]] std::uint64_t sectors() const { return disk_.sectors_under_way(); }
    // The checkpoint that others take has its new name, and power may take it away again.
    [[nodiscard]] bool renames_checkpoint() const {
        return disk_.renames(latest_checkpoint_path(recording_.journal));
    }
    [[nodiscard]] risk::Sequence gated() const { return gated_; }
    [[nodiscard]] risk::Sequence begun() const { return begun_; }

  private:
    const Recording& recording_;
    std::vector<std::size_t> places_;
    std::size_t taken_ = 0;
    PowerDisk disk_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, risk::Sequence> frames_;
    risk::Sequence gated_ = 0;
    risk::Sequence begun_ = 0;  // the last record of any frame that was begun: a disk can hold no later one
};

}  // namespace

TEST_CASE("no_record_the_gate_was_told_of_is_lost_wherever_power_fails_while_the_keeper_writes") {
    Recording recording;
    record(recording);
    std::mt19937_64 random(20'261'130);
    std::vector<std::size_t> chosen;
    const Images all(recording);
    for (std::size_t i = images_wanted(); i > 0; --i) {
        chosen.push_back(all.places()[random() % all.places().size()]);
    }
    std::sort(chosen.begin(), chosen.end());
    Images images(recording);
    std::size_t tried = 0;
    std::size_t drawn = 0;      // sectors
    std::size_t damaged = 0;    // images where a sector is not the old one
    std::size_t in_frames = 0;  // images with a frame under way
    std::size_t renaming = 0;   // images with a checkpoint's rename not yet durable
    for (const std::size_t place : chosen) {
        images.advance(place);
        const std::uint64_t fresh_percent =
            std::array<std::uint64_t, 4>{0, 50, 100, random() % 101}[random() % 4];
        const std::uint64_t garbage_percent = random() % 3 == 0 ? 30 : 0;
        bool all_old = true;
        const auto draw = [&](std::uint64_t) {
            ++drawn;
            const Sector sector = random() % 100 < garbage_percent ? Sector::garbage
                                  : random() % 100 < fresh_percent ? Sector::fresh
                                                                   : Sector::old;
            all_old = all_old && sector == Sector::old;
            return sector;
        };
        INFO("image " << tried << " at call " << place << " of " << recording.calls.size() << ", gated "
                      << images.gated() << ", begun " << images.begun());
        REQUIRE(images.try_one(draw, random) == "");
        ++tried;
        damaged += all_old ? 0 : 1;
        in_frames += images.sectors() > 0 && images.begun() > images.gated() ? 1 : 0;
        renaming += images.renames_checkpoint() ? 1 : 0;
    }
    CHECK(images.gated() > records_wanted / 2);
    CHECK(drawn > tried);
    CHECK(damaged > tried / 10);
    CHECK(in_frames > 0);
    CHECK(renaming > 0);
    WARN(tried << " images, " << damaged << " with sectors that are not the old ones, " << in_frames
               << " with a frame under way, " << renaming << " with a checkpoint's rename, " << drawn
               << " sectors drawn, at " << recording.calls.size() / 2 << " recorded calls");
}

TEST_CASE("each_subset_of_the_sectors_of_a_frame_under_way_leaves_a_journal_that_goes_on") {
    Recording recording;
    record(recording);
    std::mt19937_64 random(7);
    const std::size_t frames_wanted = std::max<std::size_t>(1, images_wanted() / 400);
    // How often the keeper wrote is its own business: as many as are wanted are drawn from those it made.
    std::vector<std::size_t> places;
    Images all(recording);
    for (const std::size_t place : all.places()) {
        all.advance(place);
        const bool again = !places.empty() && places.back() == place;
        if (!again && all.sectors() > 0 && all.sectors() <= 10 && all.gated() >= 100) {
            places.push_back(place);
        }
    }
    REQUIRE(places.size() >= frames_wanted);
    std::shuffle(places.begin(), places.end(), random);
    places.resize(frames_wanted);
    std::sort(places.begin(), places.end());
    Images images(recording);
    for (const std::size_t place : places) {
        images.advance(place);
        const std::uint64_t sectors = images.sectors();
        const std::size_t subsets = std::size_t{1} << sectors;
        REQUIRE(subsets <= subsets_max);
        for (std::size_t subset = 0; subset < subsets; ++subset) {
            INFO("call " << place << ", subset " << subset << " of " << subsets);
            const auto draw = [&](std::uint64_t number) {
                return number < 64 && (subset >> number & 1) != 0 ? Sector::fresh : Sector::old;
            };
            REQUIRE(images.try_one(draw, random) == "");
        }
    }
}
