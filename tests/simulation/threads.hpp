// Threads: the work that threads of the product do beside the order thread, done in the simulator's own at
// moments drawn from the seed: logon checks (AuthWorker) and reading the journal again (History). threads.cpp
// defines what gateway/control/auth.cpp and gateway/history_thread.cpp define in the product.
#pragma once

#include <string>
#include <string_view>

#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

// Passwords are not hashed here: whether one is right is the simulator's business.
[[nodiscard]] inline std::string password_of(std::string_view user) {
    return "secret-" + std::string(user);
}

}  // namespace fairlead::simulation
