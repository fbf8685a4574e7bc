#!/usr/bin/env python3
"""What a flood costs the others: the gentle sessions' p99 to acknowledgement with one flooding session beside
them, over their p99 without it, both in one round, rounds interleaved. Prints the median and the quartiles.

usage: flood.py PROGRAMS [--rounds N] [--kinds KIND...]
"""
import argparse
import pathlib
import statistics
import tempfile

from flood_run import KINDS, FloodRun

GOAL = 2.0  # of their own p99


def p99_us(gentle):
    return gentle["latency_ns"]["acknowledgement"]["p99"] / 1000


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
    print(f"{'flood of':10} {'p99 alone':>10} {'beside':>10}  ratio, median [quartiles] of {given.rounds} rounds")
    for kind in given.kinds:
        ratios, alone, beside = [], [], []
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory(prefix="fairlead-flood-") as place:
                one = FloodRun(place, given.programs, 3000)
                with one.stand:
                    order = [None, kind] if number % 2 == 0 else [kind, None]
                    found = {which: p99_us(one.play(f"{number}-{which}", which, 500, 4)[1]) for which in order}
            alone.append(found[None])
            beside.append(found[kind])
            ratios.append(found[kind] / found[None])
        low, middle, high = quartiles(ratios)
        print(f"{kind:10} {statistics.median(alone):10.1f} {statistics.median(beside):10.1f}  {middle:5.2f} "
              f"[{low:.2f}..{high:.2f}] {'met' if middle <= GOAL else 'not met'} (goal {GOAL})", flush=True)


if __name__ == "__main__":
    main()
