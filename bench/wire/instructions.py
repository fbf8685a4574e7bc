"""What the gateway of QuickFIX computes, told apart from its sleeping: the instructions of its session layer, its
message store in memory, the translation and the credit check, from the bytes of an order to the bytes sent on and from
the report to the acknowledgement, counted by callgrind while the tester's orders go through it. Kernel and wire are
not among them. Used by run.py."""
import pathlib
import re
import shutil
import subprocess
import tempfile

from middles import ACCOUNT, Quickfix, free_ports

# The engine's door: the bytes of one message.
RECEIVED = ("FIX::Session::next(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > "
            "const&, FIX::UtcTimeStamp const&, bool)")
GAP_US = 20_000  # callgrind is some fifty times slower
PACED_WARM_UP = 20  # orders the tester does not report


class Counted(Quickfix):
    def count(self):
        """Instructions an order and its acknowledgement; None without valgrind."""
        if shutil.which("valgrind") is None:
            return None
        client, venue = free_ports(2)
        with tempfile.TemporaryDirectory(prefix="fairlead-instructions-") as place:
            tester = self.tester(client, venue, "--fix", "--account", ACCOUNT, "--gap", GAP_US, "--outstanding", 1)
            middle = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={place}/out", "--collect-atstart=no",
                 f"--toggle-collect={RECEIVED}", str(self.programs / "fairlead-wire-quickfix"), "--listen", str(client),
                 "--venue", str(venue), "--account", ACCOUNT, "--store", "memory", "--directory", place],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                figures = self.result(tester)
            finally:
                self.end(tester)
                self.end(middle)
            told = middle.stderr.read()
        paced = figures[f"gap_{GAP_US}us"]["to_venue"]["count"] + PACED_WARM_UP
        collected = re.search(r"Collected : (\d+)", told)
        if not collected or int(collected[1]) == 0:
            raise RuntimeError("callgrind counted nothing: " + told[-300:])
        return int(collected[1]) / (paced + figures["pipelined"]["orders"])


def about_instructions(given, budget_file):
    """Markdown lines, beside what `./test.sh` holds Fairlead to; none without valgrind."""
    quickfix = Counted(given).count()
    if quickfix is None:
        return
    ours = int(re.search(r'"order_and_acknowledgement": (\d+)', pathlib.Path(budget_file).read_text())[1])
    yield ""
    yield (f"Without kernel, wire and waiting, in instructions from bytes to bytes for an order and its "
           f"acknowledgement: QuickFIX with memory store, a map of money and no journal {quickfix:,.0f}; Fairlead with "
           f"all checks and the journal's record {ours:,}, which `./test.sh` holds it to: {quickfix / ours:.1f} times "
           "less.")
