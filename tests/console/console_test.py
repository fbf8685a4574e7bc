#!/usr/bin/env python3
"""The console of the risk desk, as built: unit tests of its pure parts, its types, the stand-in desk held against the
OpenAPI document, and a walk through every page in a headless Chromium: new user, forced password change, a limit
lowered, used up and raised by two, a batch, orders, stop and resume, languages, the keyboard. Pictures of it are left
in BUILD/console-pictures.

usage: console_test.py unit|check|stand_in|desk PROGRAMS BUILD; exit code 77 without npm, which the console is built with
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CONSOLE = ROOT / "gateway/desk/console"
DOCUMENT = ROOT / "gateway/desk/openapi.json"
INVESTORS = 10_000
SKIPPED = 77  # ctest: this machine cannot run the test
sys.path[:0] = [str(ROOT / "deploy"), str(HERE.parent)]
from npm import packages  # noqa: E402


def run(*command, **options):
    return subprocess.run([str(part) for part in command], **options).returncode


def unit(build):
    tools = build / "npm-console/node_modules/.bin"
    with tempfile.TemporaryDirectory(prefix="fairlead-console-") as place:
        bundle = pathlib.Path(place) / "unit.test.mjs"
        subprocess.run([str(tools / "esbuild"), str(HERE / "unit.test.ts"), "--bundle", "--platform=node", "--format=esm",
                        f"--outfile={bundle}", "--log-level=warning"], check=True)
        return run("node", "--test", bundle, env=os.environ | {"FAIRLEAD_CONSOLE_SOURCES": str(CONSOLE / "src")})


def check(build):
    return run("npm", "run", "--silent", "check", cwd=build / "npm-console",
               env=os.environ | {"FAIRLEAD_OPENAPI": str(DOCUMENT)})


def walk(build, found, address, process, investor, size, name):
    return run("node", HERE / "walk.mjs", address, build / "console-pictures" / name, process, investor, size,
               env=os.environ | {"PACKAGES": str(found)}, timeout=1700)


def stand_in(build):
    found = packages(HERE, build / "npm-console-test")
    with subprocess.Popen(["node", str(CONSOLE / "dev/mock.mjs"), "--console", str(build / "console"), "--investors",
                           str(INVESTORS)], stdout=subprocess.PIPE, text=True) as desk:
        try:
            address = desk.stdout.readline().strip()
            shape = run("node", HERE / "shape.mjs", address, DOCUMENT, env=os.environ | {"PACKAGES": str(found)},
                        timeout=300)
        finally:
            desk.kill()
    # What the shapes were shown with has changed its state: the walk begins with a new one.
    with subprocess.Popen(["node", str(CONSOLE / "dev/mock.mjs"), "--console", str(build / "console"), "--investors",
                           str(INVESTORS)], stdout=subprocess.PIPE, text=True) as desk:
        try:
            address = desk.stdout.readline().strip()
            return walk(build, found, address, desk.pid, "INV0000003", "many", "stand-in") or shape
        finally:
            desk.kill()


def main():
    if shutil.which("npm") is None:
        print("npm is missing: there is no console to test")
        sys.exit(SKIPPED)
    what, programs, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
    if what == "desk":
        from desk_walk import real_desk
        sys.exit(real_desk(programs, lambda *rest: walk(build, packages(HERE, build / "npm-console-test"), *rest, "desk")))
    sys.exit({"unit": unit, "check": check, "stand_in": stand_in}[what](build))


if __name__ == "__main__":
    main()
