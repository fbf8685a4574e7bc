// Compressed segments read as the plain ones did; compressing killed at any step loses nothing; what is
// young, current or not sound is left alone.
#include "audit/retention/compress.hpp"

#include "damage.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

struct Killed {};

constexpr risk::UtcNs begun_ns = 1'700'000'000'000'000'000;
constexpr std::int64_t day_ns = 86'400'000'000'000;

// Three segments of three and four frames, and a fourth that is begun.
void fill_four(SmallJournal& journal) {
    journal.start();
    for (int i = 0; i < 11; ++i) {
        journal.order();
        journal.frame();
        if (i % 4 == 0) {
            journal.checkpoint();
        }
    }
    journal.stop();
    journal.frame();
    journal.checkpoint();
    journal.seal();
}

CompressOptions next_week(const std::string& directory) {
    CompressOptions options;
    options.directory = directory;
    options.now = begun_ns + 7 * day_ns;
    return options;
}

// What the compressed file gives back; empty if it cannot be read.
std::string content_of(const std::string& path) {
    CompressedSegment compressed;
    if (!compressed.open(path).empty()) {
        return {};
    }
    std::string bytes(compressed.bytes(), '\0');
    return compressed.read(0, std::as_writable_bytes(std::span(bytes))).empty() ? bytes : std::string();
}

std::vector<std::string> segment_files(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : Copy(directory).files) {
        if (name.starts_with("segment-")) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace

TEST_CASE("a_compressed_journal_verifies_as_the_plain_one_did_and_gives_its_bytes_back") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_four(journal);
    const VerifierKey& key = journal.key().verifier();
    const Copy whole(journal.directory());
    REQUIRE(whole.segments().size() == 4);
    const VerifyReport before = verify_at(journal.directory(), &key);
    INFO(all_of(before));
    REQUIRE(before.ok());
    const CompressResult result = compress_segments(next_week(journal.directory()));
    REQUIRE(result.error == "");
    CHECK(result.done.size() == 3);
    REQUIRE(result.kept.size() == 1);
    CHECK(result.kept[0] == whole.segments()[3] + ": the journal's current segment, or not used yet");
    CHECK(result.bytes_after < result.bytes_before);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string path = journal.directory() + "/" + whole.segments()[i];
        CHECK_FALSE(std::filesystem::exists(path));
        CHECK((std::filesystem::status(path + ".zst").permissions() & std::filesystem::perms(0777)) ==
              std::filesystem::perms(0440));
        CompressedSegment compressed;
        REQUIRE(compressed.open(path + ".zst") == "");
        std::string bytes(compressed.bytes(), '\0');
        REQUIRE(compressed.read(0, std::as_writable_bytes(std::span(bytes))) == "");
        CHECK(bytes == whole.files.at(whole.segments()[i]));
    }
    const VerifyReport after = verify_at(journal.directory(), &key);
    INFO(all_of(after));
    CHECK(after.ok());
    CHECK(after.records == before.records);
    CHECK(after.digest == before.digest);
    CHECK(after.checkpoints.checked == before.checkpoints.checked);
    // From the middle, as resends read.
    for (risk::Sequence first = 1; first <= before.records; ++first) {
        JournalReader reader;
        REQUIRE(reader.open(journal.directory(), first));
        RecordView view;
        REQUIRE(reader.next(view) == ReadStatus::record);
        CHECK(view.header.sequence == first);
    }
    CHECK(compress_segments(next_week(journal.directory())).done.empty());
}

TEST_CASE("compressing_killed_behind_any_step_loses_nothing_and_the_next_run_ends_it") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_four(journal);
    const VerifierKey& key = journal.key().verifier();
    const Copy whole(journal.directory());
    const std::string directory = disk.path() + "/copy";
    int steps = 0;
    bool killed = true;
    for (int at = 1; killed; ++at) {
        whole.restore(directory);
        killed = false;
        int step = 0;
        CompressOptions options = next_week(directory);
        options.behind = [&](const char*) {
            if (++step == at) {
                throw Killed();
            }
        };
        try {
            const CompressResult result = compress_segments(options);
            CHECK(result.error == "");
        } catch (const Killed&) {
            killed = true;
            ++steps;
        }
        INFO("killed behind step " << at);
        const VerifyReport report = verify_at(directory, &key);
        INFO(all_of(report));
        CHECK(report.ok());
        CHECK(report.records == 13);
        CHECK(compress_segments(next_week(directory)).error == "");
        const std::vector<std::string> files = segment_files(directory);
        REQUIRE(files.size() == 4);
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(files[i] == whole.segments()[i] + (i < 3 ? ".zst" : ""));
        }
        CHECK(verify_at(directory, &key).ok());
    }
    CHECK(steps == 3 * 6);
}

TEST_CASE("a_segment_that_is_young_current_or_not_sound_is_left_as_it_is") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_four(journal);
    const Copy whole(journal.directory());
    CompressOptions options = next_week(journal.directory());
    options.days = 8;
    const CompressResult young = compress_segments(options);
    CHECK(young.done.empty());
    REQUIRE(young.kept.size() == 4);
    CHECK(young.kept[0].find("is not 8 days old") != std::string::npos);
    const std::string path = journal.directory() + "/" + whole.segments()[1];
    const Damaged damaged(path, 5'000, 1);
    const CompressResult result = compress_segments(next_week(journal.directory()));
    CHECK(result.error == "");
    CHECK(result.done.size() == 2);  // the third is behind the damage, but sound in itself
    CHECK(any_holds(result.kept, whole.segments()[1] + ": not sound, see fairlead-examine verify: DAMAGE"));
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a_damaged_compressed_segment_is_named_and_the_others_are_still_read") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_four(journal);
    REQUIRE(compress_segments(next_week(journal.directory())).error == "");
    const Copy whole(journal.directory());
    const std::string name = segment_files(journal.directory())[1];
    const std::size_t size = whole.files.at(name).size();
    CHECK(on_both_cores([&](unsigned part) {
              const std::string directory = disk.path() + "/copy" + std::to_string(part);
              whole.restore(directory);
              std::filesystem::permissions(directory + "/" + name, std::filesystem::perms(0640));
              const std::string path = directory + "/" + name;
              const std::string truth = content_of(path);
              const auto judge = [&] {
                  const VerifyReport report = verify_at(directory);
                  return any_holds(report.findings, name) &&
                                 any_holds(report.provable, "records 1 to 4: whole") &&
                                 any_holds(report.provable, "records 9 to 13, frames 8 to 13")
                             ? std::string()
                             : all_of(report);
              };
              for (std::size_t byte = part; byte < size; byte += 2) {
                  for (unsigned bit = 0; bit < 8; ++bit) {
                      const Damaged damaged(path, byte, static_cast<unsigned char>(1U << bit));
                      // zstd's coding has bits that change nothing: then every byte of the content is the
                      // same.
                      const std::string wrong = judge();
                      if (!wrong.empty() && content_of(path) != truth) {
                          return "byte " + std::to_string(byte) + ", bit " + std::to_string(bit) + ": " +
                                 wrong;
                      }
                  }
              }
              for (std::size_t length = part; length < size; length += 2) {
                  put_bytes(path, whole.files.at(name).substr(0, length));
                  if (const std::string wrong = judge(); !wrong.empty()) {
                      return "cut to " + std::to_string(length) + ": " + wrong;
                  }
              }
              return std::string();
          }) == "");
}
