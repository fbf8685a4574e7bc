// StatusFile: what the replicator is doing, for monitoring, in a small JSON file that is replaced as a whole.
// Also what the archive was once known to hold, so that a later start can tell that records of it were lost.
// Never where to go on: that the archive says.
#pragma once

#include <cstdint>
#include <string>

#include "risk/words.hpp"

namespace fairlead::audit {

struct ReplicatorStatus {
    std::string archive;
    std::string state;   // starting, following, behind, away, journal, refused, ended
    std::string reason;  // empty in good order
    bool alarm = false;  // records have waited longer than they may, or it does not go on
    risk::Sequence synced = 0;
    risk::Sequence archived = 0;
    std::uint64_t checkpoint = 0;  // records under the newest in the archive
    std::uint64_t waited_ms = 0;   // of the oldest that waits
    std::int64_t written_utc_s = 0;

    [[nodiscard]] std::string text() const;
    // Empty text: read.
    [[nodiscard]] static std::string parse(const std::string& text, ReplicatorStatus& into);
};

// Without waiting for the disk: it is written each second. Empty text: done.
[[nodiscard]] std::string replace_status(const std::string& path, const ReplicatorStatus& status);
// Whether monitoring should call somebody, and a line that says why or that all is well.
[[nodiscard]] bool in_order(const ReplicatorStatus& status, std::int64_t now_utc_s, std::int64_t stale_s,
                            std::string& line);

}  // namespace fairlead::audit
