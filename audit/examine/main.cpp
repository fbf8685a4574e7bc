// fairlead-examine: reads a journal, offline, for examiners, auditors and the operator of the day.
// Needs only the journal directory, and for checkpoints a public key. Exit 0: in order; 1: something is
// wrong; 2: asked wrongly.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "audit/checkpoint_files.hpp"
#include "audit/examine/export_command.hpp"
#include "audit/examine/login_command.hpp"
#include "audit/examine/progress.hpp"
#include "audit/examine/proof.hpp"
#include "audit/examine/replay_commands.hpp"
#include "audit/examine/report.hpp"
#include "audit/examine/report_command.hpp"
#include "audit/examine/trail_command.hpp"
#include "config/files.hpp"

namespace {

using namespace fairlead;

void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
}

// Of verify and proof, as given.
struct CheckpointArguments {
    std::vector<std::string> keys;
    std::string since;
    std::uint64_t sequence = 0;
    std::string consistency;
    std::string checkpoint;
};

int asked_wrongly(const std::string& text) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return 2;
}

// SHA-256 of the gateway that lies beside this program.
void find_program(risk::Sha256& hash) {
    std::string program;
    std::string error;
    std::error_code code;
    const auto beside = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
    if (!code && config::read_file((beside / "fairlead-gateway").string(), program, error)) {
        hash = config::sha256_of(program);
    }
}

int run_verify(const audit::JournalPlace& place, const CheckpointArguments& given, bool as_json) {
    audit::VerifyOptions options;
    options.journal_directory = place.directory;
    options.spare_directory = place.spare;
    for (const std::string& text : given.keys) {
        if (std::string error = audit::VerifierKey::parse(text, options.keys.emplace_back());
            !error.empty()) {
            return asked_wrongly("--key " + text + ": " + error);
        }
    }
    audit::SignedCheckpoint since;
    if (!given.since.empty()) {
        if (std::string error = audit::read_checkpoint(given.since, since); !error.empty()) {
            return asked_wrongly("--since: " + error);
        }
        options.since = &since;
    }
    find_program(options.program);
    options.watch = place.watch;
    const audit::VerifyReport report = audit::verify(options);
    print(as_json ? json_of(report) : text_of(report));
    return report.ok() ? 0 : 1;
}

int run_proof(const audit::JournalPlace& place, const CheckpointArguments& given) {
    if ((given.sequence == 0) == given.consistency.empty()) {
        return asked_wrongly("give a record's SEQUENCE, from 1, or --consistency OLD");
    }
    audit::SignedCheckpoint checkpoint;
    audit::SignedCheckpoint old;
    std::string error = given.checkpoint.empty() ? audit::newest_checkpoint(place, checkpoint)
                                                 : audit::read_checkpoint(given.checkpoint, checkpoint);
    if (error.empty() && !given.consistency.empty()) {
        error = audit::read_checkpoint(given.consistency, old);
    }
    if (!error.empty()) {
        return asked_wrongly(error);
    }
    const audit::ProofResult proof = given.consistency.empty()
                                         ? audit::prove_inclusion(place, given.sequence, checkpoint)
                                         : audit::prove_consistency(place, old, checkpoint);
    if (!proof.error.empty()) {
        std::fprintf(stderr, "no proof: %s\n", proof.error.c_str());
        return 1;
    }
    print(proof.text);
    return 0;
}

int run_fairness(const audit::JournalPlace& place, bool as_json) {
    const audit::FairnessReport report = audit::measure_fairness(place);
    print(as_json ? json_of(report) : text_of(report));
    return report.error.empty() && report.out_of_turn.commands == 0 ? 0 : 1;
}

void add_checkpoints(CLI::App& verify, CLI::App& proof, CheckpointArguments& given) {
    auto* key = verify.add_option("--key", given.keys,
                                  "Verifier key of the journal's checkpoints; once more for an older key");
    verify
        .add_option("--since", given.since, "A checkpoint taken away earlier: nothing before it may be other")
        ->check(CLI::ExistingFile)
        ->needs(key);
    proof.add_option("sequence", given.sequence, "The record that is in the journal");
    proof
        .add_option("--consistency", given.consistency, "An older checkpoint, which the newer one continues")
        ->check(CLI::ExistingFile);
    proof
        .add_option("--checkpoint", given.checkpoint,
                    "The checkpoint to prove for; the newest kept without it")
        ->check(CLI::ExistingFile);
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Examines a journal offline. Exit 0: in order, 1: something is wrong, 2: asked wrongly."};
    app.require_subcommand(1);
    audit::JournalPlace place;
    CheckpointArguments given;
    bool as_json = false;
    CLI::App* verify = app.add_subcommand(
        "verify",
        "Checksums, chain, sequences, frame links, order numbers, checkpoints, and replay of every decision");
    CLI::App* fairness = app.add_subcommand(
        "fairness", "Who came first and who went first: inversions, waiting times by investor");
    CLI::App* proof = app.add_subcommand(
        "proof",
        "Writes a proof that a record is in the journal, or that it only grew between two checkpoints");
    CLI::App* explain = app.add_subcommand(
        "explain", "Each check of an order command: verdict, inputs, limits and their versions; replayed");
    CLI::App* replay = app.add_subcommand(
        "replay", "Exposures at one instant, or the orders that a proposed limits file would have refused");
    CLI::App* logins = app.add_subcommand(
        "logins", "Logins, failed ones, logouts and password changes of sessions, lines and users; gaps");
    CLI::App* trail = app.add_subcommand(
        "trail", "The whole life of an order, or all acts of an investor, a session or a user");
    CLI::App* exporting = app.add_subcommand(
        "export",
        "The journal, or one investor's part of it, as an SQLite file or CSV files with a manifest");
    CLI::App* report = app.add_subcommand("report",
                                          "One day as a page: orders, refusals, latency, fairness, "
                                          "limits, logins, incidents, completeness");
    CLI::App* report_check =
        app.add_subcommand("report-check", "Whether a day's page is the one that was signed");
    audit::ReplayArguments replaying;
    audit::LoginArguments logging_in;
    audit::TrailArguments trailing;
    audit::ExportArguments export_given;
    audit::ReportArguments reporting;
    for (CLI::App* command : {verify, fairness, proof, explain, replay, logins, trail, exporting, report}) {
        command->add_option("journal", place.directory, "Journal directory")
            ->required()
            ->check(CLI::ExistingDirectory);
        command->add_option("--spare", place.spare, "Where the journal goes on, if its device failed")
            ->check(CLI::ExistingDirectory);
    }
    for (CLI::App* command : {verify, fairness}) {
        command->add_flag("--json", as_json, "Print JSON");
    }
    add_checkpoints(*verify, *proof, given);
    audit::add_explain_options(*explain, replaying);
    audit::add_replay_options(*replay, replaying);
    audit::add_login_options(*logins, logging_in);
    audit::add_trail_options(*trail, trailing);
    audit::add_export_options(*exporting, export_given);
    audit::add_report_options(*report, reporting);
    audit::add_report_check_options(*report_check, reporting);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (::isatty(STDERR_FILENO) == 1) {
        place.watch = std::make_shared<audit::Progress>(
            [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); },
            [] {
                return std::chrono::duration_cast<std::chrono::nanoseconds>(
                           std::chrono::steady_clock::now().time_since_epoch())
                    .count();
            });
    }
    if (proof->parsed()) {
        return run_proof(place, given);
    }
    if (explain->parsed()) {
        return audit::run_explain(place, replaying);
    }
    if (replay->parsed()) {
        return audit::run_replay(place, replaying);
    }
    if (logins->parsed()) {
        return audit::run_logins(place, logging_in);
    }
    if (trail->parsed()) {
        return audit::run_trail(place, trailing);
    }
    if (exporting->parsed()) {
        return audit::run_export(place, export_given);
    }
    if (report->parsed()) {
        return audit::run_report(place, reporting);
    }
    if (report_check->parsed()) {
        return audit::run_report_check(reporting);
    }
    return verify->parsed() ? run_verify(place, given, as_json) : run_fairness(place, as_json);
}
