#!/usr/bin/env python3
"""What a flood costs the others: the gentle sessions' p99 with one flooding session beside them over their p99 without it,
both in one round, rounds interleaved. Each is shown whole, to the acknowledgement as the client has it, and in legs as
the journal has them: in the gateway (from the kernel's receive stamp until the order is handed to the line's socket, and
from the stamp of the venue's answer until that is decided), and at the venue (between the two). Prints medians and quartiles.

--investor-rate gives the commands a second that the gateway lets one investor have: what a flood of valid orders may
put before the others' at the venue, whose queue keeps the order of arrival. --apart runs the flooding program only where a
processor is idle: in truth it stands on another host, and takes none from the gateway. The kind "spin" floods nothing: a
program beside that only computes, to tell what a processor taken away costs.

usage: flood.py PROGRAMS [--rounds N] [--kinds KIND...] [--investor-rate N] [--apart]
"""
import argparse
import contextlib
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from flood_run import GENTLE, KINDS, FloodRun, legs

GOAL = 2.0  # of their own p99
SPIN = "spin"
IDLE = ("chrt", "--idle", "0")
PARTS = ("at the client", "in the gateway", "at the venue")


def p99(values):
    return sorted(values)[int(0.99 * (len(values) - 1))] / 1000


@contextlib.contextmanager
def spinning(prefix):
    process = subprocess.Popen([*prefix, sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(one, name, kind, prefix):
    """p99 of each part in microseconds."""
    begin = time.time_ns()
    with spinning(prefix) if kind == SPIN else contextlib.nullcontext():
        _, gentle, _ = one.play(name, None if kind == SPIN else kind, 500, 4, prefix)
    time.sleep(0.5)  # the keeper writes what it gathered
    found = legs(one.stand.journal, range(1, GENTLE + 1), begin)
    return (gentle["latency_ns"]["acknowledgement"]["p99"] / 1000, p99([out + back for out, _, back in found]),
            p99([venue for _, venue, _ in found]))


def quartiles(values):
    if len(values) == 1:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=(*KINDS, SPIN))
    parser.add_argument("--investor-rate", type=int, default=100, help="commands a second of one investor (default 100)")
    parser.add_argument("--apart", action="store_true", help="the flooding program takes no processor that another wants")
    given = parser.parse_args()
    print(f"p99 in us, alone and beside the flood, and their ratio, median [quartiles] of {given.rounds} rounds; goal "
          f"{GOAL}; an investor may have {given.investor_rate:,} commands a second{', the flood apart' if given.apart else ''}")
    print(f"{'flood of':9} " + "".join(f"{part:^45}" for part in PARTS))
    for kind in given.kinds:
        found = []  # of each round: alone and beside
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory(prefix="fairlead-flood-") as place:
                one = FloodRun(place, given.programs, 3000, investor_rate=given.investor_rate)
                with one.stand:
                    order = [None, kind] if number % 2 == 0 else [kind, None]
                    round_of = {which: measure(one, f"{number}-{which}", which, IDLE if given.apart else ()) for which in order}
            found.append((round_of[None], round_of[kind]))
        cells = []
        for what in range(len(PARTS)):
            low, middle, high = quartiles([beside[what] / alone[what] for alone, beside in found])
            alone, beside = (statistics.median(pair[which][what] for pair in found) for which in range(2))
            ratio = f"{middle:.2f} [{low:.2f}..{high:.2f}]"
            cells.append(f"{alone:8,.0f} {beside:8,.0f}  {ratio:20}{'met' if middle <= GOAL else 'missed':7}")
        print(f"{kind:9}{''.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
