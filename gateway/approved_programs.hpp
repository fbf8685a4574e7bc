// Approved programs: the list of pairs of program and configuration that may run (R31), which
// gateway.approvals names; an Approval is something else, a person's word. Read once, at a start; the
// gateway that is not on it records so and ends.
#pragma once

#include <string>

#include "config/gateway_config.hpp"

namespace fairlead::gateway {

// Of the program that runs. Empty error: `into` is it.
[[nodiscard]] std::string hash_program(risk::Sha256& into);

// Empty: the pair is on the list, or no list is configured; otherwise why this program may not run.
[[nodiscard]] std::string why_not_approved(const config::GatewayConfig& config);
// The same of any pair and list. `from` names the list in what is told.
[[nodiscard]] std::string why_not_approved(const std::string& list, const std::string& key,
                                           const std::string& from, const risk::Sha256& program,
                                           const risk::Sha256& configuration);

}  // namespace fairlead::gateway
