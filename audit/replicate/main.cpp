// fairlead-replicate: carries the journal to a second archive, a replicated stream of NATS JetStream, tells
// how far it is, and judges such an archive. Its log is for operators. Exit 0: in order; 1: something is
// wrong; 2: asked wrongly; 3: the archive contradicts the journal, and a person must look.
#include <spdlog/spdlog.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "audit/program.hpp"
#include "audit/replicate/archive_check.hpp"
#include "audit/replicate/lag.hpp"
#include "audit/replicate/nats_archive.hpp"
#include "audit/replicate/replicator.hpp"
#include "audit/replicate/status_file.hpp"
#include "config/files.hpp"

namespace {

using namespace fairlead;
using audit::Replicator;

volatile std::sig_atomic_t asked_to_end = 0;
void ask_to_end(int) {
    asked_to_end = 1;
}

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t look_ns = 50'000'000;  // how often an idle one looks
constexpr std::int64_t backoff_ns_max = 5 * second_ns;

struct RunOptions {
    audit::JournalPlace journal;
    std::string front;
    std::string status;
    std::string log;
    int lag_alarm_s = 30;
};

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

// Tells the log and the status file; once a second and when something has changed.
class Watch {
  public:
    Watch(const RunOptions& options, std::string archive) : options_(options), lag_(0) {
        status_.archive = std::move(archive);
        status_.state = "starting";
        status_.archived = remembered();
        lag_ = audit::Lag(options.lag_alarm_s * second_ns, status_.archived);
    }
    // The highest record that was in the archive, as remembered until it has been read.
    [[nodiscard]] risk::Sequence known() const { return status_.archived; }
    void look(Replicator::Step step, const Replicator& replicator, risk::Sequence synced) {
        const std::int64_t now = monotonic_ns();
        if (replicator.has_looked()) {
            status_.archived = replicator.archived();
        }
        const audit::Lag::Change change = lag_.look(synced, status_.archived, now);
        tell(change, replicator);
        std::string state = state_of(step, synced > status_.archived);
        if (state != status_.state || replicator.trouble() != status_.reason) {
            tell_trouble(step == Replicator::Step::refused ? "" : replicator.trouble());
        } else if (change == audit::Lag::Change::none && now < next_write_) {
            return;
        }
        status_.state = std::move(state);
        status_.reason = replicator.trouble();
        status_.alarm = lag_.late() || step == Replicator::Step::refused;
        status_.synced = synced;
        status_.checkpoint = replicator.checkpoint_size();
        status_.waited_ms = static_cast<std::uint64_t>(lag_.waited_ns() / 1'000'000);
        write();
        next_write_ = now + second_ns;
    }
    void end() {
        if (status_.state != "refused") {
            status_.state = "ended";
            status_.alarm = true;
            write();
        }
    }

  private:
    [[nodiscard]] risk::Sequence remembered() const {
        std::string text;
        std::string error;
        audit::ReplicatorStatus before;
        const bool read = config::read_file(options_.status, text, error) &&
                          audit::ReplicatorStatus::parse(text, before).empty();
        return read && before.archive == status_.archive ? before.archived : 0;
    }
    static std::string state_of(Replicator::Step step, bool waits) {
        switch (step) {
            case Replicator::Step::away:
            case Replicator::Step::unsure:
                return "away";
            case Replicator::Step::journal:
                return "journal";
            case Replicator::Step::refused:
                return "refused";
            case Replicator::Step::sent:
            case Replicator::Step::idle:
                break;
        }
        return waits ? "behind" : "following";
    }
    void tell(audit::Lag::Change change, const Replicator& replicator) const {
        if (change == audit::Lag::Change::raised) {
            const std::string since =
                lag_.refilling() ? "is being filled again"
                                 : "has waited for " + std::to_string(lag_.waited_ns() / second_ns) + " s";
            spdlog::critical("the archive is late: record {} {}; {}", status_.archived + 1, since,
                             replicator.trouble().empty() ? "it is at work" : replicator.trouble());
        } else if (change == audit::Lag::Change::over) {
            spdlog::info("the archive is late no more: it holds record {}", status_.archived);
        }
    }
    // A server that is away says so in other words each second: told when it begins, and when it is over.
    void tell_trouble(const std::string& trouble) {
        if (trouble.empty() != troubled_) {
            return;
        }
        troubled_ = !trouble.empty();
        if (troubled_) {
            spdlog::warn("waiting: {}", trouble);
        } else {
            spdlog::info("waiting no more");
        }
    }
    void write() {
        if (options_.status.empty()) {
            return;
        }
        status_.written_utc_s = std::time(nullptr);
        std::string error = audit::replace_status(options_.status, status_);
        if (!error.empty() && error != write_error_) {
            spdlog::error(error);
        }
        write_error_ = std::move(error);
    }

    const RunOptions& options_;
    audit::Lag lag_;
    audit::ReplicatorStatus status_;
    std::int64_t next_write_ = 0;
    bool troubled_ = false;
    std::string write_error_;
};

// In short pieces: the lag is looked at meanwhile.
void wait_for(std::int64_t nanoseconds) {
    const timespec wait{0, nanoseconds};
    ::nanosleep(&wait, nullptr);
}

int run(const RunOptions& options, const audit::NatsOptions& nats) {
    const std::string name = "archive '" + nats.stream + "'";
    audit::JournalTail journal(options.journal, options.front);
    audit::NatsArchive archive(nats);
    Watch watch(options, name);
    audit::ReplicatorOptions replicating;
    replicating.archive_name = name;
    replicating.known = watch.known();
    replicating.say = [](const std::string& text) { spdlog::info(text); };
    replicating.alarm = [](const std::string& text) { spdlog::critical(text); };
    Replicator replicator(std::move(replicating), journal, archive);
    spdlog::info("carries the journal in '{}' to {}", options.journal.directory, name);
    if (!options.front.empty() && !journal.marked()) {
        spdlog::warn("no keeper's mark of this boot in '{}': what a checkpoint covers is carried",
                     options.front);
    }
    if (std::any_of(nats.servers.begin(), nats.servers.end(), audit::plain_to_others) &&
        nats.tls_ca.empty()) {
        spdlog::warn("records go to another host in plain text: give tls:// or --tls-ca");
    }
    std::int64_t backoff_ns = look_ns;
    while (asked_to_end == 0) {
        const Replicator::Step step = replicator.step();
        watch.look(step, replicator, journal.synced());
        if (step == Replicator::Step::refused) {
            return 3;
        }
        if (step == Replicator::Step::sent) {
            backoff_ns = look_ns;
        } else if (step == Replicator::Step::idle) {
            backoff_ns = look_ns;
            wait_for(look_ns);
        } else {
            backoff_ns =
                step == Replicator::Step::unsure ? second_ns : std::min(backoff_ns * 2, backoff_ns_max);
            for (std::int64_t waited = 0; waited < backoff_ns && asked_to_end == 0; waited += look_ns) {
                wait_for(look_ns);
                watch.look(step, replicator, journal.synced());
            }
        }
    }
    watch.end();
    spdlog::info("ended at record {}", replicator.archived());
    return 0;
}

int start_run(const RunOptions& options, const audit::NatsOptions& nats) {
    if (!audit::open_log("replicate", options.log)) {
        return 2;
    }
    audit::on_end(ask_to_end);
    return run(options, nats);
}

int show_status(const std::string& path, int stale_s) {
    std::string text;
    std::string error;
    audit::ReplicatorStatus status;
    if (!config::read_file(path, text, error) ||
        !(error = audit::ReplicatorStatus::parse(text, status)).empty()) {
        std::printf("'%s' cannot be read: %s\n", path.c_str(), error.c_str());
        return 1;
    }
    std::string line;
    const bool good = audit::in_order(status, std::time(nullptr), stale_s, line);
    std::printf("%s%s\n", good ? "" : "ALARM ", line.c_str());
    return good ? 0 : 1;
}

int verify(const audit::NatsOptions& nats, const std::vector<std::string>& keys,
           const audit::JournalPlace& journal) {
    audit::ArchiveCheckOptions options;
    options.journal = journal;
    for (const std::string& text : keys) {
        if (const std::string error = audit::VerifierKey::parse(text, options.keys.emplace_back());
            !error.empty()) {
            std::fprintf(stderr, "--key %s: %s\n", text.c_str(), error.c_str());
            return 2;
        }
    }
    audit::NatsArchive archive(nats);
    const audit::ArchiveCheckReport report = audit::ArchiveCheck(options).run(archive);
    std::fputs(audit::text_of(report).c_str(), stdout);
    return report.ok() ? 0 : 1;
}

void add_stream_options(CLI::App& app, audit::NatsOptions& nats) {
    app.add_option("--server", nats.servers, "URL of a NATS server, nats://HOST:PORT; once for each of them")
        ->required()
        ->allow_extra_args(false);
    app.add_option("--stream", nats.stream, "Name of the stream")
        ->required()
        ->check([](const std::string& name) { return audit::stream_name_fault(name); });
    app.add_option("--subject", nats.subject, "Subjects begin so; fairlead.STREAM without it")
        ->check([](const std::string& name) { return audit::subject_fault(name); });
    app.add_option("--credentials", nats.credentials, "File with a NATS user's credentials")
        ->check(CLI::ExistingFile);
    app.add_option("--tls-ca", nats.tls_ca, "TLS, with this file of trusted certificates")
        ->check(CLI::ExistingFile);
    auto* certificate = app.add_option("--tls-certificate", nats.tls_certificate, "This side's certificate")
                            ->check(CLI::ExistingFile);
    auto* key = app.add_option("--tls-key", nats.tls_key, "And its private key")->check(CLI::ExistingFile);
    certificate->needs(key);
    key->needs(certificate);
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Carries the journal to a second archive, a replicated stream of NATS JetStream."};
    app.require_subcommand(1);
    app.footer(
        "Example:\n  fairlead-replicate run --journal /var/lib/fairlead/journal --front /dev/shm/fairlead "
        "--server nats://10.0.0.1:4222 --stream gw1 --replicas 3 --status "
        "/var/lib/fairlead-replicate/status.json");
    audit::NatsOptions nats;
    RunOptions options;
    std::vector<std::string> keys;
    int stale_s = 15;
    CLI::App* const running = app.add_subcommand("run", "Follows the journal and carries it to the stream");
    running->add_option("--journal", options.journal.directory, "Journal directory")
        ->required()
        ->check(CLI::ExistingDirectory);
    running->add_option("--spare", options.journal.spare, "Where the journal goes on, if its device fails");
    running->add_option(
        "--front", options.front,
        "Front directory, whose mark says what is on the disk; what a checkpoint covers without it");
    add_stream_options(*running, nats);
    running->add_option("--replicas", nats.replicas, "On how many servers the stream lies")
        ->check(CLI::IsMember({1, 3, 5}));
    running->add_option("--lag-alarm", options.lag_alarm_s, "Alarm when a record has waited so many seconds")
        ->check(CLI::Range(1, 86'400));
    running->add_option("--status", options.status, "File that says how far it is");
    running->add_option("--log", options.log, "Log file; standard error without it");
    CLI::App* const status = app.add_subcommand("status", "How far it is. Exit 0: in order, 1: an alarm");
    status->add_option("file", options.status, "The file of run --status")->required();
    status->add_option("--stale", stale_s, "An alarm when the file is older than so many seconds")
        ->check(CLI::Range(2, 86'400));
    CLI::App* const check = app.add_subcommand(
        "verify", "Judges an archive: records, chain, root, checkpoints. Exit 0: in order");
    check->add_option("journal", options.journal.directory, "A journal directory to compare it with")
        ->check(CLI::ExistingDirectory);
    check->add_option("--spare", options.journal.spare, "Where that journal goes on, if its device failed")
        ->check(CLI::ExistingDirectory);
    add_stream_options(*check, nats);
    check->add_option("--key", keys, "Verifier key of the checkpoints; once more for an older key")
        ->allow_extra_args(false);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    nats.subject = nats.subject.empty() ? "fairlead." + nats.stream : nats.subject;
    if (status->parsed()) {
        return show_status(options.status, stale_s);
    }
    if (check->parsed()) {
        nats.replicas = 0;  // whatever it is
        return verify(nats, keys, options.journal);
    }
    nats.one_server_a_time = true;
    return start_run(options, nats);
}
