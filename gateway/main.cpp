// fairlead-gateway: wires the order road in numbered steps and decides nothing. The order thread is
// Road::run; everything around it is Outside::run on this thread.
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/random.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <thread>

#include "audit/standby/receiver.hpp"
#include "gateway/approved_programs.hpp"
#include "gateway/certificates.hpp"
#include "gateway/confine.hpp"
#include "gateway/outside.hpp"
#include "gateway/recovery.hpp"
#include "gateway/road.hpp"
#include "gateway/start_day.hpp"
#include "gateway/statistics.hpp"
#include "gateway/takeover.hpp"
#include "gateway/tls/handshakes.hpp"
#include "gateway/tls/tls_memory.hpp"

namespace {

using namespace fairlead;

constexpr std::size_t inbox_capacity = 4096;
constexpr std::size_t errands_capacity = 8192;

void open_log(const config::GatewayConfig& config) {
    spdlog::init_thread_pool(8192, 1);
    spdlog::sink_ptr sink;
    if (config.gateway.log_file.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    } else {
        sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(config.gateway.log_file);
    }
    auto logger = std::make_shared<spdlog::async_logger>(config.gateway.name, sink, spdlog::thread_pool(),
                                                         spdlog::async_overflow_policy::overrun_oldest);
    spdlog::set_default_logger(logger);
    spdlog::flush_every(std::chrono::seconds(1));
}

std::uint64_t random_number() {
    std::uint64_t number = 0;
    risk::require(::getrandom(&number, sizeof number, 0) == sizeof number, "the kernel gives random numbers");
    return number;
}

// What the gateway needs of the machine, by its configuration.
gateway::Rights rights_of(const config::GatewayConfig& config) {
    const auto directory_of = [](const std::string& file) {
        const auto parent = std::filesystem::path(file).parent_path().string();
        return parent.empty() ? std::string(".") : parent;
    };
    gateway::Rights rights;
    rights.read = {config.journal.directory, "/etc/localtime", "/usr/share/zoneinfo", "/proc/self/exe",
                   "/proc/sys/kernel/random/boot_id"};
    rights.write = {config.journal.front_directory, config.journal.directory + "/reference",
                    directory_of(config.control.user_state), directory_of(config.control.user_database),
                    directory_of(config.control.socket)};
    if (audit::is_standby(config.journal.directory)) {
        rights.write.push_back(
            config.journal.directory);  // the mark is taken away once this host has taken over
    }
    // What a reload reads again: directories, since a finished file is put there under the name of the old
    // one.
    rights.read.push_back(directory_of(config.file));
    if (!config.gateway.approvals.empty()) {
        rights.read.push_back(directory_of(config.gateway.approvals));
    }
    for (const config::LineConfig& line : config.lines) {
        if (!line.password_file.empty()) {
            rights.read.push_back(directory_of(line.password_file));
        }
    }
    if (config.gateway.require_certificates) {
        rights.read.push_back(config.gateway.certificate_directory);
    }
    if (!config.journal.spare_directory.empty()) {
        rights.read.push_back(config.journal.spare_directory);
    }
    if (!config.gateway.log_file.empty()) {
        rights.write.push_back(directory_of(config.gateway.log_file));
    }
    for (const config::ListenAddress& listen : config.gateway.listen) {
        rights.listen_ports.push_back(listen.port);
    }
    for (const config::TlsListener& tls : config.tls_listeners) {
        rights.listen_ports.push_back(tls.listen.port);
        // The directory: a new list is put there under the name of the old one.
        rights.read.push_back(directory_of(tls.revocation_list.path));
    }
    for (const config::LineConfig& line : config.lines) {
        rights.connect_ports.push_back(line.port);
    }
    return rights;
}

risk::Sizes sizes_of(const config::GatewayConfig& config) {
    risk::Sizes sizes;
    sizes.orders_max = config.sizes.orders;
    sizes.commands_max = config.sizes.commands;
    sizes.executions_max = config.sizes.executions;
    sizes.positions_max = config.sizes.positions;
    sizes.accounts_max = config.sizes.accounts;
    sizes.investors_max = config.sizes.accounts;
    sizes.securities_max = config.sizes.securities;
    sizes.limits_max = config.sizes.limits;
    sizes.sessions_max = static_cast<std::uint32_t>(config.sessions.size()) + 1;
    sizes.hash_seed = random_number();
    return sizes;
}

template <class Errors>
int complain(const Errors& errors) {
    for (const auto& error : errors) {
        std::cerr << config::describe(error) << '\n';
    }
    return 2;
}

int complain(const std::string& error) {
    std::cerr << error << '\n';
    spdlog::error("{}", error);
    return 1;
}

struct Options {
    std::string config_file;
    bool check = false;
    risk::UtcNs day_origin = 0;
};

int run(const Options& options) {
    // 1. Configuration and users: checked whole before anything is touched.
    auto loaded = config::load_gateway_config(options.config_file);
    if (!loaded.ok()) {
        return complain(loaded.errors);
    }
    const config::GatewayConfig& config = loaded.value;
    const auto users = config::load_users(config.control.users);
    if (!users.ok()) {
        return complain(users.errors);
    }
    if (const auto errors = config::check_session_users(config, users.value); !errors.empty()) {
        return complain(errors);
    }
    if (const auto states = config::load_user_states(config.control.user_state); !states.ok()) {
        return complain(states.errors);
    }

    gateway::Certificates certificates;
    if (const std::string error = certificates.open(config); !error.empty()) {
        return complain(error);
    }
    const std::vector<std::string> uncertified = certificates.uncertified(config);
    auto tls = gateway::open_tls(config);
    if (!tls.ok()) {
        return complain(tls.errors);
    }

    // 2. Reference data of the day.
    auto reference =
        config::load_reference(config, [](std::string_view what, std::uint64_t done, std::uint64_t total) {
            if (total != done) {
                std::cerr << "loading " << what << ": " << done << " rows\n";
            }
        });
    if (!reference.ok()) {
        return complain(reference.errors);
    }
    if (options.check) {
        if (const std::string why = gateway::why_not_approved(config); !why.empty()) {
            std::cout << why << '\n';
        }
        for (const std::string& client : uncertified) {
            std::cout << client << '\n';
        }
        std::cout << options.config_file << ": good; " << reference.reference.securities.size() - 1
                  << " securities, " << reference.reference.accounts.size() - 1 << " accounts, "
                  << config.sessions.size() << " sessions, " << config.lines.size() << " lines\n";
        return 0;
    }
    const std::string unapproved = gateway::why_not_approved(config);
    const gateway::Warnings unconfined =
        config.gateway.confine ? gateway::confine_process(rights_of(config))
                               : gateway::Warnings{"gateway.confine is false: nothing is given up"};
    open_log(config);
    for (const std::string& warning : unconfined) {
        spdlog::warn("{}", warning);
    }
    for (const std::string& client : uncertified) {
        spdlog::warn("{}", client);
    }

    // 3. The front: locked memory the order thread appends to.
    audit::FrontOptions front_options;
    front_options.directory = config.journal.front_directory;
    front_options.segment_count = config.journal.front_segments;
    front_options.segment_bytes = std::uint64_t{config.journal.front_segment_mib} << 20;
    front_options.journal_directory = config.journal.directory;
    front_options.spare_directory = config.journal.spare_directory;
    front_options.standbys = config.journal.level == config::JournalLevel::replica;
    auto front = audit::Front::open(front_options);
    if (!front.ok()) {
        return complain(front.error);
    }
    for (const std::string& warning : front.warnings) {
        spdlog::warn("{}", warning);
    }

    // 4. The parts of the road.
    gateway::Inbox inbox(inbox_capacity);
    gateway::Errands errands(errands_capacity);
    const int wakeup_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    gateway::InboxDoor door(inbox, wakeup_fd, !config.gateway.polling);
    risk::Ledger ledger(sizes_of(config));
    gateway::FrontJournal journal(*front.front, config.journal.level, config.replica.quorum);
    gateway::Core core(config, ledger, journal, errands);
    gateway::Outbox outbox;
    gateway::RoadSequencer sequencer(core.clock, journal, ledger, outbox);
    core.sequencer = &sequencer;
    gateway::UserStoreOptions store_options;
    store_options.database = config.control.user_database;
    store_options.state_file = config.control.user_state;
    store_options.visit_hours = config.control.visit_hours;
    store_options.policy = config.passwords;
    gateway::UserStore user_store(users.value, store_options);
    if (const std::string error = user_store.open(); !error.empty()) {
        return complain(error);
    }
    gateway::AuthOptions auth_options;
    auth_options.why_not_certified = certificates.rule();
    auth_options.nice = 10;
    gateway::AuthWorker auth(
        user_store,
        [&door](const gateway::AuthResult& result) {
            while (!door.push(result)) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        },
        auth_options);
    gateway::History history(
        {{config.journal.directory, config.journal.spare_directory}, config.journal.front_directory}, inbox);
    gateway::MassEffects mass_effects(core);
    gateway::ClientSide clients(core, auth, history, mass_effects);
    gateway::VenueSide venues(core, random_number());
    gateway::ControlSide control(core, clients, venues, mass_effects);
    outbox.join(clients, venues);

    // 5. Back to where the journal says we were.
    gateway::Recovery recovery(core, clients, venues);
    const auto replayed =
        recovery.replay([](std::uint64_t records) { spdlog::info("replayed {} records", records); });
    if (!replayed.error.empty()) {
        return complain(replayed.error);
    }
    sequencer.restore(replayed.last);
    spdlog::info("replayed {} records, digest {:016x}{:016x}", replayed.records, ledger.digest()[0],
                 ledger.digest()[1]);

    // 6. Start Record, open ends of the last run, and the day.
    gateway::RunStart begin;
    begin.replayed = replayed;
    begin.day_origin = options.day_origin;
    begin.unapproved = unapproved;
    const std::string day_error =
        gateway::start_run(core, recovery, clients, venues, mass_effects, std::move(reference), begin);
    if (!day_error.empty()) {
        return complain(day_error);
    }

    if (const std::string error = gateway::record_takeover(core); !error.empty()) {
        return complain(error);
    }
    control.settle_overdue();

    // 7. Listeners, control socket, signals; then the order thread; this thread stays outside.
    gateway::Outside outside(config, user_store, door, errands);
    if (std::string error = outside.start(); !error.empty()) {
        return complain(error);
    }
    for (const std::string& address : outside.addresses()) {
        spdlog::info("listening on {}", address);
    }
    gateway::Handshakes handshakes(tls.value,
                                   [&door](const gateway::InboxItem& item) { return door.push(item); });
    if (std::string error = handshakes.start(); !error.empty()) {
        return complain(error);
    }
    for (const std::string& address : handshakes.addresses()) {
        spdlog::info("listening with TLS on {}", address);
    }
    gateway::Road road(core, clients, venues, mass_effects, control, inbox, wakeup_fd);
    gateway::Statistics statistics;
    if (const std::string error = statistics.open(config.journal.front_directory, core.clock.utc_ns());
        !error.empty()) {
        spdlog::warn("{}: nobody sees the gateway's own figures", error);
    }
    road.show(statistics.page());
    // Every listener is open: nothing but the work itself is needed any more.
    if (config.gateway.confine) {
        if (const std::string error = gateway::lock_memory(); !error.empty()) {
            spdlog::warn("{}", error);
        }
        if (const std::string error = gateway::confine_calls(); !error.empty()) {
            return complain(error);
        }
    }
    std::thread order_thread([&road, &errands, cpu = config.gateway.order_cpu] {
        if (const std::string error = gateway::bind_thread(cpu); !error.empty()) {
            spdlog::error("gateway.order_cpu = {}: {}; the order thread runs where the kernel puts it", cpu,
                          error);
        }
        gateway::TlsStream::prepare_thread();
        road.run();
        while (!errands.push(gateway::Stopped{})) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    outside.run();
    order_thread.join();
    handshakes.stop();
    spdlog::info("stopped after record {}", sequencer.last());
    return core.must_stop ? 3 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Fairlead: checks, journals and routes the orders of a broker's clients to TWSE and TPEx"};
    app.footer("Example:\n  fairlead-gateway --config /etc/fairlead/fairlead.toml --check");
    Options options;
    app.add_option("--config", options.config_file, "configuration file (TOML)")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_flag("--check", options.check, "only check configuration and reference data");
    app.add_option("--day-origin", options.day_origin,
                   "UTC nanoseconds the phases of a calendar with origin = \"start\" count from");
    CLI11_PARSE(app, argc, argv);
    // Before OpenSSL takes any memory; nothing has used it yet.
    if (!gateway::TlsMemory::install()) {
        return complain(std::string("OpenSSL has been used before its memory could be watched"));
    }
    int result = 0;
    try {
        result = run(options);
    } catch (const std::exception& problem) {
        result = complain(std::string("start failed: ") + problem.what());
    }
    // Last: until their destructors have joined them, threads of ours may log.
    spdlog::shutdown();
    return result;
}
