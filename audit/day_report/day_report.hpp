// The report of one day: an HTML file that opens without network, and a signed note of its SHA-256 and of the
// journal's root. Completeness and fairness are judged by verify and fairness themselves; here they are
// shown.
#pragma once

#include <string>
#include <vector>

#include "audit/examine/words.hpp"
#include "audit/journal_reader.hpp"
#include "audit/note.hpp"

namespace fairlead::audit {

struct DayReportOptions {
    JournalPlace place;
    std::string day;  // yyyy-mm-dd, Taipei
    std::vector<VerifierKey> keys;
    const SignedCheckpoint* since = nullptr;
    Masking masking = Masking::masked;
};

struct DayReport {
    std::string error;  // there is no such day, or the journal cannot be opened
    std::string html;
    bool in_order = false;  // verify has no finding, and nobody was served out of turn
};

// The same journal gives the same bytes.
[[nodiscard]] DayReport make_day_report(const DayReportOptions& options);

// The text of a note for the report: what is signed. `html` is the file's bytes.
[[nodiscard]] std::string report_note_text(const std::string& origin, const std::string& day,
                                           const std::string& html);
// Whether the note was signed by one of the keys and is of these bytes. Empty text: so it is.
[[nodiscard]] std::string check_report(const std::string& html, const std::string& note,
                                       std::span<const VerifierKey> keys);

}  // namespace fairlead::audit
