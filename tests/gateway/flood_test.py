#!/usr/bin/env python3
"""A flood harms only itself: one session floods in every way while 20 gentle ones trade on the real programs.
Counted, not timed: every gentle command is answered, none waits for more messages than the rule allows (from
the journal's stamps), and the flood is refused or logged out with a reason.

usage: flood_test.py PROGRAMS [KIND...]
"""
import collections
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from flood_run import (COMMANDS, FLOODER, GENTLE, KINDS, LOGON_ATTEMPT, LOGON_RESULT, LOGOUT,  # noqa: E402
                       RECEIVED, FloodRun, messages, records)

INBOUND_RATE = 3000
ACCEPTED = 1  # LogonVerdict
GRAIN_NS = 3_000  # Records' times are settled against UTC every few milliseconds


def judge_waiting(found):
    """A message that competes with its own stamp is served in the pass that began next: between its stamp and its
    turn lie what was left of the pass before and that pass, so at most two messages of each other session that
    did not arrive before it. What arrived before it is its elder, however long the host let all of them wait."""
    worst, worst_all, judged = 0, 0, 0
    for at, one in enumerate(found):
        if one.session > GENTLE or one.effective != one.kernel:
            continue
        judged += 1
        ahead = collections.Counter()
        for other in reversed(found[max(0, at - 400):at]):
            if other.decided <= one.kernel + GRAIN_NS:
                break
            if other.session not in (0, one.session) and other.effective > one.kernel:
                ahead[other.session] += 1
        worst = max(worst, ahead[FLOODER])
        worst_all = max(worst_all, sum(ahead.values()))
    return worst, worst_all, judged


def judge_rate(found):
    """The most messages of the flooding session in any one second, by the time each was decided."""
    times = [one.decided for one in found if one.session == FLOODER and (one.kind in COMMANDS or one.kind == RECEIVED)]
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1_000_000_000:
            first += 1
        most = max(most, last - first + 1)
    return most


def judge_flood(kind, flood, found):
    """What the flood was told: nothing may be dropped silently."""
    wrong = []
    answers = flood["answers"]
    limited = any("messages in a second" in text for text in flood["logouts"])
    if kind in ("orders", "invalid", "resends", "bytes") and not limited and \
            not any("message_rate" in name or "a second" in name for name in answers):
        wrong.append(f"{kind}: neither refused for its rate nor logged out: {flood['logouts']} {answers}")
    if kind == "invalid" and not (any(name.startswith("reject") for name in answers) and
                                  any(name.startswith("business") for name in answers)):
        wrong.append(f"invalid: messages were not rejected: {answers}")
    if kind == "logons" and sum(one.kind == LOGON_ATTEMPT and one.session == FLOODER for one in found) < 100:
        wrong.append("logons: fewer than 100 attempts are in the journal: nothing was tested")
    if kind == "connects" and flood["connections"] < 200:
        wrong.append("connects: fewer than 200 connections: nothing was tested")
    if kind not in ("logons", "connects") and flood["messages"] < 2000:
        wrong.append(f"{kind}: only {flood['messages']} messages: nothing was tested")
    return wrong


def judge_pause(place, programs, pause_s):
    """Who was logged out for flooding is let in again only once its pause is over, and is let in then."""
    one = FloodRun(place, programs, INBOUND_RATE, pause_s=pause_s)
    with one.stand as stand:
        one.play("pause", "orders", 500, 4 * pause_s)
        stand.stop_all()
        logged_out, pauses = None, []
        for kind, session, decided, data in records(stand.journal):
            if session == FLOODER and kind == LOGOUT:
                logged_out = decided
            elif session == FLOODER and kind == LOGON_RESULT and data[64 + 24 + 16] == ACCEPTED and logged_out:
                pauses.append((decided - logged_out) / 1e9)
                logged_out = None
    print(f"pause of {pause_s} s: logged on again after {', '.join(f'{pause:.2f}' for pause in pauses)} s", flush=True)
    wrong = [f"pause: logged on again after {pause:.3f} s" for pause in pauses if pause < pause_s]
    return wrong if len(pauses) >= 2 else [*wrong, f"pause: {len(pauses)} logons after a flood: nothing was tested"]


def run(place, programs, kind):
    one = FloodRun(place, programs, INBOUND_RATE, pause_s=0)
    with one.stand as stand:
        code, gentle, flood = one.play(kind, kind, 500, 4)
        wrong = [f"{kind}: {text}" for text in gentle["wrong"]]
        if code != 0 and not wrong:
            wrong.append(f"{kind}: the gentle sessions' play ended with {code}")
        wrong += [f"{kind}: {name} ended with {code}" for name, code in stand.stop_all().items() if code != 0]
        found = [one for one in messages(stand.journal) if one.kernel != 0]  # 0: the gateway's own doing
        worst, worst_all, judged = judge_waiting(found)
        rate = judge_rate(found)
        if judged < 500:
            wrong.append(f"{kind}: only {judged} gentle messages competed with their own stamp")
        if worst > 2:
            wrong.append(f"{kind}: a gentle message waited for {worst} messages of the flooding session")
        if worst_all > 2 * GENTLE:
            wrong.append(f"{kind}: a gentle message waited for {worst_all} messages")
        if rate > INBOUND_RATE:
            wrong.append(f"{kind}: {rate} messages of the flooding session were taken in a second")
        wrong += judge_flood(kind, flood, found)
        verified = subprocess.run([str(pathlib.Path(programs) / "fairlead-examine"), "verify", str(stand.journal)],
                                  capture_output=True, text=True)
        if verified.returncode != 0:
            wrong.append(f"{kind}: verify: {verified.stdout[-300:]}")
        print(f"{kind}: gentle {gentle['orders']['sent']} orders all answered: {not gentle['wrong']}; flood sent "
              f"{flood['messages']} messages over {flood['connections']} connections, most taken in a second {rate}; "
              f"worst ahead of a gentle message: {worst} of the flood, {worst_all} of all", flush=True)
        print(f"  told: {flood['answers']} {flood['logouts']} lost {flood['lost']}, closed before a logon "
              f"{flood['closed_before_logon']}", flush=True)
        return wrong


def main():
    wrong = []
    for kind in sys.argv[2:] or KINDS:
        with tempfile.TemporaryDirectory(prefix="fairlead-flood-") as place:
            wrong += run(place, sys.argv[1], kind)
    with tempfile.TemporaryDirectory(prefix="fairlead-flood-") as place:
        wrong += judge_pause(place, sys.argv[1], 2)
    for one in wrong:
        print("WRONG:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
