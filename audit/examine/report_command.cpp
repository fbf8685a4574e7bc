#include "audit/examine/report_command.hpp"

#include <cstdio>

#include "audit/checkpoint_files.hpp"
#include "audit/day_report/day_report.hpp"
#include "config/files.hpp"

namespace fairlead::audit {

namespace {

int asked_wrongly(const std::string& text) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return 2;
}

// Empty text: read.
std::string read_keys(const std::vector<std::string>& texts, std::vector<VerifierKey>& keys) {
    for (const std::string& text : texts) {
        if (const std::string error = VerifierKey::parse(text, keys.emplace_back()); !error.empty()) {
            return "--key " + text + ": " + error;
        }
    }
    return {};
}

}  // namespace

void add_report_options(CLI::App& report, ReportArguments& given) {
    report.add_option("day", given.day, "2026-11-23, Taipei")->required();
    report.add_option("--out", given.out, "The HTML file")->required();
    report.add_option("--key", given.keys,
                      "Verifier key of the journal's checkpoints; once more for an older key");
    report
        .add_option("--since", given.since, "A checkpoint taken away earlier: nothing before it may be other")
        ->check(CLI::ExistingFile);
    report
        .add_option("--sign", given.sign,
                    "Private key of who answers for the report; writes the note OUT.note")
        ->check(CLI::ExistingFile);
    report.add_flag("--reveal", given.reveal, "Account numbers whole, which the report says");
    report.footer(
        "Example:\n  fairlead-examine report /var/lib/fairlead/journal 2026-11-23 --key \"$KEY\" --out "
        "day.html --sign office.key");
}

void add_report_check_options(CLI::App& check, ReportArguments& given) {
    check.add_option("report", given.checked, "The HTML file, its note beside it")
        ->required()
        ->check(CLI::ExistingFile);
    check.add_option("--key", given.keys, "Verifier key of who signed it")->required();
    check.footer("Example:\n  fairlead-examine report-check day.html --key \"$OFFICE_KEY\"");
}

int run_report(const JournalPlace& place, const ReportArguments& given) {
    DayReportOptions options;
    options.place = place;
    options.day = given.day;
    options.masking = given.reveal ? Masking::revealed : Masking::masked;
    if (const std::string error = read_keys(given.keys, options.keys); !error.empty()) {
        return asked_wrongly(error);
    }
    SignedCheckpoint since;
    if (!given.since.empty()) {
        if (const std::string error = read_checkpoint(given.since, since); !error.empty()) {
            return asked_wrongly("--since: " + error);
        }
        options.since = &since;
    }
    SigningKey key;
    if (!given.sign.empty()) {
        if (const std::string error = SigningKey::load(given.sign, key); !error.empty()) {
            return asked_wrongly("--sign: " + error);
        }
    }
    const DayReport report = make_day_report(options);
    if (!report.error.empty()) {
        return asked_wrongly(report.error);
    }
    std::string error = config::write_file_atomically(given.out, report.html);
    if (error.empty() && !given.sign.empty()) {
        const std::string text = report_note_text(key.verifier().name(), given.day, report.html);
        error = config::write_file_atomically(given.out + ".note", key.sign_text(text));
    }
    if (!error.empty()) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    std::printf("%s: %s\n", given.out.c_str(),
                report.in_order ? "in order" : "not in order, see the verdicts in it");
    return report.in_order ? 0 : 1;
}

int run_report_check(const ReportArguments& given) {
    std::vector<VerifierKey> keys;
    if (const std::string error = read_keys(given.keys, keys); !error.empty()) {
        return asked_wrongly(error);
    }
    std::string html;
    std::string note;
    std::string error;
    if (!config::read_file(given.checked, html, error) ||
        !config::read_file(given.checked + ".note", note, error)) {
        return asked_wrongly(error);
    }
    error = check_report(html, note, keys);
    if (!error.empty()) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    std::printf("%s: signed, and unchanged since\n", given.checked.c_str());
    return 0;
}

}  // namespace fairlead::audit
