#!/usr/bin/env python3
"""TLS towards clients on the real programs (fault row 46): a client with its certificate trades; every other kind of
client is refused, is on record with the reason, and delays nobody: the good client is asked after each one. Peers are
Python's ssl and the openssl program; certificates are made here.

usage: tls_test.py PROGRAMS
"""
import csv
import io
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/gateway"))
from journal_witness import records  # noqa: E402
from make_certificates import Authority  # noqa: E402
from plain_client import Client  # noqa: E402
from stand import Stand, free_ports  # noqa: E402

DEVICE_EVENT, LIST_IN_FORCE, LIST_REFUSED = 6, 13, 14
HANDSHAKE_MS = 4000  # enough for a good client's on a busy machine, and waited out by the stalled ones
PATIENCE = 60  # seconds until something that should happen at once is given up


class Failed(Exception):
    pass


def demand(holds, text):
    if not holds:
        raise Failed(text)


def context_of(authority, named=None, of=None):
    """A client's TLS as Python has it; `named` is a certificate of the authority `of`."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.check_hostname = False
    if named:
        context.load_cert_chain(*(str((of or authority).directory / f"{named}.{part}") for part in ("pem", "key")))
    return context


class TlsClient(Client):
    """plain_client's, by TLS."""

    def __init__(self, port, context, comp_id="CLIENT24"):
        super().__init__(port, comp_id, f"demo-{comp_id.lower()}")
        self.context = context

    def open(self):
        self.raw = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self.peer = self.context.wrap_socket(self.raw)
        self.rest = b""

    def connect(self, *fields):
        self.open()
        self.send("A", (98, 0), (108, 120), (553, self.comp_id.lower()), (554, self.password), *fields)

    def alive(self, name):
        self.send("1", (112, name))
        answer = self.wait_for("0", _112=name)
        demand(answer.get(112) == name, f"the good client is answered {answer}")

    def logon_fails(self):
        """Whatever comes but a Logon."""
        try:
            self.connect()
            while (message := self.receive()) is not None:
                demand(message[35] != "A", f"{self.comp_id} was let in: {message}")
        except OSError:
            pass


class Test:
    def __init__(self, stand, place):
        self.stand = stand
        self.authority = Authority(place / "authority")
        self.stranger = Authority(place / "stranger", "Another Authority")
        for name in ("gateway", "client23", "client24", "revoked"):
            self.authority.issue(name, f"{name}.test")
        self.authority.issue("expired", "client24.test", "20200101000000Z", "20200201000000Z")
        self.stranger.issue("client24", "client24.test")
        self.authority.revoke("revoked")
        self.tls_port, = free_ports(1)
        self.configure()
        self.wanted = []  # details of refused logons, in order
        self.good = TlsClient(self.tls_port, context_of(self.authority, "client24"))

    def configure(self):
        text = self.stand.config.read_text()
        for number in ("23", "24"):
            user = f'user = "client{number}"'
            text = text.replace(user, f'{user}\ntls_name = "client{number}.test"', 1)
        at = self.authority.directory
        self.stand.config.write_text(text + f"""
[[tls_listener]]
address = "127.0.0.1:{self.tls_port}"
certificate = "{at}/gateway.pem"
key = "{at}/gateway.key"
client_ca = "{at}/ca.pem"
revocation_list = "{at}/revoked.crl"
handshake_timeout_ms = {HANDSHAKE_MS}
""")

    def threads(self):
        return len(list(pathlib.Path(f"/proc/{self.stand.processes['gateway'].pid}/task").iterdir()))

    def refused(self, session, detail, count=1):
        """Notes what has to be on record, and that the good client never noticed."""
        self.wanted += [(session, detail)] * count
        self.good.alive(f"AFTER{len(self.wanted)}")

    def client(self, named=None, comp_id="CLIENT24", of=None):
        return TlsClient(self.tls_port, context_of(self.authority, named, of), comp_id)

    # --- what is let in

    def a_good_client_trades(self):
        self.good.connect()
        self.good.wait_for("A")
        with open(self.stand.directory / "accounts.csv", encoding="utf-8") as file:
            account = next(f"{row['branch']}-{row['account']}" for row in csv.DictReader(file)
                           if row["flags"] == "" and int(row["investor"][3:]) % 6 != 5)
        with open(ROOT / "config/data/securities.csv", encoding="utf-8") as file:
            row = next(row for row in csv.DictReader(file) if row["market"] == "TWSE" and row["kind"] == "stock"
                       and 20 < float(row["reference_price"] or 0) < 49)
        price = int(float(row["reference_price"]) * 20) / 20 - 0.4
        terms = {"symbol": row["code"], "price": f"{price:.2f}", "quantity": 1000}
        self.good.order(terms, "TLS1", account)
        answer = self.good.wait_for("8", _11="TLS1")
        demand(answer[150] == "0", f"an order over TLS was answered {answer}")
        print(f"a client with its certificate trades: {terms['symbol']} acknowledged as {answer[37]}")

    def openssl_s_client_updates_its_keys(self):
        """A stock TLS program logs on, with new keys for every message; its own goodbye ends it."""
        at = self.authority.directory
        peer = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-tls1_3", "-cert", at / "client23.pem",
             "-key", at / "client23.key", "-CAfile", at / "ca.pem", "-verify_return_error"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        said = bytearray()

        def listen():
            while data := peer.stdout.read(4096):
                said.extend(data)

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()

        class Typed:
            """What FIX text is written to; its line's end is no message and is skipped."""
            sendall = staticmethod(lambda text: peer.stdin.write(text + b"\n"))

        def until(words, times=1):
            deadline = time.time() + PATIENCE
            while said.count(words) < times:
                demand(time.time() < deadline, f"openssl s_client never saw {words}: {bytes(said[-600:])}")
                time.sleep(0.02)

        client = Client(self.tls_port, "CLIENT23", "demo-client23")
        client.peer = Typed
        until(b"Verify return code: 0 (ok)")
        peer.stdin.write(b"K\n")  # KeyUpdate, and one wanted back
        until(b"KEYUPDATE")
        client.send("A", (98, 0), (108, 120), (553, "client23"), (554, "demo-client23"))
        until(b"\x0135=A\x01")
        for turn in range(3):
            seen = said.count(b"KEYUPDATE")
            peer.stdin.write(b"k\n" if turn % 2 else b"K\n")
            until(b"KEYUPDATE", seen + 1)
            client.send("1", (112, f"TURN{turn}"))
            until(b"112=TURN%d\x01" % turn)
        demand(b"New, TLSv1.3" in said and b"Early data was not sent" in said, "not TLS 1.3")
        demand(b"Post-Handshake New Session Ticket" not in said, "a ticket was given")
        peer.stdin.write(b"Q\n")
        peer.wait(PATIENCE)
        self.good.alive("KEYS")
        print("openssl s_client logs on and changes keys four times, no ticket is given")

    # --- what is not

    def certificates(self):
        for named, of, detail in (("expired", None, "client certificate expired or not yet valid"),
                                  ("revoked", None, "client certificate revoked"),
                                  ("client24", self.stranger, "client certificate not trusted"),
                                  (None, None, "no client certificate")):
            self.client(named, of=of).logon_fails()
            self.refused("0", detail)
        self.client("client24", "CLIENT23").logon_fails()
        self.refused("23", "another client's certificate")
        self.client("client23", "CLIENT22").logon_fails()  # a session without a certificate
        self.refused("22", "another client's certificate")
        plain = Client(self.stand.client_port, "CLIENT23", "demo-client23")
        plain.connect()
        demand(plain.receive() is None, "a TLS session was let in without")
        self.refused("23", "no client certificate")
        print("expired, revoked, wrong authority, none, another's, and none by the plain listener: refused, on record")

    def s_client(self, *options):
        at = self.authority.directory
        return subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls_port}", "-cert", at / "client23.pem", "-key",
             at / "client23.key", "-CAfile", at / "ca.pem", *map(str, options)], input=b"", capture_output=True,
            timeout=PATIENCE, check=False)

    def old_versions(self):
        for version in ("-tls1_2", "-tls1_1", "-tls1"):
            done = self.s_client(version, "-cipher", "ALL:@SECLEVEL=0")
            demand(b"alert protocol version" in done.stderr, f"{version}: {done.stderr[-400:]}")
            self.refused("0", "TLS older than 1.3")
        print("TLS 1.0, 1.1 and 1.2: refused, on record")

    def early_data(self):
        """A ticket that allows early data comes from another server, since the gateway gives none."""
        at = self.authority.directory
        port, = free_ports(1)
        giver = subprocess.Popen(
            ["openssl", "s_server", "-accept", str(port), "-tls1_3", "-cert", at / "gateway.pem", "-key",
             at / "gateway.key", "-early_data", "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ticket, text = at / "ticket.pem", at / "early.txt"
        text.write_text("8=FIX.4.4\x019=5\x0135=0\x0110=163\x01")
        try:
            deadline = time.time() + PATIENCE
            while not ticket.exists() or not ticket.stat().st_size:
                demand(time.time() < deadline, "no ticket was got")
                asked = subprocess.Popen(
                    ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3", "-CAfile", at / "ca.pem",
                     "-sess_out", ticket], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for _ in range(50):
                    if asked.poll() is not None or (ticket.exists() and ticket.stat().st_size):
                        break
                    time.sleep(0.05)
                asked.kill()
                asked.wait()
        finally:
            giver.kill()
            giver.wait()
        done = self.s_client("-tls1_3", "-sess_in", ticket, "-early_data", text)
        demand(b"handshake failure" in done.stderr, f"early data: {done.stderr[-400:]}")
        self.refused("0", "TLS early data asked for")
        print("early data: refused, on record")

    def no_tls(self):
        for text in (b"8=FIX.4.4\x019=5\x0135=A\x0110=000\x01", b"GET / HTTP/1.1\r\n\r\n",
                     b"\x16\x03\x01\xff\xff" + b"x" * 99):
            with socket.create_connection(("127.0.0.1", self.tls_port), timeout=PATIENCE) as peer:
                peer.sendall(text)
                try:
                    while peer.recv(4096):
                        pass
                except ConnectionError:
                    pass
            self.refused("0", "TLS handshake failed")
        # Half a ClientHello, and then nothing more.
        hello, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        shaking = context_of(self.authority, "client23").wrap_bio(hello, outgoing)
        try:
            shaking.do_handshake()
        except ssl.SSLWantReadError:
            pass
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=PATIENCE) as peer:
            peer.sendall(outgoing.read(60))
        self.refused("0", "TLS handshake failed")
        print("a plain Logon, HTTP, a length past any record, and half a handshake given up: refused, on record")

    def stalled(self):
        """Many at once say nothing or too little; others log on meanwhile, and no thread more is there."""
        before = self.threads()
        held = [socket.create_connection(("127.0.0.1", self.tls_port), timeout=PATIENCE) for _ in range(20)]
        for number, peer in enumerate(held):
            if number % 2:
                peer.sendall(b"\x16\x03\x01")
        other = self.client("client23", "CLIENT23")
        other.next_out = self.next_out_of("CLIENT23")
        other.connect()
        other.wait_for("A")
        self.good.alive("WHILE")
        demand(self.threads() == before, f"{self.threads()} threads, {before} before")
        other.send("5")
        other.wait_for("5")
        other.peer.close()
        for peer in held:
            demand(peer.recv(100) == b"", "a stalled handshake was told something")
            peer.close()
        self.refused("0", "TLS handshake not finished in time", len(held))
        # More of them than there may be at once: those of one address lose their oldest, and a good one gets in.
        flood = [socket.create_connection(("127.0.0.1", self.tls_port), timeout=PATIENCE) for _ in range(150)]
        late = self.client("client23", "CLIENT23")
        late.next_out = self.next_out_of("CLIENT23", 2)
        late.connect()
        late.wait_for("A")
        self.good.alive("FLOOD")
        late.send("5")
        late.wait_for("5")
        late.peer.close()
        for peer in flood:
            demand(peer.recv(100) == b"", "a stalled handshake was told something")
            peer.close()
        self.refused("0", "TLS handshake not finished in time", len(flood))
        print(f"{len(held)} and {len(flood)} stalled handshakes: ended in time, on record; others log on meanwhile, "
              "no thread is held")

    def next_out_of(self, comp_id, more=0):
        return {"CLIENT23": 5}[comp_id] + more

    def endings(self):
        """How a connection ends is told apart: said, cut off, broken."""
        for way in ("said", "cut off", "broken"):
            client = self.client("client23", "CLIENT23")
            client.connect((141, "Y"))
            client.next_in = 1
            client.wait_for("A")
            if way == "said":
                client.peer.setblocking(False)
                try:
                    client.peer.unwrap()
                except ssl.SSLWantReadError:
                    pass
                client.peer.close()
            elif way == "cut off":
                client.peer.close()  # Python says nothing
            else:
                with socket.socket(fileno=os.dup(client.peer.fileno())) as wire:
                    wire.settimeout(PATIENCE)
                    wire.sendall(struct.pack(">BHH", 23, 0x0303, 40) + b"x" * 40)
                    try:
                        while wire.recv(4096):
                            pass
                    except ConnectionError:
                        pass
                client.peer.close()
            self.wait_for_logouts({"said": 4, "cut off": 5, "broken": 6}[way])
            self.good.alive(way.replace(" ", ""))

    def wait_for_logouts(self, count):
        deadline = time.time() + PATIENCE
        while sum(row["event"] == "logout" and row["session"] == "23" for row in self.logins()) < count:
            demand(time.time() < deadline, f"no {count}th logout of session 23 is on record")
            time.sleep(0.1)

    def revoke_while_it_runs(self):
        """A new list holds from the next handshake on; one that cannot be read changes nothing; both are on record."""
        soon = self.client("client23", "CLIENT23")
        self.authority.revoke("client23")
        soon.logon_fails()
        self.refused("0", "client certificate revoked")
        self.authority.revocation_list.write_text("no list at all\n")
        self.client("client23", "CLIENT23").logon_fails()
        self.refused("0", "client certificate revoked")
        self.client("expired").logon_fails()
        self.refused("0", "client certificate expired or not yet valid")
        print("a list of revoked certificates is taken while the gateway runs; one that is none is not")

    # --- judged by the records

    def logins(self):
        done = subprocess.run([str(self.stand.programs / "fairlead-examine"), "logins", str(self.stand.journal),
                               "--format", "csv"], capture_output=True, text=True, check=True)
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def on_record(self):
        rows = self.logins()
        failed = [(row["session"], row["detail"]) for row in rows if row["event"] == "login_failed"]
        demand(failed == self.wanted, f"on record are\n{failed}\nwanted\n{self.wanted}")
        demand(not any(row["gap"] for row in rows), "logins have gaps")
        named = {row["user"] for row in rows if row["detail"].startswith("client certificate")}
        demand(named == {"client24.test", "revoked.test", "client23.test"}, f"certificates of {named} on record")
        endings = [row["detail"] for row in rows if row["event"] == "logout" and row["session"] == "23"][3:]
        demand(endings == ["disconnected", "cut off: TLS ended without close_notify", "broken TLS record"],
               f"session 23 ended as {endings}")
        lists = [(sections[1][8], struct.unpack_from("<q", sections[1])[0], sections[3].decode())
                 for kind, _, _, sections in records(self.stand.journal)
                 if kind == DEVICE_EVENT and sections[1][8] in (LIST_IN_FORCE, LIST_REFUSED)]
        demand([(cause, count) for cause, count, _ in lists]
               == [(LIST_IN_FORCE, 1), (LIST_IN_FORCE, 2), (LIST_REFUSED, 0)],
               f"lists on record: {lists}")
        demand(lists[0][2] != lists[1][2] and "SHA-256" in lists[1][2] and "must be a PEM file" in lists[2][2],
               f"lists on record: {lists}")
        print(f"{len(failed)} refusals, {len(endings)} endings and {len(lists)} lists on record, each with its reason")

    def run(self):
        self.stand.start_all()
        self.stand.wait_until_open(seconds=240)
        self.a_good_client_trades()
        self.openssl_s_client_updates_its_keys()
        self.certificates()
        self.old_versions()
        self.early_data()
        self.no_tls()
        self.stalled()
        self.endings()
        self.revoke_while_it_runs()
        exits = self.stand.stop_all()
        demand(all(code == 0 for code in exits.values()), f"programs ended with {exits}")
        self.on_record()


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-tls-") as place:
        with Stand(pathlib.Path(place) / "stand", sys.argv[1], make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"polling": "false", "keeper_lag_ms": 10000, "wait_age_limit_ms": 10000}) as stand:
            try:
                Test(stand, pathlib.Path(place)).run()
            except (Failed, RuntimeError, ValueError, OSError, subprocess.TimeoutExpired) as problem:
                print((stand.directory / "run/gateway.log").read_text()[-3000:])
                print(f"FAILED: {problem}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
