// Shrink: the same seed with less of it, as long as it still fails in the same way: clients first, then
// commands and time, then kinds of fault. Each try is a process of its own, since a try may end the program.
#pragma once

#include <string>

#include "tests/simulation/plan.hpp"

namespace fairlead::simulation {

// The smallest plan found. `invariant`: of the failure to be kept; -1 = the program stopped.
[[nodiscard]] Plan shrink(const Plan& plan, int invariant, const std::string& root);
// The options of fairlead-swarm that make this plan out of its seed.
[[nodiscard]] std::string options_of(const Plan& plan);

}  // namespace fairlead::simulation
