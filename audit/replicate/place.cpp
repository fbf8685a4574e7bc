#include "audit/replicate/place.hpp"

#include <algorithm>

#include "audit/note.hpp"

namespace fairlead::audit {

namespace {

// Whether the messages that are there follow each other from a beginning on.
PlaceFault check_whole(const ArchiveEnds& ends, std::string& text) {
    const ArchiveState& state = ends.state;
    std::uint64_t seen = 0;
    for (const auto* message : {&ends.beginning, &ends.records, &ends.checkpoint}) {
        seen = std::max(seen, message->has_value() ? (*message)->number : 0);
    }
    if (seen > state.last) {
        text = "it has grown while it was read";
        return PlaceFault::changing;
    }
    if (state.messages == 0) {
        return PlaceFault::none;  // new, or all of it lost: begun anew behind its last number
    }
    if (seen < state.last) {
        text = "its last message, " + std::to_string(state.last) +
               ", is neither records nor a checkpoint of ours";
        return PlaceFault::changing;
    }
    if (state.messages != state.last - state.first + 1) {
        text = "of messages " + std::to_string(state.first) + " to " + std::to_string(state.last) +
               " it has lost " + std::to_string(state.last - state.first + 1 - state.messages) +
               " in the middle, where nothing can be put back";
        return PlaceFault::refused;
    }
    if (!ends.beginning || ends.beginning->number != state.first) {
        text = "its first message, " + std::to_string(state.first) +
               ", is no archive's beginning: what was before it is lost";
        return PlaceFault::refused;
    }
    return PlaceFault::none;
}

}  // namespace

PlaceFault find_place(const ArchiveEnds& ends, ArchivePlace& into, std::string& text) {
    into = {};
    text = ends.state.wrong;
    if (!text.empty()) {
        return PlaceFault::refused;
    }
    const PlaceFault whole = check_whole(ends, text);
    into.last_message = ends.state.last;
    if (whole != PlaceFault::none || ends.state.messages == 0) {
        return whole;
    }
    ArchiveBeginning beginning;
    if (std::string fault = ArchiveBeginning::parse(ends.beginning->bytes, beginning); !fault.empty()) {
        text = "message " + std::to_string(ends.beginning->number) + ", its beginning: " + fault;
        return PlaceFault::refused;
    }
    into.begun = true;
    into.archived = beginning.first - 1;
    if (ends.records) {
        const std::string number = "message " + std::to_string(ends.records->number);
        if (std::string fault = split_records(ends.records->bytes, into.last_records); !fault.empty()) {
            text = number + ", " + fault;
            return PlaceFault::refused;
        }
        into.archived = into.last_records.back().header.sequence;
        if (into.last_records.front().header.sequence < beginning.first) {
            text = number + " has record " + std::to_string(into.last_records.front().header.sequence) +
                   ", the archive begins with record " + std::to_string(beginning.first);
            return PlaceFault::refused;
        }
    }
    if (ends.checkpoint) {
        SignedCheckpoint checkpoint;
        const std::string fault = parse_checkpoint(ends.checkpoint->bytes, checkpoint);
        into.checkpoint = ends.checkpoint->bytes;
        into.checkpoint_size = checkpoint.checkpoint.size;
        if (!fault.empty() || into.checkpoint_size > into.archived) {
            text =
                "message " + std::to_string(ends.checkpoint->number) + ": " +
                (fault.empty() ? "a checkpoint over " + std::to_string(into.checkpoint_size) +
                                     " records, the archive ends at record " + std::to_string(into.archived)
                               : "not a checkpoint: " + fault);
            return PlaceFault::refused;
        }
    }
    return PlaceFault::none;
}

}  // namespace fairlead::audit
