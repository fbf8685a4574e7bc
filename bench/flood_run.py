"""One flooding session beside gentle ones, on the real programs: starts them, floods, collects. It judges
nothing. Called by bench/flood.py, which measures, and by tests/gateway/flood_test.py, which counts."""
import collections
import json
import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

KINDS = ("orders", "invalid", "resends", "logons", "bytes", "unread", "connects")
SESSIONS = 24
GENTLE = 20
FLOODER = 24
SOURCE = "127.0.0.2"  # where the flood comes from
LOGON_ATTEMPT, LOGON_RESULT, LOGOUT, SEQUENCE_RESET, RECEIVED = 16, 17, 18, 19, 20
COMMANDS = range(32, 37)
RELEASED, HANDED, VENUE_REPORT, VENUE_REJECT = 37, 48, 64, 65
Message = collections.namedtuple("Message", "kind session number kernel effective decided")


def records(journal):
    """Every record of the journal in order: its kind, session and time, and its bytes. Read with struct alone."""
    for path in sorted(journal.glob("*.flj")):
        data = path.read_bytes()
        at = 0
        while data[at:at + 4] == b"FLF1":
            count, payload = struct.unpack_from("<II", data, at + 40)
            place = at + 128
            for _ in range(count):
                kind, length = struct.unpack_from("<HI", data, place + 6)
                decided, = struct.unpack_from("<q", data, place + 32)
                session, = struct.unpack_from("<I", data, place + 56)
                yield kind, session, decided, data[place:place + length]
                place += length
            at += (128 + payload + 4095) // 4096 * 4096


def messages(journal):
    """Every message of a client that the journal holds, in record order."""
    for kind, session, decided, data in records(journal):
        if session <= SESSIONS and (kind in COMMANDS or kind in (LOGON_ATTEMPT, SEQUENCE_RESET, RECEIVED)):
            kernel, effective, number = struct.unpack_from("<qqQ", data, 64 + 24)
            yield Message(kind, session, number, kernel, effective, decided)


def routing(data):
    """(line, its message number) that a Record's answer gave, (0, 0) when it gave none. audit/FORMAT.md, "Record"."""
    at = 64
    for _ in range(struct.unpack_from("<H", data, 62)[0]):
        kind, length = struct.unpack_from("<HH", data, at)
        if kind == 4 and length == 272:  # risk::Answered
            line, = struct.unpack_from("<I", data, at + 24 + 232 + 4)
            number, = struct.unpack_from("<Q", data, at + 24 + 232 + 16)
            return line, number
        at += (24 + length + 15) // 16 * 16
    return 0, 0


def legs(journal, sessions, begin):
    """Of each command that these sessions sent since `begin` and the venue answered, in ns: (in the gateway from the
    kernel's receive stamp until its bytes were handed to the line's socket, from there until the kernel had the
    venue's first answer, in the gateway from there until that answer was decided)."""
    sent, waiting, found = {}, {}, []  # by command; by line and number; legs
    for kind, session, decided, data in records(journal):
        sequence, = struct.unpack_from("<Q", data, 16)
        if kind in COMMANDS or kind == RELEASED:
            if kind == RELEASED:
                sequence, = struct.unpack_from("<Q", data, 88)
            else:
                kernel, = struct.unpack_from("<q", data, 88)
                if session in sessions and kernel > begin:
                    sent[sequence] = [kernel, 0]
            if sequence in sent and (place := routing(data))[0]:
                waiting[place] = sequence
        elif kind == HANDED:
            first, last, at = struct.unpack_from("<QQq", data, 88)
            for number in range(first, last + 1):
                if sequence := waiting.pop((session, number), None):
                    sent[sequence][1] = at
        elif kind in (VENUE_REPORT, VENUE_REJECT):
            kernel, = struct.unpack_from("<q", data, 88)
            command, = struct.unpack_from("<Q", data, 88 + 32)
            if (one := sent.pop(command, None)) and one[1]:
                found.append((one[1] - one[0], kernel - one[1], decided - kernel))
    return found


def limit_flooder(stand, inbound_rate, pause_s):
    """The flooding session has one account, whose investor has no other, and a limit of messages of any kind."""
    rows = [line.split(",") for line in (stand.directory / "accounts.csv").read_text().splitlines()[1:]]
    owners = collections.Counter(row[2] for row in rows)
    account = next(f"{row[0]}-{row[1]}" for row in rows if owners[row[2]] == 1 and "disabled" not in row[3])
    text = stand.config.read_text()
    head, tail = text.split(f'sender_comp_id = "CLIENT{FLOODER}"')
    tail = tail.replace('["127.0.0.1"]', f'["{SOURCE}"]', 1)
    tail = re.sub(r"accounts = .*", f'accounts = ["{account}"]\ninbound_rate = {inbound_rate}\n'
                  f'inbound_pause_s = {pause_s}', tail, count=1)
    stand.config.write_text(head + f'sender_comp_id = "CLIENT{FLOODER}"' + tail)


class FloodRun:
    """stand: started. gentle: the summary of the gentle sessions' play; flood: what the flood did."""

    def __init__(self, place, programs, inbound_rate=3000, connections_max=128, pause_s=3, investor_rate=1000):
        self.stand = Stand(place, programs, make_demo=["--continuous", 24 * 3600, "--accounts", 400, "--investors", 300],
                           gateway_settings={"keeper_lag_ms": 10000})
        limit_flooder(self.stand, inbound_rate, pause_s)
        text = self.stand.config.read_text()
        text = re.sub(r"(?m)^investor_message_rate = .*", f"investor_message_rate = {investor_rate}", text, count=1)
        self.stand.config.write_text(text.replace("[gateway]\n", f"[gateway]\nconnections_max = {connections_max}\n", 1))
        try:
            self.stand.start_all()
            self.stand.wait_until_open()
        except BaseException:
            self.stand.clean()
            raise

    def play(self, name, kind, rate, seconds, prefix=()):
        """The gentle sessions' play, with a flood of `kind` (None: without) all along. (code, gentle, flood)"""
        gentle, flood = self.stand.directory / f"{name}-gentle.json", self.stand.directory / f"{name}-flood.json"
        flooding = None
        if kind:
            flooding = subprocess.Popen(
                [*prefix, str(self.stand.programs / "fairlead-load"), "flood", "--config", str(self.stand.config), "--password",
                 "demo-{user}", "--session", f"CLIENT{FLOODER}", "--kind", kind, "--source", SOURCE, "--seconds", str(seconds + 60), "--json",
                 str(flood)], cwd=self.stand.directory, stdout=subprocess.DEVNULL)
        code = self.stand.load("profile", "--sessions", GENTLE, "--rate", rate, "--seconds", seconds, "--heartbeat", 5,
                               "--json", gentle, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait(seconds + 120)
        if flooding:
            alive = flooding.poll() is None
            flooding.terminate()
            flooding.wait(20)
            if not alive:
                raise RuntimeError(f"the flood of {kind} ended by itself")
        return code, json.loads(gentle.read_text()), json.loads(flood.read_text()) if kind else None
