"""Scores as text and as a picture: the table of the command, comparisons, truncation curves."""

from __future__ import annotations

import io

from tfgan_models.metrics import Score

_BETTER = {"low": "lower", "high": "higher", "none": "-"}
_SHARES = ("precision_recall.precision", "precision_recall.recall", "density_coverage.coverage")


def number(value: float) -> str:
    """A number with four digits that count, as in the tables."""
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def interval(score: Score) -> str:
    """ "low to high", or "-" where there is no interval."""
    return "-" if score.low is None else f"{number(score.low)} to {number(score.high)}"


def render(scores: list[Score]) -> str:
    """Returns scores as a table, a line each."""
    swept = any(score.protocol.truncation is not None for score in scores)
    head = ["metric", "value", "95 % interval", "better", "fakes", "reals", "network"]
    rows = [head + ["truncation"] * swept]
    for score in scores:
        protocol = score.protocol
        row = [score.name.partition("[")[0], number(score.value), interval(score)]
        row += [_BETTER[score.better], f"{protocol.n_fake:,}", f"{protocol.n_real:,}"]
        row += [protocol.network]
        if swept:
            row.append("-" if protocol.truncation is None else f"{protocol.truncation:g}")
        rows.append(row)
    return aligned(rows)


def aligned(rows: list[list[str]]) -> str:
    """Returns rows of text in columns, the first row underlined."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def truncation_curves(scores: list[Score]) -> bytes:
    """Draws the scores of a sweep over truncation; returns a PNG.

    Shares of the images (precision, recall, coverage) in one panel, every other number in
    its own.

    Args:
        scores: With truncations in their protocols.
    """
    from matplotlib.figure import Figure  # without pyplot: no display, no global state

    lines: dict[str, list[Score]] = {}
    for score in scores:
        lines.setdefault(score.name, []).append(score)
    together = {n: s for n, s in lines.items() if s[0].protocol.metric in _SHARES}
    panels = [together] if together else []
    panels += [{name: line} for name, line in lines.items() if name not in together]
    figure = Figure(figsize=(4.5 * len(panels), 4.0), dpi=100, layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for name, line in panel.items():
            _curve(axes, name, line)
        axes.set(xlabel="truncation of the latents")
        axes.set(ylabel="share of the images" if panel is together else next(iter(panel)))
        axes.grid(alpha=0.3)
        axes.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _curve(axes, name, line):
    line = sorted(line, key=lambda score: score.protocol.truncation)
    x = [score.protocol.truncation for score in line]
    (drawn,) = axes.plot(x, [score.value for score in line], marker="o", markersize=3, label=name)
    if all(score.low is not None for score in line):
        low, high = ([getattr(score, end) for score in line] for end in ("low", "high"))
        axes.fill_between(x, low, high, alpha=0.2, color=drawn.get_color(), linewidth=0)
