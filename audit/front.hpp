// Front: where the order thread puts each Record the moment it is decided. Locked memory in tmpfs files
// that outlive the process; single writer; never a system call, lock or allocation in `append`. It is
// not the disk: the keeper copies it there and reports how far in its mark. Opened by the gateway.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/front_layout.hpp"
#include "audit/hash.hpp"
#include "audit/mapped_file.hpp"
#include "audit/record_kinds.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

struct FrontOptions {
    std::string directory = "/dev/shm/fairlead";
    std::uint32_t segment_count = 4;                        // 2 to 64
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;  // multiple of 4096, at least 64 KiB
    // The journal on disk: a new front goes on where it ends, and a lock in it keeps a second gateway
    // out. Empty: a journal without a disk part, from sequence 1 (measurements and tests).
    std::string journal_directory;
    std::string spare_directory;  // where the journal goes on when its device fails; empty: nowhere
    bool standbys = false;        // other hosts acknowledge (level `replica`)
};

class Front {
  public:
    struct OpenResult {
        std::unique_ptr<Front> front;
        std::string error;                  // empty: open
        std::vector<std::string> warnings;  // for the operator log, such as memory that cannot be locked
        bool resumed = false;               // records of this boot were found and are continued
        [[nodiscard]] bool ok() const noexcept { return error.empty(); }
    };
    // Allocates, touches and locks every byte; or attaches to the front a dead gateway of this boot
    // left, and goes on behind its last published record. Epoch rises by one either way.
    [[nodiscard]] static OpenResult open(const FrontOptions& options);

    // --- order path ---
    // Whether a record of so many bytes can be appended now. False: every segment holds records that
    // are not on disk yet; nothing may be decided until the keeper has caught up.
    [[nodiscard]] bool has_room(std::size_t record_bytes = record_bytes_max) const noexcept {
        return segment_end_ - position_ >= record_bytes || next_segment_free();
    }

    // Writes the record and publishes it. Room must have been asked for, and the sequence must be the
    // next: both are asserted. `received` is cut at what a record can hold (message sizes are bounded
    // far below it at reading). Returns the record's bytes.
    std::size_t append(const risk::Record& record, Bytes facts, Bytes person, Bytes received,
                       Bytes decision) noexcept;
    // The same for a struct of risk/, split by its kind.
    template <class T>
    std::size_t append(const T& record, Bytes received, const risk::Answered* answered) noexcept {
        return append(header_of(record), facts_of(record), person_of(record), received,
                      answered != nullptr ? std::as_bytes(std::span(answered, 1)) : Bytes{});
    }
    // The same for a record that another front has made, every byte as it is: epoch, salts and times are its
    // writer's. Not a record that may stand behind the last one: which rule it breaks, and nothing is
    // written.
    [[nodiscard]] RecordFault append_copy(const RecordView& record) noexcept;
    // Levels `process`, `disk` and `replica` of the gate.
    [[nodiscard]] risk::Sequence published() const noexcept { return chain_.sequence; }
    [[nodiscard]] risk::Sequence synced() const noexcept {
        return mark_->synced.load(std::memory_order_acquire);  // pairs with KeeperMark::advance
    }
    // As far as so many standbys, of those there are, have acknowledged; 0 where none is asked.
    [[nodiscard]] risk::Sequence acked(std::uint32_t quorum) const noexcept;
    // What fairlead-ship says of it; absent once that has said nothing for ten seconds, but for a refusal,
    // behind which it says nothing more.
    [[nodiscard]] StandbyState standby_state(std::size_t index, risk::MonotonicNs now) const noexcept;
    // Records not yet on disk, in bytes of the front.
    [[nodiscard]] std::uint64_t lag_bytes() const noexcept;
    // Unsynced bytes in thousandths of what the front can hold before it must wait.
    [[nodiscard]] std::uint32_t fill_permille() const noexcept;

    // --- the keeper, as its mark shows it ---
    [[nodiscard]] KeeperState keeper_state() const noexcept;
    [[nodiscard]] int keeper_error() const noexcept;
    [[nodiscard]] risk::MonotonicNs keeper_heartbeat_ns() const noexcept;
    // When the write under way began (monotonic), 0 = none; and how long the last one took.
    [[nodiscard]] risk::MonotonicNs write_started_ns() const noexcept;
    [[nodiscard]] std::int64_t last_write_ns() const noexcept;
    // Zero-written disk segments waiting to be used: fewer than 2 is an alarm, 1 refuses new orders.
    [[nodiscard]] std::uint32_t ready_segments() const noexcept;
    // Why the last attempt to make one failed (errno); 0 = it did not.
    [[nodiscard]] int prepare_error() const noexcept;
    // The journal goes on on the spare: number of its first segment there. 0 = it does not.
    [[nodiscard]] std::uint64_t switched_to() const noexcept;
    // Ready on the spare; -1 = there is no spare.
    [[nodiscard]] int spare_segments() const noexcept;
    // What the keeper cut off a torn end at its start; 0 bytes = nothing. For the Record about it.
    [[nodiscard]] std::uint64_t cut_bytes() const noexcept;

    // --- as found at opening ---
    [[nodiscard]] const ChainEnd& recovered() const noexcept { return recovered_; }
    // Last sequence before the front's first record, whoever began it. 0 = the journal began with it.
    [[nodiscard]] risk::Sequence base() const noexcept { return head_->base.sequence; }
    [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }
    [[nodiscard]] const BootId& boot_id() const noexcept { return head_->boot_id; }
    [[nodiscard]] const std::string& directory() const noexcept { return options_.directory; }

  private:
    Front() = default;
    [[nodiscard]] std::string open_mark();
    [[nodiscard]] std::string create(OpenResult& result);
    [[nodiscard]] std::string resume(OpenResult& result);
    [[nodiscard]] std::string map_segments(bool fresh, OpenResult& result);
    [[nodiscard]] std::string find_end();
    [[nodiscard]] bool next_segment_free() const noexcept;
    [[nodiscard]] std::byte* place_for(std::size_t length) noexcept;
    void publish(std::size_t length, const ChainEnd& chain) noexcept;
    void close_generation() noexcept;
    void begin_generation(std::uint64_t generation) noexcept;
    std::byte* put_section(std::byte* at, SectionKind kind, Bytes bytes, risk::Sequence sequence) noexcept;

    // Hot: touched by each append.
    FrontHead* head_ = nullptr;
    const KeeperMarkPage* mark_ = nullptr;
    const StandbyMarkPage* standbys_ = nullptr;  // null: none is asked
    std::uint64_t position_ = 0;                 // bytes used so far, all generations
    std::uint64_t segment_end_ = 0;              // position at which the present generation ends
    std::byte* segment_ = nullptr;               // the present generation's file
    std::uint64_t generation_ = 0;
    std::uint32_t epoch_ = 0;
    ChainEnd chain_;
    SaltSource salts_;

    FrontOptions options_;
    ChainEnd recovered_;
    std::vector<MappedFile> segments_;
    MappedFile head_map_;
    MappedFile mark_map_;
    MappedFile standbys_map_;
    Descriptor head_file_;  // holds the writer's lock
    Descriptor lock_;       // of the journal directory
};

}  // namespace fairlead::audit
