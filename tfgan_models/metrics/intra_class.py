"""Intra-class Frechet distance (intra-FID): Miyato and Koyama 2018, arXiv:1802.05637."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks, frechet
from tfgan_models.metrics.rows import Statistic


class IntraClassValue(NamedTuple):
    """Mean over the classes, and the distance of each."""

    mean: float
    by_class: dict[int, float]


def intra_class_frechet_distance(real, real_labels, fake, fake_labels) -> IntraClassValue:
    """Mean over the classes of the Frechet distance between reals and fakes of the class.

    Unlike FID it sees classes that collapse or are mixed up. Each class counts the same. In the
    paper 5000 fakes of each class against all reals of it.

    Args:
        real: Float (N, d).
        real_labels: Whole numbers (N,).
        fake: Float (M, d).
        fake_labels: Whole numbers (M,), the classes asked of the generator.

    Returns:
        (mean, {class: distance}).

    Raises:
        ValueError: A class is missing or has one sample in a set; labels that do not fit;
            else as in `frechet_distance`.
    """
    statistic = IntraClassFrechetDistance()
    statistic.update(real, real_labels, fake, fake_labels)
    return statistic.result()


class IntraClassFrechetDistance(Statistic):
    """Streaming `intra_class_frechet_distance`: 2 (d^2 + d) float64 numbers a class.

    67 MB a class for d = 2048; evaluate large sets a group of classes at a time.

    Attributes:
        note: After `result`: empty, or how many classes have a singular covariance.
    """

    def __init__(self):
        self._classes: dict[int, frechet.FrechetDistance] = {}
        self.note = ""

    def update(self, real=None, real_labels=None, fake=None, fake_labels=None) -> None:
        """Adds features, float (n, d), with their labels, of either set or both."""
        for name, array, numbers in (("real", real, real_labels), ("fake", fake, fake_labels)):
            if (array is None) != (numbers is None):
                raise ValueError(f"{name} and {name}_labels belong together: pass both or neither.")
            if array is None:
                continue
            array = checks.features(name, array, 0)
            numbers = checks.labels(f"{name}_labels", numbers, len(array))
            for number in np.unique(numbers):
                distance = self._classes.setdefault(int(number), frechet.FrechetDistance())
                getattr(distance, name)._add(array[numbers == number])

    def merge(self, other: IntraClassFrechetDistance) -> IntraClassFrechetDistance:
        """Adds the samples of another shard; returns self."""
        self._check_merge(other)
        for number, distance in other._classes.items():
            self._classes.setdefault(number, frechet.FrechetDistance()).merge(distance)
        return self

    def result(self) -> IntraClassValue:
        """(mean, {class: distance}) of the samples so far."""
        if not self._classes:
            raise ValueError("no class has samples yet: call update with features and labels.")
        short = [
            f"{number} ({distance.real.count} real, {distance.fake.count} fake)"
            for number, distance in sorted(self._classes.items())
            if min(distance.real.count, distance.fake.count) < 2
        ]
        if short:
            more = f" and {len(short) - 5} more" if len(short) > 5 else ""
            raise ValueError(
                f"a class needs 2 samples in each set; too few in class {', '.join(short[:5])}"
                f"{more}: pass more of them, or leave these classes out of both sets."
            )
        values = {number: self._classes[number].result() for number in sorted(self._classes)}
        singular = sum(bool(distance.note) for distance in self._classes.values())
        self.note = (
            f"singular covariance in {singular} of {len(values)} classes: the distances depend "
            "strongly on the number of samples; compare them only at equal numbers."
            if singular
            else ""
        )
        return IntraClassValue(float(np.mean(list(values.values()))), values)
