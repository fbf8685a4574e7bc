// JournalTail: the journal as the replicator reads it, behind a running keeper: only what is on the disk,
// from any record on, also from compressed segments and the spare device. Takes nothing from gateway and
// keeper but their files, and writes none of them.
#pragma once

#include <string>
#include <vector>

#include "audit/checkpoint_files.hpp"
#include "audit/journal_reader.hpp"
#include "audit/replicate/message.hpp"

namespace fairlead::audit {

// Records one behind the other, as they go into one message.
struct RecordBatch {
    std::string bytes;
    risk::Sequence first = 0;
    risk::Sequence last = 0;
    std::size_t count = 0;
    Hash last_leaf{};
};

class JournalTail {
  public:
    // front: where the keeper's mark lies; empty: only what a checkpoint covers is known to be on the disk.
    JournalTail(JournalPlace place, std::string front) : place_(std::move(place)), front_(std::move(front)) {
        place_.pruned = true;
    }
    // Highest record known to be on the disk. Never falls.
    [[nodiscard]] risk::Sequence synced();
    // Whether the front has a keeper's mark of this boot.
    [[nodiscard]] bool marked() const { return mark() > 0; }
    // The newest checkpoint beside the journal; null: none yet.
    [[nodiscard]] const SignedCheckpoint* checkpoint();
    // Records from `first` to at most `last`, as many as go into one message; none while the journal has none
    // yet. Empty text: read.
    [[nodiscard]] std::string read(risk::Sequence first, risk::Sequence last, RecordBatch& into);
    // What an archive of this journal begins with.
    [[nodiscard]] std::string beginning(ArchiveBeginning& into);
    // Whether these records, of an archive, are the journal's: byte for byte, or by their hashes where the
    // journal has been pruned. Text in `error`: the journal cannot be read. Empty text: they are.
    [[nodiscard]] std::string contradiction(const std::vector<RecordView>& archived, std::string& error);

  private:
    [[nodiscard]] risk::Sequence mark() const;
    [[nodiscard]] bool seek(risk::Sequence first);
    // Leaf hashes of those that have been pruned, from `first` on; and how far the pruned part goes.
    [[nodiscard]] std::string pruned_leaves(risk::Sequence first, std::vector<Hash>& leaves,
                                            risk::Sequence& end);

    JournalPlace place_;
    std::string front_;
    risk::Sequence synced_ = 0;
    SignedCheckpoint checkpoint_;
    bool has_checkpoint_ = false;
    JournalReader reader_;
    risk::Sequence next_ = 0;  // what the reader gives next; 0: it is not open
    RecordView held_;          // given by the reader and not taken yet
    bool holds_ = false;
    Sha256Hasher hasher_;
};

}  // namespace fairlead::audit
