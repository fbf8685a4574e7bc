#!/usr/bin/env python3
"""A short capacity assessment on the real programs: a day's journal is made, a stand with room is assessed for
it, and what the report says of the journal is counted again here, with struct alone. Judges no time: the bound is
far off, the rate is broken by a slow line that refuses. What cannot be assessed must say why.

usage: assess_test.py PROGRAMS
"""
import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "bench")]
from assess import capacity_stand  # noqa: E402
from stand import Stand  # noqa: E402

NEW, REPLACE, CANCEL = 32, 33, 34
SESSIONS, ACCOUNTS = 6, 300
SECOND = 1_000_000_000


def commands(journal):
    """Time and session of every New, Replace and Cancel that a client sent."""
    for path in sorted(journal.glob("*.flj")):
        data = path.read_bytes()
        at = 0
        while data[at:at + 4] == b"FLF1":
            count, payload = struct.unpack_from("<II", data, at + 40)
            place = at + 128
            for _ in range(count):
                kind, length = struct.unpack_from("<HI", data, place + 6)
                kernel, = struct.unpack_from("<q", data, place + 64 + 24)
                if kind in (NEW, REPLACE, CANCEL) and kernel:  # a cancel the gateway made has no arrival
                    yield struct.unpack_from("<q", data, place + 32)[0], struct.unpack_from("<I", data, place + 56)[0]
                place += length
            at += (128 + payload + 4095) // 4096 * 4096


def journal_of_a_day(place, programs):
    """An ordinary day of the demo's kind, ended and kept."""
    with Stand(place, programs, make_demo=["--continuous", 3600], gateway_settings={"keeper_lag_ms": 10000}) as stand:
        stand.start_all()
        stand.wait_until_open()
        stand.load("profile", "--rate", 300, "--seconds", 3, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL).wait(120)
        stand.stop_all()
    return stand.journal


def assess(stand, *options):
    process = stand.load("assess", *options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.communicate(timeout=300)[0]
    return process.returncode, output


def refused(stand, journal, out):
    """What is asked wrongly: options, and what the answer must name."""
    empty = stand.directory / "empty"
    empty.mkdir()
    usual = {"--journal": journal, "--out": out, "--seconds": 0.2}
    for changed, words in (
            ({"--journal": "nowhere"}, "--journal = nowhere: must be a directory"),
            ({"--journal": empty}, f"--journal = {empty}: must"),
            ({"--out": "/proc/none"}, "--out = /proc/none: must be a directory"),
            ({"--growth-per-year": "30"}, "--growth-per-year = 30: per cent"),
            ({"--sessions": 99}, f"--sessions = 99: at most the {SESSIONS} sessions"),
            ({"--accounts": 9999}, "--accounts = 9999: at most the"),
            ({"--p99-us": 1, "--repeats": 1}, "--rate-from = 500 commands a second: the first rate must hold: p99"),
            ({"--p99-us": 5e8, "--rate-from": 50, "--rate-max": 100, "--repeats": 1},
             "--rate-max = 100 commands a second: a rate must be reached that does not hold"),
            ({"--port": 1}, "gateway = 127.0.0.1:1: must take connections")):
        code, output = assess(stand, *(word for pair in {**usual, **changed}.items() for word in pair))
        if code != 2 or words not in output:
            yield f"{changed}: ended with {code} and does not say '{words}': {output[-400:]}"


def check_report(report, page, journal):
    """The report against the journal, counted here, and the page against the report."""
    found = list(commands(journal))
    seconds = collections.Counter(at // SECOND for at, _ in found)
    minutes = collections.Counter(at // SECOND // 60 for at, _ in found)
    day, = report["days"]
    for what, told, counted in (
            ("commands", day["commands"], len(found)),
            ("busiest minute", report["busiest_minute"]["commands"], max(minutes.values())),
            ("busiest second", report["busiest_second"]["commands"], max(seconds.values())),
            ("its mean", report["busiest_minute"]["commands_per_second"], max(minutes.values()) / 60),
            ("sessions", day["sessions"], len({session for _, session in found})),
            ("sessions played", report["load"]["sessions"], SESSIONS),
            ("accounts played", report["load"]["accounts"], ACCOUNTS // 2)):
        if told != counted or not told:
            yield f"{what}: the report says {told}, the journal {counted}"
    held = [one for one in report["rates"] if one["holds"]]
    broken = [one for one in report["rates"] if not one["holds"]]
    knee = report["knee"]
    if not held or not broken or not knee["least"] <= knee["rate"] <= knee["most"]:
        yield f"no knee between a rate that holds and one that does not: {knee}, {len(held)} and {len(broken)}"
    if not report["gateway"]["start"] or len(report["program"]["sha256"]) != 64 or not report["machine"]["processor"]:
        yield "the report does not say what was measured, or on what"
    for words in (report["verdict"], f"{day['commands']:,}", f"{round(knee['rate']):,}", day["journal"],
                  report["gateway"]["configuration_sha256"], "<svg ", report["busiest_minute"]["from"]):
        if words not in page:
            yield f"the page does not hold: {words}"
    if "src=" in page or "href=" in page:
        yield "the page needs more than itself"


def main():
    programs = pathlib.Path(sys.argv[1])
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-assess-") as place:
        place = pathlib.Path(place)
        journal = journal_of_a_day(place / "day", programs)
        with capacity_stand(place / "stand", programs, SESSIONS, ACCOUNTS) as stand:
            # A line so slow that it, not this machine, is what breaks the rate: queued orders are refused.
            text = stand.config.read_text().replace("rate_per_second = 100000", "rate_per_second = 150")
            stand.config.write_text(text)
            stand.start_all()
            stand.wait_until_open()
            out = place / "out"
            wrong += refused(stand, journal, out)
            if list(out.glob("*")):
                wrong.append("a report was written of an assessment that could not be made")
            code, output = assess(stand, "--journal", journal, "--out", out, "--accounts", ACCOUNTS // 2, "--rate-from",
                                  50, "--p99-us", 60_000_000, "--seconds", 3, "--repeats", 1, "--precision", 100)
            print(output, flush=True)
            reports = list(out.glob("assessment-*.json"))
            if code not in (0, 1) or len(reports) != 1:
                wrong.append(f"ended with {code}, {len(reports)} reports")
            else:
                report = json.loads(reports[0].read_text())
                wrong += check_report(report, reports[0].with_suffix(".html").read_text(), journal)
                if report["enough"] != (code == 0):
                    wrong.append(f"ended with {code}, and the report says enough: {report['enough']}")
            stand.stop_all()
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
