#include "audit/replicate/journal_tail.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <new>

#include "audit/front_layout.hpp"
#include "audit/merkle.hpp"
#include "audit/pruned_segment.hpp"

namespace fairlead::audit {

// Opened each time, for reading only: another front may have been made at its place, and who can write the
// mark can open the gate.
risk::Sequence JournalTail::mark() const {
    if (front_.empty()) {
        return 0;
    }
    const std::string path = mark_path(front_);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    MappedFile map;
    std::error_code code;
    if (!file.open() || std::filesystem::file_size(path, code) < sizeof(KeeperMarkPage) || code ||
        !map.map(file.get(), sizeof(KeeperMarkPage), false, path).empty()) {
        return 0;
    }
    const auto& page = *std::launder(reinterpret_cast<const KeeperMarkPage*>(map.data()));
    if (page.magic.load(std::memory_order_acquire) != mark_magic || page.boot_id != current_boot_id()) {
        return 0;
    }
    return page.synced.load(std::memory_order_acquire);  // pairs with the keeper's release
}

risk::Sequence JournalTail::synced() {
    synced_ = std::max(synced_, mark());
    if (front_.empty() || synced_ == 0) {
        const SignedCheckpoint* const newest = checkpoint();
        synced_ = std::max(synced_, newest != nullptr ? newest->checkpoint.size : 0);
    }
    return synced_;
}

const SignedCheckpoint* JournalTail::checkpoint() {
    for (const std::string& directory : {place_.directory, place_.spare}) {
        const std::string path = directory.empty() ? "" : latest_checkpoint_path(directory);
        std::error_code code;
        SignedCheckpoint found;
        // One that cannot be read is told by the examiner; the next is a second away.
        if (!path.empty() && std::filesystem::exists(path, code) && read_checkpoint(path, found).empty() &&
            (!has_checkpoint_ || found.checkpoint.size >= checkpoint_.checkpoint.size)) {
            checkpoint_ = std::move(found);
            has_checkpoint_ = true;
        }
    }
    return has_checkpoint_ ? &checkpoint_ : nullptr;
}

bool JournalTail::seek(risk::Sequence first) {
    if (next_ == first && next_ != 0) {
        return true;
    }
    holds_ = false;
    next_ = reader_.open(place_, first, AtEnd::follow) ? first : 0;
    return next_ != 0;
}

std::string JournalTail::read(risk::Sequence first, risk::Sequence last, RecordBatch& into) {
    into = {};
    if (!seek(first)) {
        return reader_.error();
    }
    while (next_ <= last) {
        if (!holds_) {
            const ReadStatus status = reader_.next(held_);
            if (status == ReadStatus::damaged) {
                next_ = 0;  // what is not there may have been compressed meanwhile: opened anew
                return reader_.error();
            }
            if (status != ReadStatus::record) {
                break;
            }
            holds_ = true;
        }
        const RecordHeader& header = held_.header;
        if (header.sequence != next_) {
            next_ = 0;
            return "the journal in '" + place_.directory + "' has no record " + std::to_string(first) +
                   " any more: it goes on with record " + std::to_string(header.sequence);
        }
        if (into.bytes.size() + held_.bytes.size() > message_bytes_max) {
            break;
        }
        into.bytes.append(reinterpret_cast<const char*>(held_.bytes.data()), held_.bytes.size());
        into.first = into.count == 0 ? header.sequence : into.first;
        into.last = header.sequence;
        into.last_leaf = leaf_hash(hasher_, held_);
        ++into.count;
        ++next_;
        holds_ = false;
    }
    return {};
}

std::string JournalTail::pruned_leaves(risk::Sequence first, std::vector<Hash>& leaves, risk::Sequence& end) {
    SegmentDirectory segments;
    FrameChain chain;
    std::string error = segments.open(place_);
    if (error.empty()) {
        error = walk_pruned(segments, chain, [&leaves, first](const PrunedSegment& part) {
            for (std::size_t i = 0; i < part.leaves.size(); ++i) {
                if (part.first_record + i >= first) {
                    leaves.push_back(part.leaves[i]);
                }
            }
        });
    }
    end = chain.records.sequence;
    return error;
}

std::string JournalTail::beginning(ArchiveBeginning& into) {
    into = {};
    std::vector<Hash> leaves;
    risk::Sequence end = 0;
    if (std::string error = pruned_leaves(1, leaves, end); !error.empty()) {
        return error;
    }
    MerkleTree tree;
    for (const Hash& leaf : leaves) {
        tree.add(hasher_, leaf);
    }
    into.first = end + 1;
    into.edge.assign(tree.edge().begin(), tree.edge().end());
    return {};
}

std::string JournalTail::contradiction(const std::vector<RecordView>& archived, std::string& error) {
    error.clear();
    std::vector<Hash> leaves;
    risk::Sequence pruned = 0;
    const risk::Sequence first = archived.front().header.sequence;
    error = pruned_leaves(first, leaves, pruned);
    if (!error.empty()) {
        return {};
    }
    for (const RecordView& record : archived) {
        const risk::Sequence sequence = record.header.sequence;
        const auto differs = [sequence](const char* how) {
            return "record " + std::to_string(sequence) + " of the archive is not the journal's: " + how;
        };
        if (sequence <= pruned) {
            if (leaf_hash(hasher_, record) != leaves[sequence - first]) {
                return differs("its hash is not the one kept of the pruned record");
            }
            continue;
        }
        RecordBatch ours;
        error = read(sequence, sequence, ours);
        if (!error.empty()) {
            return {};
        }
        if (ours.count == 0 && sequence <= synced()) {
            error = "record " + std::to_string(sequence) +
                    " is on the disk, and the journal's files do not give it";
            return {};
        }
        if (ours.count == 0) {
            return differs("the journal ends before it");
        }
        std::vector<RecordView> mine;
        if (!split_records(ours.bytes, mine).empty() ||
            leaf_hash(hasher_, record) != leaf_hash(hasher_, mine.front())) {
            return differs("its leaf hash is another");
        }
        if (ours.bytes.size() != record.bytes.size() ||
            std::memcmp(ours.bytes.data(), record.bytes.data(), ours.bytes.size()) != 0) {
            return differs("its bytes are others");
        }
    }
    return {};
}

}  // namespace fairlead::audit
