#!/usr/bin/env python3
"""The journal's device fails under load, and the journal goes on on its spare: every write of the keeper's to
the segment in use fails (strace injects it), new orders are refused, cancels pass, two persons resume, both
programs are killed and started again. Judged by the exchange's own log and by fairlead-examine.

usage: spare_test.py PROGRAMS [process|disk] [EIO|short]
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parent.parent)]
import checkpoint_verifier as verifier  # noqa: E402
from journal_witness import records  # noqa: E402
from kill_test import Stand, judge, say  # noqa: E402

DEVICE_EVENT, NEW, CANCEL, DEPARTED = 6, 32, 34, 48
DISK_ERROR, SPARE_READY, SPARE_RESUMED = 4, 10, 11
USER_EVENT = 85
ACCEPTED, REFUSED = 2, 3
SKIPPED = 77  # ctest: this machine cannot run the test


def status(stand):
    return stand.control("operator", "status")["rows"][0]


def wait_for(what, condition, seconds=30):
    deadline = time.time() + seconds
    while time.time() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise RuntimeError(f"{what} did not come within {seconds} s")


def break_device(stand, failure):
    """Every further write to the segment the keeper has open fails. Returns the tracer."""
    keeper = stand.processes["keeper"]
    written = [path for path in sorted(stand.journal.glob("segment-*.flj")) if path.read_bytes()[:4] == b"FLF1"]
    inject = "error=EIO" if failure == "EIO" else "retval=512"
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", "/dev/null", "-P", str(written[-1]), "-e", "trace=pwrite64", "-e",
         f"inject=pwrite64:{inject}:when=1+", "-p", str(keeper.pid)], stdout=subprocess.DEVNULL,
        stderr=open(stand.directory / "run/strace.log", "w"))
    return tracer, written[-1]


def can_trace():
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "inject=pwrite64:error=EIO", "true"],
                          capture_output=True)
    return done.returncode == 0


def refusals(stand, wrong):
    """Who may not resume."""
    for words, expected in (
            (["journal", "resume", "--reason", "alone"], "needs an approver"),
            (["journal", "resume", "--reason", "myself", "--approver", "operator"], "must be another person"),
            (["journal", "resume", "--reason", "no right", "--approver", "support"], "has no right to approve"),
            (["journal", "resume", "--approver", "risk.approver"], "reason must be given")):
        answer = stand.control("operator", *words, check=False)
        if answer.get("ok") or expected not in answer.get("text", ""):
            wrong.append(f"fairlead {' '.join(words)}: {answer}, expected '{expected}'")
    answer = stand.control("risk.officer", "journal", "resume", "--reason", "x", "--approver", "risk.approver",
                           check=False)
    if answer.get("ok") or "has no right to journal_resume" not in answer.get("text", ""):
        wrong.append(f"a risk officer resumed the journal: {answer}")
    if status(stand)["road_twse"] != "journal_unavailable":
        wrong.append("the road was opened by a refused resume")


def judge_journal(journal, spare, wrong):
    events = [(struct.unpack_from("<qBB", sections[1]), sequence, cause)
              for kind, sequence, cause, sections in records(journal, spare) if kind == DEVICE_EVENT]
    found = {}
    for (value, device_cause, closed), sequence, cause in events:
        found.setdefault(device_cause, (sequence, value, closed, cause))
    for device_cause, name in ((DISK_ERROR, "failed"), (SPARE_READY, "switched"), (SPARE_RESUMED, "resumed")):
        if device_cause not in found:
            wrong.append(f"no device_event record says that the device {name}: {events}")
            return
    if sum(device_cause == SPARE_RESUMED for (_, device_cause, _), _, _ in events) != 1:
        wrong.append("resumed more than once")
    failed, switched, resumed = (found[cause][0] for cause in (DISK_ERROR, SPARE_READY, SPARE_RESUMED))
    orders = {ACCEPTED: 0, REFUSED: 0}
    cancels = {ACCEPTED: 0, REFUSED: 0}
    asked = None
    departed_after = 0
    for kind, sequence, _, sections in records(journal, spare):
        outcome = sections[4][28] if 4 in sections else 0
        if failed < sequence < resumed and kind in (NEW, CANCEL) and outcome in orders:
            (orders if kind == NEW else cancels)[outcome] += 1
        departed_after += kind == DEPARTED and switched < sequence < resumed
        if sequence == found[SPARE_RESUMED][3]:
            asked = kind, sections[2]
    say(f"failed at record {failed}, on the spare at {switched}, resumed at {resumed}; in between new orders "
        f"{orders}, cancels {cancels}, departures {departed_after}")
    if orders[ACCEPTED]:
        wrong.append(f"{orders[ACCEPTED]} new orders were accepted while the journal waited for two persons")
    if not orders[REFUSED]:
        wrong.append("no new order was refused while the journal waited: nothing was tested")
    if not cancels[ACCEPTED]:
        wrong.append("no cancel passed while the journal waited")
    if asked is None or asked[0] != USER_EVENT or b"operator" not in asked[1] or b"risk.approver" not in asked[1]:
        wrong.append(f"the resume's cause is not the request of two persons: {asked}")


def run(stand, spare, failure, wrong):
    stand.start_all()
    stand.wait_until_open(say=say)
    if status(stand)["spare_segments"] < 1:
        wait_for("a ready segment on the spare", lambda: status(stand)["spare_segments"] > 0)
    result = stand.directory / "load.json"
    load = stand.load("profile", "--rate", 300, "--seconds", 45, "--sessions", 6, "--market", 0, "--heartbeat", 5,
                      "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin, "--json", result,
                      stdout=open(stand.directory / "load.log", "w"), stderr=subprocess.STDOUT)
    time.sleep(10)  # the opening call
    tracer, broken = break_device(stand, failure)
    try:
        wait_for("the switch to the spare", lambda: status(stand)["journal_waits"])
    finally:
        tracer.terminate()
        tracer.wait()
    say(f"{broken.name} is broken ({failure}): {status(stand)['keeper']}")
    # The device works again: it is not believed.
    before = broken.stat().st_mtime_ns
    time.sleep(4)
    if broken.stat().st_mtime_ns != before:
        wrong.append("the segment that failed was written to again")
    refusals(stand, wrong)
    stand.kill("gateway")  # the wait outlives it
    stand.start_gateway()
    wait_for("the restarted gateway", lambda: stand.alive("gateway") and stand.control(
        "operator", "status", check=False).get("rows", [{}])[0].get("lines_on") == 2, 60)
    if not status(stand)["journal_waits"] or status(stand)["road_twse"] != "journal_unavailable":
        wrong.append("a restart of the gateway opened the road without two persons")
    time.sleep(2)
    answer = stand.control("operator", "journal", "resume", "--reason", "device replaced by its spare",
                           "--approver", "risk.approver")
    say(f"resumed by two persons, record {answer['sequence']}")
    again = stand.control("operator", "journal", "resume", "--reason", "twice", "--approver", "risk.approver",
                          check=False)
    if again.get("ok") or "does not wait" not in again.get("text", ""):
        wrong.append(f"resumed twice: {again}")
    stand.wait_until_open()
    time.sleep(4)
    for victim in ("gateway", "keeper"):
        stand.kill(victim)
    stand.start_keeper()
    stand.start_gateway()
    stand.wait_until_open(seconds=120)
    say("killed and started again on the spare: open without another resume")
    load.wait()
    time.sleep(1)
    # After a loss of power the front is gone: the gateway recovers from both directories.
    exits = {name: stand.stop(name) for name in ("gateway", "keeper")}
    shutil.rmtree(stand.front)
    stand.start_keeper()
    stand.start_gateway()
    stand.wait_until_open(seconds=120)
    say("the front is lost: recovered from both directories")
    wrong += [f"{name} ended with {code}" for name, code in [*exits.items(), *stand.stop_all().items()] if code != 0]
    return result


def judge_examiner(stand, wrong):
    alone = subprocess.run([str(stand.programs / "fairlead-examine"), "verify", str(stand.journal)],
                           capture_output=True, text=True)
    if alone.returncode != 1 or "the journal goes on on another device" not in alone.stdout:
        wrong.append(f"verify without the spare's segments: exit {alone.returncode}, {alone.stdout[-500:]}")


def judge_checkpoints(stand, spare, wrong):
    """They lie on both devices, and a second verifier finds one log in them."""
    key = verifier.Key(stand.verifier_key)
    heads, tree = verifier.check_journal([stand.journal, spare], key)
    kept = [len(list((place / "checkpoints").glob("segment-*.notes"))) for place in (stand.journal, spare)]
    say(f"{len(heads)} checkpoints over {tree.size} records, files on the two devices: {kept}")
    if not all(kept) or heads[-1].size != tree.size:
        wrong.append(f"checkpoints: files {kept}, the last over {heads[-1].size} of {tree.size} records")


def main():
    if not can_trace():
        say("strace cannot inject here: skipped")
        return SKIPPED
    programs = pathlib.Path(sys.argv[1])
    level = sys.argv[2] if len(sys.argv) > 2 else "process"
    failure = sys.argv[3] if len(sys.argv) > 3 else "EIO"
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    place = keep or tempfile.mkdtemp(prefix="fairlead-spare-")
    wrong = []
    spare = pathlib.Path(place).resolve() / "run/spare"
    try:
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000, "level": f'"{level}"',
                                     "segment_mib": 4, "spare_directory": f'"{spare}"'}) as stand:
            result = run(stand, spare, failure, wrong)
            wrong += judge(stand, result, spare)
            judge_journal(stand.journal, spare, wrong)
            judge_examiner(stand, wrong)
            judge_checkpoints(stand, spare, wrong)
            if "on the same file system" not in (stand.directory / "run/keeper.log").read_text():
                wrong.append("the keeper did not warn that the spare is on the same file system")
            if wrong:
                say((stand.directory / "run/keeper.log").read_text()[-3000:])
                say((stand.directory / "load.log").read_text()[-2000:])
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
    if wrong:
        say("FAILED: " + " | ".join(wrong))
        return 1
    say(f"spare test passed: level {level}, {failure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
