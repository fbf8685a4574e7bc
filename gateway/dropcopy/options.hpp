// What fairlead-dropcopy is told at its start: dropcopy.toml. It holds no secret, and names the journal
// itself, so that this process, which outsiders talk to, never reads the gateway's own file with the lines'
// passwords.
#pragma once

#include <string>
#include <vector>

#include "audit/segment_directory.hpp"
#include "config/error.hpp"

namespace fairlead::dropcopy {

// One who gets copies: a FIX CompID, the user who may log on with it, and whose orders it sees.
struct CopySession {
    std::string comp_id;
    std::string user;
    std::vector<std::string> investors;  // with `branches` also empty: all orders
    std::vector<std::string> branches;   // four characters each
};

struct Options {
    std::string address = "127.0.0.1";  // IPv4, the only one listened on
    int port = 9880;
    std::string comp_id = "FAIRLEAD-COPY";
    audit::JournalPlace journal;
    std::string front;
    std::string control_socket;
    std::string store;  // messages of the running connections, for QuickFIX's resends
    std::vector<CopySession> sessions;
};

[[nodiscard]] config::Loaded<Options> load_options(const std::string& path);

}  // namespace fairlead::dropcopy
