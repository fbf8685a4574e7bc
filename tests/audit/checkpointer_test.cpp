// Checkpoints of real journals: what the keeper signs, how it goes on after a restart, what stops it, and
// what the examiner finds when journal, checkpoints or key are not those they should be.
#include "audit/keeper/checkpointer.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <map>
#include <new>

#include "audit/checkpoint_files.hpp"
#include "audit/examine/proof.hpp"
#include "audit/examine/verify.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

const std::string log_name = "fairlead.example/8610/gw1";

SigningKey new_key(const std::string& name = log_name) {
    SigningKey key;
    REQUIRE(SigningKey::make(name, key) == "");
    return key;
}

// A journal with one key for its life, written by keepers that come and go.
class Log {
  public:
    explicit Log(char flavour = 'a') : flavour_(flavour) {
        REQUIRE(key_.save(directory() + "/key") == "");
        opened_ = Front::open(small_front(memory_.path(), directory()));
        REQUIRE(opened_.error == "");
    }
    [[nodiscard]] const std::string& directory() const { return disk_.path(); }
    [[nodiscard]] const VerifierKey& verifier() const { return key_.verifier(); }
    [[nodiscard]] std::string edge() const { return edge_path(directory()); }
    [[nodiscard]] std::shared_ptr<const SigningKey> own_key() const {
        SigningKey key;
        REQUIRE(SigningKey::load(directory() + "/key", key) == "");
        return std::make_shared<const SigningKey>(std::move(key));
    }
    // Another keeper: appends so many records, ends in order. Empty text: it did. Otherwise why not.
    std::string keep(risk::Sequence records, std::uint64_t records_max = 65'536) {
        SigningKey key;
        REQUIRE(SigningKey::load(directory() + "/key", key) == "");
        return keep(records, records_max, std::move(key));
    }
    std::string keep(risk::Sequence records, std::uint64_t records_max, SigningKey key) {
        said.clear();
        CheckpointerOptions checkpoints;
        checkpoints.place = directory();
        checkpoints.every = std::chrono::hours(1);
        checkpoints.records_max = records_max;
        checkpoints.key_before = before;
        checkpoints.key_before_lost = before_lost;
        checkpoints.say = [this](const std::string& text) { said += text + "\n"; };
        Checkpointer checkpointer(checkpoints, std::move(key));
        if (std::string error = checkpointer.open(); !error.empty()) {
            return error;
        }
        MarkResult mark = open_mark(memory_.path(), true);
        KeeperOptions options;
        options.journal_directory = directory();
        options.front_directory = memory_.path();
        options.segment_bytes = 1 << 20;
        options.written = [&checkpointer](const WrittenFrame& frame) { checkpointer.take(frame); };
        SegmentStore store({directory(), 1 << 20, 1, [](const std::string&) {}});
        const Recovered recovered = recover_disk(options, checkpointer.signed_size(), store);
        if (!recovered.error.empty()) {
            return recovered.error;
        }
        if (std::string error = checkpointer.build(recovered.start.chain); !error.empty()) {
            return error;
        }
        checkpointer.start();
        Keeper<SegmentStore> keeper(options, store,
                                    *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data())),
                                    recovered.start);
        for (risk::Sequence i = 0; i < records; ++i) {
            append_sample(*opened_.front, opened_.front->published() + 1);
            if (flavour_ != 'a' && i == 0) {  // one record that the other journal has not
                const std::string received(16, flavour_);
                opened_.front->append(sample_record(opened_.front->published() + 1),
                                      std::as_bytes(std::span(received)), nullptr);
                ++i;
            }
            while (keeper.synced() < opened_.front->published()) {
                static_cast<void>(keeper.step(monotonic_now()));
            }
        }
        keeper.finish();
        return {};
    }
    [[nodiscard]] std::vector<Checkpoint> signed_heads() const {
        std::vector<std::string> paths;
        REQUIRE(list_notes(directory(), paths) == "");
        std::vector<Checkpoint> heads;
        for (const std::string& path : paths) {
            for (const std::string& note : read_notes(path).notes) {
                SignedCheckpoint checkpoint;
                REQUIRE(parse_checkpoint(note, checkpoint) == "");
                CHECK(verify_checkpoint(checkpoint, {&key_.verifier(), 1}) == "");
                heads.push_back(checkpoint.checkpoint);
            }
        }
        return heads;
    }
    [[nodiscard]] SignedCheckpoint latest() const {
        SignedCheckpoint checkpoint;
        REQUIRE(read_checkpoint(latest_checkpoint_path(directory()), checkpoint) == "");
        return checkpoint;
    }
    CheckpointReport examine(const SignedCheckpoint* since = nullptr) {
        return examine({key_.verifier()}, since);
    }
    CheckpointReport examine(std::vector<VerifierKey> keys, const SignedCheckpoint* since) {
        CheckpointCheck check;
        check.open(directory(), std::move(keys), since);
        JournalReader reader;
        REQUIRE(reader.open(directory()));
        RecordView view;
        while (reader.next(view) == ReadStatus::record) {
            check.take(reader.leaf());
        }
        check.close(!reader.error().empty());
        findings = check.findings();
        remarks = check.remarks();
        return check.report();
    }
    [[nodiscard]] bool found(const std::string& text) const {
        for (const std::string& finding : findings) {
            if (finding.find(text) != std::string::npos) {
                return true;
            }
        }
        return false;
    }
    std::shared_ptr<const SigningKey> before;  // what a keeper is told of the key before its own
    bool before_lost = false;
    std::string said;
    std::vector<std::string> findings;
    std::vector<std::string> remarks;

  private:
    char flavour_;
    TemporaryDirectory disk_;
    TemporaryDirectory memory_{"/dev/shm"};
    SigningKey key_ = new_key();
    Front::OpenResult opened_;
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string notes_of(const Log& log) {
    return notes_path(log.directory(), 1);
}

}  // namespace

TEST_CASE("at_an_orderly_end_every_record_is_under_a_checkpoint_that_verifies") {
    Log log;
    REQUIRE(log.keep(37) == "");
    const auto heads = log.signed_heads();
    REQUIRE(heads.size() == 1);
    CHECK(heads[0].origin == log_name);
    CHECK(heads[0].size == 37);
    CHECK(log.latest().checkpoint == heads[0]);
    const CheckpointReport report = log.examine();
    CHECK(log.findings.empty());
    CHECK(log.remarks.empty());
    CHECK(report.checked == 1);
    CHECK(report.covered == 37);
}

TEST_CASE("no_checkpoint_is_signed_where_nothing_was_added") {
    Log log;
    REQUIRE(log.keep(0) == "");
    CHECK(log.signed_heads().empty());
    REQUIRE(log.keep(5) == "");
    REQUIRE(log.keep(0) == "");
    CHECK(log.signed_heads().size() == 1);
}

TEST_CASE("so_many_records_are_signed_over_without_waiting_for_the_second") {
    Log log;
    REQUIRE(log.keep(2'000, 100) == "");
    const auto heads = log.signed_heads();
    // How many depends on when the thread ran; that it was woken at all, on the rule alone.
    CHECK(heads.size() > 1);
    for (std::size_t i = 1; i < heads.size(); ++i) {
        CHECK(heads[i].size > heads[i - 1].size);
    }
    log.examine();
    CHECK(log.findings.empty());
}

TEST_CASE("the_next_keeper_continues_the_tree_from_the_saved_edge") {
    Log log;
    for (const risk::Sequence records : {3, 1, 64, 7, 30}) {
        REQUIRE(log.keep(records) == "");
    }
    CHECK(log.said.find("goes on from the saved edge at record 75 to record 75") != std::string::npos);
    const auto heads = log.signed_heads();
    REQUIRE(heads.size() == 5);
    CHECK(heads.back().size == 105);
    CHECK(log.examine().checked == 5);
    CHECK(log.findings.empty());
}

TEST_CASE("an_edge_that_cannot_be_believed_is_made_again_from_the_first_record") {
    for (const std::string what :
         {"gone", "torn", "node", "signature", "link", "offset", "segment", "older"}) {
        INFO(what);
        Log log;
        REQUIRE(log.keep(20) == "");
        const std::string older = contents(log.edge());
        REQUIRE(log.keep(5) == "");
        // Where the next frame lies is only looked at where one follows.
        std::string edge = what == "offset" ? older : contents(log.edge());
        const auto flip = [&edge](const std::string& after, std::size_t skip) {
            char& digit = edge[edge.find(after) + after.size() + skip];
            digit = digit == '1' ? '2' : '1';
        };
        if (what == "gone") {
            std::filesystem::remove(log.edge());
        } else if (what == "torn") {
            put(log.edge(), edge.substr(0, edge.size() / 2));
        } else if (what == "older") {
            put(log.edge(), older);
        } else {
            flip(what == "signature" ? "gw1 " : "\n" + what + " ", what == "segment" ? 20 : 0);
            put(log.edge(), edge);
        }
        REQUIRE(log.keep(6) == "");
        const bool shortcut = log.said.find("goes on from the saved edge") != std::string::npos;
        CHECK(shortcut == (what == "older"));
        CHECK(log.signed_heads().back().size == 31);
        CHECK(log.examine().checked == 3);
        CHECK(log.findings.empty());
    }
}

TEST_CASE("a_journal_that_ran_without_a_key_is_signed_from_its_first_record") {
    Log log;
    REQUIRE(log.keep(20) == "");
    std::filesystem::remove_all(checkpoint_directory(log.directory()));
    REQUIRE(log.keep(1) == "");
    CHECK(log.said.find("the tree was built from record 1 to record 20") != std::string::npos);
    CHECK(log.examine().covered == 21);
    CHECK(log.findings.empty());
}

TEST_CASE("the_keeper_signs_nothing_that_contradicts_what_it_signed") {
    Log log;
    Log other('b');
    REQUIRE(log.keep(20) == "");
    REQUIRE(other.keep(20) == "");
    // The other journal's bytes under this one's checkpoints: every checksum and link of it is right.
    for (const auto& entry : std::filesystem::directory_iterator(log.directory())) {
        if (entry.path().extension() == ".flj") {
            std::filesystem::remove(entry.path());
        }
    }
    for (const auto& entry : std::filesystem::directory_iterator(other.directory())) {
        if (entry.path().extension() == ".flj") {
            std::filesystem::copy(entry.path(), log.directory());
        }
    }
    CHECK(
        log.keep(0).find("DAMAGE: the last checkpoint was signed over 20 records, and the journal's first 20 "
                         "have another root") != std::string::npos);
    const SignedCheckpoint since = log.latest();
    log.examine(&since);
    CHECK(log.found("one of records 1 to 20 was changed after it was signed"));
    CHECK(log.found("one of records 1 to 20 has been changed since"));
}

TEST_CASE("a_journal_that_ends_below_its_last_checkpoint_stops_the_keeper_and_is_found") {
    Log log;
    REQUIRE(log.keep(10) == "");
    const std::string backup = log.directory() + "/backup";
    std::string segment;
    for (const auto& entry : std::filesystem::directory_iterator(log.directory())) {
        if (entry.path().filename().string().starts_with("segment-0000000001")) {
            segment = entry.path().string();
        }
    }
    std::filesystem::copy_file(segment, backup);
    REQUIRE(log.keep(10) == "");
    std::filesystem::copy_file(backup, segment, std::filesystem::copy_options::overwrite_existing);
    CHECK(log.keep(0).find("the log ends below record 20, which was known to be durable") !=
          std::string::npos);
    log.examine();
    CHECK(log.found("1 checkpoints cover up to 20 records, 10 are here: records were removed"));
}

TEST_CASE("an_older_copy_of_the_directory_is_found_by_a_checkpoint_taken_away") {
    Log log;
    REQUIRE(log.keep(10) == "");
    const TemporaryDirectory copy;
    std::filesystem::copy(log.directory(), copy.path(), std::filesystem::copy_options::recursive);
    REQUIRE(log.keep(10) == "");
    const SignedCheckpoint taken = log.latest();
    CHECK(log.examine(&taken).since_continued);
    CHECK(log.findings.empty());
    VerifyOptions options;
    options.journal_directory = copy.path();
    options.keys = {log.verifier()};
    CHECK(verify(options).ok());  // by itself it is in perfect order
    options.since = &taken;
    const VerifyReport report = verify(options);
    REQUIRE(report.findings.size() == 1);
    CHECK(
        report.findings[0].find("the earlier checkpoint (--since) covers 20 records, 10 are here: this is an "
                                "older copy, or records were removed since") != std::string::npos);
}

TEST_CASE("a_forged_or_foreign_checkpoint_is_found_by_its_place") {
    Log log;
    REQUIRE(log.keep(10) == "");
    REQUIRE(log.keep(10) == "");
    const std::string whole = contents(notes_of(log));
    // Signed over 10 as if it were 11: the signature tells.
    std::string forged = whole;
    forged.replace(forged.find("\n10\n"), 4, "\n11\n");
    put(notes_of(log), forged);
    log.examine();
    CHECK(log.found("checkpoint 1 in segment-0000000001.notes, over 11 records: the signature of key " +
                    log_name));
    put(notes_of(log), "nonsense\n\nnonsense\n\n" + whole);
    log.examine();
    CHECK(log.found("checkpoint 1 in segment-0000000001.notes is not a checkpoint"));
    const std::size_t second = whole.find("\n\n", whole.find("\n\n") + 2) + 2;
    put(notes_of(log), whole.substr(second) + whole.substr(0, second));
    log.examine();
    CHECK(log.found("its tree size 10 is smaller than 20 before it"));
    put(notes_of(log), whole);
    log.examine({new_key().verifier()}, nullptr);
    CHECK(log.found("it is not signed by " + log_name));
    std::filesystem::remove_all(checkpoint_directory(log.directory()));
    log.examine();
    CHECK(log.found("holds no checkpoint: none was signed, or they were removed"));
    // And the keeper does not go on over a forged one.
    REQUIRE(make_directory(checkpoint_directory(log.directory())) == "");
    put(notes_of(log), whole.substr(0, second) + forged.substr(0, second));
    CHECK(log.keep(1).find("was changed: the signature of key") != std::string::npos);
}

TEST_CASE("without_a_key_checkpoints_are_not_checked_and_the_report_says_so") {
    Log log;
    REQUIRE(log.keep(3) == "");
    CHECK(log.examine({}, nullptr).checked == 0);
    CHECK(log.findings.empty());
    REQUIRE(log.remarks.size() == 1);
    CHECK(log.remarks[0].find("no --key was given") != std::string::npos);
}

TEST_CASE("a_new_key_goes_on_where_the_one_before_hands_over_and_both_sign") {
    Log log;
    REQUIRE(log.keep(10) == "");
    const SigningKey next = new_key();
    const auto again = [&next] {
        SigningKey copy;
        const TemporaryDirectory place;
        REQUIRE(next.save(place.path() + "/key") == "");
        REQUIRE(SigningKey::load(place.path() + "/key", copy) == "");
        return copy;
    };
    const std::vector<VerifierKey> both{log.verifier(), next.verifier()};
    // Alone it does not begin, nor with another that never signed.
    CHECK(log.keep(5, 65'536, again()).find("was signed by another key than") != std::string::npos);
    log.before = std::make_shared<const SigningKey>(new_key());
    CHECK(log.keep(5, 65'536, again()).find("was not signed by the key before") != std::string::npos);
    log.before = log.own_key();
    // Nothing was added, so nothing was signed: it still has to be handed over.
    REQUIRE(log.keep(0, 65'536, again()) == "");
    CHECK(log.said.find("both sign the next one") != std::string::npos);
    REQUIRE(log.keep(5, 65'536, again()) == "");
    const std::string notes = contents(notes_of(log));
    const std::string handover = notes.substr(notes.find("\n\n", notes.find("\n\n") + 2) + 2);
    SignedCheckpoint signed_by_both;
    REQUIRE(parse_checkpoint(std::string_view(handover).substr(0, handover.size() - 1), signed_by_both) ==
            "");
    CHECK(signed_by_both.signatures.size() == 2);
    for (const VerifierKey& key : both) {
        CHECK(verify_checkpoint(signed_by_both, {&key, 1}) == "");
    }
    // From then on it signs alone, and needs nobody.
    log.before = nullptr;
    REQUIRE(log.keep(5, 65'536, again()) == "");
    CHECK(log.said.find("another key") == std::string::npos);
    CHECK(log.examine(both, nullptr).checked == 3);
    CHECK(log.findings.empty());
    REQUIRE(log.remarks.size() == 1);
    CHECK(log.remarks[0].find("the key before hands over to " + next.verifier().text()) != std::string::npos);
    // Who has the old key alone is told from where on it is not enough.
    CHECK(log.examine({log.verifier()}, nullptr).checked == 2);
    CHECK(log.findings.size() == 2);
}

TEST_CASE("a_new_key_begins_alone_where_the_one_before_is_lost_and_verify_says_so") {
    Log log;
    REQUIRE(log.keep(10) == "");
    SigningKey next = new_key();
    const VerifierKey next_verifier = next.verifier();
    log.before_lost = true;
    REQUIRE(log.keep(5, 65'536, std::move(next)) == "");
    CHECK(log.said.find("which is lost: from now on by") != std::string::npos);
    CHECK(log.examine({log.verifier(), next_verifier}, nullptr).checked == 2);
    CHECK(log.findings.empty());
    REQUIRE(log.remarks.size() == 1);
    CHECK(log.remarks[0].find("the key before has not handed over to it") != std::string::npos);
    CHECK(log.keep(0, 65'536, new_key("other.example")).find("its keys must have its name") !=
          std::string::npos);
}

TEST_CASE("a_note_that_was_not_written_to_its_end_is_cut_off_and_no_checkpoint_is_lost") {
    Log log;
    REQUIRE(log.keep(10) == "");
    const std::size_t note_bytes = contents(notes_of(log)).size();
    for (const std::size_t left : {std::size_t{1}, note_bytes / 2, note_bytes - 1}) {
        const std::string whole = contents(notes_of(log));
        put(notes_of(log), whole + whole.substr(0, left));
        log.examine();
        CHECK(log.findings.empty());
        REQUIRE(log.remarks.size() == 1);
        CHECK(log.remarks[0].find("not written to its end") != std::string::npos);
        REQUIRE(log.keep(1) == "");
        CHECK(contents(notes_of(log)).starts_with(whole + log_name));
        log.examine();
        CHECK(log.findings.empty());
        CHECK(log.remarks.empty());
    }
}

TEST_CASE("a_note_whose_first_sector_was_never_written_is_cut_off_like_any_torn_one") {
    Log log;
    REQUIRE(log.keep(10) == "");
    REQUIRE(log.keep(10) == "");
    const std::string whole = contents(notes_of(log));
    const std::size_t last = whole.rfind(log_name, whole.rfind("\n\n", whole.size() - 3));
    REQUIRE(log.signed_heads().size() == 2);
    // Power failed in the write of a third: the file is as long as it was to be, its first sector is zeros.
    std::string third = whole.substr(last);
    std::fill_n(third.begin(), 9, '\0');
    put(notes_of(log), whole + third);
    REQUIRE(log.keep(10) == "");
    CHECK(log.signed_heads().size() == 3);
    CHECK(log.examine().covered == 30);
    CHECK(log.findings.empty());
}

TEST_CASE("checkpoints_follow_the_journal_into_its_next_segment") {
    Log log;
    REQUIRE(log.keep(400) == "");  // a frame each, 4 KiB a frame, 1 MiB a segment
    std::vector<std::string> paths;
    REQUIRE(list_notes(log.directory(), paths) == "");
    CHECK(paths.size() > 1);
    CHECK(log.signed_heads().back().size == 400);
    REQUIRE(log.keep(1) == "");
    CHECK(log.said.find("goes on from the saved edge") != std::string::npos);
    log.examine();
    CHECK(log.findings.empty());
}

TEST_CASE("a_segment_is_read_only_once_it_is_full_and_the_current_one_is_not") {
    Log log;
    REQUIRE(log.keep(400) == "");
    std::map<std::string, std::filesystem::perms> modes;
    for (const auto& entry : std::filesystem::directory_iterator(log.directory())) {
        if (entry.path().extension() == ".flj") {
            modes[entry.path().filename().string()] = entry.status().permissions();
        }
    }
    REQUIRE(modes.size() > 2);
    CHECK(modes.begin()->second == std::filesystem::perms(0440));
    CHECK(modes.rbegin()->second == std::filesystem::perms(0640));
    REQUIRE(log.keep(1) == "");
}

TEST_CASE("a_proof_is_only_written_for_what_the_checkpoint_covers_and_the_journal_still_has") {
    Log log;
    REQUIRE(log.keep(10) == "");
    const SignedCheckpoint old = log.latest();
    REQUIRE(log.keep(10) == "");
    const SignedCheckpoint now = log.latest();
    CHECK(prove_inclusion(log.directory(), 0, now).error.find("must be 1 to 20") != std::string::npos);
    CHECK(prove_inclusion(log.directory(), 21, now).error.find("must be 1 to 20") != std::string::npos);
    const ProofResult proof = prove_inclusion(log.directory(), 7, now);
    CHECK(proof.error == "");
    CHECK(proof.text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
    CHECK(proof.text.find("\nindex 6\n") != std::string::npos);
    CHECK(proof.text.ends_with("\n\n" + now.note));
    CHECK(prove_consistency(log.directory(), old, now).text.starts_with("old 10\n"));
    CHECK(prove_consistency(log.directory(), now, now).text == "old 20\n\n" + now.note);
    CHECK(prove_consistency(log.directory(), now, old).error.find("must not be fewer") != std::string::npos);
    SignedCheckpoint other = now;
    other.checkpoint.root[0] ^= 1;
    CHECK(prove_inclusion(log.directory(), 7, other).error.find("a record has been changed") !=
          std::string::npos);
    CHECK(prove_consistency(log.directory(), old, other).error.find("a record has been changed") !=
          std::string::npos);
    other.checkpoint.size = 21;
    CHECK(prove_inclusion(log.directory(), 7, other).error.find("this journal has 20") != std::string::npos);
    other.checkpoint.origin = "other.example";
    CHECK(prove_consistency(log.directory(), old, other).error.find("of two logs") != std::string::npos);
}
