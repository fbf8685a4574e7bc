// JournalReader: the records of a journal in order, on one device or two, every check of the format made
// on the way. Not for the live end that is not on disk yet: that is FrontReader; HistoryReader joins the two.
// Used by the gateway's replay, the examiner, drop copy and tests; never on the order thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/front_layout.hpp"
#include "audit/record_kinds.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

enum class ReadStatus : std::uint8_t {
    record = 0,
    end = 1,        // nothing further yet; ask again later to follow a growing journal
    damaged = 2,    // `error` names segment, offset, sequence and rule; reading cannot go on
    overtaken = 3,  // FrontReader only: the writer has reused the segment; read from disk
};

// Where reading stands, and what was wrong.
struct ReadPlace {
    std::string segment;       // file name
    std::uint64_t offset = 0;  // of the frame within it
    std::uint64_t frame = 0;
    risk::Sequence sequence = 0;  // last good one
};

// What JournalReader does at the end of the log. judge: looks at every byte behind it, once, to tell a
// clean end from a torn tail and from damage: for replay and examination. follow: takes it as the end
// for now: for those who read behind a running keeper.
enum class AtEnd : std::uint8_t { judge, follow };

class JournalReader {
  public:
    JournalReader();
    ~JournalReader();
    JournalReader(JournalReader&&) noexcept;
    JournalReader& operator=(JournalReader&&) noexcept;

    // From the journal's first record, or from `first` (then the chain is checked from there on; what
    // lies before is not looked at). False: see error().
    [[nodiscard]] bool open(const JournalPlace& place, risk::Sequence first = 1, AtEnd at_end = AtEnd::judge);
    // The view points into the reader and stays good until the next call.
    [[nodiscard]] ReadStatus next(RecordView& view);
    [[nodiscard]] const std::string& error() const noexcept;
    [[nodiscard]] ReadPlace place() const;
    // Where the next frame should be: after `end` or `damaged` the place that reading did not get past.
    // No segment: there is none.
    [[nodiscard]] ReadPlace next_place() const;
    // Of the last record given.
    [[nodiscard]] const ChainEnd& chain() const noexcept;
    [[nodiscard]] const Hash& leaf() const noexcept;
    // After a judged `end`: bytes of a torn write behind it (0 at a clean end), and whether a seal is the
    // last frame.
    [[nodiscard]] std::uint64_t torn_bytes() const noexcept;
    [[nodiscard]] bool sealed() const noexcept;
    [[nodiscard]] std::uint64_t frames() const noexcept;
    [[nodiscard]] std::uint64_t segments() const noexcept;

  private:
    [[nodiscard]] ReadStatus read(RecordView& view);
    struct State;
    std::unique_ptr<State> state_;
};

// Follows the live front. Never slows the writer: a reader that is too slow is overtaken and told so.
class FrontReader {
  public:
    FrontReader();
    ~FrontReader();
    FrontReader(FrontReader&&) noexcept;
    FrontReader& operator=(FrontReader&&) noexcept;

    // Attaches for reading only. Empty text: attached. `missing()` tells "not there yet" from an error.
    [[nodiscard]] std::string attach(const std::string& directory);
    [[nodiscard]] bool missing() const noexcept;
    // The head that is mapped. Null before attach.
    [[nodiscard]] const FrontHead* head() const noexcept;
    // False once another front has been made at the same place, or this one removed: attach again.
    [[nodiscard]] bool current() const;
    // Next record given will be `first`. False: it lies outside what the front still holds.
    [[nodiscard]] bool seek(risk::Sequence first);
    // Copies the next published record into `into` (at least record_bytes_max) and checks the copy.
    // error() then names the rule broken, if any.
    [[nodiscard]] ReadStatus next(std::span<std::byte> into, RecordView& view);
    [[nodiscard]] const std::string& error() const noexcept;
    [[nodiscard]] const ChainEnd& chain() const noexcept;
    // Bytes of the front up to and including the last record given.
    [[nodiscard]] std::uint64_t position() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Reads a range of sequences wherever they are, front or disk. For resends, on a background thread.
class HistoryReader {
  public:
    // front_directory may be empty or missing: then only the disk is read.
    HistoryReader(JournalPlace journal, std::string front_directory);
    // The next record given will be `first`.
    [[nodiscard]] bool seek(risk::Sequence first);
    // `end`: neither has it yet.
    [[nodiscard]] ReadStatus next(RecordView& view);
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    // The front it reads from at present; null while it reads from the disk.
    [[nodiscard]] const FrontHead* front() const noexcept { return on_front_ ? front_.head() : nullptr; }
    // False: that front has been made anew or removed since: seek again.
    [[nodiscard]] bool current() const { return !on_front_ || front_.current(); }

  private:
    [[nodiscard]] ReadStatus from_front(RecordView& view);

    JournalPlace journal_;
    std::string front_directory_;
    FrontReader front_;
    JournalReader disk_;
    bool on_front_ = false;
    bool on_disk_ = false;
    risk::Sequence next_ = 1;
    std::vector<std::byte> buffer_;
    std::string error_;
};

// Where the journal on disk ends, found by the rule of recovery. For a front begun anew.
struct DiskEnd {
    ChainEnd chain;     // with an error: as far as reading went
    std::string error;  // empty: found; otherwise damage, naming segment, offset and sequences
    [[nodiscard]] bool ok() const noexcept { return error.empty(); }
};
// A directory that is missing or has no segments ends at sequence 0.
[[nodiscard]] DiskEnd find_disk_end(const JournalPlace& place);

}  // namespace fairlead::audit
