// What the examiner prints: the same findings as text for people and as JSON for programs.
#pragma once

#include <string>

#include "audit/examine/fairness.hpp"
#include "audit/examine/verify.hpp"

namespace fairlead::audit {

[[nodiscard]] std::string text_of(const VerifyReport& report);
[[nodiscard]] std::string json_of(const VerifyReport& report);
[[nodiscard]] std::string text_of(const FairnessReport& report);
[[nodiscard]] std::string json_of(const FairnessReport& report);
// "fairness: ..." in one line.
[[nodiscard]] std::string summary_of(const FairnessReport& report);

}  // namespace fairlead::audit
