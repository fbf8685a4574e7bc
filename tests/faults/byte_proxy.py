"""ByteProxy: stands between two ends of a TCP connection and passes their bytes until it is told to do them
wrong: stop reading, swallow what comes, cut around an order, reset. It knows where a FIX message ends and which
are new orders, nothing else. One thread for each direction of each connection; loopback only."""
import re
import socket
import struct
import threading
import time

SMALL_BUFFER = 4096  # bytes; so that a peer soon feels that nobody reads
END = re.compile(rb"\x0110=\d{3}\x01")
CL_ORD_ID = re.compile(rb"\x0111=([^\x01]*)\x01")


class Link:
    """One connection through the proxy: `near` came to us, `far` is where it goes."""

    def __init__(self, near, far):
        self.near = near
        self.far = far
        self.reading = {near: threading.Event(), far: threading.Event()}
        for event in self.reading.values():
            event.set()
        self.swallowed = {near: False, far: False}  # by the end whose bytes are thrown away
        self.closed = False

    def close(self, reset=False):
        self.closed = True
        for end in (self.near, self.far):
            try:
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD)  # says nothing, but wakes its thread, which would hold it open
                    end.close()
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other end was quicker
        for event in self.reading.values():
            event.set()


class ByteProxy:
    def __init__(self, target_port, small_buffers=False):
        self.target_port = target_port
        self.small_buffers = small_buffers
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if small_buffers:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.links = []
        self.refusing = False
        self.plan = None  # (orders still to pass, where to cut)
        self.cut_order = None  # ClOrdID of the order the cut was made at
        self.cut_done = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    # --- what it is told

    def cut_at_order(self, number, where):
        """Cuts at the number-th new order from now: `before`, `within` or `after` its bytes; `deaf` passes it
        and throws away all that is answered. Returns at once; see wait_for_cut."""
        with self.lock:
            self.cut_order = None
            self.cut_done.clear()
            self.plan = (number, where)

    def wait_for_cut(self, seconds=20):
        """The ClOrdID of the order that was cut."""
        if not self.cut_done.wait(seconds):
            raise RuntimeError(f"no order to cut at came within {seconds} s")
        return self.cut_order

    def swallow(self):
        """Every present connection is half open from now on: both ends write, nobody gets anything."""
        for link in self.open_links():
            link.swallowed = {link.near: True, link.far: True}

    def stop_reading(self):
        """Nothing more is read from who connected to us; the answers to it still pass."""
        for link in self.open_links():
            link.reading[link.near].clear()

    def read_again(self):
        for link in self.open_links():
            link.reading[link.near].set()

    def cut(self, reset=False):
        """All present connections: by RST, or by FIN."""
        for link in self.open_links():
            link.close(reset)

    def refuse(self, refusing):
        """While refusing, a connection is closed as soon as it is made."""
        self.refusing = refusing

    def open_links(self):
        with self.lock:
            return [link for link in self.links if not link.closed]

    def close(self):
        self.refusing = True
        self.listener.close()
        self.cut()

    # --- its threads

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(near, far)
            with self.lock:
                self.links.append(link)
            for source, sink, judged in ((near, far, True), (far, near, False)):
                threading.Thread(target=self.pump, args=(link, source, sink, judged), daemon=True).start()

    def pump(self, link, source, sink, judged):
        """`judged`: this direction carries orders."""
        rest = b""
        while not link.closed:
            link.reading[source].wait()
            try:
                data = source.recv(SMALL_BUFFER if self.small_buffers else 65536)
                if not link.reading[source].is_set():
                    link.reading[source].wait()
                if not data:
                    break
                if link.swallowed[source]:
                    continue
                if not judged:
                    sink.sendall(data)
                    continue
                rest = self.pass_messages(link, sink, rest + data)
            except OSError:
                break
        if not link.swallowed[source]:  # who is swallowed does not tell the other end that it went
            link.close()

    def pass_messages(self, link, sink, data):
        """Passes whole messages; returns the bytes of one that is not whole yet."""
        while (found := END.search(data)) is not None:
            message, data = data[:found.end()], data[found.end():]
            if not self.cut_here(link, sink, message):
                sink.sendall(message)
            elif link.closed:
                return b""
        return data

    def cut_here(self, link, sink, message):
        """Whether this message was dealt with by the plan."""
        with self.lock:
            if self.plan is None or b"\x0135=D\x01" not in message:
                return False
            number, where = self.plan
            self.plan = (number - 1, where) if number > 1 else None
            if number > 1:
                return False
        self.cut_order = CL_ORD_ID.search(message)[1].decode()
        if where == "deaf":
            link.swallowed[link.far] = True
            sink.sendall(message)
        else:
            passed = {"before": 0, "within": len(message) // 2, "after": len(message)}[where]
            if where == "after":
                link.swallowed[link.far] = True  # its answer must not come through first
            sink.sendall(message[:passed])
            self.refusing = True
            time.sleep(0.2)  # the far end has read it
            link.close()
        self.cut_done.set()
        return True
