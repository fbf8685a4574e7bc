// Compresses the segments of a journal that nothing is written to any more. A source is removed only after
// its copy was synced, read again and found equal; killed anywhere, the journal is whole and the next run
// goes on. Called by `fairlead journal compress` and by tests; needs no gateway and may run beside one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "risk/record.hpp"

namespace fairlead::audit {

struct CompressOptions {
    std::string directory;
    risk::UtcNs now = 0;    // nanoseconds since 1970
    std::int64_t days = 1;  // the segment's last record is older than so many, from 0
    int level = 9;          // of zstd, 1 to 19
    // Told behind each step, so that tests can end there.
    std::function<void(const char* step)> behind = [](const char*) {};
};

struct CompressResult {
    std::string error;              // empty: done; what was compressed before it stays
    std::vector<std::string> done;  // a line for each segment compressed
    std::vector<std::string> kept;  // ... and for each left as it is, with the reason
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
};
[[nodiscard]] CompressResult compress_segments(const CompressOptions& options);

}  // namespace fairlead::audit
