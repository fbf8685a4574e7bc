// The Merkle tree: the published vectors of RFC 6962's trees, the examples in its text, and every proof of
// small trees judged by the verifying algorithms of RFC 9162, written here from its text.
#include "audit/merkle.hpp"

#include <catch2/catch.hpp>

#include "audit/hash.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

// MTH as section 2.1 defines it: slow, and shares nothing with MerkleTree.
Hash defined_root(Sha256Hasher& hasher, std::span<const Hash> leaves) {
    if (leaves.empty()) {
        return hasher.of({});
    }
    if (leaves.size() == 1) {
        return leaves[0];
    }
    std::size_t k = 1;
    while (k * 2 < leaves.size()) {
        k *= 2;
    }
    return node_hash(hasher, defined_root(hasher, leaves.first(k)), defined_root(hasher, leaves.subspan(k)));
}

std::vector<Hash> some_leaves(std::size_t count) {
    Sha256Hasher hasher;
    std::vector<Hash> leaves;
    for (std::size_t i = 0; i < count; ++i) {
        leaves.push_back(hasher.of(std::as_bytes(std::span(&i, 1))));
    }
    return leaves;
}

std::vector<Hash> roots_of(Sha256Hasher& hasher, std::span<const Hash> leaves,
                           const std::vector<LeafRange>& ranges) {
    std::vector<Hash> roots;
    for (const LeafRange& range : ranges) {
        roots.push_back(defined_root(hasher, leaves.subspan(range.begin, range.end - range.begin)));
    }
    return roots;
}

// RFC 9162, 2.1.3.2.
bool inclusion_holds(Sha256Hasher& hasher, const Hash& leaf, std::uint64_t index, std::uint64_t size,
                     const std::vector<Hash>& path, const Hash& root) {
    std::uint64_t fn = index;
    std::uint64_t sn = size - 1;
    Hash r = leaf;
    for (const Hash& p : path) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            r = node_hash(hasher, p, r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = node_hash(hasher, r, p);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && r == root;
}

// RFC 9162, 2.1.4.2.
bool consistency_holds(Sha256Hasher& hasher, std::uint64_t first, const Hash& first_root,
                       std::uint64_t second, const Hash& second_root, std::vector<Hash> path) {
    if ((first & (first - 1)) == 0) {
        path.insert(path.begin(), first_root);
    }
    if (path.empty()) {
        return false;
    }
    std::uint64_t fn = first - 1;
    std::uint64_t sn = second - 1;
    for (; (fn & 1) != 0; fn >>= 1) {
        sn >>= 1;
    }
    Hash fr = path[0];
    Hash sr = path[0];
    for (std::size_t i = 1; i < path.size(); ++i) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            fr = node_hash(hasher, path[i], fr);
            sr = node_hash(hasher, path[i], sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = node_hash(hasher, sr, path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && fr == first_root && sr == second_root;
}

}  // namespace

TEST_CASE("the_published_roots_of_zero_to_eight_leaves_come_out") {
    // The certificate-transparency project's reference leaves and roots.
    const std::vector<std::string> inputs = {
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    const std::vector<std::string> roots = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    Sha256Hasher hasher;
    MerkleTree tree;
    CHECK(to_hex(tree.root(hasher)) == roots[0]);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::vector<std::uint8_t> input(1 + inputs[i].size() / 2);  // 0x00 before the leaf
        REQUIRE(from_hex(inputs[i], std::span(input).subspan(1)));
        tree.add(hasher, hasher.of(std::as_bytes(std::span(input))));
        CHECK(to_hex(tree.root(hasher)) == roots[i + 1]);
    }
}

TEST_CASE("the_tree_grown_leaf_by_leaf_has_the_root_that_the_definition_gives") {
    const std::vector<Hash> leaves = some_leaves(300);
    Sha256Hasher hasher;
    MerkleTree tree;
    for (std::size_t size = 1; size <= leaves.size(); ++size) {
        tree.add(hasher, leaves[size - 1]);
        REQUIRE(tree.size() == size);
        REQUIRE(tree.root(hasher) == defined_root(hasher, std::span(leaves).first(size)));
        MerkleTree again;
        REQUIRE(again.restore(size, tree.edge()));
        REQUIRE(again.root(hasher) == tree.root(hasher));
        REQUIRE_FALSE(again.restore(size, tree.edge().subspan(1)));
    }
}

TEST_CASE("proofs_are_those_in_the_text_of_rfc_6962") {
    // Section 2.1.3, the tree of seven leaves.
    using Ranges = std::vector<LeafRange>;
    CHECK(inclusion_ranges(0, 7) == Ranges{{1, 2}, {2, 4}, {4, 7}});
    CHECK(inclusion_ranges(3, 7) == Ranges{{2, 3}, {0, 2}, {4, 7}});
    CHECK(inclusion_ranges(4, 7) == Ranges{{5, 6}, {6, 7}, {0, 4}});
    CHECK(inclusion_ranges(6, 7) == Ranges{{4, 6}, {0, 4}});
    CHECK(consistency_ranges(3, 7) == Ranges{{2, 3}, {3, 4}, {0, 2}, {4, 7}});
    CHECK(consistency_ranges(4, 7) == Ranges{{4, 7}});
    CHECK(consistency_ranges(6, 7) == Ranges{{4, 6}, {6, 7}, {0, 4}});
    // Nothing to prove.
    CHECK(inclusion_ranges(0, 1).empty());
    CHECK(inclusion_ranges(7, 7).empty());
    CHECK(consistency_ranges(7, 7).empty());
    CHECK(consistency_ranges(0, 7).empty());
    CHECK(consistency_ranges(8, 7).empty());
}

TEST_CASE("every_inclusion_proof_of_a_small_tree_verifies_and_no_other_leaf_does") {
    const std::vector<Hash> leaves = some_leaves(40);
    Sha256Hasher hasher;
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        const Hash root = defined_root(hasher, std::span(leaves).first(size));
        for (std::uint64_t index = 0; index < size; ++index) {
            const auto path = roots_of(hasher, leaves, inclusion_ranges(index, size));
            REQUIRE(inclusion_holds(hasher, leaves[index], index, size, path, root));
            const std::uint64_t other = (index + 1) % size;
            REQUIRE((size == 1 || !inclusion_holds(hasher, leaves[other], index, size, path, root)));
        }
    }
}

TEST_CASE("every_consistency_proof_of_a_small_tree_verifies_and_no_other_root_does") {
    const std::vector<Hash> leaves = some_leaves(40);
    Sha256Hasher hasher;
    for (std::uint64_t size = 2; size <= leaves.size(); ++size) {
        const Hash root = defined_root(hasher, std::span(leaves).first(size));
        for (std::uint64_t old = 1; old < size; ++old) {
            const Hash old_root = defined_root(hasher, std::span(leaves).first(old));
            const auto path = roots_of(hasher, leaves, consistency_ranges(old, size));
            REQUIRE(consistency_holds(hasher, old, old_root, size, root, path));
            REQUIRE_FALSE(consistency_holds(hasher, old, leaves[39], size, root, path));
            REQUIRE_FALSE(consistency_holds(hasher, old, old_root, size, leaves[39], path));
        }
    }
}
