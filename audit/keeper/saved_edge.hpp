// SavedEdge: where the tree stood when a checkpoint was signed, so that a keeper that starts again need not
// read the whole journal. A shortcut, never the truth: it is believed only if the checkpoint in it carries
// the key's signature, its nodes give that checkpoint's root, and the journal goes on from there with the
// link it names. Used by Checkpointer.
#pragma once

#include <string>

#include "audit/frame.hpp"
#include "audit/merkle.hpp"
#include "audit/note.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct SavedEdge {
    SignedCheckpoint checkpoint;
    MerkleTree tree;
    FrameChain chain;  // what the frame behind it must be
    SegmentName segment;
    std::uint64_t offset = 0;  // behind the last frame it covers

    [[nodiscard]] std::string text() const;
    // Empty text: read, signed by the key, and its nodes give the root.
    [[nodiscard]] static std::string parse(std::string_view text, const VerifierKey& key, SavedEdge& into);
};

[[nodiscard]] std::string edge_path(const std::string& journal_directory);

}  // namespace fairlead::audit
