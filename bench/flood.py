#!/usr/bin/env python3
"""What a flood costs the others: the gentle sessions' p99 to acknowledgement with one flooding session beside
them, over their p99 without it, both in one round, rounds interleaved; and beside it the same ratio of what the
gateway itself made them wait, from the kernel's receive stamp to the decision, as the journal has it. The rest is the
venue, the wire and programs that share processors. Prints the median and the quartiles.

usage: flood.py PROGRAMS [--rounds N] [--kinds KIND...]
"""
import argparse
import pathlib
import statistics
import tempfile
import time

from flood_run import GENTLE, KINDS, FloodRun, messages

GOAL = 2.0  # of their own p99


def p99(values):
    return sorted(values)[int(0.99 * (len(values) - 1))]


def measure(one, name, kind):
    """p99 in microseconds: to the acknowledgement, and from the receive stamp to the decision."""
    begin = time.time_ns()
    acknowledged = one.play(name, kind, 500, 4)[1]["latency_ns"]["acknowledgement"]["p99"]
    time.sleep(0.5)  # the keeper writes what it gathered
    waits = [each.decided - each.kernel for each in messages(one.stand.journal)
             if each.session <= GENTLE and each.kernel > begin]
    return acknowledged / 1000, p99(waits) / 1000


def quartiles(values):
    if len(values) == 1:
        return values * 3
    return statistics.quantiles(values, n=4, method="inclusive")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    given = parser.parse_args()
    print(f"{'flood of':10} {'p99 alone':>10} {'beside':>10}  ratio, median [quartiles] of {given.rounds} rounds; "
          "the same in the gateway alone")
    for kind in given.kinds:
        found = []  # of each round: alone and beside, to the acknowledgement and in the gateway
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory(prefix="fairlead-flood-") as place:
                one = FloodRun(place, given.programs, 3000)
                with one.stand:
                    order = [None, kind] if number % 2 == 0 else [kind, None]
                    round_of = {which: measure(one, f"{number}-{which}", which) for which in order}
            found.append((round_of[None], round_of[kind]))
        cells = []
        for what in range(2):
            low, middle, high = quartiles([beside[what] / alone[what] for alone, beside in found])
            alone, beside = (statistics.median(pair[which][what] for pair in found) for which in range(2))
            cells.append(f"{alone:10.1f} {beside:10.1f}  {middle:5.2f} [{low:.2f}..{high:.2f}] "
                         f"{'met' if middle <= GOAL else 'not met'} (goal {GOAL})")
        print(f"{kind:10} {'; '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
