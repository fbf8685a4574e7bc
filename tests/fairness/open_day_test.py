#!/usr/bin/env python3
"""The open of the day: 200 sessions send several times what the venue's lines may take, falling over ten
seconds, cancels among them. Waiting orders leave in arrival order, cancels keep to their lane, what waits too
long is refused, nobody starves, nothing is lost. Counted from the journal by fairlead-examine; no time is judged.

usage: open_day_test.py PROGRAMS
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

SESSIONS = 200
INVESTORS = 200
LINE_RATE = 2000
OFFERED = 20_000  # a second, the mean
AMPLE = {"symbol_long": 9_000_000_000_000, "symbol_short": 9_000_000_000_000}
OTHERS = 900_000_000_000_000


def say(text):
    print(text, flush=True)


def lift_limits(stand):
    """Nobody is refused for credit: the line is what is short."""
    path = stand.directory / "limits.csv"
    head, *rows = path.read_text().splitlines()
    rows = [row.split(",") for row in rows]
    path.write_text("\n".join([head, *(",".join([*row[:4], str(AMPLE.get(row[2], OTHERS))]) for row in rows)]) + "\n")
    stand.config.write_text(re.sub(r"message_rate = \d+", "message_rate = 0", stand.config.read_text()))


def examine(stand, what):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), what, str(stand.journal), "--json"],
                          capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout)


def judge(fairness, load):
    wrong = list(load["wrong"])
    expired = sum(row["count"] for row in load["refusals"] if row["code"] == 132)
    for name in ("out_of_turn", "in_line_queue"):
        if fairness[name]["commands"]:
            wrong.append(f"{name}: {fairness[name]}")
    if fairness["inversions"] or fairness["race_inversions"]:
        wrong.append(f"inversions {fairness['inversions']}, in races {fairness['race_inversions']}")
    starved = [row["investor"] for row in fairness["waits"] if row["offered"] >= 100 and row["served"] == 0]
    if starved:
        wrong.append(f"starved: {starved[:5]}")
    # What chance alone leaves of evenness, when each is served so often.
    served = sum(row["served"] for row in fairness["waits"]) / max(1, len(fairness["waits"]))
    least = 1 / (1 + 1 / max(1, served)) - 0.01
    if fairness["jain_index"] < least:
        wrong.append(f"Jain index {fairness['jain_index']:.4f}, at least {least:.4f} expected")
    if not expired:
        wrong.append("no order waited too long: the lines were not short, nothing was tested")
    say(f"{fairness['commands']} commands of {len(fairness['waits'])} investors, about {served:.0f} served of each; "
        f"{expired} waited too long and were refused; Jain index {fairness['jain_index']:.4f}; waits p50 "
        f"{fairness['wait_p50_ns'] / 1e6:.0f} ms, p99 {fairness['wait_p99_ns'] / 1e6:.0f} ms, worst "
        f"{fairness['wait_worst_ns'] / 1e6:.0f} ms")
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="fairlead-open-") as place:
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600, "--sessions", SESSIONS + 2, "--accounts",
                                               INVESTORS, "--investors", INVESTORS, "--line-rate", LINE_RATE, "--users"],
                   gateway_settings={"keeper_lag_ms": 10000}) as stand:
            lift_limits(stand)
            stand.start_all()
            stand.wait_until_open(say=say)
            time.sleep(max(0, stand.origin / 1e9 + 6.5 - time.time()))  # the opening call
            result = stand.directory / "load.json"
            stand.load("profile", "--rate", OFFERED, "--seconds", 10, "--shape", "open", "--sessions", SESSIONS,
                       "--market", 0, "--ioc", 0, "--fok", 0, "--replaces", 0, "--cancels", 100, "--odd-lots", 0,
                       "--answer-wait", 60, "--json", result, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL).wait()
            wrong = [f"{name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
            wrong += judge(examine(stand, "fairness")[1], json.loads(result.read_text()))
            code, verified = examine(stand, "verify")
            wrong += [f"verify: {finding}" for finding in verified["findings"][:5]] if code else []
    for one in wrong:
        say("WRONG: " + one)
    say("open day test " + ("FAILED" if wrong else "passed"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
