#!/usr/bin/env python3
"""Journals of orders that older programs wrote must verify and replay, decision for decision, to the state they ended in,
with the rules that were in force then. Each lies here as NAME.tar.xz, what it must give as NAME.json; neither ever
changes. One more is added when format or rules change.

usage: golden_test.py EXAMINE
"""
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def examine(program, journal, key):
    done = subprocess.run([program, "verify", str(journal), "--json", "--key", key], capture_output=True, text=True)
    found = json.loads(done.stdout) if done.stdout else {"findings": [done.stderr]}
    return done.returncode, found


def check(program, archive):
    expected = json.loads(archive.with_name(archive.name.replace(".tar.xz", ".json")).read_text())
    key = expected.pop("key")
    with tempfile.TemporaryDirectory(prefix="fairlead-golden-") as place:
        with tarfile.open(archive) as packed:
            packed.extractall(place)
        journal = pathlib.Path(place) / "journal"
        code, found = examine(program, journal, key)
        wrong = [f"verify ended with {code}: {found.get('findings')}"] if code != 0 else []
        wrong += [f"{name} is {found.get(name)}, not {value}" for name, value in expected.items()
                  if found.get(name) != value]
        # The test can fail: one order's byte turned is found.
        segment = sorted(journal.glob("segment-*.flj"))[0]
        segment.chmod(0o600)
        with segment.open("r+b") as file:
            file.seek(100_000)
            byte = file.read(1)[0]
            file.seek(100_000)
            file.write(bytes([byte ^ 1]))
        if examine(program, journal, key)[0] != 1:
            wrong.append("a turned bit is not found")
    print(f"{archive.name}: {found.get('records')} records, {found.get('decisions_compared')} decisions replayed")
    return wrong


def main():
    archives = sorted(HERE.glob("*.tar.xz"))
    wrong = [f"{archive.name}: {text}" for archive in archives for text in check(sys.argv[1], archive)]
    for text in wrong:
        print("WRONG:", text)
    return 1 if wrong or not archives else 0


if __name__ == "__main__":
    sys.exit(main())
