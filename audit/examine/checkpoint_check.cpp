#include "audit/examine/checkpoint_check.hpp"

#include <algorithm>
#include <filesystem>

#include "audit/checkpoint_files.hpp"

namespace fairlead::audit {

void CheckpointCheck::open(const JournalPlace& place, std::vector<VerifierKey> keys,
                           const SignedCheckpoint* since) {
    keys_ = std::move(keys);
    std::vector<std::string> paths;
    const std::string error = list_notes(place, paths);
    if (keys_.empty()) {
        remarks_.push_back(std::string("no --key was given") +
                           (paths.empty() ? "" : ": of the checkpoints kept here none was checked") +
                           "; a journal forged as a whole, every checksum and link made right again, cannot "
                           "be told without");
        return;
    }
    if (!error.empty()) {
        findings_.push_back(error);
    }
    for (const std::string& path : paths) {
        read_file(path);
    }
    for (const std::string& journal : {place.directory, place.spare}) {
        read_latest(journal);
    }
    if (expected_.empty() && findings_.empty()) {
        findings_.push_back("'" + checkpoint_directory(place.directory) +
                            "' holds no checkpoint: none was signed, or they were removed");
    }
    if (since != nullptr) {
        report_.since = since->checkpoint.size;
        expect(*since, {});
    }
    std::stable_sort(expected_.begin(), expected_.end(),
                     [](const Expected& a, const Expected& b) { return a.size < b.size; });
    tell_handovers();
    while (next_ < expected_.size() && expected_[next_].size == 0) {
        judge(expected_[next_++]);
    }
}

// Where another key goes on, the one before must have signed too, or nobody knows from it whose the new one
// is.
void CheckpointCheck::tell_handovers() {
    const Expected* before = nullptr;
    for (const Expected& expected : expected_) {
        if (expected.since()) {
            continue;
        }
        std::size_t kept = 0;
        std::string added;
        for (std::size_t i = 0; i < keys_.size() && before != nullptr; ++i) {
            kept += before->signers[i] && expected.signers[i] ? 1 : 0;
            if (expected.signers[i] && !before->signers[i]) {
                added = keys_[i].text();
            }
        }
        if (!added.empty()) {
            remarks_.push_back(place(expected) + ", over " + std::to_string(expected.size) + " records: " +
                               (kept > 0 ? "the key before hands over to " + added + ", both signed"
                                         : "from here on " + added +
                                               " signs, and the key before has not handed over to it"));
        }
        before = &expected;
    }
}

void CheckpointCheck::read_file(const std::string& path) {
    const StoredNotes stored = read_notes(path);
    if (!stored.error.empty()) {
        findings_.push_back(stored.error);
    }
    if (stored.torn_bytes > 0) {
        remarks_.push_back("'" + path + "' ends in " + std::to_string(stored.torn_bytes) +
                           " bytes of a checkpoint that was not written to its end");
    }
    files_.push_back(std::filesystem::path(path).filename().string());
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < stored.notes.size(); ++i) {
        const Expected expected{0, {}, files_.size() - 1, i + 1};
        SignedCheckpoint found;
        if (std::string error = parse_checkpoint(stored.notes[i], found); !error.empty()) {
            findings_.push_back(place(expected) + " is not a checkpoint: " + error);
            continue;
        }
        if (found.checkpoint.size < before) {
            findings_.push_back(place(expected) + ": its tree size " + std::to_string(found.checkpoint.size) +
                                " is smaller than " + std::to_string(before) + " before it");
        }
        before = found.checkpoint.size;
        expect(found, expected);
    }
}

// The copy for others to take. Not synced when it is written, so that power loss may leave it empty.
void CheckpointCheck::read_latest(const std::string& journal_directory) {
    const std::string path = latest_checkpoint_path(journal_directory);
    std::error_code code;
    const auto size = std::filesystem::file_size(path, code);
    if (journal_directory.empty() || code) {
        return;
    }
    if (size == 0) {
        remarks_.push_back("'" + path + "' is empty");
        return;
    }
    SignedCheckpoint found;
    if (std::string error = read_checkpoint(path, found); !error.empty()) {
        findings_.push_back(error);
        return;
    }
    const auto same = [&found](const Expected& other) {
        return other.size == found.checkpoint.size && other.root == found.checkpoint.root;
    };
    if (verify_checkpoint(found, keys_).empty() && std::any_of(expected_.begin(), expected_.end(), same)) {
        return;
    }
    files_.push_back(std::filesystem::path(path).filename().string());
    expect(found, {0, {}, files_.size() - 1, 1});
}

// Only what a key has signed is worth comparing.
void CheckpointCheck::expect(const SignedCheckpoint& found, const Expected& expected) {
    const Checkpoint& head = found.checkpoint;
    if (std::string error = verify_checkpoint(found, keys_); !error.empty()) {
        findings_.push_back(place(expected) + ", over " + std::to_string(head.size) + " records: " + error);
        return;
    }
    std::vector<bool> signers(keys_.size());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        signers[i] = std::any_of(found.signatures.begin(), found.signatures.end(),
                                 [&](const NoteSignature& one) { return keys_[i].made(one); });
    }
    expected_.push_back({head.size, head.root, expected.file, expected.number, std::move(signers)});
}

std::string CheckpointCheck::place(const Expected& expected) const {
    return expected.since()
               ? "the earlier checkpoint (--since)"
               : "checkpoint " + std::to_string(expected.number) + " in " + files_[expected.file];
}

void CheckpointCheck::take(const Hash& leaf) {
    if (keys_.empty()) {
        return;
    }
    tree_.add(hasher_, leaf);
    while (next_ < expected_.size() && expected_[next_].size == tree_.size()) {
        judge(expected_[next_++]);
    }
}

void CheckpointCheck::judge(const Expected& expected) {
    const Hash root = tree_.root(hasher_);
    if (root == expected.root) {
        report_.since_continued = report_.since_continued || expected.since();
        report_.checked += expected.since() ? 0 : 1;
        report_.covered = expected.since() ? report_.covered : expected.size;
        last_good_ = expected.size;
        return;
    }
    failed_ += expected.since() ? 0 : 1;
    if (!expected.since() && failed_ > 1) {
        return;
    }
    findings_.push_back(place(expected) + ": root of the first " + std::to_string(expected.size) +
                        " records is " + to_base64(root) + ", signed was " + to_base64(expected.root) +
                        ": one of records " + std::to_string(last_good_ + 1) + " to " +
                        std::to_string(expected.size) +
                        (expected.since() ? " has been changed since" : " was changed after it was signed"));
}

void CheckpointCheck::close(bool damaged) {
    if (keys_.empty()) {
        return;
    }
    if (failed_ > 1) {
        findings_.push_back("so have " + std::to_string(failed_ - 1) + " later checkpoints another root");
    }
    const std::string has = std::to_string(tree_.size()) + (damaged ? " could be read" : " are here");
    std::uint64_t beyond = 0;
    std::uint64_t largest = 0;
    for (; next_ < expected_.size(); ++next_) {
        const Expected& expected = expected_[next_];
        if (expected.since()) {
            findings_.push_back(place(expected) + " covers " + std::to_string(expected.size) + " records, " +
                                has + ": this is an older copy, or records were removed since");
            continue;
        }
        ++beyond;
        largest = expected.size;
    }
    if (beyond > 0) {
        findings_.push_back(std::to_string(beyond) + " checkpoints cover up to " + std::to_string(largest) +
                            " records, " + has + (damaged ? "" : ": records were removed"));
    }
    if (tree_.size() > report_.covered) {
        remarks_.push_back("records from " + std::to_string(report_.covered + 1) + " to " +
                           std::to_string(tree_.size()) + " stand behind the last checkpoint that agrees");
    }
}

}  // namespace fairlead::audit
