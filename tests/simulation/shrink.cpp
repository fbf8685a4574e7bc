#include "tests/simulation/shrink.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/simulation.hpp"

namespace fairlead::simulation {

namespace {

constexpr int passed = 100;  // exit codes of a try: this, or the invariant's number

bool fails_alike(const Plan& plan, int invariant, const std::string& root) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);
        const Outcome outcome = simulate(plan, root);
        ::_exit(outcome.failed ? outcome.failure.invariant : passed);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        return invariant < 0;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == invariant;
}

}  // namespace

Plan shrink(const Plan& plan, int invariant, const std::string& root) {
    Plan smallest = plan;
    const auto keep_if = [&](const Plan& smaller) {
        if (!fails_alike(smaller, invariant, root)) {
            return false;
        }
        smallest = smaller;
        return true;
    };
    bool smaller_found = true;
    while (smaller_found) {
        smaller_found = false;
        for (unsigned clients = 1; clients < smallest.clients && !smaller_found; ++clients) {
            Plan smaller = smallest;
            smaller.clients = clients;
            smaller_found = keep_if(smaller);
        }
        for (const unsigned part : {4U, 2U}) {
            Plan smaller = smallest;
            smaller.commands = smallest.commands * (part - 1) / part;
            smaller_found =
                (smaller.commands > 0 && smaller.commands < smallest.commands && keep_if(smaller)) ||
                smaller_found;
            smaller = smallest;
            smaller.duration_ns = smallest.duration_ns / part * (part - 1);
            smaller_found = (smaller.duration_ns > 100'000'000 && keep_if(smaller)) || smaller_found;
        }
        for (std::size_t fault = 0; fault < fault_count; ++fault) {
            Plan smaller = smallest;
            smaller.faults.reset(fault);
            smaller_found = (smallest.faults[fault] && keep_if(smaller)) || smaller_found;
        }
    }
    return smallest;
}

std::string options_of(const Plan& plan) {
    std::string text = "--seed " + std::to_string(plan.seed) + " --clients " + std::to_string(plan.clients) +
                       " --commands " + std::to_string(plan.commands) + " --duration-ms " +
                       std::to_string(plan.duration_ns / 1'000'000) + " --faults ";
    std::string names;
    for (std::size_t fault = 0; fault < fault_count; ++fault) {
        if (plan.faults[fault]) {
            names += (names.empty() ? "" : ",") + std::string(fault_name(static_cast<Fault>(fault)));
        }
    }
    return text + (names.empty() ? "none" : names);
}

}  // namespace fairlead::simulation
