// Proofs for whom has no journal: that a record is in it (tlog-proof, with the leaf's input as its extra
// line), and that it only grew between two checkpoints (the body a tlog-witness is sent). The journal is
// read once and must have the checkpoints' roots. Called by fairlead-examine.
#pragma once

#include <string>

#include "audit/note.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct ProofResult {
    std::string text;   // the proof
    std::string error;  // why there is none
};

// The newest checkpoint kept beside a journal. Empty text: read.
[[nodiscard]] std::string newest_checkpoint(const JournalPlace& place, SignedCheckpoint& into);

[[nodiscard]] ProofResult prove_inclusion(const JournalPlace& place, risk::Sequence sequence,
                                          const SignedCheckpoint& checkpoint);
[[nodiscard]] ProofResult prove_consistency(const JournalPlace& place, const SignedCheckpoint& old,
                                            const SignedCheckpoint& checkpoint);

}  // namespace fairlead::audit
