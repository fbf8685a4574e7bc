#!/usr/bin/env python3
"""No password and no key is in anything the programs write or print. Secrets are planted in every place a client or a
user of the control socket can put one, in good, refused and broken messages; then every file of the stand, the front
in memory, and what the examiner's commands print are searched for each of them. That the search finds what is there is
shown by names and order numbers that must be found.

usage: secrets_test.py PROGRAMS
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(pathlib.Path(__file__).resolve().parent)]
from plain_client import Client  # noqa: E402
from stand import Stand  # noqa: E402

PLANTED = {what: f"Planted-{number}-{word}" for number, (what, word) in enumerate({
    "a wrong password": "Heron7", "a new password": "Osprey8", "RawData of a Logon": "Plover9",
    "a second Logon while logged on": "Curlew3", "an order with a Password in it": "Dunlin4",
    "a Logon with a bad checksum": "Avocet5", "a wrong password at the control socket": "Petrel6",
    "a new password at the control socket": "Grebe2x"}.items())}
OLD = "demo-client24"


def refused(client):
    """Until the gateway has closed."""
    while client.receive() is not None:
        pass


def plant_at_clients_port(stand, secret):
    wrong = Client(stand.client_port, password=secret["a wrong password"])
    wrong.connect()
    refused(wrong)
    broken = Client(stand.client_port, password=secret["a Logon with a bad checksum"])
    whole = broken.__class__.send

    def spoiled(self, *arguments, **how):
        peer, sent = self.peer, []
        self.peer = type("Wire", (), {"sendall": staticmethod(sent.append)})()
        whole(self, *arguments, **how)
        self.peer = peer
        peer.sendall(re.sub(rb"10=\d{3}\x01$", b"10=999\x01", sent[0]))
    broken.send = spoiled.__get__(broken)
    broken.connect()
    time.sleep(0.5)
    broken.peer.close()

    changing = Client(stand.client_port)
    raw = secret["RawData of a Logon"]
    changing.connect((925, secret["a new password"]), (95, len(raw)), (96, raw))
    changing.wait_for("A")
    changing.send("D", (11, "shown-openly"), (1, "8610-0000017"), (55, "2330"), (54, 1), (38, 1000), (40, 2), (44, "50"), (59, 0),
                  (60, time.strftime("%Y%m%d-%H:%M:%S.000", time.gmtime())),
                  (554, secret["an order with a Password in it"]))
    changing.wait_for("3")
    changing.send("A", (98, 0), (108, 30), (553, "client24"), (554, secret["a second Logon while logged on"]))
    changing.send("5")
    refused(changing)

    again = Client(stand.client_port, password=secret["a new password"])
    again.next_out = changing.next_out
    again.connect()
    again.wait_for("A")
    again.send("5")
    refused(again)


def plant_at_control_socket(stand, secret):
    program = [str(stand.programs / "fairlead"), "--socket", str(stand.directory / "run/control"), "--user", "operator"]
    for words, environment in (
            (["status"], {"FAIRLEAD_PASSWORD": secret["a wrong password at the control socket"]}),
            (["password", "change"], {"FAIRLEAD_PASSWORD": "demo-operator",
                                      "FAIRLEAD_NEW_PASSWORD": secret["a new password at the control socket"]}),
            (["status"], {"FAIRLEAD_PASSWORD": secret["a new password at the control socket"]})):
        done = subprocess.run([*program, *words], env=os.environ | environment, capture_output=True, text=True)
        print(f"fairlead {' '.join(words)}: {done.returncode}", flush=True)
        yield done.returncode, done.stdout + done.stderr


def examined(stand, programs):
    """What the examiner's commands print."""
    for words in (["verify", "--key", stand.verifier_key], ["verify", "--json"], ["fairness"], ["fairness", "--json"],
                  ["logins"], ["logins", "--format", "json"], ["replay", "--until", "100", "--reveal"],
                  ["trail", "user:client24", "--reveal"], ["trail", "session:24", "--format", "json"]):
        yield subprocess.run([str(programs / "fairlead-examine"), words[0], str(stand.journal), *words[1:]],
                             capture_output=True, text=True).stdout


def search(places, wanted):
    """Names of the files that hold it."""
    return [name for name, data in places.items() if wanted in data]


def main():
    programs = pathlib.Path(sys.argv[1])
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-secrets-") as place, Stand(place, programs) as stand:
        stand.start_all()
        stand.wait_until_open()
        plant_at_clients_port(stand, PLANTED)
        told = list(plant_at_control_socket(stand, PLANTED))
        if [code != 0 for code, _ in told] != [True, False, False]:
            wrong.append(f"the control socket: {told}: nothing was tested")
        time.sleep(1.5)  # a checkpoint
        front = {f"front/{path.name}": path.read_bytes() for path in stand.front.rglob("*") if path.is_file()}
        wrong += [f"{name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
        for form, name in (("--sqlite", "export.sqlite"), ("--csv", "export")):
            done = subprocess.run([str(programs / "fairlead-examine"), "export", str(stand.journal), form,
                                   str(stand.directory / name), "--reveal", "--key", stand.verifier_key])
            wrong += [f"export {form} ended with {done.returncode}"] * (done.returncode != 0)
        files = {str(path.relative_to(stand.directory)): path.read_bytes()
                 for path in stand.directory.rglob("*") if path.is_file()}
        key = re.search(rb"PRIVATE\S+", files.pop("run/keeper.key"))
        printed = {f"printed {number}": text.encode() for number, text in
                   enumerate([*examined(stand, programs), *(text for _, text in told)])}
        places = front | files | printed
    for what, secret in [*PLANTED.items(), ("the signing key", key[0].decode() if key else "")]:
        if not secret or (found := search(places, secret.encode())):
            wrong.append(f"{what}: found in {', '.join(found) if secret else 'no key file'}")
    for what, there in (("the journal", "client24"), ("the front", "client24"), ("the journal", "shown-openly"),
                        ("printed", "verified")):
        kind = {"the journal": "run/journal/segment", "the front": "front/", "printed": "printed"}[what]
        if not any(name.startswith(kind) for name in search(places, there.encode())):
            wrong.append(f"'{there}' was not found in {what}: the search proves nothing")
    print(f"{len(PLANTED) + 1} secrets searched for in {len(places)} places, "
          f"{sum(map(len, places.values())):,} bytes", flush=True)
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
