#include "gateway/control/journal_files.hpp"

#include <array>
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

int run_prune(const JournalFiles& chosen) {
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
    std::array<audit::SigningKey, 2> keys;
    if (chosen.apply && chosen.keys.size() != keys.size()) {
        return end("--apply needs the keys of two persons: --sign FILE, twice");
    }
    for (std::size_t i = 0; i < chosen.keys.size(); ++i) {
        if (const std::string error = audit::SigningKey::load(chosen.keys[i], keys[i]); !error.empty()) {
            return end("--sign " + chosen.keys[i] + ": " + error);
        }
    }
    options.pruner = keys.data();
    options.approver = keys.data() + 1;
    options.disputes_file = chosen.disputes;
    const audit::PruneResult result = audit::prune_segments(options);
    print(chosen.apply ? "pruned" : "would prune", result.pruned);
    print("kept", result.kept);
    if (!chosen.apply && result.error.empty()) {
        std::puts("Nothing was changed: --apply does it, signed by two persons: --sign, twice.");
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
    prune->add_flag("--apply", chosen.apply, "do it; two persons sign for what stays");
    prune
        ->add_option("--sign", chosen.keys,
                     "a person's private key, made by `fairlead key new`; twice: who prunes, who approves")
        ->check(CLI::ExistingFile)
        ->allow_extra_args(false);
    prune->callback([&chosen] {
        chosen.run = [&chosen](const std::string&, const std::string&) { return run_prune(chosen); };
    });
}

}  // namespace fairlead::gateway
