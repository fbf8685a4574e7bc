#include "audit/program.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

namespace fairlead::audit {

bool load_config(const std::string& path, config::GatewayConfig& into) {
    config::Loaded<config::GatewayConfig> loaded = config::load_gateway_config(path);
    for (const config::ConfigError& error : loaded.errors) {
        std::fprintf(stderr, "%s\n", config::describe(error).c_str());
    }
    into = std::move(loaded.value);
    return loaded.errors.empty();
}

bool open_log(const char* name, const std::string& file) {
    try {
        spdlog::set_default_logger(file.empty() ? spdlog::stderr_logger_mt(name)
                                                : spdlog::basic_logger_mt(name, file));
    } catch (const spdlog::spdlog_ex& error) {
        std::fprintf(stderr, "cannot open the log '%s': %s\n", file.c_str(), error.what());
        return false;
    }
    spdlog::flush_on(spdlog::level::info);
    return true;
}

void on_end(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace fairlead::audit
