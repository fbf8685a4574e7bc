#include "audit/keeper/checkpointer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "audit/checkpoint_files.hpp"
#include "audit/pruned_segment.hpp"
#include "audit/recovery.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

// Whole or not at all for who opens it; after a loss of power only if its bytes were synced before its name.
std::string replace_file(const std::string& path, const std::string& text, bool sync) {
    const std::string part = path + ".part";
    {
        const Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (!file.open()) {
            return system_error("create", part, errno);
        }
        if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            return system_error("write", part, errno);
        }
        if (sync && ::fdatasync(file.get()) != 0) {
            return system_error("sync", part, errno);
        }
    }
    return ::rename(part.c_str(), path.c_str()) == 0 ? "" : system_error("rename", part, errno);
}

}  // namespace

Checkpointer::Checkpointer(CheckpointerOptions options, SigningKey key)
    : options_(std::move(options)), key_(std::move(key)) {}

std::string Checkpointer::open() {
    if (std::string error = find_last(); !error.empty()) {
        return error;
    }
    find_edge();
    if (edge_found_ && edge_.checkpoint.checkpoint.size > last_.checkpoint.size) {
        last_ = edge_.checkpoint;
    }
    return judge_last();
}

// The last whole note of the newest file that has one.
std::string Checkpointer::find_last() {
    std::vector<std::string> paths;
    if (std::string error = list_notes(options_.place, paths); !error.empty()) {
        return error;
    }
    while (!paths.empty() && last_.note.empty()) {
        const StoredNotes stored = read_notes(paths.back());
        if (!stored.error.empty()) {
            return stored.error;
        }
        if (!stored.notes.empty()) {
            if (std::string error = parse_checkpoint(stored.notes.back(), last_); !error.empty()) {
                return "the last note in '" + paths.back() + "' is not a checkpoint: " + error;
            }
        }
        paths.pop_back();
    }
    return {};
}

// One journal is one log: another origin or a forged signature stops the keeper, and so does a new key that
// the one before does not hand over to, unless it is lost.
std::string Checkpointer::judge_last() {
    if (last_.note.empty()) {
        options_.say("no checkpoint yet: the tree begins with record 1");
        return {};
    }
    const std::string head =
        "the last checkpoint, over " + std::to_string(last_.checkpoint.size) + " records, ";
    const VerifierKey& key = key_.verifier();
    if (last_.checkpoint.origin != key.name()) {
        return head + "has origin '" + last_.checkpoint.origin + "', the key's name is '" + key.name() +
               "': a journal is one log for all its life, its keys must have its name";
    }
    for (const NoteSignature& signature : last_.signatures) {
        if (key.made(signature)) {
            const std::string error = verify_checkpoint(last_, {&key, 1});
            return error.empty() ? error : head + "was changed: " + error;
        }
    }
    if (options_.key_before != nullptr) {
        const VerifierKey& before = options_.key_before->verifier();
        if (const std::string error = verify_checkpoint(last_, {&before, 1}); !error.empty()) {
            return head + "was not signed by the key before, " + before.text() +
                   ", which has nothing to hand over: " + error;
        }
        handing_over_ = true;
        options_.say(head + "was signed by " + before.text() + ": both sign the next one, then " +
                     key.text());
        return {};
    }
    if (options_.key_before_lost) {
        options_.say(head + "was signed by another key, which is lost: from now on by " + key.text());
        return {};
    }
    return head + "was signed by another key than " + key.text() +
           ": give that one as the key before, so that both sign the next checkpoint, or say that it is lost "
           "(journal.checkpoint_key_before, journal.checkpoint_key_lost)";
}

void Checkpointer::find_edge() {
    for (const std::string& journal : {options_.place.directory, options_.place.spare}) {
        std::ifstream file(edge_path(journal), std::ios::binary);
        if (journal.empty() || !file) {
            continue;
        }
        const std::string text(std::istreambuf_iterator<char>(file), {});
        SavedEdge edge;
        if (std::string why = SavedEdge::parse(text, key_.verifier(), edge); !why.empty()) {
            options_.say("'" + edge_path(journal) + "' is not used: " + why);
        } else if (!edge_found_ || edge.tree.size() > edge_.tree.size()) {
            edge_ = edge;
            edge_found_ = true;
        }
    }
}

std::string Checkpointer::build(const FrameChain& end) {
    SegmentDirectory source;
    if (std::string error = source.open(options_.place); !error.empty()) {
        return error;
    }
    const auto arrived = [&] {
        return stand_.tree.size() == end.records.sequence && stand_.chain.link == end.link;
    };
    std::size_t segment = 0;
    while (edge_found_ && segment < source.segment_count() &&
           source.segment_name(segment) != edge_.segment.text()) {
        ++segment;
    }
    if (edge_found_ && segment < source.segment_count()) {
        stand_.tree = edge_.tree;
        if (std::string error = walk(segment, edge_.chain, edge_.offset, source); !error.empty()) {
            return error;
        }
        if (arrived()) {
            options_.say("the tree goes on from the saved edge at record " +
                         std::to_string(edge_.tree.size()) + " to record " +
                         std::to_string(stand_.tree.size()));
            return {};
        }
        options_.say("the saved edge at record " + std::to_string(edge_.tree.size()) +
                     " does not join the journal: the tree is built from record 1");
    }
    stand_.tree = {};
    FrameChain chain;
    // Of what was pruned the leaves are left.
    std::string wrong;
    std::string error = walk_pruned(source, chain, [&](const PrunedSegment& part) {
        wrong = wrong.empty() ? add_leaves(part.leaves) : wrong;
    });
    if (!error.empty() || !wrong.empty()) {
        return error.empty() ? wrong : error;
    }
    if (error = walk(0, chain, 0, source); !error.empty()) {
        return error;
    }
    if (!arrived()) {
        return "the tree cannot be built: the journal reads from record 1 to record " +
               std::to_string(stand_.tree.size()) + ", its end is record " +
               std::to_string(end.records.sequence);
    }
    if (stand_.tree.size() > 0) {
        options_.say("the tree was built from record 1 to record " + std::to_string(stand_.tree.size()));
    }
    return {};
}

// Where the tree has the size that was signed last, it must have the root that was signed.
std::string Checkpointer::add_leaves(std::span<const Hash> leaves) {
    for (const Hash& leaf : leaves) {
        stand_.tree.add(tree_hasher_, leaf);
        if (stand_.tree.size() == last_.checkpoint.size &&
            stand_.tree.root(tree_hasher_) != last_.checkpoint.root) {
            const std::string size = std::to_string(last_.checkpoint.size);
            return "DAMAGE: the last checkpoint was signed over " + size +
                   " records, and the journal's first " + size +
                   " have another root: a record has been changed";
        }
    }
    return {};
}

// Adds the leaves of all frames from this place on.
std::string Checkpointer::walk(std::size_t segment, const FrameChain& chain, std::uint64_t offset,
                               SegmentDirectory& source) {
    FrameScan<SegmentDirectory> scan(source, segment, chain);
    scan.place(segment, offset);
    stand_.offset = offset;
    while (scan.next() == FrameScan<SegmentDirectory>::Step::frame) {
        if (std::string error = add_leaves(scan.leaves()); !error.empty()) {
            return error;
        }
    }
    stand_.chain = scan.chain();
    if (scan.segment() < source.segment_count()) {
        stand_.segment = {source.segment_number(scan.segment()), source.segment_id(scan.segment())};
        stand_.on_spare = source.on_spare(scan.segment());
    }
    stand_.offset = scan.offset();
    return {};
}

void Checkpointer::take(const WrittenFrame& frame) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        for (const Hash& leaf : frame.leaves) {
            stand_.tree.add(tree_hasher_, leaf);
        }
        risk::require(stand_.tree.size() == frame.behind.records.sequence,
                      "the tree has a leaf for each record on disk");
        stand_.chain = frame.behind;
        stand_.segment = frame.segment;
        stand_.offset = frame.end;
        stand_.on_spare = frame.on_spare;
        if (frame.last_of_segment || stand_.tree.size() - asked_size_ >= options_.records_max) {
            asked_size_ = stand_.tree.size();
            due_ = wake = true;
        }
    }
    if (wake) {
        wake_.notify_one();
    }
}

void Checkpointer::issue(std::unique_lock<std::mutex>& lock) {
    if (stand_.tree.size() <= last_.checkpoint.size) {
        return;
    }
    const Stand stand = stand_;
    asked_size_ = stand.tree.size();
    lock.unlock();
    const Checkpoint head{key_.verifier().name(), stand.tree.size(), stand.tree.root(root_hasher_)};
    std::string note = key_.sign(head);
    if (handing_over_) {
        note += options_.key_before->signature_line(head.text());
    }
    const std::string error = store(stand, note);
    handing_over_ = handing_over_ && !error.empty();
    if (!error.empty() && error != told_) {
        options_.alarm("checkpoint over " + std::to_string(head.size) + " records: " + error +
                       "; the journal goes on, it is tried again each second");
    } else if (error.empty() && !told_.empty()) {
        options_.say("checkpoints are written again, over " + std::to_string(head.size) + " records");
    }
    told_ = error;
    lock.lock();
}

// The notes file is what counts, and is synced; then the shortcut, which is made again if it cannot be
// believed; then the copy for others to take, which nobody makes again once the journal has gone over to the
// spare.
std::string Checkpointer::store(const Stand& stand, const std::string& note) {
    const std::string& journal = stand.on_spare ? options_.place.spare : options_.place.directory;
    if (std::string error = open_notes(journal, stand.segment.number); !error.empty()) {
        return error;
    }
    const std::string entry = note + "\n";
    const ssize_t put = ::pwrite(notes_.get(), entry.data(), entry.size(), static_cast<off_t>(notes_bytes_));
    if (put != static_cast<ssize_t>(entry.size()) || ::fdatasync(notes_.get()) != 0) {
        std::string error = system_error("write", notes_path_, put < 0 ? errno : ENOSPC);
        notes_.close();  // what is left of it is cut off when it is opened again
        return error;
    }
    notes_bytes_ += entry.size();
    SavedEdge edge;
    risk::require(parse_checkpoint(note, edge.checkpoint).empty(), "what was signed is a checkpoint");
    last_ = edge.checkpoint;
    edge.tree = stand.tree;
    edge.chain = stand.chain;
    edge.segment = stand.segment;
    edge.offset = stand.offset;
    if (std::string error = replace_file(edge_path(journal), edge.text(), false); !error.empty()) {
        return error;
    }
    return replace_file(latest_checkpoint_path(journal), note, true);
}

std::string Checkpointer::open_notes(const std::string& journal_directory, std::uint64_t segment) {
    std::string path = notes_path(journal_directory, segment);
    if (notes_.open() && path == notes_path_) {
        return {};
    }
    const std::string directory = checkpoint_directory(journal_directory);
    if (std::string error = make_directory(directory); !error.empty()) {
        return error;
    }
    notes_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!notes_.open()) {
        return system_error("open", path, errno);
    }
    notes_path_ = std::move(path);
    const StoredNotes stored = read_notes(notes_path_);
    notes_bytes_ = stored.complete_bytes;
    // A torn note was never whole, so nobody can have been given it.
    if (stored.error.empty() &&
        (stored.torn_bytes == 0 || ::ftruncate(notes_.get(), static_cast<off_t>(notes_bytes_)) == 0)) {
        const Descriptor names(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (names.open() && ::fsync(names.get()) == 0) {
            return {};
        }
    }
    std::string error = stored.error.empty() ? system_error("open", notes_path_, errno) : stored.error;
    notes_.close();
    return error;
}

}  // namespace fairlead::audit
