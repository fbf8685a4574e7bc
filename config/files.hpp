// Whole files: read, hash, write atomically. Nothing here is on the order path. Used by the readers and
// the archive in config/.
#pragma once

#include <string>
#include <string_view>

#include "risk/record.hpp"

namespace fairlead::config {

// Reads the whole file. False: `error` says what the system said.
[[nodiscard]] bool read_file(const std::string& path, std::string& into, std::string& error);

[[nodiscard]] risk::Sha256 sha256_of(std::string_view bytes);
[[nodiscard]] std::string hex_of(const risk::Sha256& hash);

// Creates `path` with these bytes so that it is there in full or not at all: a temporary file beside it,
// synced, renamed, directory synced. Empty = done; else what failed.
[[nodiscard]] std::string write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace fairlead::config
