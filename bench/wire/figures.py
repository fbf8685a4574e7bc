"""What the rounds of the wire benchmark say: values and ratios inside a round, medians, quartiles, and the goals
held against them. Used by run.py and chart.py. A round in which a middle has no figure counts for nothing it
would be part of."""
import statistics

GAPS = ("gap_15us", "gap_200us", "gap_2000us")
WAYS = ("to_venue", "to_client")
GAP_NAMES = {"gap_15us": "15 us", "gap_200us": "200 us", "gap_2000us": "2 ms"}
WAY_NAMES = {"to_venue": "to the venue", "to_client": "to the client"}


class Figures:
    """rounds: a list of {middle: what it measured}, each value as the tester printed it."""

    def __init__(self, rounds):
        self.rounds = rounds

    # --- one value of one round; None where there is none

    @staticmethod
    def one_way(one_round, middle, gap, way, share="p50"):
        """Microseconds."""
        row = one_round.get(middle, {}).get(gap, {}).get(way, {})
        return row[share] / 1000 if row.get("count") else None

    @staticmethod
    def rate(one_round, middle):
        """Orders a second; of raw writes, writes."""
        result = one_round.get(middle, {})
        if "back_to_back" in result:
            return result["back_to_back"]["writes_a_second"] or None
        return result.get("pipelined", {}).get("orders_a_second") or None

    @staticmethod
    def raw(one_round, gap, share="p50"):
        row = one_round.get("raw_write", {}).get(gap, {})
        return row[share] / 1000 if row.get("count") else None

    # --- over all rounds: lists of what there is

    def one_ways(self, middle, gap, way, share="p50"):
        return present(self.one_way(each, middle, gap, way, share) for each in self.rounds)

    def rates(self, middle):
        return present(self.rate(each, middle) for each in self.rounds)

    def raws(self, gap, share="p50"):
        return present(self.raw(each, gap, share) for each in self.rounds)

    def one_way_ratios(self, over, under, gap, way, share="p50"):
        return present(ratio(self.one_way(each, over, gap, way, share), self.one_way(each, under, gap, way, share))
                       for each in self.rounds)

    def rate_ratios(self, over, under):
        return present(ratio(self.rate(each, over), self.rate(each, under)) for each in self.rounds)

    def write_shares(self, gap, way):
        """What level disk takes above level process, in raw writes."""
        values = []
        for each in self.rounds:
            disk, process = (self.one_way(each, name, gap, way) for name in ("disk", "process"))
            if disk is not None and process is not None:
                values.append(ratio(disk - process, self.raw(each, gap)))
        return present(values)


def present(values):
    return [value for value in values if value is not None]


def ratio(over, under):
    return over / under if over is not None and under else None


def quartiles(values):
    """Lower quartile, median, upper quartile; None without values."""
    if not values:
        return None
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"


def spread(values):
    found = quartiles(values)
    return f"{number(found[1])} [{number(found[0])}..{number(found[2])}]" if found else "-"


class Goal:
    """Text, the values behind it by name, and whether each set meets it. met is None without values."""

    def __init__(self, text, named_values, meets):
        self.text = text
        self.values = {name: values for name, values in named_values.items() if values}
        self.met = all(meets(quartiles(values)) for values in self.values.values()) if self.values else None

    def result(self):
        if not self.values:
            return "not measured"
        return "; ".join(f"{name} {spread(values)}" if name else spread(values) for name, values in self.values.items())

    def verdict(self):
        return {True: "met", False: "NOT MET", None: "-"}[self.met]


def at_most(bound):
    return lambda found: found[1] <= bound


def at_least(bound):
    return lambda found: found[1] >= bound


def within_noise(found):
    """The lower quartile of the cost inside a round does not lie above that of the other."""
    return found[0] <= 1


def both_ways(values_of):
    return {WAY_NAMES[way]: values_of(way) for way in WAYS}


def goals(figures):
    yield Goal("the tester itself, no middle: at least 1,500,000 messages a second",
               {"": [2 * rate for rate in figures.rates("none")]}, at_least(1_500_000))
    for gap in GAPS:
        yield Goal(f"process, {GAP_NAMES[gap]} apart: p50 at most 1.10 of the spinning relay",
                   both_ways(lambda way, gap=gap: figures.one_way_ratios("process", "relay", gap, way)), at_most(1.10))
    for name, bound, what in (("quickfix_memory", 5, "memory"), ("quickfix_file", 7, "file")):
        for gap in GAPS:
            yield Goal(f"QuickFIX, {what} store, {GAP_NAMES[gap]} apart: p50 at least {bound} times that of process",
                       both_ways(lambda way, gap=gap, name=name: figures.one_way_ratios(name, "process", gap, way)),
                       at_least(bound))
    for name, bound, what in (("quickfix_memory", 12, "memory"), ("quickfix_file", 30, "file")):
        yield Goal(f"64 outstanding: process at least {bound} times the orders of QuickFIX with {what} store",
                   {"": figures.rate_ratios("process", name)}, at_least(bound))
    for name, what in (("many", "1,000,000 accounts, 200 sessions"), ("followed", "a follower reading"),
                       ("desk", "the risk desk reading")):
        for gap in GAPS:
            yield Goal(f"{what}, {GAP_NAMES[gap]} apart: p50 against process, within its noise",
                       both_ways(lambda way, gap=gap, name=name: figures.one_way_ratios(name, "process", gap, way)),
                       within_noise)
        yield Goal(f"{what}, 64 outstanding: process's orders a second against these, within the noise",
                   {"": figures.rate_ratios("process", name)}, within_noise)
    for gap in GAPS:
        yield Goal(f"disk, {GAP_NAMES[gap]} apart: above process by at most 1.3 raw synchronous writes",
                   both_ways(lambda way, gap=gap: figures.write_shares(gap, way)), at_most(1.3))
    yield Goal("disk, 64 outstanding: at least 20 times the raw rate of one write an order",
               {"": figures.rate_ratios("disk", "raw_write")}, at_least(20))


def tables(figures, labels):
    """Markdown lines: a table for each gap, and one of rates."""
    timed = [name for name in labels if any(figures.one_ways(name, gap, way) for gap in GAPS for way in WAYS)]
    for gap in GAPS:
        yield f"### One order at a time, {GAP_NAMES[gap]} apart: microseconds one way"
        yield ""
        yield "| middle | to the venue p50 | of relay | p99 | to the client p50 | of relay | p99 |"
        yield "|---|--:|--:|--:|--:|--:|--:|"
        for name in timed:
            cells = []
            for way in WAYS:
                cells += [spread(figures.one_ways(name, gap, way)),
                          spread(figures.one_way_ratios(name, "relay", gap, way)),
                          spread(figures.one_ways(name, gap, way, "p99"))]
            yield f"| {labels[name]} | " + " | ".join(cells) + " |"
        if figures.raws(gap):
            yield (f"| {labels['raw_write']} | {spread(figures.raws(gap))} | - | {spread(figures.raws(gap, 'p99'))} "
                   "| - | - | - |")
        yield ""
    yield "### 64 orders outstanding"
    yield ""
    yield "| middle | orders a second | of relay |"
    yield "|---|--:|--:|"
    for name in labels:
        if figures.rates(name):
            yield f"| {labels[name]} | {spread(figures.rates(name))} | {spread(figures.rate_ratios(name, 'relay'))} |"
