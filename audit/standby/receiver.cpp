#include "audit/standby/receiver.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "audit/journal_reader.hpp"
#include "config/files.hpp"

namespace fairlead::audit {
namespace {

// Signed at the latest every 65,536 records: so many without a checkpoint mean that nobody signs any more.
constexpr std::size_t leaves_max = 1U << 20U;

std::string reference_directory(const std::string& journal) {
    return journal + "/reference";
}

}  // namespace

Receiver::Receiver(ReceiverOptions options, Front& front) : options_(std::move(options)), front_(front) {}

std::string Receiver::prepare() {
    end_ = front_.recovered();
    HistoryReader reader({options_.journal_directory, options_.spare_directory}, front_.directory());
    if (end_.sequence != 0 && !reader.seek(1)) {
        return "the journal cannot be read from its first record: " + reader.error();
    }
    for (risk::Sequence next = 1; next <= end_.sequence; ++next) {
        RecordView view;
        if (reader.next(view) != ReadStatus::record) {
            return "the journal ends or is damaged before record " + std::to_string(next) + ": " +
                   reader.error();
        }
        last_leaf_ = leaf_hash(hasher_, view);
        tree_.add(hasher_, last_leaf_);
    }
    return make_directory(reference_directory(options_.journal_directory));
}

Standing Receiver::standing() const {
    Standing standing{end_.sequence, acknowledged(), end_.crc, end_.epoch, last_leaf_, {}};
    std::error_code problem;
    for (const auto& entry :
         std::filesystem::directory_iterator(reference_directory(options_.journal_directory), problem)) {
        if (is_reference_name(entry.path().filename().string())) {
            standing.files.push_back(entry.path().filename().string());
        }
    }
    return standing;
}

std::string Receiver::take(MessageKind kind, Bytes content) {
    switch (kind) {
        case MessageKind::records:
            return take_records(content);
        case MessageKind::file:
            return take_file(content);
        case MessageKind::checkpoint:
            return take_checkpoint(content);
        case MessageKind::beat:
            return {};
        case MessageKind::refusal:
            return "the leader goes no further: " + std::string(as_text(content));
        case MessageKind::standing:
        case MessageKind::acknowledgement:
            break;
    }
    return "a message of kind " + std::to_string(static_cast<unsigned>(kind)) + " is not a leader's";
}

std::string Receiver::take_records(Bytes content) {
    while (!content.empty()) {
        while (!front_.has_room()) {
            if (!options_.wait_for_room()) {
                ending_ = true;
                return "this standby ends";
            }
        }
        RecordView view;
        RecordFault fault = parse_record(content, view);
        if (fault == RecordFault::none) {
            fault = front_.append_copy(view);
        }
        if (fault != RecordFault::none) {
            return "the record behind " + std::to_string(end_.sequence) + " is not good: " + describe(fault);
        }
        static_cast<void>(advance(end_, view.header));
        last_leaf_ = leaf_hash(hasher_, view);
        if (options_.leader_key) {
            leaves_.push_back(last_leaf_);
        }
        content = content.subspan(view.bytes.size());
    }
    return leaves_.size() <= leaves_max
               ? std::string()
               : "no checkpoint of the leader's has come for " + std::to_string(leaves_.size()) +
                     " records, and replica.leader_key is given";
}

std::string Receiver::take_file(Bytes content) {
    const std::optional<FileMessage> file = split_file(content);
    if (!file || !is_reference_name(file->name)) {
        return "a file of reference data has no good name";
    }
    const std::string hash = to_hex(hasher_.of(as_content(file->content)));
    if (hash != file->name.substr(0, hash.size())) {
        return "the file '" + std::string(file->name) + "' is not what its name says: its content is " + hash;
    }
    return config::write_file_atomically(
        reference_directory(options_.journal_directory) + "/" + std::string(file->name), file->content);
}

// A root that this standby has passed already, before it was started again, cannot be compared; the next can,
// and covers everything.
std::string Receiver::take_checkpoint(Bytes content) {
    if (!options_.leader_key) {
        return {};
    }
    SignedCheckpoint signed_one;
    std::string problem = parse_checkpoint(as_text(content), signed_one);
    if (problem.empty()) {
        problem = verify_checkpoint(signed_one, {&*options_.leader_key, 1});
    }
    if (!problem.empty()) {
        return "a checkpoint of the leader's is not good: " + problem;
    }
    const Checkpoint& checkpoint = signed_one.checkpoint;
    if (checkpoint.size < tree_.size()) {
        return {};
    }
    if (checkpoint.size > tree_.size() + leaves_.size()) {
        return "the leader has signed " + std::to_string(checkpoint.size) + " records and sent " +
               std::to_string(tree_.size() + leaves_.size());
    }
    const auto count = static_cast<std::ptrdiff_t>(checkpoint.size - tree_.size());
    std::for_each(leaves_.begin(), leaves_.begin() + count,
                  [this](const Hash& leaf) { tree_.add(hasher_, leaf); });
    leaves_.erase(leaves_.begin(), leaves_.begin() + count);
    if (tree_.root(hasher_) != checkpoint.root) {
        return "what this standby holds is not what the leader has signed: records 1 to " +
               std::to_string(checkpoint.size) + " have another root";
    }
    compared_ = checkpoint.size;
    return {};
}

std::string standby_path(const std::string& journal_directory) {
    return journal_directory + "/standby";
}

std::string mark_as_standby(const std::string& journal_directory, const std::string& leader) {
    return config::write_file_atomically(standby_path(journal_directory), "the journal of " + leader + "\n");
}

std::string unmark_standby(const std::string& journal_directory) {
    const std::string path = standby_path(journal_directory);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_error("remove", path, errno);
    }
    const Descriptor directory(::open(journal_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.open() && ::fsync(directory.get()) == 0 ? ""
                                                             : system_error("sync", journal_directory, errno);
}

bool is_standby(const std::string& journal_directory) {
    struct stat info {};
    return ::stat(standby_path(journal_directory).c_str(), &info) == 0;
}

}  // namespace fairlead::audit
