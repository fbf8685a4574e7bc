#include "audit/examine/proof.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "audit/checkpoint_files.hpp"
#include "audit/journal_reader.hpp"
#include "audit/merkle.hpp"
#include "audit/pruned_segment.hpp"

namespace fairlead::audit {

namespace {

std::string root_error(const Checkpoint& told, const Hash& root) {
    return "the journal's first " + std::to_string(told.size) + " records have root " + to_base64(root) +
           ", the checkpoint says " + to_base64(told.root) + ": a record has been changed";
}

// Reads leaves 1 .. size once and makes the roots of ranges that do not overlap, and of whole trees on the
// way, however large, in the room of a few edges.
class Pass {
  public:
    Pass(const JournalPlace& place, std::vector<LeafRange> ranges)
        : place_(place), ranges_(std::move(ranges)), roots_(ranges_.size()), order_(ranges_.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(),
                  [this](std::size_t a, std::size_t b) { return ranges_[a].begin < ranges_[b].begin; });
    }
    risk::Sequence keep_leaf_input = 0;          // of this record
    std::vector<const Checkpoint*> checkpoints;  // by size: the tree must have their roots

    // Empty text: done.
    [[nodiscard]] std::string run(std::uint64_t size) {
        JournalPlace place = place_;
        place.pruned = true;
        JournalReader reader;
        if (!reader.open(place)) {
            return reader.error();
        }
        if (std::string error = take_pruned(place, size); !error.empty()) {
            return error;
        }
        RecordView view;
        while (tree_.size() < size) {
            const ReadStatus status = reader.next(view);
            if (status != ReadStatus::record) {
                return status == ReadStatus::damaged
                           ? reader.error()
                           : "the checkpoint covers " + std::to_string(size) + " records, this journal has " +
                                 std::to_string(tree_.size());
            }
            if (view.header.sequence == keep_leaf_input) {
                leaf_input_ = leaf_input(hasher_, view);
            }
            if (std::string error = take(reader.leaf()); !error.empty()) {
                return error;
            }
        }
        return {};
    }
    [[nodiscard]] std::string lines() const {
        std::string text;
        for (const Hash& root : roots_) {
            text += to_base64(root) + "\n";
        }
        return text;
    }
    [[nodiscard]] std::span<const std::uint8_t> leaf_input_bytes() const { return leaf_input_; }

  private:
    // What was pruned has its leaves still.
    [[nodiscard]] std::string take_pruned(const JournalPlace& place, std::uint64_t size) {
        SegmentDirectory segments;
        FrameChain chain;
        std::string wrong;
        std::string error = segments.open(place);
        error += error.empty() ? walk_pruned(segments, chain,
                                             [&](const PrunedSegment& part) {
                                                 for (const Hash& leaf : part.leaves) {
                                                     if (wrong.empty() && tree_.size() < size) {
                                                         wrong = take(leaf);
                                                     }
                                                 }
                                             })
                               : "";
        if (!error.empty() || !wrong.empty()) {
            return error.empty() ? wrong : error;
        }
        return keep_leaf_input != 0 && keep_leaf_input <= chain.records.sequence
                   ? "record " + std::to_string(keep_leaf_input) + " was pruned: only its hash is kept"
                   : "";
    }

    [[nodiscard]] std::string take(const Hash& leaf) {
        const std::uint64_t index = tree_.size();
        tree_.add(hasher_, leaf);
        if (next_ < order_.size() && index >= ranges_[order_[next_]].begin) {
            part_.add(hasher_, leaf);
            if (index + 1 == ranges_[order_[next_]].end) {
                roots_[order_[next_++]] = part_.root(hasher_);
                part_ = {};
            }
        }
        for (const Checkpoint* checkpoint : checkpoints) {
            if (checkpoint->size == tree_.size() && tree_.root(hasher_) != checkpoint->root) {
                return root_error(*checkpoint, tree_.root(hasher_));
            }
        }
        return {};
    }

    const JournalPlace& place_;
    std::vector<LeafRange> ranges_;
    std::vector<Hash> roots_;         // in the proof's order
    std::vector<std::size_t> order_;  // in the journal's
    std::size_t next_ = 0;
    Sha256Hasher hasher_;
    MerkleTree tree_;
    MerkleTree part_;
    std::vector<std::uint8_t> leaf_input_;
};

}  // namespace

std::string newest_checkpoint(const JournalPlace& place, SignedCheckpoint& into) {
    std::vector<std::string> paths;
    if (std::string error = list_notes(place, paths); !error.empty()) {
        return error;
    }
    while (!paths.empty()) {
        const StoredNotes stored = read_notes(paths.back());
        if (!stored.notes.empty()) {
            const std::string error = parse_checkpoint(stored.notes.back(), into);
            return error.empty() ? error : "the last note in '" + paths.back() + "': " + error;
        }
        paths.pop_back();
    }
    return "'" + checkpoint_directory(place.directory) + "' holds no checkpoint";
}

ProofResult prove_inclusion(const JournalPlace& place, risk::Sequence sequence,
                            const SignedCheckpoint& checkpoint) {
    const Checkpoint& head = checkpoint.checkpoint;
    if (sequence == 0 || sequence > head.size) {
        return {{},
                "record " + std::to_string(sequence) + ": must be 1 to " + std::to_string(head.size) +
                    ", what the checkpoint covers"};
    }
    Pass pass(place, inclusion_ranges(sequence - 1, head.size));
    pass.keep_leaf_input = sequence;
    pass.checkpoints = {&head};
    if (std::string error = pass.run(head.size); !error.empty()) {
        return {{}, std::move(error)};
    }
    return {"c2sp.org/tlog-proof@v1\nextra " + to_base64(pass.leaf_input_bytes()) + "\nindex " +
                std::to_string(sequence - 1) + "\n" + pass.lines() + "\n" + checkpoint.note,
            {}};
}

ProofResult prove_consistency(const JournalPlace& place, const SignedCheckpoint& old,
                              const SignedCheckpoint& checkpoint) {
    const Checkpoint& head = checkpoint.checkpoint;
    if (old.checkpoint.origin != head.origin) {
        return {{},
                "the checkpoints are of two logs, '" + old.checkpoint.origin + "' and '" + head.origin + "'"};
    }
    if (old.checkpoint.size > head.size) {
        return {{},
                "the older checkpoint covers " + std::to_string(old.checkpoint.size) +
                    " records, the newer " + std::to_string(head.size) + ": must not be fewer"};
    }
    Pass pass(place, consistency_ranges(old.checkpoint.size, head.size));
    pass.checkpoints = {&old.checkpoint, &head};
    if (std::string error = pass.run(head.size); !error.empty()) {
        return {{}, std::move(error)};
    }
    return {"old " + std::to_string(old.checkpoint.size) + "\n" + pass.lines() + "\n" + checkpoint.note, {}};
}

}  // namespace fairlead::audit
