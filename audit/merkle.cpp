#include "audit/merkle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

// The largest power of two below `size`, which is at least 2.
std::uint64_t left_leaves(std::uint64_t size) noexcept {
    return std::bit_floor(size - 1);
}

}  // namespace

Hash node_hash(Sha256Hasher& hasher, const Hash& left, const Hash& right) noexcept {
    std::array<std::uint8_t, 1 + 2 * sizeof(Hash)> bytes{};
    bytes[0] = 0x01;
    std::memcpy(bytes.data() + 1, left.data(), left.size());
    std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
    return hasher.of(std::as_bytes(std::span(bytes)));
}

void MerkleTree::add(Sha256Hasher& hasher, const Hash& leaf) noexcept {
    risk::require(size_ != UINT64_MAX, "a tree has at most 2^64 - 1 leaves");
    Hash node = leaf;
    // As many subtrees are completed by this leaf as a carry runs through bits of the size.
    for (std::uint64_t carry = size_; (carry & 1) != 0; carry >>= 1) {
        node = node_hash(hasher, edge_[--count_], node);
    }
    edge_[count_++] = node;
    ++size_;
}

Hash MerkleTree::root(Sha256Hasher& hasher) const noexcept {
    if (count_ == 0) {
        return hasher.of({});
    }
    Hash node = edge_[count_ - 1];
    for (std::size_t i = count_ - 1; i-- > 0;) {
        node = node_hash(hasher, edge_[i], node);
    }
    return node;
}

bool MerkleTree::restore(std::uint64_t size, std::span<const Hash> edge) noexcept {
    if (edge.size() != static_cast<std::size_t>(std::popcount(size))) {
        return false;
    }
    size_ = size;
    count_ = edge.size();
    std::copy(edge.begin(), edge.end(), edge_.begin());
    return true;
}

std::vector<LeafRange> inclusion_ranges(std::uint64_t index, std::uint64_t size) {
    std::vector<LeafRange> path;
    if (index >= size) {
        return path;
    }
    LeafRange at{0, size};
    while (at.end - at.begin > 1) {
        const std::uint64_t middle = at.begin + left_leaves(at.end - at.begin);
        if (index < middle) {
            path.push_back({middle, at.end});
            at.end = middle;
        } else {
            path.push_back({at.begin, middle});
            at.begin = middle;
        }
    }
    std::reverse(path.begin(), path.end());
    return path;
}

std::vector<LeafRange> consistency_ranges(std::uint64_t old_size, std::uint64_t size) {
    std::vector<LeafRange> proof;
    if (old_size == 0 || old_size >= size) {
        return proof;
    }
    LeafRange at{0, size};
    // SUBPROOF: down to the subtree that ends where the old tree did.
    while (old_size != at.end) {
        const std::uint64_t middle = at.begin + left_leaves(at.end - at.begin);
        if (old_size <= middle) {
            proof.push_back({middle, at.end});
            at.end = middle;
        } else {
            proof.push_back({at.begin, middle});
            at.begin = middle;
        }
    }
    // The old tree as a whole is known to whom checks the proof.
    if (at.begin != 0) {
        proof.push_back(at);
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

}  // namespace fairlead::audit
