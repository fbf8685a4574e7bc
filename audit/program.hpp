// What the programs beside the gateway begin with: their configuration, their operator log, how they are
// ended.
#pragma once

#include <string>

#include "config/gateway_config.hpp"

namespace fairlead::audit {

// False: the errors stand on standard error, a line each.
[[nodiscard]] bool load_config(const std::string& path, config::GatewayConfig& into);
// The operator log of a program of this name: this file, or standard error where none is named. False: it
// cannot be opened, which stands on standard error.
[[nodiscard]] bool open_log(const char* name, const std::string& file);
// SIGTERM and SIGINT go to the handler; SIGHUP, and SIGPIPE, which a closed connection would send, to nobody.
void on_end(void (*handler)(int));

}  // namespace fairlead::audit
