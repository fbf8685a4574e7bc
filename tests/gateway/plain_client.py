"""A client on a plain socket: numbers kept by hand, so that a test says what it sends."""
import socket
import time


class Client:
    def __init__(self, port, comp_id="CLIENT24", password="demo-client24", target="FAIRLEAD"):
        self.port, self.comp_id, self.password, self.target = port, comp_id, password, target
        self.next_out = 1
        self.next_in = 1
        self.peer = None

    def connect(self, *fields):
        self.peer = socket.create_connection(("127.0.0.1", self.port), timeout=90)
        self.rest = b""
        self.send("A", (98, 0), (108, 30), (553, self.comp_id.lower()), (554, self.password), *fields)

    def send(self, kind, *fields, number=None, resent=False):
        if number is None:
            number, self.next_out = self.next_out, self.next_out + 1
        now = time.strftime("%Y%m%d-%H:%M:%S.000", time.gmtime())
        head = [(35, kind), (34, number), *([(43, "Y"), (122, now)] if resent else []), (49, self.comp_id),
                (52, now), (56, self.target)]
        body = b"".join(f"{tag}={value}\x01".encode() for tag, value in [*head, *fields])
        text = b"8=FIX.4.4\x019=%d\x01" % len(body) + body
        self.peer.sendall(text + b"10=%03d\x01" % (sum(text) % 256))

    def receive(self):
        """The next message as tag: value; None when the gateway has closed."""
        while b"\x0110=" not in self.rest or not self.rest.endswith(b"\x01"):
            more = self.peer.recv(65536)
            if not more:
                return None
            self.rest += more
        end = self.rest.index(b"\x01", self.rest.index(b"\x0110=") + 1) + 1
        text, self.rest = self.rest[:end].decode(), self.rest[end:]
        return {int(tag): value for tag, value in (field.split("=", 1) for field in text.split("\x01")[:-1])}

    def wait_for(self, kind, **wanted):
        said = ""
        while (message := self.receive()) is not None:
            said = message.get(58, said)
            if message.get(43) != "Y":
                self.next_in = max(self.next_in, int(message[34]) + 1)
            if message[35] == kind and all(message.get(int(tag[1:])) == value for tag, value in wanted.items()):
                return message
        raise RuntimeError(f"the gateway closed before {kind} {wanted}; it said: {said}")

    def order(self, terms, identifier, account, **how):
        self.send("D", (11, identifier), (1, account), (55, terms["symbol"]), (54, 1),
                  (60, time.strftime("%Y%m%d-%H:%M:%S.000", time.gmtime())), (38, terms["quantity"]), (40, 2),
                  (44, terms["price"]), (59, 0), **how)
