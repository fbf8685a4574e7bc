#!/usr/bin/env python3
"""A client program on stock QuickFIX against the real programs: it trades, amends, cancels, is refused; then
the gateway is killed while the client has reports it has not read, and the client continues.

usage: stock_client_test.py PROGRAMS STOCK_CLIENT
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/gateway"))
from journal_witness import fills  # noqa: E402
from stand import Stand  # noqa: E402

READY = "ready to be stopped"
PHASE_SECONDS = 600


class Failed(Exception):
    pass


def say(text):
    print(text, flush=True)


def phase(client, stand, name, store):
    done = subprocess.run([client, str(stand.client_port), name, str(store)], capture_output=True, text=True,
                          timeout=PHASE_SECONDS)
    say("".join(f"{name}: {line}\n" for line in (done.stdout + done.stderr).splitlines()).rstrip())
    if done.returncode != 0:
        raise Failed(f"phase {name} ended with {done.returncode}")


@contextlib.contextmanager
def first_phase(client, stand, store):
    """The first client, once it has proved its steps; it then waits with an order resting."""
    process = subprocess.Popen([client, str(stand.client_port), "first", str(store)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        ready = False
        for line in process.stdout:
            say("first: " + line.rstrip())
            ready = line.strip() == READY
            if ready:
                break
        if not ready:
            raise Failed(f"phase first ended with {process.wait()}")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def verify(stand):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), "verify", str(stand.journal), "--json"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"verify ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    say(f"the journal verifies: {json.loads(done.stdout)['records']} records")


def grow_old(stand):
    """client04's password is a year old; client05 may log on in two hours' time only."""
    with sqlite3.connect(stand.directory / "users.toml.db") as users:
        aged = users.execute("UPDATE users SET changed_ns = changed_ns - 365 * 86400 * 1000000000 WHERE name = 'client04'")
        if aged.rowcount != 1:
            raise Failed("client04 is not in the users' database")
    taipei_hour = (time.time_ns() // 3_600_000_000_000 + 8) % 24
    window = f"{(taipei_hour + 2) % 24:02}:00-{(taipei_hour + 3) % 24:02}:00"
    text = stand.config.read_text()
    stand.config.write_text(text.replace('user = "client05"\n', f'user = "client05"\nhours = ["{window}"]\n'))
    if window not in stand.config.read_text():
        raise Failed("no session of client05 in the configuration")


def bust(stand):
    """Two persons correct and then bust the fill of the first client's first order; not alone, not twice."""
    order, execution = next((order, execution) for order, execution, quantity, price in fills(stand.journal)
                            if (quantity, price) == (1000, 225_000))
    two = ("--approver", "risk.approver", "--reason", "told by the exchange")
    alone = stand.control("risk.officer", "fill", "bust", order, execution, "--reason", "alone", check=False)
    if alone.get("ok") or "approver" not in alone.get("text", "") + alone.get("error", ""):
        raise Failed(f"one person bust a fill: {alone}")
    stand.control("risk.officer", "fill", "correct", order, execution, "22.45", *two)
    stand.control("risk.officer", "fill", "bust", order, execution, *two)
    again = stand.control("risk.officer", "fill", "bust", order, execution, *two, check=False)
    if again.get("ok") or again.get("reason") != "execution_unknown":
        raise Failed(f"a fill was bust twice: {again}")


def run(stand, client, store):
    stand.start_all()
    stand.wait_until_open(say=say)
    time.sleep(max(0, stand.origin / 1e9 + 4.5 - time.time()))  # the opening call, in which nothing trades
    with first_phase(client, stand, store) as first:
        first.send_signal(signal.SIGSTOP)  # its kernel takes what the gateway sends; the program reads nothing
        phase(client, stand, "counter", store)
        stand.kill("gateway")
    say("killed the gateway, and the client with reports unread")
    stand.start_gateway()
    stand.wait_until_open(say=say)
    phase(client, stand, "again", store)
    bust(stand)
    phase(client, stand, "bust", store)
    phase(client, stand, "password", store)
    stand.stop("gateway")
    grow_old(stand)
    stand.start_gateway()
    stand.wait_until_open(say=say)
    phase(client, stand, "expired", store)
    exits = stand.stop_all()
    if any(code != 0 for code in exits.values()):
        raise Failed(f"programs ended with {exits}")
    verify(stand)


def main():
    programs, client = (str(pathlib.Path(name).resolve()) for name in sys.argv[1:3])
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="fairlead-stock-") as place:
        # Without the exchange's background participant only these clients trade; and a busy machine's late
        # disk must not refuse them.
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000},
                   exchange_options=["--liquidity", "off"]) as stand:
            store = stand.directory / "store"
            store.mkdir()
            try:
                run(stand, client, store)
            except (Failed, RuntimeError, subprocess.TimeoutExpired) as problem:
                log = stand.directory / "run/gateway.log"
                say(log.read_text()[-3000:] if log.exists() else "no gateway log")
                say(f"FAILED: {problem}")
                return 1
    say("a stock client logs on, trades, amends, cancels, is refused, is cut off and continues")
    return 0


if __name__ == "__main__":
    sys.exit(main())
