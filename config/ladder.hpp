// The [ladder] section: what the gateway does of itself as the use of a limit climbs. Read here,
// for gateway_config.cpp; acted upon by gateway/control_proposals.cpp.
#pragma once

#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::config {

void read_ladder(TomlReader reader, LadderSection& into);

}  // namespace fairlead::config
