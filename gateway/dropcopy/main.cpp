// fairlead-dropcopy: the program around CopyService.
#include <arpa/inet.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "gateway/dropcopy/bind_address.hpp"
#include "gateway/dropcopy/copy_service.hpp"

namespace {

using namespace fairlead;

int run(const dropcopy::Options& options) {
    in_addr address{};
    ::inet_pton(AF_INET, options.address.c_str(), &address);
    dropcopy::set_bind_address(address);
    std::error_code problem;
    std::filesystem::create_directories(options.store, problem);
    std::filesystem::permissions(options.store, std::filesystem::perms::owner_all, problem);
    if (problem) {
        spdlog::error("cannot make '{}': {}", options.store, problem.message());
        return 1;
    }
    // Asked to end by a signal, which no thread but this one takes.
    sigset_t asked;
    ::sigemptyset(&asked);
    ::sigaddset(&asked, SIGTERM);
    ::sigaddset(&asked, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &asked, nullptr);
    dropcopy::CopyService service(options, [](const std::string& text) { spdlog::info(text); });
    if (const std::string error = service.start(); !error.empty()) {
        spdlog::error("cannot listen on {}:{}: {}", options.address, options.port, error);
        return 1;
    }
    spdlog::info("copies for {} sessions on {}:{}", options.sessions.size(), options.address, options.port);
    int signal = 0;
    ::sigwait(&asked, &signal);
    spdlog::info("signal {}: ending", signal);
    service.stop();
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Real-time copies of what clients are told, over FIX, read from the journal."};
    app.footer("Example:\n  fairlead-dropcopy --config /etc/fairlead/dropcopy.toml");
    std::string config_file;
    app.add_option("--config", config_file, "The drop copy's TOML file")->required();
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const config::Loaded<dropcopy::Options> loaded = dropcopy::load_options(config_file);
    for (const config::ConfigError& error : loaded.errors) {
        std::fprintf(stderr, "%s\n", config::describe(error).c_str());
    }
    if (!loaded.ok()) {
        return 2;
    }
    spdlog::set_default_logger(spdlog::stderr_logger_mt("dropcopy"));
    spdlog::flush_on(spdlog::level::info);
    return run(loaded.value);
}
