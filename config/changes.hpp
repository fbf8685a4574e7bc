// Changes: what differs between the configuration in force and the file read again, setting by setting. A few
// settings may change while the gateway runs, none that a Decision or a replay depends on; every other
// difference is refused, by name. Also refused is what a file cut short looks like: a key that was given and
// is missing, though its default may do. Used by `fairlead reload` (gateway/reload_reader.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/gateway_config.hpp"

namespace fairlead::config {

struct Changes {
    std::vector<std::string> taken;    // "journal.sync_refuse_ms 250 -> 300", in the order of the file
    std::vector<ConfigError> refused;  // all of them
};
[[nodiscard]] Changes changes(const GatewayConfig& in_force, const GatewayConfig& asked);

// Changes hands of what may change while running, all at once; nothing else can be changed by it. Takes and
// frees no memory. For two configurations between which `changes` refuses nothing.
void swap_changeable(GatewayConfig& one, GatewayConfig& other) noexcept;

// At most so many bytes of it, in whole characters; three dots where there is more.
[[nodiscard]] std::string cut_short(const std::string& text, std::size_t bytes_max);

// "journal.sync_refuse_ms", "session.hours": what may change while running.
[[nodiscard]] std::vector<std::string_view> changeable_keys();

}  // namespace fairlead::config
