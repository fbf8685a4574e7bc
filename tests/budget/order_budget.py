#!/usr/bin/env python3
"""The order's budget, which no busy machine can blur: what one command costs from the bytes read to the bytes
written, counted while the program `order_budget` sends it through the whole road. Instructions are
callgrind's, held against budget.json: more than three per cent growth fails. Memory taken after the start
must be none. System calls are strace's: for a command or a report one read, one write and the question who
is ready; what one pass decides for one peer shares a write.

usage: order_budget.py ORDER_BUDGET [--write] [--functions N] [--tls]
  --write takes what was measured as the new figures; --functions prints the N dearest functions of each kind
  --tls: clients come by TLS; memory and system calls are held to the same, instructions are only printed
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIGURES = pathlib.Path(__file__).with_name("budget.json")
GROWTH = 1.03
ORDERS = 200
SESSIONS = 8
KINDS = ["order", "acknowledgement", "replace", "replaced", "fill", "cancel", "cancelled", "refused"]

# Which part of the road a function belongs to; the first that fits. Helpers count where they are called from.
HELPER = "helper"
NOT_OURS = "not counted"  # the hooks that stand for the system's clock and its receive call
PARTS = [(re.compile(pattern), part) for pattern, part in [
    (r"^(clock_gettime|recvmsg|syscall|fairlead::budget::)", NOT_OURS),
    (r"^fairlead::fix::(parse_|format_|places_of|load_word)", HELPER),
    (r"^fairlead::fix::(Reader|Scan|checksum|Message)|^fairlead::gateway::Connection::frame", "read"),
    (r"^fairlead::gateway::(read_stamped|Readiness)", "receive"),
    (r"^fairlead::fix::(\(anonymous namespace\)::)?(Encoder|TimeWriter|HeaderTemplate|encode_)", "encode"),
    (r"^fairlead::gateway::(\(anonymous namespace\)::)?(encode_|begin\(|finish\()|^fairlead::gateway::Outbox::deliver",
     "encode"),
    (r"^fairlead::gateway::(translate|read_venue_message|reference_of|masked)", "translate"),
    (r"^fairlead::gateway::\(anonymous namespace\)::", "translate"),
    (r"^fairlead::fix::|^fairlead::(fix::\w+ )", "session"),
    (r"^fairlead::risk::", "apply"),
    (r"^fairlead::audit::", "append"),
    (r"^fairlead::gateway::(write_some|Road::(write|flush|gather_writes)|OutBuffer)", "write"),
    (r"^fairlead::gateway::", "road"),
]]
ORDER_OF_PARTS = ["receive", "read", "session", "translate", "apply", "append", "encode", "write", "road", "other"]


def part_of(function):
    return next((part for pattern, part in PARTS if pattern.search(function)), HELPER)


class Counts:
    """One dump of callgrind: instructions of each function itself, and of each call from one to another."""

    def __init__(self, path):
        self.own, self.calls = collections.Counter(), collections.Counter()
        self.label = ""
        names, function, callee, of_call = {}, "", "", False
        for line in open(path, encoding="utf-8", errors="replace"):
            named = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?", line)
            if named:
                which, number, name = named.groups()
                if name:
                    names[number] = name
                function, callee = (names[number], callee) if which == "fn" else (function, names[number])
            elif line.startswith("desc: Trigger: Client Request: "):
                self.label = line.split(": ")[-1].strip()
            elif line.startswith("calls="):
                of_call = True
            elif line[:1] in "0123456789+-*" and len(line.split()) > 1:
                cost = int(line.split()[1])
                if of_call:
                    self.calls[(function, callee)] += cost
                    of_call = False
                else:
                    self.own[function] += cost

    def parts(self):
        """Instructions of each part; a helper's are those of whoever called it."""
        result = collections.Counter()
        for function, cost in self.own.items():
            if part_of(function) not in (HELPER, NOT_OURS):
                result[part_of(function)] += cost
        for (caller, callee), cost in self.calls.items():
            if part_of(callee) == HELPER and part_of(caller) not in (HELPER, NOT_OURS):
                result[part_of(caller)] += cost
        result["other"] = self.total() - sum(result.values())
        return result

    def total(self):
        return sum(cost for function, cost in self.own.items() if part_of(function) != NOT_OURS)


def make_stand(place):
    subprocess.run([sys.executable, str(ROOT / "config/demo/make_demo.py"), "--out", str(place), "--run",
                    str(place / "run"), "--lead-in", "0", "--open-call", "0.001", "--continuous", "80000",
                    "--line-rate", "100000"], check=True, stdout=subprocess.DEVNULL)
    (place / "users.toml").write_bytes((ROOT / "config/demo/users.toml").read_bytes())
    (place / "run").mkdir()


def make_certificates(place):
    subprocess.run([sys.executable, str(ROOT / "tests/gateway/make_certificates.py"), str(place / "tls")], check=True)


def run(program, place, before, *arguments):
    """The program's own table: label -> passes, looks at the clock, memory taken, median time of a pass."""
    with tempfile.TemporaryDirectory(prefix="fairlead-budget-", dir="/dev/shm") as front:
        done = subprocess.run([*before, str(program), "--config", str(place / "demo.toml"), "--front", front + "/front",
                               "--sessions", str(SESSIONS), *(["--tls", place / "tls"] if (place / "tls").exists()
                                                              else []), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"order_budget failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")
    rows = [line.split() for line in done.stdout.splitlines() if not line.startswith("label ")]
    return {row[0]: [int(number) for number in row[1:]] for row in rows}


def instructions(program, place):
    found = {}
    rows = run(program, place, ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
                                f"--callgrind-out-file={place}/counts"], "--orders", ORDERS)
    for path in place.glob("counts*"):
        counts = Counts(path)
        if counts.label in KINDS:
            found[counts.label] = counts
    if sorted(found) != sorted(KINDS):
        sys.exit(f"callgrind counted {sorted(found)} only")
    return found, rows


def system_calls(program, place):
    """label -> the system calls of each of its passes, in order."""
    trace = place / "calls"
    run(program, place, ["strace", "-f", "-qq", "-o", str(trace)], "--orders", 20, "--marks")
    passes = collections.defaultdict(list)
    thread, label = None, None
    for line in open(trace, encoding="utf-8", errors="replace"):
        number, call = line.split(maxsplit=1)
        mark = re.search(r'"/order-budget/(\w+) ?(\w*)"', call)
        if mark:
            thread, label = number, mark[2] or None
            if label:
                passes[label].append([])
        elif label and number == thread and not call.startswith("<..."):
            passes[label][-1].append(call.split("(")[0])
    return passes


def judge_calls(passes):
    wrong = []

    def expect(label, reads, writes):
        for calls in passes[label] or [["no pass"]]:
            count = collections.Counter(calls)
            if (count.pop("recvmsg", 0), count.pop("sendto", 0)) != (reads, writes) or count.pop("epoll_wait", 0) > 1 \
                    or count:
                wrong.append(f"{label}: {' '.join(calls)}; expected {reads} recvmsg, {writes} sendto, one epoll_wait")
                return

    for kind in KINDS:
        expect(kind, 1, 1)
    expect("burst_of_orders", SESSIONS, 1)
    expect("burst_of_acknowledgements", 1, SESSIONS)
    expect("burst_to_one_session", 1, 1)
    return wrong


def print_parts(found):
    print(f"{'instructions':12}" + "".join(f"{kind:>16}" for kind in KINDS))
    each = {kind: counts.parts() for kind, counts in found.items()}
    for part in ORDER_OF_PARTS:
        print(f"{part:12}" + "".join(f"{round(each[kind][part] / ORDERS):16}" for kind in KINDS))
    print(f"{'all':12}" + "".join(f"{round(found[kind].total() / ORDERS):16}" for kind in KINDS))


def print_functions(found, count):
    for kind in KINDS:
        print(f"\n{kind}")
        for function, cost in found[kind].own.most_common(count):
            short = function.replace("(anonymous namespace)", "-").split("(")[0].replace("fairlead::", "")
            print(f"{cost / ORDERS:8.0f}  {short}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--functions", type=int, default=0)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairlead-budget-") as directory:
        place = pathlib.Path(directory)
        make_stand(place)
        if options.tls:
            make_certificates(place)
        found, rows = instructions(options.program, place)
        wrong = judge_calls(system_calls(options.program, place))
    print_parts(found)
    if options.functions:
        print_functions(found, options.functions)
    each = {kind: round(found[kind].total() / ORDERS) for kind in KINDS}
    each["order_and_acknowledgement"] = each["order"] + each["acknowledgement"]
    looks = sum(rows[kind][1] / rows[kind][0] for kind in ("order", "acknowledgement"))
    print(f"A new order and its acknowledgement: {each['order_and_acknowledgement']} instructions and {looks:.0f} "
          f"looks at the clock, which are not among them.")
    taken = {label: row[2] for label, row in rows.items() if row[2]}
    wrong += [f"{label}: memory was taken {times} times" for label, times in taken.items()
              if not label.startswith("first_")]
    figures = json.loads(FIGURES.read_text())
    if options.tls:
        figures = {"instructions": {}, "goal_order_and_acknowledgement": each["order_and_acknowledgement"]}
    elif options.write:
        figures["instructions"] = each
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    else:
        wrong += [f"{kind}: {each[kind]} instructions, last {last}: more than three per cent growth"
                  for kind, last in figures["instructions"].items() if each[kind] > last * GROWTH]
    goal = figures["goal_order_and_acknowledgement"]
    if each["order_and_acknowledgement"] > goal:
        print(f"The goal of {goal} for a new order and its acknowledgement is not reached.")
    for one in wrong:
        print("FAILED:", one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
