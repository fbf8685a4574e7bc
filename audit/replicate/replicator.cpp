#include "audit/replicate/replicator.hpp"

#include <algorithm>
#include <bit>

namespace fairlead::audit {

using Step = Replicator::Step;

Step Replicator::step() {
    if (!found_) {
        const Step step = find();
        if (step != Step::sent) {
            return step;
        }
    }
    const risk::Sequence synced = journal_.synced();
    if (!place_.begun) {
        if (synced == 0) {
            return Step::idle;
        }
        ArchiveBeginning beginning;
        if (std::string error = journal_.beginning(beginning); !error.empty()) {
            return journal_fault(error);
        }
        const Step step =
            send(MessageKind::beginning, beginning.text(), "beginning-" + std::to_string(beginning.first));
        if (found_ && step == Step::sent) {
            place_.begun = true;
            place_.archived = beginning.first - 1;
        }
        return step;
    }
    if (place_.archived < synced) {
        return send_records(synced);
    }
    const SignedCheckpoint* const newest = journal_.checkpoint();
    if (newest != nullptr && newest->checkpoint.size <= place_.archived &&
        newest->note != place_.checkpoint && newest->checkpoint.size >= place_.checkpoint_size) {
        const Checkpoint& head = newest->checkpoint;
        const Step step = send(MessageKind::checkpoint, newest->note,
                               "checkpoint-" + std::to_string(head.size) + "-" + to_hex(head.root) + "-" +
                                   std::to_string(newest->signatures.size()));
        if (found_ && step == Step::sent) {
            place_.checkpoint = newest->note;
            place_.checkpoint_size = head.size;
        }
        return step;
    }
    trouble_.clear();
    return Step::idle;
}

Step Replicator::send_records(risk::Sequence synced) {
    RecordBatch batch;
    if (std::string error = journal_.read(place_.archived + 1, synced, batch); !error.empty()) {
        return journal_fault(error);
    }
    if (batch.count == 0) {
        // For a moment while the journal goes over to its spare; for longer the segment is damaged there.
        return journal_fault("record " + std::to_string(place_.archived + 1) +
                             " is on the disk, and the journal's files do not give it");
    }
    const Step step =
        send(MessageKind::records, batch.bytes, records_id(batch.first, batch.last, batch.last_leaf));
    if (found_ && step == Step::sent) {
        place_.archived = batch.last;
        known_ = std::max(known_, batch.last);
        if (refilling_ != 0 && place_.archived >= refilling_) {
            options_.say(options_.archive_name + ": what was lost is there again, up to record " +
                         std::to_string(refilling_));
            refilling_ = 0;
        }
    }
    return step;
}

// sent with found_ still true: it is there. When the end was another than believed, the archive is read anew.
Step Replicator::send(MessageKind kind, const std::string& bytes, const std::string& id) {
    const ArchiveReply reply = archive_.put(kind, bytes, id, place_.last_message);
    if (reply.ok()) {
        ++place_.last_message;
        moves_ = 0;
        trouble_.clear();
        return Step::sent;
    }
    if (reply.answer == ArchiveAnswer::moved) {
        // Two at work would fill the log.
        if (std::has_single_bit(++moves_ever_)) {
            options_.say(options_.archive_name + ": its end is not where it was left, it is read anew (" +
                         reply.text + "); another replicator may be at work");
        }
        found_ = false;
        return ++moves_ > looks_max ? gone("its end moves again and again: " + reply.text) : Step::sent;
    }
    // Whether it was taken is unknown: only the archive knows.
    return gone(reply.text);
}

ArchiveReply Replicator::read_ends(ArchiveEnds& ends) {
    ArchiveReply reply;
    if (open_) {
        reply = archive_.state(ends.state);
    } else {
        reply = archive_.open(true, ends.state);
        open_ = reply.ok();
    }
    if (!reply.ok() || ends.state.messages == 0) {
        return reply;
    }
    for (const auto& [kind, into] :
         {std::pair(MessageKind::beginning, &ends.beginning), std::pair(MessageKind::records, &ends.records),
          std::pair(MessageKind::checkpoint, &ends.checkpoint)}) {
        ArchiveMessage message;
        reply = archive_.last(kind, message);
        if (reply.ok()) {
            *into = std::move(message);
        } else if (reply.answer != ArchiveAnswer::absent) {
            return reply;
        }
    }
    return {};
}

Step Replicator::find() {
    ArchiveEnds ends;
    if (const ArchiveReply reply = read_ends(ends); !reply.ok()) {
        return gone(reply.text);
    }
    ArchivePlace found;
    std::string text;
    switch (find_place(ends, found, text)) {
        case PlaceFault::none:
            break;
        case PlaceFault::changing:
            return ++looks_ > looks_max ? refuse(text) : look_again(text);
        case PlaceFault::refused:
            return refuse(text);
    }
    if (const Step step = compare(found); step != Step::sent) {
        return step;
    }
    // Servers that have just elected a leader may show a stream emptier than it is.
    if (found.archived < known_ && ++losses_ < losses_believed) {
        return look_again("it ends at record " + std::to_string(found.archived) + ", where record " +
                          std::to_string(known_) + " was in it: looking again");
    }
    losses_ = 0;
    place_ = std::move(found);
    place_.last_records.clear();  // they point into what ends here
    found_ = true;
    looks_ = 0;
    tell_found(ends.state.made_now);
    return Step::sent;
}

Step Replicator::compare(const ArchivePlace& found) {
    if (found.last_records.empty()) {
        return Step::sent;
    }
    std::string error;
    const std::string contradiction = journal_.contradiction(found.last_records, error);
    if (!error.empty()) {
        return journal_fault(error);
    }
    return contradiction.empty() ? Step::sent : refuse(contradiction);
}

void Replicator::tell_found(bool made_now) {
    if (place_.archived < known_) {
        options_.alarm(options_.archive_name + " has lost " + range_text(place_.archived + 1, known_) +
                       ", which were in it: they are sent again from the journal");
        refilling_ = known_;
    } else if (!told_ || made_now) {
        options_.say(options_.archive_name + (made_now ? ": made, and empty"
                                              : place_.archived == 0
                                                  ? ": empty"
                                                  : ": ends at record " + std::to_string(place_.archived) +
                                                        ", equal to the journal's"));
    }
    told_ = true;
    known_ = place_.archived;
}

Step Replicator::gone(const std::string& why) {
    static_cast<void>(look_again(why));
    losses_ = 0;
    return Step::away;
}

Step Replicator::look_again(const std::string& why) {
    trouble_ = why;
    archive_.close();
    open_ = found_ = false;
    return Step::unsure;
}

Step Replicator::refuse(const std::string& why) {
    trouble_ = options_.archive_name + " is refused: " + why;
    options_.alarm(trouble_);
    archive_.close();
    open_ = found_ = false;
    return Step::refused;
}

Step Replicator::journal_fault(const std::string& why) {
    trouble_ = why;
    return Step::journal;
}

}  // namespace fairlead::audit
