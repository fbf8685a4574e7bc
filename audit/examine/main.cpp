// fairlead-examine: reads a journal, offline, for examiners, auditors and the operator of the day.
// Needs only the journal directory. Exit 0: in order; 1: something is wrong; 2: asked wrongly.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "audit/examine/report.hpp"
#include "config/files.hpp"

namespace {

using namespace fairlead;

void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
}

int run_verify(const audit::JournalPlace& place, bool as_json) {
    audit::VerifyOptions options;
    options.journal_directory = place.directory;
    options.spare_directory = place.spare;
    std::string program;
    std::string error;
    std::error_code code;
    const auto beside = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
    if (!code && config::read_file((beside / "fairlead-gateway").string(), program, error)) {
        options.program = config::sha256_of(program);
    }
    const bool show = ::isatty(STDERR_FILENO) == 1;
    if (show) {
        options.progress = [](std::uint64_t records) {
            std::fprintf(stderr, "\r%llu records verified and replayed",
                         static_cast<unsigned long long>(records));
        };
    }
    const audit::VerifyReport report = audit::verify(options);
    if (show) {
        std::fputs("\r\033[K", stderr);
    }
    print(as_json ? json_of(report) : text_of(report));
    return report.ok() ? 0 : 1;
}

int run_fairness(const audit::JournalPlace& place, bool as_json) {
    const audit::FairnessReport report = audit::measure_fairness(place);
    print(as_json ? json_of(report) : text_of(report));
    return report.error.empty() && report.out_of_turn.commands == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Examines a journal offline. Exit 0: in order, 1: something is wrong, 2: asked wrongly."};
    app.require_subcommand(1);
    audit::JournalPlace place;
    bool as_json = false;
    CLI::App* verify = app.add_subcommand(
        "verify", "Checksums, chain, sequences, frame links, order numbers, and replay of every decision");
    CLI::App* fairness = app.add_subcommand(
        "fairness", "Who came first and who went first: inversions, waiting times by investor");
    for (CLI::App* command : {verify, fairness}) {
        command->add_option("journal", place.directory, "Journal directory")
            ->required()
            ->check(CLI::ExistingDirectory);
        command->add_option("--spare", place.spare, "Where the journal goes on, if its device failed")
            ->check(CLI::ExistingDirectory);
        command->add_flag("--json", as_json, "Print JSON");
    }
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return verify->parsed() ? run_verify(place, as_json) : run_fairness(place, as_json);
}
