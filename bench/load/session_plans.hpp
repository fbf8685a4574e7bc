// SessionPlans: which sessions of the gateway's configuration are played, from which numbers, with whose
// password. Reads files, opens no connection. Called by fairlead-load's main.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/player.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::load {

struct SessionOptions {
    std::string config;
    std::string host;
    std::uint16_t port = 0;
    std::vector<std::string> senders;
    std::size_t sessions_max = 0;
    std::string password;
    std::string password_file;
    std::string state_file;
    bool reset = false;
    std::uint32_t heartbeat_s = 30;
};

struct SessionPlans {
    std::vector<SessionPlan> sessions;
    std::vector<std::uint32_t> ids;
    std::string error;
};

[[nodiscard]] SessionPlans plan_sessions(const SessionOptions& options, const config::GatewayConfig& gateway);

}  // namespace fairlead::load
