// The rules a new password's text must keep.
#include "config/password_policy.hpp"

#include <algorithm>
#include <set>

namespace fairlead::config {
namespace {

constexpr std::size_t different_min = 5;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return result;
}

std::uint32_t classes_of(std::string_view text) {
    bool lower_case = false;
    bool upper_case = false;
    bool digit = false;
    bool other = false;
    for (const char c : text) {
        const bool is_lower = c >= 'a' && c <= 'z';
        const bool is_upper = c >= 'A' && c <= 'Z';
        const bool is_digit = c >= '0' && c <= '9';
        lower_case = lower_case || is_lower;
        upper_case = upper_case || is_upper;
        digit = digit || is_digit;
        other = other || (!is_lower && !is_upper && !is_digit);
    }
    return static_cast<std::uint32_t>(lower_case) + upper_case + digit + other;
}

bool holds(const std::string& text, const std::string& part) {
    return !part.empty() && text.find(part) != std::string::npos;
}

}  // namespace

std::string judge_password(const PasswordPolicy& policy, std::string_view user, std::string_view password) {
    if (password.size() < policy.length_min || password.size() > password_bytes_max) {
        return "the new password must have " + std::to_string(policy.length_min) + " to " +
               std::to_string(password_bytes_max) + " characters";
    }
    if (std::any_of(password.begin(), password.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
        return "the new password must not hold control characters";
    }
    if (classes_of(password) < policy.classes_min) {
        return "the new password must have " + std::to_string(policy.classes_min) +
               " of lower case letters, upper case letters, digits and others";
    }
    const std::string text = lower(password);
    const std::string name = lower(user);
    if (holds(text, name) || holds(text, std::string(name.rbegin(), name.rend()))) {
        return "the new password must not hold the user name, forwards or backwards";
    }
    if (std::set<char>(password.begin(), password.end()).size() < different_min) {
        return "the new password must have at least " + std::to_string(different_min) +
               " different characters";
    }
    for (const char* word : {"password", "passw0rd", "fairlead", "12345678", "qwertyui"}) {
        if (holds(text, word)) {
            return std::string("the new password must not hold the word ") + word;
        }
    }
    return {};
}

}  // namespace fairlead::config
