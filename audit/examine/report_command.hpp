// The command lines of report and report-check.
#pragma once

#include <CLI/CLI.hpp>

#include "audit/journal_reader.hpp"

namespace fairlead::audit {

struct ReportArguments {
    std::string day;
    std::string out;
    std::string sign;
    std::string since;
    std::string checked;  // report-check: the HTML file
    std::vector<std::string> keys;
    bool reveal = false;
};

void add_report_options(CLI::App& report, ReportArguments& given);
void add_report_check_options(CLI::App& check, ReportArguments& given);
// Exit codes: 0 in order; 1 the report tells of something that is not, or cannot be written; 2 asked wrongly.
[[nodiscard]] int run_report(const JournalPlace& place, const ReportArguments& given);
// Exit codes: 0 signed by a key and unchanged; 1 not; 2 asked wrongly.
[[nodiscard]] int run_report_check(const ReportArguments& given);

}  // namespace fairlead::audit
