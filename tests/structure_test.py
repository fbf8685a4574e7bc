#!/usr/bin/env python3
"""Holds what the architecture draws: who may include whom, what risk/ may use, how long files are, that every reason
to refuse is named by a test, and that the tests which the table of faults names exist. Exit 0, or 1 with one line a
fault."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = {"risk": {"risk"}, "config": {"risk", "config"}, "audit": {"risk", "config", "audit"},
          "gateway": {"risk", "config", "audit", "gateway"}}
STANDARD_ONLY = re.compile(r"#include <([a-z_]+)>$")
IMPURE = re.compile(r"\b(double|float|std::(chrono|thread|mutex|cout|cerr|unordered_map|map|shared_ptr|random\w*|hash)"
                    r"|malloc|clock_gettime|getrandom|rand)\b|\bnew [A-Z]")
# Longer than 600 lines, and why that is one thing: a table with a row for each reason of refusal.
LONG_FILES = {"tests/risk/check_test.cpp"}


def tracked(*endings):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split() if name.endswith(endings)]


def without_comments(text):
    return re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', text))


def include_faults(name, text):
    layer = name.split("/")[0]
    for include in re.findall(r'#include "([^"]+)"', text):
        if layer in LAYERS and include.split("/")[0] not in LAYERS[layer]:
            yield f"{name}: includes {include}: {layer}/ may only include {sorted(LAYERS[layer])}"
        if layer not in ("tests", "bench") and include.split("/")[0] in ("tests", "bench"):
            yield f"{name}: includes {include}: nothing includes tests/ or bench/"
    if layer == "risk":
        for line in text.splitlines():
            if line.startswith("#include <") and not STANDARD_ONLY.match(line):
                yield f"{name}: {line}: risk/ uses the C++ standard library only"


def table_faults():
    """Of tests/FAULTS.md: the tests it names must be there."""
    made = "".join((ROOT / name).read_text(encoding="utf-8") for name in tracked("CMakeLists.txt"))
    tests = set(re.findall(r"fairlead_test\((\w+)", made)) | set(re.findall(r"add_test\(NAME (\w+)", made))
    cases = set()
    for name in tracked("_test.cpp", "test.cpp"):
        cases |= set(re.findall(r'TEST_CASE\(\s*"([^"]+)"', (ROOT / name).read_text(encoding="utf-8")))
    rows = [line for line in (ROOT / "tests/FAULTS.md").read_text(encoding="utf-8").splitlines()
            if re.match(r"\| \d", line)]
    for row in rows:
        number, shown_by = (row.split(" | ")[at].strip("| ") for at in (0, 3))
        for named in re.findall(r"`(\w[^`]*)`", shown_by):
            test, _, case = named.partition(": ")
            if test not in tests:
                yield f"tests/FAULTS.md: row {number}: there is no test {test}"
            if case and case not in cases:
                yield f"tests/FAULTS.md: row {number}: no test has a case {case}"
    if len(rows) < 60:
        yield f"tests/FAULTS.md: only {len(rows)} rows were found"


def script_faults():
    """Of tests/sessions/README.md: every script stands in its table, and everything it names is there."""
    folder = ROOT / "tests/sessions"
    scripts = set()
    for script in folder.glob("*.script"):
        scripts |= set(re.findall(r"^== (\w+)$", script.read_text(encoding="utf-8"), re.M))
    made = "".join((ROOT / name).read_text(encoding="utf-8") for name in tracked("CMakeLists.txt"))
    tests = set(re.findall(r"(?:fairlead_test\(|add_test\(NAME )(\w+)", made))
    table = (folder / "README.md").read_text(encoding="utf-8").partition("## Where each rule is shown")[2]
    named = set(re.findall(r"`(\w+)`", table.partition("|---|---|")[2]))
    for name in sorted(named - scripts - tests):
        yield f"tests/sessions/README.md: there is no script or test {name}"
    for name in sorted(scripts - named):
        yield f"tests/sessions/README.md: the script {name} is in no row"


def main():
    faults = [*table_faults(), *script_faults()]
    sources = tracked(".cpp", ".hpp")
    tests = ""
    for name in sources:
        text = (ROOT / name).read_text(encoding="utf-8")
        faults += include_faults(name, text)
        lines = text.count("\n")
        if lines > 600 and name not in LONG_FILES:
            faults.append(f"{name}: {lines} lines, at most 600 without a reason")
        described = name.endswith(".cpp") and (ROOT / name).with_suffix(".hpp").exists()  # its header says it
        if not text.startswith("//") and not described:
            faults.append(f"{name}: does not open with what it is")
        if name.startswith("risk/"):
            faults += [f"{name}: {found.group(0)}: risk/ is pure" for found in IMPURE.finditer(without_comments(text))]
        if name.startswith(("risk/", "audit/")) and re.search(r"\b(TODO|FIXME)\b", text):
            faults.append(f"{name}: a TODO is left")
        if name.startswith("tests/risk/"):
            tests += text
    reasons = re.search(r"enum class Reason[^{]*\{(.*?)\};", (ROOT / "risk/reason.hpp").read_text(), re.S).group(1)
    for reason in re.findall(r"^\s+(\w+) = \d+", reasons, re.M):
        if reason != "none" and not re.search(rf"\b{reason}\b", tests):
            faults.append(f"risk/reason.hpp: {reason}: no test in tests/risk names it")
    for fault in faults:
        print(fault)
    print(f"{len(sources)} sources looked at, {len(faults)} faults")
    return 1 if faults or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
