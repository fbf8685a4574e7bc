#!/usr/bin/env python3
"""The order's budget, in instructions, which no busy machine can blur: the real gateway runs under callgrind
while orders are sent and acknowledged, and what its order thread executed for one new order and for one
report of the venue, from bytes to bytes, is held against tests/budget/budget.json. More than three per cent
growth fails; so does memory taken on the order thread after its start, beyond each queue's first use.

usage: order_budget.py PROGRAMS [--write]; --write takes what was measured as the new figure
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

ORDERS = 900
GROWTH = 1.03
# A queue takes memory for each thread that first puts something into it; these are all that may.
FIRST_USES = 8
PARTS = {  # what is counted: the function on the order thread, and what it stands for
    "fairlead::fix::Reader::read": "read_message",
    "fairlead::gateway::ClientSide::on_message": "client_order",
    "fairlead::gateway::VenueSide::on_message": "venue_report",
    "fairlead::gateway::VenueSide::on_departed": "departure",
    "fairlead::gateway::Road::write": "write",
    "fairlead::gateway::read_stamped": "receive",
}


class CountedStand(Stand):
    """A stand whose gateway runs under callgrind, counting inside Road::pass only."""

    def start(self, name, *arguments):
        if name != "gateway":
            return super().start(name, *arguments)
        self.counts = self.directory / "run/callgrind.out"
        with open(self.directory / "run/gateway.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                ["valgrind", "--tool=callgrind", "--collect-atstart=no",
                 "--toggle-collect=fairlead::gateway::Road::pass()", f"--callgrind-out-file={self.counts}",
                 str(self.programs / "fairlead-gateway"), *map(str, arguments)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory)
        return self.processes[name]


def read_counts(path):
    """Calls and inclusive instructions of each function, from callgrind's own file."""
    names, calls, cost = {}, collections.Counter(), collections.Counter()
    callee, of_call = None, False
    for line in open(path, encoding="utf-8", errors="replace"):
        if line.startswith(("fn=", "cfn=")):
            number, name = re.match(r"c?fn=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names[number] = name.split("(")[0]
            if line.startswith("cfn="):
                callee = names[number]
        elif line.startswith("calls="):
            calls[callee] += int(line[6:].split()[0])
            of_call = True
        elif of_call and line[:1] in "0123456789+-*":
            cost[callee] += int(line.split()[1])
            of_call = False
    return calls, cost


def measure(programs):
    with tempfile.TemporaryDirectory(prefix="fairlead-budget-") as place:
        with CountedStand(place, programs, make_demo=["--continuous", 24 * 3600],
                          gateway_settings={"polling": "false", "keeper_lag_ms": 10000},
                          exchange_options=["--liquidity", "off"]) as stand:
            stand.start_all()
            stand.wait_until_open(180)
            plain = [word for kind in ("replaces", "cancels", "market", "ioc", "fok", "odd-lots")
                     for word in (f"--{kind}", 0)]
            load = stand.load("profile", "--rate", 100, "--seconds", ORDERS / 100, "--sessions", 4, "--heartbeat",
                              60, "--answer-wait", 60, "--day-origin", stand.origin, *plain,
                              stdout=open(stand.directory / "load.txt", "w"), stderr=subprocess.STDOUT)
            if load.wait() != 0:
                sys.exit("the load ended with " + (stand.directory / "load.txt").read_text()[-1000:])
            if stand.stop("gateway", 120) != 0:
                sys.exit("the gateway did not end in order: " + (stand.directory / "run/gateway.log").read_text()[-1000:])
            return read_counts(stand.counts)


def main():
    calls, cost = measure(pathlib.Path(sys.argv[1]))
    missing = [name for name in PARTS if calls[name] == 0]
    if missing:
        sys.exit(f"not called or inlined: {', '.join(missing)}: PARTS must name functions of today")
    each = {part: round(cost[name] / calls[name]) for name, part in PARTS.items()}
    # One order: a message each way in and out, a departure noted, two writes and two receives.
    each["order_and_acknowledgement"] = (2 * each["read_message"] + each["client_order"] + each["venue_report"] +
                                         each["departure"] + 2 * each["write"] + 2 * each["receive"])
    taken = sum(calls[name] for name in ("malloc", "calloc", "realloc", "operator new"))
    for part, instructions in each.items():
        print(f"{part:28} {instructions:7} instructions")
    print(f"{'memory taken':28} {taken:7} times")
    file = pathlib.Path(__file__).with_name("budget.json")
    if "--write" in sys.argv:
        file.write_text(json.dumps(each, indent=2) + "\n")
        return 0
    budget = json.loads(file.read_text())
    over = [f"{part}: {each[part]}, budget {budget[part]}" for part in each if each[part] > budget[part] * GROWTH]
    if taken > FIRST_USES:
        over.append(f"memory taken {taken} times on the order thread, at most {FIRST_USES}")
    for one in over:
        print("FAILED:", one)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
