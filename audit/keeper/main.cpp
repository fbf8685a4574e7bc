// fairlead-keeper: the program around Keeper. Reads its options, takes the journal's lock, recovers the
// disk, then steps until told to end. Its log is for operators; what counts is in the journal.
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <memory>
#include <new>

#include "audit/keeper/checkpointer.hpp"
#include "audit/keeper/keeper.hpp"
#include "audit/program.hpp"
#include "config/gateway_config.hpp"

namespace {

using namespace fairlead;
using audit::Checkpointer;
using audit::Keeper;
using audit::KeeperMarkPage;
using audit::KeeperOptions;
using audit::KeeperState;
using audit::SegmentStore;

volatile std::sig_atomic_t asked_to_end = 0;
void ask_to_end(int) {
    asked_to_end = 1;
}

// An idle keeper wakes this often; a busy one looks again at once a few times before it sleeps.
constexpr long sleep_ns = 50'000;
constexpr long long_sleep_ns = 1'000'000;
constexpr int looks_before_sleep = 20;

void sleep_for(long nanoseconds) {
    const timespec wait{0, nanoseconds};
    ::nanosleep(&wait, nullptr);
}

// Steps until the end is asked for and reached. True: ended in order.
bool run(Keeper<SegmentStore>& keeper, long gather_ns) {
    int idle_looks = 0;
    bool told = false;
    while (true) {
        switch (keeper.step(audit::monotonic_now())) {
            case Keeper<SegmentStore>::Step::wrote:
                idle_looks = 0;
                if (gather_ns != 0 && asked_to_end == 0 && !keeper.much_waits()) {
                    sleep_for(gather_ns);
                }
                break;
            case Keeper<SegmentStore>::Step::idle:
                if (asked_to_end != 0 && keeper.drained()) {
                    keeper.finish();
                    return keeper.state() == KeeperState::stopped;
                }
                if (gather_ns != 0) {
                    sleep_for(gather_ns);
                } else if (++idle_looks > looks_before_sleep) {
                    sleep_for(sleep_ns);
                }
                break;
            case Keeper<SegmentStore>::Step::waiting:
                if (asked_to_end != 0) {
                    if (keeper.drained()) {
                        keeper.finish();
                        return keeper.state() == KeeperState::stopped;
                    }
                    if (!told) {
                        spdlog::warn("asked to end, waiting for a journal segment for what is published");
                        told = true;
                    }
                }
                sleep_for(long_sleep_ns);
                break;
            case Keeper<SegmentStore>::Step::halted:
                if (asked_to_end != 0) {
                    return false;
                }
                sleep_for(long_sleep_ns);
                break;
        }
    }
}

// What the operator should know about the spare before it is needed.
void tell_spare(const KeeperOptions& options) {
    if (options.spare_directory.empty()) {
        spdlog::info(
            "no spare device (journal.spare_directory): if the journal's device fails, new orders stop until "
            "it "
            "is mended and the keeper started again");
        return;
    }
    struct stat journal {};
    struct stat spare {};
    if (::stat(options.journal_directory.c_str(), &journal) == 0 &&
        ::stat(options.spare_directory.c_str(), &spare) == 0 && journal.st_dev == spare.st_dev) {
        spdlog::warn(
            "spare_directory '{}' is on the same file system as the journal '{}': it does not help when that "
            "device "
            "fails",
            options.spare_directory, options.journal_directory);
    }
}

audit::SegmentStoreOptions store_options(const KeeperOptions& options, bool spare) {
    audit::SegmentStoreOptions store;
    store.directory = spare ? options.spare_directory : options.journal_directory;
    store.segment_bytes = options.segment_bytes;
    store.ready_target = options.ready_segments;
    store.spare = spare;
    store.say = options.say;
    return store;
}

struct KeyFiles {
    std::string key;     // empty: no checkpoints
    std::string before;  // of the key that signed before this one; empty: none
    bool before_lost = false;
};

// No key: told plainly, and no checkpoints. False: there is one and it cannot be used.
bool load_checkpointer(const KeeperOptions& options, const KeyFiles& files,
                       std::unique_ptr<Checkpointer>& into) {
    if (files.key.empty()) {
        spdlog::warn(
            "no checkpoint key (journal.checkpoint_key): the journal goes on without signed checkpoints: "
            "nobody can prove later that it was not rewritten. `fairlead key new` makes a key");
        return true;
    }
    audit::SigningKey key;
    if (const std::string error = audit::SigningKey::load(files.key, key); !error.empty()) {
        spdlog::error("checkpoint_key: {}", error);
        return false;
    }
    audit::SigningKey before;
    if (const std::string error = files.before.empty() ? "" : audit::SigningKey::load(files.before, before);
        !error.empty()) {
        spdlog::error("checkpoint_key_before: {}", error);
        return false;
    }
    spdlog::info("checkpoints are signed by {}", key.verifier().text());
    audit::CheckpointerOptions checkpoints;
    checkpoints.place = {options.journal_directory, options.spare_directory};
    checkpoints.key_before_lost = files.before_lost;
    if (!files.before.empty()) {
        checkpoints.key_before = std::make_shared<const audit::SigningKey>(std::move(before));
    }
    checkpoints.say = options.say;
    checkpoints.alarm = options.alarm;
    into = std::make_unique<Checkpointer>(std::move(checkpoints), std::move(key));
    if (const std::string error = into->open(); !error.empty()) {
        spdlog::critical(error);
        return false;
    }
    return true;
}

int keep(KeeperOptions options, const KeyFiles& key_files) {
    for (const std::string& directory :
         {options.journal_directory, options.front_directory, options.spare_directory}) {
        if (std::string error = directory.empty() ? "" : audit::make_directory(directory); !error.empty()) {
            spdlog::error(error);
            return 2;
        }
    }
    const audit::LockResult lock = audit::take_lock(options.journal_directory + "/keeper.lock", "keeper");
    if (!lock.ok()) {
        spdlog::error(lock.error);
        return 2;
    }
    audit::LockResult spare_lock;
    if (!options.spare_directory.empty()) {
        spare_lock = audit::take_lock(options.spare_directory + "/keeper.lock", "keeper");
        if (!spare_lock.ok()) {
            spdlog::error(spare_lock.error);
            return 2;
        }
    }
    tell_spare(options);
    std::unique_ptr<Checkpointer> checkpointer;
    if (!load_checkpointer(options, key_files, checkpointer)) {
        return 2;
    }
    audit::MarkResult mark = audit::open_mark(options.front_directory, true);
    if (!mark.error.empty()) {
        spdlog::error(mark.error);
        return 2;
    }
    auto& page = *std::launder(reinterpret_cast<KeeperMarkPage*>(mark.map.data()));
    page.state.store(static_cast<std::uint32_t>(KeeperState::recovering), std::memory_order_relaxed);
    const auto give_up = [&page](KeeperState state, const std::string& error) {
        page.state.store(static_cast<std::uint32_t>(state), std::memory_order_relaxed);
        spdlog::critical(error);
        return 1;
    };
    SegmentStore store(store_options(options, false));
    std::unique_ptr<SegmentStore> spare;
    if (!options.spare_directory.empty()) {
        spare = std::make_unique<SegmentStore>(store_options(options, true));
    }
    // The mark is of the same boot, or it would have been cleared: the log may not end below it, nor below
    // what was signed.
    const risk::Sequence floor = std::max(page.synced.load(std::memory_order_acquire),
                                          checkpointer ? checkpointer->signed_size() : risk::Sequence{0});
    const audit::Recovered recovered = audit::recover_disk(options, floor, store, spare.get());
    if (!recovered.error.empty()) {
        return give_up(recovered.state, recovered.error);
    }
    if (checkpointer) {
        if (const std::string error = checkpointer->build(recovered.start.chain); !error.empty()) {
            return give_up(KeeperState::damage, error);
        }
        options.written = [&checkpointer](const audit::WrittenFrame& frame) { checkpointer->take(frame); };
        checkpointer->start();
    }
    Keeper<SegmentStore> keeper(options, store, page, recovered.start, spare.get());
    const bool in_order = run(keeper, options.gather_ns);
    if (checkpointer) {
        checkpointer->finish();
    }
    spdlog::info("ended at record {}: {}", keeper.synced(), audit::describe(keeper.state()));
    return in_order ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Keeps the journal: copies the front to disk, one checked frame and one write at a time."};
    app.footer("Example:\n  fairlead-keeper --config /etc/fairlead/fairlead.toml");
    std::string config_file;
    std::string log_file;
    KeyFiles key_files;
    KeeperOptions options;
    std::uint64_t segment_mib = 256;
    auto* config = app.add_option("--config", config_file, "The gateway's TOML file");
    auto* journal = app.add_option("--journal", options.journal_directory, "Journal directory on disk");
    auto* front = app.add_option("--front", options.front_directory, "Front directory in tmpfs");
    app.add_option("--spare", options.spare_directory, "Spare journal directory, on another device")
        ->excludes(config);
    journal->excludes(config)->needs(front);
    front->excludes(config)->needs(journal);
    auto* key = app.add_option("--checkpoint-key", key_files.key,
                               "Private key that signs checkpoints; none without it")
                    ->excludes(config);
    auto* before = app.add_option("--checkpoint-key-before", key_files.before,
                                  "The private key before it: both sign the next checkpoint")
                       ->needs(key);
    app.add_flag("--checkpoint-key-lost", key_files.before_lost, "There is none to hand over to the new one")
        ->needs(key)
        ->excludes(before);
    app.add_option("--segment-mib", segment_mib, "Size of a journal segment in MiB")
        ->check(CLI::Range(1, 65536))
        ->excludes(config);
    app.add_option("--ready", options.ready_segments, "Zero-written segments kept ready")
        ->check(CLI::Range(1, 16));
    app.add_option("--log", log_file, "Log file; standard error without it");
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (!config_file.empty()) {
        config::GatewayConfig gateway;
        if (!audit::load_config(config_file, gateway)) {
            return 2;
        }
        options.journal_directory = gateway.journal.directory;
        options.front_directory = gateway.journal.front_directory;
        options.spare_directory = gateway.journal.spare_directory;
        const config::JournalSection& from = gateway.journal;
        key_files = {from.checkpoint_key, from.checkpoint_key_before, from.checkpoint_key_lost};
        if (gateway.journal.level == config::JournalLevel::process) {
            options.gather_ns = std::int64_t{gateway.journal.keeper_gather_us} * 1'000;
        }
        options.slow_write_ns = std::int64_t{gateway.journal.sync_alarm_ms} * 1'000'000;
        segment_mib = gateway.journal.segment_mib;
    } else if (options.journal_directory.empty()) {
        std::fprintf(stderr, "give --config FILE, or --journal DIRECTORY and --front DIRECTORY\n");
        return 2;
    }
    options.segment_bytes = segment_mib << 20;
    if (!audit::open_log("keeper", log_file)) {
        return 2;
    }
    options.say = [](const std::string& text) { spdlog::info(text); };
    options.alarm = [](const std::string& text) { spdlog::critical(text); };

    audit::on_end(ask_to_end);
    // The kernel may delay a sleeping thread by its timer slack, 50 us unless told otherwise.
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);
    return keep(std::move(options), key_files);
}
