// The rule of recovery against every crash of a small disk: logs of 1 to 4 frames of 1 or 2 sectors, 1
// to 3 writes in flight, every sector of a pending write old, new, garbage or a stale frame; then every
// durable sector damaged. And rules that lack one judgement each, to show that the model would notice.
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>

#include "audit/crc32c.hpp"
#include "audit/recovery.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

constexpr std::size_t sector = 512;
constexpr std::size_t segment_sectors = 16;
using Disk = std::vector<std::byte>;

class OneSegment {
  public:
    explicit OneSegment(const Disk& disk) : disk_(disk) {}
    [[nodiscard]] std::size_t segment_count() const { return 1; }
    [[nodiscard]] SegmentId segment_id(std::size_t) const {
        SegmentId id{};
        id.fill(0x31);
        return id;
    }
    [[nodiscard]] std::uint64_t segment_bytes(std::size_t) const { return disk_.size(); }
    [[nodiscard]] std::string segment_name(std::size_t) const { return "one"; }
    [[nodiscard]] bool segment_cut(std::size_t) const { return false; }
    [[nodiscard]] bool segment_noted(std::size_t) const { return false; }
    [[nodiscard]] bool read(std::size_t, std::uint64_t offset, std::span<std::byte> into) const {
        std::memcpy(into.data(), disk_.data() + offset, into.size());
        return true;
    }
    [[nodiscard]] std::string error() const { return {}; }

  private:
    const Disk& disk_;
};

struct WrittenFrame {
    std::size_t first_sector = 0;
    std::size_t sectors = 0;
    risk::Sequence first_sequence = 0;
    risk::Sequence synced = 0;
    bool seal = false;
};

// A log as a writer with `in_flight` writes at once leaves it, when all of it is durable.
struct Log {
    std::uint64_t in_flight = 1;
    std::vector<WrittenFrame> frames;
    std::vector<FrameChain> chains;  // behind each number of frames
    Disk disk = Disk(segment_sectors * sector);
    std::string name;
};

std::vector<std::byte> small_record(const ChainEnd& before, std::size_t text_bytes) {
    RecordHeader header;
    header.kind = static_cast<std::uint16_t>(risk::RecordKind::tick);
    header.length = static_cast<std::uint32_t>(sizeof header + section_bytes(text_bytes));
    header.sequence = before.sequence + 1;
    header.epoch = 1;
    header.prev_crc = before.crc;
    header.monotonic_ns = before.monotonic_ns + 1;
    header.sections = 1;
    SectionHeader section;
    section.kind = 1;
    section.length = static_cast<std::uint16_t>(text_bytes);
    std::vector<std::byte> bytes(header.length);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, &section, sizeof section);
    for (std::size_t i = 0; i < text_bytes; ++i) {
        bytes[sizeof header + sizeof section + i] = static_cast<std::byte>(i + header.sequence);
    }
    const std::uint32_t crc = record_crc(bytes);
    std::memcpy(bytes.data() + offsetof(RecordHeader, crc), &crc, sizeof crc);
    return bytes;
}

// eager: each frame knows all before it durable, as far as `oldest_pending` allows; otherwise only what
// must have returned before it could begin. seal_at: that frame (from 1) holds no records.
Log make_log(std::size_t count, unsigned two_sectors, std::uint64_t in_flight, bool eager,
             std::size_t seal_at, std::size_t oldest_pending) {
    Log log;
    log.in_flight = in_flight;
    log.name = std::to_string(count) + " frames, sizes " + std::to_string(two_sectors) + ", in flight " +
               std::to_string(in_flight) + ", eager " + std::to_string(eager) + ", seal " +
               std::to_string(seal_at) + ", oldest pending " + std::to_string(oldest_pending);
    FrameBuilder builder(sector);
    FrameChain chain;
    log.chains.push_back(chain);
    std::size_t at = 0;
    for (std::size_t i = 1; i <= count; ++i) {
        builder.begin();
        if (i != seal_at) {
            const bool two = (two_sectors >> (i - 1) & 1) != 0;
            const std::vector<std::byte> record = small_record(chain.records, two ? 600 : 40);
            RecordView view;
            REQUIRE(parse_record(record, view) == RecordFault::none);
            std::memcpy(builder.room().data(), record.data(), record.size());
            builder.take(view);
        }
        std::size_t known = i > in_flight ? i - in_flight : 0;
        if (eager) {
            known = std::min(i, oldest_pending) - 1;
        }
        WrittenFrame frame;
        frame.first_sequence = chain.records.sequence + 1;
        frame.synced = log.chains[known].records.sequence;
        frame.seal = i == seal_at;
        frame.first_sector = at / sector;
        SegmentId id{};
        id.fill(0x31);
        const Bytes bytes = builder.finish(id, chain, frame.synced, 0);
        frame.sectors = bytes.size() / sector;
        std::memcpy(log.disk.data() + at, bytes.data(), bytes.size());
        at += bytes.size();
        log.frames.push_back(frame);
        log.chains.push_back(chain);
    }
    return log;
}

enum class Content { as_written, old_zero, garbage, stale };

void put(const Log& log, Disk& disk, std::size_t frame, std::size_t index, Content content) {
    std::byte* const to = disk.data() + index * sector;
    switch (content) {
        case Content::as_written:
            std::memcpy(to, log.disk.data() + index * sector, sector);
            break;
        case Content::old_zero:
            std::memset(to, 0, sector);
            break;
        case Content::garbage:
            std::memset(to, 0xC3, sector);
            break;
        case Content::stale: {
            // A sound frame of this very segment, at the wrong place.
            const std::size_t from = log.frames[frame == 0 ? 0 : frame - 1].first_sector;
            std::memcpy(to, log.disk.data() + from * sector, sector);
            break;
        }
    }
}

struct Tally {
    std::uint64_t states = 0;
    std::uint64_t false_alarms = 0;
    std::uint64_t lost = 0;    // durable frames missing without a word, though something knew of them
    std::uint64_t untrue = 0;  // the result is not a prefix of what was written
    std::string first_failure;
    [[nodiscard]] std::uint64_t failures() const { return false_alarms + lost + untrue; }
    void fail(std::uint64_t& counter, const Log& log, const std::string& what) {
        if (failures() == 0) {
            first_failure = log.name + ": " + what;
        }
        ++counter;
    }
};

// Frames in the result; SIZE_MAX when it is no prefix of the log.
std::size_t frames_of(const Log& log, const JournalEnd& end) {
    for (std::size_t i = 0; i < log.chains.size(); ++i) {
        if (log.chains[i].number == end.chain.number) {
            const bool same =
                log.chains[i].link == end.chain.link && log.chains[i].records == end.chain.records;
            return same ? i : SIZE_MAX;
        }
    }
    return SIZE_MAX;
}

template <class Rule>
JournalEnd judge(const Log& log, const Disk& disk, risk::Sequence floor) {
    OneSegment source(disk);
    RecoveryLimits limits;
    limits.floor = floor;
    limits.writes_in_flight = log.in_flight;
    limits.write_bytes_max = log.in_flight * 2 * sector;
    return find_end<OneSegment, Rule>(source, 0, FrameChain(), limits, sector);
}

template <class Rule>
void check_crash(const Log& log, const Disk& disk, std::size_t durable, Tally& tally) {
    ++tally.states;
    const JournalEnd end = judge<Rule>(log, disk, log.chains[durable].records.sequence);
    if (end.kind == EndKind::damage) {
        tally.fail(tally.false_alarms, log, "false alarm: " + end.text);
        return;
    }
    const std::size_t found = frames_of(log, end);
    if (found == SIZE_MAX) {
        tally.fail(tally.untrue, log, "the end is not a state of the log");
    } else if (found < durable) {
        tally.fail(tally.lost, log, "durable frame " + std::to_string(found + 1) + " lost");
    }
}

// Every content of every sector of the pending frames.
template <class Rule>
void every_crash(const Log& log, const std::vector<std::size_t>& pending, std::size_t durable, Tally& tally) {
    struct Sector {
        std::size_t frame;
        std::size_t index;
    };
    std::vector<Sector> sectors;
    for (const std::size_t frame : pending) {
        for (std::size_t i = 0; i < log.frames[frame].sectors; ++i) {
            sectors.push_back({frame, log.frames[frame].first_sector + i});
        }
    }
    Disk disk = log.disk;
    const std::function<void(std::size_t)> choose = [&](std::size_t next) {
        if (next == sectors.size()) {
            check_crash<Rule>(log, disk, durable, tally);
            return;
        }
        for (const Content content :
             {Content::as_written, Content::old_zero, Content::garbage, Content::stale}) {
            put(log, disk, sectors[next].frame, sectors[next].index, content);
            choose(next + 1);
        }
    };
    choose(0);
}

// Each durable sector damaged, the pending frames wholly there or wholly not.
template <class Rule>
void every_damage(const Log& log, const std::vector<std::size_t>& pending, std::size_t durable,
                  bool with_floor, Tally& tally) {
    for (unsigned there = 0; there < (1U << pending.size()); ++there) {
        Disk base = log.disk;
        std::vector<bool> intact(log.frames.size(), true);
        for (std::size_t p = 0; p < pending.size(); ++p) {
            intact[pending[p]] = (there >> p & 1) != 0;
            for (std::size_t i = 0; i < log.frames[pending[p]].sectors && !intact[pending[p]]; ++i) {
                put(log, base, pending[p], log.frames[pending[p]].first_sector + i, Content::old_zero);
            }
        }
        for (std::size_t frame = 0; frame < durable; ++frame) {
            // Whether anything that survives knows that this frame was durable.
            bool known =
                with_floor && log.chains[durable].records.sequence >= log.frames[frame].first_sequence;
            for (std::size_t later = frame + 1; later < log.frames.size(); ++later) {
                known = known ||
                        (intact[later] && (log.frames[later].synced >= log.frames[frame].first_sequence ||
                                           later - frame >= log.in_flight));
            }
            for (std::size_t i = 0; i < log.frames[frame].sectors; ++i) {
                for (const Content content : {Content::old_zero, Content::garbage, Content::stale}) {
                    const std::size_t index = log.frames[frame].first_sector + i;
                    Disk disk = base;
                    put(log, disk, frame, index, content);
                    if (disk == base) {
                        continue;
                    }
                    ++tally.states;
                    const JournalEnd end =
                        judge<Rule>(log, disk, with_floor ? log.chains[durable].records.sequence : 0);
                    if (end.kind == EndKind::damage) {
                        continue;
                    }
                    const std::size_t found = frames_of(log, end);
                    if (found == SIZE_MAX) {
                        tally.fail(tally.untrue, log, "damage taken for a state of the log");
                    } else if (found < durable && known && !log.frames[frame].seal) {
                        tally.fail(tally.lost, log,
                                   "damage of frame " + std::to_string(frame + 1) + " missed");
                    } else if (found < durable && known && durable > frame + 1) {
                        tally.fail(tally.lost, log,
                                   "frames behind seal " + std::to_string(frame + 1) + " lost");
                    }
                }
            }
        }
    }
}

using UseLog = std::function<void(const Log&, const std::vector<std::size_t>& pending, std::size_t durable)>;

void every_log(const UseLog& use) {
    for (std::size_t count = 1; count <= 4; ++count) {
        for (std::uint64_t in_flight = 1; in_flight <= 3; ++in_flight) {
            const std::size_t window = std::min<std::size_t>(in_flight, count);
            for (unsigned set = 0; set < (1U << window); ++set) {
                std::vector<std::size_t> pending;
                for (std::size_t i = 0; i < window; ++i) {
                    if ((set >> i & 1) != 0) {
                        pending.push_back(count - window + i);
                    }
                }
                const std::size_t durable = pending.empty() ? count : pending.front();
                for (unsigned sizes = 0; sizes < (1U << count); ++sizes) {
                    for (const bool eager : {false, true}) {
                        for (std::size_t seal_at = 0; seal_at <= count; ++seal_at) {
                            // A seal has one sector: the other size would be the same log again.
                            if (seal_at > 0 &&
                                (seal_at == 1 || (sizes >> (seal_at - 1) & 1) != 0 || in_flight > 1)) {
                                continue;
                            }
                            use(make_log(count, sizes, in_flight, eager, seal_at, durable + 1), pending,
                                durable);
                        }
                    }
                }
            }
        }
    }
}

template <class Rule>
Tally model(bool damage, bool with_floor) {
    Tally tally;
    every_log([&](const Log& log, const std::vector<std::size_t>& pending, std::size_t durable) {
        // A mutant is caught by its first failure.
        if (!std::is_same_v<Rule, RecoveryRule> && tally.failures() > 0) {
            return;
        }
        if (damage) {
            every_damage<Rule>(log, pending, durable, with_floor, tally);
        } else {
            every_crash<Rule>(log, pending, durable, tally);
        }
    });
    return tally;
}

// Rules that lack one judgement each.
struct BelievesNoLaterFrame : RecoveryRule {
    static bool proves_durable(const FrameHeader&, std::uint64_t, risk::Sequence, std::uint64_t) {
        return false;
    }
};
struct IgnoresSynced : RecoveryRule {
    static bool proves_durable(const FrameHeader& later, std::uint64_t number, risk::Sequence,
                               std::uint64_t in_flight) {
        return later.frame_number > number && later.frame_number - number >= in_flight;
    }
};
struct IgnoresNumbersBehind : RecoveryRule {
    static bool proves_durable(const FrameHeader& later, std::uint64_t number, risk::Sequence next,
                               std::uint64_t) {
        return later.frame_number > number && later.synced_seq >= next;
    }
};
struct SyncedOneTooFew : RecoveryRule {
    static bool proves_durable(const FrameHeader& later, std::uint64_t number, risk::Sequence next,
                               std::uint64_t in_flight) {
        return RecoveryRule::proves_durable(later, number, next - 1, in_flight);
    }
};
struct SyncedOneTooMany : RecoveryRule {
    static bool proves_durable(const FrameHeader& later, std::uint64_t number, risk::Sequence next,
                               std::uint64_t in_flight) {
        return RecoveryRule::proves_durable(later, number, next + 1, in_flight);
    }
};
struct TakesAnyFrame : RecoveryRule {
    static FrameCheck check(FrameChecker& checker, Bytes bytes, const SegmentId& segment, FrameChain& chain,
                            std::vector<RecordView>* records) {
        chain.anchor = true;  // number, link and chain are taken from the frame itself
        return checker.check(bytes, segment, chain, records);
    }
};
struct IgnoresPayload : RecoveryRule {
    static FrameCheck check(FrameChecker& checker, Bytes bytes, const SegmentId& segment, FrameChain& chain,
                            std::vector<RecordView>* records) {
        FrameCheck result = checker.check(bytes, segment, chain, records);
        if (result.fault == FrameFault::payload_crc) {
            ++chain.number;
            chain.records.sequence += result.header.record_count;
            result.fault = FrameFault::none;
            result.disk_bytes = frame_disk_bytes(result.header, sector);
        }
        return result;
    }
};

}  // namespace

TEST_CASE("after_any_crash_no_durable_frame_is_lost_and_no_alarm_is_false") {
    const Tally tally = model<RecoveryRule>(false, true);
    INFO(tally.first_failure);
    CHECK(tally.failures() == 0);
    CHECK(tally.states > 50'000);
    WARN(tally.states << " crash states");
}

TEST_CASE("damage_of_any_durable_sector_that_a_surviving_frame_knew_of_is_found") {
    const Tally tally = model<RecoveryRule>(true, false);
    INFO(tally.first_failure);
    CHECK(tally.failures() == 0);
    CHECK(tally.states > 5'000);
    WARN(tally.states << " damaged states");
}

TEST_CASE("with_the_floor_damage_of_any_durable_sector_is_found") {
    const Tally tally = model<RecoveryRule>(true, true);
    INFO(tally.first_failure);
    CHECK(tally.failures() == 0);
}

TEST_CASE("a_rule_that_lacks_one_judgement_is_caught_by_the_model") {
    CHECK(model<BelievesNoLaterFrame>(true, false).lost > 0);
    CHECK(model<IgnoresSynced>(true, false).lost > 0);
    CHECK(model<IgnoresNumbersBehind>(true, false).lost > 0);
    CHECK(model<SyncedOneTooFew>(false, true).false_alarms > 0);
    CHECK(model<SyncedOneTooMany>(true, false).lost > 0);
    CHECK(model<TakesAnyFrame>(false, true).failures() > 0);
    CHECK(model<IgnoresPayload>(false, true).untrue > 0);
    // Without the floor, damage of the very last durable frame passes for a torn tail.
    const Log log = make_log(2, 0, 1, true, 0, 3);
    Disk disk = log.disk;
    put(log, disk, 1, log.frames[1].first_sector, Content::garbage);
    CHECK(judge<RecoveryRule>(log, disk, 0).kind == EndKind::torn_tail);
    CHECK(judge<RecoveryRule>(log, disk, 2).kind == EndKind::damage);
}

TEST_CASE("a_frame_hidden_in_a_message_is_not_taken_for_a_frame") {
    // The client's bytes hold a frame header that is sound but for the segment's random id.
    Log log = make_log(2, 0, 1, true, 0, 3);
    FrameHeader forged;
    forged.frame_number = 9;
    forged.synced_seq = 99;
    forged.segment_id.fill(0x77);
    forged.header_crc = crc32c(std::as_bytes(std::span(&forged, 1)).first(offsetof(FrameHeader, header_crc)));
    Disk disk = log.disk;
    std::memset(disk.data() + log.frames[1].first_sector * sector, 0xC3, sector);
    std::memcpy(disk.data() + (log.frames[1].first_sector + 1) * sector, &forged, sizeof forged);
    const JournalEnd end = judge<RecoveryRule>(log, disk, 0);
    CHECK(end.kind == EndKind::torn_tail);
    CHECK(end.chain.records.sequence == 1);
}

TEST_CASE("bytes_further_than_one_write_behind_the_end_are_damage") {
    const Log log = make_log(2, 0, 1, true, 0, 3);
    for (const std::size_t index : {std::size_t{2}, std::size_t{3}, std::size_t{4}, segment_sectors - 1}) {
        Disk disk = log.disk;
        disk[index * sector] = std::byte{1};
        INFO("sector " << index);
        CHECK((judge<RecoveryRule>(log, disk, 0).kind == EndKind::damage) == (index >= 4));
    }
}
