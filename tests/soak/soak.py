#!/usr/bin/env python3
"""A long run of the real programs at one rate, with limits changed by two persons and sessions cut all along. Memory,
descriptors and threads of the gateway and the keeper are looked at all along; latency is taken in ten parts of the same
length and of the same orders, so that they can be compared. What must not grow after the first part: descriptors, threads,
address space, and writable private memory, touched or not: the day's tables are in it in full from the start, so whatever
it grows by is none of theirs. Touched memory grows with the tables' pages, and may by no more than they take. The journal
must verify and replay. The ratio of the last part's percentiles to the first's is shown; it is judged only when
--latency-ratio is given, since a machine that others use says nothing about the gateway. A day's tables hold 14,000,000
orders: that bounds rate times minutes.

usage: soak.py PROGRAMS [--minutes M] [--rate COMMANDS_A_SECOND] [--latency-ratio R] [--place DIRECTORY] [--keep]

The journal and the logs of a run with findings stay where they are: only they can say what happened. --keep: of any run.
"""
import argparse
import itertools
import json
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "bench")]
from assess import capacity_stand  # noqa: E402

PARTS = 10
SESSIONS, ACCOUNTS = 50, 2_000
SECURITIES_MAX = 2_400  # that the stand trades: any account may come to hold any of them
LOGONS_S = 10  # in which all of them are logged on
LOOKS = 300  # of the whole run, and no more often than each half second
# Tables are as large as configured from the start; their pages are touched as orders come. More than this a command
# is no table's.
BYTES_A_COMMAND_MAX = 512
ALLOCATOR_KIB = 1_024  # what malloc takes and gives back as sessions come and go; a leak of an hour is more
ORDERS_MAX = 14_000_000  # of a day: sizes.orders in the configuration
ORDERS_SHARE = 0.95  # of a profile's commands, rounded up
STOP_S = 300  # a stand-in that has had ten million orders does not give its memory back in 20
WATCHED = ("gateway", "keeper")
# What the desk's own cuts make a load say of a session, or the gateway of a request, at the edge of a part.
OF_A_CUT = re.compile("Disconnected by an operator|closed the connection instead of a logon|session: not connected")


def size(stand, commands):
    """Tables for the whole run: a day's are configured before it begins."""
    text = stand.config.read_text()
    # Each order may be cancelled by the gateway as well: its session is gone at the end of its part.
    for key, rows in (("orders", ORDERS_SHARE * commands), ("commands", 2 * commands),
                      ("executions", 1.5 * commands), ("positions", ACCOUNTS * SECURITIES_MAX)):
        text = re.sub(rf"(?m)^{key} = \d+$", f"{key} = {max(1_000_000, int(rows))}", text)
    exchange = stand.directory / "exchange.toml"
    exchange.write_text(re.sub(r"(?m)^orders_expected = \d+$", f"orders_expected = {max(1_000_000, int(ORDERS_SHARE * commands))}",
                               exchange.read_text()))
    # All of them, or orders of one part would rest through the next.
    text = text.replace("cancel_on_disconnect = false\n", "cancel_on_disconnect = true\n")
    stand.config.write_text(text)


def look(process):
    """What a process holds: address space, its writable private part and touched memory in KiB, descriptors, threads."""
    place = pathlib.Path(f"/proc/{process.pid}")
    status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
    kib = {name: int(status[key].split()[0]) for name, key in
           (("space_kib", "VmSize"), ("writable_kib", "VmData"), ("touched_kib", "RssAnon"))}
    return {**kib, "threads": int(status["Threads"]), "descriptors": sum(1 for _ in (place / "fd").iterdir())}


class Desk(threading.Thread):
    """Changes a limit, up with a second person and down alone, and ends a session's connection, until told to stop."""

    def __init__(self, stand, every_s):
        super().__init__(daemon=True)
        self.stand, self.every_s, self.done = stand, every_s, threading.Event()
        self.changes, self.cuts, self.wrong, self.part_began = 0, 0, [], time.monotonic()

    def run(self):
        draw = random.Random(1)
        for value in itertools.cycle((80_000_000_000, 70_000_000_000)):
            if self.done.wait(self.every_s):
                return
            try:
                self.stand.control("risk.officer", "limit", "set", "firm", "order_value", value, "--reason", "soak",
                                   "--approver", "risk.approver")
                self.changes += 1
                # A load gives up on a session that is cut before its first logon is answered.
                if time.monotonic() - self.part_began > LOGONS_S:
                    self.stand.control("operator", "session", "disconnect", draw.randint(1, SESSIONS), "--reason",
                                       "soak")
                    self.cuts += 1
            except (RuntimeError, subprocess.TimeoutExpired) as problem:
                self.wrong.append(str(problem))


class Watch(threading.Thread):
    def __init__(self, stand, every_s):
        super().__init__(daemon=True)
        self.stand, self.every_s = stand, every_s
        self.done, self.seen = threading.Event(), {name: [] for name in WATCHED}

    def run(self):
        while not self.done.wait(self.every_s):
            for name in WATCHED:
                if self.stand.alive(name):
                    self.seen[name].append(look(self.stand.processes[name]))


def judge_held(seen, commands):
    """commands: those sent after the first tenth."""
    wrong = []
    for name, looks in seen.items():
        if len(looks) < 2 * PARTS:
            wrong.append(f"{name}: looked at only {len(looks)} times: nothing was tested")
            continue
        tenth = len(looks) // PARTS
        for what in looks[0]:
            # The middle one: a password check takes 8 MiB for a tenth of a second, and a look may meet it.
            before, after = (statistics.median_high(one[what] for one in some)
                             for some in (looks[:tenth], looks[-tenth:]))
            print(f"{name} {what}: {before:,} in the first tenth, {after:,} in the last")
            # A cut session may be between two connections when it is looked at.
            room = {"touched_kib": commands * BYTES_A_COMMAND_MAX // 1024, "writable_kib": ALLOCATOR_KIB,
                    "descriptors": 2}.get(what, 0)
            if after > before + room:
                wrong.append(f"{name}: {what} grew from {before:,} to {after:,}")
    return wrong


def open_orders_left(stand):
    """Sessions have their orders cancelled when they are gone: the next part does not begin behind those cancels."""
    deadline = time.monotonic() + 300
    while (left := stand.control("operator", "status")["rows"][0]["open"]) and time.monotonic() < deadline:
        time.sleep(0.5)
    return left


def soak(stand, given):
    stand.start_all()
    stand.wait_until_open(180)
    desk, watch = Desk(stand, max(2, 60 * given.minutes / 200)), Watch(stand, max(0.5, 60 * given.minutes / LOOKS))
    watch.start()
    desk.start()
    wrong, parts, commands = [], [], []
    for part in range(1, PARTS + 1):
        desk.part_began = time.monotonic()
        result = stand.directory / f"part{part}.json"
        code = stand.load("profile", "--sessions", SESSIONS, "--rate", given.rate, "--seconds", 6 * given.minutes,
                          "--seed", 1, "--heartbeat", 5, "--answer-wait", 60, "--json", result,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait()
        summary = json.loads(result.read_text())
        parts.append(summary["latency_ns"]["acknowledgement"])
        commands.append(sum(summary[kind]["sent"] for kind in ("orders", "replaces", "cancels")))
        wrong += [f"part {part}: {text}" for text in summary["wrong"]]
        if commands[-1] < given.rate * 6 * given.minutes / 2:
            wrong.append(f"part {part}: {commands[-1]:,} commands are less than half of what was asked for")
        if summary["orders"]["accepted"] < summary["orders"]["sent"] / 2:
            wrong.append(f"part {part}: {summary['orders']['accepted']:,} orders accepted: most of it was refusals")
        if code not in (0, 1) or (code == 1 and not summary["wrong"]):
            wrong.append(f"part {part}: ended with {code}")
        print(f"part {part}: {summary['orders']['sent']:,} orders, {summary['orders']['accepted']:,} accepted, "
              f"{summary['replaces']['sent']:,} replaces, {summary['cancels']['sent']:,} cancels, "
              f"{summary['executions']['fills']:,} fills, "
              f"{summary['reconnects']} reconnects; acknowledged p50 {parts[-1]['p50'] / 1e3:.0f} us, "
              f"p99 {parts[-1]['p99'] / 1e3:.0f} us", flush=True)
        if left := open_orders_left(stand):
            wrong.append(f"part {part}: {left:,} orders are open five minutes after their sessions are gone")
    desk.done.set()
    watch.done.set()
    desk.join()
    watch.join()
    wrong = [text for text in wrong + desk.wrong if not OF_A_CUT.search(text)]
    wrong += [f"{name} ended with {code}" for name, code in stand.stop_all(STOP_S).items() if code != 0]
    print(f"{desk.changes} limit changes, {desk.cuts} connections ended")
    wrong += judge_held(watch.seen, sum(commands[1:]))
    for which in ("p50", "p99"):
        ratio = parts[-1][which] / parts[0][which]
        print(f"{which}, last tenth to first: {ratio:.2f}")
        if given.latency_ratio and ratio > given.latency_ratio:
            wrong.append(f"{which} of the last tenth is {ratio:.2f} of the first's")
    return wrong


def verify(stand, programs):
    begin = time.monotonic()
    done = subprocess.run([str(programs / "fairlead-examine"), "verify", str(stand.journal), "--key", stand.verifier_key],
                          capture_output=True, text=True)
    print(done.stdout + f"verified in {time.monotonic() - begin:.0f} s", flush=True)
    return [] if done.returncode == 0 else ["verify ended with " + str(done.returncode)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2_000)
    parser.add_argument("--latency-ratio", type=float)
    parser.add_argument("--place", type=pathlib.Path, default=ROOT / "run", help="a disk with room for the journal")
    parser.add_argument("--keep", action="store_true", help="the journal and the logs, whatever comes of it")
    given = parser.parse_args()
    commands = 1.1 * given.rate * 60 * given.minutes
    if commands * ORDERS_SHARE > ORDERS_MAX:
        parser.error(f"a day's tables hold {ORDERS_MAX:,} orders: {given.minutes:g} minutes take at most --rate "
                     f"{ORDERS_MAX / (1.1 * ORDERS_SHARE * 60 * given.minutes):.0f}")
    given.place.mkdir(parents=True, exist_ok=True)
    place = tempfile.mkdtemp(prefix="soak-", dir=given.place)
    with capacity_stand(place, given.programs, SESSIONS, ACCOUNTS) as stand:
        size(stand, commands)
        wrong = soak(stand, given) + verify(stand, given.programs.resolve())
    for one in wrong[:20]:
        print("WRONG:", one)
    if wrong or given.keep:
        print("kept:", place)
    else:
        shutil.rmtree(place)
    print(f"{len(wrong)} findings" if wrong else "nothing grew, nothing was lost, and the journal verifies")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
