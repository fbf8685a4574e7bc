#include "audit/examine/export_command.hpp"

#include <chrono>
#include <cstdio>

#include "audit/export/export.hpp"

namespace fairlead::audit {

void add_export_options(CLI::App& command, ExportArguments& given) {
    auto* sqlite = command.add_option("--sqlite", given.sqlite, "Into this SQLite file");
    auto* csv = command.add_option("--csv", given.csv, "Into CSV files in this folder");
    auto* parquet = command.add_option("--parquet", given.parquet, "Into Parquet files in this folder");
    sqlite->excludes(csv)->excludes(parquet);
    csv->excludes(parquet);
    command.add_option("--investor", given.investor, "Only this investor's rows, and nobody else's");
    add_period(command, given.period);
    command.add_option("--key", given.keys, "Verifier key: the newest checkpoint must be of this journal");
    command.add_flag("--reveal", given.reveal,
                     "Account numbers whole, not only their last two digits; the manifest says so");
    command.add_flag("--replace", given.replace, "Take the place of an earlier export");
    command.footer(
        "Examples:\n"
        "  fairlead-examine export /var/lib/fairlead/journal --sqlite day.sqlite\n"
        "  sqlite3 day.sqlite 'SELECT * FROM refusals_by_reason'\n"
        "  fairlead-examine export /var/lib/fairlead/journal --csv for-inv17 --investor INV0000017 --reveal\n"
        "  fairlead-examine export /var/lib/fairlead/journal --parquet day-parquet");
}

int run_export(const JournalPlace& place, const ExportArguments& given) {
    ExportOptions options;
    options.place = place;
    options.sqlite_file = given.sqlite;
    options.csv_folder = given.csv;
    options.parquet_folder = given.parquet;
    options.investor = given.investor;
    options.masking = given.reveal ? Masking::revealed : Masking::masked;
    options.replace = given.replace;
    if (given.sqlite.empty() && given.csv.empty() && given.parquet.empty()) {
        std::fputs("give --sqlite FILE, --csv FOLDER or --parquet FOLDER\n", stderr);
        return 2;
    }
    if (!read_period(given.period, options.from, options.to)) {
        return 2;
    }
    for (const std::string& text : given.keys) {
        if (const std::string error = VerifierKey::parse(text, options.keys.emplace_back()); !error.empty()) {
            std::fprintf(stderr, "--key %s: %s\n", text.c_str(), error.c_str());
            return 2;
        }
    }
    const auto begin = std::chrono::steady_clock::now();
    const ExportResult result = export_journal(options);
    if (!result.error.empty()) {
        std::fprintf(stderr, "nothing was exported: %s\n", result.error.c_str());
        return 1;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf(
        "%llu records read in %.1f s: %llu orders, %llu events, %llu fills, %llu limits\nmanifest: %s\n",
        static_cast<unsigned long long>(result.records), seconds,
        static_cast<unsigned long long>(result.orders), static_cast<unsigned long long>(result.events),
        static_cast<unsigned long long>(result.fills), static_cast<unsigned long long>(result.limits),
        result.manifest_file.c_str());
    return 0;
}

}  // namespace fairlead::audit
