// What a run begins with, as Records: Start with the hashes of what runs, the last run's open ends, and
// the trading day, new or continued. Called once by main, after replay and before the order thread.
#pragma once

#include <string>

#include "config/reference_loader.hpp"
#include "gateway/recovery.hpp"

namespace fairlead::gateway {

struct RunStart {
    Recovery::Result replayed;
    // 0: now, for a calendar whose phases count from the start; otherwise that moment.
    risk::UtcNs day_origin = 0;
    std::string unapproved;  // why this program may not run; empty: it may
};

// Empty: started; else what is wrong, and the program must not go on.
[[nodiscard]] std::string start_run(Core& core, Recovery& recovery, ClientSide& clients, VenueSide& venues,
                                    MassEffects& effects, config::LoadedReference loaded,
                                    const RunStart& begin);

}  // namespace fairlead::gateway
