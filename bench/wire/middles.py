"""What the wire benchmark puts between the tester's two ends, and how each is started and stopped. A middle is
made once a run; `measure` starts its processes, takes the tester's figures and ends the processes it started.
Used by run.py."""
import csv
import json
import pathlib
import random
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/gateway"))
from make_certificates import Authority  # noqa: E402
from stand import Stand, free_ports  # noqa: E402

ACCOUNT = "8610-0000017"  # for middles that know no accounts
MANY_ACCOUNTS = 1_000_000
MANY_SESSIONS = 200
ACCOUNTS_USED = 100_000  # of the many, in no order, so that each is cold
WAIT_S = 180


def security():
    """A TWSE stock of the sample: code, price and step in 1/10,000 NTD."""
    with open(ROOT / "config/data/securities.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["market"].upper() == "TWSE" and row["kind"] == "stock" and row["reference_price"]:
                price = round(float(row["reference_price"]) * 10_000)
                if 200_000 < price < 490_000:
                    return row["code"], price - price % 500 - 4_000, 500
    raise SystemExit("no TWSE stock between 20 and 49 NTD in the sample")


class WireStand(Stand):
    """A stand whose venue is the tester: one line, no exchange, rates and limits that never bind."""

    def __init__(self, directory, programs, level, make_demo=(), gateway_settings=()):
        settings = {"level": f'"{level}"', "polling": "true", "keeper_lag_ms": 60000, "message_rate": 0,
                    "investor_message_rate": 0, "repeat_count_max": 0, "orders": 1_000_000, "commands": 2_000_000,
                    "front_segment_mib": 128, "keeper_lag_mib": 500, "sync_refuse_ms": 60000, "segment_mib": 128}
        settings.update(gateway_settings)
        super().__init__(directory, programs, gateway_settings=settings,
                         make_demo=["--continuous", 24 * 3600, "--open-call", 0.1, "--lead-in", 0, "--line-rate",
                                    1_000_000, *make_demo])
        text = self.config.read_text()
        first, *lines = text.split("[[line]]\nid = ")
        self.config.write_text(first + "[[line]]\nid = 9" + lines[0])  # a number above every session's
        self.venue_port = int(lines[0].split("port = ")[1].split()[0])
        self.raise_limits()
        with open(self.directory / "accounts.csv", newline="", encoding="utf-8") as file:
            self.accounts = ["-".join(row[:2]) for row in csv.reader(file)
                             if row[0] == "8610" and "disabled" not in row[3]]
        self.origin = time.time_ns() - 5_000_000_000

    def raise_limits(self):
        limits = self.directory / "limits.csv"
        raised = []
        for row in limits.read_text().splitlines():
            head, value = row.rsplit(",", 1)
            if "message_rate" not in row and "order_value" not in row:
                raised.append(f"{head},90000000000000" if value.isdigit() else row)
        limits.write_text("\n".join(raised) + "\n")

    def forget_the_day(self):
        """Journal and front of the run before: each run begins a day."""
        shutil.rmtree(self.journal, ignore_errors=True)
        shutil.rmtree(self.front, ignore_errors=True)
        self.journal.mkdir(parents=True)


class Middle:
    def __init__(self, options):
        self.options = options
        self.programs = options.programs

    def start(self, program, *words, **streams):
        return subprocess.Popen([str(self.programs / f"fairlead-wire-{program}"), *map(str, words)],
                                stdout=subprocess.PIPE, text=True, **streams)

    def tester(self, client, venue, *words, **streams):
        code, price, tick = security()
        process = self.start("tester", "--client-port", client, "--venue-port", venue, "--symbol", code, "--price",
                             price, "--tick", tick, "--seconds", self.options.seconds, *words,
                             stderr=subprocess.PIPE, **streams)
        process.stderr.readline()  # it listens
        return process

    def result(self, process):
        try:
            out, errors = process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise RuntimeError("no end after three minutes") from None
        if process.returncode != 0:
            raise RuntimeError(errors or f"ended with {process.returncode}")
        return json.loads(out)

    def end(self, process):
        """Of a process of ours: asked, then made."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        pass


class Nothing(Middle):
    """The tester's own ceiling: its client end and its venue end are one connection."""
    label = "no middle"

    def measure(self):
        port, = free_ports(1)
        return self.result(self.tester(port, port, "--account", ACCOUNT))


class Relay(Middle):
    label = "blind relay, spinning"
    flags = ()

    def measure(self):
        client, venue = free_ports(2)
        tester = self.tester(client, venue, "--account", ACCOUNT)
        relay = self.start("relay", "--listen", client, "--venue", venue, *self.flags)
        try:
            return self.result(tester)
        finally:
            self.end(relay)
            self.end(tester)


class RelayBlocking(Relay):
    label = "blind relay, blocking in epoll"
    flags = ("--block",)


class RelayStamped(Relay):
    label = "blind relay, spinning on epoll, with receive stamps"
    flags = ("--stamped",)


class Quickfix(Middle):
    label = "QuickFIX, memory store"
    store = "memory"
    flags = ()

    def measure(self):
        client, venue = free_ports(2)
        place = self.options.place / "quickfix"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        tester = self.tester(client, venue, "--fix", "--account", ACCOUNT)
        middle = self.start("quickfix", "--listen", client, "--venue", venue, "--account", ACCOUNT, "--store",
                            self.store, "--directory", place, *self.flags)
        try:
            return self.result(tester)
        finally:
            self.end(middle)
            self.end(tester)


class QuickfixFile(Quickfix):
    label = "QuickFIX, file store"
    store = "file"


class QuickfixThreaded(Quickfix):
    label = "QuickFIX, memory store, a thread a connection"
    flags = ("--threaded",)


class QuickfixFileThreaded(QuickfixFile):
    label = "QuickFIX, file store, a thread a connection"
    flags = ("--threaded",)


class Fairlead(Middle):
    label = "Fairlead, level process"
    level = "process"
    make_demo = ()
    gateway_settings = ()
    sessions = 1

    def __init__(self, options):
        super().__init__(options)
        self.stand = WireStand(options.place / type(self).__name__.lower(), options.programs, self.level,
                               self.make_demo, self.gateway_settings)

    def accounts(self):
        return ["--account", self.stand.accounts[0]]

    def client_words(self):
        """How the tester's client comes."""
        return []

    def companions(self):
        """Started before the gateway."""
        return []

    def beside(self):
        """Starts what works beside the gateway, once that is up; its names in the stand."""
        return []

    def after(self):
        """Further figures, once the tester has its own."""
        return {}

    def measure(self):
        stand = self.stand
        stand.forget_the_day()
        started, beside = [], []
        try:
            tester = self.tester(stand.client_port, stand.venue_port, "--fix", "--password", "demo-client01",
                                 "--wait-for-go", *self.accounts(), *self.client_words(), stdin=subprocess.PIPE)
            started.append(tester)
            companions = self.companions()
            started += companions
            stand.start_keeper()
            stand.start_gateway()
            beside = self.beside()
            if self.sessions > 1:
                started.append(self.crowd(tester))
            tester.stdin.write("go\n")
            tester.stdin.flush()
            figures = self.result(tester)
            figures["told"] = [self.told_by(one) for one in companions]
            return figures | self.after()
        finally:
            for process in started:
                self.end(process)
            ended = {name: stand.stop(name) for name in beside}
            stand.stop("gateway")
            stand.stop("keeper")
            if any(code != 0 for code in ended.values()):  # none: it had to be killed
                log = (stand.directory / "run/desk.log").read_text()[-600:]
                raise RuntimeError(f"not in order: {ended}: {log}")

    def crowd(self, tester):
        """The other sessions, all logged on when this returns."""
        self.wait_for_clients_port(tester)
        crowd = self.start("crowd", "--client-port", self.stand.client_port, "--count", self.sessions - 1,
                           stderr=subprocess.PIPE)
        line = crowd.stdout.readline()
        if not line:
            raise RuntimeError("sessions could not log on: " + crowd.stderr.read())
        return crowd

    def wait_for_clients_port(self, tester):
        """Until the tester's own client has logged on: it says so."""
        if "ready" not in tester.stderr.readline():
            raise RuntimeError("the tester could not log on: see " + str(self.stand.directory / "run/gateway.log"))

    def told_by(self, companion):
        companion.terminate()
        out, _ = companion.communicate(timeout=20)
        if companion.returncode != 0:
            raise RuntimeError(f"a companion ended with {companion.returncode}")
        return json.loads(out)

    def close(self):
        self.stand.clean()


class FairleadTls(Fairlead):
    label = "Fairlead, level process, client by TLS"

    def __init__(self, options):
        super().__init__(options)
        self.authority = Authority(self.stand.directory / "authority")
        for name in ("gateway", "client01"):
            self.authority.issue(name, f"{name}.test")
        at = self.authority.directory
        text = self.stand.config.read_text()
        # The tester's session and its port become those of TLS; what is left over listens elsewhere.
        text = text.replace(f'"127.0.0.1:{self.stand.client_port}"', '"127.0.0.1:0"', 1)
        text = text.replace('user = "client01"', 'user = "client01"\ntls_name = "client01.test"', 1)
        self.stand.config.write_text(text + f"""
[[tls_listener]]
address = "127.0.0.1:{self.stand.client_port}"
certificate = "{at}/gateway.pem"
key = "{at}/gateway.key"
client_ca = "{at}/ca.pem"
revocation_list = "{at}/revoked.crl"
""")

    def client_words(self):
        return ["--tls", self.authority.directory / "client01"]


class FairleadUnconfined(Fairlead):
    label = "Fairlead, nothing given up (confine = false)"
    gateway_settings = {"confine": "false"}


class FairleadUnsigned(Fairlead):
    label = "Fairlead, no checkpoints (checkpoint_key empty)"
    gateway_settings = {"checkpoint_key": '""'}


class FairleadPinned(Fairlead):
    label = "Fairlead, order thread on processor 1 (order_cpu = 1)"
    gateway_settings = {"order_cpu": 1}


class FairleadBlocking(Fairlead):
    label = "Fairlead, order thread sleeping (polling = false)"
    gateway_settings = {"polling": "false"}


class FairleadDisk(Fairlead):
    label = "Fairlead, level disk"
    level = "disk"


class FairleadMany(Fairlead):
    label = "Fairlead, 1 M accounts, 200 sessions"
    make_demo = ("--accounts", MANY_ACCOUNTS, "--sessions", MANY_SESSIONS, "--holdings", 1, "--users")
    sessions = MANY_SESSIONS

    def __init__(self, options):
        super().__init__(options)
        used = random.Random(1).sample(self.stand.accounts, ACCOUNTS_USED)
        self.file = self.stand.directory / "accounts-used.txt"
        self.file.write_text("\n".join(used) + "\n")
        text = self.stand.config.read_text().replace("positions = 100000\n", "positions = 2000000\n")
        self.stand.config.write_text(text)

    def accounts(self):
        return ["--accounts-file", self.file]


class FairleadFollowed(Fairlead):
    label = "Fairlead, a follower reading"

    def companions(self):
        return [self.start("follower", "--front", self.stand.front)]


class FairleadDesk(Fairlead):
    label = "Fairlead, the risk desk reading"

    def beside(self):
        """The desk, logged on to and read up to now: the tester waits for its "go" meanwhile."""
        self.stand.start_desk()
        deadline = time.monotonic() + WAIT_S
        while self.asked("fairlead_desk_ready") != 1:
            if time.monotonic() > deadline or not self.stand.alive("desk"):
                raise RuntimeError("the desk is not ready: see " + str(self.stand.directory / "run/desk.log"))
            time.sleep(0.1)
        return ["desk"]

    def asked(self, name):
        """One of the desk's own figures; -1 while it does not answer."""
        context = ssl.create_default_context(cafile=str(self.stand.directory / "run/desk.crt"))
        address = f"https://127.0.0.1:{self.stand.desk_port}/metrics"
        try:
            with urllib.request.urlopen(address, context=context, timeout=20) as answer:
                return int(re.search(rf"(?m)^{name} (\d+)$", answer.read().decode())[1])
        except OSError:
            return -1

    def after(self):
        """How long after the last order the desk has read everything, in seconds."""
        begin = time.monotonic()
        last = self.asked("fairlead_journal_published_sequence")
        while self.asked("fairlead_desk_followed_sequence") < last:
            time.sleep(0.02)
        return {"desk_late_s": time.monotonic() - begin}


class RawWrite(Middle):
    """Not a middle: one synchronous 4 KiB write after the other, in the directory of the journal at level disk."""
    label = "raw synchronous 4 KiB write"

    def measure(self):
        place = self.options.place / FairleadDisk.__name__.lower() / "run/journal"
        place.mkdir(parents=True, exist_ok=True)
        file = place / "raw-write"
        try:
            return self.result(self.start("raw-write", "--file", file, "--seconds", self.options.seconds,
                                          stderr=subprocess.PIPE))
        finally:
            file.unlink(missing_ok=True)


MIDDLES = {"none": Nothing, "relay": Relay, "relay_block": RelayBlocking, "quickfix_memory": Quickfix,
           "quickfix_file": QuickfixFile, "process": Fairlead, "disk": FairleadDisk, "many": FairleadMany,
           "followed": FairleadFollowed, "desk": FairleadDesk, "process_tls": FairleadTls, "raw_write": RawWrite}
# To be asked for by name: how QuickFIX's other sockets compare, and what a broker may tune.
FURTHER = {"relay_stamped": RelayStamped, "unconfined": FairleadUnconfined, "unsigned": FairleadUnsigned,
           "pinned": FairleadPinned, "blocking": FairleadBlocking,
           "quickfix_memory_threaded": QuickfixThreaded, "quickfix_file_threaded": QuickfixFileThreaded}
