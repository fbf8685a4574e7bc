#!/usr/bin/env python3
"""Client certification on the real programs (R17): a client program that does what it is told passes every case of
`fairlead-exchange --certify`, one that sends again what it should not fails exactly the cases it breaks, and a gateway
with require_certificates lets a client in only with the record of the first: each reason for a refusal once, with the
client's password right.

usage: certify_test.py PROGRAMS
"""
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from plain_client import Client  # noqa: E402
from stand import Stand  # noqa: E402

CLIENT, ACCOUNT, SYMBOL = "CLIENT23", "8610-0000017", "1101"
ORDER = re.compile(r"(buy|sell) of (\d+) shares of (\w+) at (\d+\.\d+)")
CASES = ["log-on", "order-acknowledged", "order-rejected", "fills", "quantity-reduced", "price-changed",
         "order-cancelled", "cancel-crosses-fill", "cancelled-unasked", "report-late", "status-unknown",
         "burst-limited", "reports-missed", "log-out", "nothing-refused"]


class Program:
    """A client's program: reads what the certifier tells its operator and trades. With `faulty` it does what
    certification is there to find: it sends again what was refused or taken from it, and forgets its numbers."""

    def __init__(self, port, numbers, faulty):
        self.client = Client(port, CLIENT, f"demo-{CLIENT.lower()}")
        self.client.next_out, self.client.next_in = numbers
        self.faulty = faulty
        self.identifiers = 0
        self.last = None
        self.seen = set()

    def numbers(self):
        return self.client.next_out, self.client.next_in

    def identifier(self):
        self.identifiers += 1
        return f"C{time.time_ns() % 10**12}-{self.identifiers}"

    def order(self, quantity, symbol, price):
        self.last = {"symbol": symbol, "quantity": quantity, "price": price, "id": self.identifier()}
        self.client.order(self.last, self.last["id"], ACCOUNT)

    def change(self, kind, *fields):
        new = self.identifier()
        self.client.send(kind, (11, new), (41, self.last["id"]), (55, self.last["symbol"]), (54, 1),
                         (60, time.strftime("%Y%m%d-%H:%M:%S.000", time.gmtime())), *fields)
        self.last["id"] = new

    def replace(self, quantity, price):
        self.last |= {"quantity": quantity, "price": price}
        self.change("G", (1, ACCOUNT), (38, quantity), (40, 2), (44, price))

    def log_on(self, *fields):
        self.client.connect(*fields)
        self.client.peer.settimeout(0.05)

    def obey(self, line):
        orders = ORDER.findall(line)
        if "Send" in line:
            for _, quantity, symbol, price in orders:
                self.order(quantity, symbol, price)
        elif "Replace it:" in line:
            self.replace(re.search(r"(\d+) shares", line)[1], self.last["price"])
        elif "Replace its price" in line:
            self.replace(self.last["quantity"], orders[0][3])
        elif "Cancel it" in line:
            self.change("F")
        elif "Break your connection" in line:
            self.client.peer.close()
            self.client.peer = None
        elif "Log on again" in line and self.faulty:
            self.client.next_out, self.client.next_in = 1, 1
            self.log_on((141, "Y"))
        elif "Log on" in line:
            self.log_on()
        elif "Log out" in line:
            self.client.send("5")

    def listen(self):
        """Takes what the gateway sends; answers what an engine must answer by itself."""
        while self.client.peer is not None:
            try:
                message = self.client.receive()
            except socket.timeout:
                return
            if message is None:
                self.client.peer.close()
                self.client.peer = None
                return
            number = int(message[34])
            if number > self.client.next_in and message.get(43) != "Y":
                self.client.send("2", (7, self.client.next_in), (16, 0))
                self.client.next_in = number + 1  # what is missed comes marked, and is not counted again
            self.client.next_in = max(self.client.next_in, number + 1)
            self.answer(message)

    def answer(self, message):
        if message[35] == "1":
            self.client.send("0", (112, message[112]))
        # Refused, or unknown: a program that simply tries again.
        ended = message[35] == "8" and message.get(43) != "Y" and (
            message.get(150) == "8" or (message.get(150) == "I" and message.get(10006) == "112"))
        if self.faulty and ended and message[11] not in self.seen:
            self.seen.add(message[11])
            self.order(message[38], message[55], message[44])


def start_certification(stand, name):
    """The file its record goes to."""
    record = stand.directory / f"{name}.certificate"
    stand.exchange_options = [
        "--store", stand.directory / "run/store", "--liquidity", "off", "--certify", "--client", CLIENT, "--program",
        "scripted client", "--program-version", name, "--account", ACCOUNT, "--symbol", SYMBOL, "--gateway-config",
        stand.config, "--key", stand.directory / "run/certification.key", "--record", record, "--quiet", 1,
        "--patience", 60]
    stand.start_exchange()
    return record


def judge_without_record(stand):
    """No gateway is there: ended before a case could be played, a certification leaves no record. Asked for what
    cannot be, it does not begin."""
    record = start_certification(stand, "ended")
    log = stand.directory / "run/exchange.log"
    while stand.alive("exchange") and "ready" not in log.read_text():
        time.sleep(0.05)
    wrong = []
    if (code := stand.stop("exchange")) != 1 or record.exists() or "no record: ended" not in log.read_text():
        wrong.append(f"a certification that was ended says {code}: {log.read_text()[-300:]}")
    record.write_text("another record\n")
    code = start_certification(stand, "ended") and stand.processes["exchange"].wait(20)
    if code != 1 or record.read_text() != "another record\n" or "is not written over" not in log.read_text():
        wrong.append(f"a record that was there already: {code}, {log.read_text()[-300:]}")
    return wrong


def certify(stand, name, numbers, faulty):
    """One certification. Its exit code, the record's text, what was wrong with the test itself, and the client's
    numbers afterwards."""
    log = stand.directory / "run/exchange.log"
    heard = log.stat().st_size if log.exists() else 0
    record = start_certification(stand, name)
    if not stand.alive("gateway"):
        stand.start_keeper()
        stand.start_gateway()
    program = Program(stand.client_port, numbers, faulty)
    with open(log, encoding="utf-8") as lines:
        lines.seek(heard)
        while stand.alive("exchange"):
            # One write each, so a line is never half there.
            for line in lines.readlines():
                print(line.rstrip(), flush=True)
                program.obey(line)
            program.listen()
            time.sleep(0.02)
        print("".join(lines.readlines()).rstrip(), flush=True)
    text = record.read_text(encoding="utf-8") if record.exists() else ""
    return stand.processes["exchange"].returncode, text, program.numbers()


def cases_of(text):
    """Verdict by the name of the case."""
    return dict(re.findall(r"(?m)^case \d+ (\S+) (pass|fail) ", text))


def judge(name, code, text, expected_code, failing):
    cases = cases_of(text)
    failed = {case for case, verdict in cases.items() if verdict == "fail"}
    wrong = []
    if list(cases) != CASES:
        wrong.append(f"{name}: the record has the cases {list(cases)}")
    if failed != set(failing):
        wrong.append(f"{name}: failed {sorted(failed)}, should have failed {sorted(failing)}")
    if code != expected_code:
        wrong.append(f"{name}: ended with {code}, not {expected_code}")
    if f"verdict {'fail' if failing else 'pass'}\n" not in text:
        wrong.append(f"{name}: its verdict is not that")
    return wrong


def log_on(stand, client, numbers=(1, 1), password=None):
    """What the gateway says to a Logon: "" when it takes it, else the Text of its Logout. The client's numbers
    after it: a Logon that is refused has used one all the same."""
    one = Client(stand.client_port, client, password or f"demo-{client.lower()}")
    one.next_out, one.next_in = numbers
    one.connect()
    answer = one.receive()
    if answer is not None and answer[35] == "A":
        one.send("5")
        while one.receive() is not None:
            pass
    one.peer.close()
    said = "" if answer is not None and answer[35] == "A" else (answer or {}).get(58, "")
    return said, (one.next_out, one.next_in)


def judge_gateway(stand, key, numbers):
    """The same stand with require_certificates: who is let in, and what the others are told."""
    stand.stop("gateway")
    stand.exchange_options = ["--store", stand.directory / "run/store"]
    stand.start_exchange()
    shelf = stand.directory / "certificates"
    shelf.mkdir()
    other_key = subprocess.run(
        [str(stand.programs / "fairlead"), "key", "new", "broker.example/certification",
         str(stand.directory / "run/other.key")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    settings = stand.config.read_text().replace(
        "[gateway]\n", f'[gateway]\nrequire_certificates = true\ncertificate_directory = "certificates"\n'
        f'certificate_key = "{key}"\n', 1)
    stand.config.write_text(settings)
    stand.start_gateway()
    stand.wait_until_open()
    record = shelf / f"{CLIENT}.certificate"
    wrong = []

    def expect(what, wanted, client=CLIENT, password=None):
        nonlocal numbers
        said, after = log_on(stand, client, numbers if client == CLIENT else (1, 1), password)
        numbers = after if client == CLIENT else numbers
        print(f"{what}: {said or 'taken'}", flush=True)
        if said != wanted and not (wanted and wanted in said):
            wrong.append(f"{what}: the gateway says '{said}'")

    # No restart in between: the directory is looked at when a client logs on.
    expect("no record", "Logon refused: this client's program has no certificate")
    shutil.copy(stand.directory / "faulty.certificate", record)
    expect("record of a certification not passed", "was not passed")
    shutil.copy(stand.directory / "good.certificate", record)
    expect("record of a passed one", "")
    shutil.copy(record, shelf / "CLIENT24.certificate")
    expect("record of another client", "another SenderCompID", "CLIENT24")
    expect("record, but a wrong password", "", password="not the password")
    if "certificate" in (said := wrong.pop() if wrong else "certificate"):
        wrong.append(f"a wrong password is told of the record: {said}")
    record.write_text(record.read_text().replace("case 3 order-rejected pass", "case 3 order-rejected fail"))
    expect("record somebody has changed", "not signed by the broker's key")
    record.unlink()
    expect("record taken away", "has no certificate")
    stand.stop_all()
    stand.config.write_text(settings.replace(key, other_key))
    checked = subprocess.run([str(stand.programs / "fairlead-gateway"), "--config", str(stand.config), "--check"],
                             capture_output=True, text=True)
    if checked.returncode != 0 or checked.stdout.count("cannot log on") != 24:
        wrong.append(f"--check does not tell of 24 sessions: {checked.stdout}{checked.stderr}")
    return wrong + judge_ledger(stand)


def judge_ledger(stand):
    """Each refusal is on record with its own reason, in both languages, and the journal verifies."""
    wrong = []
    examine = str(stand.programs / "fairlead-examine")
    logins = subprocess.run([examine, "logins", str(stand.journal)], capture_output=True, text=True)
    refused = logins.stdout.count("client program not certified")
    if logins.returncode != 0 or refused != 5:
        wrong.append(f"the login ledger has {refused} logons refused for want of a certificate, not 5")
    verified = subprocess.run([examine, "verify", str(stand.journal)], capture_output=True, text=True)
    if verified.returncode != 0:
        wrong.append("verify: " + verified.stdout[-500:])
    return wrong


def main():
    programs = pathlib.Path(sys.argv[1])
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-certify-") as place:
        with Stand(place, programs, make_demo=["--lead-in", 0, "--open-call", 1, "--continuous", 3600]) as stand:
            key = subprocess.run(
                [str(programs / "fairlead"), "key", "new", "broker.example/certification",
                 str(stand.directory / "run/certification.key")], check=True, stdout=subprocess.PIPE,
                text=True).stdout.strip()
            wrong += judge_without_record(stand)
            code, failed_text, numbers = certify(stand, "faulty", (1, 1), True)
            wrong += judge("faulty", code, failed_text, 2,
                           ["order-rejected", "status-unknown", "burst-limited", "reports-missed", "nothing-refused"])
            code, passed_text, numbers = certify(stand, "good", numbers, False)
            wrong += judge("good", code, passed_text, 0, [])
            wrong += judge_gateway(stand, key, numbers)
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
