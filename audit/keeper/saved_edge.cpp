#include "audit/keeper/saved_edge.hpp"

#include <sstream>

#include "audit/checkpoint_files.hpp"

namespace fairlead::audit {

namespace {

// One line "NAME VALUE". False: another name, or no value.
template <class T>
bool take(std::istream& lines, const char* name, T& value) {
    std::string word;
    return static_cast<bool>(lines >> word) && word == name && static_cast<bool>(lines >> value);
}

bool take_hash(std::istream& lines, const char* name, Hash& hash) {
    std::string hex;
    return take(lines, name, hex) && from_hex(hex, hash);
}

}  // namespace

std::string edge_path(const std::string& journal_directory) {
    return checkpoint_directory(journal_directory) + "/edge";
}

std::string SavedEdge::text() const {
    const ChainEnd& records = chain.records;
    std::ostringstream lines;
    lines << checkpoint.note << "\nsegment " << segment.text() << "\noffset " << offset << "\nframe "
          << chain.number << "\nlink " << to_hex(chain.link) << "\ncrc " << records.crc << "\nepoch "
          << records.epoch << "\nutc_ns " << records.utc_ns << "\nmonotonic_ns " << records.monotonic_ns
          << "\nnodes " << tree.edge().size() << "\n";
    for (const Hash& node : tree.edge()) {
        lines << "node " << to_hex(node) << "\n";
    }
    return lines.str();
}

std::string SavedEdge::parse(std::string_view text, const VerifierKey& key, SavedEdge& into) {
    const std::size_t blank = text.find("\n\n");
    const std::size_t end = blank == std::string_view::npos ? blank : text.find("\n\n", blank + 2);
    if (end == std::string_view::npos) {
        return "it does not begin with a checkpoint";
    }
    if (std::string error = parse_checkpoint(text.substr(0, end + 1), into.checkpoint); !error.empty()) {
        return error;
    }
    if (std::string error = verify_checkpoint(into.checkpoint, {&key, 1}); !error.empty()) {
        return error;
    }
    std::istringstream lines{std::string(text.substr(end + 2))};
    std::string segment;
    std::size_t nodes = 0;
    ChainEnd& records = into.chain.records;
    if (!take(lines, "segment", segment) || !SegmentName::parse(segment, into.segment) ||
        !take(lines, "offset", into.offset) || !take(lines, "frame", into.chain.number) ||
        !take_hash(lines, "link", into.chain.link) || !take(lines, "crc", records.crc) ||
        !take(lines, "epoch", records.epoch) || !take(lines, "utc_ns", records.utc_ns) ||
        !take(lines, "monotonic_ns", records.monotonic_ns) || !take(lines, "nodes", nodes) ||
        nodes > MerkleTree::nodes_max) {
        return "its place in the journal cannot be read";
    }
    std::vector<Hash> edge(nodes);
    for (Hash& node : edge) {
        if (!take_hash(lines, "node", node)) {
            return "a node of it cannot be read";
        }
    }
    const Checkpoint& head = into.checkpoint.checkpoint;
    records.sequence = head.size;
    Sha256Hasher hasher;
    if (!into.tree.restore(head.size, edge) || into.tree.root(hasher) != head.root) {
        return "its nodes do not give the root that was signed";
    }
    return {};
}

}  // namespace fairlead::audit
