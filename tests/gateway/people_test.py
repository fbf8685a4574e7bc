#!/usr/bin/env python3
"""People and rights on the real gateway: what one asks for and another approves, limits that go back, a restart in
between, a batch, a right removed in between, a lock, a vendor's visit, a second factor, and the ladder up to the block
that two persons lift. The journal of all of it verifies, and tells who did what.

usage: people_test.py PROGRAMS
"""
import base64
import csv
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/gateway")]
from plain_client import Client  # noqa: E402
from stand import Stand  # noqa: E402

OFFICER, APPROVER, OPERATOR = "risk.officer", "risk.approver", "operator"
PATIENCE_S = 120
SOON_S = 30  # longer than a few requests take on a busy machine


class Failed(Exception):
    pass


def demand(holds, text):
    if not holds:
        raise Failed(text)


class Desk:
    def __init__(self, stand, investor):
        self.stand, self.investor = stand, investor
        self.passwords = {}

    def ask(self, user, *words, approver=None, reason="test", totp=None):
        """One request; the answer as JSON, and whether it was done."""
        password = self.passwords.get(user, f"demo-{user}")
        environment = dict(os.environ, FAIRLEAD_PASSWORD=password)
        command = [str(self.stand.programs / "fairlead"), "--socket", str(self.stand.directory / "run/control"), "--user",
                   user, "--json", "--timeout-ms", str(PATIENCE_S * 1000), "--reason", reason]
        if approver:
            environment["FAIRLEAD_APPROVER_PASSWORD"] = self.passwords.get(approver, f"demo-{approver}")
            command += ["--approver", approver]
        if totp:
            command += ["--totp", totp]
        done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, env=environment)
        return json.loads(done.stdout) if done.stdout.strip() else {"ok": False, "text": done.stderr}

    def do(self, user, *words, **how):
        answer = self.ask(user, *words, **how)
        demand(answer.get("ok"), f"{user} {' '.join(map(str, words))}: {answer}")
        return answer

    def refused(self, user, *words, why, **how):
        demand(why, "a refusal without its reason proves nothing")
        answer = self.ask(user, *words, **how)
        demand(not answer.get("ok") and why in answer.get("text", "") + answer.get("error", ""),
               f"{user} {' '.join(map(str, words))}: should be refused for '{why}': {answer}")
        demand(answer["sequence"] != 0, f"a refusal without a record: {answer}")

    def limit(self, dimension="buy"):
        row = self.do(OFFICER, "limit", "show", "investor", self.investor, "--dimension", dimension)["rows"][0]
        return row["limit"]

    def proposal(self, number):
        rows = {row["proposal"]: row for row in self.do(OFFICER, "proposal", "list", "--all")["rows"]}
        return rows[number]

    def propose(self, value, *words, dimension="buy"):
        return self.do(OFFICER, "proposal", "limit", "investor", self.investor, dimension, value, *words)["sequence"]

    def first_use(self, user, initial):
        """A newcomer must change the initial password and may do nothing before."""
        self.passwords[user] = initial
        self.refused(user, "status", why="must be changed")
        environment = dict(os.environ, FAIRLEAD_PASSWORD=initial, FAIRLEAD_NEW_PASSWORD=f"Chosen-By-Me-{len(user)}")
        subprocess.run([str(self.stand.programs / "fairlead"), "--socket", str(self.stand.directory / "run/control"),
                        "--user", user, "--timeout-ms", str(PATIENCE_S * 1000), "password", "change"], env=environment, check=True,
                       capture_output=True)
        self.passwords[user] = f"Chosen-By-Me-{len(user)}"

    def newcomer(self, user, role):
        answer = self.do(OPERATOR, "user", "add", user, role, approver=APPROVER)
        return answer["text"].rpartition(" ")[2]


def until(holds, what):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        demand(time.monotonic() < deadline, f"{what} has not come")
        time.sleep(0.1)


def in_seconds(seconds):
    """A time as people write it. Cut to whole seconds, so one is added."""
    at = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(seconds=seconds + 1)
    return at.isoformat(timespec="seconds")


def two_persons(desk):
    before = desk.limit()
    number = desk.propose(2_500_000_000)
    demand(desk.limit() == before, "a proposal alone has raised a limit")
    for who in (OFFICER, OPERATOR, "examiner", "support"):
        desk.refused(who, "proposal", "approve", number, why="no_right")
    answer = desk.do(APPROVER, "proposal", "approve", number, reason="seen the collateral")
    demand(desk.limit() == "2500000000" and "in force" in answer["text"], f"approved and not in force: {answer}")
    row = desk.proposal(number)
    demand(row["state"] == "in_force" and row["answered_by"] == APPROVER and row["effect"] > row["answer"] > number, row)
    desk.refused(APPROVER, "proposal", "approve", number, why="answered already")
    desk.refused(OFFICER, "proposal", "limit", "investor", desk.investor, "buy", 2_400_000_000, why="set it at once")
    desk.do(OFFICER, "limit", "set", "investor", desk.investor, "buy", 2_400_000_000)
    desk.refused(OFFICER, "limit", "set", "investor", desk.investor, "buy", 2_500_000_000,
                 why="needs a second, different person")
    for verb, who, state in (("reject", APPROVER, "rejected"), ("withdraw", OFFICER, "withdrawn")):
        number = desk.propose(2_600_000_000)
        desk.do(who, "proposal", verb, number)
        demand(desk.proposal(number)["state"] == state, desk.proposal(number))
    print("a raise needs another person; a lowering none")


def terms(desk):
    number = desk.propose(2_700_000_000, "--until", in_seconds(SOON_S))
    desk.do(APPROVER, "proposal", "approve", number)
    row = desk.do(OFFICER, "limit", "show", "investor", desk.investor, "--dimension", "buy")["rows"][0]
    demand(row["limit"] == "2400000000" or (row["limit"], row["goes_back_to"]) == ("2700000000", "2400000000"), row)
    until(lambda: desk.limit() == "2400000000", "the end of a raise")
    desk.do(OFFICER, "limit", "set", "investor", desk.investor, "buy", 2_800_000_000, "--until", in_seconds(SOON_S), approver=APPROVER)
    until(lambda: desk.limit() == "2400000000", "the end of a raise made on the spot")
    number = desk.do(OFFICER, "proposal", "limit", "investor", desk.investor, "buy", 2_300_000_000, "--from",
                     in_seconds(SOON_S))["sequence"]
    until(lambda: desk.limit() == "2300000000", "a lowering at a later time")
    demand(desk.proposal(number)["needs_approval"] is False, "a lowering has waited for a second person")
    print("a raise goes back at its end, a lowering comes at its time")


def same_end(desk):
    """Two raises with one end: the second, lower than the first, is above what stays all the same."""
    base, end = desk.limit(), in_seconds(SOON_S)
    raises = [(desk.propose(value, "--until", end), value) for value in (2_700_000_000, 2_600_000_000)]
    for number, value in raises:
        desk.do(APPROVER, "proposal", "approve", number)
        row = desk.do(OFFICER, "limit", "show", "investor", desk.investor, "--dimension", "buy")["rows"][0]
        demand(row["limit"] == base or (row["limit"], row["goes_back_to"]) == (str(value), base), row)
        demand(desk.proposal(number)["state"] == "in_force", desk.proposal(number))
    until(lambda: desk.limit() == base, "the one end of two raises")
    print("two raises with the same end go back to what was before both")


def restart(desk):
    stand = desk.stand
    number = desk.propose(2_900_000_000, "--until", in_seconds(2 * SOON_S))
    desk.do(APPROVER, "proposal", "approve", number)
    open_one = desk.propose(2_950_000_000)
    later = desk.propose(2_910_000_000, "--from", in_seconds(2 * SOON_S))
    due = time.monotonic() + 2 * SOON_S + 2
    desk.do(APPROVER, "proposal", "approve", later)
    stand.kill("gateway")
    time.sleep(max(0, due - time.monotonic()))
    stand.start_gateway()
    stand.wait_until_open()
    demand(desk.limit() == "2910000000", f"after the restart the limit is {desk.limit()}")
    demand(desk.proposal(open_one)["state"] == "open", "an open proposal was lost by the restart")
    desk.do(APPROVER, "proposal", "approve", open_one)
    demand(desk.limit() == "2950000000", "a proposal from before the restart could not be approved")
    print("what fell due while the gateway was down took hold before any order")


def batch(desk):
    first = desk.propose(1_500_000_000, dimension="offset")
    values = {"sell": 5_000_000_001, "gross_day": 5_000_000_002, "net": 5_000_000_003}
    desk.refused(OFFICER, "proposal", "limit", "investor", desk.investor, "sell", 1, "--batch", 7,
                 why="must be the first proposal of a batch")
    for dimension, value in values.items():
        desk.propose(value, "--batch", first, dimension=dimension)
    desk.refused(APPROVER, "proposal", "approve", first, "--whole-batch", len(values), why="batch")  # not all of it
    desk.do(APPROVER, "proposal", "approve", first, "--whole-batch", len(values) + 1)
    until(lambda: all(desk.limit(dimension) == str(value) for dimension, value in values.items()), "the whole batch")
    print("one approval, a whole batch")


def right_removed(desk):
    initial = desk.newcomer("second.approver", "risk_approver")
    desk.first_use("second.approver", initial)
    number = desk.propose(2_960_000_000)
    desk.do(OPERATOR, "user", "set-role", "second.approver", "examiner", approver=APPROVER)
    desk.refused("second.approver", "proposal", "approve", number, why="no_right")
    demand(desk.proposal(number)["state"] == "open" and desk.limit() != "2960000000", "an approver without the right approved")
    desk.do(OFFICER, "proposal", "withdraw", number)
    desk.refused(OPERATOR, "user", "set-role", OPERATOR, "risk_officer", approver=APPROVER, why="another person")
    print("a right removed between proposal and approval: refused")


def locks(desk):
    desk.passwords["support"] = "wrong"
    for _ in range(5):
        desk.refused("support", "status", why="bad_credentials")
    desk.passwords["support"] = "demo-support"
    desk.refused("support", "status", why="locked")
    desk.do(OPERATOR, "user", "unlock", "support")
    desk.do("support", "status")
    print("five failures lock, and staff unlocks")


def visits(desk):
    initial = desk.newcomer("acme", "vendor")
    desk.passwords["acme"] = initial
    desk.refused("acme", "status", why="bad_credentials")
    opening = ("visit", "open", "acme", "--ticket", "REQ-77", "--until", in_seconds(3600))
    desk.refused(OPERATOR, *opening, why="no_right")
    desk.do(OPERATOR, *opening, approver=APPROVER, reason="disk replaced")
    desk.first_use("acme", initial)
    desk.do("acme", "status")
    desk.refused("acme", "halt", "firm", why="no_right")
    desk.do(OPERATOR, "visit", "close", "acme")
    desk.refused("acme", "status", why="bad_credentials")
    desk.do(APPROVER, "visit", "sign", "acme", reason="log looked through")
    row = desk.do("examiner", "visit", "list")["rows"][0]
    demand((row["ticket"], row["opened_by"], row["approved_by"], row["signed_by"]) ==
           ("REQ-77", OPERATOR, APPROVER, APPROVER), row)
    desk.do(APPROVER, "review", "decide", "acme", "remove", reason="visit is over")
    rows = {row["name"]: row for row in desk.do("examiner", "review", "list")["rows"]}
    demand(rows["acme"]["decision"] == "remove" and rows[OFFICER]["decision"] == "open", rows)
    print("a vendor looks during a visit only")


def second_factor(desk):
    uri = desk.do(OFFICER, "totp", "enrol")["text"]
    secret = base64.b32decode(uri.partition("secret=")[2].partition("&")[0])

    def code(later):
        mac = hmac.new(secret, (int(time.time()) // 30 + later).to_bytes(8, "big"), hashlib.sha1).digest()
        number = int.from_bytes(mac[mac[19] & 15:][:4], "big") & 0x7fffffff
        return f"{number % 1_000_000:06d}"
    desk.do(OFFICER, "totp", "confirm", code(0))
    desk.refused(OFFICER, "status", why="bad_credentials")
    desk.do(OFFICER, "status", totp=code(1))
    desk.do(OPERATOR, "totp", "remove", OFFICER, approver=APPROVER)
    desk.do(OFFICER, "status")
    print("a second factor, an independent authenticator")


def token(desk):
    program = str(desk.stand.programs / "fairlead")
    socket = ["--socket", str(desk.stand.directory / "run/control")]
    logged = subprocess.run([program, *socket, "--user", OFFICER, "login"], capture_output=True, text=True, check=True,
                            env=dict(os.environ, FAIRLEAD_PASSWORD=f"demo-{OFFICER}"))
    lasting = dict(os.environ, FAIRLEAD_TOKEN=logged.stdout.strip())
    for words, code in ((["status"], 0), (["logout"], 0), (["status"], 4)):
        done = subprocess.run([program, *socket, *words], capture_output=True, text=True, env=lasting)
        demand(done.returncode == code, f"{words} by token ended with {done.returncode}: {done.stderr}")
    return logged.stdout.strip()


def good_terms():
    """A share at its reference price: within the day's limits and on its tick."""
    with open(ROOT / "config/data/securities.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["market"] == "TWSE" and row["kind"] == "stock"
                and row["reference_price"] and 20 <= float(row["reference_price"]) < 50]
    return rows[0]["code"], rows[0]["reference_price"]


def ladder(desk, client, account):
    """Orders up to the third level, whose step is a block; then two persons lift it."""
    symbol, price = good_terms()
    lot = round(float(price) * 1000)

    def order(name, quantity):
        client.order({"symbol": symbol, "quantity": quantity, "price": price}, name, account)
        answer = client.wait_for("8", _11=name)
        return answer[39], answer.get(58, "")
    desk.do(OFFICER, "limit", "set", "investor", desk.investor, "buy", 100 * lot)
    # What it shares with others is told of, and not blocked: 96 lots of 180, of 150 and of 118.
    desk.do(OFFICER, "limit", "set", "account", account, "buy", 180 * lot)
    desk.do(OFFICER, "limit", "set", "branch", account.split("-")[0], "buy", 150 * lot)
    desk.do(OFFICER, "limit", "set", "firm", "buy", 118 * lot)
    said = order("CLIMB", 96_000)
    demand(said[0] != "8", f"the first order was refused: {said}")
    probes = []

    def blocked():
        probes.append(order(f"PROBE{len(probes)}", 1000))
        return probes[-1][0] == "8"
    until(blocked, "the block of the ladder")
    demand("halt" in probes[-1][1].lower(), f"refused otherwise than by a halt: {probes}")
    desk.refused(OFFICER, "resume", "investor", desk.investor, why="needs an approver")
    number = desk.do(OFFICER, "proposal", "resume", "investor", desk.investor)["sequence"]
    demand("halt" in order("STILL", 1000)[1].lower(), "a proposal alone has lifted a block")
    desk.do(APPROVER, "proposal", "approve", number)
    demand(desk.proposal(number)["state"] == "in_force", desk.proposal(number))
    said = order("AFTER", 1000)
    demand("halt" not in said[1].lower(), f"after the resume an order is refused by a halt: {said}")
    print(f"the ladder blocked: '{probes[-1][1]}'; two persons lifted it")


def told(stand, secret):
    """The journal verifies, has every act with its persons, and no secret."""
    examine = str(stand.programs / "fairlead-examine")
    verified = subprocess.run([examine, "verify", str(stand.journal)], capture_output=True, text=True)
    demand(verified.returncode == 0, f"verify: {verified.stdout[-600:]}{verified.stderr[-300:]}")
    base = stand.directory / "out.db"
    exported = subprocess.run([examine, "export", str(stand.journal), "--sqlite", str(base)], capture_output=True, text=True)
    demand(exported.returncode == 0, f"export: {exported.stdout}{exported.stderr}")
    with sqlite3.connect(base) as tables:
        acts = tables.execute("SELECT event, user, approver, detail FROM control_acts").fetchall()
    for wanted in (("approval", OFFICER, APPROVER, "approved"), ("proposal", OFFICER, "", "until"),
                   ("limit_term", OFFICER, APPROVER, "again from"), ("limit_set", "", "", "term ended: set by record"),
                   ("usage_level", "", "", "investor; buy"), ("usage_level", "", "", "account; buy"),
                   ("usage_level", "", "", "branch; buy"), ("usage_level", "", "", "firm; buy"),
                   ("usage_level", "", "", "reached 95 %"), ("halt", "", "", "usage reached 95 %"),
                   ("maintenance_visit", OPERATOR, APPROVER, "REQ-77"), ("review", APPROVER, "", "rights removed"),
                   ("user_event", OPERATOR, APPROVER, "second.approver as examiner"),
                   ("denied_request", "second.approver", "", "no right")):
        demand(any((event, user or "", approver or "") == wanted[:3] and wanted[3] in (detail or "")
                   for event, user, approver, detail in acts), f"the journal does not tell of {wanted}")
    for file in [*stand.journal.glob("segment-*"), stand.directory / "run/gateway.log"]:
        demand(secret.encode() not in file.read_bytes(), f"a token is in {file}")
    print("the journal verifies, and tells who did what")


def run(stand, programs):
    text = stand.config.read_text()
    stand.config.write_text(text + '\n[ladder]\nlevel_3_step = "block"\n')
    accounts = [line.split(",") for line in (stand.directory / "accounts.csv").read_text().splitlines()]
    columns = {name: at for at, name in enumerate(accounts[0])}
    row = next(row for row in accounts[1:] if row[columns["flags"]] == "" and int(row[columns["investor"]][3:]) % 6 != 5)
    account = f"{row[columns['branch']]}-{int(row[columns['account']]):07d}"
    stand.start_all()
    stand.wait_until_open()
    desk = Desk(stand, row[columns["investor"]])
    two_persons(desk)
    terms(desk)
    same_end(desk)
    restart(desk)
    batch(desk)
    right_removed(desk)
    locks(desk)
    visits(desk)
    second_factor(desk)
    secret = token(desk)
    client = Client(stand.client_port)
    client.connect()
    client.wait_for("A")
    ladder(desk, client, account)
    exits = stand.stop_all()
    demand(all(code == 0 for code in exits.values()), f"programs ended with {exits}")
    told(stand, secret)


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="fairlead-people-") as name, \
            Stand(name + "/stand", programs, make_demo=["--continuous", 24 * 3600],
                  gateway_settings={"polling": "false"}) as stand:
        try:
            run(stand, programs)
        except Failed as problem:
            print(problem)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
