#!/usr/bin/env python3
"""Recounts a day from the exchange stand-in's witness file alone, and prints JSON.

Per account and investor: what was executed and what is open; orders that came twice; gaps and repeats
in the order numbers of each line; fills told under one ExecID with different contents. It shares no
code with the gateway or the exchange: it reads messages as they were on the wire. Amounts are in
1/10,000 NTD, quantities in shares. Exit code 1 when a doubled order or a contradiction is found,
2 when the file cannot be read.
"""

import argparse
import csv
import json
import sys

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ODD_LOT_AP_CODES = ("2", "C")


def ten_thousandths(text):
    """A price with at most four decimals, exactly."""
    whole, _, fraction = text.partition(".")
    return int(whole or "0") * 10_000 + int((fraction + "0000")[:4])


def serial_of(order_number, term_width):
    serial = 0
    for character in order_number[term_width:]:
        serial = serial * len(ALPHABET) + ALPHABET.index(character)
    return serial


class Order:
    def __init__(self, row, unit):
        self.line = row["line"]
        self.account = row["branch"] + "-" + row["account"]
        self.symbol = row["symbol"].strip()
        self.side = row["side"]
        self.unit = unit
        self.price = ten_thousandths(row["price"])
        self.credit_type = row["credit_type"]
        self.client_order_id = row["cl_ord_id"]
        self.order_number = row["order_number"]
        self.asked = int(row["quantity"]) * unit
        self.answered = False
        self.refused = ""
        self.open = 0
        self.filled = 0
        self.amount = 0
        self.pending = True  # no answer to the New was sent, as far as the witness saw


class Recount:
    def __init__(self, lots, investors, term_width):
        self.lots = lots
        self.investors = investors
        self.term_width = term_width
        self.orders = {}  # (market, ap, branch, order number) -> Order
        self.by_client_order_id = {}  # (broker, ClOrdID) -> message type of the first command
        self.doubled = []
        self.contradictions = []
        self.orphan_reports = []
        self.fills = {}  # (market, ExecID) -> what it said
        self.told = set()  # reports that are no fills: told twice or resent, they say nothing new
        self.numbers = {}  # (line, term) -> order numbers in the order they came
        self.messages = {"in": 0, "out": 0}
        self.commands = {}
        self.answers_missing = 0

    def unit(self, row):
        return 1 if row["ap_code"] in ODD_LOT_AP_CODES else self.lots.get(row["symbol"].strip(), 1000)

    def key(self, row):
        return (row["line"][0], row["ap_code"], row["branch"], row["order_number"])

    def take(self, row):
        if row["direction"] not in self.messages:
            return
        self.messages[row["direction"]] += 1
        if row["poss_dup"] == "Y":
            self.take_again(row)
        elif row["direction"] == "in" and row["type"] in ("D", "G", "F", "H"):
            self.take_command(row)
        elif row["direction"] == "out" and row["type"] == "8":
            self.take_report(row)

    def take_again(self, row):
        """A message sent again under its number. Ours tell nothing new; an order must never come so."""
        if row["direction"] == "in" and row["type"] in ("D", "G", "F"):
            self.doubled.append(self.double(row, "resent with PossDup"))
        elif row["direction"] == "out" and row["type"] == "8":
            self.take_report(row)

    def double(self, row, why):
        return {"line": row["line"], "type": row["type"], "cl_ord_id": row["cl_ord_id"],
                "order_number": row["order_number"], "message_number": row["number"], "why": why}

    def take_command(self, row):
        self.commands[row["type"]] = self.commands.get(row["type"], 0) + 1
        client_key = (row["line"][:5], row["cl_ord_id"])
        if row["type"] != "H":
            if client_key in self.by_client_order_id:
                self.doubled.append(self.double(row, "ClOrdID came before"))
            self.by_client_order_id.setdefault(client_key, row["type"])
        if row["type"] != "D":
            return
        key = self.key(row)
        if key in self.orders:
            self.doubled.append(self.double(row, "order number came before"))
            return
        self.orders[key] = Order(row, self.unit(row))
        term = row["order_number"][: self.term_width]
        self.numbers.setdefault((row["line"], term), []).append(row["order_number"])

    def take_report(self, row):
        order = self.orders.get(self.key(row))
        if order is None:
            # A refused status request, or a New whose fields named no order, is told in an 8 as well.
            if row["exec_type"] not in ("8", "I"):
                self.orphan_reports.append({"line": row["line"], "order_number": row["order_number"],
                                            "exec_type": row["exec_type"]})
            return
        kind = row["exec_type"]
        leaves = int(row["leaves"] or 0) * order.unit
        if kind == "F":
            self.take_fill(row, order, leaves)
        elif kind == "8":
            if row["cl_ord_id"] == order.client_order_id and not order.answered:
                order.pending = False
                order.refused = row["code"]
        elif kind in ("0", "5", "4", "D", "I", "C"):
            order.pending = False
            report = (row["line"], row["exec_id"], row["order_number"], kind, row["leaves"], row["cumulated"])
            if report in self.told or (kind == "0" and order.answered):
                return
            self.told.add(report)
            order.answered = True
            if kind in ("5", "I") and row["price"]:  # the Replace's own answer may never have been sent
                order.price = ten_thousandths(row["price"])
            # CumQty and LeavesQty belong together; what was filled since the report was made is known.
            told = int(row["cumulated"] or 0) * order.unit
            order.open = max(leaves - max(order.filled - told, 0), 0)

    def take_fill(self, row, order, leaves):
        fill_key = (row["line"][0], row["exec_id"])
        said = (row["order_number"], row["last_quantity"], row["last_price"])
        if fill_key in self.fills:
            if self.fills[fill_key] != said:
                self.contradictions.append({"exec_id": row["exec_id"], "first": self.fills[fill_key],
                                            "then": said})
            return
        self.fills[fill_key] = said
        quantity = int(row["last_quantity"]) * order.unit
        order.filled += quantity
        order.amount += quantity * ten_thousandths(row["last_price"])
        order.open = leaves if not order.answered else min(order.open, leaves)
        order.pending = False
        if order.filled > order.asked:
            self.contradictions.append({"order_number": order.order_number, "filled": order.filled,
                                        "asked": order.asked})

    def number_faults(self):
        """Gaps and repeats by line and term: numbers come one by one, upward."""
        gaps, repeats = [], []
        for (line, term), numbers in sorted(self.numbers.items()):
            previous = None
            for number in numbers:
                serial = serial_of(number, len(term))
                if previous is not None and serial <= previous:
                    repeats.append({"line": line, "order_number": number})
                elif previous is not None and serial != previous + 1:
                    gaps.append({"line": line, "before": number, "missing": serial - previous - 1})
                previous = serial
        return gaps, repeats

    def totals(self, owner_of):
        totals = {}
        for order in self.orders.values():
            owner = owner_of(order)
            if owner is None:
                continue
            total = totals.setdefault(owner, {
                "orders": 0, "bought_shares": 0, "bought_amount": 0, "sold_shares": 0, "sold_amount": 0,
                "open_buy_shares": 0, "open_buy_amount": 0, "open_sell_shares": 0, "open_sell_amount": 0,
                "unanswered": 0})
            total["orders"] += 1
            total["unanswered"] += order.pending
            done, left = ("bought", "open_buy") if order.side == "1" else ("sold", "open_sell")
            total[done + "_shares"] += order.filled
            total[done + "_amount"] += order.amount
            total[left + "_shares"] += order.open
            total[left + "_amount"] += order.open * order.price
        return dict(sorted(totals.items()))

    def as_json(self, with_orders):
        gaps, repeats = self.number_faults()
        refused = {}
        for order in self.orders.values():
            if order.refused:
                refused[order.refused] = refused.get(order.refused, 0) + 1
        result = {
            "messages": self.messages,
            "commands": dict(sorted(self.commands.items())),
            "orders": len(self.orders),
            "unanswered": sum(order.pending for order in self.orders.values()),
            "refused": dict(sorted(refused.items())),
            "fills": len(self.fills),
            "doubled": self.doubled,
            "contradictions": self.contradictions,
            "orphan_reports": self.orphan_reports,
            "number_gaps": gaps,
            "number_repeats": repeats,
            "accounts": self.totals(lambda order: order.account),
        }
        if self.investors:
            result["investors"] = self.totals(lambda order: self.investors.get(order.account))
        if with_orders:
            result["order_list"] = [
                {"cl_ord_id": order.client_order_id, "order_number": order.order_number, "line": order.line,
                 "account": order.account, "symbol": order.symbol, "side": order.side, "asked": order.asked,
                 "filled": order.filled, "amount": order.amount, "open": order.open, "price": order.price,
                 "refused": order.refused, "unanswered": order.pending}
                for order in self.orders.values()]
        return result


def rows_of(path):
    """Rows as dictionaries, by the names in the file's own header. A last line cut short is left out."""
    with open(path, encoding="latin-1", newline="\n") as file:
        names = None
        for text in file:
            if not text.endswith("\n"):
                return
            if text.startswith("#"):
                continue
            values = text[:-1].split("\t")
            if names is None:
                names = values
                if "cl_ord_id" not in names:
                    raise ValueError(f"{path}: the first line names no columns")
            elif len(values) == len(names):
                yield dict(zip(names, values))
            else:
                raise ValueError(f"{path}: a line of {len(values)} fields, {len(names)} are named: {text[:80]}")


def read_lots(path):
    lots = {}
    if path:
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("lot"):
                    lots[row["code"]] = int(row["lot"])
    return lots


def read_investors(path):
    if not path:
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = (line for line in file if line.strip() and not line.startswith("#"))
        return {row["branch"] + "-" + row["account"]: row["investor"] for row in csv.DictReader(rows)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("witness")
    parser.add_argument("--accounts", help="accounts CSV (branch,account,investor): adds sums by investor")
    parser.add_argument("--securities", help="securities CSV, for lots other than 1000 shares")
    parser.add_argument("--term-width", type=int, default=1, choices=(1, 2),
                        help="characters of the terminal id in an order number (default 1)")
    parser.add_argument("--orders", action="store_true", help="list every order as well")
    given = parser.parse_args()
    try:
        recount = Recount(read_lots(given.securities), read_investors(given.accounts), given.term_width)
        for row in rows_of(given.witness):
            recount.take(row)
    except (OSError, ValueError, KeyError) as problem:
        print(f"recount: {problem}", file=sys.stderr)
        return 2
    json.dump(recount.as_json(given.orders), sys.stdout, indent=1)
    print()
    return 1 if recount.doubled or recount.contradictions else 0


if __name__ == "__main__":
    sys.exit(main())
