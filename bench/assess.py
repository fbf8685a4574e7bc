#!/usr/bin/env python3
"""A capacity assessment on a stand of this machine: exchange stand-in, keeper and gateway with many accounts and
sessions and with limits that no trial reaches, then `fairlead-load assess` against them. What a day must carry
comes from the journals given; the stand's own journal is thrown away.

usage: assess.py PROGRAMS --journal DIR [--journal DIR]... --out DIR [--sessions N] [--accounts N] [OPTION OF ASSESS]...
"""
import argparse
import csv
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

LARGE = 90_000_000_000_000  # NTD or shares: no trial comes near
SHARES_HELD = 1_000_000_000  # of each security an account holds
MONEY_OR_SHARES = 10_000  # limits from here on are of money or shares, not of messages
SIZES = {"orders": 4_000_000, "commands": 8_000_000, "executions": 4_000_000, "positions": 4_000_000}


def rewrite(path, change):
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(map(change, rows))


def capacity_stand(place, programs, sessions, accounts):
    """A stand not started yet, whose own limits are out of the way: what is left is the road."""
    stand = Stand(place, programs, gateway_settings={"keeper_lag_ms": 10000, "sync_refuse_ms": 10000}, make_demo=[
        "--continuous", 20 * 3600, "--lead-in", 0, "--open-call", 0.001, "--users", "--sessions", sessions,
        "--accounts", accounts, "--investors", accounts, "--line-rate", 100000])
    stand.witness = None  # nobody reads it here, and an hour of it is gigabytes
    rewrite(stand.directory / "limits.csv",
            lambda row: row[:-1] + [LARGE if int(row[-1]) >= MONEY_OR_SHARES else 100_000])
    # Nobody is sold out, or what is sold, and with it what fills, becomes less all along.
    rewrite(stand.directory / "inventory.csv", lambda row: [*row[:3], SHARES_HELD, *row[4:]])
    text = stand.config.read_text()
    for key, value in SIZES.items():
        text = re.sub(rf"(?m)^{key} = \d+$", f"{key} = {value}", text)
    text = re.sub(r"(?m)^firm_warning_\d_ntd = .*\n", "", text)
    text = re.sub(r"(?m)^(message_rate|investor_message_rate) = \d+$", r"\1 = 100000", text)
    # The trials' own fills move the last price away from where their orders are made.
    text = text.replace("[rules]\n", "[rules]\ncollar_last_bp = 0\n", 1)
    stand.config.write_text(text)
    return stand


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--journal", action="append", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=10_000)
    given, others = parser.parse_known_args()
    journals = [word for one in given.journal for word in ("--journal", one.resolve())]
    with tempfile.TemporaryDirectory(prefix="fairlead-assess-") as place:
        with capacity_stand(place, given.programs, given.sessions, given.accounts) as stand:
            stand.start_all()
            stand.wait_until_open()
            code = stand.load("assess", *journals, "--sells", 480, "--out", given.out.resolve(), "--sessions", given.sessions,
                              *others).wait()
            stand.stop_all()
    return code


if __name__ == "__main__":
    sys.exit(main())
