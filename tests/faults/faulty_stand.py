"""FaultyStand: a stand whose TWSE line and one of whose clients go through byte proxies, with load running, and
the questions the rows of faults_test.py ask it."""
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/gateway"), str(ROOT / "bench"), str(ROOT / "bench/exchange"),
                str(ROOT / "tests/faults")]
from byte_proxy import SMALL_BUFFER, ByteProxy  # noqa: E402
from flood_run import LOGOUT, RELEASED, records, routing  # noqa: E402
from kill_test import Stand, say  # noqa: E402
from power_loss_test import Client, good_terms  # noqa: E402
from recount import rows_of  # noqa: E402

TWSE, TPEX = "T8610H3", "O8610H3"
LINE_HEARTBEAT_S = 2
LOAD_SESSIONS = 6
RATE = 200  # commands a second
OPENING_S = 5  # the opening call, in which nothing trades
CAUSE_AT, VENUE_SIDE_AT = 64 + 24 + 16, 64 + 24 + 17  # LogoutFacts in a record's bytes
INCIDENT, INCIDENT_CAUSE_AT = 112, 64 + 24 + 24  # IncidentFacts in a record's bytes
SEQUENCE_AT, FACTS_AT = 16, 64 + 24
WAIT_EXPIRED = 38
TRANSACT_TIME_AT = {32: FACTS_AT + 72, 33: FACTS_AT + 96}  # New, Replace
CLIENT24 = 24
REJECTS_MAX = 20  # refusals in a row that halt a venue


def wait_for(what, condition, seconds=30):
    deadline = time.time() + seconds
    while time.time() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what} did not come within {seconds} s")


class PlainClient(Client):
    """CLIENT24 that may read slowly, choose its heartbeat, and remembers which orders were answered."""

    def __init__(self, port):
        super().__init__(port)
        self.answered = set()

    def receive(self):
        message = super().receive()
        if message is not None and 11 in message:
            self.answered.add(message[11])
        return message

    def connect(self, small_buffer=False, heartbeat=30):
        self.peer = socket.socket()
        self.peer.settimeout(20)
        if small_buffer:
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.peer.connect(("127.0.0.1", self.port))
        self.rest = b""
        self.send("A", (98, 0), (108, heartbeat), (553, "client24"), (554, "demo-client24"))
        self.wait_for("A")

    def log_out(self):
        self.send("5")
        while self.receive() is not None:
            pass
        self.peer.close()


class FaultyStand(Stand):
    def __init__(self, place, programs, age_limit_s=10):
        self.age_limit_s = age_limit_s
        super().__init__(place, programs, make_demo=["--continuous", 24 * 3600],
                         gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": age_limit_s * 1000,
                                           "sync_refuse_ms": 10000})
        text = self.config.read_text()
        port = int(re.search(r'venue = "TWSE"\nhost = "127.0.0.1"\nport = (\d+)', text)[1])
        self.venue_proxy = ByteProxy(port, small_buffers=True)
        self.client_proxy = ByteProxy(self.client_port)
        text = text.replace(f"\nport = {port}\n", f"\nport = {self.venue_proxy.port}\n")
        text = text.replace("[[line]]\n", f"[[line]]\nheartbeat_seconds = {LINE_HEARTBEAT_S}\n"
                            f"rejects_in_a_row_max = {REJECTS_MAX}\n")
        self.config.write_text(text)
        self.client = PlainClient(self.client_proxy.port)
        self.orders_named = 0
        self.the_terms = None
        self.load_process = None
        self.load_result = self.directory / "load.json"

    def clean(self):
        for proxy in (self.venue_proxy, self.client_proxy):
            proxy.close()
        if self.load_process is not None and self.load_process.poll() is None:
            self.load_process.kill()
            self.load_process.wait()
        super().clean()

    # --- load

    def start_loaded(self, seconds):
        self.start_all()
        self.wait_until_open(say=say)
        self.load_process = self.load(
            "profile", "--rate", RATE, "--seconds", seconds + OPENING_S, "--sessions", LOAD_SESSIONS, "--market", 0,
            "--heartbeat", 5, "--bad", "duplicate-identifier=0",  # refused while the first waits, it is taken for it
            "--reconnect", 60, "--answer-wait", 40, "--day-origin", self.origin, "--json", self.load_result,
            stdout=open(self.directory / "load.log", "w"), stderr=subprocess.STDOUT)
        time.sleep(max(0, self.origin / 1e9 + OPENING_S - time.time()))
        wait_for("trade on both lines", lambda: self.orders_at(TWSE) and self.orders_at(TPEX))
        self.the_terms = good_terms(self)

    def end_load(self):
        """Waits until every command of the load has its answer."""
        self.load_process.wait(180)
        time.sleep(1)  # fills on their way

    def order(self, client, name):
        """A new order under a name of its own; that name. One lot and two lots by turns: rows that pass quickly
        would otherwise repeat the same order more often than the demo's rules allow."""
        self.orders_named += 1
        identifier = f"{name}{self.orders_named}"
        terms, account = self.the_terms
        client.order(terms | {"quantity": terms["quantity"] * (1 + self.orders_named % 2)}, identifier, account)
        return identifier

    def trades(self, client, name):
        """Whether a new order of this client reaches the venue and is acknowledged."""
        identifier = self.order(client, name)
        return client.wait_for("8", _11=identifier)[150] != "8"

    # --- questions

    def status(self):
        return self.control("operator", "status")["rows"][0]

    def gateway_log(self):
        return (self.directory / "run/gateway.log").read_text(errors="replace")

    def witness_rows(self, line, kind, direction="in"):
        """What the exchange has read from, or sent to, this line: its rows of one message type."""
        return [row for row in rows_of(self.witness)
                if row["line"] == line and row["direction"] == direction and row["type"] == kind]

    def orders_at(self, line):
        return len(self.witness_rows(line, "D"))

    def still_trades(self, line, seconds=20):
        """New orders reach the exchange on this line from now on."""
        before = self.orders_at(line)
        wait_for(f"a further order on {line}", lambda: self.orders_at(line) > before, seconds)

    def logouts(self):
        """(session, cause, whether of a line) of every Logout in the journal. For a stopped stand."""
        return [(session, data[CAUSE_AT], bool(data[VENUE_SIDE_AT])) for kind, session, _, data
                in records(self.journal) if kind == LOGOUT]

    def incidents(self):
        """The cause of every Incident in the journal. For a stopped stand."""
        return [data[INCIDENT_CAUSE_AT] for kind, _, _, data in records(self.journal) if kind == INCIDENT]

    def ages(self):
        """(how many New and Replace were ended unsent, by how much in s the oldest was over its age when a Record gave it
        to a line), by the times its client wrote into it (TransactTime), on this host's clock. For a stopped stand."""
        made, ended, over = {}, 0, 0.0
        for kind, _, decided, data in records(self.journal):
            command, = struct.unpack_from("<Q", data, FACTS_AT if kind in (RELEASED, WAIT_EXPIRED) else SEQUENCE_AT)
            if kind in TRANSACT_TIME_AT:
                made[command], = struct.unpack_from("<q", data, TRANSACT_TIME_AT[kind])
            if command in made and kind == WAIT_EXPIRED:
                ended += 1
            elif command in made and (kind == RELEASED or kind in TRANSACT_TIME_AT) and routing(data)[0]:
                over = max(over, (decided - made[command]) / 1e9 - self.age_limit_s)
        return ended, over

    def tell_exchange(self, fault):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.directory / "run/exchange-control"))
            peer.sendall(fault.encode() + b"\n")
            answer = peer.recv(4096).decode()
        if "no fault" in answer or "error" in answer.lower():
            raise RuntimeError(f"the exchange stand-in does not understand '{fault}': {answer}")
        return answer
