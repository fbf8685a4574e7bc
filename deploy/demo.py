#!/usr/bin/env python3
"""The main job on this machine: exchange stand-in, keeper and gateway on loopback, a compressed trading day
of order flow, and a summary a broker would want to read. Exit code 0 only if all of it is true."""
import argparse
import json
import pathlib
import subprocess
import sys
import time

from stand import ROOT, Stand

STAY_SECONDS = 24 * 3600
# How long the day waits for the sessions to log on before it opens: a busy machine checks passwords slowly.
LEAD_INS = (4, 20, 60)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep everything running for a day of its own")
    parser.add_argument("--seconds", type=float, default=10, help="of order flow (default 10)")
    parser.add_argument("--rate", type=int, default=2000, help="commands a second (default 2000)")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--directory", type=pathlib.Path, default=ROOT / "run/demo")
    return parser.parse_args()


def say(text):
    print(text, flush=True)


def day(seconds, stay, lead_in):
    """Phases of the demo's day: the opening call is longer by the time it takes to log on."""
    if stay:
        return ["--continuous", STAY_SECONDS]
    return ["--lead-in", lead_in, "--open-call", seconds * 0.2, "--continuous", seconds * 0.6, "--close-call", seconds * 0.2]


def figure(value):
    return f"{value:,}"


def microseconds(row):
    return "  ".join(f"{name} {row[name] / 1000:,.1f}" for name in ("p50", "p90", "p99", "max"))


def examine(stand, what, *options):
    done = subprocess.run([str(stand.programs / "fairlead-examine"), what, str(stand.journal), "--json", *options],
                          capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {"error": done.stderr}


def summary(stand, load_code, load, exits, config_level):
    verify_code, verified = examine(stand, "verify", "--key", stand.verifier_key)
    fairness_code, fair = examine(stand, "fairness")
    wrong = list(load.get("wrong", []))
    orders = load["orders"]
    if orders["accepted"] == 0:
        wrong.append("no order was accepted: the day was over before the sessions had logged on")
    say("")
    say("Orders")
    say(f"  in {figure(orders['sent'])}, accepted {figure(orders['accepted'])}, "
        f"refused by the gateway {figure(orders['refused'])}, by the venue {figure(orders['refused_by_venue'])}")
    for row in load["refusals"]:
        say(f"    {row['count']:>7,}  {row['by']} {row['code']}: {row['text']}")
    states = load["executions"]
    say(f"  filled {figure(states['orders_filled'])} ({figure(states['fills'])} fills, "
        f"{figure(states['shares'])} shares), cancelled {figure(states['orders_cancelled'])}")
    say("Latency wire to wire, microseconds (this machine, shared and not tuned)")
    for name, label in (("acknowledgement", "order to venue acknowledgement"), ("refusal", "order to refusal"),
                        ("venue_arrival", "order to arrival at the venue")):
        row = load["latency_ns"].get(name)
        if row and row["count"]:
            say(f"  {label:<32} {microseconds(row)}  ({figure(row['count'])})")
    say("Fairness")
    say("  " + fair.get("summary", str(fair)))
    say("Journal")
    say("  " + verified.get("summary", str(verified)))
    kept = verified.get("checkpoints", {})
    say(f"  {kept.get('checked', 0)} signed checkpoints agree, the last over {figure(kept.get('covered', 0))} records; "
        f"key {stand.directory / 'run/keeper.key.pub'}")
    say(f"  level {config_level}; {stand.journal}")
    if load_code != 0 and not wrong:
        wrong.append(f"the load program ended with {load_code}")
    if verify_code != 0:
        wrong.append("the journal does not verify and replay to the same digest")
    if kept.get("covered") != verified.get("records"):
        wrong.append("not every record of the journal is under a signed checkpoint")
    if fairness_code != 0:
        wrong.append("fairness could not be judged from the journal")
    recount = subprocess.run([sys.executable, str(ROOT / "bench/exchange/recount.py"), str(stand.witness)],
                             stdout=subprocess.DEVNULL)
    if recount.returncode != 0:
        wrong.append("the exchange's own log shows a doubled order or a contradiction")
    wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
    say("")
    if wrong:
        say("NOT ALL IS WELL: " + "; ".join(wrong))
        return 1
    say("All of it is true: every command answered, no order lost or doubled, journal verified and replayed with "
        "equal digest.")
    return 0


def stay(stand):
    say("")
    say("Everything stays up until you press Ctrl-C.")
    say(f"  clients connect to   127.0.0.1:{stand.client_port} (FIX 4.4; CLIENT01..CLIENT24 to FAIRLEAD)")
    say("  client users         client01 .. client24, password demo-client01 and so on")
    say("  staff                operator, risk.officer, risk.approver, support, examiner; password demo-NAME")
    say(f"  risk desk            https://127.0.0.1:{stand.desk_port}/  (its certificate is its own: the browser asks once)")
    if not (stand.programs.parent / "console/index.html").exists():
        say("                       its page is not built (cmake --build build --target console); the API answers")
    say("                       risk.officer, password demo-risk.officer; a colleague: risk.approver, demo-risk.approver")
    say(f"  control socket       {stand.directory / 'run/control'}")
    say("Three commands to try in another terminal:")
    base = f"FAIRLEAD_PASSWORD=demo-{{}} {stand.programs}/fairlead --socket {stand.directory}/run/control --user {{}}"
    say("  " + base.format("operator", "operator") + " status")
    say("  " + base.format("risk.officer", "risk.officer") + " halt firm --reason 'try the stop button'")
    say(f"  {stand.programs}/fairlead-load profile --config {stand.config} --password 'demo-{{user}}' --rate 500 --seconds 10")
    try:
        while stand.alive("gateway"):
            time.sleep(1)
        say("the gateway ended: see " + str(stand.directory / "run/gateway.log"))
        return 1
    except KeyboardInterrupt:
        say("")
        exits = stand.stop_all()
        return 0 if all(code == 0 for code in exits.values()) else 1


def play(given, lead_in):
    """The exit code of one day; None: nobody had logged on in time, and it is to be played again."""
    with Stand(given.directory, given.programs, make_demo=day(given.seconds, given.stay, lead_in)) as stand:
        say("starting fairlead-exchange (one TWSE and one TPEx line), fairlead-keeper, fairlead-gateway")
        stand.start_all()
        stand.wait_until_open(say=say)
        level = "process (survives a killed gateway; not a power cut: that is level disk)"
        say("durability level: " + level)
        if given.stay:
            stand.start_desk()
            return stay(stand)
        say(f"playing {given.seconds:g} seconds of order flow over 24 sessions, {given.rate:,} commands a second")
        result = stand.directory / "run/load.json"
        with stand.load("profile", "--rate", given.rate, "--seconds", given.seconds, "--shape", "open", "--follow-day",
                        "--day-origin", stand.origin, "--witness", stand.witness, "--json", result,
                        stdout=subprocess.PIPE, text=True) as load:
            for line in load.stdout:
                if " s: " in line:
                    say("  " + line.rstrip())
        if not result.exists():
            say("NOT ALL IS WELL: the load program wrote no result")
            return 1
        exits = stand.stop_all()
        played = json.loads(result.read_text())
        if played["orders"]["accepted"] == 0 and lead_in != LEAD_INS[-1]:
            return None
        return summary(stand, load.returncode, played, exits, level.split(" ")[0])


def main():
    given = arguments()
    given.directory.parent.mkdir(parents=True, exist_ok=True)
    for lead_in in LEAD_INS:
        code = play(given, lead_in)
        if code is not None:
            return code
        say("the day was over before the sessions had logged on: this machine is busy; once more, with more time to log on")
    return 1


if __name__ == "__main__":
    sys.exit(main())
