// People: who is logged on to the desk, by cookie or as a program by bearer token, and how often somebody may
// ask. It verifies no password: the gateway does, and its token for the person is kept here and shown to
// nobody. HTTP thread only. Time is a parameter.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/users.hpp"

namespace fairlead::desk {

inline constexpr std::size_t people_max = 256;
inline constexpr std::size_t people_of_one_user_max = 8;
inline constexpr std::size_t secret_characters = 64;  // 32 random bytes, in hexadecimal

struct Person {
    std::string user;
    config::Role role = config::Role::none;
    bool must_change = false;  // may change the password and nothing else
    bool bearer = false;       // a program: no cookie, so no CSRF token either
    std::string csrf;
    std::string gateway_token;
    std::int64_t asked_ns = 0;    // last own request
    std::int64_t seen_ns = 0;     // last own request, or message of its stream
    std::int64_t gateway_ns = 0;  // last time the gateway saw its token
    std::int64_t tokens_ns = 0;   // of its allowance
    double allowance = 0;
};

class People {
  public:
    People(std::int64_t idle_ns, double requests_per_second)
        : idle_ns_(idle_ns), requests_per_second_(requests_per_second) {}

    // Why this user cannot have one more session; empty: there is room.
    [[nodiscard]] std::string no_room_for(std::string_view user) const;
    // The secret that stands for the person from now on. Empty: no room, and the gateway's token is one that
    // has ended.
    [[nodiscard]] std::string add(Person person, std::int64_t now_ns);
    // Null: unknown or idle too long. `asks`: a request of the person's own, which keeps the session.
    [[nodiscard]] Person* find(const std::string& secret, std::int64_t now_ns, bool asks);
    void end(const std::string& secret);
    // All sessions of a user whose rights or password have changed.
    void end_user(std::string_view user);
    // Of which the gateway says that it does not know it any more.
    void end_token(std::string_view gateway_token);
    // Tokens the gateway has not seen for `after_ns` though their persons were here since: at most `count`,
    // taken to be shown to it now.
    [[nodiscard]] std::vector<std::string> take_unseen(std::int64_t now_ns, std::int64_t after_ns,
                                                       std::size_t count);
    // Ends those idle too long; the gateway's tokens of all that have ended since the last call.
    [[nodiscard]] std::vector<std::string> take_ended(std::int64_t now_ns);
    // False: more than its share of requests.
    [[nodiscard]] bool take(Person& person, std::int64_t now_ns) const;
    [[nodiscard]] std::size_t size() const noexcept { return people_.size(); }

  private:
    using Map = std::unordered_map<std::string, Person>;
    Map::iterator end(Map::iterator at);
    std::int64_t idle_ns_;
    double requests_per_second_;
    Map people_;  // by the hash of the secret, so that a look-up's time says nothing of it
    std::vector<std::string> ended_;
};

// 64 hexadecimal characters nobody can guess.
[[nodiscard]] std::string random_secret();
// Whether two texts are the same, in a time that does not tell where they differ.
[[nodiscard]] bool same_secret(std::string_view one, std::string_view other);

// LoginLimits: at most so many logins a minute of one name (an address, a user), before anybody is asked.
class LoginLimits {
  public:
    static constexpr std::size_t names_max = 10'000;
    explicit LoginLimits(std::uint32_t per_minute) : per_minute_(per_minute) {}
    // 0: taken. Otherwise seconds until the next one may come.
    [[nodiscard]] std::uint32_t take(const std::string& name, std::int64_t now_ns);

  private:
    struct Bucket {
        double left = 0;
        std::int64_t at_ns = 0;
    };
    double per_minute_;
    std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace fairlead::desk
