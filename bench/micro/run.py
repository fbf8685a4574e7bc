#!/usr/bin/env python3
"""Runs fairlead-micro a few times over, prints what each step costs beside its goal, and writes the table to
RESULTS.md beside itself. Medians of the repetitions; p99 where the benchmark keeps its own times.

usage: run.py BUILD_BIN [--repetitions N] [--out FILE]
"""
import argparse
import collections
import datetime
import json
import pathlib
import platform
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# What is told, in this order: benchmark, what it is, which number, goal in nanoseconds.
ROWS = [
    ("read_order", "read: a client's new order framed and taken apart", "mean", None),
    ("judge_order", "judged by the dictionary", "mean", None),
    ("translate_order", "made a Record", "mean", None),
    ("apply_new/1000", "apply, new, 1 thousand accounts", "mean", 150),
    ("apply_new/1000000", "apply, new, 1 million accounts at random", "mean", None),
    ("apply_new_cold/accounts:1000", "apply, new, caches emptied, 1 thousand accounts", "p50_ns", None),
    ("apply_new_cold/accounts:1000000", "apply, new, caches emptied, 1 million accounts", "p50_ns", None),
    ("apply_refused/1000", "apply, refused, 1 thousand accounts", "mean", None),
    ("apply_refused/1000000", "apply, refused, 1 million accounts at random", "mean", None),
    ("apply_replace/1000", "apply, replace, 1 thousand accounts", "mean", None),
    ("apply_replace/1000000", "apply, replace, 1 million accounts at random", "mean", None),
    ("apply_cancel/1000", "apply, cancel, 1 thousand accounts", "mean", None),
    ("apply_cancel/1000000", "apply, cancel, 1 million accounts at random", "mean", None),
    ("apply_fill/1000", "apply, fill, 1 thousand accounts", "mean", None),
    ("apply_fill/1000000", "apply, fill, 1 million accounts at random", "mean", None),
    ("append_order/keeper:0", "append, no keeper, median", "p50_ns", None),
    ("append_order/keeper:1", "append, keeper at full speed, median", "p50_ns", None),
    ("append_order/keeper:1", "append, keeper at full speed, p99", "p99_ns", 1000),
    ("step_new/accounts:1000", "step, new, every check, 1 thousand accounts, median", "p50_ns", 700),
    ("step_new/accounts:1000", "step, new, every check, 1 thousand accounts, p99", "p99_ns", None),
    ("step_new/accounts:1000000", "step, new, every check, 1 million accounts at random, median", "p50_ns", None),
    ("encode_to_venue", "encode: to the venue", "mean", None),
    ("encode_acknowledgement", "encode: the client's acknowledgement", "mean", None),
]


def measure(program, repetitions):
    """benchmark -> number -> its values over the repetitions, in nanoseconds."""
    done = subprocess.run([str(program), "--benchmark_format=json", f"--benchmark_repetitions={repetitions}",
                           "--benchmark_min_time=0.2"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("fairlead-micro failed: " + done.stderr[-1000:])
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in json.loads(done.stdout)["benchmarks"]:
        if row.get("run_type") == "aggregate":
            continue
        name = re.sub(r"/(real_time|iterations:\d+|repeats:\d+)", "", row["name"])
        found[name]["mean"].append(row["cpu_time"])
        for counter in ("p50_ns", "p99_ns"):
            if counter in row:
                found[name][counter].append(row[counter])
    return found


def table(found):
    yield "| step | ns | goal | |"
    yield "|---|--:|--:|---|"
    for name, text, number, goal in ROWS:
        if not found[name][number]:
            sys.exit(f"fairlead-micro told nothing of {name}")
        value = statistics.median(found[name][number])
        verdict = "" if goal is None else "met" if value <= goal else "not met"
        yield f"| {text} | {value:,.0f} | {goal or ''} | {verdict} |"


def heading():
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    yield "# What each step costs by itself"
    yield ""
    yield (f"Written by run.py on {datetime.date.today()}, commit {commit.strip() or 'unknown'}, "
           f"{processor[1] if processor else platform.machine()}, load {load} at the start. Times with a median or "
           "p99 have two looks at the clock in them, about 20 ns.")
    yield ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    lines = list(heading())
    lines += table(measure(options.programs / "fairlead-micro", options.repetitions))
    text = "\n".join(lines) + "\n"
    options.out.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
