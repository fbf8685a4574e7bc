// fairlead-ship: sends this host's journal to its standbys and tells the gate how far they have acknowledged.
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <new>
#include <thread>

#include "audit/standby/shipment.hpp"

namespace {

using namespace fairlead;

std::atomic<bool> stopping{false};
void ask_to_end(int) {
    stopping.store(true, std::memory_order_relaxed);
}

int ship(const config::GatewayConfig& config) {
    if (config.replica.standbys.empty()) {
        std::fprintf(stderr, "%s: replica.standbys: names nobody to send the journal to\n",
                     config.file.c_str());
        return 2;
    }
    audit::ChannelContext context;
    if (const std::string error =
            context.load({config.replica.authority, config.replica.certificate, config.replica.key});
        !error.empty()) {
        spdlog::error(error);
        return 2;
    }
    if (const std::string error = audit::make_directory(config.journal.front_directory); !error.empty()) {
        spdlog::error(error);
        return 2;
    }
    const audit::LockResult lock =
        audit::take_lock(config.journal.front_directory + "/ship.lock", "fairlead-ship");
    if (!lock.ok()) {
        spdlog::error(lock.error);
        return 2;
    }
    audit::MarkResult keeper = audit::open_mark(config.journal.front_directory, false);
    audit::MarkResult standbys = audit::open_standby_mark(config.journal.front_directory, true);
    for (const audit::MarkResult* mark : {&keeper, &standbys}) {
        if (!mark->error.empty()) {
            spdlog::error(mark->error);
            return 2;
        }
    }
    const auto& mark = *std::launder(reinterpret_cast<const audit::KeeperMarkPage*>(keeper.map.data()));
    audit::StandbyMarks marks(*std::launder(reinterpret_cast<audit::StandbyMarkPage*>(standbys.map.data())));
    std::vector<std::unique_ptr<audit::Shipment>> shipments;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < config.replica.standbys.size(); ++i) {
        audit::ShipmentOptions options;
        options.journal = {config.journal.directory, config.journal.spare_directory};
        options.front_directory = config.journal.front_directory;
        options.standby = config.replica.standbys[i];
        options.index = i;
        options.say = [](const std::string& text) { spdlog::info(text); };
        options.alarm = [](const std::string& text) { spdlog::error(text); };
        shipments.push_back(
            std::make_unique<audit::Shipment>(std::move(options), context, marks, mark, stopping));
    }
    for (const auto& shipment : shipments) {
        threads.emplace_back([&shipment] { shipment->run(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    spdlog::info("ended");
    // Refused by every standby: a person must look.
    return stopping.load(std::memory_order_relaxed) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Sends the journal to this host's standbys; at level replica the gate waits for them."};
    app.footer("Example:\n  fairlead-ship --config /etc/fairlead/fairlead.toml");
    std::string config_file;
    std::string log_file;
    app.add_option("--config", config_file, "The gateway's TOML file")->required();
    app.add_option("--log", log_file, "Log file; standard error without it");
    CLI11_PARSE(app, count, arguments);
    const config::Loaded<config::GatewayConfig> loaded = config::load_gateway_config(config_file);
    if (!loaded.ok()) {
        for (const config::ConfigError& error : loaded.errors) {
            std::fprintf(stderr, "%s\n", config::describe(error).c_str());
        }
        return 2;
    }
    try {
        spdlog::set_default_logger(log_file.empty() ? spdlog::stderr_logger_mt("ship")
                                                    : spdlog::basic_logger_mt("ship", log_file));
    } catch (const spdlog::spdlog_ex& error) {
        std::fprintf(stderr, "cannot open the log '%s': %s\n", log_file.c_str(), error.what());
        return 2;
    }
    spdlog::flush_on(spdlog::level::info);
    struct sigaction action {};
    action.sa_handler = ask_to_end;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);
    return ship(loaded.value);
}
