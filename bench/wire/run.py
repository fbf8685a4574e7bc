#!/usr/bin/env python3
"""The wire benchmark: the same orders through nothing, blind relays, gateways of QuickFIX and Fairlead in several
states, one after the other in shuffled rounds of one run. Every round is kept; ratios are taken inside a round and
told as median and quartiles. Prints a table, writes RESULTS.md, wire.svg and wire.json (all rounds) to --out.
README.md beside this file says what each middle is.

usage: run.py PROGRAMS [--rounds N] [--seconds S] [--only NAMES] [--out DIRECTORY] [--wait-for-quiet SECONDS]
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from chart import chart
from figures import Figures, GAPS, WAY_NAMES, WAYS, GAP_NAMES, goals, spread, tables
from instructions import about_instructions
from middles import FURTHER, MIDDLES, ROOT
from reasons import reasons

ROUNDS = 15
BUSY_PERCENT = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path, help="directory of the programs, such as build/bin")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each of the four parts of a middle's turn")
    parser.add_argument("--only", default=",".join(MIDDLES), help="some of " + ", ".join([*MIDDLES, *FURTHER]))
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench")
    parser.add_argument("--place", type=pathlib.Path, default=ROOT / f"run/wire-{os.getpid()}",
                        help="where journals and stores are written while it runs: a disk, not memory")
    parser.add_argument("--wait-for-quiet", type=float, default=0, metavar="SECONDS",
                        help="before each turn, wait at most so long until other programs leave the machine alone")
    given = parser.parse_args()
    given.names = given.only.split(",")
    unknown = set(given.names) - set(MIDDLES) - set(FURTHER)
    if unknown or given.rounds < 1:
        parser.error("no such middle: " + ", ".join(unknown) if unknown else "at least one round")
    given.programs, given.out, given.place = (each.resolve() for each in (given.programs, given.out, given.place))
    return given


class Progress:
    """One line that says where the run is; a line a round where the output is no terminal."""

    def __init__(self, rounds, names):
        self.total, self.done, self.names, self.rounds = rounds * names, 0, names, rounds
        self.begin = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def step(self, number, label):
        gone = time.monotonic() - self.begin
        left = f", about {clock(gone / self.done * (self.total - self.done))} left" if self.done else ""
        text = f"round {number} of {self.rounds}: {label} ({clock(gone)} gone{left})"
        if self.terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif self.done % self.names == 0 or number == 1:
            print(text, file=sys.stderr, flush=True)
        self.done += 1

    def end(self):
        print(f"{chr(13) + chr(27) + '[K' if self.terminal else ''}{self.rounds} rounds in "
              f"{clock(time.monotonic() - self.begin)}", file=sys.stderr, flush=True)


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Neighbours:
    """What processors did for others than this run, and what the host took away, as shares of the machine. Interrupts
    count for whom they interrupted."""

    def __init__(self):
        self.begin = self.now()

    @staticmethod
    def now():
        ticked = [int(word) for word in pathlib.Path("/proc/stat").read_text().split()[1:9]]
        user, nice, system, _idle, _wait, hard, soft, steal = (each / os.sysconf("SC_CLK_TCK") for each in ticked)
        ours = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return time.monotonic(), user + nice + system + hard + soft - ours, steal

    def shares(self):
        (begin, *before), (end, *after) = self.begin, self.now()
        room = (end - begin) * os.cpu_count()
        return dict(zip(("others", "stolen"), (max(0, b - a) / room for a, b in zip(before, after))))

    @classmethod
    def wait_for_quiet(cls, seconds_max):
        """Until others have left the machine alone for a second, or so long."""
        end = time.monotonic() + seconds_max
        while time.monotonic() < end:
            second = cls()
            time.sleep(1)
            if 100 * second.shares()["others"] < BUSY_PERCENT:
                return


def play(given, middles):
    """All rounds, and what failed in them. A middle that fails has no figures in that round."""
    rounds, failures = [], []
    progress = Progress(given.rounds, len(middles))
    for number in range(1, given.rounds + 1):
        results = {}
        for name in random.sample(list(middles), len(middles)):
            progress.step(number, middles[name].label)
            Neighbours.wait_for_quiet(given.wait_for_quiet)
            neighbours = Neighbours()
            try:
                results[name] = middles[name].measure() | {"machine": neighbours.shares()}
            except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as problem:
                failures.append(f"round {number}, {name}: {problem}")
                print(f"\n{failures[-1]}", file=sys.stderr, flush=True)
        rounds.append(results)
    progress.end()
    return rounds, failures


def machine():
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"processor": processor[1] if processor else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release()}


def commit():
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/RESULTS.md", ":!bench/wire.*")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def quietness(figures):
    """Said beside the results: a busy machine takes from middles that need two processors first."""
    turns = [result["machine"] for each in figures.rounds for result in each.values()]
    others, stolen = ([100 * turn[what] for turn in turns] for what in ("others", "stolen"))
    busy = sum(1 for value in others if value > BUSY_PERCENT)
    return (f"Of the machine, other programs took {spread(others)} % during a turn, the host under it "
            f"{spread(stolen)} %; in {busy} of {len(turns)} turns others took more than {BUSY_PERCENT} %"
            + (": THE MACHINE WAS NOT QUIET. Spinning programs suffer most, and no goal met or missed below is proven."
               if 4 * busy > len(turns) else "."))


def about_blocking(figures):
    """How much of QuickFIX's time is sleeping and waking, which any gateway that blocks would pay."""
    yield "## What blocking costs, and what QuickFIX costs beside it"
    yield ""
    yield ("QuickFIX sleeps in select() between messages, and so does the blocking relay, which does nothing else: "
           "much of QuickFIX's time one way is waking up, and on a machine that never sleeps it would come out nearer. "
           "The ratio of a QuickFIX that sleeps to a Fairlead that spins is what a broker gets who runs both as "
           "they come; it does not say how much less Fairlead computes. The last column takes the blocking relay's "
           "time off.")
    yield ""
    yield "| p50, microseconds | blocking relay | QuickFIX, memory | QuickFIX above the blocking relay |"
    yield "|---|--:|--:|--:|"
    blockers = ("relay_block", "quickfix_memory")
    for gap in GAPS:
        for way in WAYS:
            above = []
            for each in figures.rounds:
                block, quickfix = (figures.one_way(each, name, gap, way) for name in blockers)
                if block is not None and quickfix is not None:
                    above.append(quickfix - block)
            block, quickfix = (spread(figures.one_ways(name, gap, way)) for name in blockers)
            yield f"| {GAP_NAMES[gap]} apart, {WAY_NAMES[way]} | {block} | {quickfix} | {spread(above)} |"


def results(given, figures, labels, failures, about):
    yield "# Results of the wire benchmark"
    yield ""
    yield (f"Written by `bench/wire/run.py` on {about['date']}, commit {about['commit']}: {about['processor']}, "
           f"{about['cores']} cores, Linux {about['kernel']}, a virtual machine not tuned for this if it is the build "
           f"machine. {len(figures.rounds)} rounds, shuffled, all kept; {given.seconds:g} s a part. Median "
           "[quartiles] over the rounds; a ratio is taken inside a round first. `bench/wire/README.md` says what each "
           "middle is; `wire.json` has every round.")
    yield ""
    yield quietness(figures)
    yield ""
    yield "![p50 one way and orders a second](wire.svg)"
    yield ""
    yield "## Goals"
    yield ""
    yield "| goal | result | |"
    yield "|---|---|---|"
    judged = list(goals(figures))
    yield from (f"| {goal.text} | {goal.result()} | {goal.verdict()} |" for goal in judged)
    yield ""
    yield "Within the noise: the lower quartile of the ratio is not above 1."
    yield from reasons([goal.text for goal in judged if goal.verdict() == "NOT MET"])
    yield ""
    yield "## Figures"
    yield ""
    yield from tables(figures, labels)
    late = [each["desk"]["desk_late_s"] for each in figures.rounds if "desk" in each]
    if late:
        yield ""
        yield (f"The risk desk had read every record {spread(late)} s after the last of the orders, the 64 outstanding "
               "ones among them.")
    yield ""
    yield from about_blocking(figures)
    if "quickfix_memory" in labels:
        yield from about_instructions(given, ROOT / "tests/budget/budget.json")
    if failures:
        yield ""
        yield "## What failed"
        yield ""
        yield from (f"- {' '.join(one.replace(chr(1), '|').split())}" for one in failures)


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    given.place.mkdir(parents=True)
    middles = {}
    try:
        print("making the data" + (", a million accounts among it" if "many" in given.names else ""), file=sys.stderr,
              flush=True)
        for name in [*MIDDLES, *FURTHER]:  # one order in tables and chart, whatever was asked for
            if name in given.names:
                middles[name] = (MIDDLES | FURTHER)[name](given)
        rounds, failures = play(given, middles)
    finally:
        for middle in middles.values():
            middle.close()
        shutil.rmtree(given.place, ignore_errors=True)
    if not any(rounds):
        return 1
    figures = Figures(rounds)
    labels = {name: middle.label for name, middle in middles.items()}
    about = dict(machine(), date=str(datetime.date.today()), commit=commit())
    given.out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(results(given, figures, labels, failures, about)) + "\n"
    (given.out / "RESULTS.md").write_text(text)
    (given.out / "wire.svg").write_text(chart(figures, labels, f"{about['processor']}, {about['cores']} cores, Linux "
                                              f"{about['kernel']}; commit {about['commit']}, {about['date']}; "
                                              f"{len(rounds)} rounds"))
    (given.out / "wire.json").write_text(
        json.dumps(dict(about, seconds=given.seconds))[:-1] + ', "rounds": [\n'
        + ",\n".join(json.dumps(each) for each in rounds) + "\n]}\n")
    print(quietness(figures) + "\n\n" + text[text.index("## Goals"):])
    print(f"table: {given.out / 'RESULTS.md'}\nchart: {given.out / 'wire.svg'}\nrounds: {given.out / 'wire.json'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
