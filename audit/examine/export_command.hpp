// The command line of export.
#pragma once

#include <CLI/CLI.hpp>

#include "audit/examine/period.hpp"
#include "audit/journal_reader.hpp"

namespace fairlead::audit {

struct ExportArguments {
    std::string sqlite;
    std::string csv;
    std::string parquet;
    std::string investor;
    Period period;
    std::vector<std::string> keys;
    bool reveal = false;
    bool replace = false;
};

void add_export_options(CLI::App& command, ExportArguments& given);
// Exit codes: 0 exported; 1 damage, a checkpoint that does not fit, or no room; 2 asked wrongly.
[[nodiscard]] int run_export(const JournalPlace& place, const ExportArguments& given);

}  // namespace fairlead::audit
