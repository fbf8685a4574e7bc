// Where checkpoints lie beside a journal, and how a file of them is read. Any device of a journal may have
// some. Written by the keeper's Checkpointer alone; read by it, by the examiner and by whom they are handed
// to.
#pragma once

#include <string>
#include <vector>

#include "audit/note.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

// JOURNAL/checkpoints
[[nodiscard]] std::string checkpoint_directory(const std::string& journal_directory);
// The newest one alone, replaced as a whole.
[[nodiscard]] std::string latest_checkpoint_path(const std::string& journal_directory);
// All that were signed while the journal was in this segment, one behind the other, each with an empty line.
[[nodiscard]] std::string notes_path(const std::string& journal_directory, std::uint64_t segment_number);

// The files of a journal's checkpoints, oldest first. Empty text: listed; none is none.
[[nodiscard]] std::string list_notes(const JournalPlace& place, std::vector<std::string>& paths);

struct StoredNotes {
    std::vector<std::string> notes;    // whole ones, as they were signed
    std::uint64_t complete_bytes = 0;  // up to the last whole one's end
    std::uint64_t torn_bytes = 0;      // behind it: a note that was not written to its end
    std::string error;
};
[[nodiscard]] StoredNotes read_notes(const std::string& path);
// A file with one note. Empty text: read.
[[nodiscard]] std::string read_checkpoint(const std::string& path, SignedCheckpoint& into);

}  // namespace fairlead::audit
