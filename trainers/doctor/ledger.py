"""When the doctor speaks: agreement of several checks, once each, causes before consequences."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from trainers.doctor.conditions import CONDITIONS, ORDER

_REPEAT_AFTER = 8  # checks that stay beyond the limit
_WORSE = 2.0


@dataclass(frozen=True)
class Reading:
    """One number of one check against its limit.

    Attributes:
        name: Of `conditions.CONDITIONS`.
        value, limit: The number and where the condition begins.
        beyond: Whether it is there.
        low: Whether smaller is worse.
        details: What the condition's `seen` asks for besides.
    """

    name: str
    value: float
    limit: float
    beyond: bool
    low: bool = False
    details: dict = field(default_factory=dict)


@dataclass
class _Record:
    """What is known of one condition; plain data, stored in checkpoints."""

    bad: int = 0  # consecutive checks beyond the limit
    calm: int = 0  # consecutive checks within it, while found
    since: int = 0  # step of the first of the bad ones
    found: bool = False
    said: float = 0.0  # value last spoken of
    quiet: int = 0  # checks since


class Ledger:
    """Turns readings into findings.

    Args:
        suggest: (name, details) -> what to set next, a line of text.
    """

    def __init__(self, suggest: Callable[[str, dict], str]):
        self._suggest = suggest
        self._records: dict[str, _Record] = {}
        self._said: dict[str, dict] = {}

    def note(self, step: int, readings: list[Reading]) -> list[dict]:
        """Takes the readings of one check; returns the findings to tell, causes first.

        A condition is found when `checks` readings in a row are beyond the limit, told again
        when it is twice as bad or after 8 more checks, and gone after as many readings
        within the limit.

        Returns:
            Rows of doctor.jsonl.
        """
        states = {r.name: self._turn(step, r) for r in readings}
        told = [r for r in readings if states[r.name]]
        told.sort(key=lambda r: ORDER[r.name])
        return [self._row(step, reading, states[reading.name]) for reading in told]

    def _turn(self, step, reading) -> str | None:
        record = self._records.setdefault(reading.name, _Record())
        needed = CONDITIONS[reading.name].checks
        if not reading.beyond:
            record.bad = 0
            record.calm += record.found
            if record.found and record.calm >= needed:
                record.found = False
                return "gone"
            return None
        record.since = step if record.bad == 0 else record.since
        record.bad, record.calm, record.quiet = record.bad + 1, 0, record.quiet + 1
        if record.found:
            low, high = sorted((abs(reading.value), abs(record.said)))
            worse = (low == abs(reading.value)) == reading.low and low * _WORSE < high
            if not worse and record.quiet < _REPEAT_AFTER:
                return None
        elif record.bad < needed:
            return None
        record.found, record.said, record.quiet = True, float(reading.value), 0
        return "found"

    def _row(self, step, reading, state) -> dict:
        condition = CONDITIONS[reading.name]
        shown = {"value": reading.value, "limit": reading.limit, **reading.details}
        row = {
            "step": step,
            "name": reading.name,
            "title": condition.title,
            "value": _finite(reading.value),
            "limit": _finite(reading.limit),
            "message": condition.seen.format(**shown) + ".",
            "meaning": condition.meaning,
            "suggestion": self._suggest(reading.name, reading.details),
            "severity": condition.severity,
            "state": state,
            "because_of": self._cause(reading.name),
        }
        if state == "found":
            self._said[reading.name] = row
        return row

    def _cause(self, name: str) -> str | None:
        return next((c for c in CONDITIONS[name].causes if self.is_found(c)), None)

    def is_found(self, name: str) -> bool:
        """Whether a condition holds now."""
        return name in self._records and self._records[name].found

    def since(self, name: str) -> int:
        """Step of the first bad check of a condition that holds."""
        return self._records[name].since

    def summary(self) -> list[dict]:
        """The conditions that hold, the newest row of each, causes before consequences."""
        names = sorted((n for n in self._said if self.is_found(n)), key=ORDER.get)
        rows = [{**self._said[n], "because_of": self._cause(n)} for n in names]
        return sorted(rows, key=lambda row: row["because_of"] is not None)

    def state(self) -> dict:
        """Everything as plain data."""
        records = {name: dataclasses.asdict(r) for name, r in self._records.items()}
        return {"records": records, "said": self._said}

    def restore(self, state: dict) -> None:
        """Takes back what `state` gave."""
        self._records = {name: _Record(**r) for name, r in state["records"].items()}
        self._said = dict(state["said"])


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return float(value) if math.isfinite(value) else None
