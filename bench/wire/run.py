#!/usr/bin/env python3
"""The wire benchmark: the same orders through a blind spinning relay, a blind relay that sleeps in epoll, and
Fairlead at level process and disk, in shuffled rounds of one run; ratios are taken inside a round and told
as median and quartiles. Prints a table and writes it to --out.

usage: run.py PROGRAMS [--rounds N] [--seconds S] [--only NAMES] [--out FILE]
"""
import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand, free_ports  # noqa: E402

MIDDLES = {"relay": "blind spinning relay", "relay_block": "blind relay, epoll",
           "process": "Fairlead, level process", "disk": "Fairlead, level disk"}
PARTS = ("gap_15us", "gap_200us", "gap_2000us")


def security():
    """A TWSE stock of the sample: code, price and step in 1/10,000 NTD."""
    with open(ROOT / "config/data/securities.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["market"].upper() == "TWSE" and row["kind"] == "stock" and row["reference_price"]:
                price = round(float(row["reference_price"]) * 10_000)
                if 200_000 < price < 490_000:
                    return row["code"], price - price % 500 - 4_000, 500
    raise SystemExit("no TWSE stock between 20 and 49 NTD in the sample")


class WireStand(Stand):
    """A stand whose venue is the tester: one line, no exchange, rates that never bind."""

    def __init__(self, directory, programs, level):
        super().__init__(directory, programs, make_demo=["--continuous", 24 * 3600, "--open-call", 0.1, "--lead-in", 0,
                                                         "--line-rate", 1_000_000],
                         gateway_settings={"level": f'"{level}"', "polling": "true", "keeper_lag_ms": 60000,
                                           "message_rate": 0, "investor_message_rate": 0, "repeat_count_max": 0,
                                           "orders": 1_000_000, "commands": 2_000_000, "front_segment_mib": 128,
                                           "keeper_lag_mib": 500})
        text = self.config.read_text()
        first, *lines = text.split("[[line]]")
        self.config.write_text(first + "[[line]]" + lines[0])
        self.venue_port = int(lines[0].split("port = ")[1].split()[0])
        limits = self.directory / "limits.csv"
        rows = [row for row in limits.read_text().splitlines() if "message_rate" not in row and "order_value" not in row]
        limits.write_text("\n".join(row.rsplit(",", 1)[0] + ",90000000000000" if row[0].islower() and "," in row and
                                    row.rsplit(",", 1)[1].isdigit() else row for row in rows) + "\n")
        with open(self.directory / "accounts.csv", newline="", encoding="utf-8") as file:
            fields = next(row for row in csv.reader(file) if row[0] == "8610" and "disabled" not in row[3])
        self.account = "-".join(fields[:2])
        self.origin = time.time_ns() - 5_000_000_000


def one(programs, middle, seconds, place):
    """The tester's figures through one middle."""
    code, price, tick = security()
    common = ["--symbol", code, "--price", price, "--tick", tick, "--seconds", seconds]

    def tester(client, venue, *more):
        return subprocess.Popen([str(programs / "fairlead-wire-tester"), "--client-port", str(client), "--venue-port",
                                 str(venue), *map(str, common), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)

    def finish(process):
        out, errors = process.communicate(timeout=180)
        if process.returncode != 0:
            raise SystemExit(f"{middle}: {errors}")
        return json.loads(out)

    if middle.startswith("relay"):
        client, venue = free_ports(2)
        process = tester(client, venue, "--account", "8610-0000017")
        process.stderr.readline()
        relay = subprocess.Popen([str(programs / "fairlead-wire-relay"), "--listen", str(client), "--venue", str(venue),
                                  *(["--block"] if middle == "relay_block" else [])])
        try:
            return finish(process)
        finally:
            relay.kill()
            relay.wait()
    with WireStand(place, programs, middle) as stand:
        process = tester(stand.client_port, stand.venue_port, "--fix", "--account", stand.account, "--password",
                         "demo-client01")
        process.stderr.readline()
        stand.start_keeper()
        stand.start_gateway()
        try:
            return finish(process)
        finally:
            stand.stop("gateway")
            stand.stop("keeper")


def figures(result):
    """Flat: name of a figure to its value; times in microseconds."""
    flat = {f"{part} {way} {share}": result[part][way][share] / 1000
            for part in PARTS for way in ("to_venue", "to_client") for share in ("p50", "p99")}
    flat["64 outstanding orders/s"] = result["pipelined"]["orders_a_second"]
    return flat


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return f"{middle:.2f} [{low:.2f}..{high:.2f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each part of a round")
    parser.add_argument("--only", default=",".join(MIDDLES))
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    names = given.only.split(",")
    rounds = []
    for number in range(given.rounds):
        shuffled = random.sample(names, len(names))
        with tempfile.TemporaryDirectory(prefix="fairlead-wire-") as place:
            rounds.append({name: figures(one(given.programs, name, given.seconds, place)) for name in shuffled})
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
    lines = ["| figure | " + " | ".join(MIDDLES[name] for name in names) + " |",
             "|---|" + "---|" * len(names)]
    for figure in rounds[0][names[0]]:
        cells = []
        for name in names:
            cell = spread([each[name][figure] for each in rounds])
            if name != "relay" and "relay" in names:
                cell += " = " + spread([each[name][figure] / each["relay"][figure] for each in rounds]) + " x"
            cells.append(cell)
        lines.append(f"| {figure} | " + " | ".join(cells) + " |")
    text = "\n".join(lines)
    print(text)
    if given.out:
        given.out.write_text(f"{len(rounds)} rounds, {given.seconds} s each part; microseconds, or orders a second; "
                             "median [quartiles], and the ratio to the spinning relay of the same round.\n\n" + text + "\n")


if __name__ == "__main__":
    main()
