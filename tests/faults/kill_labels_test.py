#!/usr/bin/env python3
"""SIGKILL at each labelled point of the real programs under load: before, within (at a drawn instruction, or at the
function's return if that comes first) and after the steps of the road, the keeper and of both programs' starts.
kill_at sets the label from outside, like a debugger: the programs are the ones that are installed. Judged as kill_test
judges: the exchange's own log, the journal verified, exposures equal, every command answered.

usage: kill_labels_test.py PROGRAMS KILL_AT [TIMES] [SEED] [LABEL...]; each label once unless said, FAIRLEAD_LABEL_KILLS
times (10) when FAIRLEAD_LONG is 1. A failure prints the seed; LABEL: only those that have this text.
"""
import collections
import contextlib
import dataclasses
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "gateway"))
from kill_test import Stand, judge, say  # noqa: E402

A_STAND = 40      # rounds: its journal is read again at every start
SESSIONS = 2      # of the load: each checks a password at every start
REACHED_S = 40    # seconds: a label that is not reached so long is none
PAIR_S = 5        # ... beside another program's: that one's end may be what keeps it from being reached
FIRST_STEPS = 2000
MANY = 10         # kills "within": both inside and at the return must be among them


@dataclasses.dataclass(frozen=True)
class Label:
    program: str
    function: str
    where: str
    at_start: bool = False

    def __str__(self):
        return f"{self.program}{' start' if self.at_start else ''}: {self.where} {self.function.split('fairlead::')[-1]}"


def labels_of(program, names, at_start=False):
    for name, places in names:
        for place in places.split():
            yield Label(program, "fairlead::" + name, place, at_start)


KEEPER = "audit::Keeper<fairlead::audit::SegmentStore>"
LABELS = [
    *labels_of("gateway", [
        ("gateway::Road::look_at", "before after"),                   # read
        ("gateway::ClientSide::on_application", "before"),            # an order, framed
        ("risk::Ledger::apply", "before within after"),               # sequenced, applied
        ("gateway::Outbox::route", "after"),                          # the venue's numbers taken
        ("audit::Front::append", "before within after"),              # record, CRC, publish
        ("gateway::Outbox::deliver", "before within after"),          # encoded behind the gate
        ("gateway::Road::write", "before within after"),              # the gate
        ("gateway::write_some", "before after"),                      # send
        ("gateway::VenueSide::on_departed", "before within after"),   # departure record
        ("gateway::VenueSide::on_application", "before within after"),   # the venue's answer
        ("gateway::ClientSide::deliver", "before within"),            # the client's answer
        ("gateway::JournalWatch::look", "within"),
    ]),
    *labels_of("gateway", [
        ("audit::Front::open", "before within after"),
        ("gateway::Recovery::replay", "before after"),
        ("gateway::Recovery::settle_open_ends", "after"),
        ("gateway::start_run", "before after"),
        ("gateway::VenueSide::on_connected", "before after"),
        ("gateway::VenueSide::on_logon_result", "before after"),
        ("gateway::VenueSide::settle_doubt", "within"),
    ], at_start=True),
    *labels_of("keeper", [
        ("audit::FrontReader::next", "before within after"),          # copy, check
        ("audit::FrameBuilder::finish", "before within after"),       # frame, sums, link
        ("audit::SegmentStore::write", "before after"),               # on disk
        (KEEPER + "::write_frame", "within after"),                   # ... and told to the gate
        ("audit::SegmentStore::open_next", "before within after"),    # segment switch
        ("audit::SegmentStore::prepare_one", "within after"),
        ("audit::SigningKey::sign", "before after"),
        ("audit::Checkpointer::store", "before within after"),        # note, rename
        ("audit::SavedEdge::text", "after"),
    ]),
    *labels_of("keeper", [
        ("audit::recover_disk", "before within after"),
        ("audit::SegmentStore::begin", "before after"),
        ("audit::Checkpointer::build", "after"),
        (KEEPER + "::attach", "before after"),
    ], at_start=True),
]

AT_EACH_FRAME = ("fairlead::audit::FrontReader", "fairlead::audit::FrameBuilder", "fairlead::audit::SegmentStore::write",
                 "fairlead::" + KEEPER)


class Killer:
    """Draws the instruction of each 'within' from what is known of the function's length."""

    def __init__(self, kill_at, rng):
        self.kill_at, self.rng = kill_at, rng
        self.length = collections.defaultdict(lambda: FIRST_STEPS)
        self.done = collections.Counter()
        self.missed = collections.Counter()
        self.returned = collections.Counter()  # of those "within": had returned before the drawn instruction

    def command(self, label, seconds=REACHED_S):
        # A little past the known end, so that the return is met again; of an end not known, now and then far past it.
        known = self.length[label]
        far = self.returned[label] == 0 and self.rng.random() < 0.25
        reach = known * 16 if far else known + known // 8 + 1
        steps = self.rng.randrange(1, reach + 1) if label.where == "within" else 0
        return [str(self.kill_at), label.function, label.where, str(steps), str(seconds)]

    def take(self, label, process):
        """What became of it: killed there, or why not."""
        out, told = process.communicate(timeout=REACHED_S + 60)
        if process.returncode != 0:
            return told.strip()[-300:]
        _, steps, returned = out.split()
        if label.where == "within":
            known = self.length[label]
            self.returned[label] += returned == "1"
            self.length[label] = int(steps) if returned == "1" else max(known, min(known * 2, int(steps) * 4))
        self.done[label] += 1
        return ""

    def miss(self, label, why):
        say(f"{label}: {why}")
        self.missed[label] += 1

    def inside(self, label):
        """Killed at an instruction of the function itself; the others of "within" were killed at its return."""
        return self.done[label] - self.returned[label] if label.where == "within" else 0

    def one_sided(self, labels):
        """What the kills "within" have left out. Inside or at the return is drawn, so one kill a label tells nothing of
        that label; and a long function may return in none of many."""
        within = [label for label in labels if label.where == "within"]
        inside, returned = sum(map(self.inside, within)), self.returned.total()
        if inside + returned >= MANY:
            if inside == 0:
                yield f"{returned} kills at a function's return, none within one"
            if returned == 0:
                yield f"{inside} kills within a function, none at its return"
        for label in within:
            if self.done[label] >= MANY and self.inside(label) == 0:
                yield f"{label}: {self.done[label]} kills, all at its return"


def kill_live(stand, killer, labels, load):
    """Programs that run and are under load, each killed at its label; then all of them are down. Given back are labels that
    may not have been reached for another reason: the load has ended, or, of two programs, the other is gone (nothing
    departs without a keeper)."""
    pair = len(labels) > 1
    seconds = PAIR_S if pair else REACHED_S
    hunts = [(label, subprocess.Popen([*killer.command(label, seconds), str(stand.processes[label.program].pid)],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)) for label in labels]
    again = []
    for label, hunt in hunts:
        if why := killer.take(label, hunt):
            again.append(label) if pair or load.poll() is not None else killer.miss(label, why)
        stand.kill(label.program)  # dead already; its end is taken here
    return again


def kill_at_start(stand, killer, label):
    """The program is started and dies at a label of its start."""
    command = ["--config", str(stand.config)]
    command += ["--day-origin", str(stand.origin)] if label.program == "gateway" else []
    with open(stand.directory / f"run/{label.program}.log", "ab") as log:
        process = subprocess.Popen(
            [*killer.command(label), str(stand.programs / f"fairlead-{label.program}"), *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=stand.directory, stdin=subprocess.DEVNULL)
        if why := killer.take(label, process):
            killer.miss(label, why)
        log.write(f"-- killed at {label}\n".encode())


def wait_for_load(stand, load):
    """Until the clients are back: without them nothing comes by most labels, and a Logon that is cut off each time
    says nothing about orders."""
    deadline = time.monotonic() + 60
    while load.poll() is None and time.monotonic() < deadline:
        rows = stand.control("operator", "session", "list")["rows"]
        if sum(row["logged_on"] for row in rows) >= SESSIONS:
            return
        time.sleep(0.1)


def restart(stand, killer, queues, program):
    if queues[program, True]:
        kill_at_start(stand, killer, queues[program, True].pop())
    stand.start_keeper() if program == "keeper" else stand.start_gateway()


def one_round(stand, killer, queues, rng, load):
    """One label of each kind that is left: the keeper under load, then the gateway, now and then both at once; each is
    started again, and dies at a label of its start first. What is left of the keeper's flow ends with the gateway."""
    live = {program: queues[program, False].pop() for program in ("keeper", "gateway") if queues[program, False]}
    if len(live) == 2 and live["keeper"].function.startswith(AT_EACH_FRAME) and rng.random() < 0.5:
        again = kill_live(stand, killer, live.values(), load)
        restart(stand, killer, queues, "keeper")
        restart(stand, killer, queues, "gateway")
    else:
        again = []
        for program in ("keeper", "gateway"):
            if program in live:
                again += kill_live(stand, killer, [live[program]], load)
            elif queues[program, True]:
                stand.kill(program)
            if program in live or not stand.alive(program):
                restart(stand, killer, queues, program)
    for label in again:
        queues[label.program, False].insert(0, label)
    stand.wait_until_open(seconds=120)


def run_stand(place, programs, killer, queues, rng):
    rounds = min(A_STAND, max(len(queue) for queue in queues.values()) * 2)
    with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
               gateway_settings={"keeper_lag_ms": 10000, "wait_age_limit_ms": 10000, "segment_mib": 1,
                                 "level": f'"{rng.choice(["process", "disk"])}"'}) as stand:
        stand.start_all()
        stand.wait_until_open(say=say)
        result = stand.directory / "load.json"
        with open(stand.directory / "load.log", "w") as log:
            load = stand.load("profile", "--rate", 300, "--seconds", rounds * 4 + 10, "--sessions", SESSIONS, "--market", 0,
                              "--heartbeat", 5, "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin,
                              "--json", result, stdout=log, stderr=subprocess.STDOUT)
        try:
            time.sleep(6)  # the opening call
            for _ in range(rounds):
                if load.poll() is not None or not any(queues.values()):
                    break
                wait_for_load(stand, load)
                one_round(stand, killer, queues, rng, load)
            wait_for_load(stand, load)
            load.wait()
        finally:
            if load.poll() is None:
                load.kill()
                load.wait()
        time.sleep(1)
        exits = stand.stop_all()
        wrong = judge(stand, result)
        wrong += [f"{name} ended with {code}" for name, code in exits.items() if code != 0]
        if wrong:
            say((stand.directory / "load.log").read_text()[-3000:])
    return wrong


def main():
    programs, kill_at = map(pathlib.Path, sys.argv[1:3])
    usual = int(os.environ.get("FAIRLEAD_LABEL_KILLS", 10)) if os.environ.get("FAIRLEAD_LONG") == "1" else 1
    times = int(sys.argv[3]) if len(sys.argv) > 3 else usual
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    labels = [label for label in LABELS if not sys.argv[5:] or any(text in str(label) for text in sys.argv[5:])]
    rng = random.Random(seed)
    killer = Killer(kill_at.resolve(), rng)
    queues = {(program, at_start): [] for program in ("gateway", "keeper") for at_start in (False, True)}
    for label in labels * times:
        queues[label.program, label.at_start].append(label)
    for queue in queues.values():
        rng.shuffle(queue)
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    wrong, stands, began = [], 0, time.monotonic()
    while any(queues.values()) and not wrong:
        with contextlib.nullcontext(keep) if keep else tempfile.TemporaryDirectory(prefix="fairlead-labels-") as place:
            wrong += run_stand(place, programs, killer, queues, rng)
        stands += 1
        say(f"stand {stands}: {sum(killer.done.values())} kills so far")
    wrong += [f"{label} was not reached {count} times" for label, count in killer.missed.items()
              if count > times // 10]
    wrong += killer.one_sided(labels) if not wrong else []
    if times > 1:
        for label in labels:
            apart = f" ({killer.inside(label)} inside, {killer.returned[label]} at its return)"
            say(f"{killer.done[label]:5} {label}{apart if label.where == 'within' else ''}")
    if wrong:
        say(f"FAILED (seed {seed}): " + " | ".join(wrong))
        return 1
    say(f"kill labels test passed: {sum(killer.done.values())} kills at {len(killer.done)} labels in {stands} stands, "
        f"{sum(map(killer.inside, labels))} within a function, {killer.returned.total()} at its return, "
        f"{time.monotonic() - began:.0f} s, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
