"""Curves of a run as inline SVG, which a script lets the reader look up values in."""

from __future__ import annotations

import math
from typing import NamedTuple

from trainers.report.markup import Html, data_block, tag
from trainers.report.reading import is_number

_WIDTH, _HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 22, 10, 40
_BUCKETS = 120  # of rows, of which the extremes are drawn
_ROBUST = 50  # values from which on the outermost 1 % do not stretch the axis
_TABLE = 12  # rows of the table under a chart


class Axis(NamedTuple):
    """A linear axis from values `low` to `high` on pixels `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Returns the pixel of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def chart(identifier: str, title: str, rows: list[dict], names: list[str], band=None) -> Html:
    """Returns a figure: legend, curves, values under the pointer, and a table of values.

    Args:
        identifier: Unique id.
        title: Above the figure.
        rows: With "step" and the values; missing and non-finite ones are gaps.
        names: Of the values to draw.
        band: Names of the ends of an interval, drawn behind the first curve.

    Returns:
        Nothing where no row has a value.
    """
    names = [name for name in names if any(is_number(row.get(name)) for row in rows)]
    if not names:
        return Html()
    kept = thin(sorted(rows, key=lambda row: row["step"]), names)
    x, y, beyond = _axes(kept, [*names, *(band or ())], rows)
    newest = {name: _newest(kept, name) for name in names}
    label = f"{title}. " + "; ".join(f"{name} ends at {newest[name]}" for name in names)
    drawing = tag(
        "svg",
        _grid(x, y),
        _band(kept, band, x, y) if band else None,
        [_curve(i, kept, name, x, y) for i, name in enumerate(names)],
        tag(
            "line", class_="cursor", x1=0, x2=0, y1=_TOP, y2=_HEIGHT - _BOTTOM, visibility="hidden"
        ),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=label,
        tabindex=0,
    )
    note = f" {beyond} of {len(kept)} rows reach beyond the axis." if beyond else ""
    steps = [row["step"] for row in kept]
    series = [[_six_digits(row.get(name)) for row in kept] for name in names]
    return tag(
        "figure",
        tag("figcaption", title),
        tag("ul", [_key(i, name) for i, name in enumerate(names)], class_="legend"),
        drawing,
        tag("p", _readout(kept[-1], names), note, class_="readout", aria_live="polite"),
        _values(title, kept, names),
        data_block(f"{identifier}-data", {"steps": steps, "names": names, "series": series}),
        class_="chart",
        id=identifier,
        data_start=x.start,
        data_end=x.end,
        data_low=x.low,
        data_high=x.high,
    )


def thin(rows: list[dict], names: list[str], buckets: int = _BUCKETS) -> list[dict]:
    """Returns the rows that hold a smallest or largest value of their bucket, and the last.

    Peaks survive; few rows are returned whole.
    """
    if len(rows) <= 2 * buckets:
        return rows
    kept = {len(rows) - 1}
    for b in range(buckets):
        inside = range(b * len(rows) // buckets, (b + 1) * len(rows) // buckets)
        for name in names:
            known = [i for i in inside if is_number(rows[i].get(name))]
            if known:
                kept |= {min(known, key=lambda i: rows[i][name])}
                kept |= {max(known, key=lambda i: rows[i][name])}
    return [rows[i] for i in sorted(kept)]


def short(value: float) -> str:
    """Returns a number with four digits, thousands separated."""
    if value and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:.4g}"


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Returns about `wanted` round numbers, 1, 2 or 5 times a power of ten apart."""
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    gap = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
    first = math.ceil(low / gap - 1e-9)
    return [k * gap for k in range(first, math.floor(high / gap + 1e-9) + 1)]


def _six_digits(value) -> float | None:
    return float(f"{value:.6g}") if is_number(value) else None


def _axes(kept, names, rows) -> tuple[Axis, Axis, int]:
    """The axes, and how many rows have a value beyond them."""
    values = sorted(row[name] for row in rows for name in names if is_number(row.get(name)))
    cut = len(values) // 100 if len(values) >= _ROBUST else 0
    ends = [kept[-1][name] for name in names if is_number(kept[-1].get(name))]
    low, high = min([values[cut], *ends]), max([values[-1 - cut], *ends])
    margin = 0.06 * (high - low) or 0.5 * abs(high) or 0.5
    low, high = low - margin, high + margin
    beyond = sum(
        any(is_number(row.get(n)) and not low <= row[n] <= high for n in names) for row in kept
    )
    first, last = kept[0]["step"], kept[-1]["step"]
    x = Axis(first, last if last > first else first + 1, _LEFT, _WIDTH - _RIGHT)
    return x, Axis(low, high, _HEIGHT - _BOTTOM, _TOP), beyond


def _grid(x: Axis, y: Axis) -> list[Html]:
    parts = []
    for value in ticks(y.low, y.high):
        at = y.place(value)
        parts.append(tag("line", class_="rule", x1=x.start, x2=x.end, y1=at, y2=at))
        parts.append(tag("text", short(value), x=x.start - 6, y=at + 4, text_anchor="end"))
    for value in ticks(x.low, x.high, 4):
        if value == int(value):
            at = x.place(value)
            text = f"{int(value):,}"
            parts.append(tag("text", text, x=at, y=y.start + 17, text_anchor="middle"))
    middle = (x.start + x.end) / 2
    return [*parts, tag("text", "step", x=middle, y=_HEIGHT - 5, text_anchor="middle")]


def _runs(kept, names):
    """Stretches of rows without a gap in any of the names."""
    stretch = []
    for row in kept:
        if all(is_number(row.get(name)) for name in names):
            stretch.append(row)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _curve(index: int, kept, name: str, x: Axis, y: Axis) -> list[Html]:
    parts = []
    for rows in _runs(kept, [name]):
        at = [(x.place(row["step"]), _within(y, row[name])) for row in rows]
        line = " ".join(f"{a},{b}" for a, b in at)
        parts.append(tag("polyline", points=line, class_=f"series s{index % 6}"))
        if len(at) <= 20:
            parts += [tag("circle", cx=a, cy=b, r=3, class_=f"dot s{index % 6}") for a, b in at]
    return parts


def _band(kept, band, x: Axis, y: Axis) -> list[Html]:
    shapes = []
    for rows in _runs(kept, band):
        low, high = band
        there = [(x.place(row["step"]), _within(y, row[high])) for row in rows]
        back = [(x.place(row["step"]), _within(y, row[low])) for row in reversed(rows)]
        points = " ".join(f"{a},{b}" for a, b in [*there, *back])
        shapes.append(tag("polygon", points=points, class_="band"))
    return shapes


def _within(y: Axis, value: float) -> float:
    return y.place(min(max(value, y.low), y.high))


def _key(index: int, name: str) -> Html:
    sample = tag("line", x1=0, x2=22, y1=5, y2=5, class_=f"series s{index % 6}")
    swatch = tag("svg", sample, viewBox="0 0 22 10", width=22, height=10, aria_hidden="true")
    return tag("li", swatch, f" {name}")


def _newest(kept, name: str) -> str:
    return short(next(row[name] for row in reversed(kept) if is_number(row.get(name))))


def _readout(row: dict, names) -> str:
    cells = [f"{name} {short(row[name])}" for name in names if is_number(row.get(name))]
    return " · ".join([f"step {row['step']:,}", *cells])


def _values(title: str, kept, names) -> Html:
    """A table of some rows, for who cannot see or point at the curves."""
    stride = max(1, -(-len(kept) // _TABLE))
    some = kept[::-1][::stride][::-1]
    head = tag("tr", [tag("th", name, scope="col") for name in ("step", *names)])
    body = []
    for row in some:
        cells = [short(row[n]) if is_number(row.get(n)) else "" for n in names]
        body.append(
            tag("tr", tag("th", f"{row['step']:,}", scope="row"), [tag("td", c) for c in cells])
        )
    values = tag(
        "table", tag("thead", head), tag("tbody", body), class_="numbers", aria_label=title
    )
    return tag("details", tag("summary", "Values"), tag("div", values, class_="scroll"))
