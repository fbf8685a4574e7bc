#!/usr/bin/env python3
"""Breaks the Ledger and the journal on purpose, one small change at a time, and asks whether a test notices. Works on a
copy of the tracked files; each mutant is built, the unit tests of its layer run until one fails, and the copy is made
whole again. Writes a table of what was changed and which test caught it; exit 1 when a mutant survives that
equivalent.txt does not explain.

usage: mutate.py [--count N] [--seed S] [--only TEXT] [--out FILE] [--again TABLE]
"""
import argparse
import collections
import dataclasses
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What is broken, and the tests that ought to notice, the quickest first.
RISK = ("risk/ledger*.cpp", "risk/checks.cpp", "risk/credit.*", "risk/message_window.hpp", "risk/flat_index.hpp")
JOURNAL = ("audit/format.cpp", "audit/frame.cpp", "audit/front.cpp", "audit/front_layout.cpp", "audit/front_reader.cpp",
           "audit/hash.cpp", "audit/merkle.cpp", "audit/note.cpp", "audit/checkpoint_files.cpp", "audit/recovery.hpp",
           "audit/journal_reader.cpp", "audit/segment_directory.cpp",
           "audit/keeper/checkpointer.*", "audit/keeper/keeper*", "audit/keeper/saved_edge.cpp",
           "audit/keeper/segment_store.cpp", "audit/examine/verify.cpp")
TESTS = {"risk": ["risk_test"],
         "audit": ["audit_format_test", "audit_front_test", "audit_checkpoint_test", "audit_recovery_model_test",
                   "audit_keeper_test", "audit_examine_test", "audit_damage_test", "audit_kill_test",
                   "audit_spare_test", "audit_read_ahead_test", "audit_trail_test"]}
# Not mutated: assertions (no test can break an invariant from outside), what is only faster, cleaner or said with it.
LEFT_ALONE = re.compile(r"require\(|static_assert|#|reserve\(|cleanse|std::free|prefetch|say\(|log\(|spdlog|printf"
                        r"|error_? =|push_back\(|std::to_string|nodiscard|template|operator|static_cast<void>|= delete")
OPERATORS = {"<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "==": ["!="], "!=": ["=="], "&&": ["||"],
             "||": ["&&"], "+": ["-"], "-": ["+"], "+=": ["-="], "-=": ["+="]}
OPERATOR = re.compile(r"(?<= )(" + "|".join(re.escape(each) for each in sorted(OPERATORS, key=len, reverse=True))
                      + r")(?= )")
CONDITION = re.compile(r"^(\s*(?:\} else )?if )\((.*)\) \{$")
STATEMENT = re.compile(r"^\s*(?:\+\+|--)?[A-Za-z_][^{}]*;$")
DECLARATION = re.compile(r"^\s*(?:const|auto|static|using|return|break|continue|throw|co_|case|default|goto|friend|"
                         r"[\w:]+(?:<.*>)?[&*]? [\w]+)\b")
TIMEOUT_S = 180


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    line: int  # from 1
    what: str
    before: str
    after: str

    def key(self):
        """How equivalent.txt names it: lines move, texts do not."""
        return f"{self.file} | {self.before.strip()} | {self.after.strip() or 'removed'}"


def masked(line):
    """The line with strings, characters and comments blanked, every column where it was."""
    line = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])+\'', lambda found: "_" * len(found[0]), line)
    return re.sub(r"//.*", lambda found: " " * len(found[0]), line)


def mutants_of(name, text):
    lines = text.splitlines()
    for index, line in enumerate(lines):
        code = masked(line)
        if not code.strip() or LEFT_ALONE.search(line):
            continue
        before = masked(lines[index - 1]).rstrip() if index else ""
        for found in OPERATOR.finditer(code):
            for other in OPERATORS[found[1]]:
                yield Mutant(name, index + 1, f"{found[1]} becomes {other}", line,
                             line[:found.start()] + other + line[found.end():])
        if condition := CONDITION.match(code):
            inside = line[condition.start(2):condition.end(2)]
            for what, other in (("never", "false"), ("the contrary", f"!({inside})")):
                if ";" not in inside and not (what != "never" and OPERATOR.search(inside)):
                    yield Mutant(name, index + 1, f"condition: {what}", line, f"{condition[1]}({other}) {{")
        if re.search(r"return (true|false);", code):
            turned = {"true": "false", "false": "true"}
            yield Mutant(name, index + 1, "the other answer", line,
                         re.sub(r"return (true|false);", lambda found: f"return {turned[found[1]]};", line))
        whole = not before or before.endswith((";", "{", "}", ":")) or not before.strip()
        if whole and STATEMENT.match(code) and not DECLARATION.match(code) and code.count("(") == code.count(")"):
            yield Mutant(name, index + 1, "removed", line, "")


def chosen(files, count, seed, only):
    """As many of each file as its share, of each kind in turn, the same for the same seed and the same sources."""
    drawn = random.Random(seed)
    by_file = collections.OrderedDict()
    for name in files:
        found = [each for each in mutants_of(name, (ROOT / name).read_text()) if only in each.key()]
        drawn.shuffle(found)
        by_file[name] = found
    total = sum(map(len, by_file.values()))
    taken = []
    for found in by_file.values():
        taken += found[:max(1, round(count * len(found) / total))] if found else []
    return taken, total


def survivors(files, table):
    """The mutants that a table of an earlier run has as survived, as far as their lines are still there."""
    wanted = set()
    for row in table.read_text().splitlines():
        cells = [cell.replace(chr(92) + "|", "|").strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        if len(cells) == 4 and cells[3].startswith("survived"):
            wanted.add((cells[0].rsplit(":", 1)[0], cells[1], cells[2].strip("`")))
    found = {}
    for name in files:
        for each in mutants_of(name, (ROOT / name).read_text()):
            if (each.file, each.what, each.before.strip()) in wanted:
                found[each.key()] = each
    return list(found.values())


def run(words, cwd, timeout=None):
    def limits():
        os.nice(5)
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    process = subprocess.Popen(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", preexec_fn=limits, start_new_session=True)
    try:
        out, _ = process.communicate(timeout=timeout)
        return process.returncode, out
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return None, "no end"


class Tree:
    """A copy of the tracked files, built without optimising much and without warnings: a mutant may well have one."""

    def __init__(self, place, layers):
        self.place = place
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in listed.split():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
                shutil.copyfile(ROOT / name, target)
        targets = [test for layer in layers for test in TESTS[layer]]
        self.must(["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                   "-DCMAKE_CXX_FLAGS=-O1 -w -D_GLIBCXX_ASSERTIONS", "-DCMAKE_C_FLAGS=-O1 -w"])
        self.must(["cmake", "--build", "build", "--target", *targets])

    def must(self, words):
        code, out = run(words, self.place)
        if code != 0:
            raise SystemExit(f"{' '.join(words)}:\n{out[-3000:]}")

    def verdict(self, mutant):
        """What became of it: the test that caught it, 'survived', or None when it does not compile."""
        file = self.place / mutant.file
        whole = file.read_text()
        lines = whole.split("\n")
        lines[mutant.line - 1] = mutant.after
        layer = mutant.file.split("/")[0]
        tests = TESTS[layer]
        try:
            file.write_text("\n".join(lines))
            code, _ = run(["cmake", "--build", "build", "--target", *tests], self.place)
            if code != 0:
                return None
            for test in tests:
                code, _ = run([f"build/tests/{test}", "--abort"], self.place, TIMEOUT_S)
                if code != 0:
                    return test + ("" if code is not None else " (does not end)")
            return "survived"
        finally:
            file.write_text(whole)


def explained():
    """Mutants that change nothing anybody could see, each with its reason."""
    reasons = {}
    for line in (pathlib.Path(__file__).parent / "equivalent.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            *key, reason = line.split(" | ")
            reasons[" | ".join(key)] = reason
    return reasons


def report(results, given, total, took_s):
    caught = [each for each in results if each[1] not in ("survived",)]
    reasons = explained()
    yield (f"{len(results)} mutants of {total} possible (seed {given.seed}), {len(caught)} caught, "
           f"{sum(1 for mutant, _ in results if mutant.key() in reasons and _ == 'survived')} survived with a reason, "
           f"{sum(1 for mutant, _ in results if mutant.key() not in reasons and _ == 'survived')} without; "
           f"{took_s / 60:.0f} minutes.")
    yield ""
    yield "| where | what was done | the line | caught by |"
    yield "|---|---|---|---|"
    for mutant, verdict in results:
        shown = mutant.before.strip().replace("|", "\\|")
        if verdict == "survived":
            verdict = "survived: " + reasons.get(mutant.key(), "**not explained**")
        yield f"| {mutant.file}:{mutant.line} | {mutant.what.replace('|', chr(92) + '|')} | `{shown}` | {verdict} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants whose file or line has this text")
    parser.add_argument("--out", type=pathlib.Path, help="where the table goes")
    parser.add_argument("--again", type=pathlib.Path, metavar="TABLE", help="only those that survived there")
    parser.add_argument("--place", type=pathlib.Path, default=ROOT / "build/mutation", help="the copy")
    given = parser.parse_args()
    files = sorted({str(path.relative_to(ROOT)) for pattern in RISK + JOURNAL for path in ROOT.glob(pattern)})
    begin = time.monotonic()
    mutants, total = chosen(files, given.count, given.seed, given.only)
    if given.again:
        mutants = survivors(files, given.again)
    tree = Tree(given.place, sorted({each.file.split("/")[0] for each in mutants}))
    results, broken = [], 0
    for number, mutant in enumerate(mutants, 1):
        verdict = tree.verdict(mutant)
        if verdict is None:
            broken += 1
        else:
            results.append((mutant, verdict))
        print(f"{number}/{len(mutants)} {mutant.file}:{mutant.line} {mutant.what}: {verdict or 'does not compile'}"
              + (f"\n    {mutant.key()}" if verdict == "survived" else ""), flush=True)
    text = "\n".join(report(results, given, total, time.monotonic() - begin))
    if given.out:
        given.out.write_text(text + "\n")
    print(f"\n{text.splitlines()[0]} {broken} more did not compile." if text else "")
    reasons = explained()
    return 1 if any(verdict == "survived" and mutant.key() not in reasons for mutant, verdict in results) else 0


if __name__ == "__main__":
    sys.exit(main())
