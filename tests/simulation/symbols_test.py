#!/usr/bin/env python3
"""What the core may ask of the system: nobody but those named reads a clock, draws randomness, or starts a thread.
What the simulator does not stand behind would be no part of a seed. Exit 0, or 1 with one line a fault."""
import pathlib
import subprocess
import sys

FORBIDDEN = {"clock_gettime", "gettimeofday", "time", "rand", "random", "getrandom", "pthread_create", "nanosleep",
             "RAND_bytes", "epoll_wait", "recvmsg", "send", "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE"}
THREAD = "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE"
# The clock is read through the inline functions of gateway/clock.hpp wherever a pass needs them.
ALLOWED = {"socket.cpp.o": {"epoll_wait", "recvmsg", "send"}, "history_thread.cpp.o": {THREAD, "clock_gettime", "nanosleep"},
           "core.cpp.o": {"clock_gettime"}, "road.cpp.o": {"clock_gettime"}, "history.cpp.o": {"clock_gettime"},
           "client_side.cpp.o": {"clock_gettime"}, "venue_side.cpp.o": {"clock_gettime"},
           "venue_commands.cpp.o": {"clock_gettime"}, "control_side.cpp.o": {"clock_gettime"},
           "journal_watch.cpp.o": {"clock_gettime"}, "outbox.cpp.o": {"clock_gettime"},
           "client_logon.cpp.o": {"clock_gettime"}, "client_limits.cpp.o": {"clock_gettime"},
           "client_answers.cpp.o": {"clock_gettime"}, "venue_doubt.cpp.o": {"clock_gettime"},
           "venue_loss.cpp.o": {"clock_gettime"}, "mass_effects.cpp.o": {"clock_gettime"},
           "recovery.cpp.o": {"clock_gettime"}, "start_day.cpp.o": {"clock_gettime"}, "hash.cpp.o": {"RAND_bytes"},
           "control_proposals.cpp.o": {"clock_gettime"}, "road_statistics.cpp.o": {"clock_gettime"},
           "road_shutdown.cpp.o": {"clock_gettime"},
           "leaf_pool.cpp.o": {THREAD}}  # the readers' hashing; no writer's, so none of the simulator's
LIBRARIES = ["risk/libfairlead_risk.a", "gateway/fix/libfairlead_fix.a", "gateway/orders/libfairlead_orders.a",
             "gateway/libfairlead_road.a", "audit/libfairlead_audit.a"]


def main():
    build = pathlib.Path(sys.argv[1])
    faults, looked = [], 0
    for library in LIBRARIES:
        listed = subprocess.run(["nm", "-u", build / library], capture_output=True, text=True, check=True).stdout
        member = ""
        for line in listed.splitlines():
            if line.endswith(".o:"):
                member = line[:-1]
                looked += 1
            elif line.strip():
                symbol = line.split()[-1].split("@")[0]
                if symbol in FORBIDDEN and symbol not in ALLOWED.get(member, set()):
                    faults.append(f"{library}({member}): {symbol}")
    for fault in faults:
        print(fault)
    print(f"{looked} objects looked at, {len(faults)} faults")
    return 1 if faults or looked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
