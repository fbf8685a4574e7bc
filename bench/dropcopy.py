#!/usr/bin/env python3
"""What a drop copy costs the clients: their time to acknowledgement with one who reads all copies, over the same
without, both in one round on one stand, rounds interleaved. The reader takes bytes and looks at none. Prints the
median and the quartiles of the rounds' ratios. Programs share the machine's processors: part of the price is that.

usage: dropcopy.py PROGRAMS [--rounds N] [--rate ORDERS_A_SECOND]
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/dropcopy"))
from dropcopy_test import CopyClient, CopyStand, demand  # noqa: E402

SECONDS = 4
OPENING_S = 6


def load(stand, name, rate):
    result = stand.directory / f"{name}.json"
    with open(stand.directory / "load.log", "w", encoding="utf-8") as log:
        player = stand.load("profile", "--rate", rate, "--seconds", SECONDS, "--sessions", 6, "--market", 0,
                            "--day-origin", stand.origin, "--json", result, stdout=log, stderr=log)
        demand(player.wait(120) == 0, f"the load was not answered: see {log.name}")
    latency = json.loads(result.read_text())["latency_ns"]["acknowledgement"]
    return {"p50": latency["p50"] / 1000, "p99": latency["p99"] / 1000}


class Reader:
    """Logged on with the whole of the day, reading until it is left."""

    def __init__(self, stand, after):
        self.client = CopyClient(stand.copy_port, "ALL", "risk.officer")
        demand(self.client.log_on(after=after)[0], "the reader is not let in")
        self.bytes = 0
        self.thread = threading.Thread(target=self.drain)
        self.thread.start()

    def drain(self):
        while (some := len(self.client.peer.recv(1 << 20))) > 0:
            self.bytes += some

    def leave(self):
        self.client.send("5")
        self.thread.join()
        self.client.peer.close()
        return self.bytes


def play_rounds(stand, rounds, rate):
    found = []
    for number in range(rounds):
        pair = {}
        for watched in (False, True) if number % 2 == 0 else (True, False):
            reader = Reader(stand, 0) if watched else None
            time.sleep(1)  # the day so far is copied before it counts
            pair[watched] = load(stand, f"{number}{'w' if watched else 'a'}", rate)
            if reader is not None:
                pair["bytes"] = reader.leave()
        found.append(pair)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rate", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-copy-") as place:
        with CopyStand(place, given.programs.resolve(), make_demo=["--continuous", 24 * 3600],
                       gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000}) as stand:
            stand.start_all()
            stand.wait_until_open()
            stand.configure("NOBODY", "0000")
            stand.start_dropcopy()
            time.sleep(max(0, stand.origin / 1e9 + OPENING_S - time.time()))
            found = play_rounds(stand, given.rounds, given.rate)
    print(f"time to acknowledgement with a drop copy read over without, {given.rate} commands a second, "
          f"{given.rounds} rounds of {SECONDS} s")
    for what in ("p50", "p99"):
        low, middle, high = statistics.quantiles([pair[True][what] / pair[False][what] for pair in found], n=4,
                                                 method="inclusive")
        alone, watched = (statistics.median(pair[which][what] for pair in found) for which in (False, True))
        print(f"{what}: {alone:8.1f} us alone, {watched:8.1f} us with; ratio {middle:.2f} [{low:.2f}..{high:.2f}]")
    print(f"copied in the last round: {found[-1]['bytes']:,} bytes")


if __name__ == "__main__":
    main()
