// A journal that was a standby's until now: the first gateway that opens it takes over, which is a Record,
// and waits for two persons' word before any venue line is connected (journal.md, "split brain"). Called
// once, by main.
#pragma once

#include <string>

#include "gateway/core.hpp"

namespace fairlead::gateway {

// Empty text: nothing to take over, or it is on record and on the disk.
[[nodiscard]] std::string record_takeover(Core& core);

}  // namespace fairlead::gateway
