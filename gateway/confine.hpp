// Confinement: what the gateway gives up as soon as it needs it no more, so that a fault in it, or somebody
// who gets in through one, finds little to do (security design 5.3). Called by main at two places: rights
// before the first thread is made, system calls once every listener is open.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fairlead::gateway {

struct Rights {
    std::vector<std::string> read;   // directories or files, with all beneath them
    std::vector<std::string> write;  // directories, made if missing: to read, make, write and remove files
    std::vector<std::uint16_t> listen_ports;
    std::vector<std::uint16_t> connect_ports;
};

// What could not be given up, a sentence each; none of it keeps the gateway from working.
using Warnings = std::vector<std::string>;

// No core dump, nobody may trace this program, no capability, nothing gained by exec; files only beneath the
// paths and TCP only by the ports given (Landlock, where the kernel has it). Holds for this thread and all it
// makes from here on.
[[nodiscard]] Warnings confine_process(const Rights& rights);

// Keeps all memory, present and future, from being swapped out. Empty: done; else why not.
[[nodiscard]] std::string lock_memory();

// Keeps the calling thread on one processor; -1 = on any. Empty: done; else why not.
[[nodiscard]] std::string bind_thread(int processor);

// From here on, for every thread, no exec, no other process, no listener, no tracing, no io_uring, no socket
// but TCP ones: a call not on the list fails with EPERM. Empty: done; else why not, and nothing has changed.
[[nodiscard]] std::string confine_calls();

}  // namespace fairlead::gateway
