#include "gateway/desk/people.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::desk {
namespace {

constexpr double minute_ns = 60e9;

std::string hash_of(const std::string& secret) {
    std::array<unsigned char, crypto_generichash_BYTES> hash{};
    ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(secret.data()),
                         secret.size(), nullptr, 0);
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

std::string random_secret() {
    std::array<unsigned char, secret_characters / 2> bytes{};
    ::randombytes_buf(bytes.data(), bytes.size());
    std::string text(secret_characters + 1, '\0');
    ::sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();
    return text;
}

bool same_secret(std::string_view one, std::string_view other) {
    return one.size() == other.size() && ::sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string People::no_room_for(std::string_view user) const {
    const auto of_user = std::count_if(people_.begin(), people_.end(),
                                       [&](const auto& other) { return other.second.user == user; });
    if (static_cast<std::size_t>(of_user) >= people_of_one_user_max) {
        return std::string(user) + " has " + std::to_string(of_user) +
               " sessions already: log one of them off, or wait until one is idle too long";
    }
    return people_.size() < people_max
               ? std::string()
               : "there are " + std::to_string(people_.size()) + " sessions already, of all users";
}

std::string People::add(Person person, std::int64_t now_ns) {
    if (!no_room_for(person.user).empty()) {
        if (!person.gateway_token.empty()) {
            ended_.push_back(std::move(person.gateway_token));
        }
        return {};
    }
    std::string secret = random_secret();
    person.csrf = person.bearer ? std::string() : random_secret();
    person.asked_ns = person.seen_ns = person.gateway_ns = person.tokens_ns = now_ns;
    person.allowance = requests_per_second_;
    people_.insert_or_assign(hash_of(secret), std::move(person));
    return secret;
}

People::Map::iterator People::end(Map::iterator at) {
    if (!at->second.gateway_token.empty()) {
        ended_.push_back(std::move(at->second.gateway_token));
    }
    return people_.erase(at);
}

Person* People::find(const std::string& secret, std::int64_t now_ns, bool asks) {
    if (secret.size() != secret_characters) {
        return nullptr;
    }
    const auto found = people_.find(hash_of(secret));
    if (found == people_.end()) {
        return nullptr;
    }
    if (now_ns - found->second.asked_ns > idle_ns_) {
        end(found);
        return nullptr;
    }
    if (asks) {
        found->second.asked_ns = now_ns;
    }
    found->second.seen_ns = now_ns;
    return &found->second;
}

void People::end(const std::string& secret) {
    const auto found = people_.find(hash_of(secret));
    if (found != people_.end()) {
        end(found);
    }
}

void People::end_user(std::string_view user) {
    for (auto at = people_.begin(); at != people_.end();) {
        at = at->second.user == user ? end(at) : std::next(at);
    }
}

void People::end_token(std::string_view gateway_token) {
    for (auto at = people_.begin(); at != people_.end();) {
        // No end(at): there is nothing left that could be ended at the gateway.
        at = at->second.gateway_token == gateway_token ? people_.erase(at) : std::next(at);
    }
}

std::vector<std::string> People::take_unseen(std::int64_t now_ns, std::int64_t after_ns, std::size_t count) {
    std::vector<std::string> tokens;
    for (auto& [hash, person] : people_) {
        if (tokens.size() < count && !person.gateway_token.empty() && person.seen_ns > person.gateway_ns &&
            now_ns - person.gateway_ns >= after_ns) {
            person.gateway_ns = now_ns;
            tokens.push_back(person.gateway_token);
        }
    }
    return tokens;
}

std::vector<std::string> People::take_ended(std::int64_t now_ns) {
    for (auto at = people_.begin(); at != people_.end();) {
        at = now_ns - at->second.asked_ns > idle_ns_ ? end(at) : std::next(at);
    }
    return std::exchange(ended_, {});
}

bool People::take(Person& person, std::int64_t now_ns) const {
    const double since = static_cast<double>(now_ns - person.tokens_ns) / 1e9;
    person.allowance = std::min(requests_per_second_, person.allowance + since * requests_per_second_);
    person.tokens_ns = now_ns;
    if (person.allowance < 1) {
        return false;
    }
    person.allowance -= 1;
    return true;
}

std::uint32_t LoginLimits::take(const std::string& name, std::int64_t now_ns) {
    if (buckets_.size() >= names_max) {
        // Full ones are as good as new ones.
        std::erase_if(buckets_, [&](const auto& one) {
            return static_cast<double>(now_ns - one.second.at_ns) >= minute_ns;
        });
        if (buckets_.size() >= names_max && !buckets_.contains(name)) {
            return 60;
        }
    }
    Bucket& bucket = buckets_.try_emplace(name, Bucket{per_minute_, now_ns}).first->second;
    bucket.left = std::min(
        per_minute_, bucket.left + static_cast<double>(now_ns - bucket.at_ns) * per_minute_ / minute_ns);
    bucket.at_ns = now_ns;
    if (bucket.left < 1) {
        return static_cast<std::uint32_t>((1 - bucket.left) * 60 / per_minute_) + 1;
    }
    bucket.left -= 1;
    return 0;
}

}  // namespace fairlead::desk
