"""A client of the desk for tests: HTTPS with or without a session, and a plain WebSocket. Standard library only.
Every answer is held against the document, and which of them have been seen is kept."""
import base64
import http.client
import json
import os
import socket
import ssl
import struct
import time
import urllib.parse

from schema import faults, resolve


class Failed(Exception):
    pass


def demand(holds, text):
    if not holds:
        raise Failed(text)


class Contract:
    """The OpenAPI document, and which of its answers have been tried."""

    def __init__(self, document):
        self.document = document
        self.seen = set()  # (path of the document, method, status)

    def operation(self, path, method):
        path = path.partition("?")[0]
        for template, methods in self.document["paths"].items():
            wanted, given = template.split("/"), path.split("/")
            fits = len(wanted) == len(given) and all(a == b or a.startswith("{") for a, b in zip(wanted, given))
            exact = template == path
            if fits and method in methods and (exact or path not in self.document["paths"]):
                return template, methods[method]
        return None, None

    def check(self, path, method, status, content_type, body):
        template, operation = self.operation(path, method)
        if operation is None:
            return
        responses = operation["responses"]
        demand(str(status) in responses, f"{method} {template}: {status} is not in the document: {body[:200]}")
        self.seen.add((template, method, str(status)))
        content = resolve(self.document, responses[str(status)]).get("content", {})
        if "application/json" in content:
            demand(content_type == "application/json", f"{method} {template}: content type {content_type}")
            found = list(faults(self.document, content["application/json"]["schema"], json.loads(body)))
            demand(not found, f"{method} {template} {status}: {found[:3]}: {body[:300]}")


class Desk:
    def __init__(self, port, certificate, contract=None):
        self.port, self.contract = port, contract
        self.tls = ssl.create_default_context(cafile=str(certificate))
        self.cookie = self.csrf = self.token = None
        self.connection = None
        self.source = "127.0.0.1"

    def headers(self, extra):
        headers = {"Host": f"127.0.0.1:{self.port}"}
        if self.cookie:
            headers["Cookie"] = f"fairlead_session={self.cookie}"
        if self.csrf:
            headers["X-Fairlead-Csrf"] = self.csrf
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return {**headers, **(extra or {})}

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, text) of one request."""
        for attempt in (0, 1):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=40,
                                                             source_address=(self.source, 0))
            try:
                self.connection.request(method, path, body=body, headers=self.headers(headers))
                answer = self.connection.getresponse()
                text = answer.read().decode()
                if answer.getheader("Connection") == "close":
                    self.close()
                return answer.status, dict(answer.getheaders()), text
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError):
                self.close()
                if fresh or attempt:
                    raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def call(self, method, path, body=None, headers=None):
        """(status, value) of one request, held against the document."""
        sent = None if body is None else json.dumps(body)
        extra = {} if body is None else {"Content-Type": "application/json"}
        status, got, text = self.raw(method.upper(), path, sent, {**extra, **(headers or {})})
        content_type = got.get("Content-Type", "")
        if self.contract is not None:
            self.contract.check(path, method, status, content_type, text)
        demand(got.get("X-Content-Type-Options") == "nosniff" and "Content-Security-Policy" in got,
               f"{method} {path}: security headers are missing")
        return status, json.loads(text) if content_type == "application/json" else text

    def good(self, method, path, body=None):
        status, value = self.call(method, path, body)
        demand(status in (200, 204), f"{method} {path}: {status} {value}")
        return value

    def log_on(self, user, password=None):
        sent = json.dumps({"user": user, "password": password or f"demo-{user}"})
        status, got, text = self.raw("POST", "/api/v1/login", sent, {"Content-Type": "application/json"})
        if self.contract is not None:
            self.contract.check("/api/v1/login", "post", status, got.get("Content-Type", ""), text)
        value = json.loads(text)
        if status == 200:
            cookie = got["Set-Cookie"]
            for flag in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
                demand(flag in cookie, f"the cookie has no {flag}: {cookie}")
            self.cookie = cookie.partition("=")[2].partition(";")[0]
            self.csrf = value["csrf"]
        return status, value


class StreamClient:
    """The WebSocket side: opens, subscribes, reads text messages."""

    def __init__(self, desk, origin=None, receive_buffer=None):
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", desk.port))
        self.peer = desk.tls.wrap_socket(plain, server_hostname="127.0.0.1")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"{name}: {value}" for name, value in desk.headers({"Origin": origin} if origin else None).items()]
        request = ["GET /api/v1/stream HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade",
                   f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *lines, "", ""]
        self.peer.sendall("\r\n".join(request).encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            piece = self.peer.recv(4096)
            if not piece:
                break
            self.rest += piece
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        if desk.contract is not None:
            desk.contract.seen.add(("/api/v1/stream", "get", str(self.status)))

    def send(self, value):
        payload = (value if isinstance(value, str) else json.dumps(value)).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + struct.pack(">H", len(payload))
        self.peer.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def take(self, count):
        while len(self.rest) < count:
            piece = self.peer.recv(65536)
            if not piece:
                raise EOFError
            self.rest += piece
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def frame(self):
        first, second = self.take(2)
        length = second & 127
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        return first >= 0x80, first & 15, self.take(length)

    def message(self, topic=None, seconds=20):
        """The next message (of this topic); None when the desk has closed the stream, with `closed` telling why."""
        deadline = time.time() + seconds
        text = b""
        while time.time() < deadline:
            self.peer.settimeout(max(0.1, deadline - time.time()))
            last, kind, payload = self.frame()
            if kind == 8:
                self.closed = (struct.unpack(">H", payload[:2])[0], payload[2:].decode())
                return None
            if kind in (0, 1):
                text += payload
            if kind in (0, 1) and last:
                value = json.loads(text)
                text = b""
                if topic is None or value["topic"] == topic:
                    return value
        raise Failed(f"no message of topic {topic} within {seconds} s")

    def close(self):
        self.peer.close()


def quoted(text):
    return urllib.parse.quote(text, safe="")
