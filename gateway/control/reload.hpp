// Reload: the configuration read again, on its way from who has read and checked it (Reloader) through the
// control socket's server to the order thread, which records it and takes what may change, and back to where
// it is freed. It has one owner at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"
#include "gateway/orders/line_rate.hpp"

namespace fairlead::gateway {

struct Reload {
    bool good = false;  // false: nothing changes, `text` says why
    bool taken = false;
    std::string text;                                   // for the Record and for who asked
    config::GatewayConfig config;                       // the new one; what was in force before, once taken
    std::vector<LineRate> rates;                        // a window for each of its lines, for a new rate
    std::shared_ptr<const config::GatewayConfig> next;  // a copy: the next one is compared with it
};

}  // namespace fairlead::gateway
