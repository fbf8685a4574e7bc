#!/usr/bin/env python3
"""The journal's disk fills under load (journal 2.6): strace lets no further segment be made. With one ready
segment left new orders are refused and cancels pass; with none left clients are logged out and the venue's
reports stay unread in its socket; with room again everything goes on. Judged by the exchange's own log.

usage: disk_space_test.py PROGRAMS
"""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from journal_witness import records  # noqa: E402
from kill_test import Stand, judge, say  # noqa: E402
from spare_test import SKIPPED, can_trace, status, wait_for  # noqa: E402

NEW, CANCEL, LOGOUT, DEVICE_EVENT = 32, 34, 18, 6
DISK_SPACE, RECOVERED = 5, 8
ACCEPTED, REFUSED = 2, 3


def no_room(stand):
    """From now on no file can be given its room; what is written already stays writable. Returns the tracer."""
    keeper = stand.processes["keeper"]
    return subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", "-e", "trace=fallocate", "-e", "inject=fallocate:error=ENOSPC", "-p",
         str(keeper.pid)], stdout=subprocess.DEVNULL, stderr=open(stand.directory / "run/strace.log", "w"))


def log_says(stand, words):
    return words in (stand.directory / "run/gateway.log").read_text()


def judge_journal(stand, wrong):
    closed = recovered = 0
    orders, cancels = {ACCEPTED: 0, REFUSED: 0}, {ACCEPTED: 0, REFUSED: 0}
    slow_logouts = 0
    for kind, sequence, _, sections in records(stand.journal):
        if kind == DEVICE_EVENT:
            cause = struct.unpack_from("<qB", sections[1])[1]
            closed = closed or (sequence if cause == DISK_SPACE else 0)
            recovered = sequence if closed and cause == RECOVERED else recovered
        outcome = sections[4][28] if 4 in sections else 0
        if closed and not recovered and kind in (NEW, CANCEL) and outcome in orders:
            (orders if kind == NEW else cancels)[outcome] += 1
        slow_logouts += bool(closed and not recovered and kind == LOGOUT)
    say(f"closed at record {closed}, open again at {recovered}; in between new orders {orders}, cancels {cancels}, "
        f"logouts {slow_logouts}")
    if not closed or not recovered:
        wrong.append("no device_event says that the disk had no room, or that it has again")
    if orders[ACCEPTED] or not orders[REFUSED]:
        wrong.append(f"new orders without room: {orders}")
    if not cancels[ACCEPTED]:
        wrong.append("no cancel passed while there was no room for new orders")
    if not slow_logouts:
        wrong.append("nobody was logged out when no segment was left")


def run(stand, wrong):
    stand.start_all()
    stand.wait_until_open(say=say)
    result = stand.directory / "load.json"
    load = stand.load("profile", "--rate", 300, "--seconds", 40, "--sessions", 6, "--market", 0, "--heartbeat", 5,
                      "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin, "--json", result,
                      stdout=open(stand.directory / "load.log", "w"), stderr=subprocess.STDOUT)
    time.sleep(8)  # the opening call, and some trading
    tracer = no_room(stand)
    try:
        wait_for("the refusal of new orders", lambda: status(stand)["road_twse"] == "journal_unavailable", 60)
        say("one segment is left: new orders are refused")
        wait_for("the clients' logout", lambda: status(stand)["sessions_on"] == 0, 120)
        say("no segment is left: clients are logged out")
        time.sleep(2)
    finally:
        tracer.terminate()
        tracer.wait()
    stand.wait_until_open(seconds=120)
    say("there is room again: open")
    if not log_says(stand, "no room for further segments"):
        wrong.append("the gateway's log does not say that the disk has no room")
    load.wait()
    time.sleep(1)
    exits = stand.stop_all()
    wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
    return result


def main():
    if not can_trace():
        say("strace cannot inject here: skipped")
        return SKIPPED
    programs = pathlib.Path(sys.argv[1])
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    place = keep or tempfile.mkdtemp(prefix="fairlead-space-")
    wrong = []
    try:
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000, "segment_mib": 4}) as stand:
            result = run(stand, wrong)
            wrong += judge(stand, result)
            judge_journal(stand, wrong)
            if wrong:
                say((stand.directory / "run/keeper.log").read_text()[-2000:])
                say((stand.directory / "load.log").read_text()[-2000:])
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
    if wrong:
        say("FAILED: " + " | ".join(wrong))
        return 1
    say("disk space test passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
