// Decay: what disks do to bytes that are durable: rot, a write that went to another place, one that went
// nowhere. Tried on the finished journal of a run, one after the other, each undone again: none may pass
// unseen.
#pragma once

#include "audit/segment_directory.hpp"
#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

// Fails the run (invariant 18) where damage passes verify, or a keeper's start takes a shorter journal for
// whole.
void try_decay(Kernel& kernel, const audit::JournalPlace& place, std::uint64_t segment_bytes);

}  // namespace fairlead::simulation
