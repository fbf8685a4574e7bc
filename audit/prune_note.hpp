// PruneNote: two persons' signatures under what stays of a pruned segment, as a signed note beside it: the
// segment's name and the SHA-256 of its `.pruned` file. Written by `fairlead journal prune`, checked by the
// examiner, who has the persons' public keys from elsewhere. Keys are made by `fairlead key new`.
#pragma once

#include <span>
#include <string>

#include "audit/note.hpp"
#include "audit/pruned_segment.hpp"

namespace fairlead::audit {

[[nodiscard]] std::string prune_note_path(const std::string& directory, const SegmentName& name);
// Empty text: two persons, by name and by key; the error says which rule is broken.
[[nodiscard]] std::string two_persons(const VerifierKey& one, const VerifierKey& other);
[[nodiscard]] std::string sign_pruned(const PrunedSegment& part, const SigningKey& pruner,
                                      const SigningKey& approver);
// Empty text: the note beside the segment is of these very bytes and has two signatures; with keys given,
// both are by two of them, who are those the segment names. The error names the file and the rule.
[[nodiscard]] std::string check_prune_note(const std::string& directory, const PrunedSegment& part,
                                           std::span<const VerifierKey> keys);

}  // namespace fairlead::audit
