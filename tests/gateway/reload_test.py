#!/usr/bin/env python3
"""The configuration read again while the real gateway trades: a good file changes what can be seen, at once and all of
it; one that is wrong, cut short, older, not approved or changed where only a restart may change it changes nothing, and
the journal names file, field and value. Orders go on all the while; the journal verifies and replays.

usage: reload_test.py PROGRAMS
"""
import csv
import hashlib
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests/gateway")]
from demands import Failed, demand  # noqa: E402
from plain_client import Client  # noqa: E402
from stand import Stand  # noqa: E402

OPERATOR = "operator"
HEARTBEAT_S = 30  # what Client asks for
BURST = 12


class ReloadStand(Stand):
    """A stand with a list of approvals, whose configuration is edited under the running gateway."""

    def prepare(self):
        # In directories of their own: the confined gateway must have kept its right to read them.
        for name in ("lists", "secrets"):
            (self.directory.parent / name).mkdir()
        self.approved = self.directory.parent / "lists/approved"
        secret = self.directory.parent / "secrets/line"
        secret.write_text("4711\n")
        secret.chmod(0o600)
        text = changed(self.config.read_text(),
                       ("[gateway]\n", f'[gateway]\napprovals = "{self.approved}"\nrevision = 4\n'),
                       ('password = "4711"', f'password_file = "{secret}"'))
        self.put(text)
        self.program = hashlib.sha256((self.programs / "fairlead-gateway").read_bytes()).hexdigest()
        self.approve(text)
        return text

    def approve(self, text):
        with open(self.approved, "a", encoding="utf-8") as listed:
            listed.write(f"{self.program} {hashlib.sha256(text.encode()).hexdigest()}\n")

    def put(self, text):
        """A finished file in the place of the old one, as an editor does it."""
        new = self.config.with_suffix(".new")
        new.write_text(text)
        new.replace(self.config)

    def reload(self, user=OPERATOR):
        return self.control(user, "--timeout-ms", 25_000, "reload", "--reason", "test of a reload", check=False)

    def examine(self, *words):
        done = subprocess.run([str(self.programs / "fairlead-examine"), *map(str, words)], capture_output=True, text=True)
        demand(done.returncode == 0, f"fairlead-examine {words}: {done.stdout[-800:]}{done.stderr[-400:]}")
        return done.stdout


def changed(text, *pairs):
    for before, after in pairs:
        demand(text.count(before) >= 1, f"'{before}' is not in the configuration")
        text = text.replace(before, after)
    return text


def good_terms():
    """A share at its reference price: within the day's limits and on its tick."""
    with open(ROOT / "config/data/securities.csv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["market"] == "TWSE" and row["kind"] == "stock"
                and row["reference_price"] and 20 <= float(row["reference_price"]) < 50]
    return {"symbol": rows[0]["code"], "price": rows[0]["reference_price"], "quantity": 1000}


class Trader:
    """Logged on all the while."""

    def __init__(self, stand):
        rows = list(csv.DictReader((stand.directory / "accounts.csv").read_text().splitlines()))
        self.accounts = [f"{row['branch']}-{int(row['account']):07d}" for row in rows
                         if not row["flags"] and int(row["investor"][3:]) % 6 != 5]
        self.terms = good_terms()
        self.client = Client(stand.client_port)
        self.client.connect()
        self.client.wait_for("A")
        self.sent = 0

    def order(self):
        """One more; its last word: 0 acknowledged, or what else it was."""
        self.burst(1)
        return self.words(1)[0]

    def burst(self, count):
        for _ in range(count):
            self.sent += 1
            self.client.order(self.terms, f"R{self.sent}", self.accounts[self.sent % len(self.accounts)])

    def words(self, count):
        """What became of the last orders: their reports but Pending."""
        wanted = {f"R{self.sent - i}" for i in range(count)}
        told = {}
        while set(told) != wanted:
            report = self.client.wait_for("8")
            if report.get(11) in wanted and report[150] != "A":
                told.setdefault(report[11], (report[39], report.get(58, "")))
        return list(told.values())


def logon_refusal(stand):
    """What a Logon of CLIENT23 with HeartBtInt 30 is told; empty: it is let in."""
    client = Client(stand.client_port, "CLIENT23", "demo-client23")
    client.connect((141, "Y"))
    answer = client.receive()
    client.peer.close()
    return "" if answer[35] == "A" else answer.get(58, "")


def taken(stand, text, *told):
    stand.approve(text)
    stand.put(text)
    answer = stand.reload()
    demand(answer.get("ok"), f"a good file was refused: {answer}")
    for part in (hashlib.sha256(text.encode()).hexdigest(), *told):
        demand(part in answer["text"], f"'{part}' is not told: {answer['text']}")
    return answer


def refused(stand, trader, text, *told, approve=True):
    """Refused, told why, and all stays as it was: orders pass, and so does the heartbeat bound of before."""
    if approve:
        stand.approve(text)
    stand.put(text)
    answer = stand.reload()
    demand(not answer.get("ok") and answer.get("error") == "failed", f"should be refused for {told}: {answer}")
    for part in told:
        demand(part in answer["text"], f"'{part}' is not told: {answer['text']}")
    demand(str(stand.config) in answer["text"] or str(stand.approved) in answer["text"], f"no file is named: {answer}")
    demand(trader.order()[0] == "0", "an order after a refused reload")
    demand("HeartBtInt" in logon_refusal(stand), f"a refused file has changed something: {told}")
    return answer


def cuts(stand, trader, text):
    """Half-written: cut within a line, within a number, behind a line, before the last table, to nothing."""
    last_line, last_session = text.rindex("\n[[line]]"), text.rindex("\n[[session]]")
    number = text.rindex("wait_age_limit_ms = 1000") + len("wait_age_limit_ms = 10")
    stand.put(text)
    for name, bytes_left, told in (
            ("within a number", number, "whole line"),
            ("within a word", text.rindex("term_id") + 3, "whole line"),
            ("behind a line", text.rindex("wait_age_limit_ms"), "line[O8610H3].wait_age_limit_ms"),
            ("within the last line's table", text.rindex("password"), "line.password_file"),
            ("before the last line", last_line + 1, "line[O8610H3]: is in force and missing"),
            ("before the last session", last_session + 1, "line: at least one [[line]] must be given"),
            ("to nothing", 0, "whole line")):
        answer = refused(stand, trader, text[:bytes_left], told)
        print(f"cut {name}: {answer['text'].replace(str(stand.directory), '')[:150]}")


def wrong_ones(stand, trader, text):
    """Each has a change beside what is wrong with it that would let CLIENT23 in."""
    text = changed(text, ("heartbeat_min_s = 40", "heartbeat_min_s = 1"))
    refused(stand, trader, changed(text, ("unsynchronised_refuse_s = 0", "unsynchronised_refuse_s = -5")),
            "clock.unsynchronised_refuse_s = -5", "0..86400")
    refused(stand, trader, changed(text, ("unsynchronised_refuse_s", "unsynchronized_refuse_s")),
            "clock.unsynchronized_refuse_s", "not a key known here")
    refused(stand, trader, changed(text, ('user = "client01"', 'user = "client02"'), ("segment_mib = 64", "segment_mib = 32")),
            'session[CLIENT01].user = "client02": in force is "client01"', "journal.segment_mib = 32: in force is 64",
            "needs a restart")
    refused(stand, trader, changed(text, ("message_rate = 2000", "message_rate = 1000")),
            "session[CLIENT01].message_rate = 1000: in force is 2000", "session[CLIENT24].message_rate")
    refused(stand, trader, changed(text, ("revision = 5", "revision = 4")), "gateway.revision = 4", "older", "5")
    refused(stand, trader, changed(text, ('password = "9999"', 'password = "8888"')), "line[T8610H3].password", "not shown")
    refused(stand, trader, text, "is not approved", hashlib.sha256(text.encode()).hexdigest(), approve=False)
    stand.config.unlink()
    answer = stand.reload()
    demand("cannot be read" in answer["text"] and str(stand.config) in answer["text"], f"no file at all: {answer}")
    cuts(stand, trader, text)


def told(stand):
    """By the journal: who, what, and of each refusal file, field and value; no secret."""
    verified = stand.examine("verify", stand.journal, "--key", stand.verifier_key)
    demand("nothing missing or changed, replay equal" in verified, f"verify: {verified}")
    trail = stand.examine("trail", stand.journal, f"user:{OPERATOR}")
    acts = [line for line in trail.splitlines() if "reload" in line]
    for parts in (("session[CLIENT23].heartbeat_min_s 1 -> 40", "configuration ", "in force, revision 5"),
                  ("line[T8610H3].rate_per_second 10000 -> 1", "line[T8610H3].wait_age_limit_ms 1000 -> 1"),
                  ("recorded and not done", "clock.unsynchronised_refuse_s = -5", str(stand.config)),
                  ("recorded and not done", 'session[CLIENT01].user = "client02"', "journal.segment_mib = 32"),
                  ("recorded and not done", "gateway.revision = 4: is older"),
                  ("recorded and not done", "is not approved"),
                  ("recorded and not done", "whole line"),
                  ("recorded and not done", "line[O8610H3]: is in force and missing")):
        demand(any(all(part in line for part in parts) for line in acts), f"the trail does not tell of {parts}: {acts}")
    demand("no right to it" in "".join(line for line in stand.examine("trail", stand.journal, "user:risk.officer").splitlines()
                                       if "reload" in line), "the denied role is not on record")
    page = stand.directory / "day.html"
    for day in sorted({line[:10] for line in acts}):
        stand.examine("report", stand.journal, day, "--out", page)
    report = page.read_text()
    for part in ("clock.unsynchronised_refuse_s = -5", "session[CLIENT23].heartbeat_min_s 1 -&gt; 40", "gateway.revision = 4"):
        demand(part in report or part.replace("&gt;", ">") in report, f"the day's report does not tell of '{part}'")
    for secret in (b"8888", b"9999"):
        for file in [*stand.journal.glob("segment-*"), stand.directory / "run/gateway.log"]:
            demand(b'"' + secret not in file.read_bytes(), f"a line's password is in {file}")


def run(stand):
    text = stand.prepare()
    stand.start_all()
    stand.wait_until_open()
    trader = Trader(stand)
    demand(all(word[0] == "0" for word in (trader.burst(BURST), trader.words(BURST))[1]), "orders before any reload")
    demand(logon_refusal(stand) == "", "CLIENT23 before any reload")
    demand(stand.reload("risk.officer").get("error") == "no_right", "an officer has reloaded")

    client23 = text.index("heartbeat_min_s", text.index('"CLIENT23"'))
    bounded = text[:client23] + changed(text[client23:], ("heartbeat_min_s = 1\n", "heartbeat_min_s = 40\n"))
    bounded = changed(bounded, ("revision = 4", "revision = 5"))
    taken(stand, bounded, "session[CLIENT23].heartbeat_min_s 1 -> 40", "gateway.revision 4 -> 5")
    demand("HeartBtInt" in logon_refusal(stand), "the new heartbeat bound does not hold")
    demand(trader.order()[0] == "0", "an order after a good reload")
    print("a good file holds at once, all of it")

    wrong_ones(stand, trader, bounded)

    slow = changed(bounded, ("rate_per_second = 10000\nwait_age_limit_ms = 1000", "rate_per_second = 1\nwait_age_limit_ms = 1"))
    taken(stand, slow, "line[T8610H3].rate_per_second 10000 -> 1", "line[O8610H3].wait_age_limit_ms 1000 -> 1")
    trader.burst(BURST)
    words = trader.words(BURST)
    demand(any(word[0] != "0" for word in words), f"a line of one message a second took {BURST} at once: {words}")
    taken(stand, bounded, "line[T8610H3].rate_per_second 1 -> 10000")
    demand(trader.order()[0] == "0", "an order at the old rate again")
    print(f"a line's rate and age limit: {sum(word[0] != '0' for word in words)} of {BURST} ended, none before or after")

    stand.kill("gateway")
    stand.start_gateway()
    stand.wait_until_open()
    demand("HeartBtInt" in logon_refusal(stand), "after a restart the file in force is another")
    exits = stand.stop_all()
    demand(all(code == 0 for code in exits.values()), f"programs ended with {exits}")
    told(stand)
    print("the journal verifies, and names file, field and value")


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="fairlead-reload-") as name, \
            ReloadStand(name + "/stand", programs, make_demo=["--continuous", 24 * 3600],
                        gateway_settings={"polling": "false"}) as stand:
        try:
            run(stand)
        except Failed as problem:
            print(problem)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
