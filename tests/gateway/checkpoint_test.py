#!/usr/bin/env python3
"""Checkpoints of a journal made by the real programs under load, killed and started again: judged by the
second verifier (tests/checkpoint_verifier.py), which shares no code with them, and by fairlead-examine. Then a
journal forged so well that all its checksums, chains and links are right, an older copy, and forged notes and
proofs: each must be found.

usage: checkpoint_test.py PROGRAMS
"""
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "deploy"), str(ROOT / "tests")]
import checkpoint_verifier as verifier  # noqa: E402
from stand import Stand  # noqa: E402

NEW = 32
RECEIVED = 3


def say(text):
    print(text, flush=True)


class Findings(list):
    def check(self, holds, text):
        if not holds:
            self.append(text)

    def refused(self, what, judge, *arguments):
        """The second verifier must not take it."""
        try:
            judge(*arguments)
        except (verifier.Refused, ValueError, struct.error):
            return
        self.append(f"the second verifier took {what}")


def examine(programs, *words):
    return subprocess.run([str(programs / "fairlead-examine"), *map(str, words)], capture_output=True, text=True)


def make_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = make_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def sections(record):
    at = 64
    for _ in range(struct.unpack_from("<H", record, 62)[0]):
        kind, length = struct.unpack_from("<HH", record, at)
        yield kind, at + 24, length
        at += -(-(24 + length) // 16) * 16


def alter(record):
    """One byte of the message as it was received: what no replay looks at."""
    record = bytearray(record)
    place = next(at for kind, at, length in sections(record) if kind == RECEIVED and length > 20)
    record[place + 12] ^= 1
    return bytes(record)


def forge(journal, sequence):
    """Alters one record and makes every checksum, prev_crc and link behind it right again."""
    link, leaves, before, changed = None, [], None, False
    for path in sorted(journal.glob("segment-*.flj")):
        data = bytearray(path.read_bytes())
        at = 0
        while data[at:at + 4] == b"FLF1":
            _, count, payload = struct.unpack_from("<QII", data, at + 32)
            header = at
            if changed:
                link = verifier.sha256(b"\2", link, *leaves)
                data[header + 64:header + 96] = link
            else:
                link = bytes(data[header + 64:header + 96])
            leaves, place = [], at + 128
            for _ in range(count):
                length, = struct.unpack_from("<I", data, place + 8)
                record = bytes(data[place:place + length])
                number, = struct.unpack_from("<Q", record, 16)
                if number == sequence:
                    record, changed = alter(record), True
                if changed:
                    record = record[:28] + struct.pack("<I", before or 0) + record[32:]
                    record = record[:12] + struct.pack("<I", crc32c(record[:12] + record[16:])) + record[16:]
                    data[place:place + length] = record
                before, = struct.unpack_from("<I", record, 12)
                leaves.append(verifier.leaf_hash(verifier.leaf_input(record)))
                place += length
            if changed:
                struct.pack_into("<I", data, header + 60, crc32c(bytes(data[header + 128:header + 128 + payload])))
                struct.pack_into("<I", data, header + 124, crc32c(bytes(data[header:header + 124])))
            at += -(-(128 + payload) // 4096) * 4096
        path.write_bytes(data)


def play(stand, older, wrong):
    """Load, kills, an orderly stop in between whose directory is kept, and the end. The first checkpoint."""
    stand.start_all()
    stand.wait_until_open(say=say)
    load = stand.load("profile", "--rate", 200, "--seconds", 40, "--sessions", 6, "--market", 0, "--heartbeat", 5,
                      "--reconnect", 60, "--answer-wait", 40, "--day-origin", stand.origin,
                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    latest = stand.journal / "checkpoints/checkpoint"
    while not latest.exists():
        time.sleep(0.1)
    first = stand.directory / "run/first"
    shutil.copy(latest, first)
    time.sleep(8)
    for victims in (["keeper"], ["gateway"], ["gateway", "keeper"]):
        for victim in victims:
            stand.kill(victim)
        for victim in reversed(victims):
            stand.start_keeper() if victim == "keeper" else stand.start_gateway()
        stand.wait_until_open(seconds=120)
        time.sleep(1.5)
    exits = {name: stand.stop(name) for name in ("gateway", "keeper")}
    shutil.copytree(stand.journal, older)
    stand.start_keeper()
    stand.start_gateway()
    stand.wait_until_open(seconds=120)
    time.sleep(4)
    load.kill()
    load.wait()
    for name, code in [*exits.items(), *stand.stop_all().items()]:
        wrong.check(code == 0, f"{name} ended with {code}")
    log = (stand.directory / "run/keeper.log").read_text()
    wrong.check(log.count("the tree goes on from the saved edge") == 3, "a keeper did not go on from the saved edge")
    wrong.check(f"checkpoints are signed by {stand.verifier_key}" in log, "the keeper does not say who signs")
    return first


def judge_good(stand, programs, first, wrong):
    """What is in order is found in order, by both. Heads and tree as the second verifier sees them."""
    key = verifier.Key(stand.verifier_key)
    heads, tree = verifier.check_journal([stand.journal], key)
    say(f"{len(heads)} checkpoints verify, the last over {heads[-1].size} of {tree.size} records")
    wrong.check(heads[-1].size == tree.size, "records stand behind the last checkpoint after an orderly end")
    wrong.check(len(heads) > 5, "too few checkpoints: nothing was tested")
    done = examine(programs, "verify", stand.journal, "--key", stand.verifier_key, "--since", first)
    wrong.check(done.returncode == 0 and f"{len(heads)} signed and in agreement" in done.stdout and
                "none changed or removed" in done.stdout, f"verify: {done.stdout}{done.stderr}")
    leaves = [verifier.leaf_hash(verifier.leaf_input(record)) for record in verifier.records([stand.journal])]
    rng = random.Random(1)
    for sequence in [1, tree.size, *(rng.randrange(1, tree.size + 1) for _ in range(8))]:
        proof = examine(programs, "proof", stand.journal, sequence)
        wrong.check(proof.returncode == 0, f"proof {sequence}: {proof.stderr}")
        told, _ = verifier.check_inclusion(proof.stdout.encode(), key, leaves[sequence - 1])
        wrong.check(told == sequence, f"proof {sequence} is for {told}")
    notes = [note for path in sorted((stand.journal / "checkpoints").glob("segment-*.notes"))
             for note in verifier.notes_of(path.read_bytes())]
    place = stand.directory / "run"
    for old, new in [(0, len(notes) - 1), *(sorted(rng.sample(range(len(notes)), 2)) for _ in range(6))]:
        (place / "old").write_bytes(notes[old])
        (place / "new").write_bytes(notes[new])
        proof = examine(programs, "proof", stand.journal, "--consistency", place / "old", "--checkpoint", place / "new")
        wrong.check(proof.returncode == 0, f"proof of growth: {proof.stderr}")
        verifier.check_growth(notes[old], proof.stdout.encode(), key)
    return key, leaves, notes


def judge_forged_texts(stand, programs, key, notes, leaves, wrong):
    last = notes[-1]
    size = f"\n{len(leaves)}\n".encode()
    attempts = {"a larger tree size": last.replace(size, f"\n{len(leaves) + 1}\n".encode()),
                "another root": notes[0].split(b"\n")[2].join(last.split(last.split(b"\n")[2])),
                "another signature": last[:-8] + (b"AAAA" if last[-8:-4] != b"AAAA" else b"BBBB") + last[-4:],
                "another log's": last.replace(key.name.encode(), b"other.example/1", 1)}
    for what, note in attempts.items():
        wrong.refused(what, verifier.Checkpoint, note, key)
        forged = stand.directory / "run/forged-journal"
        shutil.copytree(stand.journal, forged)
        path = sorted((forged / "checkpoints").glob("segment-*.notes"))[-1]
        path.write_bytes(path.read_bytes().replace(last, note))
        done = examine(programs, "verify", forged, "--key", stand.verifier_key)
        wrong.check(done.returncode == 1 and "FINDING" in done.stdout, f"verify took {what}: {done.stdout}")
        shutil.rmtree(forged)
    proof = examine(programs, "proof", stand.journal, 7).stdout
    lines = proof.split("\n")
    for at in range(3, lines.index("")):
        wrong.refused(f"an inclusion proof without its line {at}", verifier.check_inclusion,
                      "\n".join(lines[:at] + lines[at + 1:]).encode(), key)
        swapped = "A" + lines[at][1:] if lines[at][0] != "A" else "B" + lines[at][1:]
        wrong.refused(f"an inclusion proof with another line {at}", verifier.check_inclusion,
                      "\n".join(lines[:at] + [swapped] + lines[at + 1:]).encode(), key)
    wrong.refused("a proof for another record", verifier.check_inclusion, proof.encode(), key, leaves[7])
    (stand.directory / "run/old").write_bytes(notes[0])
    growth = examine(programs, "proof", stand.journal, "--consistency", stand.directory / "run/old").stdout.encode()
    wrong.refused("a proof of growth from another checkpoint", verifier.check_growth, notes[1], growth, key)
    wrong.refused("a shortened proof of growth", verifier.check_growth, notes[0],
                  growth.replace(growth.split(b"\n")[1] + b"\n", b"", 1), key)


def judge_forged_journal(stand, programs, key, first, wrong):
    """Rewritten from an early order on: only the checkpoints tell."""
    forged = stand.directory / "run/forged-journal"
    shutil.copytree(stand.journal, forged)
    victim = next(struct.unpack_from("<Q", record, 16)[0] for record in verifier.records([forged])
                  if struct.unpack_from("<H", record, 6)[0] == NEW)
    forge(forged, victim)
    plain = examine(programs, "verify", forged)
    wrong.check(plain.returncode == 0, f"the forgery is not good enough to need checkpoints: {plain.stdout}")
    wrong.refused("a journal rewritten from one record on", verifier.check_journal, [forged], key)
    done = examine(programs, "verify", forged, "--key", stand.verifier_key)
    wrong.check(done.returncode == 1 and "was changed after it was signed" in done.stdout,
                f"verify took a rewritten journal: {done.stdout}")
    say(f"record {victim} rewritten, all checksums right: " +
        next(line for line in done.stdout.splitlines() if "FINDING" in line))
    # Its checkpoints thrown away as well: one that was taken away earlier tells, if it covers the record.
    shutil.rmtree(forged / "checkpoints")
    taken = stand.journal / "checkpoints/checkpoint"
    done = examine(programs, "verify", forged, "--key", stand.verifier_key, "--since", taken)
    wrong.check(done.returncode == 1 and "has been changed since" in done.stdout and
                "holds no checkpoint" in done.stdout, f"verify took a rewritten journal without checkpoints: {done.stdout}")
    proof = examine(programs, "proof", forged, "--consistency", first, "--checkpoint", taken)
    wrong.check(proof.returncode == 1 and "a record has been changed" in proof.stderr,
                f"a proof was written from a rewritten journal: {proof.stdout}{proof.stderr}")


def judge_older(stand, programs, older, wrong):
    latest = stand.journal / "checkpoints/checkpoint"
    done = examine(programs, "verify", older, "--key", stand.verifier_key)
    wrong.check(done.returncode == 0, f"the older copy is not in order by itself: {done.stdout}")
    done = examine(programs, "verify", older, "--key", stand.verifier_key, "--since", latest)
    wrong.check(done.returncode == 1 and "this is an older copy" in done.stdout,
                f"verify took an older copy: {done.stdout}")
    # The older journal under the newer checkpoints stops the keeper.
    shutil.copytree(stand.journal / "checkpoints", older / "checkpoints", dirs_exist_ok=True)
    keeper = subprocess.run([str(programs / "fairlead-keeper"), "--journal", str(older), "--front",
                             str(stand.front / "older"), "--checkpoint-key", str(stand.directory / "run/keeper.key")],
                            capture_output=True, text=True, timeout=60)
    wrong.check(keeper.returncode == 1 and "which was known to be durable" in keeper.stderr,
                f"the keeper went on behind its last checkpoint: {keeper.returncode} {keeper.stderr}")


def judge_keys(stand, programs, wrong):
    """What the keeper says of its key at start."""
    place = stand.directory / "run/keys"
    place.mkdir()
    keeper = [str(programs / "fairlead-keeper"), "--journal", str(place / "journal"), "--front",
              str(stand.front / "keys"), "--segment-mib", "1"]
    open_key = place / "open.key"
    shutil.copy(stand.directory / "run/keeper.key", open_key)
    open_key.chmod(0o644)
    for key, expected in ((open_key, "must be readable by its owner alone"), (place / "none", "No such file")):
        done = subprocess.run([*keeper, "--checkpoint-key", str(key)], capture_output=True, text=True, timeout=60)
        wrong.check(done.returncode == 2 and expected in done.stderr,
                    f"key {key.name}: {done.returncode} {done.stderr}")
    with subprocess.Popen(keeper, stderr=subprocess.PIPE, text=True) as without:
        time.sleep(2)
        without.terminate()
        text = without.stderr.read()
    wrong.check("no checkpoint key" in text and "goes on without signed checkpoints" in text,
                f"the keeper does not say that it has no key: {text}")
    wrong.check(not (place / "journal/checkpoints").exists(), "a keeper without a key made checkpoints")


def judge_handover(stand, programs, wrong):
    """A new key: not by itself, and then with a checkpoint that both have signed. For a stopped stand."""
    old, new = stand.directory / "run/keeper.key", stand.directory / "run/next.key"
    made = subprocess.run([str(programs / "fairlead"), "key", "new", verifier.Key(stand.verifier_key).name, str(new)],
                          capture_output=True, text=True, check=True)
    keys = [stand.verifier_key, made.stdout.strip()]
    own = f'checkpoint_key = "{old}"'
    text = stand.config.read_text()
    stand.config.write_text(text.replace(own, f'checkpoint_key = "{new}"'))
    alone = subprocess.run([str(programs / "fairlead-keeper"), "--config", str(stand.config)], capture_output=True,
                           text=True, timeout=60)
    wrong.check(alone.returncode == 2 and "so that both sign the next checkpoint" in alone.stderr,
                f"a key nobody hands over to: {alone.returncode} {alone.stderr}")
    stand.config.write_text(text.replace(own, f'checkpoint_key = "{new}"\ncheckpoint_key_before = "{old}"'))
    latest = stand.journal / "checkpoints/checkpoint"
    before = latest.read_bytes()
    stand.start_keeper()
    stand.start_gateway()
    deadline = time.time() + 60
    while latest.read_bytes() == before and time.time() < deadline:
        time.sleep(0.1)
    for name in ("gateway", "keeper"):
        code = stand.stop(name)
        wrong.check(code == 0, f"{name} ended with {code} after a handover")
    notes = [note for path in sorted(latest.parent.glob("segment-*.notes")) for note in verifier.notes_of(path.read_bytes())]
    both = [note for note in notes if note.count("\u2014 ".encode()) == 2]
    wrong.check(len(both) == 1 and notes.index(both[0]) == notes.index(before) + 1,
                f"{len(both)} of {len(notes)} checkpoints have two signatures")
    for note in both:
        wrong.check(len({verifier.Checkpoint(note, verifier.Key(key)).size for key in keys}) == 1, "not by both keys")
    wrong.refused("the new key's checkpoint for the old key's", verifier.Checkpoint, notes[-1], verifier.Key(keys[0]))
    done = examine(programs, "verify", stand.journal, "--key", keys[0], "--key", keys[1])
    wrong.check(done.returncode == 0 and f"the key before hands over to {keys[1]}, both signed" in done.stdout,
                f"verify after a handover: {done.stdout}")
    say(next((line for line in done.stdout.splitlines() if "hands over" in line), "no handover told"))


def main():
    programs = pathlib.Path(sys.argv[1])
    keep = os.environ.get("FAIRLEAD_KEEP")  # a directory that stays, to look at what was left
    place = keep or tempfile.mkdtemp(prefix="fairlead-checkpoint-")
    wrong = Findings()
    try:
        with Stand(place, programs, make_demo=["--continuous", 24 * 3600],
                   gateway_settings={"keeper_lag_ms": 10000, "segment_mib": 4}) as stand:
            older = stand.directory / "run/older"
            first = play(stand, older, wrong)
            key, leaves, notes = judge_good(stand, programs, first, wrong)
            judge_forged_texts(stand, programs, key, notes, leaves, wrong)
            judge_forged_journal(stand, programs, key, first, wrong)
            judge_older(stand, programs, older, wrong)
            judge_keys(stand, programs, wrong)
            judge_handover(stand, programs, wrong)
            if wrong:
                say((stand.directory / "run/keeper.log").read_text()[-3000:])
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
    if wrong:
        say("FAILED: " + " | ".join(wrong))
        return 1
    say("checkpoint test passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
