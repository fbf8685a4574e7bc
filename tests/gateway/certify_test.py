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
ORDER = re.compile(r"(buy|sell) of (\d+) shares of (\w+) at ([\d.]+)")
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
        # Refused, cancelled by the exchange, or unknown: a program that simply tries again.
        ended = message[35] == "8" and message.get(43) != "Y" and (
            message.get(150) == "8" or message.get(10006) == "133" or
            (message.get(150) == "I" and message.get(10006) == "112"))
        if self.faulty and ended and message[11] not in self.seen:
            self.seen.add(message[11])
            self.order(message[38], message[55], message[44])


def certify(stand, name, numbers, faulty):
    """One certification. Its exit code, the record's text, what was wrong with the test itself, and the client's
    numbers afterwards."""
    log = stand.directory / "run/exchange.log"
    heard = log.stat().st_size if log.exists() else 0
    record = stand.directory / f"{name}.certificate"
    stand.exchange_options = [
        "--store", stand.directory / "run/store", "--liquidity", "off", "--certify", "--client", CLIENT, "--program", "scripted client",
        "--program-version", name, "--account", ACCOUNT, "--symbol", SYMBOL, "--gateway-config", stand.config, "--key",
        stand.directory / "run/certification.key", "--record", record, "--quiet", 1, "--patience", 60]
    stand.start_exchange()
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


def main():
    programs = pathlib.Path(sys.argv[1])
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-certify-") as place:
        with Stand(place, programs, make_demo=["--lead-in", 0, "--open-call", 1, "--continuous", 3600]) as stand:
            key = subprocess.run(
                [str(programs / "fairlead"), "key", "new", "broker.example/certification",
                 str(stand.directory / "run/certification.key")], check=True, stdout=subprocess.PIPE,
                text=True).stdout.strip()
            code, failed_text, numbers = certify(stand, "faulty", (1, 1), True)
            wrong += judge("faulty", code, failed_text, 2,
                           ["order-rejected", "cancelled-unasked", "status-unknown", "burst-limited",
                            "reports-missed"])
            code, passed_text, numbers = certify(stand, "good", numbers, False)
            wrong += judge("good", code, passed_text, 0, [])
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
