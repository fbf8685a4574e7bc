// A small reference for the load tests: three investors, two sessions, a few securities of both venues
// and each tick row that matters. Built in code, so that a row can be read beside the rule it serves.
#pragma once

#include <vector>

#include "risk/reference.hpp"

namespace fairlead::load_test {

[[nodiscard]] risk::Reference sample_reference();
inline const std::vector<std::uint32_t> sample_sessions{1, 2};

}  // namespace fairlead::load_test
