#!/usr/bin/env python3
"""The journal's end is lost (journal 2.7): the keeper stands still under load, then both programs are killed
and the front is gone, as after a power failure at level process. The venue knows orders that have no record.
Judged by the exchange's own log: they are taken in as orphans, exposures equal it, no order and no number
comes twice; a client of plain sockets is let in again and cannot double what it sent before. At level disk an
older journal stands for the loss that may not be: the gateway stops.

usage: power_loss_test.py PROGRAMS [process|disk]
"""
import csv
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from demands import wait_for  # noqa: E402
from journal_witness import END_LOST, INCIDENT, records, venue_ids  # noqa: E402
from kill_test import Stand, judge, say  # noqa: E402
from plain_client import Client  # noqa: E402

PEER_AHEAD = 2


def good_terms(stand):
    """Symbol and price of a board-lot buy the exchange has taken, and an account whose investor has usual limits."""
    def bought():
        with open(stand.witness, encoding="utf-8") as file:
            return [row for row in csv.DictReader(filter(str.strip, list(file)[1:]), delimiter="\t")
                    if row["type"] == "D" and row["direction"] == "in" and row["ap_code"] == "0" and row["side"] == "1"
                    and row["ord_type"] == "2"]
    wait_for("a buy at the exchange", bought)  # a busy machine takes its time for logons
    rows = bought()
    cheapest = min(rows, key=lambda row: float(row["price"]))
    with open(stand.directory / "accounts.csv", encoding="utf-8") as file:
        accounts = [f"{row['branch']}-{row['account']}" for row in csv.DictReader(file)
                    if row["flags"] == "" and int(row["investor"][3:]) % 6 != 5]
    return {"symbol": cheapest["symbol"].strip(), "price": cheapest["price"], "quantity": 1000}, accounts[-1]


def lose_the_end(stand, client, terms, account, wrong):
    """Orders the journal will not hold, and the loss."""
    stand.processes["keeper"].send_signal(signal.SIGSTOP)
    client.order(terms, "LOST1", account)
    client.wait_for("8", _11="LOST1", _150="0")
    time.sleep(1.5)
    stand.kill("gateway")
    stand.kill("keeper")
    shutil.rmtree(stand.front)
    stand.start_keeper()
    stand.start_gateway()
    stand.wait_until_open(seconds=120)
    say("the front is lost with what the keeper had not written: both lines are open again")
    log = (stand.directory / "run/gateway.log").read_text()
    for words in ("last records may be lost", "its number is adopted"):
        if words not in log:
            wrong.append(f"the gateway's log does not say '{words}'")


def client_comes_back(stand, client, terms, lost_number, account, wrong):
    expected = client.next_in
    client.connect()
    told = client.receive()
    if told[35] != "A" or int(told[34]) >= expected:
        wrong.append(f"the client lost nothing by the loss: nothing was tested ({told}, {expected} expected)")
        return
    client.send("5", (58, f"MsgSeqNum too low, expecting {expected} but received {told[34]}"))
    while client.receive() is not None:
        pass
    client.connect()
    told = client.receive()
    if told[35] != "A" or int(told[34]) < expected:
        wrong.append(f"the client's number was not adopted: {told}, {expected} expected")
        return
    asked = client.wait_for("2")
    first = int(asked[7])
    if first > lost_number:
        wrong.append(f"the gateway asks from {first}: it knows the lost order {lost_number}")
    # As stock engines do: administration is filled over, the order comes again.
    client.send("4", (123, "Y"), (36, lost_number), number=first, resent=True) if first < lost_number else None
    client.order(terms, "LOST1", account, number=lost_number, resent=True)
    client.send("4", (123, "Y"), (36, client.next_out), number=lost_number + 1, resent=True)
    refused = client.wait_for("j")
    if refused[45] != str(lost_number) or refused[380] != "4":
        wrong.append(f"the order sent before the loss: {refused}")
    client.order(terms, "HALTED1", account)
    answer = client.wait_for("8", _11="HALTED1")
    if answer[150] != "8" or "halted" not in answer[58]:
        wrong.append(f"the account of an orphan is not halted: {answer}")
    stand.control("risk.officer", "resume", "account", account, "--approver", "risk.approver", "--reason", "looked at")
    client.order(terms, "GOOD1", account)
    answer = client.wait_for("8", _11="GOOD1")
    if answer[150] != "0":
        wrong.append(f"the account resumed by two persons does not trade: {answer}")
    say(f"the client is back at {expected}: its order of before is refused, its account halted until two persons resume")


def judge_records(stand, wrong):
    incidents = [(sections[1][24], sections[1][26]) for kind, _, _, sections in records(stand.journal)
                 if kind == INCIDENT]
    lost = sum(cause == END_LOST for cause, _ in incidents)
    ahead = sum(cause == PEER_AHEAD and venue_side for cause, venue_side in incidents)
    _, orphans = venue_ids(stand.journal)
    say(f"incidents: end lost {lost}, venues ahead {ahead}; orphans {len(orphans)}")
    if lost != 1 or ahead < 1:
        wrong.append(f"incidents {incidents}: one loss and a venue ahead were expected")
    if not orphans:
        wrong.append("no orphan: nothing was tested")


def run(stand, wrong):
    stand.start_all()
    stand.wait_until_open(say=say)
    load = stand.load("profile", "--rate", 300, "--seconds", 60, "--sessions", 6, "--market", 0, "--day-origin",
                      stand.origin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(9)  # the opening call, and some trading
    terms, account = good_terms(stand)
    client = Client(stand.client_port)
    client.connect()
    client.wait_for("A")
    client.order(terms, "KEPT1", account)
    client.wait_for("8", _11="KEPT1", _150="0")
    time.sleep(1)
    lost_number = client.next_out
    lose_the_end(stand, client, terms, account, wrong)
    load.kill()
    load.wait()
    client_comes_back(stand, client, terms, lost_number, account, wrong)
    # What was taken in survives a restart with its front, and later reports still find it.
    stand.kill("gateway")
    stand.start_gateway()
    stand.wait_until_open(seconds=120)
    answer = stand.control("operator", "halt", "firm", "--cancel-open", "--reason", "end of the test", check=False)
    if not answer.get("ok"):
        wrong.append(f"halt with cancels: {answer}")
    time.sleep(3)
    exits = stand.stop_all()
    wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
    wrong += judge(stand, None, orphans_expected=True)
    judge_records(stand, wrong)


def run_at_disk(stand, wrong):
    """A journal put back to an older copy: what level disk forbids. The gateway says so and stops."""
    stand.start_all()
    stand.wait_until_open(say=say)
    load = stand.load("profile", "--rate", 100, "--seconds", 60, "--sessions", 4, "--market", 0, "--day-origin",
                      stand.origin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(7)
    older = stand.directory / "run/older"
    # With the checkpoints of today the keeper would refuse already.
    shutil.copytree(stand.journal, older, ignore=shutil.ignore_patterns("checkpoints"))
    time.sleep(2)
    load.kill()
    load.wait()
    for name in ("gateway", "keeper"):
        stand.kill(name)
    shutil.rmtree(stand.front)
    shutil.rmtree(stand.journal)
    older.rename(stand.journal)
    orders_before = stand.witness.read_text().count("\tin\t")
    stand.start_keeper()
    stand.start_gateway()
    code = stand.processes["gateway"].wait(60)
    stand.stop("keeper")
    log = (stand.directory / "run/gateway.log").read_text()
    say(f"an older journal at level disk: the gateway ended with {code}")
    if code != 3 or "at level disk, does not hold" not in log:
        wrong.append(f"exit code {code}, log: {log[-500:]}")
    news = [row for row in stand.witness.read_text().splitlines() if "\tin\t" in row][orders_before:]
    if any(row.split("\t")[5] in "DGF" for row in news):
        wrong.append("it sent commands before it stopped")


def main():
    level = sys.argv[2] if len(sys.argv) > 2 else "process"
    programs = pathlib.Path(sys.argv[1])
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    place = keep or tempfile.mkdtemp(prefix="fairlead-loss-")
    wrong = []
    try:
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "level": f'"{level}"'}) as stand:
            (run if level == "process" else run_at_disk)(stand, wrong)
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
    if wrong:
        say("FAILED: " + " | ".join(wrong))
        return 1
    say(f"power loss test passed, level {level}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
