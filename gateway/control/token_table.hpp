// TokenTable: logons of the control socket that last: a random token stands for user and password until it is
// idle too long, its user logs out, or its user's password or account changes. Kept in memory only, bounded,
// bound to the asking process's user id, compared in constant time and wiped when it ends. Used by
// ControlServer, on its thread alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "risk/words.hpp"

namespace fairlead::gateway {

struct Token {
    std::array<unsigned char, 32> secret{};
    risk::UserName user;
    std::uint64_t version = 0;    // of the password it was given for
    std::uint32_t peer_user = 0;  // uid of the process that asked for it
    std::int64_t used_ns = 0;     // monotonic
    bool in_use = false;
};

class TokenTable {
  public:
    TokenTable(std::size_t tokens_max, std::int64_t idle_ns);
    ~TokenTable();
    TokenTable(const TokenTable&) = delete;
    TokenTable& operator=(const TokenTable&) = delete;

    // 64 hexadecimal characters; empty: every place is taken.
    [[nodiscard]] std::string issue(const risk::UserName& user, std::uint64_t version,
                                    std::uint32_t peer_user, std::int64_t now_ns);
    // Null: not one of ours, of another process's user, or idle too long. A use counts.
    [[nodiscard]] const Token* find(std::string_view text, std::uint32_t peer_user, std::int64_t now_ns);
    void end(std::string_view text);
    // Of one that was idle too long, which is ended with that; false: none is.
    [[nodiscard]] bool take_idle(std::int64_t now_ns, Token& ended);
    [[nodiscard]] std::size_t size() const;

  private:
    [[nodiscard]] Token* match(std::string_view text);
    static void wipe(Token& token);

    std::vector<Token> tokens_;
    std::int64_t idle_ns_;
};

}  // namespace fairlead::gateway
