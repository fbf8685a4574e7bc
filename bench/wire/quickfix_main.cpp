// fairlead-wire-quickfix: a gateway of stock QuickFIX on both sides, to compare with. Runs until it is told
// to end.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "bench/wire/quickfix_middle.hpp"

int main(int argc, char** argv) {
    CLI::App app{"A gateway of QuickFIX on both sides with a credit check in a map"};
    fairlead::wire::QuickfixMiddleOptions options;
    options.money = 900'000'000'000'000'000;
    std::string store = "memory";
    std::string directory;
    app.add_option("--listen", options.listen_port)->required();
    app.add_option("--venue", options.venue_port)->required();
    app.add_option("--account", options.account, "the account that may trade")->required();
    app.add_option("--store", store, "memory or file")->check(CLI::IsMember({"memory", "file"}));
    app.add_option("--directory", directory, "where --store file keeps its files");
    app.add_flag("--threaded", options.threaded, "QuickFIX's threaded sockets instead of its plain ones");
    CLI11_PARSE(app, argc, argv);
    if (store == "file") {
        if (directory.empty()) {
            std::fprintf(stderr, "--store file needs --directory\n");
            return 1;
        }
        options.store_directory = directory;
    }
    // Taken by sigwait below: blocked here, before QuickFIX starts its threads.
    sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGTERM);
    ::sigaddset(&ends, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    try {
        fairlead::wire::QuickfixMiddle middle(options);
        middle.start();
        int signal = 0;
        ::sigwait(&ends, &signal);
        middle.stop();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fairlead-wire-quickfix: %s\n", error.what());
        return 1;
    }
    return 0;
}
