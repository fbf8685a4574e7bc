// Lasting logons; see token_table.hpp.
#include "gateway/control/token_table.hpp"

#include <sodium.h>

#include <algorithm>

namespace fairlead::gateway {

TokenTable::TokenTable(std::size_t tokens_max, std::int64_t idle_ns)
    : tokens_(tokens_max), idle_ns_(idle_ns) {}

TokenTable::~TokenTable() {
    for (Token& token : tokens_) {
        wipe(token);
    }
}

void TokenTable::wipe(Token& token) {
    sodium_memzero(token.secret.data(), token.secret.size());
    token = {};
}

std::string TokenTable::issue(const risk::UserName& user, std::uint64_t version, std::uint32_t peer_user,
                              std::int64_t now_ns) {
    const auto free =
        std::find_if(tokens_.begin(), tokens_.end(), [](const Token& token) { return !token.in_use; });
    if (free == tokens_.end()) {
        return {};
    }
    randombytes_buf(free->secret.data(), free->secret.size());
    free->user = user;
    free->version = version;
    free->peer_user = peer_user;
    free->used_ns = now_ns;
    free->in_use = true;
    std::string text(2 * free->secret.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), free->secret.data(), free->secret.size());
    text.pop_back();
    return text;
}

// Every place is compared, whichever matches, and each comparison takes the same time.
Token* TokenTable::match(std::string_view text) {
    std::array<unsigned char, 32> given{};
    std::size_t length = 0;
    const bool read = sodium_hex2bin(given.data(), given.size(), text.data(), text.size(), nullptr, &length,
                                     nullptr) == 0 &&
                      length == given.size();
    Token* found = nullptr;
    for (Token& token : tokens_) {
        const bool same = sodium_memcmp(token.secret.data(), given.data(), given.size()) == 0;
        found = same && token.in_use && read ? &token : found;
    }
    sodium_memzero(given.data(), given.size());
    return found;
}

const Token* TokenTable::find(std::string_view text, std::uint32_t peer_user, std::int64_t now_ns) {
    Token* token = match(text);
    if (token == nullptr || token->peer_user != peer_user || now_ns - token->used_ns >= idle_ns_) {
        return nullptr;
    }
    token->used_ns = now_ns;
    return token;
}

void TokenTable::end(std::string_view text) {
    if (Token* token = match(text); token != nullptr) {
        wipe(*token);
    }
}

bool TokenTable::take_idle(std::int64_t now_ns, Token& ended) {
    for (Token& token : tokens_) {
        if (token.in_use && now_ns - token.used_ns >= idle_ns_) {
            ended.user = token.user;
            wipe(token);
            return true;
        }
    }
    return false;
}

std::size_t TokenTable::size() const {
    return static_cast<std::size_t>(
        std::count_if(tokens_.begin(), tokens_.end(), [](const Token& token) { return token.in_use; }));
}

}  // namespace fairlead::gateway
