"""What of the risk desk's API needs no load: the document, what every path refuses, the rights of each role cell by
cell, who is logged on and for how long, accounts and visits. A base of api_test.py's Test, which says in what order.
"""
import http.client
import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from desk_client import Contract, Desk, Failed, StreamClient, demand  # noqa: E402
from schema import faults  # noqa: E402

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


class Access:
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
        old = ssl.create_default_context(cafile=str(self.stand.directory / "run/desk.crt"))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            old.wrap_socket(socket.create_connection(("127.0.0.1", officer.port), timeout=20), server_hostname="127.0.0.1")
            raise Failed("it speaks TLS 1.2")
        except ssl.SSLError:
            pass
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

    def crowd(self):
        """One address that opens connections and says nothing leaves some to others."""
        desk = self.people["examiner"]
        served, refused = [], 0
        for _ in range(24):
            try:
                plain = socket.create_connection(("127.0.0.1", desk.port), timeout=20, source_address=("127.0.0.3", 0))
                served.append(desk.tls.wrap_socket(plain, server_hostname="127.0.0.1"))
            except OSError:
                refused += 1
        demand(refused > 0 and served, f"of 24 connections of one address {len(served)} were served")
        self.desk("examiner")
        for one in served:
            one.close()

    def encrypted_key(self):
        """A key with a passphrase is refused: nobody sits at a terminal to type it."""
        directory = self.stand.directory
        locked = directory / "run/locked.key"
        subprocess.run(["openssl", "pkey", "-in", str(directory / "run/desk.key"), "-aes256", "-passout", "pass:secret",
                        "-out", str(locked)], check=True, capture_output=True)
        text = re.sub(r"(?m)^certificate_key = .*$", f'certificate_key = "{locked}"', (directory / "desk.toml").read_text())
        (directory / "locked.toml").write_text(re.sub(r'(?m)^log_file = .*$', 'log_file = ""', text))
        done = subprocess.run([str(self.stand.programs / "fairlead-desk"), "--config", str(directory / "locked.toml")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True)
        demand(done.returncode == 1 and "certificate key" in done.stderr, f"an encrypted key: {done.returncode} {done.stderr}")
        demand("pass phrase" not in done.stderr + done.stdout, f"it asked for the passphrase: {done.stderr}")

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
        status, value = nora.call("post", "/api/v1/me/totp", {"password": "not-hers-at-all"})
        demand(status == 401, f"a second factor with a wrong password: {status} {value}")
        demand(nora.call("get", "/api/v1/me")[0] == 200, "a wrong password ended the session")
        enrolled = nora.good("post", "/api/v1/me/totp", {"password": "Better-Horse-10"})
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
