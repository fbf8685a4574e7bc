// Time-based codes of a second factor (RFC 6238: HMAC-SHA-1, six digits, 30 seconds), and the text form their
// secrets are typed in. Pure functions of secret and time. Used by UserStore.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::gateway {

inline constexpr std::size_t totp_secret_bytes = 20;
inline constexpr std::int64_t totp_step_ns = 30'000'000'000;

// Six digits for the step with this number since 1970.
[[nodiscard]] std::string totp_code(std::string_view secret, std::int64_t step);
// The step whose code this is: the present one, or one beside it for clocks that differ. -1: none. One that
// is not behind `last_step` has been used before and is none.
[[nodiscard]] std::int64_t totp_step_of(std::string_view secret, std::string_view code, std::int64_t utc_ns,
                                        std::int64_t last_step);
// RFC 4648, without padding.
[[nodiscard]] std::string base32(std::string_view bytes);

}  // namespace fairlead::gateway
