"""What the doctor follows at every step: numbers that the step has computed anyway."""

from __future__ import annotations

import numpy as np

from tfgan_models.analysis import diagnosis
from trainers.doctor.ledger import Reading
from trainers.doctor.limits import limit

_LOSSES = 500  # steps of losses kept
_LOSSES_NEEDED = 200  # before one of them counts as unusual
_FLAGS = 100  # steps of which half must be unusual
_LARGE_LOSS = 1.0  # usual losses below this count as this
_GAPS = 200  # entries of the series searched for cycles
_COARSE = 10  # steps between entries of the slow one
_PENALTIES = 1000  # evaluations of a penalty kept
_PENALTIES_NEEDED = 50
_PENALTY_DECAY = 0.9
_UNUSUAL_PENALTIES = 20  # evaluations in a row
_START = 200  # steps without judgement: losses and penalties find their size
# Penalties whose size is a slope of the discriminator.
SLOPES = (
    "r1",
    "r2",
    "gradient_penalty",
    "zero_centered_gradient_penalty",
    "dragan",
    "max_gradient",
)


class StepWatch:
    """Windows of the means of the last steps, and what they show.

    Args:
        unbounded: Whether the loss leaves the offset of the logits free, so that only
            their difference has a size.
    """

    def __init__(self, unbounded: bool):
        self.unbounded = unbounded
        self._windows: dict[str, list] = {
            "losses": [],
            "flags": [],
            "fast": [],
            "slow": [],
            "part": [],
        }
        self._penalties: dict[str, dict] = {}
        self._sums: dict[str, list] = {}

    def update(self, step: int, values: dict[str, float]) -> None:
        """Takes the means of one execution, which ended with `step`; {log name: mean}."""
        for name, value in values.items():
            total = self._sums.setdefault(name, [0.0, 0])
            total[0], total[1] = total[0] + value, total[1] + 1
        if "d_loss" in values and "g_loss" in values:
            self._see_losses(step, values)
        if "d_real" in values and "d_fake" in values:
            self._see_gap(step, values["d_real"] - values["d_fake"])
        for name in SLOPES:
            if name in values:
                self._see_penalty(step, name, values[name])

    def _see_losses(self, step, values):
        largest = max(abs(values["d_loss"]), abs(values["g_loss"]))
        losses, real, fake = self._windows["losses"], values.get("d_real"), values.get("d_fake")
        unusual, logit = 0.0, 0.0
        if step > _START and len(losses) >= min(_LOSSES_NEEDED, _LOSSES):
            unusual = largest / max(self._usual_loss(), _LARGE_LOSS)
        if real is not None and fake is not None:
            logit = abs(real - fake) if self.unbounded else max(abs(real), abs(fake))
        _push(losses, largest, _LOSSES)
        _push(self._windows["flags"], [unusual, logit], _FLAGS)

    def _usual_loss(self) -> float:
        return float(np.median(self._windows["losses"]))

    def _see_gap(self, step, gap):
        _push(self._windows["fast"], gap, _GAPS)
        part = self._windows["part"]
        part.append(gap)
        if step % _COARSE == 0:
            _push(self._windows["slow"], sum(part) / len(part), _GAPS)
            part.clear()

    def _see_penalty(self, step, name, value):
        kept = self._penalties.setdefault(name, {"mean": value, "history": [], "unusual": 0})
        kept["mean"] = _PENALTY_DECAY * kept["mean"] + (1.0 - _PENALTY_DECAY) * value
        if step <= _START:
            return
        if len(kept["history"]) >= _PENALTIES_NEEDED:
            ratio = diagnosis.times_usual(kept["mean"], kept["history"], 1e-12)
            beyond = ratio > limit("times_usual_penalty")
            kept["ratio"], kept["unusual"] = ratio, (kept["unusual"] + 1) * beyond
        _push(kept["history"], kept["mean"], _PENALTIES)

    def means(self) -> dict[str, float]:
        """Means of all logs since the last call."""
        found = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        return found

    def urgent(self) -> list[Reading]:
        """Readings of what must be said at once: divergence and exploding penalties."""
        readings = [self._divergence()] if self._windows["flags"] else []
        seen = [(k["unusual"], k["ratio"], n) for n, k in self._penalties.items() if "ratio" in k]
        if seen:
            count, ratio, name = max(seen)
            details = {"penalty": name}
            beyond = count >= _UNUSUAL_PENALTIES
            bound = limit("times_usual_penalty")
            readings.append(Reading("exploding_penalty", ratio, bound, beyond, details=details))
        return readings

    def _divergence(self) -> Reading:
        losses, logits = np.array(self._windows["flags"], "float64").T
        bounds = limit("times_usual_loss"), limit("largest_logit")
        unusual = [
            float(np.median(losses)),
            float(np.median(logits)),
        ]
        beyond = [
            len(losses) == _FLAGS and value > bound
            for value, bound in zip(unusual, bounds, strict=True)
        ]
        which = 1 if beyond[1] else 0
        what = (
            f"The losses are {unusual[0]:.3g} times as large as usual",
            f"The {'difference of the logits' if self.unbounded else 'logits'} reached "
            f"{unusual[1]:.3g}",
        )[which]
        details = {"what": what}
        return Reading("divergence", unusual[which], bounds[which], any(beyond), details=details)

    def cycles(self, together: int) -> list[Reading]:
        """Reading of the clearer of the fast and the slow series of logit differences.

        Args:
            together: Steps in one entry of the fast series.
        """
        best = None
        for name, stride in (("fast", together), ("slow", max(_COARSE, together))):
            series = self._windows[name]
            if len(series) == _GAPS:
                found = diagnosis.oscillation(series)
                if best is None or found.peak > best[0].peak:
                    best = found, stride
        if best is None:
            return []
        found, stride = best
        beyond = found.peak > limit("cycle") and found.amplitude > limit("cycle_size")
        details = {"period": found.lag * stride}
        return [Reading("oscillation", found.peak, limit("cycle"), beyond, details=details)]

    def state(self) -> dict:
        """Everything as plain data."""
        return {"windows": self._windows, "penalties": self._penalties, "sums": self._sums}

    def restore(self, state: dict) -> None:
        """Takes back what `state` gave."""
        self._windows, self._penalties = state["windows"], state["penalties"]
        self._sums = state["sums"]


def _push(window: list, entry, size: int) -> None:
    window.append(entry)
    if len(window) > size:
        del window[0]
