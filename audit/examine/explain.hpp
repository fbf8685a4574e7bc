// explain: what the check list saw of one order command, asked of the production Ledger that has replayed the
// journal up to it, and whether it decides again, byte for byte, as the journal says (R18).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/examine/credit_judge.hpp"
#include "audit/examine/words.hpp"
#include "audit/journal_reader.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

// not_run: the list leaves it out for this command (a Replace is not asked everything a New is).
enum class Verdict : std::uint8_t { passed, refused, not_reached, not_run };

struct CheckInput {
    std::string english;
    std::string chinese;
    std::string value;
};

struct ExplainedUse {
    CreditUse use;
    risk::Amount after = 0;  // of the counter, once the command was decided
};

struct ExplainedCheck {
    risk::Check check = risk::Check::road_open;
    Verdict verdict = Verdict::not_reached;
    std::vector<CheckInput> inputs;
    std::vector<ExplainedUse> uses;
};

// Who put a Limit in force, and when.
struct LimitOrigin {
    risk::UtcNs at = 0;
    bool opening = false;  // by the limits file of the day that began at `at`
    std::string user;      // empty: opening
    std::string approver;  // empty: one person sufficed
    std::string reason;
};

struct Explanation {
    std::string error;  // not empty: nothing else is filled
    risk::Sequence sequence = 0;
    risk::RecordKind kind = risk::RecordKind::none;
    risk::UtcNs at = 0;
    bool is_command = false;             // New, Replace or Cancel
    std::vector<CheckInput> terms;       // what was asked, of a command
    std::vector<ExplainedCheck> checks;  // of a New, or a Replace that was let into the list
    bool has_decision = false;           // the journal holds one
    risk::Decision decision;             // the Ledger's
    risk::Decision journaled;
    bool equal = false;                             // has_decision, and the two are the same bytes
    std::map<risk::Sequence, LimitOrigin> origins;  // by version
};

// What a check of the list is called.
[[nodiscard]] std::string_view name_of(risk::Check check, Language language) noexcept;

// A damaged journal is explained as far as it can be read; a sequence outside it is an error.
[[nodiscard]] Explanation explain(const JournalPlace& place, risk::Sequence sequence, Masking masking);

[[nodiscard]] std::string text_of(const Explanation& explanation, Language language);
[[nodiscard]] std::string json_of(const Explanation& explanation, Language language);

}  // namespace fairlead::audit
