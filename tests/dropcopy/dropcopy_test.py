#!/usr/bin/env python3
"""The drop copy on the real programs: who may log on sees the reports of its investors and no others, with the fields
their clients were told; comes back where it says it stands, and is told again what it asks for again, marked so. A
reader that reads nothing and a program that is stopped or killed hold up no client; a gateway that is killed and
started again cuts off no reader. Logons are on record.

usage: dropcopy_test.py PROGRAMS
"""
import csv
import io
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/gateway"))
from demands import Failed, demand, say  # noqa: E402
from journal_witness import fills  # noqa: E402
from plain_client import Client  # noqa: E402
from power_loss_test import good_terms  # noqa: E402
from stand import Stand, free_ports  # noqa: E402

LOAD_TAG = "LOAD"  # its ClOrdIDs begin so
LOAD_SECONDS = 14
SEQUENCE, SESSION = 10010, 10011
FRAMING = {8, 9, 10, 34, 35, 43, 49, 52, 56, 97, 122}


class CopyClient(Client):
    """One who reads copies. Numbers begin anew with each connection."""

    def __init__(self, port, comp_id, user):
        super().__init__(port, comp_id, f"demo-{user}", "FAIRLEAD-COPY")
        self.user, self.copies = user, []
        self.accounts = None  # whose copies it may see; None: all
        self.load_too = True  # False: the copies of the load's orders are looked at and left out

    def log_on(self, after=None, user=None, password=None):
        self.next_out, self.rest, self.copies = 1, b"", []
        self.peer = socket.socket()
        self.peer.settimeout(20)
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # soon full for one who does not read
        self.peer.connect(("127.0.0.1", self.port))
        where = [] if after is None else [(SEQUENCE, after)]
        self.send("A", (98, 0), (108, 30), (141, "Y"), (553, user or self.user), (554, password or self.password),
                  *where)
        first = self.receive()
        return first is not None and first[35] == "A", first

    def take(self, count=None, until=None, seconds=20):
        """Copies as they come, until there are so many, or one for which `until` holds."""
        deadline = time.time() + seconds
        while (count is None or len(self.copies) < count) and not (until and self.copies and until(self.copies[-1])):
            self.peer.settimeout(max(0.1, deadline - time.time()))
            message = self.receive()
            demand(message is not None, f"{self.comp_id} was cut off")
            if message[35] in "89r" and SEQUENCE in message:
                demand(self.accounts is None or message.get(1) in self.accounts, f"{self.comp_id} sees {message}")
                if self.load_too or not message[11].startswith(LOAD_TAG):
                    self.copies.append(message)
            demand(time.time() < deadline, f"{self.comp_id} got {len(self.copies)} copies, not what it waits for")
        return self.copies

    def leave(self):
        self.send("5")
        self.peer.settimeout(20)
        while self.receive() is not None:
            pass
        self.peer.close()


class CopyStand(Stand):
    def start_dropcopy(self):
        self.start("dropcopy", "--config", self.directory / "dropcopy.toml")
        deadline = time.time() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.copy_port), timeout=1).close()
                return
            except OSError:
                demand(time.time() < deadline, "the drop copy does not listen")
                time.sleep(0.05)

    def configure(self, investor, branch):
        self.copy_port = free_ports(1)[0]
        (self.directory / "dropcopy.toml").write_text(f"""[dropcopy]
port = {self.copy_port}
journal = "run/journal"
front = "{self.front}"
control_socket = "run/control"
store = "run/copies"

[[session]]
comp_id = "ALL"
user = "risk.officer"

[[session]]
comp_id = "ONE"
user = "examiner"
investors = ["{investor}"]

[[session]]
comp_id = "BRANCH"
user = "support"
branches = ["{branch}"]
""")


def told(client, ends):
    """Every report the client is told, until each of these commands has its last one."""
    messages, waiting = [], set(ends)
    while waiting:
        message = client.receive()
        demand(message is not None, "the client was cut off")
        if message[35] in "89":
            messages.append(message)
            if message[35] == "9" or message[150] in "48":
                waiting.discard(message[11])
    return messages


def body(message):
    return {tag: value for tag, value in message.items() if tag not in FRAMING | {SEQUENCE, SESSION, 797}}


def trade(client, terms, account, name):
    """An order that is taken and cancelled, and one that is refused; what the client was told."""
    client.order(terms, f"{name}A", account)
    client.order(terms | {"quantity": 1}, f"{name}B", account)  # no board lot
    client.send("F", (11, f"{name}C"), (41, f"{name}A"), (55, terms["symbol"]), (54, 1),
                (60, time.strftime("%Y%m%d-%H:%M:%S.000", time.gmtime())))
    return told(client, {f"{name}B", f"{name}C"})


def the_same(copies, messages, what):
    wanted, found = [body(message) for message in messages], [body(copy) for copy in copies]
    demand(found == wanted, f"{what}: copies are not what the client was told\n{found}\n{wanted}")


def refuses(stand):
    for name, user, password in (("password", "examiner", "wrong"), ("user", "risk.officer", "demo-risk.officer"),
                                 ("right", "client01", "demo-client01")):
        let_in, answer = CopyClient(stand.copy_port, "ONE", "examiner").log_on(user=user, password=password)
        demand(not let_in and answer is not None and "Logon refused" in answer.get(58, ""),
               f"a logon with a wrong {name} was answered: {answer}")
    say("refused: a wrong password, another session's user, a user without the right; each in the same words")


def listens_on(port):
    """Local addresses of listening sockets on this port, as /proc writes them."""
    rows = (line.split() for line in open("/proc/net/tcp", encoding="ascii").readlines()[1:])
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


def comes_back(stand, client, one, terms, account, first):
    """Away, and back where it stood; then from the beginning."""
    stood = int(one.copies[-1][SEQUENCE])
    one.leave()
    missed = trade(client, terms, account, "AWAY")
    demand(one.log_on(after=stood)[0], "ONE is not let in again")
    the_same(one.take(len(missed)), missed, "after coming back")
    demand(all(97 not in copy for copy in one.copies), "what was never sent is marked as sent before")
    one.leave()
    demand(one.log_on(after=0)[0], "ONE is not let in a third time")
    the_same(one.take(len(first) + len(missed)), first + missed, "the whole day again")
    demand(all(copy.get(97) == "Y" for copy in one.copies), "what was sent before is not marked PossResend")
    live = trade(client, terms, account, "LIVE")
    the_same(one.take(len(first) + len(missed) + len(live))[-len(live):], live, "live, behind the day")
    demand(all(97 not in copy for copy in one.copies[-len(live):]), "a new copy is marked PossResend")
    one.leave()
    say(f"came back: {len(missed)} missed copies once, {len(first) + len(missed)} again and marked, {len(live)} live")
    return first + missed + live


def whole_day(stand, everything):
    """The one who sees all and has read nothing yet: every fill of the journal, once, in the journal's order."""
    wanted = [(f"{order:012}", quantity) for order, _, quantity, _ in fills(stand.journal)]
    demand(len(wanted) > 500, f"only {len(wanted)} fills to look for")

    everything.take(until=lambda copy: copy[37] == wanted[-1][0] and
                    sum(1 for one in everything.copies if one.get(150) == "F") >= len(wanted), seconds=60)
    found = [(copy[37], int(copy[32])) for copy in everything.copies if copy.get(150) == "F"]
    demand(found[:len(wanted)] == wanted, f"{len(found)} fills copied of {len(wanted)}")
    numbers = [int(copy[SEQUENCE]) for copy in everything.copies]
    demand(numbers == sorted(set(numbers)), "copies are not in the journal's order, each once")
    return len(wanted)


def one_branch(stand, everything, branch):
    """Who sees a branch gets what is of its accounts, and all of it."""
    wanted = [copy for copy in everything.copies if copy.get(1, "").startswith(branch + "-")]
    demand(0 < len(wanted) < len(everything.copies), f"{len(wanted)} copies of branch {branch}")
    reader = CopyClient(stand.copy_port, "BRANCH", "support")
    demand(reader.log_on()[0], "BRANCH is not let in")
    the_same(reader.take(len(wanted)), wanted, f"branch {branch}")
    reader.leave()
    say(f"branch {branch}: {len(wanted)} of {len(everything.copies)} copies")


def goes_on_after_the_gateway(stand, client, one, terms, account):
    """The gateway is killed and started again: who reads copies stays logged on, and gets what comes then."""
    stood = int(one.copies[-1][SEQUENCE])
    demand(one.log_on(after=stood)[0], "ONE is not let in before the gateway is killed")
    stand.kill("gateway")
    client.peer.close()
    stand.start_gateway()
    stand.wait_until_open(say=say)
    client.connect()
    client.wait_for("A")
    messages = trade(client, terms, account, "AGAIN")
    the_same(one.take(len(messages)), messages, "after the gateway's restart")
    one.leave()
    say("the gateway killed and started again: the same connection got what came then")


def holds_up_nobody(stand, client, everything, terms, account):
    """Stopped, then killed: clients trade on; started again, it does not know what it had sent, and says so."""
    stand.processes["dropcopy"].send_signal(signal.SIGSTOP)
    trade(client, terms, account, "STOPPED")
    stand.processes["dropcopy"].send_signal(signal.SIGCONT)
    stand.kill("dropcopy")
    trade(client, terms, account, "KILLED")
    everything.peer.close()
    stood = int(everything.copies[-1][SEQUENCE])
    stand.start_dropcopy()
    demand(everything.log_on(after=stood)[0], "ALL is not let in after the restart")
    everything.take(until=lambda copy: copy[11] == "KILLEDC", seconds=30)
    demand([copy[11] for copy in everything.copies if copy[11] in ("STOPPEDC", "KILLEDC")] ==
           ["STOPPEDC", "KILLEDC"], "the restart lost copies")
    demand(all(copy.get(97) == "Y" for copy in everything.copies), "what may have been sent is not marked")
    everything.leave()
    say("stopped, killed and started again: clients traded on, no copy was lost")


def on_record(stand):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), "logins", str(stand.journal), "--format", "csv"],
                          capture_output=True, text=True)
    rows = [row for row in csv.DictReader(io.StringIO(done.stdout)) if "drop copy" in row["detail"]]
    said = [(row["user"], row["event"]) for row in rows]
    say(f"logons on record: {said}")
    refused = [user for user, event in said if event == "login_failed"]
    demand(refused == ["examiner", "risk.officer", "client01"], f"refused logons on record: {refused}")
    demand(len(said) - len(refused) == 7, f"{len(said)} logons on record")
    log = (stand.directory / "run/dropcopy.log").read_text()
    demand("demo-" not in log, "the log holds a password")


def judge_journal(stand):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), "verify", str(stand.journal)],
                          capture_output=True, text=True)
    demand(done.returncode == 0, f"verify ended with {done.returncode}: {done.stdout[-1500:]}")


def run(stand, investor_of):
    stand.start_all()
    stand.wait_until_open(say=say)
    load = stand.load("profile", "--rate", 200, "--seconds", LOAD_SECONDS, "--sessions", 6, "--market", 0,
                      "--answer-wait", 40, "--reconnect", 60, "--bad", "duplicate-identifier=0", "--tag", LOAD_TAG, "--day-origin",
                      stand.origin, "--json", stand.directory / "load.json",
                      stdout=open(stand.directory / "load.log", "w"), stderr=subprocess.STDOUT)
    time.sleep(max(0, stand.origin / 1e9 + 6 - time.time()))
    terms, account = good_terms(stand)
    stand.configure(investor_of[account], account[:4])
    stand.start_dropcopy()
    demand(listens_on(stand.copy_port) == {"0100007F"}, f"listens on {listens_on(stand.copy_port)}")
    refuses(stand)
    everything = CopyClient(stand.copy_port, "ALL", "risk.officer")
    one = CopyClient(stand.copy_port, "ONE", "examiner")
    one.accounts = {name for name, investor in investor_of.items() if investor == investor_of[account]}
    one.load_too = False
    demand(everything.log_on()[0], "ALL is not let in")
    let_in, answer = one.log_on()
    demand(let_in, f"ONE is not let in: {answer}")
    load.wait(120)
    demand(load.returncode == 0, "the load was not answered: " + (stand.directory / "load.log").read_text()[-1500:])
    client = Client(stand.client_port)
    client.connect()
    client.wait_for("A")
    messages = trade(client, terms, account, "FIRST")
    the_same(one.take(len(messages)), messages, "live")
    say(f"{len(messages)} reports of one client, copied with every field")
    return client, everything, one, terms, account


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="fairlead-dropcopy-") as place:
        with CopyStand(place, programs, make_demo=["--continuous", 24 * 3600],
                       gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000}) as stand:
            with open(stand.directory / "accounts.csv", encoding="utf-8") as file:
                investor_of = {f"{row['branch']}-{row['account']}": row["investor"] for row in csv.DictReader(file)}
            try:
                client, everything, one, terms, account = run(stand, investor_of)
                mine = one.copies[:]
                comes_back(stand, client, one, terms, account, mine)
                goes_on_after_the_gateway(stand, client, one, terms, account)
                say(f"{whole_day(stand, everything)} fills in the copies of one who reads late, each once")
                one_branch(stand, everything, account[:4])
                holds_up_nobody(stand, client, everything, terms, account)
                exits = [stand.stop("dropcopy"), *stand.stop_all().values()]
                demand(exits == [0] * 4, f"programs ended with {exits}")
                on_record(stand)
                judge_journal(stand)
            except (Failed, RuntimeError, OSError) as problem:
                say((stand.directory / "run/dropcopy.log").read_text()[-3000:])
                say(f"FAILED: {problem}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
