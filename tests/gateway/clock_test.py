#!/usr/bin/env python3
"""The kernel says that its clock is no longer synchronised (journal 2.6): strace answers for it. After the
configured time new orders are refused with the reason; when it is synchronised again they are taken. Each change
is a record.

usage: clock_test.py PROGRAMS
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from journal_witness import records  # noqa: E402
from kill_test import Stand, say  # noqa: E402
from spare_test import SKIPPED, can_trace, status, wait_for  # noqa: E402

CLOCK, DEVICE_EVENT = 4, 6
UNTRUSTED, RECOVERED = 7, 8
TIME_OK, TIME_ERROR = 0, 5


def kernel_says(stand, answer):
    """The tracer that answers the gateway's question about the clock."""
    return subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", "-e", "trace=adjtimex,clock_adjtime", "-e",
         f"inject=adjtimex,clock_adjtime:retval={answer}", "-p", str(stand.processes["gateway"].pid)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def road_while(stand, answer, expected):
    tracer = kernel_says(stand, answer)
    try:
        wait_for(f"the road as {expected}", lambda: status(stand)["road_twse"] == expected, 60)
    finally:
        tracer.terminate()
        tracer.wait()


def run(stand):
    wrong = []
    stand.start_all()
    wait_for("the first lines", lambda: stand.alive("gateway") and stand.control(
        "operator", "status", check=False).get("rows", [{}])[0].get("lines_on") == 2, 60)
    road_while(stand, TIME_OK, "none")
    say("synchronised: new orders are taken")
    road_while(stand, TIME_ERROR, "clock_untrusted")
    say("not synchronised for a second: new orders are refused")
    road_while(stand, TIME_OK, "none")
    say("synchronised again: new orders are taken")
    wrong += [f"{name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
    said = [sections[1][8] for kind, _, _, sections in records(stand.journal)
            if kind == CLOCK and struct.unpack_from("<q", sections[1])[0] == 0]
    causes = [sections[1][8] for kind, _, _, sections in records(stand.journal) if kind == DEVICE_EVENT]
    if 0 not in said or 1 not in said or any(a == b for a, b in zip(said, said[1:])):
        wrong.append(f"the journal's clock records say {said}: every change once was expected")
    if UNTRUSTED not in causes or RECOVERED not in causes[causes.index(UNTRUSTED):]:
        wrong.append(f"the journal's device events are {causes}")
    return wrong


def main():
    if not can_trace():
        say("strace cannot inject here: skipped")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="fairlead-clock-") as place:
        with Stand(place, pathlib.Path(sys.argv[1]), make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "unsynchronised_refuse_s": 1}) as stand:
            wrong = run(stand)
    for one in wrong:
        say("WRONG: " + one)
    say("clock test " + ("FAILED" if wrong else "passed"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
