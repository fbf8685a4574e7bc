#!/usr/bin/env python3
"""A client on a second engine (jspurefix, from the npm registry) against the real programs: it trades, amends, cancels
and is refused with the data dictionary clients are given; leaves, misses a report, comes back with its numbers, asks
for what it missed and gets it with PossDupFlag. It writes BodyLength with leading zeros, which FIX allows.

usage: interop_test.py PROGRAMS BUILD
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(HERE.parent)]
from npm import packages  # noqa: E402
from stand import Stand  # noqa: E402

# An account of client24's, whose session cancels its open orders when it ends; a price far from any trade.
ACCOUNT, SYMBOL, PRICE = "8610-0000017", "2330", "870"
EXPECTED = {
    "first": [("js-1", "0", 2000, False), ("js-2", "5", 1000, False), ("js-3", "4", 0, False),
              ("js-1", "8", 0, False), ("js-4", "0", 2000, False)],
    "again": [("js-4", "4", 0, True), ("js-5", "0", 2000, False)]}


def play(stand, folder, part, found):
    done = subprocess.run(["node", str(HERE / "client.cjs"), str(stand.client_port), ACCOUNT, SYMBOL, PRICE,
                           str(ROOT / "config/FIX44-fairlead.xml"), str(folder), part], cwd=folder, text=True,
                          capture_output=True, timeout=120, env=os.environ | {"PACKAGES": str(found)})
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    reports = [(row["id"], row["exec"], row["leaves"], row["duplicate"]) for row in said if row.get("type") == "8"]
    wrong = [f"{part}: ended with {done.returncode}: {done.stdout}{done.stderr}"] * (done.returncode != 0)
    # What was asked for again may come before or behind what is new, and the new once more with it.
    missing = [row for row in EXPECTED[part] if row not in reports]
    beyond = [row for row in reports if row not in EXPECTED[part] and not row[3]]
    wrong += [f"{part}: {what} {rows} of {reports}" for what, rows in (("without", missing), ("also", beyond)) if rows]
    first_time = [row[:3] for row in reports if not row[3]]
    wrong += [f"{part}: doubled: {reports}"] * (len(first_time) != len(set(first_time)))
    if part == "first":
        wrong += [f"first: in the order {reports}"] * (reports != EXPECTED[part])
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    found = packages(HERE, pathlib.Path(sys.argv[2]).resolve() / "npm-interop")
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-interop-") as place:
        folder = pathlib.Path(place) / "client"
        folder.mkdir()
        with Stand(pathlib.Path(place) / "stand", programs, make_demo=["--continuous", 24 * 3600]) as stand:
            stand.start_all()
            stand.wait_until_open()
            for part in EXPECTED:
                wrong += play(stand, folder, part, found)
            stand.stop("gateway")
            stand.stop("keeper")
            verified = subprocess.run([str(programs / "fairlead-examine"), "verify", str(stand.journal)],
                                      capture_output=True, text=True)
            wrong += [verified.stdout + verified.stderr] * (verified.returncode != 0)
    print("\n".join(wrong) if wrong else "a second engine trades, comes back and gets what it missed; journal verified")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
