// Checkpoints as the C2SP specifications have them: a tree head as the text of a signed note
// (tlog-checkpoint), Ed25519 keys of type 0x01 (signed-note), keys in the text forms of sumdb's note.
// Knows no journal. Used by the keeper (signs), `fairlead key new` (makes) and the examiner (verifies).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/hash.hpp"

struct evp_pkey_st;

namespace fairlead::audit {

inline constexpr std::size_t note_bytes_max = 65'536;

struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;  // leaves: the checkpoint covers records 1 .. size
    Hash root{};
    // The note's text: three lines, each with its newline.
    [[nodiscard]] std::string text() const;
    bool operator==(const Checkpoint&) const = default;
};

struct NoteSignature {
    std::string name;
    std::uint32_t key_id = 0;
    std::string bytes;
};

// A checkpoint with its signatures, nothing verified yet.
struct SignedCheckpoint {
    Checkpoint checkpoint;
    std::string text;  // what is signed: as it came, extension lines included
    std::vector<NoteSignature> signatures;
    std::string note;  // all of it, as it came
};
// A signed note of any text: what is signed, up to and with the newline before the empty line, and by whom.
// Empty text: read. Otherwise which rule the note breaks.
[[nodiscard]] std::string parse_note(std::string_view note, std::string& text,
                                     std::vector<NoteSignature>& signatures);
// Empty text: read. Otherwise which rule the note breaks.
[[nodiscard]] std::string parse_checkpoint(std::string_view note, SignedCheckpoint& into);

using PublicKey = std::array<std::uint8_t, 32>;

// Public: who verifies needs no more. `vkey` form: NAME+HASH+BASE64.
class VerifierKey {
  public:
    VerifierKey() = default;
    VerifierKey(std::string name, const PublicKey& key);
    // Empty text: read.
    [[nodiscard]] static std::string parse(std::string_view vkey, VerifierKey& into);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
    [[nodiscard]] const PublicKey& key() const noexcept { return key_; }
    [[nodiscard]] bool made(const NoteSignature& signature) const noexcept {
        return signature.name == name_ && signature.key_id == id_;
    }
    [[nodiscard]] bool verify(std::string_view text, const NoteSignature& signature) const;

  private:
    std::string name_;
    std::uint32_t id_ = 0;
    PublicKey key_{};
};

// Whether one of the keys signed the text, and all of theirs verify. Empty text: so it is.
[[nodiscard]] std::string verify_note(std::string_view text, std::span<const NoteSignature> signatures,
                                      std::span<const VerifierKey> keys);
// The same of a checkpoint, whose origin must be the key's name.
[[nodiscard]] std::string verify_checkpoint(const SignedCheckpoint& checkpoint,
                                            std::span<const VerifierKey> keys);

// The private key. Its bytes are wiped at the end.
class SigningKey {
  public:
    // A new one; the name is the origin of what it will sign. Empty text: made.
    [[nodiscard]] static std::string make(const std::string& name, SigningKey& into);
    // PRIVATE+KEY+NAME+HASH+BASE64. Empty text: read.
    [[nodiscard]] static std::string parse(std::string_view text, SigningKey& into);
    // From a file that its owner alone may read. Empty text: read.
    [[nodiscard]] static std::string load(const std::string& path, SigningKey& into);
    // Creates the file, readable by its owner alone; never over one that is there. Empty text: done.
    [[nodiscard]] std::string save(const std::string& path) const;
    [[nodiscard]] const VerifierKey& verifier() const noexcept { return verifier_; }
    // The whole note.
    [[nodiscard]] std::string sign(const Checkpoint& checkpoint) const;
    // Of any text that ends with a newline and has no empty line. A checkpoint's text can be none of these:
    // its second line is a number.
    [[nodiscard]] std::string sign_text(std::string_view text) const;
    // The line that this key puts under a note of that text, beside whose ever stand there.
    [[nodiscard]] std::string signature_line(std::string_view text) const;

  private:
    struct Free {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    [[nodiscard]] std::string take(const std::string& name, std::span<const std::uint8_t> seed);
    std::unique_ptr<evp_pkey_st, Free> key_;
    VerifierKey verifier_;
};

[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
// Standard alphabet, padded, nothing else in it; nullopt otherwise.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace fairlead::audit
