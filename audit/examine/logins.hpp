// logins: every login, failed login, logout and change of a password or account in a journal, of client
// sessions, venue lines and users of the control socket, in time order, with gaps told: a login that no
// logout ended, a logout without a login, an attempt that was never answered (R22, R25).
#pragma once

#include <map>
#include <string>

#include "audit/examine/exposures.hpp"

namespace fairlead::audit {

struct LoginOptions {
    JournalPlace place;
    risk::UtcNs from = 0;
    risk::UtcNs to = INT64_MAX;
    std::string user;  // empty = all
    TableFormat format = TableFormat::text;
};

struct LoginsResult {
    std::string error;  // a damaged journal; what was read before it is written all the same
    std::uint64_t rows = 0;
    std::uint64_t gaps = 0;  // of the whole journal, whatever the options leave out
    std::map<std::string, std::uint64_t> by_event;
};

// Writes row by row. Memory: one entry for each session that is logged on or being checked.
[[nodiscard]] LoginsResult write_logins(const LoginOptions& options, const Sink& sink);

}  // namespace fairlead::audit
