// The short run of the simulator: fixed seeds, every 16th twice, and a table of what they must have met. With
// FAIRLEAD_LONG=1 forty times as many. One line repeats a failure.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "risk/assert.hpp"
#include "tests/simulation/simulation.hpp"

using namespace fairlead;
using namespace fairlead::simulation;

namespace {

std::string scratch() {
    return "/dev/shm/fairlead-simulation-test-" + std::to_string(::getpid());
}

void on_abort(int) {
    std::cerr << "FAILED fairlead-swarm --seed " << running_seed() << ": step " << running_step()
              << ": the program stops: "
              << (risk::broken_invariant != nullptr ? risk::broken_invariant : "without a reason")
              << std::endl;
    ::_exit(3);
}

struct Prepared {
    Prepared() {
        spdlog::set_level(spdlog::level::off);
        ::signal(SIGABRT, on_abort);
    }
    ~Prepared() {
        std::error_code ignored;
        std::filesystem::remove_all(scratch(), ignored);
    }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
};

Outcome run(const Plan& plan) {
    Outcome outcome = simulate(plan, scratch());
    INFO("FAILED fairlead-swarm --seed " << plan.seed << " (commit " << FAIRLEAD_COMMIT << "): step "
                                         << outcome.failure.step << ", invariant "
                                         << outcome.failure.invariant << ": " << outcome.failure.text);
    REQUIRE_FALSE(outcome.failed);
    return outcome;
}

// What the short run must have met beside every fault.
constexpr std::array must_be_met{"answer 80",
                                 "answer 84",
                                 "answer 85",
                                 "answer 88",
                                 "answer 8F",
                                 "answer 9",
                                 "answer j",
                                 "answer r",
                                 "cancel came to nothing",
                                 "overtaken by a halt",
                                 "cancels of the gateway's own wait for an answer",
                                 "cancels of the gateway's own wait with others",
                                 "capacity told again",
                                 "device event 1",
                                 "device event 4",
                                 "device event 5",
                                 "device event 6",
                                 "device event 10",
                                 "device event 11",
                                 "checkpoint shortcut torn",
                                 "checkpoint signed",
                                 "checkpoint torn",
                                 "damage lies before what a start reads",
                                 "damage stops a start",
                                 "duplicate report noted",
                                 "gap asked for by a peer",
                                 "in doubt",
                                 "journal end kept without power",
                                 "journal end lost",
                                 "keeper going over to the spare device",
                                 "keeper on the spare device",
                                 "killed while starting",
                                 "late fill",
                                 "too old when decided",
                                 "lost write found",
                                 "misdirected write found",
                                 "rot found",
                                 "line opened",
                                 "orphan taken in",
                                 "peer ahead of the journal",
                                 "refused for want of room",
                                 "refused by the road 2",
                                 "refused by the road 4",
                                 "replay digest compared",
                                 "resolved 1",
                                 "resolved 2",
                                 "resolved 4",
                                 "sector garbage",
                                 "sector new",
                                 "sector old",
                                 "sector stale",
                                 "sector torn",
                                 "started by replay",
                                 "waited too long"};

}  // namespace

TEST_CASE("without_faults_every_command_is_answered_and_the_journal_verifies") {
    const Prepared prepared;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const Outcome outcome = run(make_plan(seed, false));
        CHECK(outcome.commands_at_venues > 0);
    }
}

// Each failed once; what it showed is in README.md.
TEST_CASE("seeds_that_have_found_something_stay_mended") {
    const Prepared prepared;
    for (const std::uint64_t seed :
         {1U, 15U, 28U, 42U, 98U, 154U, 4011U, 4513U, 7294U, 8021U, 8087U, 20357U}) {
        Plan plan = make_plan(seed, true);
        plan.drop(Fault::leap_second);  // these were not there when they failed
        plan.drop(Fault::history_unreadable);
        plan.checkpoints = false;
        plan.orders_max = orders_room_max;
        static_cast<void>(run(plan));
    }
    for (const std::uint64_t seed :
         {7'792UL, 1'796'252'573'003'609U, 1'796'252'573'005'538U, 1'796'253'524'002'854U,
          1'796'253'524'004'764U, 1'796'266'522'002'677U, 1'796'274'870'003'061U}) {
        Plan plan = make_plan(seed, true);
        plan.drop(Fault::history_unreadable);
        static_cast<void>(run(plan));
    }
}

TEST_CASE("whatever_fails_no_invariant_is_broken_and_every_fault_is_met") {
    const Prepared prepared;
    const char* given = std::getenv("FAIRLEAD_LONG");
    const bool whole = FAIRLEAD_SIMULATION_SEEDS >= 500;  // a sanitizer's run is too short for every mark
    const std::uint64_t seeds = FAIRLEAD_SIMULATION_SEEDS * (given != nullptr && *given == '1' ? 40 : 1);
    constexpr std::uint64_t twice_each = 16;
    Marks marks;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Plan plan = make_plan(seed, true);
        const Outcome outcome = run(plan);
        marks.add(outcome.marks);
        if (seed % twice_each == 0) {
            INFO("seed " << seed << " went otherwise the second time");
            REQUIRE(run(plan).hash == outcome.hash);
        }
    }
    for (std::size_t fault = 0; fault < fault_count && whole; ++fault) {
        const std::string name = "fault " + std::string(fault_name(static_cast<Fault>(fault)));
        INFO("never met: " << name);
        CHECK(marks.count(name) > 0);
    }
    for (const char* name : must_be_met) {
        INFO("never met: " << name);
        CHECK((marks.count(name) > 0 || !whole));
    }
    for (const auto& [name, count] : marks.counts()) {
        std::cout << name << " " << count << "\n";
    }
}
