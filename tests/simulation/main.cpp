// fairlead-swarm: runs simulations and tells what they were. One seed, a range, or fresh seeds for so many
// minutes; a failure is told in one line that repeats it, and made smaller with --shrink.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "risk/assert.hpp"
#include "tests/simulation/simulation.hpp"

namespace {

using namespace fairlead;
using namespace fairlead::simulation;

struct Options {
    std::uint64_t seed = 0;
    std::uint64_t first = 1;
    std::uint64_t count = 0;
    double minutes = 0;
    bool faults = true;
    bool shrink = false;
    bool trace = false;
};

std::string scratch() {
    return "/dev/shm/fairlead-simulation-" + std::to_string(::getpid());
}

// A broken invariant of the product ends the program: the seed must be known then, too.
void on_abort(int) {
    std::cerr << "FAILED fairlead-swarm --seed " << running_seed() << ": step " << running_step()
              << ": the program stops: "
              << (risk::broken_invariant != nullptr ? risk::broken_invariant : "without a reason")
              << std::endl;
    std::error_code ignored;
    std::filesystem::remove_all(scratch(), ignored);
    ::_exit(3);
}

void tell(const Plan& plan, const Outcome& outcome) {
    std::cout << "FAILED fairlead-swarm --seed " << plan.seed << ": step " << outcome.failure.step << " at "
              << outcome.failure.at_ns / 1'000'000 << " ms, invariant " << outcome.failure.invariant << ": "
              << outcome.failure.text << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Deterministic simulation of gateway and keeper"};
    Options options;
    app.add_option("--seed", options.seed, "run this seed alone");
    app.add_option("--first", options.first, "first seed of a range");
    app.add_option("--count", options.count, "how many seeds");
    app.add_option("minutes", options.minutes, "run fresh seeds for so many minutes");
    app.add_flag("!--no-faults", options.faults, "everything goes well");
    app.add_flag("--trace", options.trace, "print what happens");
    CLI11_PARSE(app, argc, argv);
    spdlog::set_level(spdlog::level::off);
    ::signal(SIGABRT, on_abort);
    Marks marks;
    int failures = 0;
    std::uint64_t seeds = 0, events = 0, records = 0;
    const std::uint64_t from = options.seed != 0 ? options.seed : options.first;
    const std::uint64_t to = options.seed != 0 ? options.seed : options.first + options.count - 1;
    const auto began = std::chrono::steady_clock::now();
    std::int64_t simulated = 0;
    for (std::uint64_t seed = from; seed <= to; ++seed) {
        const Plan plan = make_plan(seed, options.faults);
        const Outcome outcome = simulate(plan, scratch(), options.trace);
        ++seeds;
        events += outcome.events;
        records += outcome.records;
        simulated += outcome.simulated_ns;
        marks.add(outcome.marks);
        if (outcome.failed) {
            tell(plan, outcome);
            ++failures;
        }
    }
    for (const auto& [name, count] : marks.counts()) {
        std::cout << name << " " << count << "\n";
    }
    std::cout << seeds << " seeds, " << events << " events, " << records << " records, "
              << simulated / second_ns << " s simulated, "
              << std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() << " s, "
              << failures << " failed\n";
    std::filesystem::remove_all(scratch());
    return failures == 0 ? 0 : 1;
}
