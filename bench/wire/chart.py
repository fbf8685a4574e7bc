"""The wire benchmark as one picture, plain SVG: a row a middle; a panel for each gap with both ways' p50, and one
with orders a second. Points are medians, lines their quartiles; scales are logarithmic. Used by run.py."""
import math
from xml.sax.saxutils import escape

from figures import GAP_NAMES, GAPS, number, quartiles

ROW, TOP, LEFT, PANEL, SPACE = 46, 96, 330, 250, 34
TO_VENUE, TO_CLIENT, RATE = "#1b6ca8", "#c0392b", "#3a7d44"


class Panel:
    """Horizontal logarithmic scale from `low` to `high` at a place in the picture."""

    def __init__(self, index, title, unit, values):
        self.left = LEFT + index * (PANEL + SPACE)
        self.title, self.unit = title, unit
        self.low = 10 ** math.floor(math.log10(min(values)))
        self.high = 10 ** math.ceil(math.log10(max(values) * 1.0001))

    def x(self, value):
        return self.left + PANEL * math.log(value / self.low) / math.log(self.high / self.low)

    def frame(self, rows):
        bottom = TOP + rows * ROW
        yield f'<text x="{self.left}" y="{TOP - 26}" font-weight="bold">{escape(self.title)}</text>'
        yield f'<text x="{self.left + PANEL}" y="{TOP - 26}" text-anchor="end" fill="#666">{self.unit}</text>'
        tick = self.low
        while tick <= self.high * 1.0001:
            for factor in (1, 2, 5):
                at = tick * factor
                if at <= self.high * 1.0001:
                    shade = "#bbb" if factor == 1 else "#e6e6e6"
                    x = f"{self.x(at):.1f}"
                    yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}" stroke="{shade}"/>'
                    if factor == 1 or self.high / self.low <= 100:
                        yield (f'<text x="{x}" y="{TOP - 7}" text-anchor="middle" font-size="10" fill="#666">'
                               f'{short(at)}</text>')
            tick *= 10

    def point(self, y, values, colour):
        low, middle, high = quartiles(values)
        yield (f'<line x1="{self.x(low):.1f}" y1="{y}" x2="{self.x(high):.1f}" y2="{y}" stroke="{colour}" '
               'stroke-width="2.5"/>')
        yield f'<circle cx="{self.x(middle):.1f}" cy="{y}" r="4" fill="{colour}"/>'
        beside = max(self.x(high), self.x(middle) + 4)
        at_left = beside > self.left + PANEL - 48
        place = min(self.x(low), self.x(middle) - 4) - 5 if at_left else beside + 5
        yield (f'<text x="{place:.1f}" y="{y + 4}" font-size="11" fill="{colour}" '
               f'text-anchor="{"end" if at_left else "start"}">{number(middle)}</text>')


def short(value):
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def time_panels(figures, names):
    for index, gap in enumerate(GAPS):
        rows = {name: [figures.one_ways(name, gap, "to_venue"), figures.one_ways(name, gap, "to_client")]
                for name in names}
        rows["raw_write"] = [figures.raws(gap), []] if "raw_write" in names else [[], []]
        yield index, f"{GAP_NAMES[gap]} apart, p50", "us one way", rows


def draw(panel, names, rows, colours):
    yield from panel.frame(len(names))
    for row, name in enumerate(names):
        middle = TOP + (row + 0.5) * ROW
        given = rows.get(name, [])
        offsets = (-9, 9) if sum(1 for values in given if values) == 2 else (0, 0)
        for values, offset, colour in zip(given, offsets, colours):
            if values:
                yield from panel.point(middle + offset, values, colour)


def chart(figures, labels, subtitle):
    names = list(labels)
    width, height = LEFT + 4 * (PANEL + SPACE), TOP + len(names) * ROW + 46
    pieces = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
              f'height="{height}" font-family="sans-serif" font-size="13">',
              '<rect width="100%" height="100%" fill="white"/>',
              '<text x="16" y="28" font-size="17" font-weight="bold">The wire benchmark</text>',
              f'<text x="16" y="48" fill="#666">{escape(subtitle)}</text>']
    for row, name in enumerate(names):
        if row % 2 == 0:
            pieces.append(f'<rect x="8" y="{TOP + row * ROW}" width="{width - 16}" height="{ROW}" fill="#f7f7f2"/>')
        pieces.append(f'<text x="16" y="{TOP + (row + 0.5) * ROW + 5}">{escape(labels[name])}</text>')
    for index, title, unit, rows in time_panels(figures, names):
        values = [value for pair in rows.values() for one in pair for value in one if value > 0]
        if values:
            pieces += draw(Panel(index, title, unit, values), names, rows, (TO_VENUE, TO_CLIENT))
    rates = {name: [figures.rates(name)] for name in names}
    values = [value for one in rates.values() for value in one[0]]
    if values:
        pieces += draw(Panel(3, "64 outstanding", "orders a second", values), names, rates, (RATE,))
    pieces.append(f'<text x="16" y="{height - 16}">'
                  f'<tspan fill="{TO_VENUE}">&#9679; client to venue, or one write</tspan>'
                  f'<tspan dx="18" fill="{TO_CLIENT}">&#9679; venue to client</tspan>'
                  f'<tspan dx="18" fill="{RATE}">&#9679; orders, or writes, a second</tspan>'
                  '<tspan dx="18" fill="#666">medians of the rounds, lines their quartiles, logarithmic scales; '
                  'one process after the other, never together</tspan></text>')
    return "\n".join(pieces) + "\n</svg>\n"
