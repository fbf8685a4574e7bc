// The journal's hashes and salts, by OpenSSL with the algorithms fetched once: leaf of a record, link
// of frames, salt of a section. Keeper, readers and examiner hash; the order thread only salts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/format.hpp"

struct evp_md_ctx_st;
struct evp_md_st;
struct evp_cipher_ctx_st;
struct evp_cipher_st;

namespace fairlead::audit {

// SHA-256 over parts. One object a thread.
class Sha256Hasher {
  public:
    Sha256Hasher();
    ~Sha256Hasher();
    Sha256Hasher(const Sha256Hasher&) = delete;
    Sha256Hasher& operator=(const Sha256Hasher&) = delete;
    void begin() noexcept;
    void add(Bytes bytes) noexcept;
    [[nodiscard]] Hash end() noexcept;
    [[nodiscard]] Hash of(Bytes bytes) noexcept;

  private:
    evp_md_st* algorithm_;
    evp_md_ctx_st* context_;
};

// Ci = SHA-256(u16 kind || u16 length || salt || bytes): hides its bytes from whom has only the hash.
[[nodiscard]] Hash section_commitment(Sha256Hasher& hasher, const Section& section) noexcept;
// header with crc = prev_crc = 0 || C1 .. Cn: all of a record that may be shown to anybody.
[[nodiscard]] std::vector<std::uint8_t> leaf_input(Sha256Hasher& hasher, const RecordView& record);
// SHA-256(0x00 || leaf input): a leaf as RFC 6962 has it.
[[nodiscard]] Hash leaf_hash(Sha256Hasher& hasher, const RecordView& record) noexcept;
// SHA-256(0x02 || previous link || leaf hashes of the previous frame).
[[nodiscard]] Hash next_link(Sha256Hasher& hasher, const Hash& link, std::span<const Hash> leaves) noexcept;

// Salt = AES-128(K, sequence || kind). Made in batches ahead, so that most appends only copy. K is
// random, one per front segment, is never written anywhere, and is wiped when the next takes over.
class SaltSource {
  public:
    static constexpr std::size_t batch_records = 16;

    SaltSource();
    ~SaltSource();
    SaltSource(const SaltSource&) = delete;
    SaltSource& operator=(const SaltSource&) = delete;
    // A new front segment begins: a new K. Asks the kernel for randomness only once in 4096 segments.
    void change_key() noexcept;
    [[nodiscard]] Salt salt(risk::Sequence sequence, SectionKind kind) noexcept {
        if (sequence - batch_first_ >= batch_records) [[unlikely]] {
            make_batch(sequence);
        }
        return batch_[(sequence - batch_first_) * sections_max + static_cast<std::size_t>(kind) - 1];
    }

  private:
    void make_batch(risk::Sequence first) noexcept;
    void draw_keys() noexcept;

    evp_cipher_st* algorithm_;
    evp_cipher_ctx_st* context_;
    std::vector<Salt> keys_;
    std::size_t next_key_ = 0;
    risk::Sequence batch_first_ = UINT64_MAX - batch_records;
    std::array<Salt, batch_records * sections_max> batch_{};
};

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
// False: not exactly twice as many hexadecimal digits as there are bytes.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::uint8_t> into) noexcept;
void fill_random(std::span<std::uint8_t> into) noexcept;

}  // namespace fairlead::audit
