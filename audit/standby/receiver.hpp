// Receiver: a standby's half of the conversation without its socket: takes the leader's records into this
// host's front, from where a keeper of its own writes them, and compares what has arrived with the leader's
// signed checkpoints. It follows nobody whose bytes do not fit. Whoever opens the journal as gateway
// afterwards takes over.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/front.hpp"
#include "audit/merkle.hpp"
#include "audit/note.hpp"
#include "audit/standby/messages.hpp"

namespace fairlead::audit {

struct ReceiverOptions {
    std::string journal_directory;
    std::string spare_directory;
    bool memory_acks = false;
    std::optional<VerifierKey> leader_key;  // none: roots are not compared
    // The front has no room until the keeper has caught up. False: the program ends.
    std::function<bool()> wait_for_room = [] { return false; };
};

class Receiver {
  public:
    Receiver(ReceiverOptions options, Front& front);
    // Reads the journal as far as it is there: for its tree, and for the files that it needs. Empty text:
    // ready.
    [[nodiscard]] std::string prepare();
    [[nodiscard]] Standing standing() const;
    // A message of the leader's. Empty text: taken. Otherwise why it is followed no further; what was taken
    // stays.
    [[nodiscard]] std::string take(MessageKind kind, Bytes content);
    [[nodiscard]] risk::Sequence last() const noexcept { return front_.published(); }
    // What may be told to the leader: on this host's disk, or in its memory.
    [[nodiscard]] risk::Sequence acknowledged() const noexcept {
        return options_.memory_acks ? front_.published() : std::min(front_.synced(), front_.published());
    }
    // The program ends, and nothing was wrong.
    [[nodiscard]] bool ending() const noexcept { return ending_; }
    // Records that a signed root of the leader's has been found to cover.
    [[nodiscard]] risk::Sequence compared() const noexcept { return compared_; }

  private:
    [[nodiscard]] std::string take_records(Bytes content);
    [[nodiscard]] std::string take_file(Bytes content);
    [[nodiscard]] std::string take_checkpoint(Bytes content);

    ReceiverOptions options_;
    Front& front_;
    bool ending_ = false;
    Sha256Hasher hasher_;
    ChainEnd end_;
    Hash last_leaf_{};
    MerkleTree tree_;           // of the records before `leaves_`
    std::vector<Hash> leaves_;  // since; taken into the tree when a checkpoint is compared
    risk::Sequence compared_ = 0;
};

// Beside a journal that another host leads: whoever opens it as gateway has two persons' word to wait for.
[[nodiscard]] std::string standby_path(const std::string& journal_directory);
// Empty text: written and on the disk, or gone from it.
[[nodiscard]] std::string mark_as_standby(const std::string& journal_directory, const std::string& leader);
[[nodiscard]] std::string unmark_standby(const std::string& journal_directory);
[[nodiscard]] bool is_standby(const std::string& journal_directory);

}  // namespace fairlead::audit
