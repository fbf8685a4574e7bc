// fairlead-desk: wires the desk in numbered steps and decides nothing.
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "gateway/desk/server.hpp"

namespace {

using namespace fairlead;

int run(const desk::Options& options) {
    const auto log = [](const std::string& text) { spdlog::info("{}", desk::one_line(text)); };
    // 1. The built console.
    desk::StaticFiles files;
    if (const std::string error = files.load(options.console_directory); !error.empty()) {
        spdlog::error("desk.console_directory: {}", error);
        return 1;
    }
    // 2. What reads the journal, and what asks the gateway.
    desk::Follower follower(options, log);
    desk::GatewayAsker gateway(options.control_socket);
    // 3. What answers people.
    desk::Router router(options, follower, gateway, log);
    desk::Server server(options, router, gateway, files, log);
    if (const std::string error = server.start(); !error.empty()) {
        spdlog::error("{}", error);
        return 1;
    }
    gateway.start();
    follower.start();
    spdlog::info("risk desk on https://{}:{}/, {} console files", options.address, options.port,
                 files.size());
    server.run();
    // 4. In reverse: nobody asks any more, so nobody must be answered.
    gateway.stop();
    follower.stop();
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"The risk desk: limits, a live view and a stop button, as an API and a console."};
    app.footer("Example:\n  fairlead-desk --config /etc/fairlead/desk.toml");
    std::string config_file;
    bool check = false;
    app.add_option("--config", config_file, "The desk's TOML file")->required();
    app.add_flag("--check", check, "Read the file, say what is wrong with it, and end");
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    const config::Loaded<desk::Options> loaded = desk::load_options(config_file);
    for (const config::ConfigError& error : loaded.errors) {
        std::fprintf(stderr, "%s\n", config::describe(error).c_str());
    }
    if (!loaded.ok()) {
        return 2;
    }
    const std::vector<std::string> missing = desk::missing_files(loaded.value);
    for (const std::string& one : missing) {
        std::fprintf(stderr, "%s: %s\n", config_file.c_str(), one.c_str());
    }
    if (!missing.empty()) {
        return 2;
    }
    if (check) {
        std::printf("%s: good; https://%s:%u/\n", config_file.c_str(), loaded.value.address.c_str(),
                    static_cast<unsigned>(loaded.value.port));
        return 0;
    }
    if (loaded.value.log_file.empty()) {
        spdlog::set_default_logger(spdlog::stderr_logger_mt("desk"));
    } else {
        spdlog::set_default_logger(spdlog::basic_logger_mt("desk", loaded.value.log_file));
    }
    spdlog::flush_on(spdlog::level::info);
    return run(loaded.value);
}
