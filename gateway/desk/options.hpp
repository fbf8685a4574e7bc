// What fairlead-desk is told at its start: desk.toml. It holds no secret but the path of the TLS key, and
// names the journal itself, so that this process, which browsers talk to, never reads the gateway's own file.
#pragma once

#include <string>

#include "audit/segment_directory.hpp"
#include "config/error.hpp"
#include "gateway/desk/desk_state.hpp"

namespace fairlead::desk {

struct Options {
    std::string address = "127.0.0.1";  // the only one listened on
    std::uint16_t port = 9443;
    std::vector<std::string> hosts;  // what a browser may call this desk, beside address and localhost
    std::string certificate;         // PEM, with its chain
    std::string certificate_key;     // PEM
    std::string console_directory;   // the built page; empty: the API alone
    std::string log_file;            // empty: standard error
    audit::JournalPlace journal;
    std::string front;
    std::string control_socket;
    std::uint32_t idle_s = 900;              // of a person's session
    std::uint32_t connections_max = 64;      // at once
    std::uint32_t logins_per_minute = 10;    // of one address, and of one user from there
    std::uint32_t requests_per_second = 50;  // of one session or address
    risk::Sizes sizes;
    Room room;
};

// Every error at once. Files named in it are looked for only by `missing_files`.
[[nodiscard]] config::Loaded<Options> load_options(const std::string& path);
// Certificate, key or console page that cannot be read: one sentence each.
[[nodiscard]] std::vector<std::string> missing_files(const Options& options);

}  // namespace fairlead::desk
