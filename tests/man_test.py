#!/usr/bin/env python3
"""Holds the man pages against the programs: every option that --help prints stands in the page under its command, no
page has one that is gone, every command has its section, every program's --help has an example, and mandoc finds no
fault. Needs mandoc.

usage: man_test.py PROGRAMS
"""
import pathlib
import re
import subprocess
import sys

PAGES = pathlib.Path(__file__).resolve().parent.parent / "deploy/man"
OPTION_OF_HELP = re.compile(r"^  (?:-\w,)?(--[\w-]+)", re.M)
OPTION_OF_PAGE = re.compile(r"^\.It (?:Fl \w , )?Fl -([\w-]+)", re.M)
COMMAND_OF_HELP = re.compile(r"^  (\S+)", re.M)


def help_of(program, *words):
    done = subprocess.run([str(program), *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def commands(program, *words):
    """Each command that takes arguments of its own, as its words."""
    _, found, listed = help_of(program, *words).partition("Subcommands:\n")
    for name in COMMAND_OF_HELP.findall(re.split(r"\n\n", listed)[0]) if found else []:
        yield from commands(program, *words, name)
    if not found:
        yield words


def faults_of(page, program):
    text = page.read_text(encoding="utf-8")
    head, *rest = re.split(r"^\.Ss (.*)$", text.partition("\n.Sh FILES")[0], flags=re.M)
    sections = dict(zip(rest[::2], rest[1::2])) | {"": head}
    wanted = {" ".join(words): words for words in commands(program)} | {"": ()}
    for name, words in wanted.items():
        if name not in sections:
            yield f"{page.name}: no section for '{name}'"
            continue
        printed = set(OPTION_OF_HELP.findall(help_of(program, *words))) - ({"--help"} if name else set())
        told = {f"--{option}" for option in OPTION_OF_PAGE.findall(sections[name])}
        for option in sorted(printed ^ told):
            yield f"{page.name}: '{name}' {option} is only in " + ("--help" if option in printed else "the page")
    groups = {" ".join(words[:at]) for words in wanted.values() for at in range(1, len(words))}
    for name in sorted(set(sections) - set(wanted) - groups):
        yield f"{page.name}: there is no command '{name}'"
    if "Example" not in help_of(program):
        yield f"{program.name}: --help has no example"
    linted = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(page)], capture_output=True, text=True)
    yield from linted.stdout.splitlines()


def main():
    programs = pathlib.Path(sys.argv[1])
    pages = sorted(PAGES.glob("*.[18]"))
    faults = [fault for page in pages for fault in faults_of(page, programs / page.stem)]
    for fault in faults:
        print(fault)
    print(f"{len(pages)} pages looked at, {len(faults)} faults")
    return 1 if faults or len(pages) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
