// Checkpointer: builds the Merkle tree over what the keeper has on disk and signs its head: each second in
// which it grew, each 65,536 records, at the end of a segment and at an orderly end. Signing and its files
// have a thread of their own; the keeper's only adds leaves, after it has told the gate how far it is. What
// it cannot write it tells and tries again: the journal does not wait for it. Used by fairlead-keeper.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "audit/keeper/keeper.hpp"
#include "audit/keeper/saved_edge.hpp"

namespace fairlead::audit {

struct CheckpointerOptions {
    JournalPlace place;
    std::chrono::nanoseconds every = std::chrono::seconds(1);
    std::uint64_t records_max = 65'536;  // not signed over before the thread is woken
    // The key that signed before, where there is a new one: both sign the next checkpoint.
    std::shared_ptr<const SigningKey> key_before;
    bool key_before_lost = false;  // there is none to hand over: the new one begins alone
    std::function<void(const std::string&)> say = [](const std::string&) {};    // operator log
    std::function<void(const std::string&)> alarm = [](const std::string&) {};  // ... as an error
};

class Checkpointer {
  public:
    Checkpointer(CheckpointerOptions options, SigningKey key);
    ~Checkpointer() { finish(); }
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    // Reads what was signed before. Empty text: read, or nothing was.
    [[nodiscard]] std::string open();
    // The journal may not end below it: only what is on disk is ever signed.
    [[nodiscard]] risk::Sequence signed_size() const noexcept { return last_.checkpoint.size; }
    // Brings the tree to the journal's end, from the saved edge if it can be believed, else from record 1.
    // Empty text: the tree stands there, and the last checkpoint signed is one of its past.
    [[nodiscard]] std::string build(const FrameChain& end);
    void start();
    // A frame is on disk. Called by the keeper's thread.
    void take(const WrittenFrame& frame);
    // Signs over what is there, and ends the thread.
    void finish();

  private:
    // Where the tree stands: what the signing thread copies.
    struct Stand {
        MerkleTree tree;
        FrameChain chain;
        SegmentName segment;
        std::uint64_t offset = 0;
        bool on_spare = false;
    };
    [[nodiscard]] std::string find_last();
    [[nodiscard]] std::string judge_last();
    void find_edge();
    [[nodiscard]] std::string add_leaves(std::span<const Hash> leaves);
    [[nodiscard]] std::string walk(std::size_t segment, const FrameChain& chain, std::uint64_t offset,
                                   SegmentDirectory& source);
    void run();
    void issue(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] std::string store(const Stand& stand, const std::string& note);
    [[nodiscard]] std::string open_notes(const std::string& journal_directory, std::uint64_t segment);

    CheckpointerOptions options_;
    SigningKey key_;
    SignedCheckpoint last_;      // the newest one signed
    bool handing_over_ = false;  // the next one is signed by the key before as well
    bool edge_found_ = false;
    SavedEdge edge_;
    Sha256Hasher tree_hasher_;  // the keeper's thread
    Sha256Hasher root_hasher_;  // the signing thread
    // The signing thread's files.
    std::string notes_path_;
    Descriptor notes_;
    std::uint64_t notes_bytes_ = 0;
    std::string told_;  // the last failure, so that it is told once

    std::mutex mutex_;  // guards stand_, asked_size_, due_, stopping_
    std::condition_variable wake_;
    Stand stand_;
    std::uint64_t asked_size_ = 0;
    bool due_ = false;
    bool stopping_ = false;
    std::thread signer_;
};

}  // namespace fairlead::audit
