// The Merkle tree of RFC 6962 (section 2.1) over the journal's records: record s is leaf s - 1. Holds the
// right edge only, so that a tree of any size takes 2 KiB. Knows no file and no signature. Used by the
// keeper, which signs its roots, and by the examiner.
#pragma once

#include <vector>

#include "audit/hash.hpp"

namespace fairlead::audit {

// SHA-256(0x01 || left || right).
[[nodiscard]] Hash node_hash(Sha256Hasher& hasher, const Hash& left, const Hash& right) noexcept;

class MerkleTree {
  public:
    static constexpr std::size_t nodes_max = 64;

    void add(Sha256Hasher& hasher, const Hash& leaf) noexcept;
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    // Of the empty tree: SHA-256 of nothing.
    [[nodiscard]] Hash root(Sha256Hasher& hasher) const noexcept;
    // Roots of the complete subtrees it consists of, the largest first: one for each bit set in the size.
    [[nodiscard]] std::span<const Hash> edge() const noexcept { return {edge_.data(), count_}; }
    // False: so many nodes are not the edge of a tree of this size.
    [[nodiscard]] bool restore(std::uint64_t size, std::span<const Hash> edge) noexcept;

  private:
    std::uint64_t size_ = 0;
    std::size_t count_ = 0;
    std::array<Hash, nodes_max> edge_{};
};

// Leaves begin .. end - 1.
struct LeafRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool operator==(const LeafRange&) const = default;
};
// Whose roots make the proof, in the proof's order: PATH(index, D[size]) and PROOF(old, D[size]). A leaf
// or an old size outside the tree has no proof: empty.
[[nodiscard]] std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size);
[[nodiscard]] std::vector<LeafRange> consistency_ranges(std::uint64_t old_size, std::uint64_t size);

}  // namespace fairlead::audit
