// FIX text as the simulated peers write and read it: a list of tags and values. A second, plain opinion on
// the product's encoder and reader; it shares nothing with gateway/fix.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::simulation {

using Fields = std::vector<std::pair<int, std::string>>;

struct FixMessage {
    Fields fields;  // without BeginString, BodyLength and CheckSum
    [[nodiscard]] std::string get(int tag) const;
    [[nodiscard]] bool has(int tag) const;
    [[nodiscard]] std::uint64_t number(int tag) const;
    [[nodiscard]] std::string type() const { return get(35); }
    // What must be the same when it is sent again.
    [[nodiscard]] std::string content() const;
};

// `fields` begins with 35.
[[nodiscard]] std::string write_fix(const Fields& fields);
// Takes the first whole message off the front of `bytes`. False: there is none yet. `bad` says what is wrong
// with bytes that can be no message.
[[nodiscard]] bool take_fix(std::string& bytes, FixMessage& into, std::string& bad);
[[nodiscard]] std::string fix_time(std::int64_t utc_ns);
[[nodiscard]] std::string fix_price(std::int64_t price);  // in 1/10,000
[[nodiscard]] std::int64_t parse_fix_price(const std::string& text);

}  // namespace fairlead::simulation
