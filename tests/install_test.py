#!/usr/bin/env python3
"""What `cmake --install` puts in place is whole: every program prints its help, every page stands where man looks and
its program beside it, and every unit's program and document are there.

usage: install_test.py BUILD
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def faults_of(root):
    programs = {path.name: path for path in (root / "usr/bin").iterdir()}
    pages = {path.stem for path in (root / "usr/share/man").glob("man[18]/*.[18]")}
    for page in (ROOT / "deploy/man").iterdir():
        if page.stem not in pages:
            yield f"the page {page.name} is not installed"
    for name in sorted(pages - set(programs)):
        yield f"the page of {name} is installed, the program is not"
    for name, path in programs.items():
        if subprocess.run([str(path), "--help"], capture_output=True, check=False).returncode != 0:
            yield f"{name} --help fails"
    units = list((root / "usr/lib/systemd/system").iterdir())
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        for named in re.findall(r"^ExecStart=(\S+)", text, re.M) + re.findall(r"^Documentation=file:(\S+)", text, re.M):
            if not (root / named.lstrip("/")).exists():
                yield f"{unit.name} names {named}, which is not installed"
    if len(units) != len(list((ROOT / "deploy/systemd").iterdir())):
        yield "a unit is not installed"


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-install-") as place:
        subprocess.run(["cmake", "--install", sys.argv[1], "--prefix", f"{place}/usr"], check=True, capture_output=True)
        faults = list(faults_of(pathlib.Path(place)))
        count = sum(1 for path in pathlib.Path(place).rglob("*") if path.is_file())
    for fault in faults:
        print(fault)
    print(f"{count} files installed, {len(faults)} faults")
    return 1 if faults or count < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
