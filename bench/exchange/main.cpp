// fairlead-exchange: the stand-in for TWSE and TPEx, for demos, tests and load. One process, many lines.
// Reads its options, runs until SIGTERM or SIGINT, and ends with a summary.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "bench/exchange/certify/certification.hpp"
#include "bench/exchange/control_server.hpp"
#include "bench/exchange/exchange.hpp"
#include "bench/exchange/options.hpp"

namespace fairlead::exchange {
namespace {

constexpr std::chrono::milliseconds tick_every{2};

struct CommandLine {
    std::string config;
    std::string witness;
    std::string store_directory;
    std::string control_socket;
    std::string liquidity;
    std::int64_t day_origin = 0;
    std::vector<std::string> faults;
    bool check = false;
    bool certify = false;
    certify::CertificationOptions certification;
};

// What --certify needs, and what needs it.
void describe_certification(CLI::App& app, CommandLine& given) {
    certify::CertificationOptions& into = given.certification;
    CLI::Option* certify = app.add_flag("--certify", given.certify,
                                        "play the cases of a client certification and write a signed record");
    const auto needed = [&app, certify](const char* name, std::string& value, const char* what) {
        CLI::Option* option = app.add_option(name, value, what);
        option->needs(certify);
        certify->needs(option);
    };
    needed("--client", into.client, "SenderCompID (49) of the client");
    needed("--program", into.program, "name of the client's program, as the client states it");
    needed("--program-version", into.version, "its version, as the client states it");
    needed("--account", into.account, "account whose orders are the client's, such as 8610-0000017");
    needed("--symbol", into.symbol, "security to be traded");
    needed("--gateway-config", into.gateway_config, "the gateway's configuration: where its journal is");
    needed("--key", into.key, "file of the private key, made by `fairlead key new`");
    needed("--record", into.record, "file to write the record to");
    app.add_option("--days", into.days, "how many days the record holds, 1 to 1098; 365 without it")
        ->check(CLI::Range(1, 1098))
        ->needs(certify);
    app.add_option("--patience", into.patience_s,
                   "seconds the client has for each step, 1 to 3600; 120 without it")
        ->check(CLI::Range(1, 3600))
        ->needs(certify);
    app.add_option("--quiet", into.quiet_s,
                   "seconds without a command that count as keeping quiet, 1 to 600; 3 without it")
        ->check(CLI::Range(1, 600))
        ->needs(certify);
}

void describe(CLI::App& app, CommandLine& given) {
    app.add_option("--config", given.config, "TOML file; bench/exchange/exchange.toml is the sample")
        ->required();
    app.add_option("--witness", given.witness, "append everything seen and sent to this file");
    app.add_option("--store", given.store_directory, "keep message numbers here, over restarts of one day");
    app.add_option("--control", given.control_socket, "Unix socket for commands");
    app.add_option("--liquidity", given.liquidity, "off or seeded:N");
    app.add_option(
        "--day-origin", given.day_origin,
        "what phases count from, nanoseconds since 1970 UTC; default as the calendar says: midnight "
        "in Taipei, or the first logon where it says \"start\"");
    app.add_option("--fault", given.faults,
                   "\"LINE VERB ARGUMENTS\", may be given again:\n" + std::string(fault_help));
    app.add_flag("--check", given.check, "only check the configuration and the market's files");
    describe_certification(app, given);
    app.footer("Example:\n  fairlead-exchange --config bench/exchange/exchange.toml --liquidity seeded:1");
}

// The command line wins. False: something is wrong and has been said.
bool apply(const CommandLine& given, ProgramOptions& options) {
    ExchangeOptions& exchange = options.exchange;
    const auto replace = [](std::string& into, const std::string& by) { into = by.empty() ? into : by; };
    replace(exchange.witness, given.witness);
    replace(exchange.store_directory, given.store_directory);
    replace(options.control_socket, given.control_socket);
    if (!given.liquidity.empty() && !parse_liquidity(given.liquidity, exchange.liquidity_seed)) {
        spdlog::error("--liquidity = \"{}\" must be off or seeded:N", given.liquidity);
        return false;
    }
    exchange.faults.insert(exchange.faults.end(), given.faults.begin(), given.faults.end());
    if (given.day_origin != 0) {
        exchange.day_origin = given.day_origin;
    }
    return true;
}

bool said(const std::vector<config::ConfigError>& errors) {
    for (const config::ConfigError& error : errors) {
        spdlog::error("{}", config::describe(error));
    }
    return !errors.empty();
}

// A day is a trading day in Taipei: its numbers are in a directory of its own.
void settle_day(const LoadedMarket& market, ExchangeOptions& options) {
    risk::DayStartFacts day;
    config::set_day(day, market.origin, stamp_now().utc_ns);
    if (!options.store_directory.empty()) {
        options.store_directory += "/" + std::to_string(day.date);
        // The peer still knows today's ExecIDs: go on above all that an earlier run can have used.
        constexpr std::int64_t ns_per_ten_us = 10'000;
        options.matching.first_match_number = static_cast<std::uint64_t>(stamp_now().utc_ns / ns_per_ten_us);
    }
    if (!options.day_origin && market.origin == config::DayOrigin::midnight) {
        options.day_origin = day.origin_utc_ns;
    }
}

void tick_for_ever(Exchange& exchange, boost::asio::steady_timer& timer) {
    timer.expires_after(tick_every);
    timer.async_wait([&](const boost::system::error_code& problem) {
        if (!problem) {
            exchange.tick();
            tick_for_ever(exchange, timer);
        }
    });
}

void run(Exchange& exchange, const ProgramOptions& options, certify::Certification* certification) {
    boost::asio::io_context context;
    boost::asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code&, int) { context.stop(); });
    boost::asio::steady_timer timer(context);
    tick_for_ever(exchange, timer);
    std::unique_ptr<ControlServer> control;
    if (!options.control_socket.empty()) {
        control = std::make_unique<ControlServer>(
            context, options.control_socket, [&](std::string_view line) { return exchange.control(line); });
    }
    exchange.start();
    for (std::size_t i = 0; i < options.exchange.lines.size(); ++i) {
        spdlog::info("line {} listens on port {}", options.exchange.lines[i].sender_comp_id,
                     exchange.port(i));
    }
    spdlog::info("ready");
    if (certification != nullptr) {
        certification->start([&context] { context.stop(); });
    }
    context.run();
    if (certification != nullptr) {
        certification->end();
    }
    exchange.stop();
}

// Exit code: 0 passed, 2 not passed, 1 no record.
int run_certification(const LoadedMarket& market, const ProgramOptions& options,
                      const certify::CertificationOptions& given) {
    if (options.exchange.liquidity_seed) {
        spdlog::error("--certify needs --liquidity off: nobody else may fill the client's orders");
        return 1;
    }
    Exchange exchange(market.reference, options.exchange);
    certify::Certification certification(given, exchange, market.reference);
    for (const std::string& error : certification.errors()) {
        spdlog::error("{}", error);
    }
    if (!certification.errors().empty()) {
        return 1;
    }
    run(exchange, options, &certification);
    const certify::Verdict verdict = certification.verdict();
    return verdict == certify::Verdict::passed ? 0 : verdict == certify::Verdict::not_passed ? 2 : 1;
}

int main_with(int argument_count, char** arguments) {
    CLI::App app("Stand-in for the order lines and the matching of TWSE and TPEx");
    CommandLine given;
    describe(app, given);
    CLI11_PARSE(app, argument_count, arguments);
    config::Loaded<ProgramOptions> options = load_options(given.config);
    if (said(options.errors) || !apply(given, options.value)) {
        return 1;
    }
    LoadedMarket market = load_market(options.value);
    if (said(market.errors)) {
        return 1;
    }
    settle_day(market, options.value.exchange);
    if (given.check) {
        spdlog::info("{} securities, {} lines: the configuration is good",
                     market.reference.securities.size() - 1, options.value.exchange.lines.size());
        return 0;
    }
    try {
        if (given.certify) {
            return run_certification(market, options.value, given.certification);
        }
        Exchange exchange(market.reference, options.value.exchange);
        run(exchange, options.value, nullptr);
        std::fputs(exchange.summary().c_str(), stdout);
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace fairlead::exchange

int main(int argument_count, char** arguments) {
    return fairlead::exchange::main_with(argument_count, arguments);
}
