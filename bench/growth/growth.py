#!/usr/bin/env python3
"""Does an order cost more on a long day, with many sessions, or with many accounts? The program `order_budget`
(tests/budget) sends orders through the whole road, one pass at a time, behind a day of so many orders, with so
many sessions logged on, with so many accounts; callgrind counts the instructions of a new order and its
acknowledgement, and a run without it gives the median time of the two passes, system calls on loopback
included. Writes growth.svg, growth.json and GROWTH.md beside bench/RESULTS.md. Not a test: it takes about an
hour. Instructions are judged; times are shown, and are only as quiet as the machine is.

usage: growth.py ORDER_BUDGET [--quick] [--keep] [--out DIRECTORY]
"""
import argparse
import csv
import datetime
import json
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/budget"))
from order_budget import Counts  # noqa: E402

ORDERS = 200
ROUNDS = 5  # of the timed run; the median of their medians is kept
BASE = {"orders": 0, "sessions": 8, "accounts": 1_000}
SERIES = {
    "orders": [0, 10_000, 100_000, 1_000_000, 10_000_000],
    "sessions": [1, 10, 50, 200, 500],
    "accounts": [1_000, 10_000, 100_000, 1_000_000],
}
NAMES = tuple(BASE)
QUICK = {"orders": [0, 10_000, 100_000], "sessions": [1, 10, 50], "accounts": [1_000, 10_000]}
TITLES = {"orders": "orders of the day before", "sessions": "sessions logged on", "accounts": "accounts"}
BOUND = 0.05


def make_stand(place, sessions, accounts, orders):
    """The demo's data, with limits that no day reaches and room for the day."""
    subprocess.run([sys.executable, str(ROOT / "config/demo/make_demo.py"), "--out", str(place), "--run",
                    str(place / "run"), "--lead-in", "0", "--open-call", "0.001", "--continuous", "80000",
                    "--line-rate", "100000", "--sessions", str(sessions + 2), "--accounts", str(accounts),
                    "--holdings", "1", "--users"], check=True, stdout=subprocess.DEVNULL)
    (place / "run").mkdir()
    with open(place / "limits.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with open(place / "limits.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(rows[0])
        for row in rows[1:]:
            out.writerow(row[:-1] + [row[-1] if int(row[-1]) < 10_000 else 90_000_000_000_000])
    config = (place / "demo.toml").read_text()
    room = max(200_000, orders + 100_000)
    for key, value in [("orders", room), ("commands", 2 * room), ("executions", room),
                       ("positions", max(200_000, 2 * accounts + room)), ("accounts", max(1_000, accounts))]:
        config = re.sub(rf"(?m)^{key} = \d+$", f"{key} = {value}", config)
    config = config.replace("[[line]]\nid = ", "[[line]]\nid = 9")  # above every session's
    config = re.sub(r"(?m)^firm_warning_\d_ntd = .*\n", "", config)
    (place / "demo.toml").write_text(config)


def run(program, place, sessions, before, tool=()):
    with tempfile.TemporaryDirectory(prefix="fairlead-growth-", dir="/dev/shm") as front:
        done = subprocess.run([*tool, str(program), "--config", str(place / "demo.toml"), "--front", front + "/front",
                               "--sessions", str(sessions), "--before", str(before), "--orders", str(ORDERS)],
                              capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"order_budget failed: {done.stderr[-2000:]}")
    rows = [line.split() for line in done.stdout.splitlines()]
    medians = {row[0]: int(row[4]) for row in rows if len(row) == 5 and row[4].isdigit()}
    return medians["order"] + medians["acknowledgement"]


def measure(program, point):
    with tempfile.TemporaryDirectory(prefix="fairlead-growth-") as directory:
        place = pathlib.Path(directory)
        make_stand(place, point["sessions"], point["accounts"], point["orders"])
        rounds = 1 if point["orders"] > 1_000_000 else ROUNDS
        times = [run(program, place, point["sessions"], point["orders"]) for _ in range(rounds)]
        run(program, place, point["sessions"], point["orders"],
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
             f"--callgrind-out-file={place}/counts"])
        counts = [Counts(path) for path in place.glob("counts*")]
        total = sum(one.total() for one in counts if one.label in ("order", "acknowledgement"))
    return {"instructions": round(total / ORDERS), "ns": round(statistics.median(times))}


def short(number):
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= unit:
            return f"{number // unit}{letter}"
    return str(number)


def chart(results):
    """One picture: a panel a series, instructions and time as a share of the series' first point."""
    width, height, gap, top = 300, 260, 50, 60
    pieces = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{3 * (width + gap) + 20}" height="{height + 130}" '
              'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
              '<text x="50" y="24" font-size="15">Cost of a new order and its acknowledgement, bytes to bytes, '
              'against the first point of each row</text>'
              '<text x="50" y="44"><tspan fill="#1b6ca8">instructions</tspan>  '
              '<tspan fill="#c0392b">time (median, with system calls)</tspan>  grey: within 5 %</text>']
    for panel, (name, points) in enumerate(results.items()):
        left = 50 + panel * (width + gap)

        def place(index, share):
            x = left + (index + 0.5) * width / len(points)
            return x, top + height * (1.5 - min(max(share, 0.5), 1.5))

        high, low = place(0, 1 + BOUND)[1], place(0, 1 - BOUND)[1]
        pieces.append(f'<rect x="{left}" y="{high:.1f}" width="{width}" height="{low - high:.1f}" fill="#e8e8e8"/>')
        pieces.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>')
        for share in (0.5, 0.75, 1, 1.25, 1.5):
            pieces.append(f'<text x="{left - 6}" y="{place(0, share)[1] + 4:.1f}" text-anchor="end">{share:g}</text>')
        for kind, colour in (("ns", "#c0392b"), ("instructions", "#1b6ca8")):
            places = [place(i, point[kind] / points[0][kind]) for i, point in enumerate(points)]
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            pieces.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            pieces += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        for index, point in enumerate(points):
            x = place(index, 1)[0]
            for line, text in enumerate((short(point["at"]), f'{point["instructions"]}', f'{point["ns"] / 1000:.1f} us')):
                pieces.append(f'<text x="{x:.1f}" y="{top + height + 18 + 15 * line}" text-anchor="middle">{text}</text>')
        pieces.append(f'<text x="{left + width / 2}" y="{top + height + 64}" text-anchor="middle">{TITLES[name]}</text>')
    return "\n".join(pieces) + "\n</svg>\n"


def judged(points):
    """In words: how far the series strays from its first point, in instructions."""
    worst = max(points, key=lambda point: abs(point["instructions"] / points[0]["instructions"] - 1))
    share = worst["instructions"] / points[0]["instructions"] - 1
    return f"{'flat' if abs(share) <= BOUND else 'NOT FLAT'}: {100 * share:+.1f} % at most, at {worst['at']:,}"


def table(results):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    yield "# Growth"
    yield ""
    yield (f"Written by `bench/growth/growth.py` on {datetime.date.today()}, commit {commit.strip() or 'unknown'}, "
           f"{processor[1] if processor else platform.machine()}. A new order and its acknowledgement, bytes to bytes, "
           f"on a day of so many orders, with so many sessions, with so many accounts; the others at "
           f"{BASE['orders']} orders, {BASE['sessions']} sessions, {BASE['accounts']:,} accounts. Flat is within "
           f"{100 * BOUND:g} % of the first point in instructions, counted by callgrind. Times are medians, system calls "
           "on loopback included, and are not judged: other programs ran beside them.")
    yield ""
    yield "![instructions and time against the first point](growth.svg)"
    for name, points in results.items():
        yield ""
        yield f"## {TITLES[name]}: {judged(points)}"
        yield ""
        yield f"| {TITLES[name]} | instructions | against the first | time, us | against the first |"
        yield "|--:|--:|--:|--:|--:|"
        for point in points:
            shares = [point[kind] / points[0][kind] for kind in ("instructions", "ns")]
            yield (f"| {point['at']:,} | {point['instructions']:,} | {shares[0]:.3f} | {point['ns'] / 1000:.1f} | "
                   f"{shares[1]:.2f} |")


def kept(path):
    """Points measured before, by what they were measured at."""
    if not path.exists():
        return {}
    return {tuple(point[name] for name in NAMES): {kind: point[kind] for kind in ("instructions", "ns")}
            for point in json.loads(path.read_text())}


def measure_all(program, series, known, path):
    """The results of each series. Every point is on disk once it is measured."""
    results = {}
    for name, values in series.items():
        results[name] = []
        for value in values:
            key = tuple(dict(BASE, **{name: value}).values())
            if key not in known:
                known[key] = measure(program, dict(zip(NAMES, key)))
                path.write_text(json.dumps([dict(zip(NAMES, at), **found) for at, found in known.items()], indent=2)
                                + "\n")
            results[name].append(dict(known[key], at=value))
            print(f"{TITLES[name]} {value:,}: {known[key]['instructions']:,} instructions, "
                  f"{known[key]['ns'] / 1000:.1f} us", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="a few small points, in two minutes")
    parser.add_argument("--keep", action="store_true", help="measure only points that growth.json does not have")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent)
    options = parser.parse_args()
    path = options.out / "growth.json"
    results = measure_all(options.program, QUICK if options.quick else SERIES, kept(path) if options.keep else {}, path)
    (options.out / "growth.svg").write_text(chart(results))
    (options.out / "GROWTH.md").write_text("\n".join(table(results)) + "\n")
    for name, points in results.items():
        print(f"{TITLES[name]}: {judged(points)}")
    return 1 if any("NOT FLAT" in judged(points) for points in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
