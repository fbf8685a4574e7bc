// ArchiveCheck: judges an archive on its own: every record's CRC, its sequence and chain, the Merkle root
// under each signed checkpoint in it; with a journal at hand also that both hold the same. Says what is
// missing by sequence. Needs no gateway, and nothing that the replicator remembers.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "audit/journal_reader.hpp"
#include "audit/merkle.hpp"
#include "audit/note.hpp"
#include "audit/replicate/archive.hpp"
#include "audit/replicate/message.hpp"

namespace fairlead::audit {

struct ArchiveCheckOptions {
    std::vector<VerifierKey> keys;
    JournalPlace journal;  // no directory: the archive alone
};

struct ArchiveCheckReport {
    std::uint64_t messages = 0;
    risk::Sequence first = 0;  // records that are there
    risk::Sequence last = 0;
    std::uint64_t records = 0;
    std::uint64_t checkpoints = 0;      // signed by a given key, and their root is the archive's
    std::uint64_t covered = 0;          // records under the newest of them
    std::uint64_t journal_records = 0;  // 0: no journal was given, or it was not equal
    std::string root;                   // over all records, base64; empty: some are missing
    std::vector<std::string> findings;  // what is wrong
    std::uint64_t findings_left_out = 0;
    std::vector<std::string> remarks;
    std::string away;  // not empty: the archive does not answer, and nothing is said about it
    [[nodiscard]] bool ok() const noexcept { return findings.empty() && away.empty(); }
};

class ArchiveCheck {
  public:
    explicit ArchiveCheck(ArchiveCheckOptions options) : options_(std::move(options)) {}
    [[nodiscard]] ArchiveCheckReport run(Archive& archive);

  private:
    static constexpr std::size_t findings_max = 100;
    // Leaves behind the last checkpoint wait for the next one, whose size is known only when it comes.
    static constexpr std::size_t waiting_max = 1 << 20;

    void find(std::string text);
    void take(const ArchiveMessage& message);
    void begin(const ArchiveMessage& message);
    void take_records(const ArchiveMessage& message);
    void take_record(const RecordView& record, const std::string& where);
    void take_checkpoint(const ArchiveMessage& message);
    void take_leaf(const Hash& leaf);
    void grow_to(std::uint64_t size);
    void close();
    // The journal's leaves from here on, for what the archive lacks; false: it cannot say.
    bool fill_from_journal(risk::Sequence first, risk::Sequence last);
    void open_journal(risk::Sequence first);
    [[nodiscard]] bool journal_leaf(risk::Sequence sequence, Hash& leaf);
    void close_journal();

    ArchiveCheckOptions options_;
    ArchiveCheckReport report_;
    Sha256Hasher hasher_;
    bool begun_ = false;
    risk::Sequence next_ = 1;
    bool chained_ = false;  // the record before is known
    ChainEnd chain_;
    MerkleTree tree_;
    std::deque<Hash> waiting_;  // leaves behind the tree
    bool tree_whole_ = true;    // no leaf was left out
    std::uint64_t newest_ = 0;  // size under the newest checkpoint
    Hash newest_root_{};        // the tree's, at that size
    // Of the journal.
    std::unique_ptr<JournalReader> reader_;
    std::vector<Hash> pruned_;
    risk::Sequence pruned_first_ = 0;
    risk::Sequence journal_next_ = 0;
    bool journal_equal_ = true;
};

[[nodiscard]] std::string text_of(const ArchiveCheckReport& report);

}  // namespace fairlead::audit
