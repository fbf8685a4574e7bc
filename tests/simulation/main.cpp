// fairlead-swarm: runs simulations and tells what they were. Fresh seeds for so many minutes, a range, or one
// seed, with less of it if wished. A failure is told in one line that repeats it. Built, never installed.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "risk/assert.hpp"
#include "tests/simulation/shrink.hpp"
#include "tests/simulation/simulation.hpp"

namespace {

using namespace fairlead;
using namespace fairlead::simulation;

struct Options {
    double minutes = 0;
    std::uint64_t seed = 0;
    std::uint64_t first = 0;
    std::uint64_t count = 1;
    unsigned clients = 0;
    unsigned commands = 0;
    std::int64_t duration_ms = 0;
    std::string faults;
    std::string log;
    bool shrink = false;
    bool trace = false;
};

struct Totals {
    std::uint64_t seeds = 0, events = 0, records = 0, commands = 0, failures = 0, twice = 0;
    std::int64_t simulated_ns = 0;
    Marks marks;
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

Plan plan_of(const Options& options, std::uint64_t seed) {
    Plan plan = make_plan(seed, true);
    plan.clients = options.clients != 0 ? options.clients : plan.clients;
    plan.commands = options.commands != 0 ? options.commands : plan.commands;
    plan.duration_ns = options.duration_ms != 0 ? options.duration_ms * ms_ns : plan.duration_ns;
    if (!options.faults.empty()) {
        plan.faults.reset();
        std::istringstream names(options.faults);
        for (std::string name; std::getline(names, name, ',');) {
            for (std::size_t fault = 0; fault < fault_count; ++fault) {
                plan.faults[fault] = plan.faults[fault] || fault_name(static_cast<Fault>(fault)) == name;
            }
        }
    }
    return plan;
}

// The line that repeats a failure.
void tell(const Plan& plan, const Outcome& outcome) {
    std::cout << "FAILED fairlead-swarm --seed " << plan.seed << " (commit " << FAIRLEAD_COMMIT << "): step "
              << outcome.failure.step << " at " << outcome.failure.at_ns / ms_ns << " ms, invariant "
              << outcome.failure.invariant << ": " << outcome.failure.text << std::endl;
}

void run_one(const Options& options, std::uint64_t seed, Totals& totals) {
    constexpr std::uint64_t twice_each = 16;
    const Plan plan = plan_of(options, seed);
    Outcome outcome = simulate(plan, scratch(), options.trace);
    if (!outcome.failed && seed % twice_each == 0) {
        ++totals.twice;
        if (simulate(plan, scratch()).hash != outcome.hash) {
            outcome.failed = true;
            outcome.failure.text = "a second run of the seed went otherwise";
        }
    }
    ++totals.seeds;
    totals.events += outcome.events;
    totals.records += outcome.records;
    totals.commands += outcome.commands_at_venues;
    totals.simulated_ns += outcome.simulated_ns;
    totals.marks.add(outcome.marks);
    if (outcome.failed) {
        ++totals.failures;
        tell(plan, outcome);
        if (options.shrink) {
            const Plan smallest = shrink(plan, outcome.failure.invariant, scratch());
            std::cout << "smaller: fairlead-swarm " << options_of(smallest) << std::endl;
        }
    }
}

void report(const Totals& totals, double wall_s, std::ostream& out) {
    out << "commit " << FAIRLEAD_COMMIT << "\n";
    for (const auto& [name, count] : totals.marks.counts()) {
        out << name << " " << count << "\n";
    }
    out << totals.seeds << " seeds (" << totals.twice << " of them twice, alike), " << totals.events
        << " events, " << totals.records << " records, " << totals.commands << " commands at venues, "
        << totals.simulated_ns / second_ns << " s simulated in " << static_cast<std::int64_t>(wall_s)
        << " s, " << totals.failures << " failed\n";
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Deterministic simulation of gateway and keeper, with faults; tests/simulation/README.md"};
    Options options;
    app.add_option("minutes", options.minutes, "run fresh seeds for so many minutes");
    app.add_option("--seed", options.seed, "run this seed");
    app.add_option("--first", options.first, "run a range of seeds from here");
    app.add_option("--count", options.count, "how many of them");
    app.add_option("--clients", options.clients, "with so many clients");
    app.add_option("--commands", options.commands, "of so many commands each");
    app.add_option("--duration-ms", options.duration_ms, "with faults for so long");
    app.add_option("--faults", options.faults, "with these kinds of fault only, comma separated");
    app.add_option("--log", options.log, "write the figures to this file too");
    app.add_flag("--shrink", options.shrink, "make what fails smaller");
    app.add_flag("--trace", options.trace, "print what happens");
    CLI11_PARSE(app, argc, argv);
    spdlog::set_level(spdlog::level::off);
    ::signal(SIGABRT, on_abort);
    using Clock = std::chrono::steady_clock;
    const auto began = Clock::now();
    const auto wall_s = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    Totals totals;
    std::uint64_t seed = options.seed != 0 ? options.seed : options.first;
    if (seed == 0) {
        seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() /
                                          std::chrono::seconds(1)) *
               1'000'000;
        std::cout << "fresh seeds from " << seed << " on" << std::endl;
    }
    double told_s = 0;
    for (std::uint64_t done = 0; options.minutes > 0 ? wall_s() < options.minutes * 60 : done < options.count;
         ++done, ++seed) {
        run_one(options, seed, totals);
        if (options.minutes > 0 && wall_s() - told_s > 60) {
            told_s = wall_s();
            std::cout << totals.seeds << " seeds, " << totals.failures << " failed" << std::endl;
        }
    }
    report(totals, wall_s(), std::cout);
    if (!options.log.empty()) {
        std::ofstream log(options.log);
        report(totals, wall_s(), log);
    }
    std::filesystem::remove_all(scratch());
    return totals.failures == 0 ? 0 : 1;
}
