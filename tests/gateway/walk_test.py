#!/usr/bin/env python3
"""The examiner's walk in README works as printed: its commands, run in one shell on the journal of a demo day, end
well, and say what README says, line by line, but for numbers, names and times.

usage: walk_test.py PROGRAMS
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MARK = "-- the next command --"


def walk():
    """Commands with the lines README shows behind them."""
    text = (ROOT / "README.md").read_text()
    section = text[text.index("### A walk through a day"):]
    section = section[:section.index("\n### ", 5)]
    steps = []
    for block in re.findall(r"```\n(.*?)```", section, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def shape(line):
    """What must be the same on another day: the words, not the figures, names and securities."""
    line = re.sub(r"\S*\d\S*", "#", line)
    return re.sub(r"(# ?)+", "# ", line).strip()


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    steps = walk()
    wrong = ["README has no walk"] * (len(steps) < 10)
    with tempfile.TemporaryDirectory(prefix="fairlead-walk-") as name:
        folder = pathlib.Path(name)
        (folder / "tests").symlink_to(ROOT / "tests")
        day = subprocess.run([sys.executable, str(ROOT / "deploy/demo.py"), "--programs", str(programs), "--directory",
                              str(folder / "run/demo"), "--seconds", "5"], capture_output=True, text=True)
        if day.returncode != 0:
            print(day.stdout + day.stderr + "\nthe demo day did not end well")
            return 1
        script = "set -e -o pipefail\n" + "".join(f"{command}\necho '{MARK}'\n" for command, _ in steps)
        done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True,
                              env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"})
        said = done.stdout.split(MARK + "\n")
        if done.returncode != 0:
            wrong.append(f"'{steps[min(len(said), len(steps)) - 1][0]}' ended with {done.returncode}: "
                         f"{(said[-1] + done.stderr).strip()}")
        for (command, shown), output in zip(steps, said):
            found = {shape(line) for line in output.splitlines()}
            wrong += [f"'{command}' does not say '{line}'" for line in shown
                      if line != "..." and shape(line) not in found]
    print("\n".join(wrong) if wrong else f"{len(steps)} commands of the walk, each as README says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
