// Prunes the oldest segments of a journal whose retention has ended. A segment holds records of several
// classes and goes only as a whole: when every class in it is past its time, it is in no dispute, and every
// segment before it has gone. Of each the hashes are kept (PrunedSegment), and under
// them the signatures of two persons (PruneNote). Without `apply` it only says what
// it would do. Called by `fairlead journal prune` and by tests.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/note.hpp"
#include "risk/record.hpp"

namespace fairlead::audit {

// R9: connection records three years; R21: orders and what was decided five. Logins are kept as orders are.
enum class RetentionClass : std::uint8_t { orders = 0, logins = 1, connections = 2 };
[[nodiscard]] RetentionClass retention_class(risk::RecordKind kind) noexcept;
[[nodiscard]] const char* name_of(RetentionClass of) noexcept;
// In days of 24 hours, each year counted as 366.
[[nodiscard]] std::int64_t retention_days(RetentionClass of) noexcept;

struct PruneOptions {
    std::string directory;
    risk::UtcNs now = 0;  // nanoseconds since 1970
    // Only segments that hold records of it.
    RetentionClass wanted = RetentionClass::orders;
    bool apply = false;
    // Of two persons, needed to apply: both sign for what stays of each segment, and their keys' names are
    // kept with the hashes.
    const SigningKey* pruner = nullptr;
    const SigningKey* approver = nullptr;
    // Lines `YYYY-MM-DD YYYY-MM-DD why`: from one UTC day to another, both with it, nothing is pruned. A line
    // that cannot be read stops everything. `DIRECTORY/disputes` is read as well, if it is there.
    std::string disputes_file;
    // Told behind each step, so that tests can end there.
    std::function<void(const char* step)> behind = [](const char*) {};
};

struct PruneResult {
    std::string error;                // empty: done
    std::vector<std::string> pruned;  // a line for each; without `apply`: that would be
    std::vector<std::string> kept;    // ... with the reason
};
[[nodiscard]] PruneResult prune_segments(const PruneOptions& options);

}  // namespace fairlead::audit
