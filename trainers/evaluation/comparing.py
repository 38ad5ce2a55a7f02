"""Differences of scores of one protocol; unlike ones are refused, with what differs."""

from __future__ import annotations

from trainers.errors import UserError
from trainers.evaluation import scores, tables


def compare(ours: str, theirs: str, step: int | None = None) -> str:
    """Returns the differences of scores of two directories as a table.

    Of a metric that was measured several times the last pair of one protocol counts.

    Args:
        ours, theirs: Directories with scores.jsonl.
        step: Of ours; None: the largest that has scores.

    Raises:
        UserError: No scores, or none of the same name was measured alike.
    """
    (step, mine), (other_step, other) = _read(ours, step), _read(theirs)
    shared = [key for key in mine if key in other]
    if not shared:
        names = ", ".join(sorted({name for name, _ in other}))
        raise UserError(f"{ours} and {theirs} share no metric; {theirs} has {names}.")
    rows, refused = [["metric", "this", "other", "difference", "better", "intervals"]], []
    for key in shared:
        try:
            rows.append(_row(*_pair(mine[key], other[key])))
        except ValueError as error:
            refused.append(str(error))
    if len(rows) == 1:
        more = f" (and {len(refused) - 1} more metrics)" if len(refused) > 1 else ""
        raise UserError(refused[0] + more)
    lines = [f"this: {ours} step {step}", f"other: {theirs} step {other_step}", ""]
    lines += [tables.aligned(rows), *(f"not compared: {reason}" for reason in refused)]
    return "\n".join(lines)


def _read(directory, step=None):
    step, groups = scores.by_name(scores.read_scores(directory), step)
    if not groups:
        at = "" if step is None else f" of step {step}"
        raise UserError(
            f"{directory} has no scores{at}: tfgan-evaluate --workdir={directory} measures some."
        )
    return step, groups


def _pair(mine, other):
    """The first two of one protocol, else the last measured of each."""
    protocols = [score.protocol for score in other]
    for score in mine:
        if score.protocol in protocols:
            return score, other[protocols.index(score.protocol)]
    return mine[0], other[0]


def _row(a, b):
    difference = a.minus(b)
    better = "-" if a.better == "none" else "neither"
    if a.better != "none" and difference:
        better = "this" if a.is_better_than(b) else "other"
    apart = "-"
    if None not in (a.low, b.low):
        apart = "apart" if a.low > b.high or b.low > a.high else "overlap"
    values = (tables.number(value) for value in (a.value, b.value))
    cut = a.protocol.truncation
    name = a.name if cut is None else f"{a.name} at {cut:g}"
    return [name, *values, f"{difference:+.4g}", better, apart]
