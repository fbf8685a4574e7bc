// The [replica] section: the hosts that hold the journal beside this one, and this one as one of theirs. Read
// here, for gateway_config.cpp; the files named are opened by fairlead-ship and fairlead-standby.
#pragma once

#include <string>

#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::config {

// `file` is the configuration's own: relative paths count from its directory.
void read_replica(TomlReader reader, const std::string& file, JournalLevel level, ReplicaSection& into);

}  // namespace fairlead::config
