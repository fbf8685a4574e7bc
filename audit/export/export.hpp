// export: a journal, or what one investor has in it, as tables for others: an SQLite file,
// CSV or Parquet files, with a manifest that says from which journal, up to which record and root, and the
// SHA-256 of each file (R21).
#pragma once

#include <string>
#include <vector>

#include "audit/examine/words.hpp"
#include "audit/journal_reader.hpp"
#include "audit/note.hpp"

namespace fairlead::audit {

struct ExportOptions {
    JournalPlace place;
    std::string sqlite_file;     // one of the three
    std::string csv_folder;      // made if it is not there
    std::string parquet_folder;  // as well
    std::string investor;        // empty = all; else nobody else's rows, and no row of nobody's
    risk::UtcNs from = 0;        // of events, fills and limits; an order by its last event
    risk::UtcNs to = INT64_MAX;
    std::vector<VerifierKey> keys;  // whose checkpoints are believed; none: not checked
    Masking masking = Masking::masked;
    bool replace = false;
};

struct ExportResult {
    std::string error;  // nothing lies under a final name then
    std::string manifest_file;
    std::string manifest;  // its text
    std::uint64_t records = 0;
    std::uint64_t orders = 0;
    std::uint64_t events = 0;
    std::uint64_t fills = 0;
    std::uint64_t limits = 0;
};

// One pass. Memory: one entry an order of the day, one a limit.
[[nodiscard]] ExportResult export_journal(const ExportOptions& options);

}  // namespace fairlead::audit
