"""What a run directory says of its run, as plain data. Imports no TensorFlow."""

from __future__ import annotations

import dataclasses
import json
import math
import os

from tfgan_models import presets
from trainers import files
from trainers.errors import UserError
from trainers.report import storage

CONFIG = "config.json"
STARTS = "starts.jsonl"
REPORT = "report.html"
DEFAULT = "(default)"  # in the place of a preset's value that it leaves open
_GRID, _PNG = "step-", ".png"


@dataclasses.dataclass(frozen=True)
class Run:
    """A run as its files have it.

    Attributes:
        workdir: The run directory, as it was given.
        config: config.json.
        rows: Of metrics.jsonl.
        timings: Of timings.jsonl.
        scores: Of scores.jsonl.
        findings: Of doctor.jsonl.
        starts: Of starts.jsonl: a row each time the run was started or resumed.
        grids: {step: path} of the pictures, ascending.
        status: "running", "finished" or "stopped"; "unfinished" where it cannot be known
            whether a process works on it.
    """

    workdir: str
    config: dict
    rows: list[dict]
    timings: list[dict]
    scores: list[dict]
    findings: list[dict]
    starts: list[dict]
    grids: dict[int, str]
    status: str

    @property
    def name(self) -> str:
        """Last part of the directory's path."""
        return os.path.basename(os.path.normpath(self.workdir))

    @property
    def total(self) -> int:
        """Steps that the run is to make."""
        return self.config["steps"]

    @property
    def step(self) -> int:
        """The last step that a row or a picture tells of."""
        return max([0, *(row["step"] for row in self.rows), *self.grids])


def read_run(workdir: str, status: str | None = None) -> Run:
    """Reads a run directory, also of a run that is going on.

    Args:
        workdir: Run directory.
        status: Of the run, where the caller knows it.

    Raises:
        UserError: It is no run directory, or its configuration is damaged.
    """
    workdir = str(workdir)
    config = _read_config(workdir)
    rows = _read_lines(workdir, "metrics.jsonl", ("step",))
    grids = _grids(workdir)
    done = max([0, *(row["step"] for row in rows), *grids])
    return Run(
        workdir,
        config,
        rows,
        timings=_read_lines(workdir, "timings.jsonl", ("step", "seconds", "images_per_second")),
        scores=_read_lines(workdir, "scores.jsonl", ("step", "name", "value", "protocol")),
        findings=_read_lines(workdir, "doctor.jsonl", ("step", "name", "message", "state")),
        starts=_read_lines(workdir, STARTS, ("step",)),
        grids=grids,
        status=status or _status(workdir, done >= config["steps"]),
    )


def _read_config(workdir: str) -> dict:
    path = os.path.join(workdir, CONFIG)
    text = storage.read(path)
    if text is None:
        raise UserError(f"{workdir} is no run directory: it has no {CONFIG}.")
    try:
        config = json.loads(text)
        steps = config["steps"]
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} is damaged ({type(error).__name__}: {error}).") from error
    if not isinstance(steps, int):
        raise UserError(f"{path} is damaged (steps: {steps!r}).")
    return config


def _read_lines(workdir: str, name: str, fields) -> list[dict]:
    """Rows of a JSON-lines file that have the fields; a damaged line is left out."""
    text = (storage.read(os.path.join(workdir, name)) or b"").decode(errors="replace")
    rows = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and all(field in row for field in fields):
            if isinstance(row["step"], int):
                rows.append(row)
    return rows


def _grids(workdir: str) -> dict[int, str]:
    directory = os.path.join(workdir, "samples")
    found = {}
    for name in storage.names(directory):
        number = name.removeprefix(_GRID).removesuffix(_PNG)
        if name == f"{_GRID}{number}{_PNG}" and number.isdigit():
            found[int(number)] = os.path.join(directory, name)
    return dict(sorted(found.items()))


def _status(workdir: str, done: bool) -> str:
    if not files.is_local(workdir):
        return "finished" if done else "unfinished"
    if _locked(os.path.join(workdir, "lock")):
        return "running"
    return "finished" if done else "stopped"


def _locked(path: str) -> bool:
    """Whether the process named in a lock file lives and holds it."""
    import fcntl

    holder = (storage.read(path) or b"").strip()
    if not holder.isdigit() or not _is_alive(int(holder)):
        return False  # without trying the lock, which might be in a starting run's way
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def overrides(config: dict) -> list[tuple[str, object, object]]:
    """Returns (field, the preset's value, the run's value) wherever the two differ.

    Args:
        config: config.json. Where its preset is unknown, nothing is returned.
    """
    preset = _preset(config)
    theirs = dict(_fields(json.loads(json.dumps(preset))))
    mine = dict(_fields({name: config.get(name) for name in preset}))
    return [
        (name, theirs.get(name, DEFAULT), value)
        for name, value in mine.items()
        if theirs.get(name, DEFAULT) != value
    ]


def preset_run(config: dict) -> dict:
    """Returns the run options that the configuration's preset sets."""
    return presets.get(config["preset"]).run if _preset(config) else {}


def _preset(config: dict) -> dict:
    """The preset of a configuration as plain data, empty where it is unknown."""
    if config.get("preset") not in presets.PRESETS:
        return {}
    values = dataclasses.asdict(presets.get(config["preset"]))
    return {name: value for name, value in values.items() if name != "run"}


def _fields(values: dict):
    """(name, value) of each field, "model.width" for those of a section."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def flat(values, prefix: str = ""):
    """Yields (dotted name, value) of nested dicts; lists are values."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def points(rows: list[dict], name: str) -> list[tuple[int, float]]:
    """Returns (step, value) of each row that has a finite number under a name."""
    return [(row["step"], float(row[name])) for row in rows if is_number(row.get(name))]


def is_number(value) -> bool:
    """Whether a value of a row is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)


def protocol_key(score: dict) -> str:
    """Returns a text that is equal for scores that may be compared, and only for them."""
    return json.dumps([score["name"], score["protocol"]], sort_keys=True)


def newest_scores(run: Run) -> dict[str, dict]:
    """Returns {protocol key: newest score}, in the order they were first measured."""
    found: dict[str, dict] = {}
    for score in run.scores:
        key = protocol_key(score)
        if is_number(score["value"]) and score["step"] >= found.get(key, score)["step"]:
            found[key] = score
    return found


def open_findings(run: Run) -> list[dict]:
    """Returns the doctor's findings that are not gone, each as last told."""
    newest = {finding["name"]: finding for finding in run.findings}
    return [finding for finding in newest.values() if finding["state"] != "gone"]


def plain(value) -> str:
    """Returns a value of a configuration or a protocol as text."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
