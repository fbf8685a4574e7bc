#!/usr/bin/env python3
"""Sources that are compiled together mean what they mean alone.

The compiler refuses two equal names in one scope, but not two functions of one name with different arguments: one
file then calls the other's, silently. So no function of an unnamed namespace may share its name with, or be called
by, another file of the same batch (fairlead_alone is for those that do).

Usage: unity_test.py BUILD_DIRECTORY
"""
import pathlib
import re
import sys

MACROS = {"TEST_CASE", "BENCHMARK"}


def without_words(text):
    """The text without comments and strings."""
    text = re.sub(r'R"(\w*)\(.*?\)\1"', '""', text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def outermost(text, begin):
    """What stands in the braces opened before `begin`, without what stands in braces of its own."""
    depth, out = 1, []
    for char in text[begin:]:
        depth += (char == "{") - (char == "}")
        if depth == 0:
            break
        if depth == 1:
            out.append(";" if char == "}" else char)
    return "".join(out)


def unnamed_functions(text):
    names = set()
    for match in re.finditer(r"namespace\s*\{", text):
        names.update(re.findall(r"[\s*&](\w+)\s*\([^;]*?\)[^;=]*;", outermost(text, match.end())))
    names.update(re.findall(r"^static\s[^;={(]*?[\s*&](\w+)\s*\(", text, flags=re.M))
    return names - MACROS


def calls(text, name):
    """Whether text calls name and does not declare it: as a member of its own, or as a variable."""
    called = False
    for match in re.finditer(rf"(?<![\w.>:]){name}\s*\(", text):
        before = re.search(r"(\w+|>)[\s*&]+$", text[:match.start()])
        if before and before.group(1) not in {"return", "else", "throw", "co_return"}:
            return False
        called = True
    return called


def clashes(batch):
    """Lines that tell what the files of a batch, in their order, mean to each other."""
    texts = {path: without_words(path.read_text()) for path in batch}
    owned = {path: unnamed_functions(texts[path]) for path in batch}
    for place, path in enumerate(batch):
        for later in batch[place + 1:]:
            for name in sorted(owned[path]):
                if name in owned[later]:
                    yield f"{path} and {later} both have {name}()"
                elif calls(texts[later], name):
                    yield f"{later} calls {name}() and would get that of {path}"


def main():
    found, batches = [], 0
    build = pathlib.Path(sys.argv[1])
    named = re.findall(r"\S+/Unity/unity_\d+_cxx\.cxx", (build / "build.ninja").read_text())
    for unity in sorted({(build / name).resolve() for name in named}):
        batch = [pathlib.Path(name) for name in re.findall(r'#include "([^"]+\.cpp)"', unity.read_text())]
        batches += 1
        found += clashes(batch)
    for line in found:
        print(line)
    print(f"{batches} batches, {len(found)} clashes")
    sys.exit(1 if found or not batches else 0)


if __name__ == "__main__":
    main()
