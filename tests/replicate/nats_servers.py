"""NATS servers of a test's own on loopback ports, and a client with as much of their protocol as a test needs to look
into a stream and to build a wrong one (https://docs.nats.io/reference/reference-protocols/nats-protocol)."""
import base64
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import free_ports  # noqa: E402

PROGRAM = shutil.which("nats-server") or "/usr/sbin/nats-server"
SUBJECTS = ("beginning", "records", "checkpoints")


class Servers:
    """One server, or a cluster of them."""

    def __init__(self, place, count, more=""):
        self.place, self.processes = pathlib.Path(place), {}
        ports = free_ports(2 * count)
        self.ports, routes = ports[:count], ports[count:]
        self.place.mkdir(parents=True)
        for number in range(count):
            text = (f'server_name = "n{number}"\nlisten = "127.0.0.1:{self.ports[number]}"\n'
                    f'jetstream {{ store_dir = "{self.store(number)}" }}\n')
            if count > 1:
                peers = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
                text += f'cluster {{ name = "test", listen = "127.0.0.1:{routes[number]}", routes = [{peers}] }}\n'
            (self.place / f"n{number}.conf").write_text(text + more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in list(self.processes):
            self.kill(number)

    def store(self, number):
        return self.place / f"store{number}"

    def urls(self):
        return [f"nats://127.0.0.1:{port}" for port in self.ports]

    def options(self):
        return [word for url in self.urls() for word in ("--server", url)]

    def start(self, *numbers):
        for number in numbers or range(len(self.ports)):
            with open(self.place / f"n{number}.log", "ab") as log:
                self.processes[number] = subprocess.Popen([PROGRAM, "-c", str(self.place / f"n{number}.conf")],
                                                          stdout=log, stderr=log)

    def kill(self, *numbers, lose=False):
        """SIGKILL, also of one that is stopped; its data files with it if `lose`."""
        for number in numbers or list(self.processes):
            process = self.processes.pop(number)
            process.kill()
            process.wait()
            if lose:
                shutil.rmtree(self.store(number), ignore_errors=True)

    def signal(self, what):
        for process in self.processes.values():
            process.send_signal(what)

    def client(self, seconds=20):
        """Of the first server that answers."""
        deadline = time.time() + seconds
        while True:
            for number in self.processes:
                try:
                    return Client(self.ports[number])
                except OSError:
                    pass
            if time.time() > deadline:
                raise RuntimeError("no NATS server answers")
            time.sleep(0.1)

    def leader(self, stream, seconds=20):
        """Number of the server that leads the stream's group."""
        deadline = time.time() + seconds
        while time.time() < deadline:
            with self.client() as client:
                name = (client.ask(f"STREAM.INFO.{stream}").get("cluster") or {}).get("leader")
            if name:
                return int(name[1:])
            time.sleep(0.2)
        raise RuntimeError(f"the stream {stream} has no leader")

    def all_current(self, stream):
        """Whether every server of the stream's group has all of it."""
        with self.client() as client:
            cluster = client.ask(f"STREAM.INFO.{stream}").get("cluster") or {}
        others = cluster.get("replicas", [])
        return "leader" in cluster and len(others) == len(self.ports) - 1 and all(
            one.get("current") and not one.get("lag") and not one.get("offline") for one in others)


class Client:
    def __init__(self, port):
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.peer.makefile("rb")
        self.asked = 0
        self.line()  # INFO
        self.peer.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB answer.* 1\r\nPING\r\n')
        while self.line() != b"PONG":
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.peer.close()

    def line(self):
        line = self.file.readline()
        if not line:
            raise OSError("the server has closed")
        return line.rstrip(b"\r\n")

    def answer(self):
        while True:
            words = self.line().split()
            if words and words[0] == b"PING":
                self.peer.sendall(b"PONG\r\n")
            if words and words[0] in (b"MSG", b"HMSG"):
                head = int(words[-2]) if words[0] == b"HMSG" else 0
                body = self.file.read(int(words[-1]) + 2)[:-2]
                return json.loads(body[head:]) if body[head:] else {}

    def request(self, subject, body, headers=()):
        self.asked += 1
        head = b""
        if headers:
            head = ("NATS/1.0\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers) + "\r\n").encode()
        verb = f"HPUB {subject} answer.{self.asked} {len(head)} {len(head) + len(body)}" if headers else \
            f"PUB {subject} answer.{self.asked} {len(body)}"
        self.peer.sendall(verb.encode() + b"\r\n" + head + body + b"\r\n")
        return self.answer()

    def ask(self, what, **fields):
        return self.request(f"$JS.API.{what}", json.dumps(fields).encode() if fields else b"")

    def messages(self, stream):
        """(subject's end, bytes) of all that are there."""
        state = self.ask(f"STREAM.INFO.{stream}")["state"]
        found = []
        for number in range(state["first_seq"], state["last_seq"] + 1):
            message = self.ask(f"STREAM.MSG.GET.{stream}", seq=number).get("message")
            if message:
                found.append((message["subject"].rpartition(".")[2], base64.b64decode(message.get("data", ""))))
        return found

    def make(self, stream, messages, **other):
        """A stream as fairlead-replicate makes it but for `other`, with these messages."""
        config = {"name": stream, "subjects": [f"fairlead.{stream}.{end}" for end in SUBJECTS], "storage": "file",
                  "retention": "limits", "discard": "new", "num_replicas": 1, "deny_delete": True, "deny_purge": True,
                  "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": -1, "max_consumers": -1,
                  "max_msg_size": -1} | other
        answer = self.ask(f"STREAM.CREATE.{stream}", **config)
        if "error" in answer:
            raise RuntimeError(f"making the stream {stream}: {answer['error']}")
        for end, data in messages:
            stored = self.request(f"fairlead.{stream}.{end}", data)
            if "error" in stored or "seq" not in stored:
                raise RuntimeError(f"adding to {stream}: {stored}")

    def delete(self, stream, number):
        return self.ask(f"STREAM.MSG.DELETE.{stream}", seq=number)
