"""The real programs for the console's walk: exchange stand-in, keeper, gateway and desk with 10,000 investors, and order
flow that goes on until the walk is over."""
import pathlib
import subprocess
import tempfile
import time

from stand import Stand

INVESTORS = 10_000
# Enough for the walk on a slow machine: the flow ends with it.
FLOW_SECONDS, RATE = 900, 400


def busiest(stand):
    """The investor of the first account the first session trades for: the load program uses every session evenly."""
    lines = (stand.directory / "accounts.csv").read_text().splitlines()
    at = lines[0].split(",").index("investor")
    return lines[1].split(",")[at]


def real_desk(programs, walk):
    with tempfile.TemporaryDirectory(prefix="fairlead-console-") as place:
        with Stand(pathlib.Path(place) / "stand", programs, make_demo=[
                "--accounts", 2 * INVESTORS, "--investors", INVESTORS, "--holdings", 1, "--continuous", 24 * 3600]) as stand:
            stand.start_all()
            stand.wait_until_open()
            # A person logs on more often here than anybody would in a minute, all from one address.
            stand.start_desk({"logins_per_minute": 1000})
            flow = stand.load("profile", "--rate", RATE, "--seconds", FLOW_SECONDS, "--shape", "open",
                              stdout=subprocess.DEVNULL)
            try:
                time.sleep(2)
                done = walk(f"https://127.0.0.1:{stand.desk_port}/", stand.processes["desk"].pid, busiest(stand), "many")
            finally:
                flow.kill()
                flow.wait()
            exits = stand.stop_all()
            wrong = {name: code for name, code in exits.items() if code != 0}
            if wrong:
                print(f"ended badly: {wrong}")
            return done or (1 if wrong else 0)
