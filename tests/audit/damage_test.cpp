// Every kind of damage to a small journal, and what verify says of each: not only that something is wrong,
// but where. Short form: every bit of every frame; the room behind the last frame in steps. FAIRLEAD_LONG=1:
// every bit of that as well.
#include "damage.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// What verify must say when a bit of this byte is another.
std::string must_find_flip(const Placed& frame, bool last, std::size_t byte, const VerifyReport& report) {
    const std::string at =
        "segment " + frame.segment + (last ? ", offset " : " at offset ") + std::to_string(frame.all.begin);
    const std::string place = last ? at + ": the journal ends in "
                                   : "DAMAGE in " + at + ", frame " +
                                         std::to_string(frame.header.frame_number) + ", records from " +
                                         std::to_string(frame.header.first_sequence) + " on";
    if (report.findings.empty() || !report.findings[0].starts_with(place)) {
        return "the first finding does not begin with '" + place + "'";
    }
    const std::string named = "segment " + frame.segment + ", offset " + std::to_string(frame.all.begin) +
                              ", frame " + std::to_string(frame.header.frame_number);
    if (!any_holds(report.findings, named)) {
        return "no finding holds '" + named + "'";
    }
    for (std::size_t i = 0; i < frame.records.size(); ++i) {
        const std::string record = named + ", record " + std::to_string(frame.header.first_sequence + i) +
                                   " at byte " + std::to_string(frame.records[i].begin - frame.all.begin) +
                                   ": ";
        if (any_holds(report.findings, record) != frame.records[i].holds(byte)) {
            return (frame.records[i].holds(byte) ? "no finding holds '" : "a finding holds '") + record + "'";
        }
    }
    if (byte >= frame.payload.end && !any_holds(report.findings, "padding")) {
        return "the padding is not named";
    }
    const risk::Sequence before = frame.header.first_sequence - 1;
    if (before > 0 && !any_holds(report.provable, "records 1 to " + std::to_string(before) + ": whole")) {
        return "the records before are not said to be whole";
    }
    return {};
}

}  // namespace

TEST_CASE("a_flip_of_any_bit_of_any_frame_is_named_by_segment_offset_and_record") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> frames = places_of(whole);
    REQUIRE(frames.size() == 6);
    REQUIRE(frames[2].header.flags == last_of_segment_flag);
    REQUIRE(frames[5].header.flags == seal_flag);
    const VerifyReport clean = verify_at(journal.directory());
    INFO(all_of(clean));
    REQUIRE(clean.ok());
    const auto job = [&](unsigned part) {
        const std::string directory = disk.path() + "/copy" + std::to_string(part);
        whole.restore(directory);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const std::string path = directory + "/" + frames[i].segment;
            for (std::size_t byte = frames[i].all.begin + part; byte < frames[i].all.end;
                 byte += 2 * thinned) {
                for (unsigned bit = long_form() ? 0U : byte / 2 % 4; bit < 8; bit += long_form() ? 1U : 4U) {
                    const Damaged damaged(path, byte, static_cast<unsigned char>(1U << bit));
                    const VerifyReport report = verify_at(directory);
                    const std::string wrong = must_find_flip(frames[i], i + 1 == frames.size(), byte, report);
                    if (!wrong.empty()) {
                        return "byte " + std::to_string(byte) + " of " + frames[i].segment + ", bit " +
                               std::to_string(bit) + ": " + wrong + "\n" + all_of(report);
                    }
                }
            }
        }
        return std::string();
    };
    CHECK(on_both_cores(job) == "");
}

TEST_CASE("a_byte_that_is_not_zero_behind_the_last_frame_is_named") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const Placed seal = places_of(whole).back();
    const std::size_t size = whole.files.at(seal.segment).size();
    REQUIRE(size - seal.all.end > frame_bytes_max - block_bytes);
    const std::size_t step = long_form() ? 1 : 509;
    const auto job = [&](unsigned part) {
        const std::string directory = disk.path() + "/copy" + std::to_string(part);
        whole.restore(directory);
        const std::string path = directory + "/" + seal.segment;
        for (std::size_t byte = seal.all.end + part * step; byte < size; byte += 2 * step) {
            for (unsigned bit = 0; bit < 8; bit += long_form() ? 1U : 7U) {
                const Damaged damaged(path, byte, static_cast<unsigned char>(1U << bit));
                const VerifyReport report = verify_at(directory);
                const std::string wanted = "segment " + seal.segment + ", offset " +
                                           std::to_string(seal.all.end) + ": the journal ends in " +
                                           std::to_string(byte + 1 - seal.all.end) + " bytes of a torn write";
                if (!any_holds(report.findings, wanted)) {
                    return "not found: " + wanted + "\n" + all_of(report);
                }
            }
        }
        return std::string();
    };
    CHECK(on_both_cores(job) == "");
}

TEST_CASE("a_segment_cut_at_any_byte_is_named_with_the_frame_that_is_gone") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> frames = places_of(whole);
    const auto job = [&](unsigned part) {
        const std::string directory = disk.path() + "/copy" + std::to_string(part);
        whole.restore(directory);
        const std::string segment = whole.segments()[part];
        std::size_t length = whole.files.at(segment).size();
        while (length-- > 0) {
            if (length % thinned != 0) {
                continue;
            }
            // In the room of the open segment every byte says the same.
            if (!long_form() && length > frames.back().all.end && length % 1'021 != 0) {
                continue;
            }
            std::filesystem::resize_file(directory + "/" + segment, length);
            const Placed* gone = nullptr;
            for (const Placed& frame : frames) {
                if (frame.segment == segment && frame.all.end > length) {
                    gone = &frame;
                    break;
                }
            }
            const std::string wanted =
                "DAMAGE in segment " + segment + " at offset " +
                std::to_string(gone != nullptr ? gone->all.begin : frames.back().all.end);
            const VerifyReport report = verify_at(directory);
            if (report.findings.empty() || !report.findings[0].starts_with(wanted)) {
                return "cut to " + std::to_string(length) + ", not found: " + wanted + "\n" + all_of(report);
            }
        }
        return std::string();
    };
    CHECK(on_both_cores(job) == "");
}

TEST_CASE("a_frame_dropped_swapped_repeated_or_wiped_is_named_at_the_first_place_that_differs") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    const Frames true_frames = frames_of(whole, places);
    const std::string directory = disk.path() + "/copy";
    const auto examine = [&](const Frames& frames, std::size_t differs, const std::string& what) {
        write_frames(directory, whole, frames);
        const VerifyReport report = verify_at(directory);
        INFO(what << "\n" << all_of(report));
        // Behind a segment's last frame: told there, not at the next segment's first.
        const bool behind_the_end = differs >= places.size() || (what.ends_with("repeated") && differs == 3);
        const Placed& place = places[behind_the_end ? differs - 1 : differs];
        const std::uint64_t offset = behind_the_end ? place.all.end : place.all.begin;
        REQUIRE_FALSE(report.findings.empty());
        CHECK((report.findings[0].starts_with("DAMAGE in segment " + place.segment + " at offset " +
                                              std::to_string(offset)) ||
               report.findings[0].starts_with("segment " + place.segment + ", offset " +
                                              std::to_string(offset) + ": the journal ends in ")));
    };
    for (std::size_t i = 0; i < true_frames.size(); ++i) {
        const std::string name = "frame " + std::to_string(i + 1);
        Frames repeated = true_frames;
        repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(i), true_frames[i]);
        examine(repeated, i + 1, name + " repeated");
        for (std::size_t j = i + 1; j < true_frames.size(); ++j) {
            Frames swapped = true_frames;
            std::swap(swapped[i].second, swapped[j].second);
            examine(swapped, i, name + " swapped with " + std::to_string(j + 1));
        }
        if (i + 1 == true_frames.size()) {
            continue;  // the seal alone: below
        }
        Frames dropped = true_frames;
        dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
        examine(dropped, i, name + " dropped");
        Frames wiped = true_frames;
        wiped[i].second.assign(wiped[i].second.size(), '\0');
        examine(wiped, i, name + " wiped");
    }
}

TEST_CASE("what_is_dropped_from_the_very_end_is_found_by_the_checkpoint_and_a_lost_seal_is_said") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const Frames true_frames = frames_of(whole, places_of(whole));
    const std::string directory = disk.path() + "/copy";
    const VerifierKey& key = journal.key().verifier();
    // The seal holds no record: nothing is lost with it but the witness, and that is said.
    write_frames(directory, whole, Frames(true_frames.begin(), true_frames.end() - 1));
    const VerifyReport sealless = verify_at(directory, &key);
    CHECK(sealless.ok());
    CHECK(any_holds(sealless.remarks, "the last frame is not a seal"));
    for (std::size_t left = 1; left + 1 < true_frames.size(); ++left) {
        write_frames(directory, whole,
                     Frames(true_frames.begin(), true_frames.begin() + static_cast<std::ptrdiff_t>(left)));
        const VerifyReport report = verify_at(directory, &key);
        INFO(left << "\n" << all_of(report));
        CHECK(any_holds(report.findings, "cover up to 7 records, "));
    }
    // The whole last segment.
    whole.restore(directory);
    std::filesystem::remove(directory + "/" + whole.segments()[1]);
    CHECK(any_holds(verify_at(directory, &key).findings, "1 checkpoints cover up to 7 records, 5 are here"));
    // The first one.
    whole.restore(directory);
    std::filesystem::remove(directory + "/" + whole.segments()[0]);
    const VerifyReport headless = verify_at(directory, &key);
    INFO(all_of(headless));
    CHECK(any_holds(headless.findings, "DAMAGE in segment " + whole.segments()[1] + " at offset 0"));
    CHECK(any_holds(headless.provable, "records 6 to 7"));
}

TEST_CASE("a_segment_missing_in_the_middle_is_named_and_what_stands_on_both_sides_is_told") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    for (int i = 0; i < 9; ++i) {
        journal.order();
        journal.frame();
    }
    journal.seal();
    const Copy whole(journal.directory());
    REQUIRE(whole.segments().size() == 3);
    std::filesystem::remove(journal.directory() + "/" + whole.segments()[1]);
    const VerifyReport report = verify_at(journal.directory());
    INFO(all_of(report));
    CHECK(any_holds(report.findings, "lacks the segment between " + whole.segments()[0]));
    CHECK(report.records == 3);
    CHECK(any_holds(report.provable, "records 1 to 3: whole"));
    CHECK(any_holds(report.provable, "records 8 to 9, frames 8 to 10"));
}

TEST_CASE("an_old_copy_put_back_is_found_by_a_checkpoint_taken_away_later") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    journal.start();
    journal.order();
    journal.frame();
    journal.checkpoint();
    const Copy old(journal.directory());
    journal.order();
    journal.frame();
    journal.checkpoint();
    journal.seal();
    SignedCheckpoint since;
    REQUIRE(read_checkpoint(latest_checkpoint_path(journal.directory()), since) == "");
    const VerifierKey& key = journal.key().verifier();
    CHECK(verify_at(journal.directory(), &key, &since).ok());
    old.restore(journal.directory());
    CHECK(verify_at(journal.directory(), &key).ok());
    CHECK(any_holds(verify_at(journal.directory(), &key, &since).findings,
                    "covers 3 records, 2 are here: this is an older copy, or records were removed since"));
}
