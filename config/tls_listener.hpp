// The part of the configuration that is about TLS: [[tls_listener]] and a session's tls_name. Read by
// gateway_config.cpp; the files named are opened by the gateway (gateway/tls).
#pragma once

#include <string>

#include "config/toml_reader.hpp"

namespace fairlead::config {

// `file` is the configuration's own: relative paths count from its directory.
void read_tls_listener(TomlReader reader, const std::string& file, TlsListener& into);
void read_tls_name(TomlReader& reader, std::string& into);

}  // namespace fairlead::config
