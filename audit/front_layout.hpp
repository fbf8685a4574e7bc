// The front's shared memory: the head file (written by the gateway) and the keeper's mark (written by
// the keeper). Each field says who writes it and how it is ordered. Not for anybody but the classes
// beside it: Front, FrontReader, KeeperMark.
#pragma once

#include <atomic>
#include <string>

#include "audit/format.hpp"
#include "audit/mapped_file.hpp"

#ifndef __x86_64__
#error "the front relies on the order in which x86-64 keeps stores among stores and loads among loads"
#endif

namespace fairlead::audit {

inline constexpr std::uint64_t head_magic = 0x3130444145484C46;  // "FLHEAD01"
inline constexpr std::uint64_t mark_magic = 0x31304B52414D4C46;  // "FLMARK01"
// Stands where the next record does not fit: go on at the start of the next segment.
inline constexpr std::uint32_t next_segment_magic = 0x4E524C46;  // "FLRN"
inline constexpr std::uint32_t front_segments_max = 64;
inline constexpr std::size_t shared_page_bytes = 4096;

using BootId = std::array<std::uint8_t, 16>;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// A generation is one use of one segment file: generation g lies in file g % segment_count.
struct FrontHead {
    // Written once, before any reader can see `magic`.
    std::uint64_t magic = 0;
    std::uint32_t version = format_version;
    std::uint32_t segment_count = 0;
    std::uint64_t segment_bytes = 0;
    BootId boot_id{};
    SegmentId front_id{};  // random: tells this front from one made later at the same place
    ChainEnd base;         // what stood before the front's first record

    // Gateway stores (release) after the record's last byte; everybody loads (acquire).
    alignas(64) std::atomic<std::uint64_t> published{0};
    // Bytes of the front used so far, all generations. Relaxed: for gauges only.
    std::atomic<std::uint64_t> published_position{0};
    // Raised at each opening for writing, before the first record.
    std::atomic<std::uint32_t> epoch{0};
    // Generations below are being written over. Gateway stores it before it touches the first byte;
    // readers copy, then load it. The processor keeps stores in order among stores, and loads among
    // loads, so only the compiler is fenced (and ThreadSanitizer knows no other fence).
    alignas(64) std::atomic<std::uint64_t> lowest_intact{0};
    // First sequence of the generation that lies in each file, and that generation plus one (0: none).
    // Gateway stores (release) before the generation's first record is published.
    struct Slot {
        std::atomic<std::uint64_t> first_sequence{0};
        std::atomic<std::uint64_t> generation_plus_one{0};
    };
    std::array<Slot, front_segments_max> slots{};
};
static_assert(sizeof(FrontHead) <= shared_page_bytes);

enum class KeeperState : std::uint32_t {
    absent = 0,      // no keeper has ever run with this front
    recovering = 1,  // reading the disk
    running = 2,
    stopped = 3,        // ended in order: everything published was synced
    io_error = 4,       // a write failed: synced stands still until an operator acts
    disk_full = 5,      // no room for a further segment: synced stands still
    damage = 6,         // the journal on disk is damaged or does not fit the front
    corrupt_front = 7,  // a published record fails its check: both stop
    switching = 8,      // the device failed: what is not synced is being written to the spare
    on_spare = 9,       // at work on the spare; whether orders may go on is two persons' to say
};
[[nodiscard]] const char* describe(KeeperState state) noexcept;

struct KeeperMarkPage {
    // Of this boot, set by whoever opens the page first; `magic` is the keeper's sign that it has run.
    std::atomic<std::uint64_t> magic{0};
    BootId boot_id{};
    // Keeper stores (release) after the frame's synchronous write has returned; gate loads (acquire).
    alignas(64) std::atomic<std::uint64_t> synced{0};
    std::atomic<std::uint64_t> synced_position{0};  // in the front's bytes; relaxed, gauge only
    // All below: keeper stores relaxed, gateway loads relaxed; each stands for itself.
    alignas(64) std::atomic<std::int64_t> heartbeat_ns{0};  // monotonic
    std::atomic<std::uint32_t> state{0};                    // KeeperState
    std::atomic<std::int32_t> error{0};                     // errno of what stopped it
    std::atomic<std::int64_t> write_started_ns{0};          // of the write under way, 0 = none
    std::atomic<std::int64_t> last_write_ns{0};             // how long the last write took
    std::atomic<std::uint32_t> ready_segments{0};
    std::atomic<std::uint32_t> sync_fallback{0};  // 1: the file system refuses direct writes
    std::atomic<std::uint64_t> cut_bytes{0};      // torn tail cut at this keeper's start
    std::atomic<std::uint64_t> cut_after{0};      // last sequence before that tail
    // Number of the spare's first segment, once the journal goes on there and what was not synced has been
    // written and read back; 0 = on its own device.
    std::atomic<std::uint64_t> switched_to{0};
    std::atomic<std::int32_t> prepare_error{0};    // errno of the last failure to make a segment, 0 = none
    std::atomic<std::int32_t> spare_segments{-1};  // ready on the spare; -1: there is no spare
};
static_assert(sizeof(KeeperMarkPage) <= shared_page_bytes);

// How far each standby has acknowledged: written by fairlead-ship, one thread a standby.
inline constexpr std::size_t standbys_max = 4;

enum class StandbyState : std::uint32_t {
    absent = 0,       // nobody has tried yet
    connecting = 1,   // not there, or not yet answered
    catching_up = 2,  // what it lacks is on its way
    in_step = 3,
    refused = 4,  // it holds another journal, or found a difference: nothing more is sent to it
};
[[nodiscard]] const char* describe(StandbyState state) noexcept;

struct StandbyMarkPage {
    BootId boot_id{};  // of this boot, set by whoever opens the page first
    // Which front the figures below are of: the first bytes of its id. Sender stores (release) after it has
    // cleared them; gate loads (acquire): an acknowledgement of another journal must never open a gate.
    std::atomic<std::uint64_t> front{0};
    struct Standby {
        // Sender stores (release) when the standby's word has come; gate loads (acquire).
        alignas(64) std::atomic<std::uint64_t> acked{0};
        std::atomic<std::uint32_t> state{0};       // StandbyState; relaxed, stands for itself
        std::atomic<std::int64_t> state_at_ns{0};  // monotonic, when that was last said; relaxed, the same
    };
    std::array<Standby, standbys_max> standbys{};
};
static_assert(sizeof(StandbyMarkPage) <= shared_page_bytes);
[[nodiscard]] std::uint64_t front_tag(const SegmentId& front) noexcept;

// This boot of this machine. All zero when the kernel does not say.
[[nodiscard]] BootId current_boot_id() noexcept;

// Opens the mark, makes it if it is not there, and clears it if it is from another boot: a watermark of
// another boot must never open a gate. Empty error: mapped.
struct MarkResult {
    MappedFile map;
    std::string error;
};
[[nodiscard]] MarkResult open_mark(const std::string& directory, bool writable);
[[nodiscard]] MarkResult open_standby_mark(const std::string& directory, bool writable);

[[nodiscard]] std::string head_path(const std::string& directory);
[[nodiscard]] std::string mark_path(const std::string& directory);
[[nodiscard]] std::string standby_mark_path(const std::string& directory);
[[nodiscard]] std::string front_segment_path(const std::string& directory, std::uint32_t slot);

}  // namespace fairlead::audit
