#include "audit/replicate/archive_check.hpp"

#include <algorithm>

#include "audit/pruned_segment.hpp"

namespace fairlead::audit {

void ArchiveCheck::find(std::string text) {
    if (report_.findings.size() < findings_max) {
        report_.findings.push_back(std::move(text));
    } else {
        ++report_.findings_left_out;
    }
}

ArchiveCheckReport ArchiveCheck::run(Archive& archive) {
    ArchiveState state;
    ArchiveMessage message;
    ArchiveReply reply = archive.open(false, state);
    if (reply.answer == ArchiveAnswer::absent) {
        find(reply.text);
        return std::move(report_);
    }
    if (reply.ok()) {
        reply = archive.last(MessageKind::checkpoint, message);
        SignedCheckpoint newest;
        if (reply.ok() && parse_checkpoint(message.bytes, newest).empty()) {
            newest_ = newest.checkpoint.size;
        }
    }
    if (!state.wrong.empty()) {
        find("the stream: " + state.wrong);
    }
    for (std::uint64_t number = state.first;
         number <= state.last && state.messages > 0 && reply.answer != ArchiveAnswer::away; ++number) {
        reply = archive.get(number, message);
        if (reply.ok()) {
            ++report_.messages;
            take(message);
        } else if (reply.answer == ArchiveAnswer::absent) {
            find("message " + std::to_string(number) + " is not in the stream any more");
        }
    }
    archive.close();
    if (reply.answer == ArchiveAnswer::away) {
        report_.away = reply.text;
        return std::move(report_);
    }
    close();
    return std::move(report_);
}

void ArchiveCheck::take(const ArchiveMessage& message) {
    if (message.kind == MessageKind::beginning) {
        begin(message);
        return;
    }
    if (!begun_) {
        find("message " + std::to_string(message.number) + ": the archive's beginning is not before it");
        begun_ = true;
    }
    message.kind == MessageKind::records ? take_records(message) : take_checkpoint(message);
}

void ArchiveCheck::begin(const ArchiveMessage& message) {
    ArchiveBeginning beginning;
    const std::string number = "message " + std::to_string(message.number);
    if (begun_) {
        find(number + " is a second beginning");
        return;
    }
    begun_ = true;
    if (std::string fault = ArchiveBeginning::parse(message.bytes, beginning); !fault.empty()) {
        find(number + ", the beginning: " + fault);
        return;
    }
    next_ = beginning.first;
    if (!tree_.restore(beginning.first - 1, beginning.edge)) {
        find(number + ": its hashes are not the edge of a tree of " + std::to_string(beginning.first - 1) +
             " records");
        tree_whole_ = false;
    }
    if (beginning.first > 1) {
        report_.remarks.push_back("the archive begins with record " + std::to_string(beginning.first) +
                                  ": those before had been pruned, the tree goes on from their hashes");
    } else {
        chained_ = true;  // record 1 stands behind nothing
    }
}

void ArchiveCheck::take_records(const ArchiveMessage& message) {
    std::vector<RecordView> records;
    const std::string fault = split_records(message.bytes, records);
    const std::string where = "message " + std::to_string(message.number);
    for (const RecordView& record : records) {
        take_record(record, where);
    }
    if (!fault.empty()) {
        find(where + ", " + fault + ", behind record " + std::to_string(next_ - 1));
    }
}

void ArchiveCheck::take_record(const RecordView& record, const std::string& where) {
    const risk::Sequence sequence = record.header.sequence;
    if (sequence < next_) {
        find(where + ": record " + std::to_string(sequence) + " comes again behind record " +
             std::to_string(next_ - 1));
        return;
    }
    if (sequence > next_) {
        find(range_text(next_, sequence - 1) + (sequence - 1 == next_ ? " is" : " are") +
             " missing, before " + where);
        if (!fill_from_journal(next_, sequence - 1)) {
            tree_whole_ = false;
        }
        chained_ = false;
    }
    if (chained_) {
        if (const RecordFault fault = advance(chain_, record.header); fault != RecordFault::none) {
            find(where + ", record " + std::to_string(sequence) + ": " + describe(fault));
        }
    }
    const RecordHeader& header = record.header;
    chain_ = {sequence, header.crc, header.epoch, header.utc_ns, header.monotonic_ns};
    chained_ = true;
    const Hash leaf = leaf_hash(hasher_, record);
    Hash ours{};
    if (journal_leaf(sequence, ours) && ours != leaf && journal_equal_) {
        journal_equal_ = false;
        find(where + ": record " + std::to_string(sequence) +
             " is not the journal's: its leaf hash is another; what differs behind it is not listed");
    }
    next_ = sequence + 1;
    report_.first = report_.records == 0 ? sequence : report_.first;
    report_.last = sequence;
    ++report_.records;
    take_leaf(leaf);
}

void ArchiveCheck::take_leaf(const Hash& leaf) {
    waiting_.push_back(leaf);
    if (waiting_.size() > waiting_max) {
        grow_to(tree_.size() + 1);
    }
}

void ArchiveCheck::grow_to(std::uint64_t size) {
    while (tree_.size() < size && !waiting_.empty()) {
        tree_.add(hasher_, waiting_.front());
        waiting_.pop_front();
        if (tree_.size() == newest_) {
            newest_root_ = tree_.root(hasher_);
        }
    }
}

void ArchiveCheck::take_checkpoint(const ArchiveMessage& message) {
    SignedCheckpoint found;
    const std::string where = "message " + std::to_string(message.number);
    std::string fault = parse_checkpoint(message.bytes, found);
    if (fault.empty() && !options_.keys.empty()) {
        fault = verify_checkpoint(found, options_.keys);
    }
    if (!fault.empty()) {
        find(where + ", a checkpoint: " + fault);
        return;
    }
    const Checkpoint& head = found.checkpoint;
    if (options_.keys.empty() || !tree_whole_) {
        return;
    }
    if (head.size >= next_) {
        find(where + ": a checkpoint over " + std::to_string(head.size) + " records stands behind record " +
             std::to_string(next_ - 1));
        return;
    }
    grow_to(head.size);
    if (head.size < tree_.size() && head.size != newest_) {
        return;  // only the newest matters so far back
    }
    const Hash root = head.size == tree_.size() ? tree_.root(hasher_) : newest_root_;
    if (root != head.root) {
        find(where + ": the root over records 1 to " + std::to_string(head.size) +
             " is not the one that its checkpoint was signed over: a record among them is not what it was");
        return;
    }
    ++report_.checkpoints;
    report_.covered = std::max(report_.covered, head.size);
}

void ArchiveCheck::close() {
    if (report_.records == 0) {
        find("the archive holds no records");
        return;
    }
    if (newest_ >= next_) {
        find(range_text(next_, newest_) + ", which its newest checkpoint covers, " +
             (newest_ == next_ ? "is" : "are") + " missing at the end");
    }
    if (options_.keys.empty()) {
        report_.remarks.emplace_back(
            "no key was given: no checkpoint was checked, and who can write the stream "
            "can make every checksum in it right again");
    } else if (newest_ == 0) {
        find("the archive holds no checkpoint");
    } else if (!tree_whole_) {
        report_.remarks.emplace_back("records are missing: no root can be computed over those behind them");
    } else if (report_.covered < report_.last) {
        report_.remarks.push_back(range_text(report_.covered + 1, report_.last) +
                                  (report_.covered + 1 == report_.last ? " is" : " are") +
                                  " under no checkpoint that was checked");
    }
    if (tree_whole_) {
        grow_to(report_.last);
        report_.root = to_base64(tree_.root(hasher_));
    }
    close_journal();
}

// --- the journal

void ArchiveCheck::open_journal(risk::Sequence first) {
    JournalPlace place = options_.journal;
    place.pruned = true;
    pruned_first_ = first;
    SegmentDirectory segments;
    FrameChain chain;
    std::string error = segments.open(place);
    error += error.empty() ? walk_pruned(segments, chain,
                                         [this, first](const PrunedSegment& part) {
                                             for (std::size_t i = 0; i < part.leaves.size(); ++i) {
                                                 if (part.first_record + i >= first) {
                                                     pruned_.push_back(part.leaves[i]);
                                                 }
                                             }
                                         })
                           : "";
    reader_ = std::make_unique<JournalReader>();
    journal_next_ = std::max(first, chain.records.sequence + 1);
    if (error.empty() && !reader_->open(place, journal_next_, AtEnd::follow)) {
        error = reader_->error();
    }
    if (!error.empty()) {
        find("the journal: " + error);
        journal_equal_ = false;
    }
}

// In rising order only.
bool ArchiveCheck::journal_leaf(risk::Sequence sequence, Hash& leaf) {
    if (options_.journal.directory.empty()) {
        return false;
    }
    if (reader_ == nullptr) {
        open_journal(sequence);
    }
    if (!journal_equal_) {
        return false;
    }
    if (sequence - pruned_first_ < pruned_.size()) {
        leaf = pruned_[sequence - pruned_first_];
        return true;
    }
    RecordView view;
    while (journal_next_ <= sequence) {
        if (reader_->next(view) != ReadStatus::record) {
            find("the journal ends before record " + std::to_string(sequence) + " of the archive" +
                 (reader_->error().empty() ? "" : ": " + reader_->error()));
            journal_equal_ = false;
            return false;
        }
        journal_next_ = view.header.sequence + 1;
    }
    leaf = leaf_hash(hasher_, view);
    return true;
}

bool ArchiveCheck::fill_from_journal(risk::Sequence first, risk::Sequence last) {
    for (risk::Sequence sequence = first; sequence <= last; ++sequence) {
        Hash leaf{};
        if (!journal_leaf(sequence, leaf)) {
            return false;
        }
        take_leaf(leaf);
    }
    return true;
}

void ArchiveCheck::close_journal() {
    if (reader_ == nullptr || !journal_equal_) {
        return;
    }
    report_.journal_records = report_.records;
    RecordView view;
    risk::Sequence last = report_.last;
    while (reader_->next(view) == ReadStatus::record) {
        last = view.header.sequence;
    }
    if (!reader_->error().empty()) {
        find("the journal: " + reader_->error());
    } else if (last > report_.last) {
        report_.remarks.push_back(range_text(report_.last + 1, last) + " of the journal " +
                                  (last == report_.last + 1 ? "is" : "are") + " not in the archive yet");
    }
}

std::string text_of(const ArchiveCheckReport& report) {
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    std::string text = "messages      " + number(report.messages) + "\n";
    text += "records       " + number(report.records);
    text += report.records == 0 ? "\n" : ", " + number(report.first) + " to " + number(report.last) + "\n";
    text += "checkpoints   " + number(report.checkpoints) + " with the root they were signed over, " +
            number(report.covered) + " records under the newest\n";
    if (!report.root.empty()) {
        text += "root          " + report.root + " over records 1 to " + number(report.last) + "\n";
    }
    if (report.journal_records > 0) {
        text += "journal       its records " + number(report.first) + " to " + number(report.last) +
                " have the same leaf hashes\n";
    }
    for (const std::string& remark : report.remarks) {
        text += "remark        " + remark + "\n";
    }
    for (const std::string& finding : report.findings) {
        text += "WRONG         " + finding + "\n";
    }
    if (report.findings_left_out > 0) {
        text += "WRONG         and " + number(report.findings_left_out) + " more\n";
    }
    if (!report.away.empty()) {
        return text + "verdict: none, the archive does not answer: " + report.away + "\n";
    }
    return text + (report.ok() ? "verdict: in order\n" : "verdict: NOT in order\n");
}

}  // namespace fairlead::audit
