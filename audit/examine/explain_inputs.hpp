// What each check of the list reads, in words: the inputs beside its verdict. Asks a Ledger that has not seen
// the record yet. Used by explain alone.
#pragma once

#include "audit/examine/explain.hpp"

namespace fairlead::audit {

// What a New, Replace or Cancel asks for, as its record says.
[[nodiscard]] std::vector<CheckInput> command_terms(const risk::Record& record, Masking masking);

// Of a New or Replace. Limits and counters are not among them: credit_uses tells those.
[[nodiscard]] std::vector<CheckInput> check_inputs(const risk::Ledger& ledger, const risk::Record& record,
                                                   const std::optional<AskedCredit>& asked, risk::Check check,
                                                   Masking masking);

}  // namespace fairlead::audit
