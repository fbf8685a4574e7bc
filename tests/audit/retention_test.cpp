// Compressed segments read as the plain ones did; compressing killed at any step loses nothing; what is
// young, current or not sound is left alone.
#include <fstream>

#include "audit/retention/compress.hpp"

#include "audit/examine/proof.hpp"
#include "audit/keeper/saved_edge.hpp"
#include "audit/prune_note.hpp"
#include "audit/retention/prune.hpp"
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
              for (std::size_t byte = part; byte < size; byte += 2 * thinned) {
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
              for (std::size_t length = part; length < size; length += 2 * thinned) {
                  put_bytes(path, whole.files.at(name).substr(0, length));
                  if (const std::string wrong = judge(); !wrong.empty()) {
                      return "cut to " + std::to_string(length) + ": " + wrong;
                  }
              }
              return std::string();
          }) == "");
}

namespace {

// Two persons who prune, and one who is only called so: chen's key under another name.
struct Persons {
    Persons() {
        REQUIRE(SigningKey::make("chen", chen) == "");
        REQUIRE(SigningKey::make("lin", lin) == "");
        const TemporaryDirectory place("/dev/shm");
        // PRIVATE+KEY+NAME+ID+BASE64: the same seed, another name and with it another id.
        REQUIRE(chen.save(place.path() + "/key") == "");
        std::ifstream file(place.path() + "/key");
        std::string text;
        std::getline(file, text);
        const std::string seed = text.substr(text.find('+', text.find("chen+") + 5) + 1);
        VerifierKey named("alias", chen.verifier().key());
        const std::string id = named.text().substr(6, 8);
        REQUIRE(SigningKey::parse("PRIVATE+KEY+alias+" + id + "+" + seed, alias) == "");
    }
    SigningKey chen;
    SigningKey lin;
    SigningKey alias;
};
const Persons& persons() {
    static const Persons made;
    return made;
}

PruneOptions in_six_years(const std::string& directory, bool apply = true) {
    PruneOptions options;
    options.directory = directory;
    options.now = begun_ns + 6 * 366 * day_ns;
    options.apply = apply;
    options.pruner = &persons().chen;
    options.approver = &persons().lin;
    return options;
}

// Six segments: the oldest two may be pruned, a keeper starts from the others.
void fill_six(SmallJournal& journal) {
    journal.start();
    for (int i = 0; i < 20; ++i) {
        journal.order();
        journal.frame();
        if (i % 5 == 4) {
            journal.checkpoint();
        }
    }
    journal.seal();
}

}  // namespace

TEST_CASE("what_is_pruned_stays_provable_by_its_hashes_and_the_report_says_who_pruned_it_and_when") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_six(journal);
    const VerifierKey& key = journal.key().verifier();
    const Copy whole(journal.directory());
    REQUIRE(whole.segments().size() == 6);
    SignedCheckpoint old;
    REQUIRE(parse_checkpoint(read_notes(notes_path(journal.directory(), 2)).notes.at(0), old) == "");
    REQUIRE(old.checkpoint.size == 6);
    SignedCheckpoint newest;
    REQUIRE(read_checkpoint(latest_checkpoint_path(journal.directory()), newest) == "");
    const std::string growth_before = prove_consistency(journal.directory(), old, newest).text;
    const std::string record_before = prove_inclusion(journal.directory(), 14, newest).text;
    REQUIRE_FALSE(growth_before.empty());
    REQUIRE_FALSE(record_before.empty());
    REQUIRE(compress_segments(next_week(journal.directory())).error == "");
    const Copy compressed(journal.directory());
    const PruneResult dry = prune_segments(in_six_years(journal.directory(), false));
    CHECK(dry.error == "");
    CHECK(dry.pruned.size() == 3);
    CHECK(Copy(journal.directory()).files == compressed.files);
    const PruneResult result = prune_segments(in_six_years(journal.directory()));
    CHECK(result.error == "");
    REQUIRE(result.pruned.size() == 3);
    REQUIRE(result.kept.size() == 3);
    CHECK(result.kept[0].find("a keeper starts from it") != std::string::npos);
    for (int i = 0; i < 3; ++i) {
        CHECK_FALSE(std::filesystem::exists(journal.directory() + "/" +
                                            whole.segments()[static_cast<std::size_t>(i)] + ".zst"));
    }
    const VerifyReport report = verify_at(journal.directory(), &key, &old);
    INFO(all_of(report));
    CHECK(report.ok());
    CHECK(report.pruned == 12);
    CHECK(report.records == 9);
    CHECK(report.checkpoints.checked == 4);
    CHECK(report.checkpoints.since_continued);
    CHECK_FALSE(report.replayed);
    CHECK(
        any_holds(report.remarks, "segment " + whole.segments()[1] +
                                      ", records 5 to 8: pruned by chen and lin on 2029-11-18, hashes kept"));
    CHECK(prove_consistency(journal.directory(), old, newest).text == growth_before);
    CHECK(prove_inclusion(journal.directory(), 14, newest).text == record_before);
    CHECK(prove_inclusion(journal.directory(), 12, newest).error ==
          "record 12 was pruned: only its hash is kept");
    // Whoever needs the records from the first on is told.
    JournalReader reader;
    CHECK_FALSE(reader.open(journal.directory()));
    CHECK(reader.error().find("records 1 to 12 of the journal in") != std::string::npos);
    CHECK(reader.error().find("were pruned by chen and lin") != std::string::npos);
    CHECK(reader.open(journal.directory(), 13));
    CHECK(reader.open(journal.directory(), 17));
    CHECK(find_disk_end(journal.directory()).chain.sequence == 21);
}

TEST_CASE("a_flip_of_any_bit_of_what_is_kept_of_a_pruned_segment_is_found") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_six(journal);
    const VerifierKey& key = journal.key().verifier();
    REQUIRE(prune_segments(in_six_years(journal.directory())).error == "");
    const Copy whole(journal.directory());
    for (const std::string& file : segment_files(journal.directory())) {
        if (!file.ends_with(".pruned")) {
            continue;
        }
        const std::string path = journal.directory() + "/" + file;
        const std::string text = whole.files.at(file);
        std::filesystem::permissions(path, std::filesystem::perms(0640));
        for (std::size_t byte = 0; byte < text.size(); byte += thinned) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                std::string changed = text;
                changed[byte] = static_cast<char>(changed[byte] ^ (1 << bit));
                put_bytes(path, changed);
                const VerifyReport report = verify_at(journal.directory(), &key);
                if (report.ok()) {
                    FAIL("byte " << byte << ", bit " << bit << " of " << file << "\n" << all_of(report));
                }
            }
        }
        put_bytes(path, text);
    }
}

TEST_CASE("who_signed_for_what_was_pruned_is_verified_and_no_other_signature_counts") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_six(journal);
    const std::string& directory = journal.directory();
    const std::vector<std::string> segments = Copy(directory).segments();
    REQUIRE(prune_segments(in_six_years(directory)).error == "");
    PrunedSegment part;
    REQUIRE(PrunedSegment::read(directory + "/" + segments[0] + ".pruned", part) == "");
    const std::string note = prune_note_path(directory, part.segment);
    const Copy whole(directory);
    const VerifierKey& chen = persons().chen.verifier();
    const VerifierKey& lin = persons().lin.verifier();
    const auto verdict = [&directory](std::vector<VerifierKey> keys) {
        VerifyOptions options;
        options.journal_directory = directory;
        options.pruners = std::move(keys);
        const VerifyReport report = verify(options);
        return report.ok() ? std::string() : report.findings.front();
    };
    const auto says = [](const std::string& finding, const std::string& rule) {
        INFO(finding);
        CHECK(finding.find(rule) != std::string::npos);
    };
    CHECK(verdict({chen, lin}) == "");
    CHECK(verdict({lin, chen}) == "");
    CHECK(verdict({}) == "");
    // One who may is not enough; nor is someone else.
    says(verdict({chen}), "the signature of lin does not verify under the keys given");
    SigningKey stranger;
    REQUIRE(SigningKey::make("lin", stranger) == "");
    says(verdict({chen, stranger.verifier()}), "the signature of lin does not verify");
    const auto put_note = [&](const std::string& text) {
        std::filesystem::remove(note);
        put_bytes(note, text);
    };
    const auto text_of = [&whole, &note] {
        const std::string text = whole.files.at(std::filesystem::path(note).filename().string());
        return text.substr(0, text.find("\n\n") + 1);
    }();
    const auto signature = [&text_of](const SigningKey& key) {
        return key.sign_text(text_of).substr(text_of.size() + 1);
    };
    // Signed by one person; by one twice; by one under two names.
    put_note(persons().chen.sign_text(text_of));
    says(verdict({chen, lin}), "must have the signatures of two persons");
    says(verdict({}), "must have the signatures of two persons");
    put_note(persons().chen.sign_text(text_of) + signature(persons().chen));
    says(verdict({chen, lin}), "must have the signatures of two persons");
    PrunedSegment forged = part;
    forged.approved_by = "alias";
    std::filesystem::remove(directory + "/" + segments[0] + ".pruned");
    put_bytes(directory + "/" + segments[0] + ".pruned", forged.text());
    put_note(sign_pruned(forged, persons().chen, persons().alias));
    says(verdict({chen, persons().alias.verifier()}), "one key under two names");
    whole.restore(directory);
    // The note is gone, is another segment's, or has any bit flipped.
    std::filesystem::remove(note);
    says(verdict({}), "nobody has signed for what was pruned");
    put_note(whole.files.at(segments[1] + ".pruned.note"));
    says(verdict({}), "is not of what stays of this segment");
    const std::string good = whole.files.at(segments[0] + ".pruned.note");
    for (std::size_t byte = 0; byte < good.size(); ++byte) {
        std::string changed = good;
        changed[byte] = static_cast<char>(changed[byte] ^ 4);
        put_note(changed);
        INFO("byte " << byte);
        CHECK(verdict({chen, lin}) != "");
    }
}

TEST_CASE("pruning_killed_behind_any_step_keeps_the_journal_provable_and_the_next_run_ends_it") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_six(journal);
    const VerifierKey& key = journal.key().verifier();
    const Copy whole(journal.directory());
    const std::string directory = disk.path() + "/copy";
    int steps = 0;
    bool killed = true;
    for (int at = 1; killed; ++at) {
        whole.restore(directory);
        killed = false;
        int step = 0;
        PruneOptions options = in_six_years(directory);
        options.behind = [&](const char*) {
            if (++step == at) {
                throw Killed();
            }
        };
        try {
            const PruneResult result = prune_segments(options);
            CHECK(result.error == "");
        } catch (const Killed&) {
            killed = true;
            ++steps;
        }
        INFO("killed behind step " << at);
        const VerifyReport report = verify_at(directory, &key);
        INFO(all_of(report));
        CHECK(report.ok());
        CHECK(report.pruned + report.records == 21);
        CHECK(prune_segments(in_six_years(directory)).error == "");
        const VerifyReport after = verify_at(directory, &key);
        CHECK(after.ok());
        CHECK(after.pruned == 12);
    }
    CHECK(steps == 3 * 4);
}

TEST_CASE("what_is_younger_than_its_class_or_in_dispute_stays_and_so_does_all_behind_it") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_six(journal);
    const std::string& directory = journal.directory();
    const Copy whole(directory);
    PruneOptions options = in_six_years(directory);
    options.now = begun_ns + 5 * 366 * day_ns;
    const PruneResult young = prune_segments(options);
    CHECK(young.pruned.empty());
    REQUIRE_FALSE(young.kept.empty());
    CHECK(young.kept[0].find("holds records of class orders up to 2023-11-14, younger than 1830 days") !=
          std::string::npos);
    CHECK(young.kept[1].find("behind " + whole.segments()[0] + ", which stays") != std::string::npos);
    options = in_six_years(directory);
    options.wanted = RetentionClass::logins;
    CHECK(any_holds(prune_segments(options).kept, "holds no records of class logins"));
    options = in_six_years(directory);
    put_bytes(directory + "/disputes", "# court\n2023-11-14 2023-11-14 case 112-7\n");
    CHECK(any_holds(prune_segments(options).kept,
                    "in dispute, '" + directory + "/disputes' line 2: 2023-11-14"));
    put_bytes(directory + "/disputes", "2023-11-13 2023-11-13 the day before\n2023-11-15 2023-11-20 after\n");
    options.apply = false;
    CHECK(prune_segments(options).pruned.size() == 3);
    for (const char* line : {"2023-11-14\n", "2023-02-30 2023-03-01 no such day\n", "14.11.2023 2023-11-15\n",
                             "2023-11-15 2023-11-14 back\n"}) {
        put_bytes(directory + "/disputes", line);
        CHECK(prune_segments(options).error.find("must be two UTC days") != std::string::npos);
    }
    std::filesystem::remove(directory + "/disputes");
    options.disputes_file = directory + "/none";
    CHECK(prune_segments(options).error.find("cannot be read") != std::string::npos);
    options = in_six_years(directory);
    options.approver = options.pruner;
    CHECK(prune_segments(options).error.find("two persons who are not the same") != std::string::npos);
    options.approver = &persons().alias;
    CHECK(prune_segments(options).error.find("one key under two names") != std::string::npos);
    options.approver = nullptr;
    CHECK(prune_segments(options).error.find("needs the keys of two persons") != std::string::npos);
    CHECK(Copy(directory).segments() == whole.segments());
}

TEST_CASE("a_keeper_starts_on_a_pruned_journal_with_its_saved_edge_and_without") {
    for (const bool edge : {true, false}) {
        const TemporaryDirectory disk("/dev/shm");
        SmallJournal journal(disk.path() + "/journal");
        fill_six(journal);
        const VerifierKey& key = journal.key().verifier();
        REQUIRE(prune_segments(in_six_years(journal.directory())).error == "");
        if (!edge) {
            std::filesystem::remove(edge_path(journal.directory()));
        }
        KeeperOptions options;
        options.journal_directory = journal.directory();
        SegmentStore store({journal.directory(), 1 << 20, 0, [](const std::string&) {}});
        const Recovered recovered = recover_disk(options, 20, store);
        REQUIRE(recovered.error == "");
        CHECK(recovered.start.chain.records.sequence == 21);
        SigningKey own;
        REQUIRE(SigningKey::parse(SmallJournal::key_text, own) == "");
        std::string said;
        CheckpointerOptions checkpoints;
        checkpoints.place = journal.directory();
        checkpoints.every = std::chrono::hours(1);
        checkpoints.say = [&said](const std::string& text) { said += text + "\n"; };
        Checkpointer checkpointer(checkpoints, std::move(own));
        REQUIRE(checkpointer.open() == "");
        REQUIRE(checkpointer.build(recovered.start.chain) == "");
        CHECK((said.find("from the saved edge") != std::string::npos) == edge);
        checkpointer.start();
        checkpointer.finish();
        const VerifyReport report = verify_at(journal.directory(), &key);
        INFO(all_of(report));
        CHECK(report.ok());
        CHECK(report.checkpoints.covered == 21);
    }
}
