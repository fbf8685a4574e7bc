// Addresses, address ranges and account numbers as written in the configuration.
#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "config/gateway_config.hpp"

namespace fairlead::config {
namespace {

constexpr std::uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const Address& address) {
    return std::memcmp(address.data(), mapped_prefix, 12) == 0;
}

bool is_branch(std::string_view text) {
    if (text.size() != 4) {
        return false;
    }
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!digit && !letter) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool parse_address(std::string_view text, Address& into) {
    const std::string copy(text);
    in_addr four{};
    if (::inet_pton(AF_INET, copy.c_str(), &four) == 1) {
        std::memcpy(into.data(), mapped_prefix, 12);
        std::memcpy(into.data() + 12, &four, 4);
        return true;
    }
    return ::inet_pton(AF_INET6, copy.c_str(), into.data()) == 1;
}

std::string format_address(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_mapped(address)) {
        ::inet_ntop(AF_INET, address.data() + 12, text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    }
    return text.data();
}

bool AddressRange::contains(const Address& address) const noexcept {
    const std::size_t whole = bits / 8;
    if (std::memcmp(base.data(), address.data(), whole) != 0) {
        return false;
    }
    const unsigned rest = bits % 8;
    if (rest == 0) {
        return true;
    }
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (base[whole] & mask) == (address[whole] & mask);
}

bool parse_address_range(std::string_view text, AddressRange& into) {
    const std::size_t slash = text.find('/');
    if (!parse_address(text.substr(0, slash), into.base)) {
        return false;
    }
    const unsigned width = is_mapped(into.base) ? 32 : 128;
    unsigned bits = width;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (problem != std::errc{} || end != digits.data() + digits.size() || bits > width) {
            return false;
        }
    }
    into.bits = static_cast<std::uint8_t>(bits + (128 - width));
    return true;
}

bool parse_account(std::string_view text, risk::AccountKey& into) {
    if (text.size() != 12 || text[4] != '-' || !is_branch(text.substr(0, 4))) {
        return false;
    }
    std::uint32_t number = 0;
    for (const char c : text.substr(5)) {
        if (c < '0' || c > '9') {
            return false;
        }
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    into.branch = risk::BranchId(text.substr(0, 4));
    into.number = number;
    return true;
}

bool parse_account_pattern(std::string_view text, AccountPattern& into) {
    into = {};
    if (text.size() == 6 && text.substr(4) == "-*" && is_branch(text.substr(0, 4))) {
        into.key.branch = risk::BranchId(text.substr(0, 4));
        into.whole_branch = true;
        return true;
    }
    return parse_account(text, into.key);
}

bool parse_listen(std::string_view text, ListenAddress& into) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    std::string_view host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), into.port);
    Address address{};
    into.address = host;
    return problem == std::errc{} && end == digits.data() + digits.size() && parse_address(host, address);
}

}  // namespace fairlead::config
