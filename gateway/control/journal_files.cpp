#include "gateway/control/journal_files.hpp"

#include <chrono>
#include <cstdio>

#include "audit/retention/compress.hpp"
#include "audit/retention/prune.hpp"

namespace fairlead::gateway {

namespace {

risk::UtcNs utc_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void print(const char* what, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        std::printf("%-12s %s\n", what, line.c_str());
    }
}

int end(const std::string& error) {
    if (error.empty()) {
        return 0;
    }
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
}

int run_compress(const JournalFiles& chosen) {
    audit::CompressOptions options;
    options.directory = chosen.directory;
    options.now = utc_now();
    options.days = chosen.days;
    const audit::CompressResult result = audit::compress_segments(options);
    print("compressed", result.done);
    print("kept", result.kept);
    if (!result.done.empty()) {
        std::printf("%-12s %llu bytes, now %llu\n", "together",
                    static_cast<unsigned long long>(result.bytes_before),
                    static_cast<unsigned long long>(result.bytes_after));
    }
    return end(result.error);
}

int run_prune(const JournalFiles& chosen, const std::string& user, const std::string& approver) {
    audit::PruneOptions options;
    options.directory = chosen.directory;
    options.now = utc_now();
    for (const auto of :
         {audit::RetentionClass::orders, audit::RetentionClass::logins, audit::RetentionClass::connections}) {
        if (chosen.retention_class == audit::name_of(of)) {
            options.wanted = of;
        }
    }
    options.apply = chosen.apply;
    options.pruned_by = user;
    options.approved_by = approver;
    options.disputes_file = chosen.disputes;
    const audit::PruneResult result = audit::prune_segments(options);
    print(chosen.apply ? "pruned" : "would prune", result.pruned);
    print("kept", result.kept);
    if (!chosen.apply && result.error.empty()) {
        std::puts("Nothing was changed: --apply does it, with --user and --approver.");
    }
    return end(result.error);
}

}  // namespace

void add_journal_files(CLI::App& journal, JournalFiles& chosen) {
    const auto directory = [&chosen](CLI::App& command) {
        command.add_option("directory", chosen.directory, "the journal's directory")
            ->required()
            ->check(CLI::ExistingDirectory);
    };
    CLI::App* compress =
        journal.add_subcommand("compress", "Compress the segments that nothing is written to any more");
    directory(*compress);
    compress->add_option("--older-than", chosen.days, "days since the segment's last record")
        ->check(CLI::Range(0, 36'600))
        ->capture_default_str();
    compress->callback([&chosen] {
        chosen.run = [&chosen](const std::string&, const std::string&) { return run_compress(chosen); };
    });
    CLI::App* prune = journal.add_subcommand(
        "prune",
        "Say which segments are past their retention; with --apply, remove them and keep their hashes");
    directory(*prune);
    prune->add_option("--class", chosen.retention_class, "what to prune: only segments that hold some of it")
        ->required()
        ->check(CLI::IsMember({"orders", "logins", "connections"}));
    prune->add_option("--disputes", chosen.disputes,
                      "lines of YYYY-MM-DD YYYY-MM-DD why: days that must stay; beside DIRECTORY/disputes");
    prune->add_flag("--apply", chosen.apply, "do it; --user and --approver name two persons");
    prune->callback([&chosen] {
        chosen.run = [&chosen](const std::string& user, const std::string& approver) {
            return run_prune(chosen, user, approver);
        };
    });
}

}  // namespace fairlead::gateway
