#!/usr/bin/env python3
"""The running gateway has given up what it does not need, in every thread, and nothing of it listens that the
configuration does not name; and it still trades, answers its control socket, and stops in good order.

usage: confine_test.py PROGRAMS
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
from stand import Stand  # noqa: E402

IPC_LOCK = 1 << 14


def status_of(path):
    return dict(line.split(":\t", 1) for line in (path / "status").read_text().splitlines() if ":\t" in line)


def listening(process):
    """Ports and paths this process listens on, from /proc alone."""
    inodes = set()
    for entry in (process / "fd").iterdir():
        found = re.match(r"socket:\[(\d+)\]", str(entry.readlink()))
        if found:
            inodes.add(found[1])
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            part = line.split()
            if part[3] == "0A" and part[9] in inodes:
                ports.add(int(part[1].rsplit(":", 1)[1], 16))
    for table in ("udp", "udp6", "raw", "raw6", "packet"):
        for line in (process / "net" / table).read_text().splitlines()[1:]:
            if line.split()[-1 if table == "packet" else 9] in inodes:
                ports.add(f"{table}: {line}")
    paths = set()
    for line in (process / "net/unix").read_text().splitlines()[1:]:
        part = line.split()
        if part[3] == "00010000" and part[6] in inodes:
            paths.add(part[7])
    return ports, paths


def judge(stand, pid):
    process = pathlib.Path(f"/proc/{pid}")
    wrong = []
    for thread in sorted((process / "task").iterdir()):
        status = status_of(thread)
        if status["Seccomp"].strip() != "2" or status["NoNewPrivs"].strip() != "1":
            wrong.append(f"thread {thread.name} ({status['Name']}): Seccomp {status['Seccomp']}, NoNewPrivs {status['NoNewPrivs']}")
        held = int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapAmb"], 16)
        if held & ~IPC_LOCK:
            wrong.append(f"thread {thread.name} ({status['Name']}) holds capabilities {held:x}")
    core = re.search(r"Max core file size\s+(\d+)\s+(\d+)", (process / "limits").read_text())
    if not core or core.groups() != ("0", "0"):
        wrong.append("a core may be dumped")
    ports, paths = listening(process)
    text = stand.config.read_text()
    named = {int(port) for port in re.findall(r'"[^"]*:(\d+)"', re.search(r"listen = \[(.*?)\]", text)[1])}
    if ports != named:
        wrong.append(f"listens on {sorted(map(str, ports))}, configured {sorted(named)}")
    socket = re.search(r'^socket = "(.*)"', text, re.M)[1]
    if {str(pathlib.Path(stand.directory / path).resolve()) for path in paths} != {str((stand.directory / socket).resolve())}:
        wrong.append(f"listens on {sorted(paths)}, configured {socket}")
    locked = int(status_of(process)["VmLck"].split()[0])
    print(f"{len(list((process / 'task').iterdir()))} threads confined; listens on {sorted(ports)} and {sorted(paths)}; "
          f"{locked} KiB of memory locked")
    if locked == 0 and "memory cannot be locked" not in (stand.directory / "run/gateway.log").read_text():
        wrong.append("no memory is locked, and nothing said why")
    return wrong


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-confine-") as place:
        stand = Stand(place, sys.argv[1], make_demo=["--continuous", 24 * 3600])
        with stand:
            stand.start_all()
            stand.wait_until_open()
            code = stand.load("profile", "--sessions", 4, "--rate", 200, "--seconds", 2, "--heartbeat", 5).wait(120)
            wrong = [f"the play ended with {code}"] if code else []
            wrong += judge(stand, stand.processes["gateway"].pid)
            wrong += [f"{name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
    for one in wrong:
        print("WRONG:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
