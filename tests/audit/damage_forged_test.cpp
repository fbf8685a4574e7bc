// A journal changed by somebody who knows the format: every checksum, number and link is right again. What
// the key finds, what cannot be told without, and that nothing forged ends the examiner's program or takes
// its memory.
#include "damage.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// What a forger has who can write the files and knows the format, but has no key: makes every checksum,
// number and link right again.
struct Forged {
    std::vector<std::vector<std::string>> frames;  // records of each; none: a seal
    risk::Sequence first_sequence = 1;
    risk::Sequence renumber_from_frame_4 = 0;  // if not 0: the second segment goes on with this number
};

Forged taken_apart(const Copy& whole, const std::vector<Placed>& places) {
    Forged forged;
    for (const Placed& place : places) {
        std::vector<std::string>& records = forged.frames.emplace_back();
        for (const Extent& record : place.records) {
            records.push_back(whole.files.at(place.segment).substr(record.begin, record.end - record.begin));
        }
    }
    return forged;
}

void seal_forgery(const std::string& directory, const Copy& whole, const std::vector<Placed>& places,
                  Forged forged) {
    FrameChain chain;
    FrameBuilder builder;
    Frames frames;
    for (std::size_t i = 0; i < forged.frames.size(); ++i) {
        builder.begin();
        if (i == 3 && forged.renumber_from_frame_4 != 0) {
            chain.records.sequence = forged.renumber_from_frame_4 - 1;
        }
        risk::Sequence sequence = chain.records.sequence;
        std::uint32_t previous = chain.records.crc;
        for (std::string& bytes : forged.frames[i]) {
            RecordHeader header;
            std::memcpy(&header, bytes.data(), sizeof header);
            header.length = static_cast<std::uint32_t>(bytes.size());
            header.sequence = ++sequence;
            header.prev_crc = previous;
            std::memcpy(bytes.data(), &header, sizeof header);
            header.crc = previous = record_crc(std::as_bytes(std::span(bytes)));
            std::memcpy(bytes.data(), &header, sizeof header);
            const std::span<std::byte> room = builder.room();
            std::memcpy(room.data(), bytes.data(), bytes.size());
            RecordView view;
            view.header = header;
            view.bytes = room.first(bytes.size());
            if (split_sections(view) != RecordFault::none) {
                view.header.sections = 0;  // a record that cannot be taken apart has no leaf to be linked
            }
            builder.take(view);
        }
        SegmentName segment;
        REQUIRE(SegmentName::parse(places[i].segment, segment));
        const Bytes frame = builder.finish(segment.id, chain, chain.records.sequence,
                                           places[i].header.flags & last_of_segment_flag);
        frames.emplace_back(places[i].segment,
                            std::string(reinterpret_cast<const char*>(frame.data()), frame.size()));
    }
    write_frames(directory, whole, frames);
}

}  // namespace

TEST_CASE("a_journal_forged_with_every_checksum_and_link_made_right_is_refused_with_the_key_alone") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    // Records without a decision of their own: where there is one, a forger has to make that anew as well.
    const auto event = [&journal] { journal.add(risk::DeviceEvent(), risk::RecordKind::device_event); };
    journal.start();
    journal.frame();
    event();
    event();
    event();
    journal.frame();
    event();
    journal.frame();
    journal.checkpoint();
    event();
    journal.frame();
    event();
    journal.frame();
    journal.checkpoint();
    journal.seal();
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    const Forged truth = taken_apart(whole, places);
    const std::string directory = disk.path() + "/copy";
    const VerifierKey& key = journal.key().verifier();
    seal_forgery(directory, whole, places, truth);
    CHECK(Copy(directory).files == whole.files);  // the forger's tools are perfect
    const auto examine = [&](const Forged& forged, const char* what) {
        seal_forgery(directory, whole, places, forged);
        const VerifyReport without = verify_at(directory);
        INFO(what << "\n" << all_of(without));
        CHECK(without.ok());
        CHECK(any_holds(without.remarks, "cannot be told without"));
        const VerifyReport with = verify_at(directory, &key);
        INFO(all_of(with));
        CHECK((any_holds(with.findings, "was changed after it was signed") ||
               any_holds(with.findings, "records were removed")));
    };
    Forged dropped = truth;
    dropped.frames[1].pop_back();
    examine(dropped, "an event dropped");
    Forged swapped = truth;
    std::swap(swapped.frames[1][0], swapped.frames[2][0]);
    std::swap(swapped.frames[1][0][40], swapped.frames[2][0][40]);  // but their monotonic times stay in order
    examine(swapped, "two events swapped");
    Forged changed = truth;
    changed.frames[2][0][33] ^= 1;  // utc_ns
    examine(changed, "a time changed");
    Forged repeated = truth;
    repeated.frames[1].push_back(repeated.frames[1].back());
    examine(repeated, "an event repeated");
}

TEST_CASE("a_forged_byte_of_any_record_is_refused_with_the_key_and_crashes_nothing") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    const Forged truth = taken_apart(whole, places);
    const VerifierKey& key = journal.key().verifier();
    const auto job = [&](unsigned part) {
        const std::string directory = disk.path() + "/copy" + std::to_string(part);
        for (std::size_t frame = 0; frame < truth.frames.size(); ++frame) {
            for (std::size_t record = 0; record < truth.frames[frame].size(); ++record) {
                for (std::size_t byte = part; byte < truth.frames[frame][record].size(); byte += 2) {
                    // Length, sequence and the two sums are made right again: no forgery of them is left.
                    if (byte >= offsetof(RecordHeader, length) && byte < offsetof(RecordHeader, epoch)) {
                        continue;
                    }
                    if (byte >= offsetof(RecordHeader, prev_crc) && byte < offsetof(RecordHeader, utc_ns)) {
                        continue;
                    }
                    Forged forged = truth;
                    forged.frames[frame][record][byte] ^= static_cast<char>(1 << (byte / 2 % 8));
                    seal_forgery(directory, whole, places, forged);
                    const VerifyReport report = verify_at(directory, &key);
                    if (report.ok()) {
                        return "frame " + std::to_string(frame + 1) + ", its record " +
                               std::to_string(record) + ", byte " + std::to_string(byte) + ": not found";
                    }
                }
            }
        }
        return std::string();
    };
    CHECK(on_both_cores(job) == "");
}

TEST_CASE("a_record_no_gateway_can_have_written_is_named_and_ends_the_replay_not_the_examiner") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    journal.start();
    journal.frame();
    journal.add(risk::DeviceEvent(), risk::RecordKind::device_event);
    journal.frame();
    journal.order();
    journal.frame();
    journal.seal();
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    Forged forged = taken_apart(whole, places);
    const std::string directory = disk.path() + "/copy";
    risk::DeviceEventFacts facts;
    facts.cause = static_cast<risk::DeviceCause>(200);
    std::memcpy(forged.frames[1][0].data() + sizeof(RecordHeader) + sizeof(SectionHeader), &facts,
                sizeof facts);
    const std::string wrong = on_both_cores([&](unsigned part) {
        const std::string copy = directory + std::to_string(part);
        seal_forgery(copy, whole, places, forged);
        const VerifyReport report = verify_at(copy);
        return any_holds(report.findings, "record 2: cannot be replayed") && report.records == 3 &&
                       !report.replayed
                   ? std::string()
                   : all_of(report);
    });
    CHECK(wrong == "");
}

TEST_CASE("a_sequence_forged_to_be_enormous_is_named_and_takes_no_memory") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    Forged forged = taken_apart(whole, places);
    forged.renumber_from_frame_4 = risk::Sequence{1} << 60;
    const std::string wrong = on_both_cores([&](unsigned part) {
        const std::string copy = disk.path() + "/copy" + std::to_string(part);
        seal_forgery(copy, whole, places, forged);
        const VerifyReport report = verify_at(copy);
        return any_holds(report.findings, "DAMAGE in segment " + whole.segments()[1] +
                                              " at offset 0, frame 4, records from 6 on: frame's first "
                                              "sequence is not the next one")
                   ? std::string()
                   : all_of(report);
    });
    CHECK(wrong == "");
}
