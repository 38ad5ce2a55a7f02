"""Metrics that read the fakes as they come, in constant memory, and what all of them share."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfgan_models import metrics
from tfgan_models.metrics import Interval
from tfgan_models.metrics.intervals import normal_interval
from tfgan_models.metrics.rows import Rows
from trainers.errors import UserError
from trainers.evaluation import reals
from trainers.evaluation.fakes import Fakes, Piece

LEVEL = 0.95
_GROUPS = 10  # of the jackknife
_WIDEST = 512  # dimensions up to which a jackknife of the Frechet distance is cheap
_SPLITS = 10  # of the inception score


@dataclasses.dataclass
class Job:
    """What one measurement of one generator has at hand.

    Attributes:
        source: Data, None where no metric reads any.
        network: Feature network, None where no metric reads features.
        reference: Statistics of the reals, or None.
        fakes: The generated images.
        n_real: Real images.
        kept: Features of all fakes so far, where a metric needs them.
    """

    source: object
    network: object
    reference: reals.Reference | None
    fakes: Fakes
    n_real: int
    kept: Rows


@dataclasses.dataclass
class Numbers:
    """What a metric found.

    Attributes:
        values: {part: number or Interval}; the part of one number is "".
        options: Of the metric, for the protocol.
        note: One line about the numbers, or empty.
        stamps: Fields of the protocol that are not the evaluation's own.
    """

    values: dict[str, float | Interval]
    options: dict = dataclasses.field(default_factory=dict)
    note: str = ""
    stamps: dict = dataclasses.field(default_factory=dict)


class Measurement:
    """A metric at work: `update` for each piece of the fakes, then `result`.

    Attributes:
        keeps: Whether it reads `Job.kept`.
    """

    keeps = False

    def __init__(self, job: Job):
        self.job = job

    def update(self, piece: Piece) -> None:
        """Reads some fakes."""

    def result(self) -> Numbers:
        """Returns the numbers of all fakes read."""
        raise NotImplementedError


class Frechet(Measurement):
    """Interval: jackknife over ten tenths of the fakes, the reals held fixed, d <= 512."""

    def __init__(self, job):
        super().__init__(job)
        count = _GROUPS if job.network.dim <= _WIDEST and job.fakes.count >= 10 * _GROUPS else 1
        self._groups = [metrics.Moments("fake") for _ in range(count)]

    def update(self, piece):
        group = (piece.start + np.arange(len(piece.images))) % len(self._groups)
        for i, moments in enumerate(self._groups):
            moments.update(piece.features[group == i])

    def result(self):
        statistic = self._distance()
        value, note = statistic.result(), statistic.note
        count = len(self._groups)
        if count > 1 and not note:
            without = [self._distance(i).result() for i in range(count)]
            error = np.sqrt((count - 1) * np.var(without))
            value = normal_interval(value, float(error), LEVEL)
        return Numbers({"": value}, note=note, stamps={"covariance": "n - 1"})

    def _distance(self, left_out=None):
        statistic = metrics.FrechetDistance(self.job.reference.moments)
        for i, moments in enumerate(self._groups):
            if i != left_out:
                statistic.fake.merge(moments)
        return statistic


class InceptionScore(Measurement):
    """Interval: the mean of ten splits, from their scatter."""

    def __init__(self, job):
        super().__init__(job)
        self._statistic = metrics.InceptionScore(_SPLITS, seed=job.fakes.seed)

    def update(self, piece):
        self._statistic.update(piece.probabilities)

    def result(self):
        mean, std = self._statistic.result()
        interval = normal_interval(mean, std / np.sqrt(_SPLITS - 1), LEVEL)
        return Numbers({"": interval}, {"splits": _SPLITS})


class IntraClass(Measurement):
    """Needs the labels of the reals; no interval."""

    def __init__(self, job):
        super().__init__(job)
        self._statistic = metrics.IntraClassFrechetDistance()
        if job.reference.labels is None:
            raise UserError(
                f"intra_class_frechet_distance needs labelled data; {job.source.spec} has none: "
                "leave it out of --metrics."
            )
        for start in range(0, job.n_real, reals.PIECE):
            rows = slice(start, start + reals.PIECE)
            self._statistic.update(
                real=job.reference.features[rows], real_labels=job.reference.labels[rows]
            )

    def update(self, piece):
        self._statistic.update(fake=piece.features, fake_labels=piece.labels)

    def result(self):
        value = self._statistic.result().mean
        return Numbers({"": value}, note=self._statistic.note, stamps={"covariance": "n - 1"})


class LabelConsistency(Measurement):
    """Interval: Wilson's."""

    def __init__(self, job):
        super().__init__(job)
        self._statistic = metrics.LabelConsistency(level=LEVEL)

    def update(self, piece):
        self._statistic.update(piece.labels, piece.probabilities)

    def result(self):
        reference, note = self.job.reference, _names_differ(self.job)
        if reference is not None and reference.predictions is not None:
            if reference.labels is not None:
                share = float(np.mean(reference.predictions == reference.labels))
                note += f"{self.job.network.name} is right on {share:.2%} of the real images."
        return Numbers({"": self._statistic.result()}, {"top": 1}, note)


def _names_differ(job) -> str:
    """A note where the network names its classes otherwise than the data."""
    names = getattr(job.network, "description", {}).get("class_names")
    ours = getattr(job.source, "class_names", None)
    if not names or not ours or list(map(str, names)) == list(map(str, ours)):
        return ""
    return (
        f"{job.network.name} names its classes {', '.join(map(str, names[:3]))}, ..., the data "
        f"{', '.join(map(str, ours[:3]))}, ...: the number holds if their order is the same. "
    )


class ClassCoverage(Measurement):
    """Against the frequencies of the data where its classes are as many, else equal ones."""

    def __init__(self, job):
        super().__init__(job)
        classes, labels = job.network.num_classes, getattr(job.source, "labels", None)
        weights = None
        if labels is not None and job.source.num_classes == classes:
            counts = np.bincount(labels, minlength=classes)
            weights = counts if counts.all() else None
        self._law = "equal" if weights is None else "data"
        self._statistic = metrics.ClassCoverage(classes, weights)

    def update(self, piece):
        self._statistic.update(piece.probabilities.argmax(axis=1))

    def result(self):
        found = self._statistic.result()
        values = {"modes": float(found.modes), "reverse_kl": found.reverse_kl, "js": found.js}
        return Numbers(values, {"classes": self._statistic.classes, "weights": self._law})


class ModeCoverage(Measurement):
    """Points in the units of the density, before quantisation, which would move them."""

    def __init__(self, job):
        super().__init__(job)
        if getattr(job.source, "centres", None) is None:
            raise UserError(
                f"mode_coverage needs a toy mixture; {job.source.spec} has no known modes: "
                "--data=toy:ring8, or other metrics."
            )
        self._statistic = metrics.ModeCoverage(job.source.centres, job.source.std)

    def update(self, piece):
        points = piece.exact.reshape(len(piece.exact), -1).astype(np.float64)
        self._statistic.update(points * self.job.source.scale)

    def result(self):
        found = self._statistic.result()
        values = {"modes": float(found.modes), "quality": found.quality}
        values |= {"reverse_kl": found.reverse_kl, "js": found.js}
        options = {"std": float(self.job.source.std), "within": 3.0}
        return Numbers(values, options, stamps={"quantisation": "none"})


class MsSsim(Measurement):
    """Interval: of the mean of the pairs, even against odd fakes."""

    def __init__(self, job):
        super().__init__(job)
        self._statistic = metrics.MsSsim()

    def update(self, piece):
        self._statistic.update(piece.images.astype(np.float32) / 127.5 - 1.0)

    def result(self):
        note = "ms_ssim says how alike fakes are, not how good: compare it with the data's."
        return Numbers({"": self._statistic.result()}, {"pairs": "even-odd"}, note)
