#include "audit/examine/trail_command.hpp"

#include <cstdio>

#include "audit/examine/trail.hpp"

namespace fairlead::audit {

void add_trail_options(CLI::App& trail, TrailArguments& given) {
    trail
        .add_option("what", given.what,
                    "order:X (a ClOrdID, SESSION/ClOrdID, the record of its New, or the venue's order "
                    "number; with --from and --to: commanded then), "
                    "investor:X, session:X (a number, or a client's CompID) or user:X")
        ->required();
    add_period(trail, given.period);
    trail.add_option("--format", given.format, "text, json or csv")
        ->check(CLI::IsMember({"text", "json", "csv"}));
    trail.add_option("--lang", given.language, "en or zh")->check(CLI::IsMember({"en", "zh"}));
    trail.add_flag("--reveal", given.reveal, "Account numbers whole, not only their last two digits");
    trail.footer(
        "Examples:\n"
        "  fairlead-examine trail /var/lib/fairlead/journal order:CLIENT-0001 --lang zh\n"
        "  fairlead-examine trail /var/lib/fairlead/journal order:6/CLIENT-0001 --format json\n"
        "  fairlead-examine trail /var/lib/fairlead/journal user:amy --from 2026-11-23T09:00:00");
}

int run_trail(const JournalPlace& place, const TrailArguments& given) {
    TrailOptions options;
    options.place = place;
    options.format = given.format == "json"  ? TableFormat::json
                     : given.format == "csv" ? TableFormat::csv
                                             : TableFormat::text;
    options.language = given.language == "zh" ? Language::chinese : Language::english;
    options.masking = given.reveal ? Masking::revealed : Masking::masked;
    if (const std::string error = parse_trail(given.what, options); !error.empty()) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
    }
    if (!read_period(given.period, options.from, options.to)) {
        return 2;
    }
    const TrailResult result =
        write_trail(options, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
    if (!result.error.empty()) {
        std::fprintf(stderr, "%s\n", result.error.c_str());
    }
    for (const std::string& candidate : result.candidates) {
        std::fprintf(stderr, "  %s\n", candidate.c_str());
    }
    return result.error.empty() ? 0 : result.asked_wrongly ? 2 : 1;
}

}  // namespace fairlead::audit
