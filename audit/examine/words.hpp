// How the examiner's reports write what a person reads: times of Taipei, amounts in NTD, account numbers with
// all but their last two digits hidden. Used by explain and replay.
#pragma once

#include <string>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::audit {

enum class Language : std::uint8_t { english, chinese };
enum class Masking : std::uint8_t { masked, revealed };

// 2026-11-23T09:00:00.123456789+08:00. Taipei has had no summer time since 1979.
[[nodiscard]] std::string taipei_text(risk::UtcNs at);
// A time as taipei_text writes it, or shorter: seconds' fraction and offset may be absent (then +08:00), a
// space may stand for the T. False: it is not a time.
[[nodiscard]] bool parse_taipei(std::string_view text, risk::UtcNs& at);

// NTD/10,000 as NTD with the decimals it has: 1234.5. `unlimited` is "unlimited".
[[nodiscard]] std::string dollars_text(risk::Amount amount);
// An amount of this dimension: NTD, or shares and counts as they are.
[[nodiscard]] std::string amount_text(risk::Dimension dimension, risk::Amount amount);

// 8610-*****12 (branch and number).
[[nodiscard]] std::string account_text(const risk::AccountKey& key, Masking masking);
// Reads what account_text writes when revealed. False: not an account.
[[nodiscard]] bool parse_account(std::string_view text, risk::AccountKey& key);

[[nodiscard]] std::string_view name_of(risk::Scope scope, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::Dimension dimension, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::Side side, Language language = Language::english);

}  // namespace fairlead::audit
