"""From what a check saw to readings: each number against its limit.

What the loss's logits mean decides which rules apply: a border at zero
(`Loss.CENTERED`) is needed to count right answers, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfgan_models.analysis import diagnosis
from trainers.doctor import baseline
from trainers.doctor.ledger import Reading
from trainers.doctor.limits import limit

_COVERED = 4  # checks whose samples are counted together
_MIN_HELD_OUT = 64
_SEPARATED = 0.9  # share of pairs told apart from which on differences of value are looked for
_VARIED = 0.1  # variance ratio of a generator that does not draw a single picture
_LEFT = 0.5  # of the data's deviation: pictures are no longer those of the first check
_FLAT_CLASSES = 0.02  # eta^2 below which pixels say nothing of the class


@dataclass(frozen=True)
class Facts:
    """What does not change in a run.

    Attributes:
        total: Steps of the run.
        grace: Step before which pictures are not judged.
        every: Steps between checks.
        centered: Whether a logit of zero means undecided.
        momentum: Of the generator's batch norm, None without.
        generator_rate: Rate of the generator's optimizer at the start.
    """

    total: int
    grace: int
    every: int
    centered: bool
    momentum: float | None = None
    generator_rate: float | None = None


class Checks:
    """The rules of one run, with what they remember from check to check.

    Args:
        reals: `baseline.Reals`, measured.
        facts: `Facts`.
        references: Pooled training images that copies are searched among, or None.
        held_out: Pooled held-out images, or None.
    """

    def __init__(self, reals, facts: Facts, references=None, held_out=None):
        self.reals, self.facts, self._references = reals, facts, references
        self._usual_copy = None
        if references is not None and held_out is not None:
            self._usual_copy = diagnosis.nearest_among(held_out, references)
        self._counts: list[list[int]] = []
        self._first: list[float] = []
        self._spots: list[float] = []
        self._weights: list[float] = []

    def readings(self, seen, rate: float | None = None) -> list[Reading]:
        """Judges one `probe.Sample`.

        Args:
            seen: What was seen.
            rate: The generator's learning rate now.
        """
        small = diagnosis.pooled(seen.fakes, 32)
        self._counts.append(self.reals.clusters.counts(diagnosis.pooled(small, 16)).tolist())
        del self._counts[:-_COVERED]
        moved = self._movement(seen, rate)
        if seen.step < self.facts.grace:
            return []
        contrast = baseline.contrast(small) / self.reals.contrast if self.reals.contrast else 1.0
        drawn = self.reals.points or contrast > limit("contrast")
        groups = [
            self._values(seen, small, drawn),
            self._variety(seen, small, drawn),
            self._contrast(seen, contrast, drawn),
            self._coverage(seen, drawn),
            self._strength(seen),
            self._leaks(seen),
            self._overfitting(seen),
            self._copies(small),
            self._labels(seen),
            self._grids(seen) if drawn else [],
            self._modes(seen) if drawn else [],
            self._channels(seen),
            self._augmentation(seen),
            moved,
        ]
        return [reading for group in groups for reading in group]

    def _values(self, seen, small, drawn) -> list[Reading]:
        if self.reals.points or not self.reals.variance > 0.0:
            return []
        _, low, high, _ = diagnosis.value_range(seen.fakes)
        gap = self._range_gap(seen.fakes)
        what = (
            f"98 % of the samples' values are in [{low:.2f}, {high:.2f}], of the data's in "
            f"[{self.reals.low:.2f}, {self.reals.high:.2f}], a gap of {gap:.2f}"
        )
        bound = limit("value_gap")
        # One picture for all inputs has another range too, and so has a grey one. Variety in
        # units of the contrast, since a wrong range changes both.
        usual = self.reals.contrast / baseline.contrast(small) if drawn else 0.0
        varied = usual**2 * diagnosis.variance_ratio(small, self.reals.variance) > _VARIED
        beyond = gap > bound and varied and self._range_gap(_in_training(seen)) > bound
        return [Reading("sample_range", gap, bound, beyond, details={"what": what})]

    def _range_gap(self, pictures) -> float:
        _, low, high, _ = diagnosis.value_range(pictures)
        return max(abs(low - self.reals.low), abs(high - self.reals.high))

    def _variety(self, seen, small, drawn) -> list[Reading]:
        """Too little variety; grey pictures of a generator that has not begun are no collapse,
        nor is what batch norm's statistics alone make of varied ones."""
        if not self.reals.variance > 0.0 or not self.reals.nearest > 0.0:
            return []
        name, value = self._least_variety(small)
        of = {"neighbour_ratio": "The nearest of {} samples is {:.2f} times as far"}
        of["variance_ratio"] = "The variety of the samples is {1:.2f} times as large"
        what = of[name].format(self.reals.batch_size, value)
        bound = limit(name)
        moved = diagnosis.movement(seen.spots, self._first, self.reals.deviation) > _LEFT
        begun = drawn or (moved and seen.step >= self.facts.total / 2)
        beyond = begun and value < bound
        if beyond and seen.modes:
            other, value_in_training = self._least_variety(diagnosis.pooled(_in_training(seen), 32))
            beyond = value_in_training < limit(other)
        details = {"what": f"{what} as in the data"}
        return [Reading("mode_collapse", value, bound, beyond, low=True, details=details)]

    def _least_variety(self, small) -> tuple[str, float]:
        """Which measure of variety is the farthest below its limit, and its value."""
        size = min(self.reals.batch_size, len(small))
        parts = [small[i : i + size] for i in range(0, len(small) - size + 1, size)]
        near = np.median([diagnosis.nearest_in_batch(part) for part in parts])
        found = {
            "neighbour_ratio": float(near) / self.reals.nearest,
            "variance_ratio": diagnosis.variance_ratio(small, self.reals.variance),
        }
        return min(found.items(), key=lambda item: item[1] / limit(item[0]))

    def _contrast(self, seen, value, drawn) -> list[Reading]:
        beyond = not drawn and seen.step >= self.facts.total / 2
        return [Reading("flat_samples", value, limit("contrast"), beyond, low=True)]

    def _coverage(self, seen, drawn) -> list[Reading]:
        early = seen.step < self.facts.total / 2 or not drawn
        if early or len(self._counts) < _COVERED or len(self.reals.clusters.shares) < 20:
            return []
        counts = np.sum(self._counts, axis=0)
        value, starved = self.reals.clusters.coverage(counts)
        bound = limit("coverage")
        beyond = value > bound and starved >= limit("starved_groups")
        details = {"starved": starved, "groups": len(counts)}
        return [Reading("partial_collapse", value, bound, beyond, details=details)]

    def _strength(self, seen) -> list[Reading]:
        if not self.facts.centered or seen.slope is None:
            return []
        real = seen.train_logits if seen.held_out_logits is None else seen.held_out_logits
        accuracy, bound = diagnosis.accuracy(real, seen.fake_logits), limit("saturation")
        beyond = accuracy > limit("accuracy") and seen.slope < bound
        details = {"accuracy": accuracy}
        return [Reading("d_too_strong", seen.slope, bound, beyond, low=True, details=details)]

    def _leaks(self, seen) -> list[Reading]:
        if not self.facts.centered or not seen.gaps:
            return []
        separated = diagnosis.separation(seen.train_logits, seen.fake_logits) > _SEPARATED
        shrunk = {c: diagnosis.gap_shrink(*pair) for c, pair in seen.gaps.items()}
        change = max(shrunk, key=shrunk.get)
        value, bound = shrunk[change], limit("gap_shrink")
        beyond = separated and value > bound
        return [Reading("format_leak", value, bound, beyond, details={"change": change})]

    def _overfitting(self, seen) -> list[Reading]:
        held_out = seen.held_out_logits
        if held_out is None or len(held_out) < _MIN_HELD_OUT:
            return []
        value, error = diagnosis.overfitting(seen.train_logits, held_out, seen.fake_logits)
        entry = [float(x.mean()) for x in (seen.train_logits, held_out, seen.fake_logits)]
        bound = limit("overfitting")
        sure = error < limit("overfitting_error")
        details = dict(zip(("train", "held_out", "fake"), entry, strict=True))
        return [Reading("overfitting", value, bound, sure and value > bound, details=details)]

    def _copies(self, small) -> list[Reading]:
        if not self._usual_copy:
            return []
        near = diagnosis.nearest_among(baseline.thumbnails(small), self._references)
        value, bound = near / self._usual_copy, limit("copies")
        return [Reading("memorised", value, bound, value < bound, low=True)]

    def _labels(self, seen) -> list[Reading]:
        share = self.reals.class_share
        if seen.table is None or share is None or seen.table.shape[1] < 2:
            return []
        table, readings = diagnosis.pooled(seen.table.reshape(-1, *seen.fakes.shape[1:]), 32), []
        table = table.reshape(*seen.table.shape[:2], -1)
        if share > _FLAT_CLASSES:
            value, bound = diagnosis.label_effect(table, share), limit("label_effect")
            readings.append(Reading("label_ignored", value, bound, value < bound, low=True))
        if self.reals.within > 0.0:
            value, bound = diagnosis.latent_effect(table, self.reals.within), limit("latent_effect")
            readings.append(Reading("latent_ignored", value, bound, value < bound, low=True))
        return readings

    def _grids(self, seen) -> list[Reading]:
        found, worst = baseline.grids(seen.fakes) if self.reals.grids else {}, None
        for name, value in found.items():
            usual = self.reals.grids[name]
            corner = name == "corner"
            least = limit("corner" if corner else "grid")
            bound = max(least, limit("times_data_grid") * usual)
            if corner:
                what = f"The finest pattern has {value:.3g} times its neighbours' power"
            else:
                what = f"A grid of {name} pixels has {value:.3f} of the fine detail"
            if worst is None or value / bound > worst.value / worst.limit:
                what = f"{what}, {usual:.3g} in the data"
                beyond = value > bound
                worst = Reading("checkerboard", value, bound, beyond, details={"what": what})
        return [] if worst is None else [worst]

    def _modes(self, seen) -> list[Reading]:
        worst = None
        for which, (train, inference, other) in seen.modes.items():
            value, bound = diagnosis.mode_mismatch(train, inference), limit("mode_mismatch")
            half = len(train) // 2
            # Two training batches that share these latents differ by as much as this.
            noise = diagnosis.mode_mismatch(train[:half], other[:half])
            left = diagnosis.initial_share(seen.step, self.facts.momentum)
            held = f"; its moving statistics still hold {left:.0%} of their initial values"
            held = held if left > limit("initial_share") else ""
            details = {"which": which, "held": held, "momentum": self.facts.momentum}
            beyond = value > bound and value > 2.0 * noise
            reading = Reading("batch_norm", value, bound, beyond, details=details)
            worst = reading if worst is None or value > worst.value else worst
        return [] if worst is None else [worst]

    def _channels(self, seen) -> list[Reading]:
        shares = {
            name: diagnosis.dead_share(largest, variance, rectified)
            for name, (largest, variance, rectified) in seen.channels.items()
        }
        if not shares:
            return []
        layer = max(shares, key=shares.get)
        value, bound = shares[layer], limit("dead_share")
        details = {"layer": layer}
        return [Reading("dead_channels", value, bound, value > bound, details=details)]

    def _augmentation(self, seen) -> list[Reading]:
        if seen.augment_p is None:
            return []
        value, bound = seen.augment_p, limit("augment_p")
        return [Reading("augment_saturated", value, bound, value > bound)]

    def _movement(self, seen, rate) -> list[Reading]:
        """How far the pictures and weights came since the last check; remembers the new ones."""
        spots, weights = self._spots, self._weights
        self._first = self._first or seen.spots.tolist()
        self._spots, self._weights = seen.spots.tolist(), seen.weights.tolist()
        if not spots:
            return []
        value = diagnosis.movement(seen.spots, spots, self.reals.deviation)
        step = diagnosis.relative_step(seen.weights, weights, self.facts.every)
        bound, start = limit("movement"), self.facts.generator_rate
        # A schedule that has come to its end stops the generator on purpose.
        meant = rate is not None and start is not None and 0.0 < rate < 0.01 * start
        beyond = value < bound and step < limit("relative_step") and not meant
        details = {"steps": self.facts.every}
        return [Reading("stalled", value, bound, beyond, low=True, details=details)]

    def state(self) -> dict:
        """What is remembered, as plain data."""
        return {
            "counts": self._counts,
            "first": self._first,
            "spots": self._spots,
            "weights": self._weights,
        }

    def restore(self, state: dict) -> None:
        """Takes back what `state` gave."""
        self._counts, self._first = state["counts"], state["first"]
        self._spots, self._weights = state["spots"], state["weights"]


def _in_training(seen) -> np.ndarray:
    """The generator's pictures as the discriminator sees them: with batch norm, in training."""
    return seen.modes["Pictures"][0] if "Pictures" in seen.modes else seen.fakes
