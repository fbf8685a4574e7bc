// DamageSurvey: what can be said of a journal behind the place where reading it stopped: which records are
// not as they were written, and which are whole. Looks at every block from there on; believes nothing but
// checksums, numbers and links. Never part of a verdict: that is verify's, which calls it.
#pragma once

#include <string>
#include <vector>

#include "audit/journal_reader.hpp"

namespace fairlead::audit {

struct DamageSurvey {
    std::vector<std::string> damaged;  // each names segment, offset, record and the rule broken
    std::vector<std::string> whole;    // each names the records, and what holds them together
};
// stopped: JournalReader::next_place() after `damaged` or a torn end.
[[nodiscard]] DamageSurvey survey_damage(const JournalPlace& place, const ReadPlace& stopped);

}  // namespace fairlead::audit
