// A journal changed by somebody who knows the format: every checksum, number and link is right again. What
// the key finds, what cannot be told without, and that nothing forged ends the examiner's program or takes
// its memory.
#include <random>

#include "damage.hpp"
#include "tests/risk/world.hpp"

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
                for (std::size_t byte = part; byte < truth.frames[frame][record].size();
                     byte += 2 * thinned) {
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

namespace {

// Small steps that files meet in damage and in bad hands: bits, numbers at their bounds, parts moved.
class Mutation {
  public:
    explicit Mutation(std::uint64_t seed) : random_(seed) {}
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }
    void change(std::string& bytes) {
        if (bytes.empty()) {
            return;
        }
        const std::size_t at = below(bytes.size());
        static constexpr std::array<std::uint64_t, 10> bounds{
            0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, INT64_MAX, UINT64_MAX};
        switch (below(5)) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                break;
            case 1: {
                const std::uint64_t value = bounds[below(bounds.size())];
                const std::size_t width =
                    std::min<std::size_t>(std::size_t{1} << below(4), bytes.size() - at);
                std::memcpy(bytes.data() + at, &value, width);
                break;
            }
            case 2: {
                const std::size_t from = below(bytes.size());
                const std::size_t size = std::min({below(64) + 1, bytes.size() - at, bytes.size() - from});
                std::memmove(bytes.data() + at, bytes.data() + from, size);
                break;
            }
            case 3:
                bytes[at] = static_cast<char>(below(256));
                break;
            default:
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                            std::min<std::size_t>(below(32) + 1, bytes.size() - at), '\0');
        }
    }

  private:
    std::mt19937_64 random_;
};

// Journal with every kind of section, and orders that a replay looks at.
void fill_with_a_day(SmallJournal& journal) {
    journal.start();
    journal.day(tests::make_reference());
    journal.frame();
    for (int i = 0; i < 4; ++i) {
        journal.order();
    }
    journal.frame();
    journal.add(risk::DeviceEvent(), risk::RecordKind::device_event);
    journal.add(risk::Halt(), risk::RecordKind::halt);
    journal.frame();
    journal.add(risk::VenueReport(), risk::RecordKind::venue_report);
    journal.add(risk::LimitSet(), risk::RecordKind::limit_set);
    journal.checkpoint();
    journal.frame();
    journal.stop();
    journal.frame();
    journal.checkpoint();
    journal.seal();
}

}  // namespace

TEST_CASE("no_mutation_of_a_journal_verifies_as_another_and_none_crashes_the_examiner") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill_with_a_day(journal);
    const Copy whole(journal.directory());
    const std::vector<Placed> places = places_of(whole);
    const Frames true_frames = frames_of(whole, places);
    const Forged truth = taken_apart(whole, places);
    const VerifierKey& key = journal.key().verifier();
    const std::uint64_t rounds = long_form() ? 100'000 : thinned == 1 ? 2'000 : 500;
    CHECK(on_both_cores([&](unsigned part) {
              const std::string directory = disk.path() + "/copy" + std::to_string(part);
              for (std::uint64_t seed = part; seed < rounds; seed += 2) {
                  Mutation mutation(seed);
                  const std::uint64_t steps = 1 + mutation.below(6);
                  Frames frames = true_frames;
                  Forged forged = truth;
                  const bool as_forger = mutation.below(2) == 0;
                  for (std::uint64_t step = 0; step < steps; ++step) {
                      const std::size_t frame = mutation.below(frames.size());
                      mutation.change(frames[frame].second);
                      std::vector<std::string>& records = forged.frames[frame];
                      if (!records.empty()) {
                          mutation.change(records[mutation.below(records.size())]);
                      }
                  }
                  if (as_forger) {
                      seal_forgery(directory, whole, places, forged);
                  } else {
                      write_frames(directory, whole, frames);
                  }
                  const VerifyReport report = verify_at(directory, &key);
                  static_cast<void>(verify_at(directory));
                  const bool same = Copy(directory).files == whole.files;
                  if (report.ok() != same) {
                      return "seed " + std::to_string(seed) +
                             (same ? " is not accepted\n" : " is accepted\n") + all_of(report);
                  }
              }
              return std::string();
          }) == "");
}

TEST_CASE("no_mutation_of_a_checkpoint_verifies_with_another_text") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal);
    const std::string note = bytes_of(latest_checkpoint_path(journal.directory()));
    SignedCheckpoint truth;
    REQUIRE(parse_checkpoint(note, truth) == "");
    const VerifierKey& key = journal.key().verifier();
    const std::string path = disk.path() + "/notes";
    for (std::uint64_t seed = 0; seed < (long_form() ? 1'000'000U : 20'000U); ++seed) {
        Mutation mutation(seed);
        std::string changed = note + "\n" + note + "\n";
        for (std::uint64_t steps = 1 + mutation.below(4); steps > 0; --steps) {
            mutation.change(changed);
        }
        changed.resize(mutation.below(8) == 0 ? mutation.below(changed.size()) : changed.size());
        SignedCheckpoint found;
        for (const std::string& text : {changed, changed.substr(0, note.size())}) {
            if (parse_checkpoint(text, found).empty() && verify_checkpoint(found, {&key, 1}).empty()) {
                INFO("seed " << seed);
                CHECK(found.text == truth.text);
            }
        }
        if (seed % 16 == 0) {
            put_bytes(path, changed);
            const StoredNotes stored = read_notes(path);
            CHECK(stored.complete_bytes + stored.torn_bytes == changed.size());
        }
        std::string vkey = key.text();
        mutation.change(vkey);
        VerifierKey other;
        CHECK((vkey == key.text() || !VerifierKey::parse(vkey, other).empty() || other.text() == vkey));
    }
}
