#!/usr/bin/env python3
"""The second archive on the real programs and real NATS servers, under load at level disk. The replicator is killed at
random and stopped, servers are slow and stopped, their leader killed with its files lost, at last all of them: the gateway
trades on and its keeper syncs on, the lag alarm comes and goes, what is lost is filled again, and at the end the archive
alone gives the root that the newest checkpoint was signed over. Archives that contradict the journal are refused;
verify finds what was removed or changed. Judged by counts and the journal, never by time.

usage: replicate_test.py PROGRAMS [SEED]; 77 when there is no nats-server
"""
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/gateway"), str(ROOT / "bench/exchange")]
from demands import Failed, demand, say, wait_for  # noqa: E402
from kill_test import judge  # noqa: E402
from nats_servers import PROGRAM, Servers  # noqa: E402
from plain_client import Client  # noqa: E402
from power_loss_test import good_terms  # noqa: E402
from recount import rows_of  # noqa: E402
from stand import Stand  # noqa: E402

LONG = os.environ.get("FAIRLEAD_LONG") == "1"
KILLS = 50 if LONG else 5
SECONDS = 600  # of load, which is ended before when all has been tried
RATE = 200
LAG_ALARM_S = 2
STREAM = "gw1"
MARK_SYNCED_AT = 64
CONTRADICTS = 3  # exit code
SKIPPED = 77


class ArchivedStand(Stand):
    """A stand with a replicator."""

    def __init__(self, place, programs, servers, seed):
        super().__init__(place, programs, make_demo=["--continuous", 24 * 3600],
                         gateway_settings={"level": '"disk"', "keeper_lag_ms": 10000, "wait_age_limit_ms": 10000,
                                           "sync_refuse_ms": 10000})
        self.servers, self.rng, self.status_path = servers, random.Random(seed), self.directory / "run/archive.json"
        self.client, self.terms, self.asked = Client(self.client_port), None, 0  # CLIENT24, of no load

    def start_replicator(self, name="replicate", status=None):
        log = open(self.directory / f"run/{name}.log", "ab")
        self.processes[name] = subprocess.Popen(
            [str(self.programs / "fairlead-replicate"), "run", "--journal", str(self.journal), "--front",
             str(self.front), *self.servers.options(), "--stream", STREAM, "--replicas", "3", "--lag-alarm",
             str(LAG_ALARM_S), "--status", str(status or self.status_path)], stdout=log, stderr=log)
        log.close()

    def log(self, name="replicate"):
        return (self.directory / f"run/{name}.log").read_text()

    def archive(self):
        """The replicator's own word; {} before its first."""
        try:
            return json.loads(self.status_path.read_text())
        except (OSError, ValueError):
            return {}

    def status_code(self):
        done = subprocess.run([str(self.programs / "fairlead-replicate"), "status", str(self.status_path), "--stale",
                               "600"], capture_output=True, text=True)
        return done.returncode, done.stdout.strip()

    def synced(self):
        return struct.unpack_from("<Q", (self.front / "keeper.mark").read_bytes(), MARK_SYNCED_AT)[0]

    def orders(self):
        return sum(row["direction"] == "in" and row["type"] == "D" for row in rows_of(self.witness))

    def trades_on(self, what):
        """An order is answered, orders reach the exchange and records the disk, and the road is open, from now on."""
        self.asked += 1
        (terms, account), name = self.terms, f"ASKED{self.asked}"
        self.client.order(terms | {"quantity": terms["quantity"] * (1 + self.asked % 2)}, name, account)
        answer = self.client.wait_for("8", _11=name)
        demand(answer[150] != "8", f"an order while {what}: {answer.get(58)}")
        orders, synced = self.orders(), self.synced()
        wait_for(f"orders at the exchange while {what}", lambda: self.orders() >= orders + 20)
        wait_for(f"records on the disk while {what}", lambda: self.synced() >= synced + 100)
        row = self.control("operator", "status")["rows"][0]
        demand(row["road_twse"] == row["road_tpex"] == "none" and row["lines_on"] == row["lines"],
               f"the gateway's gate while {what}: {row}")

    def catches_up(self, seconds=60):
        target = self.synced()
        wait_for(f"record {target} in the archive", lambda: self.archive().get("archived", 0) >= target and
                 self.archive()["state"] in ("following", "behind"), seconds)


def verify(programs, servers, *arguments, stream=STREAM):
    done = subprocess.run([str(programs / "fairlead-replicate"), "verify", *map(str, arguments), *servers.options(),
                           "--stream", stream], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


# --- under load, on a cluster of three

def kill_replicator(stand):
    for _ in range(KILLS):
        time.sleep(stand.rng.uniform(0.05, 0.6))
        stand.kill("replicate")
        stand.start_replicator()
    stand.catches_up()
    say(f"the replicator was killed {KILLS} times and has caught up")


def two_replicators(stand):
    stand.start_replicator("second", stand.directory / "run/second.json")
    stand.catches_up()
    wait_for("the second to meet the first", lambda: "its end is not where it was left" in
             stand.log() + stand.log("second"))
    demand(stand.stop("second") == 0, "the second replicator did not end well")
    stand.catches_up()
    say("two replicators at work: each gives way to the other")


def stop_replicator(stand):
    stand.processes["replicate"].send_signal(signal.SIGSTOP)
    stand.trades_on("the replicator is stopped")
    stand.processes["replicate"].send_signal(signal.SIGCONT)
    stand.catches_up()
    say("the replicator was stopped: trade went on, and it has caught up")


def slow_servers(stand):
    """Servers that run for a sixth of the time."""
    enough = threading.Event()

    def hold():
        while not enough.is_set():
            stand.servers.signal(signal.SIGSTOP)
            time.sleep(0.05)
            stand.servers.signal(signal.SIGCONT)
            time.sleep(0.01)
    holding = threading.Thread(target=hold)
    holding.start()
    try:
        archived = stand.archive()["archived"]
        stand.trades_on("the servers are slow")
        wait_for("slow servers to take records", lambda: stand.archive()["archived"] > archived)
    finally:
        enough.set()
        holding.join()
    stand.catches_up()
    say("the servers were slow: trade went on, and the replicator has caught up")


def kill_leader(stand):
    leader = stand.servers.leader(STREAM)
    stand.servers.kill(leader, lose=True)
    stand.trades_on("the leader of the archive is dead")
    stand.catches_up()
    stand.servers.start(leader)
    stand.catches_up()
    wait_for("every server with the whole of it", lambda: stand.servers.all_current(STREAM))
    demand("has lost" not in stand.log(), "a record was lost with one server of three")
    say(f"the leader, server {leader}, was killed and its files lost: the others went on, nothing was lost")


def alarm_comes(stand, what):
    before = stand.log().count("the archive is late: record")
    stand.trades_on(what)
    wait_for(f"the lag alarm while {what}", lambda: stand.log().count("the archive is late: record") > before)
    code, line = stand.status_code()
    demand(code == 1 and line.startswith("ALARM"), f"status while {what}: {code} {line}")
    say(f"{what}: {line}")


def alarm_goes(stand, what):
    told = stand.log().count("the archive is late: ")
    wait_for(f"the end of the alarm {what}", lambda: stand.log().count("late no more") >= told)
    stand.catches_up()
    code, line = stand.status_code()
    demand(code == 0, f"status {what}: {code} {line}")


def stop_servers(stand):
    stand.servers.signal(signal.SIGSTOP)
    alarm_comes(stand, "all servers are stopped")
    stand.servers.signal(signal.SIGCONT)
    alarm_goes(stand, "when the servers go on")


def lose_all(stand):
    archived = stand.archive()["archived"]
    stand.servers.kill(lose=True)
    alarm_comes(stand, "all servers are dead and their files lost")
    stand.servers.start()
    alarm_goes(stand, "when the archive is filled again")
    lost = re.findall(r"has lost records 1 to (\d+), which were in it", stand.log())
    demand(lost and int(lost[-1]) >= archived, f"of {archived} records lost the log tells {lost}")
    demand(f"what was lost is there again, up to record {lost[-1]}" in stand.log(), "the end of filling is not told")
    say(f"all files lost: records 1 to {lost[-1]} were filled again from the journal")


def under_load(stand):
    stand.start_all()
    stand.wait_until_open(say=say)
    stand.start_replicator()
    result = stand.directory / "load.json"
    load = stand.load("profile", "--rate", RATE, "--seconds", SECONDS, "--sessions", 6, "--market", 0, "--heartbeat", 5,
                      "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin, "--json", result,
                      stdout=open(stand.directory / "load.log", "w"), stderr=subprocess.STDOUT)
    try:
        wait_for("orders at the exchange", lambda: stand.orders() > 20)
        wait_for("records in the archive", lambda: stand.archive().get("archived", 0) > 0)
        stand.terms = good_terms(stand)
        stand.client.connect()
        stand.client.wait_for("A")
        for step in (kill_replicator, two_replicators, stop_replicator, slow_servers, kill_leader, stop_servers, lose_all):
            began = time.time()
            step(stand)
            say(f"    {time.time() - began:.1f} s")
            demand(load.poll() is None, "the load has ended before the faults: they were not tried under it")
        stand.client.send("5")
        while stand.client.receive() is not None:
            pass
        load.terminate()
        load.wait(60)
    finally:
        if load.poll() is None:
            load.kill()
            load.wait()
    time.sleep(1)  # fills on their way
    exits = stand.stop_all()
    demand(not any(exits.values()), f"ended with {exits}")
    # The load was ended in the middle: it has not waited for its last answers.
    wrong = judge(stand, None) + [one for one in json.loads(result.read_text())["wrong"] if "have no answer" not in one]
    demand(not wrong, f"the day without its archive: {wrong}")


def judge_archive(stand):
    """The archive alone, then beside the journal: every record once, under the newest checkpoint, the same root."""
    last = stand.synced()
    wait_for("the last record and its checkpoint in the archive",
             lambda: stand.archive().get("archived") == last == stand.archive().get("checkpoint"))
    demand(stand.stop("replicate") == 0, "the replicator did not end well")
    roots = []
    for journal in ([], [stand.journal]):
        code, text = verify(stand.programs, stand.servers, *journal, "--key", stand.verifier_key)
        demand(code == 0 and f"records       {last}, 1 to {last}\n" in text and f"{last} records under" in text,
               f"verify {journal}: {code}\n{text}")
        roots += re.findall(r"(?m)^root +(\S+)", text)
    demand("have the same leaf hashes" in text, f"the journal was not compared:\n{text}")
    signed = (stand.journal / "checkpoints/checkpoint").read_text().splitlines()
    demand(roots == [signed[2]] * 2 and signed[1] == str(last), f"roots {roots}, signed {signed[1:3]}")
    say(f"the archive's {last} records have the root that the last checkpoint was signed over\n{text}")


# --- wrong archives, built on purpose, on one server

def refused(stand, servers, stream, journal, why, replicas=1):
    done = subprocess.run(
        [str(stand.programs / "fairlead-replicate"), "run", "--journal", str(journal), *servers.options(), "--stream",
         stream, "--replicas", str(replicas)], capture_output=True, text=True, timeout=60)
    demand(done.returncode == CONTRADICTS and why in done.stderr,
           f"{stream}: ended with {done.returncode}, should name '{why}': {done.stderr}")
    say(f"{stream}: {done.stderr.partition('[critical] ')[2].strip()}")


def found(stand, servers, stream, why, *arguments):
    code, text = verify(stand.programs, servers, *arguments, "--key", stand.verifier_key, stream=stream)
    demand(code == 1 and why in text, f"verify of {stream} does not say '{why}': {code}\n{text}")
    say(f"verify of {stream}: " + next(line for line in text.splitlines() if why in line))


def crc32c(data):
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def with_last_record_changed(message):
    """Another byte among its facts, its checksum made right again."""
    at = length = 0
    while at + length < len(message):
        at += length
        length, = struct.unpack_from("<I", message, at + 8)
    record = bytearray(message[at:])
    record[64 + 24] ^= 1
    struct.pack_into("<I", record, 12, crc32c(record[:12] + record[16:]))
    return message[:at] + bytes(record)


def first_of(message):
    return struct.unpack_from("<Q", message, 16)[0]


def wrong_archives(stand, place):
    with contextlib.closing(stand.servers.client()) as client:
        good = client.messages(STREAM)
    records = [at for at, (end, _) in enumerate(good) if end == "records"]
    middle, next_one, last = records[len(records) // 2], records[len(records) // 2 + 1], records[-1]
    with Servers(place / "single", 1) as single:
        single.start()
        with contextlib.closing(single.client()) as client:
            client.make("removed", good[:middle] + good[middle + 1:])
            swapped = good.copy()
            swapped[middle], swapped[next_one] = good[next_one], good[middle]
            client.make("swapped", swapped)
            client.make("changed", [(end, with_last_record_changed(data) if at == last else data)
                                    for at, (end, data) in enumerate(good)])
            client.make("flipped", [(end, data[:80] + bytes([data[80] ^ 1]) + data[81:] if at == middle else data)
                                    for at, (end, data) in enumerate(good)])
            client.make("deleted", good, deny_delete=False)
            demand(client.delete("deleted", middle + 1).get("success"), "a message cannot be deleted")
            client.make("aging", [], max_age=10**15)
        begin, end = first_of(good[middle][1]), first_of(good[next_one][1]) - 1
        gone = f"record {begin} is missing" if begin == end else f"records {begin} to {end} are missing"
        found(stand, single, "removed", gone)
        found(stand, single, "swapped", "comes again")
        found(stand, single, "flipped", "record CRC-32C does not match its bytes")
        found(stand, single, "changed", "is not the one that its checkpoint was signed over")
        found(stand, single, "changed", "is not the journal's", stand.journal)
        found(stand, single, "deleted", f"message {middle + 1} is not in the stream any more")
        found(stand, single, "aging", "max_age")
        found(stand, single, "nowhere", "there is no stream")
        refused(stand, single, "changed", stand.journal, "is not the journal's: its leaf hash is another")
        refused(stand, single, "deleted", stand.journal, "deny_delete: must be set")
        refused(stand, single, "aging", stand.journal, "max_age: must be 0")
        another_journal(stand, single, place)


def another_journal(stand, single, place):
    with tarfile.open(ROOT / "tests/golden/journal-of-orders-1.tar.xz") as packed:
        packed.extractall(place / "golden")
    other = place / "golden/journal"
    size = int((other / "checkpoints/checkpoint").read_text().splitlines()[1])
    command = [str(stand.programs / "fairlead-replicate"), "run", "--journal", str(other), *single.options(), "--stream",
               "other", "--status", str(place / "other.json")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as filling:
        try:
            wait_for("the other journal in its archive", lambda: (place / "other.json").exists() and json.loads(
                (place / "other.json").read_text())["checkpoint"] == size)
        finally:
            filling.terminate()
    demand(filling.returncode == 0, f"the other journal's replicator ended with {filling.returncode}")
    code, text = verify(stand.programs, single, "--key", stand.verifier_key, other, stream="other")
    demand(code == 1 and "have the same leaf hashes" in text, f"another key's checkpoint passes:\n{text}")
    refused(stand, single, "other", stand.journal, "of the archive is not the journal's")


def over_tls(stand, place):
    """A server that asks for TLS 1.2 and up and for a certificate: with both it goes, without either it waits."""
    place.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", str(place / "key.pem"), "-out", str(place / "own.pem"), "-days", "2", "-subj", "/CN=archive",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    own, key = str(place / "own.pem"), str(place / "key.pem")
    with Servers(place / "servers", 1, f'tls {{ cert_file: "{own}", key_file: "{key}", ca_file: "{own}", verify: true }}\n'
                 ) as secure:
        secure.start()
        mine = ["--tls-certificate", own, "--tls-key", key]
        # Until it listens it is away; then there is no stream, which is an answer.
        wait_for("an answer over TLS", lambda: "there is no stream" in verify(
            stand.programs, secure, "--tls-ca", own, *mine)[1])
        for what, options in (("no certificate", ["--tls-ca", own]), ("no trust", mine)):
            code, text = verify(stand.programs, secure, *options)
            demand(code == 1 and "does not answer" in text, f"{what}: {code} {text}")
            say(f"{what}: {text.strip().splitlines()[-1]}")


def main():
    programs = pathlib.Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    if not pathlib.Path(PROGRAM).exists():
        say("left out: there is no nats-server here")
        return SKIPPED
    say(f"seed {seed}")
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="fairlead-archive-") as place:
        place = pathlib.Path(place)
        shutil.rmtree(place / "cluster", ignore_errors=True)
        with Servers(place / "cluster", 3) as servers, ArchivedStand(place / "stand", programs, servers, seed) as stand:
            try:
                servers.start()
                under_load(stand)
                judge_archive(stand)
                wrong_archives(stand, place)
                over_tls(stand, place / "tls")
            except (Failed, RuntimeError, OSError, subprocess.TimeoutExpired) as problem:
                say(stand.log()[-3000:] if (stand.directory / "run/replicate.log").exists() else "")
                say(f"FAILED (seed {seed}): {problem}")
                return 1
    say(f"replicate test passed, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
