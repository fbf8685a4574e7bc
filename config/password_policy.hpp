// PasswordPolicy: what a new password must be, and how long it holds. Pure rules: it stores nothing and
// hashes nothing; gateway/control/user_store.hpp applies it. Its numbers are the [passwords] section.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::config {

struct PasswordPolicy {
    std::uint32_t length_min = 12;     // bytes
    std::uint32_t classes_min = 3;     // of lower case, upper case, digits, others
    std::uint32_t history = 5;         // earlier passwords that may not come again, the present one too
    std::uint32_t age_min_hours = 24;  // before that it may not be changed again
    std::uint32_t age_max_days = 90;   // then it must be changed
    std::uint32_t initial_days = 30;   // one set by somebody else is dead after that
    std::uint32_t idle_days = 90;      // an account not used for so long may not log on
};

// Passwords longer than this are refused before any work is done.
inline constexpr std::size_t password_bytes_max = 128;

// Why this text cannot be the new password of this user; empty = it can, as far as the text alone says.
// The sentence never holds the password.
[[nodiscard]] std::string judge_password(const PasswordPolicy& policy, std::string_view user,
                                         std::string_view password);

}  // namespace fairlead::config
