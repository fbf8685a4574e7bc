"""The recount finds what a kill test must not contain, and adds up what it may. Run by ctest."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

RECOUNT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "exchange" / "recount.py"
COLUMNS = ("utc_ns mono_ns line direction number type poss_dup branch ap_code cl_ord_id orig_cl_ord_id "
           "order_number account symbol side quantity price ord_type time_in_force credit_type exec_type "
           "ord_status exec_id last_quantity last_price leaves cumulated code ref_number raw").split()


def row(direction, kind, **fields):
    values = dict.fromkeys(COLUMNS, "")
    values.update(line="T8610H3", direction=direction, type=kind, branch="8610", ap_code="0",
                  account="0000017", symbol="1101  ", side="1", **fields)
    return "\t".join(str(values[name]) for name in COLUMNS) + "\n"


def new(identity, number, quantity=5, price="100", **more):
    return row("in", "D", cl_ord_id=f"{identity:012}", order_number=number, quantity=quantity, price=price,
               **more)


def report(identity, number, kind, **more):
    return row("out", "8", cl_ord_id=f"{identity:012}", order_number=number, exec_type=kind, **more)


def recount(*rows, tail=""):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "witness.tsv"
        path.write_text("# fairlead-exchange witness 1\n" + "\t".join(COLUMNS) + "\n" + "".join(rows) + tail)
        done = subprocess.run([sys.executable, RECOUNT, path, "--orders"], capture_output=True, text=True,
                              check=False)
        return done.returncode, json.loads(done.stdout)


class RecountTest(unittest.TestCase):
    def test_executed_and_open_add_up(self):
        code, result = recount(
            new(1, "A0001"), report(1, "A0001", "0", leaves=5, cumulated=0, exec_id="01"),
            report(1, "A0001", "F", leaves=3, cumulated=2, last_quantity=2, last_price="99.5", exec_id="B1"),
            report(2, "A0001", "5", leaves=2, cumulated=2, price="100", exec_id="02"))
        self.assertEqual(code, 0)
        account = result["accounts"]["8610-0000017"]
        self.assertEqual(account["bought_shares"], 2000)
        self.assertEqual(account["bought_amount"], 2000 * 995000)
        self.assertEqual(account["open_buy_amount"], 2000 * 1000000)
        self.assertEqual(account["unanswered"], 0)

    def test_a_status_answer_tells_the_price_of_a_replace_whose_answer_was_never_sent(self):
        code, result = recount(
            new(1, "A0001"), report(1, "A0001", "0", leaves=5, cumulated=0, price="100", exec_id="01"),
            report(3, "A0001", "I", leaves=5, cumulated=0, price="99.5", exec_id="03"))
        self.assertEqual(code, 0)
        self.assertEqual(result["accounts"]["8610-0000017"]["open_buy_amount"], 5000 * 995000)

    def test_a_fill_or_report_told_twice_counts_once(self):
        fill = report(1, "A0001", "F", leaves=3, cumulated=2, last_quantity=2, last_price="99", exec_id="B1")
        acknowledged = report(1, "A0001", "0", leaves=5, cumulated=0, exec_id="01")
        code, result = recount(new(1, "A0001"), acknowledged, fill, fill, acknowledged)
        self.assertEqual(code, 0)
        self.assertEqual(result["accounts"]["8610-0000017"]["bought_shares"], 2000)
        self.assertEqual(result["accounts"]["8610-0000017"]["open_buy_shares"], 3000)

    def test_a_fill_before_its_acknowledgement(self):
        _, result = recount(
            new(1, "A0001"),
            report(1, "A0001", "F", leaves=3, cumulated=2, last_quantity=2, last_price="99", exec_id="B1"),
            report(1, "A0001", "0", leaves=5, cumulated=0, exec_id="01"))
        self.assertEqual(result["accounts"]["8610-0000017"]["open_buy_shares"], 3000)

    def test_an_order_sent_twice_is_named(self):
        for second in (new(1, "A0002"), new(2, "A0001"), new(1, "A0001", poss_dup="Y")):
            code, result = recount(new(1, "A0001"), second)
            self.assertEqual(code, 1)
            self.assertEqual(len(result["doubled"]), 1)
        self.assertEqual(recount(new(1, "A0001"), new(2, "A0002"))[0], 0)

    def test_gaps_and_repeats_in_order_numbers(self):
        _, result = recount(new(1, "A0009"), new(2, "A000A"), new(3, "A000C"), new(4, "A000B"))
        self.assertEqual([gap["missing"] for gap in result["number_gaps"]], [1])
        self.assertEqual([repeat["order_number"] for repeat in result["number_repeats"]], ["A000B"])

    def test_refused_orders_leave_nothing_open(self):
        _, result = recount(new(1, "A0001"), report(1, "A0001", "8", leaves=0, code="0021"))
        self.assertEqual(result["refused"], {"0021": 1})
        self.assertEqual(result["accounts"]["8610-0000017"]["open_buy_shares"], 0)
        self.assertEqual(result["unanswered"], 0)

    def test_one_exec_id_with_two_contents_is_a_contradiction(self):
        def fill(price):
            return report(1, "A0001", "F", leaves=4, cumulated=1, last_quantity=1, last_price=price, exec_id="B1")
        self.assertEqual(recount(new(1, "A0001"), fill("99"), fill("98"))[0], 1)

    def test_a_last_line_cut_short_is_left_out(self):
        code, result = recount(new(1, "A0001"), tail=new(2, "A0002").rstrip("\n")[:40])
        self.assertEqual((code, result["orders"]), (0, 1))


if __name__ == "__main__":
    unittest.main()
