// Codes of a second factor; see totp.hpp.
#include "gateway/control/totp.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <array>

namespace fairlead::gateway {

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::array<unsigned char, 8> counter{};
    for (std::size_t i = 0; i < counter.size(); ++i) {
        counter[i] = static_cast<unsigned char>(step >> (8 * (counter.size() - 1 - i)));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    if (::HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(),
               mac.data(), &length) == nullptr ||
        length != 20) {
        return {};
    }
    const std::size_t at = mac[19] & 15U;
    const std::uint32_t number = (mac[at] & 0x7fU) << 24 | static_cast<std::uint32_t>(mac[at + 1] << 16) |
                                 static_cast<std::uint32_t>(mac[at + 2] << 8) | mac[at + 3];
    return std::to_string(1'000'000 + number % 1'000'000).substr(1);
}

std::int64_t totp_step_of(std::string_view secret, std::string_view code, std::int64_t utc_ns,
                          std::int64_t last_step) {
    const std::int64_t present = utc_ns / totp_step_ns;
    std::int64_t found = -1;
    for (std::int64_t step = present - 1; step <= present + 1; ++step) {
        const std::string right = totp_code(secret, step);
        const bool same = right.size() == code.size() && !right.empty() &&
                          sodium_memcmp(right.data(), code.data(), code.size()) == 0;
        found = same && step > last_step ? step : found;
    }
    return found;
}

std::string base32(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        held = held << 8 | static_cast<unsigned char>(byte);
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            text += letters[held >> bits & 31U];
        }
    }
    if (bits > 0) {
        text += letters[held << (5 - bits) & 31U];
    }
    return text;
}

}  // namespace fairlead::gateway
