#include "audit/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "risk/assert.hpp"

namespace fairlead::audit {

using risk::require;

Sha256Hasher::Sha256Hasher()
    : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    require(algorithm_ != nullptr && context_ != nullptr, "OpenSSL has SHA-256");
}
Sha256Hasher::~Sha256Hasher() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
}
void Sha256Hasher::begin() noexcept {
    require(EVP_DigestInit_ex2(context_, algorithm_, nullptr) == 1, "SHA-256 begins");
}
void Sha256Hasher::add(Bytes bytes) noexcept {
    require(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1, "SHA-256 goes on");
}
Hash Sha256Hasher::end() noexcept {
    Hash hash{};
    unsigned int length = 0;
    require(EVP_DigestFinal_ex(context_, hash.data(), &length) == 1 && length == hash.size(), "SHA-256 ends");
    return hash;
}
Hash Sha256Hasher::of(Bytes bytes) noexcept {
    begin();
    add(bytes);
    return end();
}

// What is hashed is gathered first where it is short: each call of the library costs more than the copy.
Hash section_commitment(Sha256Hasher& hasher, const Section& section) noexcept {
    std::array<std::byte, 512> gathered;  // NOLINT(cppcoreguidelines-pro-type-member-init): written below
    const auto kind = static_cast<std::uint16_t>(section.kind);
    const auto length = static_cast<std::uint16_t>(section.bytes.size());
    constexpr std::size_t head = 4 + salt_bytes;
    std::memcpy(gathered.data(), &kind, 2);
    std::memcpy(gathered.data() + 2, &length, 2);
    std::memcpy(gathered.data() + 4, section.salt.data(), salt_bytes);
    const std::size_t near = std::min(section.bytes.size(), gathered.size() - head);
    std::copy_n(section.bytes.begin(), near, gathered.begin() + head);
    hasher.begin();
    hasher.add(Bytes(gathered).first(head + near));
    if (near < section.bytes.size()) {
        hasher.add(section.bytes.subspan(near));
    }
    return hasher.end();
}

namespace {

struct LeafParts {
    RecordHeader header;
    std::array<Hash, sections_max> commitments{};
    [[nodiscard]] Bytes commitment_bytes() const noexcept {
        return std::as_bytes(std::span(commitments).first(header.sections));
    }
};

LeafParts leaf_parts(Sha256Hasher& hasher, const RecordView& record) noexcept {
    LeafParts parts;
    parts.header = record.header;
    parts.header.crc = 0;
    parts.header.prev_crc = 0;
    for (std::size_t i = 0; i < record.header.sections; ++i) {
        parts.commitments[i] = section_commitment(hasher, record.sections[i]);
    }
    return parts;
}

}  // namespace

std::vector<std::uint8_t> leaf_input(Sha256Hasher& hasher, const RecordView& record) {
    const LeafParts parts = leaf_parts(hasher, record);
    const Bytes commitments = parts.commitment_bytes();
    std::vector<std::uint8_t> bytes(sizeof parts.header + commitments.size());
    std::memcpy(bytes.data(), &parts.header, sizeof parts.header);
    std::memcpy(bytes.data() + sizeof parts.header, commitments.data(), commitments.size());
    return bytes;
}

Hash leaf_hash(Sha256Hasher& hasher, const RecordView& record) noexcept {
    const LeafParts parts = leaf_parts(hasher, record);
    const Bytes commitments = parts.commitment_bytes();
    constexpr std::size_t head = 1 + sizeof(RecordHeader);
    std::array<std::byte, head + sections_max * sizeof(Hash)> input{};  // begins with the prefix 0x00
    std::memcpy(input.data() + 1, &parts.header, sizeof parts.header);
    std::copy(commitments.begin(), commitments.end(), input.begin() + head);
    return hasher.of(Bytes(input).first(head + commitments.size()));
}

Hash next_link(Sha256Hasher& hasher, const Hash& link, std::span<const Hash> leaves) noexcept {
    const std::byte prefix{0x02};
    hasher.begin();
    hasher.add(Bytes(&prefix, 1));
    hasher.add(std::as_bytes(std::span(link)));
    hasher.add(std::as_bytes(leaves));
    return hasher.end();
}

SaltSource::SaltSource()
    : algorithm_(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr)),
      context_(EVP_CIPHER_CTX_new()),
      keys_(4096) {
    require(algorithm_ != nullptr && context_ != nullptr, "OpenSSL has AES-128");
    draw_keys();
    change_key();
}
SaltSource::~SaltSource() {
    OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(Salt));
    OPENSSL_cleanse(batch_.data(), sizeof batch_);
    EVP_CIPHER_CTX_free(context_);
    EVP_CIPHER_free(algorithm_);
}
void SaltSource::draw_keys() noexcept {
    fill_random({keys_.front().data(), keys_.size() * salt_bytes});
    next_key_ = 0;
}
void SaltSource::change_key() noexcept {
    if (next_key_ == keys_.size()) {
        draw_keys();
    }
    Salt& key = keys_[next_key_++];
    require(EVP_EncryptInit_ex2(context_, algorithm_, key.data(), nullptr, nullptr) == 1,
            "AES-128 takes a key");
    EVP_CIPHER_CTX_set_padding(context_, 0);
    OPENSSL_cleanse(key.data(), key.size());
    batch_first_ = UINT64_MAX - batch_records;
}
void SaltSource::make_batch(risk::Sequence first) noexcept {
    std::array<std::uint64_t, batch_records * sections_max * 2> blocks;
    for (std::size_t i = 0; i < batch_records * sections_max; ++i) {
        blocks[i * 2] = first + i / sections_max;
        blocks[i * 2 + 1] = i % sections_max + 1;
    }
    int written = 0;
    require(EVP_EncryptUpdate(context_, batch_.front().data(), &written,
                              reinterpret_cast<const unsigned char*>(blocks.data()), sizeof blocks) == 1 &&
                written == static_cast<int>(sizeof blocks),
            "AES-128 makes a batch of salts");
    batch_first_ = first;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

bool from_hex(std::string_view text, std::span<std::uint8_t> into) noexcept {
    if (text.size() != into.size() * 2) {
        return false;
    }
    const auto digit = [](char c) -> int {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < into.size(); ++i) {
        const int high = digit(text[i * 2]);
        const int low = digit(text[i * 2 + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        into[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

void fill_random(std::span<std::uint8_t> into) noexcept {
    require(RAND_bytes(into.data(), static_cast<int>(into.size())) == 1, "OpenSSL gives random bytes");
}

}  // namespace fairlead::audit
