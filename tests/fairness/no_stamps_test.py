#!/usr/bin/env python3
"""A kernel that gives no receive stamps, played by a seccomp filter that refuses SO_TIMESTAMPNS: the gateway
works, arrival is the time of reading, and the journal says so in a record of its own and in every order.

usage: no_stamps_test.py PROGRAMS SENDERS
"""
import ctypes
import errno
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from arrival_test import SESSIONS, accounts_of, orders  # noqa: E402
from stand import Stand  # noqa: E402

SETSOCKOPT, SOL_SOCKET, STAMPS = 54, 1, (35, 64)  # x86-64; SO_TIMESTAMPNS, old and new
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EOPNOTSUPP


def without_stamps(program, arguments):
    """Becomes `program`, with setsockopt(SOL_SOCKET, SO_TIMESTAMPNS) refused."""
    code = [(LOAD, 0, 0, 0), (EQUAL, 0, 6, SETSOCKOPT), (LOAD, 0, 0, 24), (EQUAL, 0, 4, SOL_SOCKET),
            (LOAD, 0, 0, 32), (EQUAL, 1, 0, STAMPS[0]), (EQUAL, 0, 1, STAMPS[1]), (RETURN, 0, 0, REFUSE),
            (RETURN, 0, 0, ALLOW)]
    packed = b"".join(struct.pack("<HBBI", *one) for one in code)
    kept = ctypes.create_string_buffer(packed)
    header = struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(kept))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(38, 1, 0, 0, 0) != 0 or prctl(22, 2, ctypes.create_string_buffer(header), 0, 0) != 0:
        sys.exit("no seccomp here: " + os.strerror(ctypes.get_errno()))
    os.execv(program, [program, *arguments])


class BlindStand(Stand):
    def start(self, name, *arguments):
        if name != "gateway":
            return super().start(name, *arguments)
        with open(self.directory / "run/gateway.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, __file__, "--become", str(self.programs / "fairlead-gateway"),
                 *map(str, arguments)], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory)
        return self.processes[name]


def main():
    if sys.argv[1] == "--become":
        without_stamps(sys.argv[2], sys.argv[3:])
    with tempfile.TemporaryDirectory(prefix="fairlead-blind-") as place, \
            BlindStand(place, sys.argv[1], make_demo=["--continuous", 24 * 3600],
                       gateway_settings={"keeper_lag_ms": 10000}) as stand:
        stand.start_all()
        stand.wait_until_open()
        subprocess.run([sys.argv[2], "--port", str(stand.client_port), "--sessions", str(SESSIONS), "--threads", "2",
                        "--messages", "600", "--gap-us", "200", "--accounts", accounts_of(stand), "--out",
                        str(stand.directory / "sent.tsv")], check=True, timeout=300)
        stand.stop_all()
        found = list(orders(stand.journal))
        done = subprocess.run([str(stand.programs / "fairlead-examine"), "fairness", str(stand.journal), "--json"],
                              capture_output=True, text=True)
        report = json.loads(done.stdout)
    wrong = []
    if len(found) != 600 or any(one.kernel != 0 or one.effective == 0 for one in found):
        wrong.append(f"{len(found)} orders, not all of them with a time of reading and no kernel stamp")
    if any(b.effective < a.effective for a, b in zip(found, found[1:])):
        wrong.append("orders out of the order of reading")
    if not report["stamps_missing"] or report["without_stamp"] != len(found):
        wrong.append(f"the report does not say that stamps are missing: {report['summary']}")
    for one in wrong:
        print("WRONG:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
