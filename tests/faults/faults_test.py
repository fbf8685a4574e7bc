#!/usr/bin/env python3
"""Real faults on the real programs, one function for each row of the fault matrix: lines and clients cut, half
open or deaf (a byte proxy stands in between), processes stopped, descriptors taken away, a second gateway and a
second keeper. All under load, judged at the end by the exchange's own log: nothing lost, nothing doubled,
exposures equal, the journal verified.

usage: faults_test.py PROGRAMS [ROW...]; all rows unless said
"""
import array
import contextlib
import fcntl
import hashlib
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from faulty_stand import CLIENT24, REJECTS_MAX, TPEX, TWSE, FaultyStand, PlainClient, say, wait_for  # noqa: E402
from kill_test import Stand, judge  # noqa: E402

DISCONNECTED, HEARTBEAT_LOST, SLOW_READER = 3, 4, 6  # LogoutCause
NOT_APPROVED, VENUE_REFUSES_ALL = 3, 4  # IncidentCause
ACCEPT_COMPLAINTS_MAX = 100  # four come in a second
SLACK_S = 0.9  # row 26: from the time a client writes into an order until it sends it, on a busy machine
STOPS_S = [3, 30] if os.environ.get("FAIRLEAD_LONG") == "1" else [3]  # row 26; at three a line lives on
REFUSED_BY = "33"  # row 33: the venue's code
RESENDS_ASKED = 60  # row 34
RESENDS_MAX = 200  # of a line, in ten seconds
SKIPPED = 77  # ctest: this machine cannot run the test


class Failed(Exception):
    pass


def demand(condition, text):
    if not condition:
        raise Failed(text)


def sent_as(stand, identifier):
    """How often the exchange has read the new order with this ClOrdID."""
    return sum(row["cl_ord_id"] == identifier for row in stand.witness_rows(TWSE, "D"))


def order_row(stand, identifier):
    """The order as the gateway has it; its key is the ClOrdID it has at the venue."""
    return stand.control("operator", "order", "show", identifier)["rows"][0]


def open_again(stand):
    stand.venue_proxy.refuse(False)
    stand.wait_until_open(seconds=60)
    stand.still_trades(TWSE)


# --- rows

def row_27(stand):
    """A venue line cut before, within and after the bytes of an order: in doubt, then settled, never resent."""
    for where, expected in (("before", 0), ("within", 0), ("after", 1)):
        stand.venue_proxy.cut_at_order(3, where)
        identifier = stand.venue_proxy.wait_for_cut()
        wait_for("the order in doubt", lambda: order_row(stand, identifier)["in_doubt"])
        reserve = order_row(stand, identifier)["reserve"]
        demand(float(reserve.replace(",", "")) > 0, f"cut {where}: order {identifier} is in doubt without its credit")
        stand.still_trades(TPEX)
        open_again(stand)
        came = sent_as(stand, identifier)
        demand(came == expected, f"cut {where} order {identifier}: the exchange read it {came} times, not {expected}")
        wait_for("the end of doubt", lambda: stand.status()["in_doubt"] == 0)
        settled = order_row(stand, identifier)
        demand(expected or not settled["open"], f"cut {where}: order {identifier} never came and is open: {settled}")
        say(f"row 27: cut {where} the bytes of {identifier}: in doubt with {reserve} NTD reserved, settled, at the "
            f"exchange {came} times")


def row_28(stand):
    """The venue's answers are lost: once on a line that is cut after it, once by a venue that never sent them."""
    stand.venue_proxy.cut_at_order(2, "deaf")
    identifier = stand.venue_proxy.wait_for_cut()
    wait_for("the order at the exchange", lambda: sent_as(stand, identifier) == 1)
    stand.venue_proxy.refuse(True)
    stand.venue_proxy.cut()
    wait_for("the order in doubt", lambda: stand.status()["in_doubt"] > 0)
    open_again(stand)
    # Many, for an order whose answer is lost is in no doubt once it trades, and some must be price changes, which only
    # their status answers tell; no answer to a question is lost with them.
    stand.tell_exchange(f"{TWSE} drop-acks 600")
    time.sleep(5)
    stand.tell_exchange(f"{TWSE} drop-acks 0")
    asked = len(stand.witness_rows(TWSE, "H"))
    stand.venue_proxy.cut()
    open_again(stand)
    questions = len(stand.witness_rows(TWSE, "H")) - asked
    demand(questions > 0, "no status request was sent for orders whose answer was never sent")
    wait_for("the end of doubt", lambda: stand.status()["in_doubt"] == 0)
    demand(sent_as(stand, identifier) == 1, f"order {identifier} came twice")
    say(f"row 28: answers lost: {questions} status requests settle what nothing else did")


def unsent_bytes(port):
    """Bytes that wait in the kernel for a peer on this loopback port."""
    total = 0
    for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        field = row.split()
        if int(field[2].split(":")[1], 16) == port:
            total += int(field[4].split(":")[0], 16)
    return total


def row_36(stand):
    """The venue stops reading: the other venue's orders pass, what waits arrives in order, nothing twice."""
    stand.venue_proxy.stop_reading()
    time.sleep(0.3)
    before = stand.orders_at(TWSE)
    wait_for("a full window", lambda: unsent_bytes(stand.venue_proxy.port) > 4096)
    stand.still_trades(TPEX)
    waiting, passed = unsent_bytes(stand.venue_proxy.port), stand.orders_at(TWSE) - before
    stand.venue_proxy.read_again()
    stand.still_trades(TWSE)
    stand.wait_until_open()
    demand(passed == 0, f"{passed} orders came through a line that nobody read")
    links = len(stand.venue_proxy.links)
    stand.venue_proxy.stop_reading()  # for good: the line ends, what waited is in doubt and is settled
    wait_for("the end of a line that nobody reads", lambda: len(stand.venue_proxy.links) > links)
    open_again(stand)
    wait_for("the end of doubt", lambda: stand.status()["in_doubt"] == 0)
    say(f"row 36: {waiting} bytes waited for the venue, the other line went on, all came when it read again; a line "
        "nobody reads any more ends and is settled")


def row_37(stand):
    """Half open on both sides: noticed by silence, ended with its cause, and the peer is let in again."""
    client = stand.client
    client.connect(heartbeat=1)
    demand(stand.trades(client, "WHOLE"), "the client does not trade before its connection is half open")
    links = len(stand.venue_proxy.links)
    stand.venue_proxy.swallow()
    stand.client_proxy.swallow()
    wait_for("a new connection of the line", lambda: len(stand.venue_proxy.links) > links, 30)
    open_again(stand)
    wait_for("the end of the half-open client", lambda: client_off(stand), 30)
    client.connect()
    demand(stand.trades(client, "AGAIN"), "the client does not trade after its half-open connection")
    client.log_out()
    say("row 37: half open to the venue and to a client: both ended by silence, both trade again")
    return [(CLIENT24, HEARTBEAT_LOST, False), (None, HEARTBEAT_LOST, True)]


def client_row(stand):
    rows = stand.control("operator", "session", "list")["rows"]
    return next(row for row in rows if row["sender"] == "CLIENT24")


def client_off(stand):
    return not client_row(stand)["logged_on"]


def row_38(stand):
    """RST of both sides, and RST or FIN within a client's order: on record, the half order is none."""
    stand.venue_proxy.cut(reset=True)
    stand.still_trades(TPEX)
    open_again(stand)
    client = stand.client
    for reset in (True, False):
        client.connect()
        number, kept = client.next_out, client.peer
        client.peer = Half(kept)
        half = stand.order(client, "HALF")
        client.next_out = number  # it was never said
        time.sleep(0.2)
        stand.client_proxy.cut(reset)
        kept.close()
        wait_for("the client's end", lambda: client_off(stand))
        client.connect()
        demand(stand.trades(client, "WHOLE"), "the client does not trade after its connection was cut")
        demand(not half in client.answered, f"{half}, of which half came, was answered")
        client.log_out()
    say("row 38: RST and FIN within a message: half an order is none, both sides trade again")
    return [(CLIENT24, DISCONNECTED, False), (None, DISCONNECTED, True)]


class Half:
    """A peer to whom half of each message is sent."""

    def __init__(self, peer):
        self.peer = peer

    def sendall(self, data):
        self.peer.sendall(data[:len(data) // 2])


def row_41(stand):
    """A client that asks and never reads is cut; who reads goes on, and so does the journal."""
    client = PlainClient(stand.client_port)
    client.next_out, client.next_in = stand.client.next_out, stand.client.next_in
    client.connect(small_buffer=True)
    before, said = stand.orders_at(TWSE), 0
    try:
        for said in range(100_000):
            client.send("1", (112, "x" * 60))
    except OSError:
        pass  # cut
    demand(said < 99_999, "a client that reads nothing was never cut")
    demand(stand.orders_at(TWSE) > before, "nobody else traded meanwhile")
    wait_for("the client's end", lambda: client_off(stand))
    client.peer.close()
    mine = client_row(stand)
    stand.client.next_out, stand.client.next_in = mine["next_in"], mine["next_out"]
    stand.client.connect()
    demand(stand.trades(stand.client, "READS"), "the client does not trade when it reads again")
    stand.client.log_out()
    say(f"row 41: a client that reads nothing was cut after {said} messages")
    return [(CLIENT24, SLOW_READER, False)]


@contextlib.contextmanager
def slow_writes(process, seconds):
    """Each write of the process to a file takes so long, in the kernel, before it begins."""
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
                               f"inject=pwrite64:delay_enter={seconds * 1_000_000}", "-p", str(process.pid)])
    try:
        yield
        demand(tracer.poll() is None, "strace has ended: nothing was slowed down")
    finally:
        tracer.terminate()
        tracer.wait()


def row_12(stand):
    """A write to the disk takes half a minute: no new order passes once records have waited sync_refuse_ms (10 s here), the
    refusal says why, and all goes on when the disk does."""
    stand.client.connect()
    demand(stand.trades(stand.client, "BEFORE"), "a client does not trade before the disk is slow")
    with slow_writes(stand.processes["keeper"], 30):
        said = []

        def refused():
            identifier = stand.order(stand.client, "SLOW")
            answer = stand.client.wait_for("8", _11=identifier)
            said.append(answer.get(58, ""))
            time.sleep(0.4)
            return answer[150] == "8"
        wait_for("the refusal of a new order", refused)
        demand("cannot be recorded" in said[-1], f"the refusal does not say why: {said[-1]}")
        time.sleep(0.2)  # what was on its way
        before = stand.orders_at(TWSE) + stand.orders_at(TPEX)
        time.sleep(3)
        meanwhile = stand.orders_at(TWSE) + stand.orders_at(TPEX) - before
        demand(meanwhile == 0, f"{meanwhile} orders left while the disk stood still")
    open_again(stand)
    stand.still_trades(TPEX)
    demand(stand.trades(stand.client, "AFTER"), "a client does not trade when the disk goes on")
    stand.client.log_out()
    say(f"row 12: a write of 30 s: {said[-1]}")


def row_24(stand):
    """A second gateway and a second keeper on the same journal say who is there, and end; the first go on."""
    for name, command in (
            ("gateway", ["--config", stand.config, "--day-origin", stand.origin]),
            ("keeper", ["--config", stand.config])):
        done = subprocess.run([str(stand.programs / f"fairlead-{name}"), *map(str, command)], capture_output=True,
                              text=True, timeout=60, cwd=stand.directory)
        told = done.stdout + done.stderr
        demand(done.returncode > 0, f"a second {name} ended with {done.returncode}: {told[-500:]}")
        demand(f"another {name}" in told, f"a second {name} does not say why it ends: {told[-500:]}")
        demand(stand.alive(name), f"the first {name} ended")
        say(f"row 24: a second {name} ended with {done.returncode}: {told.strip().splitlines()[-1]}")
    demand(stand.status()["lines_on"] == 2, "a line is off after a second gateway was refused")
    stand.still_trades(TWSE)


def row_26(place, programs):
    """The gateway is stopped under load for longer than an order may be old, in the long suite for thirty seconds as
    well (row 61 too: no processor): it goes on, nobody asserts, sessions come back, and what lay in the kernel for too
    long is ended unsent."""
    with FaultyStand(place, programs, age_limit_s=1) as stand:
        stand.start_loaded(10 + sum(STOPS_S))
        gateway = stand.processes["gateway"]
        for seconds in STOPS_S:
            gateway.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            gateway.send_signal(signal.SIGCONT)
            stand.wait_until_open(seconds=60)
            stand.still_trades(TWSE)
            stand.still_trades(TPEX)
        stand.client.connect()
        demand(stand.trades(stand.client, "AFTER"), "a client does not trade after the gateway stood still")
        stand.client.log_out()
        stand.end_load()
        ended_well(stand, "a gateway that stood still")
        ended, over = stand.ages()
        demand(ended > 0, "no order was too old when the gateway went on: nothing was tested")
        demand(over < SLACK_S, f"an order went out {over:.1f} s older than it may be")
        say(f"row 26: stopped for {STOPS_S} s under load: the same process goes on and trades, {ended} orders and replaces "
            "that were too old when they were read were ended unsent, none was sent")


def row_33(stand):
    """The venue refuses every order of a line: an incident, the venue is halted, and two persons resume it."""
    stand.client.connect()
    stand.tell_exchange(f"{TWSE} reject {REFUSED_BY} {REJECTS_MAX * 50}")
    answers = []

    def halted():
        identifier = stand.order(stand.client, "REFUSED")
        answers.append(stand.client.wait_for("8", _11=identifier))
        time.sleep(0.05)
        return "halted" in answers[-1].get(58, "").lower()
    wait_for("the halt of a venue that refuses all", halted)
    before = stand.orders_at(TWSE)
    stand.still_trades(TPEX)
    meanwhile = stand.orders_at(TWSE) - before
    stand.tell_exchange(f"{TWSE} clear")
    demand(meanwhile == 0, f"{meanwhile} orders went to a venue that was halted")
    wait_for("the log says why the venue was halted",  # it is flushed once a second
             lambda: "the venue refuses every order of a line" in stand.gateway_log())
    stand.control("risk.officer", "resume", "venue", "TWSE", "--approver", "risk.approver", "--reason", "asked the venue")
    stand.still_trades(TWSE)
    demand(stand.trades(stand.client, "RESUMED"), "a client does not trade after the venue was resumed")
    stand.client.log_out()
    say(f"row 33: {len(answers)} orders of a client refused or halted: {answers[-1][58]}; resumed by two persons")
    return [("incident", VENUE_REFUSES_ALL)]


def row_34(stand):
    """The venue asks for everything again, and again, and again: each time answered by a gap fill, no order twice, both
    lines trade on meanwhile. Then without a pause: the line is logged out for it, comes back and trades."""
    fills = len(stand.witness_rows(TWSE, "4"))
    for _ in range(RESENDS_ASKED):
        stand.tell_exchange(f"{TWSE} ask-resend-all")
        time.sleep(0.05)
    stand.still_trades(TWSE)
    stand.still_trades(TPEX)
    wait_for("a gap fill for each asking", lambda: len(stand.witness_rows(TWSE, "4")) >= fills + RESENDS_ASKED)
    stand.wait_until_open()
    gateway = stand.processes["gateway"].pid
    say(f"row 34: asked {RESENDS_ASKED} times for all: {len(stand.witness_rows(TWSE, '4')) - fills} gap fills, process "
        f"{gateway} goes on and trades")
    logouts = len(stand.witness_rows(TWSE, "5"))
    for asked in range(RESENDS_MAX * 2):
        stand.tell_exchange(f"{TWSE} ask-resend-all")
        if asked > RESENDS_MAX - RESENDS_ASKED and len(stand.witness_rows(TWSE, "5")) > logouts:
            break
    wait_for("a Logout of the line", lambda: len(stand.witness_rows(TWSE, "5")) > logouts)
    stand.wait_until_open(seconds=60)
    stand.still_trades(TWSE, 60)
    say("row 34: asked without a pause: the line was logged out, came back and trades")


def row_47(stand):
    """Descriptors run out: who is logged on is not harmed, the log is not flooded, newcomers get in later."""
    client = stand.client
    client.connect()
    gateway = stand.processes["gateway"].pid
    limits = resource.prlimit(gateway, resource.RLIMIT_NOFILE)
    taken = max(int(name) for name in os.listdir(f"/proc/{gateway}/fd")) + 1
    resource.prlimit(gateway, resource.RLIMIT_NOFILE, (taken, limits[1]))
    newcomers = []
    try:
        log_before = stand.gateway_log().count("accept failed")
        for _ in range(8):
            newcomer = socket.create_connection(("127.0.0.1", stand.client_port), timeout=20)
            newcomers.append(newcomer)
        time.sleep(2)
        demand(stand.trades(client, "FEW"), "a logged-on client does not trade while descriptors are out")
        stand.still_trades(TWSE)
    finally:
        resource.prlimit(gateway, resource.RLIMIT_NOFILE, limits)
    # The log is flushed once a second.
    wait_for("a complaint that descriptors ran out", lambda: stand.gateway_log().count("accept failed") > log_before)
    time.sleep(1.2)  # what more of them there are
    complaints = stand.gateway_log().count("accept failed") - log_before
    for newcomer in newcomers:
        newcomer.close()
    demand(complaints <= ACCEPT_COMPLAINTS_MAX, f"{complaints} lines in the log say that accept failed")
    client.log_out()
    client.connect()
    demand(stand.trades(client, "ENOUGH"), "a newcomer is not let in when there are descriptors again")
    client.log_out()
    say(f"row 47: no descriptor left: clients trade on, {complaints} complaints in the log, newcomers get in later")


def row_11(place, programs):
    """A front that finds no room: no start, and the answer says how much is needed and how much is there."""
    with Stand(place, programs) as stand:
        stand.origin = time.time_ns()
        stand.front.mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"', "sh",
             str(stand.front), str(stand.programs / "fairlead-gateway"), "--config", str(stand.config),
             "--day-origin", str(stand.origin)], capture_output=True, text=True, timeout=60, cwd=stand.directory)
    told = done.stdout + done.stderr
    demand(done.returncode > 0, f"a gateway without room for its front ended with {done.returncode}: {told[-500:]}")
    demand("needs 16777216 bytes, the file system has" in told and str(stand.front) in told,
           f"the answer does not say how much the front needs: {told[-500:]}")
    say(f"row 11: {told.strip().splitlines()[-1]}")


def row_59(place, programs):
    """A program and a configuration that are not on the list of those approved: no start, and the journal says so; with
    the right line in the list the same two start."""
    with FaultyStand(place, programs) as stand:
        listed = stand.directory / "approved"
        stand.config.write_text(stand.config.read_text().replace("[gateway]", f'[gateway]\napprovals = "{listed}"', 1))
        program, configuration = (hashlib.sha256(path.read_bytes()).hexdigest()
                                  for path in (stand.programs / "fairlead-gateway", stand.config))
        listed.write_text(f"# the release before\n{configuration} {program}\n")
        stand.start_exchange()
        stand.start_keeper()
        for _ in range(2):  # the second finds the first's records
            gateway = stand.start("gateway", "--config", stand.config, "--day-origin", stand.origin)
            demand(gateway.wait(60) == 1, f"a gateway that is not approved ended with {gateway.returncode}")
        demand(f"program {program} with configuration {configuration} is not approved" in stand.gateway_log(),
               f"the answer does not say what is not approved: {stand.gateway_log()[-500:]}")
        demand(stand.orders_at(TWSE) == 0, "orders went out")
        listed.write_text(f"{program} {configuration} release of today\n")
        stand.load_process = None
        stand.start_gateway()
        stand.wait_until_open()
        stand.load_process = stand.load(
            "profile", "--rate", 50, "--seconds", 12, "--sessions", 2, "--market", 0, "--heartbeat", 5, "--reconnect", 60,
            "--answer-wait", 40, "--day-origin", stand.origin, "--json", stand.load_result, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        stand.end_load()
        ended_well(stand, "approved at last")
        demand(stand.incidents().count(NOT_APPROVED) == 2, f"the journal's incidents are {stand.incidents()}")
    say("row 59: not approved twice, on record twice, then approved")


def start_with_log(stand, path):
    stand.config.write_text(stand.config.read_text().replace("[gateway]", f'[gateway]\nlog_file = "{path}"', 1))
    stand.start_loaded(5)
    client = PlainClient(stand.client_port)
    client.connect()
    return client


def ended_well(stand, what):
    exits = stand.stop_all()
    demand(not any(exits.values()), f"{what}: {exits}")
    wrong = judge(stand, stand.load_result)
    demand(not wrong, f"{what}: {wrong}")


def row_53(place, programs):
    """The log's disk is full, then its reader stops reading: orders go on, and what was lost is told."""
    with FaultyStand(place / "full", programs) as stand:
        client = start_with_log(stand, "/dev/full")
        for turn in range(5):
            demand(stand.trades(client, f"FULL-{turn}"), "a client does not trade while the log's disk is full")
        demand(stand.status()["log_lines_dropped"] == 0, "lines were dropped on their way to a writer that takes them")
        client.log_out()
        stand.end_load()
        demand("No space left on device" in stand.gateway_log(), "the full disk was not met: nothing was tested")
        ended_well(stand, "log on a full disk")
    with FaultyStand(place / "deaf", programs) as stand:
        pipe = stand.directory / "run/log"
        pipe.parent.mkdir(exist_ok=True)
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        client = start_with_log(stand, pipe)
        held = []
        for _ in range(2):
            for _ in range(40):  # two lines of log each
                client.log_out()
                client.connect()
            time.sleep(2.5)  # it is flushed once a second
            unread = array.array("i", [0])
            fcntl.ioctl(reader, termios.FIONREAD, unread)
            held.append(unread[0])
        demand(held[0] == held[1] > 0, f"the pipe held {held} bytes: its writer was not blocked, nothing was tested")
        demand(stand.trades(client, "DEAF"), "a client does not trade while nobody reads the log")
        client.log_out()
        stand.end_load()
        draining = threading.Thread(target=drain, args=(reader,))
        draining.start()
        ended_well(stand, "log that nobody read for a while")
        draining.join()
        os.close(reader)
    say("row 53: the log's disk full, and its reader deaf: clients trade on")


def drain(reader):
    """Until the writer has closed."""
    os.set_blocking(reader, True)
    while os.read(reader, 65536):
        pass


# --- all of them

# The row, and for how long it has load: about twice what it takes on a busy machine of two processors.
UNDER_LOAD = {"27": (row_27, 10), "28": (row_28, 18), "36": (row_36, 14), "37": (row_37, 12), "38": (row_38, 8),
              "41": (row_41, 10), "24": (row_24, 6), "12": (row_12, 24), "34": (row_34, 24), "33": (row_33, 10),
              "47": (row_47, 8)}
ALONE = {"11": row_11, "26": row_26, "53": row_53, "59": row_59}
MARGIN_S = 25  # of load, for a disk's or a host's slow moments


def may_mount():
    done = subprocess.run(["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True)
    return done.returncode == 0


def run_under_load(place, programs, rows):
    wrong, expected = [], []
    with FaultyStand(place, programs) as stand:
        stand.start_loaded(MARGIN_S + sum(UNDER_LOAD[row][1] for row in rows))
        for row in rows:
            began = time.time()
            try:
                expected += UNDER_LOAD[row][0](stand) or []
            except (Failed, RuntimeError, OSError, subprocess.TimeoutExpired) as problem:
                wrong.append(f"row {row}: {problem}")
                break  # what follows would be judged on a stand that is not whole
            say(f"row {row} took {time.time() - began:.1f} s")
        stand.end_load()
        exits = stand.stop_all()
        wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
        wrong += judge(stand, stand.load_result)
        seen = stand.logouts()
        for _, cause in (one for one in expected if one[0] == "incident"):
            if cause not in stand.incidents():
                wrong.append(f"no Incident {cause} in the journal: {stand.incidents()}")
        for session, cause, of_line in (one for one in expected if one[0] != "incident"):
            if not any(cause == one[1] and of_line == one[2] and session in (None, one[0]) for one in seen):
                wrong.append(f"no Logout of {session or 'a line'} with cause {cause} in the journal: {seen[-20:]}")
        if wrong:
            say(stand.gateway_log()[-3000:])
            say((stand.directory / "load.log").read_text()[-2000:])
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1])
    rows = sys.argv[2:] or [*UNDER_LOAD, *ALONE]
    unknown = [row for row in rows if row not in UNDER_LOAD and row not in ALONE]
    if unknown:
        say(f"no such rows: {' '.join(unknown)}; there are {' '.join([*UNDER_LOAD, *ALONE])}")
        return 2
    wrong, skipped = [], "11" in rows and not may_mount()
    loaded = [row for row in rows if row in UNDER_LOAD]
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="fairlead-faults-") as place:
        if loaded:
            wrong += run_under_load(pathlib.Path(place) / "load", programs, loaded)
        for row in (one for one in rows if one in ALONE and not (one == "11" and skipped)):
            try:
                ALONE[row](pathlib.Path(place) / row, programs)
            except Failed as problem:
                wrong.append(f"row {row}: {problem}")
    if wrong:
        say("FAILED: " + " | ".join(wrong))
        return 1
    if skipped:
        say("row 11 was left out: no mount is permitted here")
    say(f"faults test passed: rows {' '.join(rows)}")
    return SKIPPED if skipped and not loaded else 0


if __name__ == "__main__":
    sys.exit(main())
