#!/usr/bin/env python3
"""Plays the exchange's own order log of a real day against the real gateway and the exchange stand-in, laid
on the demo's day phase by phase. Judged by the exchange's own log and by verify: every command answered,
nothing doubled, journal replayed with equal digest.

usage: play_test.py PROGRAMS
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

LOG = ROOT / "config/data/odr20161230.sample"


def play(stand, name, *options):
    """The load's summary of one play of the log; its complaints are failures."""
    result = stand.directory / f"{name}.json"
    text = stand.directory / f"{name}.txt"
    with open(text, "w") as out:
        code = stand.load("play", LOG, "--day-origin", stand.origin, "--heartbeat", 5, "--json", result,
                          *options, stdout=out, stderr=subprocess.STDOUT).wait(300)
    summary = json.loads(result.read_text())
    orders = summary["orders"]
    print(f"{name}: {orders['sent']} orders, {orders['accepted']} accepted, {orders['refused']} refused, "
          f"{summary['replaces']['sent']} replaces, {summary['cancels']['sent']} cancels, "
          f"{summary['executions']['fills']} fills, {len(summary['sessions'])} sessions", flush=True)
    wrong = [f"{name}: {one}" for one in summary["wrong"]]
    if code != 0 and not wrong:
        wrong.append(f"{name}: ended with {code}: {text.read_text()[-500:]}")
    if orders["sent"] == 0:
        wrong.append(f"{name}: no order was sent: nothing was tested")
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="fairlead-play-") as place:
        with Stand(place, programs, make_demo=["--continuous", 20, "--close-call", 3],
                   gateway_settings={"keeper_lag_ms": 10000}) as stand:
            stand.start_all()
            stand.wait_until_open()
            wrong = play(stand, "day", "--follow-day")
            wrong += [f"{name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
            recount = json.loads(subprocess.run(
                [sys.executable, str(ROOT / "bench/exchange/recount.py"), str(stand.witness), "--accounts",
                 str(stand.directory / "accounts.csv")], capture_output=True, text=True).stdout)
            if recount["doubled"] or recount["contradictions"] or recount["number_repeats"]:
                wrong.append(f"the exchange's log: {recount['doubled']} doubled")
            examined = subprocess.run([str(programs / "fairlead-examine"), "verify", str(stand.journal)],
                                      capture_output=True, text=True)
            print(examined.stdout.splitlines()[-1] if examined.stdout else examined.stderr, flush=True)
            if examined.returncode != 0:
                wrong.append("verify: " + examined.stdout[-500:])
            print(f"the exchange saw {recount['orders']} orders and made {recount['fills']} fills", flush=True)
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
