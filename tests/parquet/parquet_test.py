#!/usr/bin/env python3
"""An export's Parquet files read the same in a reader that is not ours (hyparquet, from the npm registry): every cell
of a table of several row groups, extremes and empty cells among them; and what is damaged is not read as if it were
whole.

usage: parquet_test.py PARQUET_SAMPLE BUILD
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from npm import packages as npm_packages  # noqa: E402


def read(packages, file):
    done = subprocess.run(["node", str(HERE / "read_parquet.mjs"), str(file)], capture_output=True, text=True,
                          env=os.environ | {"HYPARQUET": str(packages)})
    if done.returncode != 0:
        raise ValueError(done.stderr.strip()[-300:])
    *rows, facts = done.stdout.split("\n")[:-1]
    return [json.loads(row) for row in rows], json.loads(facts)


def main():
    sample, packages = sys.argv[1], npm_packages(HERE, pathlib.Path(sys.argv[2]) / "npm-parquet")
    wrong = []
    with tempfile.TemporaryDirectory(prefix="fairlead-parquet-") as name:
        folder = pathlib.Path(name) / "tables"
        subprocess.run([sample, str(folder)], check=True)
        groups = {}
        for file in sorted(folder.glob("*.parquet")):
            expected = [json.loads(line) for line in file.with_suffix(".jsonl").read_text().splitlines()]
            rows, facts = read(packages, file)
            wrong += [f"{file.name}: {len(rows)} rows, not {len(expected)}"] * (len(rows) != len(expected))
            wrong += [f"{file.name} row {i}: {a} is not {b}" for i, (a, b) in enumerate(zip(rows, expected))
                      if a != b][:3]
            for i, (column, kind, repetition, logical) in enumerate(facts["columns"]):
                fits = repetition == ("REQUIRED" if i == 0 else "OPTIONAL") and \
                    (kind, logical) in (("INT64", None), ("BYTE_ARRAY", "STRING"))
                wrong += [f"{file.name} {column}: {kind} {repetition} {logical}"] * (not fits)
            wrong += [f"{file.name}: groups {facts['groups']}"] * (sum(facts["groups"]) != len(expected))
            groups[file.stem] = len(facts["groups"])
        wrong += [f"row groups of each table: {groups}"] * (
            groups.get("events") != 3 or groups.get("orders", 0) < 2 or groups.get("limits") != 0)
        # That this test can fail: a changed byte in a column's values.
        spoiled = pathlib.Path(name) / "spoiled.parquet"
        shutil.copy(folder / "fills.parquet", spoiled)
        data = bytearray(spoiled.read_bytes())
        data[60] ^= 0x40
        spoiled.write_bytes(data)
        try:
            same = read(packages, spoiled)[0] == read(packages, folder / "fills.parquet")[0]
        except ValueError:
            same = False
        wrong += ["a changed byte was not seen"] * same
    print("\n".join(wrong) if wrong else f"every cell reads the same; row groups {groups}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
