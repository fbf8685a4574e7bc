// Keeps the reference data of every trading day beside the journal, so that an examiner can replay
// from the journal directory alone. Files are named by the SHA-256 of their content, written once,
// synced, never changed. The round trip is exact: the loaded Reference equals the archived one, index by
// index. Called by the gateway at day start and by the examiner.
#pragma once

#include <string>

#include "risk/reference.hpp"

namespace fairlead::config {

struct ArchivedReference {
    risk::DayStartFacts day;  // reference.day with the seven hashes filled in
    std::string error;        // empty: all files are on stable storage
    [[nodiscard]] bool ok() const { return error.empty(); }
};
// Writes <directory>/<sha256 hex>.csv for each part that is not there yet. Creates the directory.
[[nodiscard]] ArchivedReference archive_reference(const risk::Reference& reference,
                                                  const std::string& directory);

struct RestoredReference {
    risk::Reference reference;  // reference.day = the facts asked for
    std::string error;
    [[nodiscard]] bool ok() const { return error.empty(); }
};
// Checks each file's content against its name before using it.
[[nodiscard]] RestoredReference load_archived_reference(const std::string& directory,
                                                        const risk::DayStartFacts& day);

}  // namespace fairlead::config
