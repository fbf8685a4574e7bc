#!/usr/bin/env python3
"""Kills gateway, keeper or both with SIGKILL at random moments under load, restarts them, and judges the
end by the exchange's own log: no order there without its record, none doubled, order numbers without
repeat, message numbers that continue, exposures equal to an independent recount.

usage: kill_test.py PROGRAMS [ROUNDS] [SEED] [process|disk] [LINES]; 10 rounds unless said, 100 when
FAIRLEAD_LONG is 1. LINES: venue lines for each venue; with more than one each line's rate is so low that
commands wait. A failure prints the seed.
"""
import contextlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/gateway")]
from journal_witness import venue_ids  # noqa: E402
from stand import Stand  # noqa: E402


def say(text):
    print(text, flush=True)


def run_rounds(stand, rounds, rng):
    for number in range(1, rounds + 1):
        time.sleep(rng.uniform(0.3, 2.0))
        victims = rng.choice([["gateway"], ["keeper"], ["gateway", "keeper"]])
        for victim in victims:
            stand.kill(victim)
        time.sleep(rng.uniform(0, 0.3))
        for victim in reversed(victims):  # keeper first: it brings the disk up to the front
            stand.start_keeper() if victim == "keeper" else stand.start_gateway()
        stand.wait_until_open(seconds=120)
        say(f"round {number}: killed {' and '.join(victims)}, open again")


def judge(stand, load_result, spare=None, orphans_expected=False):
    """What is wrong at the end. load_result: the load program's report, None when it was cut off."""
    wrong = []
    recount = subprocess.run(
        [sys.executable, str(ROOT / "bench/exchange/recount.py"), str(stand.witness), "--accounts",
         str(stand.directory / "accounts.csv"), "--orders"], capture_output=True, text=True)
    seen = json.loads(recount.stdout)
    if seen["doubled"] or seen["contradictions"] or seen["number_repeats"]:
        wrong.append(f"doubled {seen['doubled']}, contradictions {seen['contradictions']}, "
                     f"repeated order numbers {seen['number_repeats']}")
    examined = subprocess.run(
        [str(stand.programs / "fairlead-examine"), "verify", str(stand.journal), "--json", "--key", stand.verifier_key,
         *(["--spare", str(spare)] if spare else [])], capture_output=True, text=True)
    verified = json.loads(examined.stdout)
    if examined.returncode != 0:
        wrong.append("verify: " + "; ".join(verified["findings"][:5]))
    if verified.get("checkpoints", {}).get("covered") != verified["records"]:
        wrong.append(f"not every record is under a checkpoint: {verified.get('checkpoints')} of {verified['records']}")
    news, orphans = venue_ids(stand.journal, *([spare] if spare else []))
    unknown = [order["cl_ord_id"] for order in seen["order_list"] if int(order["cl_ord_id"]) not in news | orphans]
    if unknown:
        wrong.append(f"{len(unknown)} orders at the exchange have no record: {unknown[:5]}")
    with open(stand.directory / "accounts.csv", encoding="utf-8") as file:
        strict = {"-".join(line.split(",")[:2]) for line in file if "strict_sells" in line}
    differences = []
    for account in sorted(set(seen["accounts"]) | set(verified["exposures"])):
        theirs = seen["accounts"].get(account, {})
        ours = verified["exposures"].get(account, {})
        for mine, its in (("executed_buy", "bought_amount"), ("executed_sell", "sold_amount"),
                          ("open_buy", "open_buy_amount"), ("open_sell", "open_sell_amount")):
            if mine == "open_sell" and account in strict and ours.get(mine, 0) >= theirs.get(its, 0):
                continue  # reserved at the day's upper limit, which the exchange's log does not show
            if orphans_expected and mine.startswith("open") and ours.get(mine, 0) > theirs.get(its, 0):
                continue  # a Replace whose Record is lost: reserved at the worse of two prices
            if ours.get(mine, 0) != theirs.get(its, 0):
                differences.append(f"{account} {mine}: ledger {ours.get(mine, 0)}, exchange {theirs.get(its, 0)}")
    if differences:
        wrong.append(f"{len(differences)} exposures differ: " + "; ".join(differences[:5]))
    if orphans and not orphans_expected:
        wrong.append(f"{len(orphans)} orphans in the journal: {sorted(orphans)[:5]}")
    load = json.loads(load_result.read_text()) if load_result else None
    wrong += load["wrong"] if load else []
    say(f"orders at the exchange {seen['orders']}, fills {seen['fills']}, records {verified['records']}, "
        f"accounts compared {len(verified['exposures'])}" +
        (f", reconnects {load['reconnects']}, commands sent "
         f"{load['orders']['sent'] + load['replaces']['sent'] + load['cancels']['sent']}" if load else ""))
    if seen["orders"] == 0:
        wrong.append("no order reached the exchange: nothing was tested")
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1])
    usual = 100 if os.environ.get("FAIRLEAD_LONG") == "1" else 10
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else usual
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    level = sys.argv[4] if len(sys.argv) > 4 else "process"
    lines = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    rng = random.Random(seed)
    seconds = rounds * 4 + 10
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="fairlead-kill-") as place:
        rate = ["--line-rate", 60] if lines > 1 else []
        with Stand(place, programs, lines=lines, make_demo=["--continuous", 24 * 3600, *rate],
                   gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000,
                                     "level": f'"{level}"'}) as stand:
            stand.start_all()
            stand.wait_until_open(say=say)
            result = stand.directory / "load.json"
            load = stand.load("profile", "--rate", 300, "--seconds", seconds, "--sessions", 6, "--market", 0,
                              "--heartbeat", 5, "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin,
                              "--json", result, stdout=open(stand.directory / "load.log", "w"), stderr=subprocess.STDOUT)
            time.sleep(6)  # the opening call
            run_rounds(stand, rounds, rng)
            load.wait()
            time.sleep(1)
            exits = stand.stop_all()
            wrong = judge(stand, result)
            wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
            if wrong:
                say((stand.directory / "load.log").read_text()[-3000:])
    if wrong:
        say(f"FAILED (seed {seed}): " + " | ".join(wrong))
        return 1
    say(f"kill test passed: {rounds} rounds, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
