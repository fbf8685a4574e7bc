// Limits in bulk: a CSV file read with the project's reader, held against what is in force: what rises, what
// falls, who would be over. Nothing is set here: each row goes to the gateway as a proposal.
#pragma once

#include <string>
#include <vector>

#include "gateway/desk/gateway_asker.hpp"
#include "gateway/desk/views.hpp"

namespace fairlead::desk {

inline constexpr std::size_t batch_bytes_max = 1'000'000;
// The gateway takes twenty requests a second of one connection, and each line is one.
inline constexpr std::size_t batch_lines_max = 1'000;
// How often a line is asked again that the gateway had no time for: twelve seconds at most.
inline constexpr unsigned batch_tries = 200;

struct BatchLine {
    std::uint64_t line = 0;
    risk::Scope scope = risk::Scope::none;
    std::string key;
    risk::Dimension dimension = risk::Dimension::none;
    std::string symbol;
    std::string value;  // as the control socket takes it
    std::string expires_at;
    enum class Change : std::uint8_t { same, lower, raise } change = Change::same;
    Json shown;  // BatchChange of the API
};
struct BatchError {
    std::uint64_t line = 0;
    std::string field;
    std::string text;
};
struct Batch {
    std::vector<BatchLine> lines;
    std::vector<BatchError> errors;  // with one of these nothing may be applied
};

// Header: scope,key,dimension,symbol,value,expires_at; symbol and expires_at may be left out.
[[nodiscard]] Batch read_batch(const DeskState& state, const std::string& csv, audit::Masking masking);
// BatchAnswer of the API, nothing applied.
[[nodiscard]] Json batch_answer(const Batch& batch);
// On a worker. Proposes line after line that changes something, and writes their numbers into `answer`; ends
// with the first that is not taken, and when the desk stops. Its text then says what to do about those
// before.
[[nodiscard]] GatewayReply propose_batch(const Batch& batch, const std::string& token,
                                         const std::string& reason, GatewayAsker& gateway, Json& answer);

}  // namespace fairlead::desk
