// The exchange's status codes that the stand-in gives, with the text that follows the code in tag 58
// ("0032-CUT QTY OVER LEAVES"), and the first digit each sub-system puts on them. A table, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::exchange {

using Code = std::uint16_t;  // without the sub-system's digit; 0 = no objection

inline constexpr Code time_over = 1;
inline constexpr Code time_early = 2;
inline constexpr Code wait_please = 4;
inline constexpr Code order_not_found = 5;
inline constexpr Code change_error = 11;
inline constexpr Code branch_error = 13;
inline constexpr Code account_error = 14;  // odd lots: quantity must be 1 to 999
inline constexpr Code odd_quantity_error = 14;
inline constexpr Code order_number_error = 18;
inline constexpr Code channel_error = 19;
inline constexpr Code symbol_error = 20;
inline constexpr Code price_error = 21;
inline constexpr Code quantity_error = 22;
inline constexpr Code side_error = 24;
inline constexpr Code credit_type_error = 25;
inline constexpr Code exchange_code_error = 26;
inline constexpr Code quantity_was_cut = 31;
inline constexpr Code cut_over_leaves = 32;
inline constexpr Code duplicate_order = 40;
inline constexpr Code duplicate_order_tpex = 41;
inline constexpr Code suspended = 43;
inline constexpr Code price_type_error = 46;
inline constexpr Code market_forbidden = 47;
inline constexpr Code not_filled_at_once = 48;
inline constexpr Code ioc_fok_forbidden = 49;
inline constexpr Code no_leaves = 50;
inline constexpr Code reprice_forbidden = 53;
inline constexpr Code errors_over_limit = 89;
inline constexpr Code time_difference = 97;
// 0221..0233: length of the n-th field of `Field`; 0241..0256: that field is missing.
inline constexpr Code field_length = 221;
inline constexpr Code field_missing = 241;

[[nodiscard]] std::string_view code_text(Code code, risk::SessionKind kind);
// "0032-CUT QTY OVER LEAVES", "C014-..." for intraday odd lots.
[[nodiscard]] std::string status_text(Code code, risk::SessionKind kind);

}  // namespace fairlead::exchange
