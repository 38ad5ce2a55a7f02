"""Where measured numbers are kept: scores.jsonl and, for spreadsheets, scores.csv.

A line of scores.jsonl is {"step": int, **Score.to_dict()}; scores.csv has the columns of
`COLUMNS`, the last one 12 hex digits of the whole protocol.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os

from tfgan_models.metrics import Score
from trainers import files
from trainers.callbacks import read_rows
from trainers.errors import UserError

ROWS, TABLE = "scores.jsonl", "scores.csv"
COLUMNS = (
    *("step", "name", "value", "low", "high", "level", "better", "network", "n_real", "n_fake"),
    *("truncation", "seed", "reference", "protocol"),
)


def digest(score: Score) -> str:
    """12 hex digits of a score's protocol: equal digits compare."""
    text = json.dumps(score.protocol.to_dict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def append(directory: str, step: int, scores: list[Score]) -> None:
    """Adds the scores of a step to both files of a directory.

    Raises:
        DiskError: They cannot be written.
    """
    import tensorflow as tf

    path = os.path.join(directory, ROWS)
    new = [{"step": step, **score.to_dict()} for score in scores]
    old = read_rows(path)
    if old and not _ends_whole(path):
        _write_rows(path, old)
    with files.disk_errors(path), tf.io.gfile.GFile(path, "a" if old else "w") as file:
        file.write(_lines(new))
    _write_table(directory, read_rows(path))


def truncate(directory: str, step: int) -> None:
    """Drops the scores after `step`, so that a resumed run writes them again."""
    import tensorflow as tf

    path = os.path.join(directory, ROWS)
    if tf.io.gfile.exists(path):
        rows = [row for row in read_rows(path) if row["step"] <= step]
        _write_rows(path, rows)
        _write_table(directory, rows)


def read_scores(directory: str) -> list[tuple[int, Score]]:
    """Returns (step, score) of every row of a directory, oldest first; empty without any.

    Raises:
        UserError: A row is no score.
    """
    path = os.path.join(directory, ROWS)
    try:
        return [(row["step"], _score(row)) for row in read_rows(path)]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} has a row that is no score ({error!r}): move it away.") from error


def by_name(rows: list[tuple[int, Score]], step: int | None = None):
    """Groups the scores of one step.

    Args:
        rows: Of `read_scores`.
        step: Of the generator; None: the largest that has scores.

    Returns:
        (step, {(name, truncation): scores, the last measured first}).
    """
    if step is None and rows:
        step = max(found for found, _ in rows)
    groups: dict = {}
    for found, score in reversed(rows):
        if found == step:
            groups.setdefault((score.name, score.protocol.truncation), []).append(score)
    return step, dict(reversed(groups.items()))


def card_entries(directory: str, step: int, standing: bool = False) -> dict:
    """Returns {name: entry} of a step's newest scores without truncation, for a model card.

    Args:
        directory: With scores.jsonl, or without.
        step: Of the exported generator.
        standing: Whether it has standing batch-norm statistics; scores with others are not its.
    """
    rows = read_scores(directory)
    rows = [row for row in rows if bool(row[1].protocol.standing_batches) == standing]
    _, groups = by_name(rows, step)
    return {
        name: {key: value for key, value in scores[0].to_dict().items() if key != "name"}
        for (name, truncation), scores in groups.items()
        if truncation is None
    }


def _score(row) -> Score:
    return Score.from_dict({key: value for key, value in row.items() if key != "step"})


def _ends_whole(path) -> bool:
    """Whether the last line was written to its end, which a kill may have prevented."""
    import tensorflow as tf

    with tf.io.gfile.GFile(path) as file:
        return file.read().endswith("\n")


def _lines(rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _write_rows(path, rows):
    files.write_atomically(path, _lines(rows))


def _write_table(directory, rows):
    """Anew from all rows, so that both files agree."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        score = _score(row)
        known = {**score.protocol.to_dict(), **row, "protocol": digest(score)}
        table.writerow(["" if known[name] is None else known[name] for name in COLUMNS])
    files.write_atomically(os.path.join(directory, TABLE), buffer.getvalue())
