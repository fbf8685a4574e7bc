// CheckpointCheck: whether the journal read is the one the checkpoints were signed over: those kept beside
// it, and one taken away earlier. Grows the tree record by record and compares its root at each size that
// was signed; the same root over the first m records is what a consistency proof from m would show. Told
// the leaves by verify.
#pragma once

#include <string>
#include <vector>

#include "audit/merkle.hpp"
#include "audit/note.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct CheckpointReport {
    std::uint64_t checked = 0;     // signed, and the root is the journal's
    std::uint64_t covered = 0;     // records under the newest of them
    std::uint64_t since = 0;       // records under the one taken away earlier; 0: none was given
    bool since_continued = false;  // the journal is its continuation
};

class CheckpointCheck {
  public:
    // Reads what is beside the journal. With no key nothing is checked.
    void open(const JournalPlace& place, std::vector<VerifierKey> keys, const SignedCheckpoint* since);
    void take(const Hash& leaf);
    // After the last record that could be read; whether more lies behind it that could not.
    void close(bool damaged);

    [[nodiscard]] const CheckpointReport& report() const noexcept { return report_; }
    [[nodiscard]] const std::vector<std::string>& findings() const noexcept { return findings_; }
    [[nodiscard]] const std::vector<std::string>& remarks() const noexcept { return remarks_; }

  private:
    // What a key has signed.
    struct Expected {
        std::uint64_t size = 0;
        Hash root{};
        std::size_t file = 0;         // index of files_
        std::size_t number = 0;       // within it; 0: the one taken away earlier
        std::vector<bool> signers{};  // by key
        [[nodiscard]] bool since() const noexcept { return number == 0; }
    };
    void read_file(const std::string& path);
    void read_latest(const std::string& journal_directory);
    void expect(const SignedCheckpoint& found, const Expected& expected);
    void tell_handovers();
    void judge(const Expected& expected);
    [[nodiscard]] std::string place(const Expected& expected) const;

    std::vector<VerifierKey> keys_;
    std::vector<std::string> files_;
    std::vector<Expected> expected_;  // by size
    std::size_t next_ = 0;
    Sha256Hasher hasher_;
    MerkleTree tree_;
    std::uint64_t last_good_ = 0;
    std::uint64_t failed_ = 0;  // kept ones whose root is not the journal's; the first is told in full
    CheckpointReport report_;
    std::vector<std::string> findings_;
    std::vector<std::string> remarks_;
};

}  // namespace fairlead::audit
