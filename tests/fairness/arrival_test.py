#!/usr/bin/env python3
"""The arrival rule against the real gateway: many sessions on several sending threads, one message a write and
several, and the journal judged record by record.

usage: arrival_test.py PROGRAMS SENDERS [MESSAGES]; MESSAGES of each kind: 20,000 unless said, 200,001 when
FAIRLEAD_LONG is 1.
"""
import collections
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

# Records' times are settled against UTC every few milliseconds, so they may be off by about this.
GRAIN_NS = 3_000
SESSIONS = 24
Message = collections.namedtuple("Message", "session number kernel effective decided")


def orders(journal):
    """Every New of the journal in record order, read with struct alone."""
    for path in sorted(journal.glob("*.flj")):
        data = path.read_bytes()
        at = 0
        while data[at:at + 4] == b"FLF1":
            count, payload = struct.unpack_from("<II", data, at + 40)
            place = at + 128
            for _ in range(count):
                kind, length = struct.unpack_from("<HI", data, place + 6)
                if kind == 32:
                    decided, = struct.unpack_from("<q", data, place + 32)
                    session, = struct.unpack_from("<I", data, place + 56)
                    kernel, effective, number = struct.unpack_from("<qqQ", data, place + 64 + 24)
                    yield Message(session, number, kernel, effective, decided)
                place += length
            at += (128 + payload + 4095) // 4096 * 4096


def judge(messages, sent):
    """What is wrong with the order, and how late the kernel's latest was."""
    wrong = []
    out_of_order = [b for a, b in zip(messages, messages[1:]) if b.effective < a.effective]
    if out_of_order:
        wrong.append(f"{len(out_of_order)} messages out of effective arrival order, first {out_of_order[0]}")
    early = [one for one in messages if one.effective < one.kernel]
    if early:
        wrong.append(f"{len(early)} messages competed before their kernel stamp, first {early[0]}")
    unstamped = sum(one.kernel == 0 for one in messages)
    if unstamped:
        wrong.append(f"{unstamped} messages without a kernel stamp")
    before = {}
    for line in sent.read_text().splitlines():
        session, first, last, at, _ = map(int, line.split("\t"))
        before.update(((session, number), at) for number in range(first, last + 1))
    missing = before.keys() - {(one.session, one.number) for one in messages}
    if missing:
        wrong.append(f"{len(missing)} messages sent are not in the journal, one is {min(missing)}")
    too_early = [one for one in messages if one.kernel < before.get((one.session, one.number), 0)]
    if too_early:
        wrong.append(f"{len(too_early)} messages have a kernel stamp from before they were sent, first {too_early[0]}")
    return wrong + judge_bound(messages)


def judge_bound(messages):
    """Nobody waits for more than one message of each other session per pass: a message that competes with its own
    stamp is served in the pass that began next, so between stamp and turn lie at most two of each other session."""
    most = 0
    for at, one in enumerate(messages):
        if one.effective != one.kernel:
            continue
        ahead = collections.Counter()
        for other in reversed(messages[max(0, at - 4 * SESSIONS):at]):
            if other.decided <= one.kernel + GRAIN_NS:
                break
            if other.session != one.session:
                ahead[other.session] += 1
        most = max(most, max(ahead.values(), default=0))
    own_stamp = sum(one.effective == one.kernel for one in messages)
    if own_stamp < 100:
        return [f"only {own_stamp} messages competed with their own stamp: too few to show anything"]
    return [f"a message waited for {most} messages of one other session"] if most > 2 else []


def accounts_of(stand):
    """One account a session, each of another investor: the demo's sessions trade for one branch each."""
    rows = [line.split(",")[:3] for line in (stand.directory / "accounts.csv").read_text().splitlines()[1:]]
    chosen, investors = [], set()
    for session in range(SESSIONS):
        row = next(row for row in rows if row[0] == f"861{session % 4}" and row[2] not in investors)
        investors.add(row[2])
        chosen.append(f"{row[0]}-{row[1]}")
    return ",".join(chosen)


def run(place, programs, senders, messages, burst, gap_us):
    with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
               gateway_settings={"keeper_lag_ms": 10000}) as stand:
        stand.start_all()
        stand.wait_until_open()
        sent = stand.directory / "sent.tsv"
        subprocess.run([senders, "--port", str(stand.client_port), "--sessions", str(SESSIONS), "--threads", "3",
                        "--accounts", accounts_of(stand), "--messages", str(messages), "--burst", str(burst), "--gap-us", str(gap_us), "--out",
                        str(sent)], check=True, timeout=900)
        exits = stand.stop_all()
        found = list(orders(stand.journal))
        wrong = judge(found, sent) + [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
        if len(found) < messages - messages % 3:
            wrong.append(f"only {len(found)} orders in the journal")
        done = subprocess.run([str(stand.programs / "fairlead-examine"), "fairness", str(stand.journal), "--json"],
                              capture_output=True, text=True)
        report = json.loads(done.stdout)
        if report["sent"] == 0 or report["undeparted"]:
            wrong.append(f"{report['sent']} orders went to a line, {report['undeparted']} of them without departure")
        if done.returncode != 0 or report["out_of_turn"]["commands"] or report["race_inversions"] or \
                report["kernel_order"]["unexplained"]["commands"]:
            wrong.append("fairlead-examine: " + report["summary"] + " " + report["error"])
        order = report["kernel_order"]
        print(f"up to {burst} in a write: {len(found)} orders in turn; {report['summary']}; against the kernel's stamps: "
              f"behind own {order['behind_own_session']['commands']}, late readable "
              f"{order['late_readable']['commands']} (worst {order['late_readable']['worst_ns'] / 1000:.1f} us)", flush=True)
        return wrong


def main():
    programs, senders = pathlib.Path(sys.argv[1]), sys.argv[2]
    usual = 200_001 if os.environ.get("FAIRLEAD_LONG") == "1" else 20_000
    messages = int(sys.argv[3]) if len(sys.argv) > 3 else usual
    wrong = []
    for burst, gap_us in ((1, 100), (40, 800)):
        with tempfile.TemporaryDirectory(prefix="fairlead-arrival-") as place:
            keep = os.environ.get("FAIRLEAD_KEEP")
            wrong += run(f"{keep}/{burst}" if keep else place, programs, senders, messages, burst, gap_us)
    for one in wrong:
        print("WRONG:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
