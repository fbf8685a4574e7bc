// Replicator: carries the journal to an archive, one message in flight. Where to go on it reads from the
// archive, and before it adds anything it holds the archive's last records against the journal's. Knows no
// clock, no threads and no NATS: main calls step again and again.
#pragma once

#include <functional>
#include <string>

#include "audit/replicate/archive.hpp"
#include "audit/replicate/journal_tail.hpp"
#include "audit/replicate/place.hpp"

namespace fairlead::audit {

struct ReplicatorOptions {
    std::string archive_name;  // for texts
    // Highest record that was in the archive before, as remembered; only to tell that some were lost.
    risk::Sequence known = 0;
    std::function<void(const std::string&)> say = [](const std::string&) {};
    std::function<void(const std::string&)> alarm = [](const std::string&) {};
};

class Replicator {
  public:
    enum class Step : std::uint8_t {
        sent,     // there may be more: step again at once
        idle,     // all that is on the disk is in the archive
        away,     // the archive does not answer: wait, longer each time
        unsure,   // it answers, and what it says may be another in a second: wait that long
        journal,  // the journal cannot be read: wait
        refused,  // this archive contradicts the journal, or may not be added to; no further step
    };

    Replicator(ReplicatorOptions options, JournalTail& journal, Archive& archive)
        : options_(std::move(options)), journal_(journal), archive_(archive), known_(options_.known) {}

    [[nodiscard]] Step step();
    // Whether the archive has been read since the start.
    [[nodiscard]] bool has_looked() const noexcept { return told_; }
    // Last record known to be in the archive.
    [[nodiscard]] risk::Sequence archived() const noexcept { return place_.archived; }
    [[nodiscard]] std::uint64_t checkpoint_size() const noexcept { return place_.checkpoint_size; }
    // Why it does not go on; empty when it does.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

  private:
    // What an archive looks like while others write to it passes; what stays is true.
    static constexpr int looks_max = 20;
    // Looks in a row that must find records lost.
    static constexpr int losses_believed = 5;

    [[nodiscard]] Step find();
    [[nodiscard]] ArchiveReply read_ends(ArchiveEnds& ends);
    [[nodiscard]] Step compare(const ArchivePlace& found);
    void tell_found(bool made_now);
    [[nodiscard]] Step send_records(risk::Sequence synced);
    [[nodiscard]] Step send(MessageKind kind, const std::string& bytes, const std::string& id);
    [[nodiscard]] Step gone(const std::string& why);
    [[nodiscard]] Step look_again(const std::string& why);
    [[nodiscard]] Step refuse(const std::string& why);
    [[nodiscard]] Step journal_fault(const std::string& why);

    ReplicatorOptions options_;
    JournalTail& journal_;
    Archive& archive_;
    ArchivePlace place_;
    risk::Sequence known_;          // highest record that has ever been in the archive
    risk::Sequence refilling_ = 0;  // until this record what is sent was there before; 0: nothing was lost
    bool open_ = false;
    bool found_ = false;
    bool told_ = false;  // of the first find
    int looks_ = 0;      // in a row that found it changing
    int moves_ = 0;      // in a row
    int losses_ = 0;     // in a row
    std::uint64_t moves_ever_ = 0;
    std::string trouble_;
};

}  // namespace fairlead::audit
