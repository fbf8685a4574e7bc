// fairlead-ship: sends this host's journal to its standbys and tells the gate how far they have acknowledged.
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <new>
#include <thread>

#include "audit/program.hpp"
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
    threads.reserve(shipments.size());
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
    config::GatewayConfig config;
    if (!audit::load_config(config_file, config) || !audit::open_log("ship", log_file)) {
        return 2;
    }
    audit::on_end(ask_to_end);
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);
    return ship(config);
}
