#!/usr/bin/env python3
"""Logons that need two connections or an address, on the real programs (FIX 4.4 volume 2, "Logon"; R22): a second
logon of a CompID that is logged on ends, and the first never notices; one from an address that is not agreed is refused;
each is on record with its reason.

usage: logon_test.py PROGRAMS
"""
import csv
import io
import pathlib
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/gateway"))
from plain_client import Client  # noqa: E402
from stand import Stand  # noqa: E402


class Failed(Exception):
    pass


def demand(holds, text):
    if not holds:
        raise Failed(text)


def attempt(port, number, source="127.0.0.1", comp_id="CLIENT24", password="demo-client24"):
    """Everything the gateway says to this Logon until it closes."""
    client = Client(port, comp_id, password)
    client.next_out = number
    client.peer = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0))
    client.rest = b""
    said = []
    try:
        client.send("A", (98, 0), (108, 30), (553, comp_id.lower()), (554, password))
        while (message := client.receive()) is not None:
            said.append(message)
    except ConnectionError:
        pass
    client.peer.close()
    return said


def alive(client, name):
    client.send("1", (112, name))
    answer = client.wait_for("0")
    demand(answer.get(112) == name, f"the first connection answers {answer}")


def run(stand):
    text = stand.config.read_text()
    at = text.index('sender_comp_id = "CLIENT23"')
    stand.config.write_text(text[:at] + text[at:].replace('["127.0.0.1"]', '["127.0.0.9"]', 1))
    stand.start_all()
    stand.wait_until_open()
    first = Client(stand.client_port)
    first.connect()
    first.wait_for("A")
    for number in (first.next_out, 1, 900):
        said = attempt(stand.client_port, number)
        demand(all(message[35] != "A" for message in said), f"a second logon was answered with {said}")
        alive(first, f"AFTER{number}")
    for number in range(20):
        attempt(stand.client_port, number + 1)
    alive(first, "AFTERALL")
    refused = attempt(stand.client_port, 1, comp_id="CLIENT23", password="demo-client23")
    demand(all(message[35] != "A" for message in refused), f"a wrong address was let in: {refused}")
    agreed = Client(stand.client_port, "CLIENT23", "demo-client23")
    agreed.peer = socket.create_connection(("127.0.0.1", stand.client_port), timeout=20, source_address=("127.0.0.9", 0))
    agreed.rest = b""
    agreed.send("A", (98, 0), (108, 30), (553, "client23"), (554, "demo-client23"))
    agreed.wait_for("A")
    exits = stand.stop_all()
    demand(all(code == 0 for code in exits.values()), f"programs ended with {exits}")


def on_record(stand):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), "logins", str(stand.journal), "--format", "csv"],
                          capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    failed = [(row["session"], row["detail"]) for row in rows if row["event"] == "login_failed"]
    wanted = [("24", "already logged on")] * 23 + [("23", "address not allowed")]
    demand(failed == wanted, f"on record are {failed}")
    print(f"{len(failed)} refused logons on record, each with its reason; the first connection never noticed")


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-logon-") as place:
        with Stand(place, sys.argv[1], make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000}) as stand:
            try:
                run(stand)
                on_record(stand)
            except (Failed, RuntimeError, OSError) as problem:
                print((stand.directory / "run/gateway.log").read_text()[-3000:])
                print(f"FAILED: {problem}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
