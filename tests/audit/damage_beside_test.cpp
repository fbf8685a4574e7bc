// The files beside the segments: a flip of any bit of a checkpoint, of archived reference data, of the
// keeper's saved edge, of a note that cuts a segment, and of the front is found, or changes nothing.
#include "audit/journal_reader.hpp"
#include "audit/keeper/saved_edge.hpp"
#include "damage.hpp"
#include "tests/risk/world.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Flips bits of every byte of a file, two of them or all, and gives the first text that `judge` returns.
std::string flip_each(const std::string& path, unsigned part, const std::function<std::string()>& judge) {
    const std::size_t size = std::filesystem::file_size(path);
    for (std::size_t byte = part; byte < size; byte += 2 * thinned) {
        for (unsigned bit = long_form() ? 0U : byte / 2 % 4; bit < 8; bit += long_form() ? 1U : 4U) {
            const Damaged damaged(path, byte, static_cast<unsigned char>(1U << bit));
            if (const std::string wrong = judge(); !wrong.empty()) {
                return "byte " + std::to_string(byte) + " of " + path + ", bit " + std::to_string(bit) +
                       ": " + wrong;
            }
        }
    }
    return {};
}

}  // namespace

TEST_CASE("a_flip_in_any_checkpoint_kept_beside_the_journal_is_found") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const VerifierKey& key = journal.key().verifier();
    REQUIRE(verify_at(journal.directory(), &key).ok());
    REQUIRE(verify_at(journal.directory(), &key).checkpoints.checked == 2);
    CHECK(on_both_cores([&](unsigned part) {
              const std::string directory = disk.path() + "/copy" + std::to_string(part);
              whole.restore(directory);
              std::string wrong;
              for (const auto& [name, bytes] : whole.files) {
                  if (!wrong.empty() || !name.starts_with("checkpoints/") || name.ends_with("edge")) {
                      continue;
                  }
                  const std::string file = std::filesystem::path(name).filename().string();
                  wrong = flip_each(directory + "/" + name, part, [&] {
                      const VerifyReport report = verify_at(directory, &key);
                      // The newest note without its last newline is one that was not written to its end.
                      return any_holds(report.findings, file) ||
                                     any_holds(report.remarks, "/" + file + "' ends in ")
                                 ? std::string()
                                 : "not found\n" + all_of(report);
                  });
              }
              return wrong;
          }) == "");
}

TEST_CASE("the_newest_checkpoint_kept_alone_tells_that_the_last_note_was_removed_with_its_records") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const VerifierKey& key = journal.key().verifier();
    const std::string notes = notes_path(journal.directory(), 2);
    REQUIRE(std::filesystem::remove(notes));
    CHECK(verify_at(journal.directory(), &key).checkpoints.covered == 7);
    put_bytes(latest_checkpoint_path(journal.directory()), "");
    CHECK(any_holds(verify_at(journal.directory(), &key).remarks, "is empty"));
}

TEST_CASE("a_flip_in_any_file_of_archived_reference_data_is_found_at_the_day_that_names_it") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    journal.start();
    journal.day(tests::make_reference());
    journal.order();
    journal.frame();
    journal.seal();
    const Copy whole(journal.directory());
    const VerifyReport clean = verify_at(journal.directory());
    INFO(all_of(clean));
    REQUIRE(clean.ok());
    CHECK(on_both_cores([&](unsigned part) {
              const std::string directory = disk.path() + "/copy" + std::to_string(part);
              whole.restore(directory);
              std::string wrong;
              int files = 0;
              for (const auto& [name, bytes] : whole.files) {
                  if (!wrong.empty() || !name.starts_with("reference/")) {
                      continue;
                  }
                  ++files;
                  wrong = flip_each(directory + "/" + name, part, [&] {
                      const VerifyReport report = verify_at(directory);
                      return any_holds(report.findings, "record 2: the day's reference data cannot be used")
                                 ? std::string()
                                 : "not found\n" + all_of(report);
                  });
              }
              return files >= 7 || !wrong.empty() ? wrong : std::to_string(files) + " files";
          }) == "");
}

TEST_CASE("a_flip_in_the_saved_edge_never_moves_what_the_keeper_signs") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    journal.start();
    journal.order();
    journal.order();
    journal.frame();
    journal.checkpoint();
    const std::string edge = bytes_of(edge_path(journal.directory()));
    journal.order();
    journal.frame();
    journal.seal();
    std::filesystem::remove_all(checkpoint_directory(journal.directory()));
    const Copy whole(journal.directory());
    const VerifierKey& key = journal.key().verifier();
    // A keeper that starts with this edge: empty text when what it signs then is the journal's.
    const auto start_with = [&](const std::string& directory, const std::string& text) {
        std::filesystem::remove_all(checkpoint_directory(directory));
        std::filesystem::create_directories(checkpoint_directory(directory));
        put_bytes(edge_path(directory), text);
        SigningKey own;
        REQUIRE(SigningKey::parse(SmallJournal::key_text, own) == "");
        CheckpointerOptions options;
        options.place = directory;
        options.every = std::chrono::hours(1);
        Checkpointer checkpointer(options, std::move(own));
        if (std::string wrong = checkpointer.open(); !wrong.empty()) {
            return wrong;
        }
        if (std::string wrong = checkpointer.build(journal.behind()); !wrong.empty()) {
            return wrong;
        }
        checkpointer.start();
        checkpointer.finish();
        const VerifyReport report = verify_at(directory, &key);
        return report.ok() && report.checkpoints.covered == 4 ? std::string() : all_of(report);
    };
    CHECK(on_both_cores([&](unsigned part) {
              const std::string directory = disk.path() + "/copy" + std::to_string(part);
              whole.restore(directory);
              std::string wrong = start_with(directory, edge);
              for (std::size_t bit = part; bit < edge.size() * 8 && wrong.empty(); bit += 2 * thinned) {
                  std::string flipped = edge;
                  flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
                  wrong = start_with(directory, flipped);
                  wrong += wrong.empty() ? "" : " (bit " + std::to_string(bit) + ")";
              }
              return wrong;
          }) == "");
}

TEST_CASE("a_flip_in_a_note_that_cuts_a_segment_is_found_or_changes_nothing") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    SegmentCut cut;
    REQUIRE(SegmentName::parse(places[0].segment, cut.segment));
    REQUIRE(SegmentName::parse(places[3].segment, cut.next));
    cut.offset = places[2].all.end;
    cut.frame = 4;
    cut.sequence = 5;
    const std::string note = note_path(journal.directory(), cut.segment);
    put_bytes(note, cut.text() + "\nits device failed\n");
    const std::uint64_t records = verify_at(journal.directory()).records;
    REQUIRE(records == 7);
    CHECK(flip_each(note, 0, [&] {
              const VerifyReport report = verify_at(journal.directory());
              return !report.ok() || report.records == records ? std::string() : all_of(report);
          }) == "");
}

TEST_CASE("a_flip_in_the_front_is_refused_or_yields_the_records_as_they_were_written") {
    const TemporaryDirectory memory("/dev/shm");
    std::vector<std::string> truth;
    std::size_t used = 0;
    {
        const TemporaryDirectory journal;
        auto opened = Front::open(small_front(memory.path(), journal.path()));
        REQUIRE(opened.error == "");
        for (risk::Sequence sequence = 1; sequence <= 6; ++sequence) {
            append_sample(*opened.front, sequence);
        }
    }
    // What it delivers before it says that no more comes or that something is wrong.
    bool damaged = false;
    const auto read_all = [&](std::vector<std::string>& records) {
        FrontReader reader;
        damaged = !reader.attach(memory.path()).empty() || !reader.seek(1);
        std::vector<std::byte> into(record_bytes_max);
        RecordView view;
        ReadStatus status = damaged ? ReadStatus::end : ReadStatus::record;
        while (status == ReadStatus::record && (status = reader.next(into, view)) == ReadStatus::record) {
            records.emplace_back(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
        }
        used = std::max<std::size_t>(used, damaged ? 0 : reader.position());
        damaged = damaged || status != ReadStatus::end;
    };
    read_all(truth);
    REQUIRE(truth.size() == 6);
    REQUIRE_FALSE(damaged);
    const auto examine = [&](const std::string& path, std::size_t size, bool records_here) {
        for (std::size_t byte = 0; byte < size; byte += thinned) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                const Damaged flipped(path, byte, static_cast<unsigned char>(1U << bit));
                std::vector<std::string> found;
                read_all(found);
                const bool prefix =
                    found.size() <= truth.size() && std::equal(found.begin(), found.end(), truth.begin());
                if (!prefix || (records_here && !damaged)) {
                    return "byte " + std::to_string(byte) + ", bit " + std::to_string(bit) + " of " + path;
                }
            }
        }
        return std::string();
    };
    CHECK(examine(front_segment_path(memory.path(), 0), used, true) == "");
    CHECK(examine(head_path(memory.path()), sizeof(FrontHead), false) == "");
}
