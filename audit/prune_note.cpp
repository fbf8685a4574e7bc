#include "audit/prune_note.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace fairlead::audit {

namespace {

// No checkpoint's text: whose second line is a number.
std::string text_of(const PrunedSegment& part) {
    Sha256Hasher hasher;
    const std::string bytes = part.text();
    return "fairlead pruned segment\n" + part.segment.text() + "\n" +
           to_hex(hasher.of(std::as_bytes(std::span(bytes)))) + "\n";
}

// Whether one of the keys of this name made a signature that verifies.
const VerifierKey* signer(const std::string& name, const std::string& text,
                          std::span<const NoteSignature> signatures, std::span<const VerifierKey> keys) {
    for (const VerifierKey& key : keys) {
        const auto made = std::find_if(signatures.begin(), signatures.end(),
                                       [&key](const NoteSignature& one) { return key.made(one); });
        if (key.name() == name && made != signatures.end() && key.verify(text, *made)) {
            return &key;
        }
    }
    return nullptr;
}

}  // namespace

std::string prune_note_path(const std::string& directory, const SegmentName& name) {
    return pruned_path(directory, name) + ".note";
}

std::string two_persons(const VerifierKey& one, const VerifierKey& other) {
    if (one.name() == other.name()) {
        return "both keys are '" + one.name() + "': pruning needs two persons who are not the same";
    }
    return one.key() != other.key() ? ""
                                    : "'" + one.name() + "' and '" + other.name() +
                                          "' are one key under two names: pruning needs two persons";
}

std::string sign_pruned(const PrunedSegment& part, const SigningKey& pruner, const SigningKey& approver) {
    const std::string text = text_of(part);
    const std::string second = approver.sign_text(text);
    // Text, empty line, signature: of the second note the signature alone.
    return pruner.sign_text(text) + second.substr(text.size() + 1);
}

std::string check_prune_note(const std::string& directory, const PrunedSegment& part,
                             std::span<const VerifierKey> keys) {
    const std::string path = prune_note_path(directory, part.segment);
    const auto wrong = [&path](const std::string& what) { return "'" + path + "': " + what; };
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return wrong("is missing or cannot be read: nobody has signed for what was pruned");
    }
    std::string note(note_bytes_max + 1, '\0');
    file.read(note.data(), static_cast<std::streamsize>(note.size()));
    note.resize(static_cast<std::size_t>(file.gcount()));
    std::string text;
    std::vector<NoteSignature> signatures;
    if (std::string error = parse_note(note, text, signatures); !error.empty()) {
        return wrong(error);
    }
    if (text != text_of(part)) {
        return wrong("is not of what stays of this segment: one of the two was changed");
    }
    if (signatures.size() != 2 || signatures[0].name != part.pruned_by ||
        signatures[1].name != part.approved_by || part.pruned_by == part.approved_by) {
        return wrong("must have the signatures of two persons, " + part.pruned_by + " and " +
                     part.approved_by + ", who are named beside the hashes");
    }
    if (keys.empty()) {
        return {};
    }
    const VerifierKey* const pruner = signer(part.pruned_by, text, signatures, keys);
    const VerifierKey* const approver = signer(part.approved_by, text, signatures, keys);
    if (pruner == nullptr || approver == nullptr) {
        return wrong("the signature of " + (pruner == nullptr ? part.pruned_by : part.approved_by) +
                     " does not verify under the keys given");
    }
    const std::string same = two_persons(*pruner, *approver);
    return same.empty() ? "" : wrong(same);
}

}  // namespace fairlead::audit
