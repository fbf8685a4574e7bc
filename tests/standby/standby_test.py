#!/usr/bin/env python3
"""Rows 55 to 57 of tests/FAULTS.md on the real programs: two hosts, one the other's standby, at level replica. What
reached the exchange is judged by its own log and the journal of the host that led last.

usage: standby_test.py PROGRAMS [ROW...]     (all of them unless said)
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/gateway"), str(pathlib.Path(__file__).resolve().parent)]
from demands import Failed, demand  # noqa: E402
from hosts import authority_in, certify, log_of, other_host, replica, start, status, stop, wait_for  # noqa: E402
from journal_witness import records  # noqa: E402
from kill_test import judge, say  # noqa: E402
from relay import Relay  # noqa: E402
from stand import Stand  # noqa: E402

DEVICE_EVENT, DEPARTED = 6, 48
STANDBY_LOST, TAKEN_OVER, GRANTED, RECOVERED = 17, 18, 19, 8
SETTINGS = {"polling": "false", "keeper_lag_ms": 10000, "wait_age_limit_ms": 10000, "front_segment_mib": 8}


def two_hosts(place, programs, **how):
    """A stand with exchange, and its standby, nothing started yet."""
    stand = Stand(place, programs, make_demo=["--continuous", 24 * 3600], gateway_settings=SETTINGS)
    other = other_host(stand, **how)
    authority = authority_in(stand.directory)
    certify(authority, stand, "host-a")
    certify(authority, other, "host-b")
    return stand, other


def lead(leader, standby, **how):
    """The leader at level replica with its standby, both at work; the exchange runs already."""
    replica(leader, "replica", standbys=[standby], **how)
    replica(standby, "disk", leader=leader)
    start(standby, "keeper", "standby")
    start(leader, "keeper", "ship", "gateway")
    leader.wait_until_open()
    standby.origin = leader.origin


def flow(host, seconds, name):
    result = host.directory / f"{name}.json"
    return result, host.load(
        "profile", "--rate", 200, "--seconds", seconds, "--sessions", 6, "--market", 0, "--heartbeat", 5, "--reconnect", 60,
        "--answer-wait", 40, "--day-origin", host.origin, "--json", result,
        stdout=open(host.directory / f"{name}.log", "w"), stderr=subprocess.STDOUT)


def flows(host):
    """Until every session is on and orders leave: a busy machine takes its time for passwords."""
    wait_for("the sessions' logons", lambda: status(host)["sessions_on"] >= 6)
    before = departed(host)
    wait_for("departures", lambda: departed(host) > before + 20)


def events(host):
    """(cause, sequence) of every device event of the host's journal."""
    return [(sections[1][8], sequence) for kind, sequence, _, sections in records(host.journal) if kind == DEVICE_EVENT]


def departed(host):
    return sum(kind == DEPARTED for kind, *_ in records(host.journal))


def in_step(leader, seconds=60):
    """Everything that the leader has journaled is acknowledged."""
    def all_acked():
        row = status(leader)
        return row["acked"] >= row["sequence"] - 3  # asking is a Record itself
    wait_for("the standby's acknowledgement of everything", all_acked, seconds)


def lost(leader, standby):
    """Row 55: the standby killed, stopped, and behind."""
    for what in ("killed", "stopped"):
        before = len(events(leader))
        if what == "killed":
            standby.kill("standby")
        else:
            os.kill(standby.processes["standby"].pid, signal.SIGSTOP)
        wait_for("the Record that too few standbys acknowledge",
                 lambda: STANDBY_LOST in [cause for cause, _ in events(leader)[before:]])
        time.sleep(0.5)
        gone = departed(leader)
        time.sleep(2)
        demand(departed(leader) == gone, f"the standby was {what} and something left: {departed(leader) - gone}")
        if what == "killed":
            start(standby, "standby")
        else:
            os.kill(standby.processes["standby"].pid, signal.SIGCONT)
        wait_for("the Record that orders are taken again",
                 lambda: RECOVERED in [cause for cause, _ in events(leader)[before:]])
        wait_for("departures", lambda: departed(leader) > gone)
        say(f"row 55: standby {what}: the gate shut after {gone} departures, opened again when it was back")
    standby.kill("keeper")
    before = len(events(leader))
    wait_for("the Record that too few standbys acknowledge",
             lambda: STANDBY_LOST in [cause for cause, _ in events(leader)[before:]])
    start(standby, "keeper")
    wait_for("the Record that orders are taken again",
             lambda: RECOVERED in [cause for cause, _ in events(leader)[before:]])
    say("row 55: the standby's keeper killed: the same")


def take_over(host, told):
    """The host's gateway after its standby program has ended; two persons grant it."""
    begun = time.time()
    demand(host.stop("standby") == 0, "the standby program did not end in order")
    start(host, "gateway")
    row = wait_for("the gateway that takes over", lambda: status(host))
    demand(row["takeover_waits"] and row["lines_on"] == 0, f"it did not wait for two persons: {row}")
    alone = host.control("operator", "journal", "resume", "--reason", "alone", check=False)
    demand(not alone.get("ok"), "one person alone granted the takeover")
    time.sleep(1)
    demand(status(host)["lines_on"] == 0, "a venue line was connected before two persons had said so")
    host.control("operator", "journal", "resume", "--reason", told, "--approver", "risk.approver")
    return begun


def row_55_57(place, programs):
    stand, other = two_hosts(place, programs)
    hosts = [stand, other]
    try:
        stand.start_exchange()
        lead(stand, other)
        result, load = flow(stand, 60, "flow")
        flows(stand)
        lost(stand, other)
        # 57: the leader's host is gone, in the middle of everything.
        for program in ("gateway", "keeper", "ship"):
            stand.kill(program)
        begun = take_over(other, "host-a is gone")
        other.wait_until_open(seconds=120)
        say(f"row 57: host-a gone under load; host-b open {time.time() - begun:.1f} s after it was begun, persons' word "
            "included")
        load.wait()
        time.sleep(1)
        end_b = other.stop("gateway"), other.stop("keeper")
        demand(end_b == (0, 0), f"gateway and keeper of host-b ended with {end_b}")
        other.witness = stand.witness
        wrong = judge(other, result)
        if wrong:
            say((stand.directory / "flow.log").read_text()[-3000:])
        demand(not wrong, "host-b after the takeover: " + " | ".join(wrong))
        causes = [cause for cause, _ in events(other)]
        demand(causes.count(TAKEN_OVER) == 1 and causes.count(GRANTED) == 1, f"not on record once: {causes}")
        fail_back(stand, other)
    finally:
        stop(hosts)


def fail_back(stand, other):
    """Host-a has a journal that host-b's has left behind or not: it may not go on with it unless it fits. With none it is
    filled from the first record, and leads again."""
    replica(other, "replica", standbys=[stand])
    replica(stand, "disk", leader=other)
    start(stand, "keeper", "standby")
    start(other, "keeper", "ship", "gateway")
    wait_for("host-b's word about host-a's old journal",
             lambda: "is refused" in log_of(other, "ship") or "holds the journal up to" in log_of(other, "ship"))
    refused = "is refused" in log_of(other, "ship")
    if refused:
        for program in ("standby", "keeper"):
            stand.stop(program)
        stand.journal.rename(stand.journal.with_name("journal-left-behind"))
        for path in stand.front.iterdir():
            path.unlink()
        other.kill("ship")
        start(stand, "keeper", "standby")
        start(other, "ship")
    other.wait_until_open(seconds=120)
    in_step(other)
    result, load = flow(other, 12, "flow-back")
    flows(other)
    for program in ("gateway", "keeper", "ship"):
        other.kill(program)
    take_over(stand, "back to host-a")
    stand.wait_until_open(seconds=120)
    load.wait()
    time.sleep(1)
    ends = stand.stop("gateway"), stand.stop("keeper"), stand.stop("exchange")
    demand(ends == (0, 0, 0), f"host-a ended with {ends}")
    wrong = judge(stand, result)
    demand(not wrong, "host-a after the failback: " + " | ".join(wrong))
    say(f"row 57: failed back to host-a, whose old journal was {'refused' if refused else 'continued'}")


def row_56(place, programs):
    """Nothing passes between the hosts, both live, and persons let host-b take over: host-a can send nothing any more."""
    stand, other = two_hosts(place, programs, same_client_port=False)
    relay = Relay(other.standby_port)
    try:
        stand.start_exchange()
        lead(stand, other, port=relay.port)
        result, load = flow(stand, 20, "flow")
        flows(stand)
        relay.cut()
        wait_for("the Record that too few standbys acknowledge", lambda: STANDBY_LOST in [cause for cause, _ in events(stand)])
        time.sleep(0.5)
        gone = departed(stand)
        take_over(other, "host-a is cut off")
        time.sleep(2)
        demand(status(other)["lines_on"] == 0, "the venue let two hosts on one line")
        demand(departed(stand) == gone, "host-a sent without its standby")
        stand.kill("gateway")
        other.wait_until_open(seconds=120)
        relay.mend()
        start(stand, "gateway")
        wait_for("host-a's gateway", lambda: status(stand))
        time.sleep(3)
        row = status(stand)
        demand(row["lines_on"] == 0 and departed(stand) == gone, f"host-a is back and sends: {row}")
        load.kill()
        load.wait()
        for program in ("gateway", "ship", "keeper"):
            stand.kill(program)
        demand((other.stop("gateway"), other.stop("keeper"), stand.stop("exchange")) == (0, 0, 0), "host-b did not end well")
        other.witness = stand.witness
        wrong = judge(other, None)
        demand(not wrong, "host-b after the partition: " + " | ".join(wrong))
        say(f"row 56: cut off, host-a sent nothing behind departure {gone}; host-b led on two persons' word once host-a's "
            "lines were down; host-a came back and stayed shut")
    finally:
        relay.close()
        stop([stand, other])


def row_55_wrong(place, programs):
    """A standby that holds another journal, and one that what the leader signs does not fit: both are refused, named, and
    the gate stays shut."""
    stand, other = two_hosts(place, programs)
    try:
        stand.start_exchange()
        # Host-b led a journal of its own once.
        other.origin = stand.origin
        replica(other, "disk")
        start(other, "keeper", "gateway")
        other.wait_until_open()
        demand((other.stop("gateway"), other.stop("keeper")) == (0, 0), "host-b did not end well")
        replica(stand, "replica", standbys=[other])
        replica(other, "disk", leader=stand)
        start(other, "keeper", "standby")
        start(stand, "keeper", "gateway")
        wait_for("host-a's gateway", lambda: status(stand))
        start(stand, "ship")
        wait_for("the refusal", lambda: "which is another than here" in log_of(stand, "ship") or
                 "and this journal ends at" in log_of(stand, "ship"))
        time.sleep(2)
        row = status(stand)
        demand(row["lines_on"] == 0 and row["road_twse"] == "journal_unavailable", f"the gate opened: {row}")
        demand(row["acked"] == 0, f"acknowledged by another journal: {row}")
        say("row 55: a standby with another journal is refused: " + log_of(stand, "ship").strip().splitlines()[-1][-160:])
        # Someone who is not the leader.
        stand.kill("ship")
        other.kill("standby")
        text = stand.config.read_text()
        stand.config.write_text(text.replace("/host-a.pem", "/host-b.pem").replace("/host-a.key", "/host-b.key"))
        start(other, "standby")
        start(stand, "ship")
        wait_for("the refusal of another certificate", lambda: "should be of 'host-a'" in log_of(other, "standby"))
        say("row 55: who does not come with the leader's certificate is not listened to")
    finally:
        stop([stand, other])


ROWS = {"55_57": row_55_57, "56": row_56, "55_wrong": row_55_wrong}


def main():
    programs = pathlib.Path(sys.argv[1])
    failed = []
    for name in sys.argv[2:] or ROWS:
        with tempfile.TemporaryDirectory(prefix="fairlead-standby-") as place:
            begun = time.time()
            try:
                ROWS[name](pathlib.Path(place) / "stand", programs)
            except (Failed, RuntimeError, OSError, ValueError) as problem:
                failed.append(name)
                say(f"FAILED: {name}: {problem}")
                for log in sorted(pathlib.Path(place).rglob("*.log")):
                    say(f"--- {log.relative_to(place)}\n{log.read_text()[-1500:]}")
            say(f"{name}: {time.time() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
