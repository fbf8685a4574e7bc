// Witness: when each order of the run arrived at the exchange, from the exchange's own witness file, on
// the same machine (the monotonic clock is one). Called by fairlead-load's main after the run.
#pragma once

#include <string>

#include "bench/load/summary.hpp"

namespace fairlead::load {

// Joins by the venue's ClOrdID (11): twelve digits, the gateway's OrderID (37) towards the client.
[[nodiscard]] ArrivalResult join_witness(const std::string& path, const Outcomes& outcomes);

}  // namespace fairlead::load
