"""The real programs for the console's walk: exchange stand-in, keeper, gateway and desk with 10,000 investors, and order
flow that goes on until the walk is over. One session trades for one account, so that its investor is seen to move."""
import pathlib
import re
import socket
import subprocess
import tempfile
import time

from stand import Stand

INVESTORS = 10_000
ACCOUNT, INVESTOR = "8610-0000017", "INV0000000"  # the first of accounts.csv
# Enough for the walk on a slow machine: the flow ends with it.
FLOW_SECONDS, RATE = 1200, 480


def wait_for(port, alive):
    """Until the desk has read the journal so far and listens."""
    while alive():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the desk ended before it listened: see its log")


def real_desk(programs, walk):
    with tempfile.TemporaryDirectory(prefix="fairlead-console-") as place:
        with Stand(pathlib.Path(place) / "stand", programs, make_demo=[
                "--accounts", 2 * INVESTORS, "--investors", INVESTORS, "--holdings", 1, "--continuous", 24 * 3600]) as stand:
            text = stand.config.read_text()
            stand.config.write_text(re.sub(r'("CLIENT01"\n(?:.+\n)*?accounts = ).*', rf'\1["{ACCOUNT}"]', text, count=1))
            stand.start_all()
            stand.wait_until_open()
            # A person logs on more often here than anybody would in a minute, all from one address.
            stand.start_desk({"logins_per_minute": 1000})
            flow = stand.load("profile", "--rate", RATE, "--seconds", FLOW_SECONDS, "--shape", "open",
                              stdout=subprocess.DEVNULL)
            try:
                wait_for(stand.desk_port, lambda: stand.alive("desk"))
                done = walk(f"https://127.0.0.1:{stand.desk_port}/", stand.processes["desk"].pid, INVESTOR, "many")
            finally:
                flow.kill()
                flow.wait()
            exits = stand.stop_all()
            wrong = {name: code for name, code in exits.items() if code != 0}
            if wrong:
                print(f"ended badly: {wrong}")
            return done or (1 if wrong else 0)
