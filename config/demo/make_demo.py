#!/usr/bin/env python3
"""Writes the demo's data: configuration, accounts, limits, inventory, T30 files, calendar, users.

The same options give the same files, but for users.toml, whose salts are random: it is only written
when it is missing or asked for. Larger sets for capacity tests come from --accounts and --investors.
The password of every demo user is "demo-" and the user's name.
"""
import argparse
import csv
import ctypes
import pathlib
import random

BRANCHES = ["8610", "8611", "8612", "8613"]
DIMENSIONS = ["buy", "sell", "gross_day", "net", "offset", "symbol_long", "symbol_short"]
USUAL = [2_000_000_000, 2_000_000_000, 4_000_000_000, 2_000_000_000, 1_000_000_000, 20_000_000, 20_000_000]
LOW = [20_000_000, 20_000_000, 30_000_000, 20_000_000, 10_000_000, 200_000, 200_000]
STAFF = [
    ("risk.officer", "risk_officer"),
    ("risk.approver", "risk_approver"),
    ("operator", "operator"),
    ("support", "trader_support"),
    ("examiner", "examiner"),
]
# argon2id cheap enough for two dozen logons in the first second of a demo (8 MiB, two passes).
# Production hashes come from `fairlead user hash` with its own, higher cost.
DEMO_OPERATIONS, DEMO_MEMORY_BYTES = 2, 8 * 1024 * 1024


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = pathlib.Path(__file__).resolve().parent
    parser.add_argument("--out", type=pathlib.Path, default=here, help="directory to write to")
    parser.add_argument("--securities", type=pathlib.Path, default=here.parent / "data" / "securities.csv")
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--investors", type=int, default=0, help="default: three in ten of the accounts")
    parser.add_argument("--holdings", type=int, default=5, help="securities held by each account")
    parser.add_argument("--extra-securities", type=int, default=0, help="made-up codes, for capacity tests")
    parser.add_argument("--sessions", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lead-in", type=float, default=2, help="seconds the opening call is longer, for logons")
    parser.add_argument("--open-call", type=float, default=2)
    parser.add_argument("--continuous", type=float, default=6)
    parser.add_argument("--close-call", type=float, default=2)
    parser.add_argument("--after-hours", type=float, default=1)
    parser.add_argument("--run", default="../../run", help="where the demo's journal and control socket go")
    parser.add_argument("--front", default="/dev/shm/fairlead-demo", help="the front, on tmpfs")
    parser.add_argument("--client-port", type=int, default=9870)
    parser.add_argument("--twse-port", type=int, nargs="+", default=[9881], help="one line for each port")
    parser.add_argument("--tpex-port", type=int, nargs="+", default=[9882])
    parser.add_argument("--line-rate", type=int, default=10_000, help="messages a second of each line")
    parser.add_argument("--users", action="store_true", help="write users.toml again, with new salts")
    return parser.parse_args()


def read_securities(path, seed):
    """Rows with a price. The sample file prices hardly any TPEx security: every eighth stock of TPEx is
    given a made-up one here, which reaches the gateway through the demo's T30 file only."""
    rng = random.Random(seed)
    rows = []
    unpriced = 0
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["reference_price"] and row["market"].upper() == "TPEX" and row["kind"] == "stock":
                unpriced += 1
                price = round(15 * 40 ** rng.random() * 10_000)
                row["reference_price"] = str((price - price % tick_units("stock", price)) / 10_000)
                row["made_up"] = True
                if unpriced % 8 != 0:
                    continue
            if row["reference_price"]:
                rows.append(row)
    return rows


def write_rows(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(header) + "\n")
        for row in rows:
            file.write(",".join(str(field) for field in row) + "\n")


def make_accounts(options, rng):
    investors = options.investors or max(1, options.accounts * 3 // 10)
    rows = []
    for i in range(options.accounts):
        flags = []
        if rng.random() < 0.6:
            flags.append("day_trade")
            if rng.random() < 0.4:
                flags.append("sell_first")
        if rng.random() < 0.05:
            flags.append("strict_sells")
        if rng.random() < 0.1:
            flags.append("qualified")
        if rng.random() < 0.02:
            flags.append("disabled")
        if i % 50 == 49:
            flags.append("own")
        credit = "034" if rng.random() < 0.3 else "0"
        # Every fourth investor has accounts at more than one branch.
        investor = (i * 7 + i // investors) % investors
        rows.append((BRANCHES[i * len(BRANCHES) // options.accounts if i % 4 else i // 4 % 4], f"{17 + i:07d}",
                     f"INV{investor:07d}", " ".join(flags), credit))
    return rows


def make_limits(options, accounts):
    yield ("firm", "", "gross_day", "", 500_000_000_000)
    yield ("firm", "", "reported", "", 800_000_000_000)
    for branch in sorted({row[0] for row in accounts}):
        yield ("branch", branch, "gross_day", "", 300_000_000_000)
    for investor in sorted({row[2] for row in accounts}):
        values = LOW if int(investor[3:]) % 6 == 5 else USUAL
        for dimension, value in zip(DIMENSIONS, values):
            yield ("investor", investor, dimension, "", value)
        yield ("investor", investor, "message_rate", "", 500)
    for row in accounts[::25]:
        yield ("account", f"{row[0]}-{row[1]}", "order_value", "", 3_000_000)


def make_inventory(options, accounts, securities, rng):
    for row in accounts:
        for security in rng.sample(securities, min(options.holdings, len(securities))):
            shares = rng.choice([2, 5, 10, 20, 50, 100]) * 1000 + rng.choice([0, 0, 0, 137, 500])
            borrow = 10_000 if rng.random() < 0.2 else 0
            yield (row[0], row[1], security["code"], shares, borrow)


TICKS = {
    "stock": [(10, 0.01), (50, 0.05), (100, 0.1), (500, 0.5), (1000, 1), (1e9, 5)],
    "fund": [(50, 0.01), (1e9, 0.05)],
}


def tick_units(kind, price_units):
    table = TICKS["stock" if kind in ("stock", "preferred", "tdr") else "fund"]
    for below, tick in table:
        if price_units < below * 10_000:
            return round(tick * 10_000)
    return 0


def t30_record(security, tpex, disposition, attention):
    units = round(float(security["reference_price"]) * 10_000)
    kind = security["kind"]
    up = units * 11 // 10
    up -= up % tick_units(kind, up)
    up = max(up, units + tick_units(kind, units))
    down = -(-units * 9 // 10)
    tick = tick_units(kind, down)
    down = min(-(-down // tick) * tick, units - tick_units(kind, units - 1))
    date = security["reference_date"].replace("-", "") or "00000000"
    name = b" " * 16  # the real file has the name in Big5; nothing reads it
    interval = 5 if disposition else 0
    head = f"{security['code']:<6}{up:09d}{units:09d}{down:09d}{date:>8}0{int(disposition)}{int(attention)}0" + "0000Y"
    detail = f"{interval:03d}{0:06d}{0:06d}{0:03d}Y"
    tail = (" " if tpex else "") + " " + ("X" if not disposition else " ") + "0"
    record = head.encode() + name + detail.encode() + tail.encode()
    return record + b" " * (100 - len(record)) + b"\n"


def make_t30(securities, venue, count):
    chosen = [s for s in securities if s["market"].upper() == venue and s["kind"] in ("stock", "etf")]
    chosen = chosen[:: max(1, len(chosen) // count)][:count]
    if venue == "TPEX":  # all of those with made-up prices must be in it
        chosen = [s for s in securities if s["market"].upper() == venue and s["kind"] == "stock"]
    return b"".join(t30_record(s, venue == "TPEX", i % 40 == 39, i % 20 == 19) for i, s in enumerate(chosen))


def clock(seconds):
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 3_600_000:02d}:{milliseconds // 60_000 % 60:02d}:{milliseconds // 1000 % 60:02d}" + (
        f".{milliseconds % 1000:03d}" if milliseconds % 1000 else "")


def make_calendar(options, sample):
    text = sample[: sample.index("\n# Phases take orders")]
    text = text.replace('origin = "midnight"', 'origin = "start"')
    text = "# The demo's day: the same tick tables as config/data/calendar.toml, phases of seconds.\n" + text
    open_end = options.lead_in + options.open_call
    close_start = open_end + options.continuous
    close_end = close_start + options.close_call
    phases = [
        ("regular", "open_call", 0, open_end),
        ("regular", "continuous", open_end, close_start),
        ("regular", "close_call", close_start, close_end),
        ("intraday_odd_lot", "odd_lot", open_end, close_end),
        ("after_hours_odd", "odd_lot", close_end, close_end + options.after_hours),
        ("after_hours_fixed", "fixed_price", close_end, close_end + options.after_hours),
    ]
    for session, phase, start, end in phases:
        text += f"""
[[phase]]
venues = ["TWSE", "TPEx"]
session = "{session}"
phase = "{phase}"
from = "{clock(start)}"
to = "{clock(end)}"
"""
    return text


def make_config(options):
    text = f"""# The demo: two venue lines to the exchange stand-in on this machine, {options.sessions} client sessions, a
# day of seconds. Written by make_demo.py; every key is explained in config/fairlead.toml.
# The password of every user is "demo-" and the user's name.
[gateway]
name = "fairlead-demo"
polling = true
listen = ["127.0.0.1:{options.client_port}"]

[journal]
directory = "{options.run}/journal"
front_directory = "{options.front}"
level = "process"
segment_mib = 64
front_segments = 4
front_segment_mib = 16

[sizes]
orders = 200000
commands = 400000
executions = 200000
positions = 100000
accounts = {max(1000, options.accounts)}
securities = {max(5000, 5000 + options.extra_securities)}

[clock]
unsynchronised_refuse_s = 0  # a demo's host may have no time daemon

[reference]
securities = "securities.csv"
t30 = ["TWSE:t30_twse.dat", "TPEx:t30_tpex.dat"]
accounts = "accounts.csv"
limits = "limits.csv"
inventory = "inventory.csv"
calendar = "calendar.toml"

[rules]
board_lots_max = 499
investor_message_rate = 1000
repeat_count_max = 5
repeat_window_ms = 1000
firm_warning_1_ntd = 400000000000
firm_warning_2_ntd = 600000000000

[control]
socket = "{options.run}/control"
users = "users.toml"
"""
    if not options.extra_securities:
        text = text.replace('"securities.csv"', '"../data/securities.csv"')
    for i in range(1, options.sessions + 1):
        if i > options.sessions - 2:
            accounts = '"all"'
        else:
            accounts = f'["{BRANCHES[(i - 1) % len(BRANCHES)]}-*"]'
        text += f"""
[[session]]
id = {i}
sender_comp_id = "CLIENT{i:02d}"
target_comp_id = "FAIRLEAD"
user = "client{i:02d}"
allowed_addresses = ["127.0.0.1"]
accounts = {accounts}
message_rate = 2000
cancel_on_disconnect = {"true" if i % 6 == 0 else "false"}
reset_permitted = true
heartbeat_min_s = 1
"""
    lines = [("TWSE", "T8610H", "XTAI", "9999", n, port) for n, port in enumerate(options.twse_port)]
    lines += [("TPEx", "O8610H", "ROCO", "4711", n, port) for n, port in enumerate(options.tpex_port)]
    for number, (venue, sender, target, password, n, port) in enumerate(lines):
        sender += str(3 + n)
        term = chr(ord("A") + n)
        text += f"""
[[line]]
id = {max(101, options.sessions + 1) + number}
venue = "{venue}"
host = "127.0.0.1"
port = {port}
sender_comp_id = "{sender}"
target_comp_id = "{target}"
password = "{password}"
term_id = "{term}"
rate_per_second = {options.line_rate}
wait_age_limit_ms = 1000
"""
    return text


def make_users(options):
    sodium = ctypes.CDLL("libsodium.so.23")
    if sodium.sodium_init() < 0:
        raise SystemExit("libsodium does not start")
    sodium.crypto_pwhash_str.argtypes = [
        ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulonglong, ctypes.c_ulonglong, ctypes.c_size_t]
    text = """# Users of the demo. The password of each is "demo-" and the name. Hashes are cheap ones, for a demo's
# first second; `fairlead user hash` makes those for production.
"""
    clients = [(f"client{i:02d}", "client") for i in range(1, options.sessions + 1)]
    for name, role in STAFF + clients:
        password = f"demo-{name}".encode()
        encoded = ctypes.create_string_buffer(128)
        if sodium.crypto_pwhash_str(encoded, password, len(password), DEMO_OPERATIONS, DEMO_MEMORY_BYTES):
            raise SystemExit("no memory for a password hash")
        text += f'\n[[user]]\nname = "{name}"\nrole = "{role}"\npassword_hash = "{encoded.value.decode()}"\n'
    return text


def main():
    options = arguments()
    rng = random.Random(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    securities = read_securities(options.securities, options.seed)
    if options.extra_securities:
        rows = [(s["code"], s["market"], s["kind"], s["reference_price"]) for s in securities]  # made-up ones too
        for i in range(options.extra_securities):
            code = "9" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i // 10_000 % 26] + f"{i % 10_000:04d}"
            rows.append((code, ("TWSE", "TPEX")[i % 2], "stock", f"{20 + i % 400}.5"))
        write_rows(options.out / "securities.csv", ["code", "market", "kind", "reference_price"], rows)
    accounts = make_accounts(options, rng)
    write_rows(options.out / "accounts.csv", ["branch", "account", "investor", "flags", "credit_types"], accounts)
    write_rows(options.out / "limits.csv", ["scope", "target", "dimension", "symbol", "value"],
               make_limits(options, accounts))
    held = [s for s in securities if s["kind"] in ("stock", "etf") and float(s["reference_price"]) < 1000]
    write_rows(options.out / "inventory.csv", ["branch", "account", "symbol", "held", "borrow_quota"],
               make_inventory(options, accounts, held, rng))
    (options.out / "t30_twse.dat").write_bytes(make_t30(securities, "TWSE", 120))
    (options.out / "t30_tpex.dat").write_bytes(make_t30(securities, "TPEX", 200))
    sample = (pathlib.Path(__file__).resolve().parent.parent / "data" / "calendar.toml").read_text(encoding="utf-8")
    (options.out / "calendar.toml").write_text(make_calendar(options, sample), encoding="utf-8")
    config = make_config(options)
    if options.out.resolve() != pathlib.Path(__file__).resolve().parent and not options.extra_securities:
        config = config.replace('"../data/securities.csv"', f'"{options.securities.resolve()}"')
    (options.out / "demo.toml").write_text(config, encoding="utf-8")
    users = options.out / "users.toml"
    if options.users or not users.exists():
        users.write_text(make_users(options), encoding="utf-8")


if __name__ == "__main__":
    main()
