#include "audit/note.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "audit/mapped_file.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

constexpr std::uint8_t ed25519_type = 0x01;
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t key_id_bytes = 4;
constexpr std::size_t signatures_max = 64;
constexpr std::size_t key_name_bytes_max = 255;
constexpr std::string_view signature_start = "\xE2\x80\x94 ";  // em dash, space
constexpr std::string_view private_start = "PRIVATE+KEY+";

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Empty text: it may name a key. ASCII only, which keeps every Unicode space out.
std::string check_name(std::string_view name) {
    const bool good =
        !name.empty() && name.size() <= key_name_bytes_max &&
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '+'; });
    return good ? std::string()
                : "key name '" + std::string(name) +
                      "': must be 1 to 255 printable ASCII characters without space or plus, such as "
                      "broker.example/8610/gw1";
}

std::uint32_t key_id(const std::string& name, std::span<const std::uint8_t> key) {
    Sha256Hasher hasher;
    hasher.begin();
    hasher.add(std::as_bytes(std::span(name)));
    const std::array<std::uint8_t, 2> between{0x0A, ed25519_type};
    hasher.add(std::as_bytes(std::span(between)));
    hasher.add(std::as_bytes(key));
    const Hash hash = hasher.end();
    return std::uint32_t{hash[0]} << 24 | std::uint32_t{hash[1]} << 16 | std::uint32_t{hash[2]} << 8 |
           hash[3];
}

std::string id_text(std::uint32_t id) {
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08x", id);
    return text.data();
}

// NAME+HASH+BASE64(0x01 || 32 bytes), as verifier keys and, behind their mark, signing keys have it.
struct KeyText {
    std::string name;
    std::string id;
    std::vector<std::uint8_t> bytes;
    ~KeyText() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};
std::string split_key(std::string_view text, const char* what, KeyText& into) {
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) {
        return std::string(what) + ": must be NAME+HASH+BASE64";
    }
    into.name = text.substr(0, first);
    into.id = text.substr(first + 1, second - first - 1);
    std::optional<std::vector<std::uint8_t>> bytes = from_base64(text.substr(second + 1));
    if (std::string error = check_name(into.name); !error.empty()) {
        return std::string(what) + ": " + error;
    }
    if (!bytes || bytes->size() != 1 + sizeof(PublicKey) || bytes->front() != ed25519_type) {
        return std::string(what) + " of '" + into.name +
               "': what follows the second plus must be base64 of 0x01 and 32 bytes, an Ed25519 key";
    }
    into.bytes = std::move(*bytes);
    return {};
}

// The line up to the newline, and the text behind it. False: there is no newline.
bool take_line(std::string_view& text, std::string_view& line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        return false;
    }
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
}

std::string parse_text(std::string_view text, Checkpoint& into) {
    std::string_view origin;
    std::string_view size;
    std::string_view root;
    if (!take_line(text, origin) || !take_line(text, size) || !take_line(text, root)) {
        return "its text must have an origin, a tree size and a root, each on a line";
    }
    if (origin.empty()) {
        return "its origin must not be empty";
    }
    const auto [end, problem] = std::from_chars(size.data(), size.data() + size.size(), into.size);
    if (problem != std::errc() || end != size.data() + size.size() ||
        (size.size() > 1 && size.front() == '0')) {
        return "tree size '" + std::string(size) + "': must be a decimal number without leading zeros";
    }
    const std::optional<std::vector<std::uint8_t>> bytes = from_base64(root);
    if (!bytes || bytes->size() != into.root.size()) {
        return "root '" + std::string(root) + "': must be base64 of 32 bytes";
    }
    std::copy(bytes->begin(), bytes->end(), into.root.begin());
    into.origin = origin;
    return {};
}

std::string parse_signature(std::string_view line, NoteSignature& into) {
    const std::size_t space =
        line.starts_with(signature_start) ? line.find(' ', signature_start.size()) : std::string_view::npos;
    std::optional<std::vector<std::uint8_t>> bytes;
    if (space != std::string_view::npos && space > signature_start.size()) {
        bytes = from_base64(line.substr(space + 1));
    }
    if (!bytes || bytes->size() <= key_id_bytes) {
        return "signature line '" + std::string(line) + "': must be an em dash, a key name and base64";
    }
    into.name = line.substr(signature_start.size(), space - signature_start.size());
    into.key_id = std::uint32_t{(*bytes)[0]} << 24 | std::uint32_t{(*bytes)[1]} << 16 |
                  std::uint32_t{(*bytes)[2]} << 8 | (*bytes)[3];
    into.bytes.assign(bytes->begin() + key_id_bytes, bytes->end());
    return {};
}

}  // namespace

std::string to_base64(std::span<const std::uint8_t> bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
    if (text.size() % 4 != 0 || text.size() > note_bytes_max) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
    if (text.empty()) {
        return bytes;
    }
    if (EVP_DecodeBlock(bytes.data(), octets(text).data(), static_cast<int>(text.size())) < 0) {
        return std::nullopt;
    }
    const std::ptrdiff_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    bytes.erase(bytes.end() - padding, bytes.end());
    // OpenSSL skips white space and bits that say nothing: one value has one text here.
    if (to_base64(bytes) != text) {
        return std::nullopt;
    }
    return bytes;
}

std::string Checkpoint::text() const {
    return origin + "\n" + std::to_string(size) + "\n" + to_base64(root) + "\n";
}

std::string parse_note(std::string_view note, std::string& text, std::vector<NoteSignature>& signatures) {
    text.clear();
    signatures.clear();
    if (note.size() > note_bytes_max) {
        return "it has " + std::to_string(note.size()) + " bytes, more than the " +
               std::to_string(note_bytes_max) + " allowed";
    }
    const auto forbidden = [](char c) { return c >= 0 && c < ' ' && c != '\n'; };
    if (std::any_of(note.begin(), note.end(), forbidden)) {
        return "it must have no control characters but newlines";
    }
    // Lines of the text are not empty: the first empty one ends it.
    const std::size_t blank = note.find("\n\n");
    if (blank == std::string_view::npos) {
        return "it has no empty line between text and signatures";
    }
    text = note.substr(0, blank + 1);
    std::string_view rest = note.substr(blank + 2);
    while (!rest.empty()) {
        std::string_view line;
        NoteSignature signature;
        if (!take_line(rest, line) || signatures.size() == signatures_max) {
            return "its signatures must be at most " + std::to_string(signatures_max) +
                   " lines, each with a newline";
        }
        if (std::string error = parse_signature(line, signature); !error.empty()) {
            return error;
        }
        signatures.push_back(std::move(signature));
    }
    return signatures.empty() ? "it has no signature" : "";
}

std::string parse_checkpoint(std::string_view note, SignedCheckpoint& into) {
    into = {};
    into.note = note;
    std::string error = parse_note(note, into.text, into.signatures);
    if (!into.text.empty()) {
        if (std::string of_text = parse_text(into.text, into.checkpoint); !of_text.empty()) {
            return of_text;
        }
    }
    return error;
}

VerifierKey::VerifierKey(std::string name, const PublicKey& key)
    : name_(std::move(name)), id_(key_id(name_, key)), key_(key) {}

std::string VerifierKey::parse(std::string_view vkey, VerifierKey& into) {
    KeyText text;
    if (std::string error = split_key(vkey, "verifier key", text); !error.empty()) {
        return error;
    }
    PublicKey key{};
    std::copy(text.bytes.begin() + 1, text.bytes.end(), key.begin());
    into = VerifierKey(text.name, key);
    if (text.id != id_text(into.id())) {
        return "verifier key of '" + text.name + "': its key hash is " + text.id + ", name and key give " +
               id_text(into.id());
    }
    return {};
}

std::string VerifierKey::text() const {
    std::vector<std::uint8_t> bytes{ed25519_type};
    bytes.insert(bytes.end(), key_.begin(), key_.end());
    return name_ + "+" + id_text(id_) + "+" + to_base64(bytes);
}

bool VerifierKey::verify(std::string_view text, const NoteSignature& signature) const {
    if (!made(signature) || signature.bytes.size() != signature_bytes) {
        return false;
    }
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key_.data(), key_.size()), EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature.bytes).data(), signature.bytes.size(),
                            octets(text).data(), text.size()) == 1;
}

std::string verify_checkpoint(const SignedCheckpoint& checkpoint, std::span<const VerifierKey> keys) {
    std::string error = verify_note(checkpoint.text, checkpoint.signatures, keys);
    for (const NoteSignature& signature : checkpoint.signatures) {
        for (const VerifierKey& key : keys) {
            if (error.empty() && key.made(signature) && key.name() != checkpoint.checkpoint.origin) {
                error = "its origin '" + checkpoint.checkpoint.origin + "' is not the name of the key '" +
                        key.name() + "' that signed it";
            }
        }
    }
    return error;
}

std::string verify_note(std::string_view text, std::span<const NoteSignature> signatures,
                        std::span<const VerifierKey> keys) {
    bool signed_by_known = false;
    for (const NoteSignature& signature : signatures) {
        for (const VerifierKey& key : keys) {
            if (!key.made(signature)) {
                continue;
            }
            if (!key.verify(text, signature)) {
                return "the signature of key " + key.name() + "+" + id_text(key.id()) + " does not verify";
            }
            signed_by_known = true;
        }
    }
    if (signed_by_known) {
        return {};
    }
    std::string known;
    for (const VerifierKey& key : keys) {
        known += (known.empty() ? "" : ", ") + key.name() + "+" + id_text(key.id());
    }
    return "it is not signed by " + known;
}

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
    EVP_PKEY_free(key);
}

std::string SigningKey::take(const std::string& name, std::span<const std::uint8_t> seed) {
    if (std::string error = check_name(name); !error.empty()) {
        return error;
    }
    key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    PublicKey key{};
    std::size_t length = key.size();
    risk::require(
        key_ && EVP_PKEY_get_raw_public_key(key_.get(), key.data(), &length) == 1 && length == key.size(),
        "OpenSSL has Ed25519");
    verifier_ = VerifierKey(name, key);
    return {};
}

std::string SigningKey::make(const std::string& name, SigningKey& into) {
    std::array<std::uint8_t, sizeof(PublicKey)> seed{};
    fill_random(seed);
    std::string error = into.take(name, seed);
    OPENSSL_cleanse(seed.data(), seed.size());
    return error;
}

std::string SigningKey::parse(std::string_view text, SigningKey& into) {
    if (!text.starts_with(private_start)) {
        return "signing key: must begin with " + std::string(private_start);
    }
    KeyText key;
    if (std::string error = split_key(text.substr(private_start.size()), "signing key", key);
        !error.empty()) {
        return error;
    }
    if (std::string error = into.take(key.name, std::span(key.bytes).subspan(1)); !error.empty()) {
        return error;
    }
    if (key.id != id_text(into.verifier_.id())) {
        return "signing key of '" + key.name + "': its key hash is " + key.id + ", name and key give " +
               id_text(into.verifier_.id());
    }
    return {};
}

std::string SigningKey::load(const std::string& path, SigningKey& into) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file.open() || ::fstat(file.get(), &info) != 0) {
        return system_error("open signing key", path, errno);
    }
    if ((info.st_mode & 077) != 0) {
        std::array<char, 8> mode{};
        std::snprintf(mode.data(), mode.size(), "%04o", info.st_mode & 07777U);
        return "signing key '" + path + "': mode " + mode.data() +
               ", must be readable by its owner alone (chmod 600)";
    }
    std::array<char, 1024> bytes{};
    const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
    std::string_view text(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    text = text.substr(0, text.find_first_of("\r\n"));
    std::string error = got < 0 ? system_error("read signing key", path, errno) : parse(text, into);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return error.empty() || got < 0 ? error : "'" + path + "': " + error;
}

std::string SigningKey::save(const std::string& path) const {
    std::vector<std::uint8_t> bytes(1 + sizeof(PublicKey));
    bytes[0] = ed25519_type;
    std::size_t length = sizeof(PublicKey);
    risk::require(EVP_PKEY_get_raw_private_key(key_.get(), bytes.data() + 1, &length) == 1,
                  "an Ed25519 key has its bytes");
    std::string base64 = to_base64(bytes);
    std::string text = std::string(private_start) + verifier_.name() + "+" + id_text(verifier_.id()) + "+";
    text.reserve(text.size() + base64.size() + 1);
    text += base64 + "\n";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    std::string error;
    if (!file.open()) {
        error = system_error("create", path, errno);
    } else if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
               ::fsync(file.get()) != 0) {
        error = system_error("write", path, errno);
    }
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(base64.data(), base64.size());
    OPENSSL_cleanse(text.data(), text.size());
    return error;
}

std::string SigningKey::sign(const Checkpoint& checkpoint) const {
    return sign_text(checkpoint.text());
}

std::string SigningKey::sign_text(std::string_view text) const {
    return std::string(text) + "\n" + signature_line(text);
}

std::string SigningKey::signature_line(std::string_view text) const {
    risk::require(text.ends_with('\n') && text.find("\n\n") == std::string_view::npos,
                  "a note's text is lines, none of them empty");
    std::vector<std::uint8_t> bytes(key_id_bytes + signature_bytes);
    for (std::size_t i = 0; i < key_id_bytes; ++i) {
        bytes[i] = static_cast<std::uint8_t>(verifier_.id() >> (24 - 8 * i));
    }
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t length = signature_bytes;
    risk::require(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                      EVP_DigestSign(context.get(), bytes.data() + key_id_bytes, &length, octets(text).data(),
                                     text.size()) == 1 &&
                      length == signature_bytes,
                  "OpenSSL signs with Ed25519");
    return std::string(signature_start) + verifier_.name() + " " + to_base64(bytes) + "\n";
}

}  // namespace fairlead::audit
