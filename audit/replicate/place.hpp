// ArchivePlace: where an archive stands, told from the archive itself: its state and the last message of each
// kind. Pure: no network, no journal. Whoever adds to an archive goes on from here, never from what it
// remembers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/replicate/archive.hpp"
#include "audit/replicate/message.hpp"

namespace fairlead::audit {

// As read, the state first.
struct ArchiveEnds {
    ArchiveState state;
    std::optional<ArchiveMessage> beginning;
    std::optional<ArchiveMessage> records;
    std::optional<ArchiveMessage> checkpoint;
};

struct ArchivePlace {
    std::uint64_t last_message = 0;  // the next one goes behind it
    risk::Sequence archived = 0;     // last record; with a beginning and no records the one before the first
    bool begun = false;              // the beginning is there
    std::uint64_t checkpoint_size = 0;
    std::string checkpoint;                // the note; empty: none
    std::vector<RecordView> last_records;  // of the last message of records; into ArchiveEnds
};

enum class PlaceFault : std::uint8_t {
    none,
    changing,  // read while somebody added to it, or from a server that lags: look again
    refused,   // nothing may be added to this archive
};

// `text` says why.
[[nodiscard]] PlaceFault find_place(const ArchiveEnds& ends, ArchivePlace& into, std::string& text);

}  // namespace fairlead::audit
