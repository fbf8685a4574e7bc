#!/usr/bin/env python3
"""The risk desk on the real programs, held against its own OpenAPI document: every path answers as its schema says,
every right of a role is tried cell by cell, who is not logged on, comes from elsewhere, sends too much or reads too
slowly gets what the document says (api_access.py). A limit is lowered by one person and raised by two, seen used up,
an investor is stopped and resumed. The desk is killed while trading goes on, and the gateway is killed under the desk.

usage: api_test.py PROGRAMS
"""
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "deploy"))
sys.path.insert(0, str(HERE))
from api_access import STAFF, Access, filled, say, wait_for  # noqa: E402
from desk_client import Failed, StreamClient, demand  # noqa: E402
from schema import faults  # noqa: E402
from stand import Stand  # noqa: E402


class Test(Access):
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
        # Each of them is a Record of its own: the desk may have read some of them only.
        asked = csv.count(f"investor,{investor},")

        def shown():
            rows = approver.good("get", "/api/v1/proposals")["items"]
            return [row for row in rows if row["batch"] == applied["batch"]]
        members = wait_for("the whole batch is shown", lambda: rows if len(rows := shown()) == asked else None)
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
                     "investors": {"sort": "-permille", "limit": 20}, "orders": {"limit": 10}, "investor": investor, "request": 7})
        schema = self.contract.document["components"]["schemas"]["StreamMessage"]
        seen = {}
        deadline = time.time() + 60
        while time.time() < deadline and (len(seen) < 7 or min(seen.values()) < 3):
            message = stream.message()
            found = list(faults(self.contract.document, schema, message))
            demand(not found, f"stream {message['topic']}: {found[:2]}")
            demand(message["request"] == 7, f"a message answers request {message['request']}, not 7")
            if message["topic"] in ("investors", "orders"):
                demand(len(message["data"]["items"]) <= 20, "more rows than asked for")
            seen[message["topic"]] = seen.get(message["topic"], 0) + 1
        demand(len(seen) == 7, f"topics: {seen}")
        # At most four a second: of what comes one behind the other, whatever this machine makes it wait.
        begun = time.time()
        for _ in range(20):
            stream.message("overview")
        demand(time.time() - begun >= 20 * 0.25 - 1.5, f"20 overviews in {time.time() - begun:.2f} s")
        # The next request has its number, and no message that says it back has the order of before.
        stream.send({"investors": {"sort": "-id", "limit": 20}, "request": 8})
        message = stream.message("investors")
        while message["request"] != 8:
            message = stream.message("investors")
        names = [row["id"] for row in message["data"]["items"]]
        demand(len(names) > 1 and names == sorted(names, reverse=True), f"request 8: {names[:4]}")
        numbered = StreamClient(officer)
        numbered.send({"subscribe": ["overview"], "request": -1})
        while numbered.message() is not None:
            pass
        demand(numbered.closed[0] == 1008 and "request" in numbered.closed[1], f"closed: {numbered.closed}")
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
        # By one who has logged on since: sessions of the gateway that died end as soon as it is asked about them.
        watcher = self.desk("operator")
        view = wait_for("the desk follows on", lambda: [
            one for one in [watcher.good("get", "/api/v1/overview")] if one["gateway"]["state"] == "running"])[0]
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


def run(test):
    stand = test.stand
    stand.start_all()
    stand.wait_until_open(seconds=180)
    # Tests log on more often from one address than people do.
    stand.start_desk({"logins_per_minute": 60, "requests_per_second": 200})
    wait_for("the desk listens", lambda: test.try_log_on(stand.desk_port))
    test.everybody()
    test.ready()
    steps = ["document", "questions", "refusals", "rights", "logging_on", "elsewhere", "crowd", "encrypted_key", "slow_request",
             "users"]
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
    desk = test.desk("examiner")
    held = [desk.tls.wrap_socket(socket.create_connection(("127.0.0.1", desk.port), timeout=20), server_hostname="127.0.0.1")
            for _ in range(3)]  # it ends with connections open
    demand(stand.stop("desk") == 0, "the desk did not end in order")
    for one in held:
        one.close()


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="fairlead-desk-") as directory:
        # A busy machine must not close the road: what is tested here is the desk.
        patient = {"polling": "false", "keeper_lag_ms": 10_000, "sync_refuse_ms": 10_000}
        with Stand(pathlib.Path(directory) / "stand", programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings=patient) as stand:
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
