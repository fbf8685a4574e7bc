#!/usr/bin/env python3
"""The risk desk on the real programs, held against its own OpenAPI document: every path answers as its schema says,
every right of a role is tried cell by cell, who is not logged on, comes from elsewhere, sends too much or reads too
slowly gets what the document says. A limit is lowered by one person and raised by two, seen used up, an investor is
stopped and resumed. The desk is killed while trading goes on, and the gateway is killed under the desk.

usage: api_test.py PROGRAMS
"""
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(HERE))
from desk_client import Contract, Desk, Failed, StreamClient, demand  # noqa: E402
from schema import faults  # noqa: E402
from stand import Stand  # noqa: E402

STAFF = ["support", "operator", "risk.officer", "risk.approver", "examiner"]
ALL, LOOKERS = set(STAFF), set(STAFF) - {"operator"}
NO_PROPOSAL = 999_999_999
APPROVER = {"approver": "risk.approver", "approver_password": "demo-risk.approver"}
# Each act of the API: method, path, a body that does no harm or is refused for another reason, who has the right.
RIGHTS = [
    ("get", "/overview", None, ALL),
    ("get", "/investors", None, LOOKERS),
    ("get", "/limits", None, LOOKERS),
    ("get", "/orders", None, ALL),
    ("get", "/sessions", None, ALL),
    ("get", "/proposals", None, LOOKERS),
    ("get", "/halts", None, ALL),
    ("get", "/users", None, ALL - {"support"}),
    ("get", "/me", None, ALL),
    ("post", "/limits", {"scope": "investor", "key": "NOBODY", "dimension": "buy", "value": "0", "reason": "rights"},
     {"risk.officer"}),
    ("post", "/limits/batch", {"csv": "scope,key,dimension,value\ninvestor,NOBODY,buy,1\n", "reason": "rights"}, LOOKERS),
    ("post", f"/proposals/{NO_PROPOSAL}/approve", {"reason": "rights"}, {"risk.approver"}),
    ("post", f"/proposals/{NO_PROPOSAL}/reject", {"reason": "rights"}, {"risk.approver"}),
    ("post", f"/proposals/{NO_PROPOSAL}/withdraw", {"reason": "rights"}, {"risk.officer"}),
    ("post", "/halts", {"scope": "investor", "key": "NOBODY", "reason": "rights"},
     {"operator", "risk.officer", "risk.approver"}),
    ("post", "/resumes", {"scope": "investor", "key": "NOBODY", "reason": "rights"}, {"risk.officer"}),
    ("post", "/users", {"name": "nobody.new", "role": "client", "reason": "rights", "approver": "nobody.else",
                        "approver_password": "wrong"}, {"operator"}),
    ("post", "/users/nobody/role", {"role": "examiner", "reason": "rights", "approver": "nobody.else",
                                    "approver_password": "wrong"}, {"operator"}),
    ("post", "/users/nobody/disable", {"reason": "rights"}, {"operator", "risk.officer", "risk.approver"}),
    ("post", "/users/nobody/enable", {"reason": "rights", "approver": "nobody.else", "approver_password": "wrong"},
     {"operator"}),
    ("post", "/users/nobody/unlock", {"reason": "rights"}, {"operator"}),
    ("post", "/users/nobody/reset-password",
     {"reason": "rights", "approver": "nobody.else", "approver_password": "wrong"}, {"operator"}),
    ("post", "/limits/batch", {"csv": "scope,key,dimension,value\ninvestor,NOBODY,buy,1\n", "reason": "rights",
                               "apply": True}, {"risk.officer"}),
    ("get", "/orders/999999999999", None, ALL),
    ("get", "/reviews", None, {"operator", "risk.approver", "examiner"}),
    ("post", "/reviews/nobody", {"decision": "keep", "reason": "rights"}, {"risk.approver"}),
    ("get", "/visits", None, ALL - {"support"}),
    ("post", "/visits", {"vendor": "nobody", "ticket": "1", "until": "2030-01-01T00:00:00+08:00", "reason": "rights",
                         "approver": "nobody.else", "approver_password": "wrong"}, {"operator"}),
    ("post", "/visits/nobody/close", {"reason": "rights"}, {"operator", "risk.approver"}),
    ("post", "/visits/nobody/sign", {"reason": "rights"}, {"risk.approver"}),
]


def say(text):
    print(text, flush=True)


def wait_for(what, question, seconds=120):
    deadline = time.time() + seconds
    while time.time() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise Failed(f"{what}: not within {seconds} s")


def filled(template):
    return (template.replace("{key}", "1").replace("{n}", str(NO_PROPOSAL)).replace("{name}", "nobody")
            .replace("/investors/{id}", "/investors/NOBODY").replace("{id}", "nobody"))


class Test:
    def __init__(self, stand):
        self.stand = stand
        self.contract = Contract(json.loads((ROOT / "gateway/desk/openapi.json").read_text()))
        self.people = {}

    def desk(self, user=None, port=None):
        desk = Desk(port or self.stand.desk_port, self.stand.directory / "run/desk.crt", self.contract)
        if user is not None:
            status, value = desk.log_on(user)
            demand(status == 200, f"{user} cannot log on: {status} {value}")
        return desk

    def everybody(self):
        self.people = {user: self.desk(user) for user in STAFF}

    def ready(self):
        desk = self.people["operator"]
        wait_for("the desk has read the journal", lambda: desk.good("get", "/api/v1/overview")["desk"]["ready"])
        return desk.good("get", "/api/v1/overview")

    # --- the document

    def document(self):
        nobody = self.desk()
        served = nobody.good("get", "/api/v1/openapi.json")
        demand(served == self.contract.document, "the document served is not the one of the source")
        for template, methods in served["paths"].items():
            for method, operation in methods.items():
                for status, response in operation["responses"].items():
                    while "$ref" in response:
                        response = served["components"]["responses"][response["$ref"].rpartition("/")[2]]
                    content = response.get("content", {}).get("application/json", {})
                    found = list(faults(served, content["schema"], content["example"])) if "example" in content else []
                    demand(not found, f"example of {method} {template} {status}: {found[:2]}")
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                found = list(faults(served, content["schema"], content["example"])) if content else []
                demand(not found, f"example of the body of {method} {template}: {found[:2]}")

    def refusals(self):
        """What every path answers to who asks it wrongly."""
        nobody, officer = self.desk(), self.people["risk.officer"]
        for template, methods in self.contract.document["paths"].items():
            path = filled(template)
            status, value = nobody.call("delete", path)
            expected = 400 if template == "/api/v1/stream" else 405
            demand(status == expected, f"DELETE {path}: {status} {value}")
            if status == 405:  # of no method in the document, so it is counted here
                self.contract.seen.add((template, next(iter(methods)), "405"))
            for method, operation in methods.items():
                closed = operation.get("security") != []
                if closed:
                    status, value = nobody.call(method, path, {} if method == "post" else None)
                    expected = 400 if template == "/api/v1/stream" else 401
                    demand(status == expected, f"{method} {path} of nobody: {status} {value}")
                if method != "post":
                    continue
                if closed:
                    status, value = officer.call(method, path, {}, {"X-Fairlead-Csrf": "0" * 64})
                    demand(status == 403 and value["error"] == "csrf", f"{path} with a wrong CSRF token: {status} {value}")
                if "requestBody" not in operation:
                    continue
                for body, content_type, expected in (
                        ("{", "application/json", 400), ("[]", "application/json", 400), ("{}", "text/plain", 415),
                        ('{"colour": "red"}', "application/json", 422),
                        ('{"reason": "' + "x" * 70_000 + '"}', "application/json", 413)):
                    if expected == 413 and template == "/api/v1/limits/batch":
                        body = '{"reason": "' + "x" * 1_300_000 + '"}'
                    status, got, text = officer.raw("POST", path, body, {"Content-Type": content_type})
                    self.contract.check(path, method, status, got.get("Content-Type", ""), text)
                    demand(status == expected, f"{path} with {body[:20]} as {content_type}: {status} {text[:200]}")

    def questions(self):
        """Parameters that cannot be."""
        officer = self.people["risk.officer"]
        for path in ("/investors?sort=colour", "/investors?limit=0", "/investors?limit=1001", "/orders?status=x",
                     "/orders?offset=-1", "/limits?scope=moon", "/limits?dimension=x", "/proposals?state=x",
                     "/investors?colour=red", "/orders/abc", "/investors/%C3%A9"):
            status, value = officer.call("get", "/api/v1" + path)
            demand(status == 422 and value["error"] == "bad_field", f"{path}: {status} {value}")
        for path in ("/investors/NOBODY", "/orders/999999999999"):
            demand(officer.call("get", "/api/v1" + path)[0] == 404, path)
        demand(officer.call("get", "/api/v1/nothing")[0] == 404, "a path that is none")

    def rights(self):
        for method, path, body, holders in RIGHTS:
            for user in STAFF:
                status, value = self.people[user].call(method, "/api/v1" + path, body)
                if user in holders:
                    wrong = isinstance(value, dict) and value.get("error") == "no_right"
                    demand(not wrong and status != 403 and status < 429, f"{user} must have a right to {method} {path}: {status} {value}")
                else:
                    demand(status == 403 and value["error"] == "no_right",
                           f"{user} must have no right to {method} {path}: {status} {value}")
                    demand(value["sequence"], f"{user} was denied {method} {path}, and it is no Record: {value}")
                if status == 401:  # a wrong second person does not end the session
                    demand(self.people[user].call("get", "/api/v1/me")[0] == 200, f"{path} ended the session of {user}")

    # --- who is who

    def logging_on(self):
        desk = self.desk()
        status, value = desk.log_on("risk.officer", "wrong-password-1")
        demand(status == 401 and value["sequence"], f"a wrong password: {status} {value}")
        status, value = desk.call("post", "/api/v1/tokens", {"user": "examiner", "password": "demo-examiner"})
        demand(status == 200, f"a token: {status} {value}")
        program = self.desk()
        program.token = value["token"]
        demand(program.good("get", "/api/v1/me")["csrf"] == "", "a program needs no CSRF token")
        thief = self.desk()
        thief.cookie = value["token"]
        demand(thief.call("get", "/api/v1/me")[0] == 401, "a bearer token must be no cookie")
        program.good("post", "/api/v1/logout")
        demand(program.call("get", "/api/v1/me")[0] == 401, "a token must end with its logout")
        status, value = self.people["support"].call(
            "post", "/api/v1/me/password", {"password": "wrong", "new_password": "Better-Horse-10"})
        demand(status in (401, 409), f"a password change with a wrong one: {status} {value}")

    def elsewhere(self):
        """Other hosts, origins, methods, paths."""
        officer = self.people["risk.officer"]
        status, value = officer.call("get", "/api/v1/me", headers={"Host": "evil.example"})
        demand(status == 403 and value["error"] == "bad_host", f"another Host: {status} {value}")
        status, value = officer.call("get", "/api/v1/me", headers={"Origin": "https://evil.example"})
        demand(status == 403 and value["error"] == "bad_origin", f"another Origin: {status} {value}")
        demand(officer.call("get", "/api/v1/me", headers={"Origin": f"https://127.0.0.1:{officer.port}"})[0] == 200,
               "its own Origin")
        stream = StreamClient(officer, origin="https://evil.example")
        demand(stream.status == 403, f"a stream from another Origin: {stream.status}")
        demand(StreamClient(self.desk()).status == 401, "a stream of nobody")
        for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fusers.toml", "/users.toml",
                     "//etc/passwd", "/..", "/.env"):
            status, got, text = officer.raw("GET", path)
            demand(status in (400, 404) or "<html" in text.lower(), f"{path}: {status}")
            demand("root:" not in text and "password_hash" not in text, f"{path} leads out of the console: {text[:200]}")
        plain = socket.create_connection(("127.0.0.1", officer.port), timeout=10)
        plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        demand(b"fairlead" not in plain.recv(4096), "it speaks without TLS")
        status, _, _ = officer.raw("GET", "/api/v1/me", headers={"X-Long": "x" * 20_000})
        demand(status == 431, f"a header of 20,000 bytes: {status}")

    def too_many(self, port):
        """Of a desk that takes few a second, so that a busy machine asks too many as well."""
        desk = self.desk("examiner", port)
        statuses = [desk.call("get", "/api/v1/me")[0] for _ in range(400)]
        demand(429 in statuses, "four hundred requests one after the other were all answered")
        # Guessing is stopped before the gateway is asked.
        guesser = self.desk(port=port)
        guesser.source = "127.0.0.2"
        for _ in range(40):
            status, _ = guesser.log_on("mallory", "guess-guess-1")
            if status == 429:
                break
        demand(status == 429, "forty log-ons of one user were all asked of the gateway")

    def slow_request(self):
        """A request that never ends costs its connection and nobody else's."""
        desk = self.people["examiner"]
        slow = desk.tls.wrap_socket(socket.create_connection(("127.0.0.1", desk.port), timeout=120),
                                    server_hostname="127.0.0.1")
        slow.sendall(b"GET /api/v1/me HTTP/1.1\r\nHo")
        demand(desk.call("get", "/api/v1/me")[0] == 200, "another is served meanwhile")
        try:
            demand(slow.recv(100) == b"", "an unfinished request was answered")
        except TimeoutError:
            raise Failed("an unfinished request kept its connection for two minutes") from None
        except OSError:
            pass  # ended without a goodbye

    # --- what the desk is for

    def pick_investor(self):
        """One who trades, with the largest use of a buy Limit."""
        officer = self.people["risk.officer"]
        page = wait_for("an investor trades",
                        lambda: [row for row in officer.good("get", "/api/v1/investors?sort=-used&limit=5")["items"]
                                 if row["orders"] > 0])
        return page[0]

    def limits(self):
        officer, approver = self.people["risk.officer"], self.people["risk.approver"]
        investor = self.pick_investor()["id"]
        used = next(row for row in officer.good("get", f"/api/v1/investors/{investor}")["usage"]
                    if row["dimension"] == "buy")["used"]
        # One person lowers, at once.
        done = officer.good("post", "/api/v1/limits", {"scope": "investor", "key": investor, "dimension": "buy",
                                                       "value": str(int(float(used)) + 1), "reason": "lowered by test"})
        demand(done["result"] == "done" and done["proposal"] is None, f"a lowering: {done}")
        in_force = wait_for("the lowered Limit is in force", lambda: [
            row for row in officer.good("get", f"/api/v1/limits?scope=investor&key={investor}&dimension=buy")["items"]
            if row["version"] == done["sequence"]])[0]
        demand(in_force["user"] == "risk.officer" and in_force["reason"] == "lowered by test", f"its row: {in_force}")
        # It is seen used up: orders are refused for it.
        refused = wait_for("orders are refused for the lowered Limit", lambda: [
            row for row in officer.good("get", f"/api/v1/investors/{investor}")["refused"]
            if row["reason"].startswith("credit_")])[0]
        demand(refused["credit"]["version"] == done["sequence"] and refused["credit"]["by"] == "risk.officer",
               f"the refusal names the Limit and who set it: {refused}")
        detail = officer.good("get", f"/api/v1/orders/{int(refused['order'])}")
        demand([row for row in detail["checks"] if row["verdict"] == "refused"], f"the check that refused: {detail['checks']}")
        # Two raise it.
        raised = officer.good("post", "/api/v1/limits", {"scope": "investor", "key": investor, "dimension": "buy",
                                                         "value": "50000000000", "reason": "raised by test"})
        demand(raised["result"] == "proposed", f"a raise by one person: {raised}")
        number = raised["proposal"]
        proposal = wait_for("the proposal is shown", lambda: [
            row for row in approver.good("get", "/api/v1/proposals")["items"] if row["proposal"] == number])[0]
        demand(proposal["user"] == "risk.officer" and not proposal["own"], f"the proposal: {proposal}")
        status, value = officer.call("post", f"/api/v1/proposals/{number}/approve", {"reason": "my own"})
        demand(status == 403, f"one's own proposal approved: {status} {value}")
        approver.good("post", f"/api/v1/proposals/{number}/approve", {"reason": "agreed"})
        history = wait_for("the raise is in force", lambda: [
            row for row in officer.good("get", f"/api/v1/investors/{investor}")["limit_history"]
            if row["kind"] == "raised" and row["value"] == "50000000000"])[0]
        demand(history["user"] == "risk.officer" and history["approver"] == "risk.approver", f"its names: {history}")
        # Withdrawn, rejected, twice answered.
        for verb, who in (("withdraw", officer), ("reject", approver)):
            number = officer.good("post", "/api/v1/limits", {
                "scope": "investor", "key": investor, "dimension": "buy", "value": "60000000000", "reason": verb})["proposal"]
            who.good("post", f"/api/v1/proposals/{number}/{verb}", {"reason": "no"})
            status, value = approver.call("post", f"/api/v1/proposals/{number}/approve", {"reason": "late"})
            demand(status == 409, f"approved after {verb}: {status} {value}")
        closed = approver.good("get", "/api/v1/proposals?state=all")["items"]
        demand({row["state"] for row in closed} >= {"approved", "rejected", "withdrawn"}, "their states")
        return investor

    def batch(self, investor):
        officer, approver = self.people["risk.officer"], self.people["risk.approver"]
        wrong = officer.good("post", "/api/v1/limits/batch", {
            "csv": f"scope,key,dimension,value\ninvestor,NOBODY,buy,1\ninvestor,{investor},buy,x\n", "reason": "batch"})
        demand(len(wrong["errors"]) == 2 and not wrong["applied"], f"two wrong lines: {wrong}")
        csv = (f"scope,key,dimension,symbol,value,expires_at\ninvestor,{investor},buy,,1,\n"
               f"investor,{investor},sell,,70000000000,\ninvestor,{investor},gross_day,,unlimited,\n")
        preview = officer.good("post", "/api/v1/limits/batch", {"csv": csv, "reason": "batch"})
        demand(preview["over"] == 1 and preview["lowers"] >= 1 and preview["raises"] >= 1 and not preview["errors"],
               f"the preview: {preview}")
        csv = csv.replace(",buy,,1,", ",buy,,80000000000,")
        applied = officer.good("post", "/api/v1/limits/batch", {"csv": csv, "reason": "batch", "apply": True})
        demand(applied["applied"] and applied["batch"], f"applied: {applied}")
        members = wait_for("the batch is shown", lambda: [
            row for row in approver.good("get", "/api/v1/proposals")["items"] if row["batch"] == applied["batch"]])
        status, value = approver.call("post", f"/api/v1/proposals/{applied['batch']}/approve",
                                      {"reason": "less than all of it", "batch": len(members) - 1})
        demand(status == 409, f"a batch of more than was looked at: {status} {value}")
        approver.good("post", f"/api/v1/proposals/{applied['batch']}/approve",
                      {"reason": "all of it", "batch": len(members)})
        wait_for("the whole batch is in force", lambda: {
            row["value"] for row in officer.good("get", f"/api/v1/limits?scope=investor&key={investor}")["items"]}
            >= {"80000000000", "70000000000"})

    def stopping(self, investor):
        officer, approver = self.people["risk.officer"], self.people["risk.approver"]
        done = officer.good("post", "/api/v1/halts", {"scope": "investor", "key": investor, "cancel_open": True,
                                                      "reason": "stopped by test"})

        def row():
            return [one for one in officer.good("get", "/api/v1/halts")["items"] if one["sequence"] == done["sequence"]]
        halt = wait_for("it becomes quiet", lambda: [one for one in row() if one["quiet"]])[0]
        demand(halt["user"] == "risk.officer" and halt["open_now"] == 0, f"the halt: {halt}")
        wait_for("the investor is shown halted",
                 lambda: officer.good("get", f"/api/v1/investors/{investor}")["state"] == "halted")
        wait_for("orders are refused for the halt", lambda: row()[0]["refused_since"] > 0)
        resumed = officer.good("post", "/api/v1/resumes", {"scope": "investor", "key": investor, "reason": "again"})
        demand(resumed["result"] == "proposed", f"a resume by one person: {resumed}")
        wait_for("the halt names its proposal", lambda: row()[0]["resume_proposal"] == resumed["proposal"])
        approver.good("post", f"/api/v1/proposals/{resumed['proposal']}/approve", {"reason": "agreed"})
        wait_for("the halt is gone", lambda: not row())

    def looking(self):
        """Figures against those that the gateway tells of itself."""
        operator, support = self.people["operator"], self.people["support"]
        status = self.stand.control("operator", "status")["rows"][0]
        view = wait_for("orders are counted alike", lambda: self.alike(operator, status))
        demand(view["orders"]["accepted"] >= status["orders"], f"orders: {view['orders']} {status}")
        demand(view["latency"]["count"] > 0 and view["latency"]["p50_ns"] > 0, f"latency: {view['latency']}")
        demand(view["fairness"]["commands"] > 0 and view["fairness"]["inversions"] == 0, f"fairness: {view['fairness']}")
        demand(all(line["up"] for line in view["lines"]) and len(view["lines"]) == 2, f"lines: {view['lines']}")
        demand(view["gateway"]["state"] == "running", f"gateway: {view['gateway']}")
        demand(view["checkpoint"] is not None, "no checkpoint is shown")
        masked = support.good("get", "/api/v1/orders?limit=1")["items"][0]
        shown = operator.good("get", f"/api/v1/orders?search={int(masked['order'])}")["items"][0]
        demand("*" in masked["account"] and "*" not in shown["account"], f"accounts: {masked['account']} {shown['account']}")
        demand(operator.good("get", f"/api/v1/orders?search={shown['client_order_id']}")["total"] >= 1, "by ClOrdID")
        detail = operator.good("get", f"/api/v1/orders/{int(shown['order'])}")
        demand(detail["trail"] and detail["trail"][0]["sequence"] == int(shown["order"]), f"trail: {detail['trail'][:2]}")
        sessions = operator.good("get", "/api/v1/sessions")
        demand(sum(row["up"] for row in sessions["items"] if row["side"] == "client") == status["sessions_on"],
               "sessions logged on")
        for path in ("/orders?status=open", "/orders?status=refused", "/orders?status=filled", "/orders?search=2330",
                     "/limits", "/limits?scope=account", "/investors?state=warn", "/investors?search=A&sort=-permille"):
            operator_path = "/api/v1" + path
            self.people["examiner"].good("get", operator_path)

    def alike(self, desk, status):
        view = desk.good("get", "/api/v1/overview")
        return view if view["sequence"] >= status["sequence"] and view["rate"]["series"] else None

    def streaming(self, investor):
        officer = self.people["risk.officer"]
        stream = StreamClient(officer)
        demand(stream.status == 101, f"the stream: {stream.status}")
        stream.send({"subscribe": ["overview", "investors", "orders", "sessions", "halts", "proposals", "investor"],
                     "investors": {"sort": "-permille", "limit": 20}, "orders": {"limit": 10}, "investor": investor})
        schema = self.contract.document["components"]["schemas"]["StreamMessage"]
        seen = {}
        deadline = time.time() + 60
        while time.time() < deadline and (len(seen) < 7 or min(seen.values()) < 3):
            message = stream.message()
            found = list(faults(self.contract.document, schema, message))
            demand(not found, f"stream {message['topic']}: {found[:2]}")
            if message["topic"] in ("investors", "orders"):
                demand(len(message["data"]["items"]) <= 20, "more rows than asked for")
            seen[message["topic"]] = seen.get(message["topic"], 0) + 1
        demand(len(seen) == 7, f"topics: {seen}")
        # At most four a second: of what comes one behind the other, whatever this machine makes it wait.
        begun = time.time()
        for _ in range(20):
            stream.message("overview")
        demand(time.time() - begun >= 20 * 0.25 - 1.5, f"20 overviews in {time.time() - begun:.2f} s")
        stream.send({"subscribe": ["colour"]})
        while stream.message() is not None:
            pass
        demand(stream.closed[0] == 1008 and "subscribe" in stream.closed[1], f"closed: {stream.closed}")
        operator = StreamClient(self.people["operator"])
        operator.send({"subscribe": ["investors"]})
        demand(operator.message()["data"]["error"] == "no_right", "a topic without a right")

    def slow_stream(self):
        """One who does not read costs no memory, and others nothing."""
        officer = self.people["risk.officer"]
        pid = self.stand.processes["desk"].pid

        def memory():
            text = pathlib.Path(f"/proc/{pid}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", text)[1])
        before = memory()
        slow = [StreamClient(officer, receive_buffer=4096) for _ in range(8)]
        for one in slow:
            one.send({"subscribe": ["overview", "investors", "orders", "sessions"],
                      "investors": {"limit": 1000}, "orders": {"limit": 1000}})
        fast = StreamClient(officer)
        fast.send({"subscribe": ["overview"]})
        for _ in range(20):
            fast.message("overview")
        grown = memory() - before
        say(f"  eight readers that do not read: {grown} KiB more after 20 messages to another")
        demand(grown < 64 * 1024, f"the desk grew by {grown} KiB")
        for one in slow:
            one.close()

    def metrics(self):
        status, got, text = self.desk().raw("GET", "/metrics")
        self.contract.check("/metrics", "get", status, got["Content-Type"], text)
        demand(got["Content-Type"].startswith("text/plain"), got["Content-Type"])
        for line in text.splitlines():
            demand(re.fullmatch(r'# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+', line),
                   f"no line of Prometheus: {line}")
        for name in ("fairlead_gateway_up 1", "fairlead_gateway_passes_total", "fairlead_line_waiting",
                     "fairlead_orders_accepted_today", 'fairlead_wait_seconds{quantile="0.99"}'):
            demand(name in text, f"no {name}")
        page = self.people["risk.officer"].good("get", "/api/v1/investors?limit=1000")["items"]
        demand(not any(row["id"] in text for row in page), "an investor's name stands in the metrics")
        demand(not any(user in text for user in STAFF), "a person's name stands in the metrics")

    def expiry(self):
        """A second desk with little patience."""
        first = self.stand.desk_port
        directory = self.stand.directory
        kept = (directory / "desk.toml").read_text()
        text = re.sub(r"(?m)^idle_s = .*$", "idle_s = 40", kept)
        text = re.sub(r"(?m)^requests_per_second = .*$", "requests_per_second = 5", text)
        text = re.sub(r"(?m)^logins_per_minute = .*$", "logins_per_minute = 5", text)
        other = first + 1
        for other in range(first + 1, first + 50):
            try:
                with socket.socket() as tried:
                    tried.bind(("127.0.0.1", other))
                break
            except OSError:
                continue
        text = re.sub(r"(?m)^port = .*$", f"port = {other}", text)
        (directory / "impatient.toml").write_text(text)
        with subprocess.Popen([str(self.stand.programs / "fairlead-desk"), "--config", str(directory / "impatient.toml")],
                              stderr=subprocess.DEVNULL) as process:
            try:
                desk = wait_for("the second desk listens", lambda: self.try_log_on(other))
                for _ in range(3):
                    time.sleep(15)  # in all more than idle_s
                    demand(desk.call("get", "/api/v1/me")[0] == 200, "who asks stays logged on")
                time.sleep(41)
                demand(desk.call("get", "/api/v1/me")[0] == 401, "who asks nothing is logged off")
                self.too_many(other)
            finally:
                process.terminate()
            demand(process.wait(20) == 0, "the second desk did not end in order")

    def try_log_on(self, port):
        try:
            return self.desk("examiner", port)
        except (OSError, http.client.HTTPException):
            return None

    # --- what happens when one of them dies

    def desk_killed(self):
        """Trading and the command line go on; a desk started again knows what happened meanwhile."""
        before = self.stand.control("operator", "status")["rows"][0]["orders"]
        self.stand.kill("desk")
        after = wait_for("orders go on while the desk is dead", lambda: [
            orders for orders in [self.stand.control("operator", "status")["rows"][0]["orders"]] if orders > before])[0]
        self.stand.control("risk.officer", "halt", "symbol", "2330", "--reason", "by hand")
        self.stand.start_desk()
        wait_for("the desk listens again", lambda: self.try_log_on(self.stand.desk_port))
        self.everybody()
        view = self.ready()
        demand(view["orders"]["accepted"] >= after, f"orders after the desk came back: {view['orders']} {after}")
        halts = self.people["operator"].good("get", "/api/v1/halts")["items"]
        demand([one for one in halts if one["key"] == "2330" and one["reason"] == "by hand"], f"halts: {halts}")

    def gateway_away(self):
        """Acts are answered 503, looking goes on; the gateway started again is followed on."""
        officer = self.people["risk.officer"]
        self.stand.kill("gateway")
        wait_for("the desk sees it", lambda: officer.good("get", "/api/v1/overview")["gateway"]["state"] == "silent")
        for template, methods in self.contract.document["paths"].items():
            post = methods.get("post", {})
            if "503" not in post.get("responses", {}) or template in ("/api/v1/me/password",):
                continue
            body = post["requestBody"]["content"]["application/json"]["example"]
            if template == "/api/v1/limits/batch":
                body = {**body, "csv": "scope,key,dimension,value\nfirm,,buy,1\n", "apply": True}
            status, value = officer.call("post", filled(template), body)
            demand(status == 503, f"{template} without a gateway: {status} {value}")
        for path in ("/users", "/reviews", "/visits"):
            demand(officer.call("get", "/api/v1" + path)[0] == 503, path)
        demand(officer.call("get", "/api/v1/orders")[0] == 200, "orders without a gateway")
        self.stand.start_gateway()
        self.stand.wait_until_open(seconds=180)
        view = wait_for("the desk follows on", lambda: [
            one for one in [officer.good("get", "/api/v1/overview")] if one["gateway"]["state"] == "running"])[0]
        demand(view["desk"]["error"] is None, f"the desk: {view['desk']}")
        status, value = officer.call("post", "/api/v1/halts", {"scope": "symbol", "key": "2317", "reason": "old token"})
        demand(status == 401, f"a token of the gateway that died: {status} {value}")
        demand(officer.call("get", "/api/v1/me")[0] == 401, "the session ends with its token")
        demand(officer.log_on("risk.officer")[0] == 200, "log on again")
        officer.good("post", "/api/v1/halts", {"scope": "symbol", "key": "2317", "reason": "new token"})

    def covered(self):
        """Every path answered well, and every error of the document seen on some path that may give it."""
        missing = []
        for template, methods in self.contract.document["paths"].items():
            for method, operation in methods.items():
                good = [code for code in operation["responses"] if code < "300"]
                if not any((template, method, code) in self.contract.seen for code in good):
                    missing.append(f"{method} {template}")
        codes = {code for _, _, code in self.contract.seen}
        documented = {code for methods in self.contract.document["paths"].values() for operation in methods.values()
                      for code in operation["responses"]}
        say(f"  {len(self.contract.seen)} kinds of answer seen; of {len(documented)} codes {len(documented & codes)}")
        demand(not missing, f"never answered well: {missing}")
        demand(documented <= codes, f"never seen: {sorted(documented - codes)}")

    def users(self):
        """Accounts: added by two, changed at first use, closed, opened, reset."""
        operator = self.people["operator"]
        added = operator.good("post", "/api/v1/users", {"name": "nora", "role": "risk_officer", "reason": "new",
                                                        **APPROVER})
        password = added["initial_password"]
        demand(password, f"no initial password: {added}")
        nora = self.desk()
        status, value = nora.log_on("nora", password)
        demand(status == 200 and value["must_change"], f"first log-on: {status} {value}")
        demand(nora.call("get", "/api/v1/investors")[1]["error"] == "must_change", "nothing before the change")
        nora.good("post", "/api/v1/me/password", {"password": password, "new_password": "Better-Horse-10"})
        demand(nora.log_on("nora", "Better-Horse-10")[0] == 200, "the new password")
        enrolled = nora.good("post", "/api/v1/me/totp", {})
        demand(enrolled["secret"] and not enrolled["confirmed"], f"a second factor: {enrolled}")
        demand("nora" in {row["name"] for row in operator.good("get", "/api/v1/users")["items"]}, "the list")
        operator.good("post", "/api/v1/users/nora/disable", {"reason": "leaves"})
        wait_for("her session ends", lambda: nora.call("get", "/api/v1/me")[0] == 401)
        operator.good("post", "/api/v1/users/nora/enable", {"reason": "back", **APPROVER})
        for _ in range(5):
            demand(self.desk().log_on("nora", "wrong")[0] == 401, "a wrong password")
        operator.good("post", "/api/v1/users/nora/unlock", {"reason": "typed wrongly"})
        operator.good("post", "/api/v1/users/nora/role", {"role": "examiner", "reason": "moves", **APPROVER})
        demand(operator.good("post", "/api/v1/users/nora/reset-password", {"reason": "forgot", **APPROVER})
               ["initial_password"], "a reset gives an initial password")
        # A vendor's visit from its opening to its signing off, and the review of a right.
        operator.good("post", "/api/v1/users", {"name": "acme", "role": "vendor", "reason": "disk", **APPROVER})
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        operator.good("post", "/api/v1/visits", {"vendor": "acme", "ticket": "REQ-1", "until": until,
                                                 "reason": "disk", **APPROVER})
        visit = operator.good("get", "/api/v1/visits")["items"][0]["id"]
        operator.good("post", f"/api/v1/visits/{visit}/close", {"reason": "done"})
        approver = self.people["risk.approver"]
        approver.good("post", f"/api/v1/visits/{visit}/sign", {"reason": "looked through"})
        approver.good("post", "/api/v1/reviews/acme", {"decision": "remove", "reason": "over"})


def run(test):
    stand = test.stand
    stand.start_all()
    stand.wait_until_open(seconds=180)
    # Tests log on more often from one address than people do.
    stand.start_desk({"logins_per_minute": 60, "requests_per_second": 200})
    wait_for("the desk listens", lambda: test.try_log_on(stand.desk_port))
    test.everybody()
    test.ready()
    steps = ["document", "questions", "refusals", "rights", "logging_on", "elsewhere", "slow_request", "users"]
    for step in steps:
        say(step)
        getattr(test, step)()
    load = stand.load("profile", "--sessions", 4, "--rate", 300, "--seconds", 1800, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for step in ("looking", "metrics"):
            say(step)
            wait_for("orders flow", lambda: test.people["operator"].good("get", "/api/v1/overview")["latency"]["count"])
            getattr(test, step)()
        say("limits")
        investor = test.limits()
        say("batch")
        test.batch(investor)
        say("streaming")
        test.streaming(investor)
        say("stopping")
        test.stopping(investor)
        say("slow_stream")
        test.slow_stream()
        say("desk_killed")
        test.desk_killed()
    finally:
        load.terminate()
        load.wait()
    for step in ("expiry", "gateway_away", "covered"):
        say(step)
        getattr(test, step)()
    say("ending")
    demand(stand.stop("desk") == 0, "the desk did not end in order")


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="fairlead-desk-") as directory:
        # A busy machine must not close the road: what is tested here is the desk.
        patient = {"polling": "false", "keeper_lag_ms": 10_000, "sync_refuse_ms": 10_000}
        with Stand(pathlib.Path(directory) / "stand", programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings=patient) as stand:
            text = stand.config.read_text().replace("[gateway]\n", "[gateway]\nlogon_timeout_s = 60\n", 1)
            stand.config.write_text(text)
            try:
                run(Test(stand))
            except (Failed, RuntimeError) as problem:
                say(f"FAILED: {problem}")
                for name in ("desk", "gateway"):
                    log = stand.directory / f"run/{name}.log"
                    say(f"--- {name}\n" + (log.read_text()[-2000:] if log.exists() else "no log"))
                return 1
    say("all of it holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
