#!/usr/bin/env python3
"""Runs the fuzz targets for a fixed count each, from the kept inputs on: corpus/TARGET/ (written by hand, or taken from
the demo) and corpus/TARGET.tar.gz (found by earlier runs). An input that breaks a rule is kept and named with the
command that repeats it; it becomes a file in corpus/TARGET/ before the fix. With --keep what was found goes into
the archive.

usage: fuzz.py FUZZ_BUILD [--share PART] [--keep] [TARGET ...]
"""
import argparse
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
# Runs, and bytes of the longest input: about a minute each on the machine this was written on.
TARGETS = {"reader": (2_000_000, 1_500), "session": (400_000, 2_000), "t30": (3_000_000, 400),
           "journal": (2_000_000, 8_192), "control": (800_000, 1_024), "config": (30_000, 20_000)}


def unpack(target, folder):
    for file in (CORPUS / target).iterdir():
        shutil.copy(file, folder)
    archive = CORPUS / f"{target}.tar.gz"
    if archive.exists():
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                (folder / pathlib.Path(member.name).name).write_bytes(tar.extractfile(member).read())


def pack(target, program, folder):
    """The smallest set of inputs that reaches what all of them reach, the same bytes for the same set."""
    with tempfile.TemporaryDirectory(prefix="fairlead-merge-") as name:
        subprocess.run([str(program), "-merge=1", name, str(CORPUS / target), str(folder)], check=True,
                       capture_output=True)
        known = {file.read_bytes() for file in (CORPUS / target).iterdir()}

        def plain(info):
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            return info
        bare = pathlib.Path(name) / "bare.tar"
        with tarfile.open(bare, "w") as tar:
            for file in sorted(pathlib.Path(name).iterdir()):
                if file != bare and file.read_bytes() not in known:
                    tar.add(file, file.name, filter=plain)
        (CORPUS / f"{target}.tar.gz").write_bytes(gzip.compress(bare.read_bytes(), mtime=0))


def fuzz(target, program, share, keep, artifacts):
    runs, longest = TARGETS[target]
    with tempfile.TemporaryDirectory(prefix=f"fairlead-fuzz-{target}-") as name:
        folder = pathlib.Path(name)
        unpack(target, folder)
        kept = len(list(folder.iterdir()))
        done = subprocess.run([str(program), str(folder), f"-runs={int(runs * share)}", f"-max_len={longest}",
                               "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1",
                               f"-artifact_prefix={artifacts}/{target}-"], capture_output=True, text=True,
                              errors="replace")
        said = done.stderr
        count = re.search(r"number_of_executed_units: (\d+)", said)
        cover = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
        if done.returncode != 0:
            print(f"{target}: a rule is broken\n{said[-3000:]}")
            for file in artifacts.glob(f"{target}-*"):
                print(f"repeat with: {program} {file}")
            return False
        edges, features, inputs = cover[-1] if cover else ("?", "?", "?")
        print(f"{target:<8} {int(count[1]) if count else 0:>9,} runs from {kept} kept inputs: {edges} edges, "
              f"{features} features, {inputs} inputs, nothing broken", flush=True)
        if keep:
            pack(target, program, folder)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--share", type=float, default=1.0, help="of the count, default 1")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    artifacts = (given.build / "artifacts").resolve()
    artifacts.mkdir(parents=True, exist_ok=True)
    results = [fuzz(target, (given.build / f"tests/fuzz_{target}").resolve(), given.share, given.keep, artifacts)
               for target in given.targets or TARGETS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
