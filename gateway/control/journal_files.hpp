// `fairlead journal compress` and `fairlead journal prune`: work on a journal's directory, beside a running
// gateway or without one; they ask nobody. Called by the `fairlead` program alone.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace fairlead::gateway {

// What the parser fills.
struct JournalFiles {
    std::string directory;
    std::int64_t days = 1;
    std::string retention_class;
    std::string disputes;
    bool apply = false;
    std::vector<std::string> keys;  // files of two persons' private keys, who sign for what is pruned
    // Set when one of the commands was given: does it, and gives the exit code: 0 done, 1 refused.
    // Arguments: who asks (--user) and who approves (--approver).
    std::function<int(const std::string& user, const std::string& approver)> run;
};
void add_journal_files(CLI::App& journal, JournalFiles& chosen);

}  // namespace fairlead::gateway
