// fairlead-examine: reads a journal, offline, for examiners, auditors and the operator of the day.
// Needs only the journal directory, and for checkpoints a public key. Exit 0: in order; 1: something is
// wrong; 2: asked wrongly.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

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
    std::vector<std::string> pruners;
    std::string since;
    std::uint64_t sequence = 0;
    std::string consistency;
    std::string checkpoint;
};

// Of all commands.
struct Given {
    audit::JournalPlace place;
    CheckpointArguments checkpoints;
    bool as_json = false;
    audit::FairnessBounds bounds;
    audit::ReplayArguments replay;
    audit::LoginArguments logins;
    audit::TrailArguments trail;
    audit::ExportArguments exporting;
    audit::ReportArguments report;
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
    for (const auto& [option, texts, keys] : {std::tuple("--key ", &given.keys, &options.keys),
                                              std::tuple("--pruned-by ", &given.pruners, &options.pruners)}) {
        for (const std::string& text : *texts) {
            if (std::string error = audit::VerifierKey::parse(text, keys->emplace_back()); !error.empty()) {
                return asked_wrongly(std::string(option).append(text).append(": ").append(error));
            }
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

int run_fairness(const audit::JournalPlace& place, const audit::FairnessBounds& bounds, bool as_json) {
    const audit::FairnessReport report = audit::measure_fairness(place);
    const std::vector<std::string> beyond = exceeded(report, bounds);
    if (as_json) {
        auto json = nlohmann::ordered_json::parse(json_of(report));
        json["beyond_bounds"] = beyond;
        print(json.dump(2) + "\n");
    } else {
        std::string verdict = beyond.empty() ? "verdict: within the bounds\n" : "";
        for (const std::string& bound : beyond) {
            verdict += "BEYOND ITS BOUND: " + bound + "\n";
        }
        print(text_of(report) + verdict);
    }
    return report.error.empty() && beyond.empty() ? 0 : 1;
}

void add_fairness_options(CLI::App& fairness, bool& as_json, audit::FairnessBounds& bounds) {
    fairness.add_flag("--json", as_json, "Print JSON");
    fairness.add_option("--max-late", bounds.late_readable_per_million_max,
                        "Bound: late readable commands in a million");
    fairness.add_option("--min-jain", bounds.jain_min, "Bound: Jain index of served over offered, 0 to 1");
    fairness.add_option("--max-distance", bounds.distance_max,
                        "Bound: KS distance between the waits of two investors, 0 to 1");
}

void add_verify_options(CLI::App& verify, Given& given) {
    verify.add_flag("--json", given.as_json, "Print JSON");
    auto* key = verify.add_option("--key", given.checkpoints.keys,
                                  "Verifier key of the journal's checkpoints; once more for an older key");
    verify
        .add_option("--since", given.checkpoints.since,
                    "A checkpoint taken away earlier: nothing before it may be other")
        ->check(CLI::ExistingFile)
        ->needs(key);
    verify
        .add_option("--pruned-by", given.checkpoints.pruners,
                    "Verifier key of a person who may prune; once for each of them")
        ->allow_extra_args(false);
}

void add_proof_options(CLI::App& proof, CheckpointArguments& given) {
    proof.add_option("sequence", given.sequence, "The record that is in the journal");
    proof
        .add_option("--consistency", given.consistency, "An older checkpoint, which the newer one continues")
        ->check(CLI::ExistingFile);
    proof
        .add_option("--checkpoint", given.checkpoint,
                    "The checkpoint to prove for; the newest kept without it")
        ->check(CLI::ExistingFile);
}

struct Command {
    const char* name;
    const char* what;
    const char* example;  // null: its options come with their own
    std::function<void(CLI::App&)> add_options;
    std::function<int()> run;
};

// All that read a journal.
std::vector<Command> commands(Given& given) {
    const audit::JournalPlace& place = given.place;
    return {
        {"verify",
         "Checksums, chain, sequences, frame links, order numbers, checkpoints, and replay of every decision",
         "verify /var/lib/fairlead/journal --key \"$KEY\" --since checkpoint-2026-11-20",
         [&given](CLI::App& app) { add_verify_options(app, given); },
         [&given, &place] { return run_verify(place, given.checkpoints, given.as_json); }},
        {"fairness", "Who came first and who went first: inversions, waiting times by investor",
         "fairness /var/lib/fairlead/journal --min-jain 0.99 --max-distance 0.2",
         [&given](CLI::App& app) { add_fairness_options(app, given.as_json, given.bounds); },
         [&given, &place] { return run_fairness(place, given.bounds, given.as_json); }},
        {"proof",
         "Writes a proof that a record is in the journal, or that it only grew between two checkpoints",
         "proof /var/lib/fairlead/journal 1247 > proof-1247.txt",
         [&given](CLI::App& app) { add_proof_options(app, given.checkpoints); },
         [&given, &place] { return run_proof(place, given.checkpoints); }},
        {"explain", "Each check of an order command: verdict, inputs, limits and their versions; replayed",
         "explain /var/lib/fairlead/journal 1247 --lang zh",
         [&given](CLI::App& app) { audit::add_explain_options(app, given.replay); },
         [&given, &place] { return audit::run_explain(place, given.replay); }},
        {"replay", "Exposures at one instant, or the orders that a proposed limits file would have refused",
         "replay /var/lib/fairlead/journal --until 2026-11-23T10:30:00 --investor INV0000017",
         [&given](CLI::App& app) { audit::add_replay_options(app, given.replay); },
         [&given, &place] { return audit::run_replay(place, given.replay); }},
        {"logins", "Logins, failed ones, logouts and password changes of sessions, lines and users; gaps",
         "logins /var/lib/fairlead/journal --from 2026-11-23T00:00:00 --user kuo",
         [&given](CLI::App& app) { audit::add_login_options(app, given.logins); },
         [&given, &place] { return audit::run_logins(place, given.logins); }},
        {"trail", "The whole life of an order, or all acts of an investor, a session or a user", nullptr,
         [&given](CLI::App& app) { audit::add_trail_options(app, given.trail); },
         [&given, &place] { return audit::run_trail(place, given.trail); }},
        {"export",
         "The journal, or one investor's part of it, as an SQLite file, CSV or Parquet files with a manifest",
         nullptr, [&given](CLI::App& app) { audit::add_export_options(app, given.exporting); },
         [&given, &place] { return audit::run_export(place, given.exporting); }},
        {"report",
         "One day as a page: orders, refusals, latency, fairness, limits, logins, incidents, completeness",
         nullptr, [&given](CLI::App& app) { audit::add_report_options(app, given.report); },
         [&given, &place] { return audit::run_report(place, given.report); }}};
}

std::shared_ptr<audit::ReadWatch> progress_on_terminal() {
    if (::isatty(STDERR_FILENO) != 1) {
        return nullptr;
    }
    return std::make_shared<audit::Progress>(
        [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); },
        [] {
            return std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                .count();
        });
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Examines a journal offline. Exit 0: in order, 1: something is wrong, 2: asked wrongly."};
    app.require_subcommand(1);
    app.footer("Example:\n  fairlead-examine verify /var/lib/fairlead/journal --key \"$KEY\"");
    Given given;
    const std::vector<Command> all = commands(given);
    for (const Command& command : all) {
        CLI::App* const sub = app.add_subcommand(command.name, command.what);
        sub->add_option("journal", given.place.directory, "Journal directory")
            ->required()
            ->check(CLI::ExistingDirectory);
        sub->add_option("--spare", given.place.spare, "Where the journal goes on, if its device failed")
            ->check(CLI::ExistingDirectory);
        command.add_options(*sub);
        if (command.example != nullptr) {
            sub->footer(std::string("Example:\n  fairlead-examine ") + command.example);
        }
    }
    CLI::App* const check =
        app.add_subcommand("report-check", "Whether a day's page is the one that was signed");
    audit::add_report_check_options(*check, given.report);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (check->parsed()) {
        return audit::run_report_check(given.report);
    }
    given.place.watch = progress_on_terminal();
    for (const Command& command : all) {
        if (app.got_subcommand(command.name)) {
            return command.run();
        }
    }
    return 2;
}
