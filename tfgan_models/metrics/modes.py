"""Which modes of a known mixture, or classes of a data set, samples cover."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.rows import Statistic

_WITHIN = 3.0  # standard deviations of a high-quality sample
_LOOSE = 100  # a loose mode has one in so many samples
_BLOCK = 1 << 22  # distances at a time


class ModeCounts(NamedTuple):
    """What `mode_coverage` returns.

    Attributes:
        modes: Modes nearest to at least one high-quality sample (VEEGAN's criterion).
        quality: Share of samples within 3 std of the nearest centre.
        loose: Modes with at least one hundredth of the samples within half the smallest
            distance between centres.
        reverse_kl: KL(histogram of nearest centres || weights), nats.
        js: Jensen-Shannon divergence of the same two, nats.
        samples: How many there were.
    """

    modes: int
    quality: float
    loose: int
    reverse_kl: float
    js: float
    samples: int


class ModeCoverage(Statistic):
    """Streaming form of `mode_coverage`: three counts a mode, so shards merge exactly."""

    def __init__(self, centres, std: float, weights=None):
        self.centres = checks.features("centres", centres, 1).astype(np.float64)
        if not std > 0.0:
            raise ValueError(f"std must be positive; got {std}.")
        self.std = float(std)
        self.weights = _weights(weights, len(self.centres))
        gaps = np.linalg.norm(self.centres[:, None] - self.centres, axis=-1)
        if np.any(gaps[np.triu_indices(len(gaps), 1)] == 0.0):
            raise ValueError("centres has a point twice, so two modes would share samples.")
        self._half = 0.5 * gaps[gaps > 0.0].min() if len(gaps) > 1 else np.inf
        self._nearest, self._good, self._near = np.zeros((3, len(self.centres)), np.int64)

    def options(self) -> dict:
        return {
            "centres": self.centres.tolist(),
            "std": self.std,
            "weights": self.weights.tolist(),
        }

    def update(self, samples) -> None:
        """Adds samples, float (n, d)."""
        samples = checks.features("samples", samples, 0)
        modes, dimensions = self.centres.shape
        if samples.shape[1] != dimensions:
            raise ValueError(
                f"samples has {samples.shape[1]} dimensions and centres {dimensions}: pass both "
                "in one unit and order."
            )
        size = max(1, _BLOCK // (modes * dimensions))
        for start in range(0, len(samples), size):
            gaps = samples[start : start + size, None].astype(np.float64) - self.centres
            distances = np.linalg.norm(gaps, axis=-1)
            nearest, distance = distances.argmin(axis=1), distances.min(axis=1)
            for counts, kept in (
                (self._nearest, slice(None)),
                (self._good, distance < _WITHIN * self.std),
                (self._near, distance < self._half),
            ):
                counts += np.bincount(nearest[kept], minlength=modes)

    def merge(self, other):
        """Adds the counts of another shard; returns self."""
        self._check_merge(other)
        self._nearest += other._nearest
        self._good += other._good
        self._near += other._near
        return self

    def result(self) -> ModeCounts:
        """The counts of all samples so far."""
        count = int(self._nearest.sum())
        if not count:
            raise ValueError("samples is empty: pass one row or more.")
        reverse_kl, js = _divergences(self._nearest, self.weights)
        return ModeCounts(
            modes=int(np.sum(self._good > 0)),
            quality=float(self._good.sum() / count),
            loose=int(np.sum(_LOOSE * self._near >= count)),
            reverse_kl=reverse_kl,
            js=js,
            samples=count,
        )


def mode_coverage(samples, centres, std: float, weights=None) -> ModeCounts:
    """Counts the modes of a mixture of equal round normals that samples cover.

    The usual protocol (VEEGAN, arXiv:1705.07761, section 4.1; PacGAN, arXiv:1712.04086,
    section 4.1) takes 2,500 samples and the mean of 5 runs or more. Samples of a mixture in
    the plane itself have quality 1 - exp(-9/2) = 0.98889 and all modes. A cloud that covers
    everything has all loose modes and a small divergence: read them with the quality.

    Args:
        samples: Float (n, d).
        centres: Float (modes, d), all different.
        std: Standard deviation of each mode, in every direction.
        weights: Positive (modes,), of the modes; None: equal. Normalised.

    Returns:
        ModeCounts(modes, quality, loose, reverse_kl, js, samples).

    Raises:
        ValueError: No samples, unlike dimensions, NaN, a centre given twice, std not positive.
    """
    stream = ModeCoverage(centres, std, weights)
    stream.update(samples)
    return stream.result()


class ClassCounts(NamedTuple):
    """What `class_coverage` returns.

    Attributes:
        modes: Classes with at least one sample.
        reverse_kl: KL(shares of the classes || weights), nats.
        js: Jensen-Shannon divergence of the same two, nats.
        samples: How many there were.
    """

    modes: int
    reverse_kl: float
    js: float
    samples: int


class ClassCoverage(Statistic):
    """Streaming form of `class_coverage`: one count a class, so shards merge exactly."""

    def __init__(self, classes: int, weights=None):
        self.classes = checks.whole("classes", classes, 1)
        self.weights = _weights(weights, self.classes)
        self._counts = np.zeros(self.classes, np.int64)

    def options(self) -> dict:
        return {"classes": self.classes, "weights": self.weights.tolist()}

    def update(self, labels) -> None:
        """Adds predicted classes, whole numbers (n,) from 0."""
        labels = np.asarray(labels)
        labels = checks.labels("labels", labels, len(labels) if labels.ndim else 0)
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.classes:
            raise ValueError(
                f"labels has values from {labels.min()} to {labels.max()}, expected 0 to "
                f"{self.classes - 1}: pass the number of classes of the classifier."
            )
        self._counts += np.bincount(labels, minlength=self.classes)

    def merge(self, other):
        """Adds the counts of another shard; returns self."""
        self._check_merge(other)
        self._counts += other._counts
        return self

    def result(self) -> ClassCounts:
        """The counts of all samples so far."""
        count = int(self._counts.sum())
        if not count:
            raise ValueError("labels is empty: pass one or more.")
        reverse_kl, js = _divergences(self._counts, self.weights)
        return ClassCounts(int(np.sum(self._counts > 0)), reverse_kl, js, count)


def class_coverage(labels, classes: int, weights=None) -> ClassCounts:
    """Classes that a classifier sees among samples, as for Stacked MNIST's 1,000 modes.

    KL(q || p) = sum_k q_k log(q_k / p_k), q the shares of the samples (Metz et al. 2017,
    arXiv:1611.02163, section 3.3.1). With few samples a class it is biased: n samples of p
    itself give about (classes - 1) / 2n.

    Args:
        labels: Whole numbers (n,), classes that the classifier predicts. Three digits of a
            stacked image make 100 a + 10 b + c.
        classes: How many there are.
        weights: Positive (classes,), shares in the data; None: equal. Normalised.

    Returns:
        ClassCounts(modes, reverse_kl, js, samples).

    Raises:
        ValueError: No labels, not whole numbers, a label outside the classes.
    """
    stream = ClassCoverage(classes, weights)
    stream.update(labels)
    return stream.result()


def _weights(weights, count):
    if weights is None:
        return np.full(count, 1.0 / count)
    weights = np.asarray(weights, np.float64)
    if weights.shape != (count,) or not np.all(np.isfinite(weights)) or not np.all(weights > 0.0):
        raise ValueError(
            f"weights must be {count} positive numbers, one a mode; got shape {weights.shape}."
        )
    return weights / weights.sum()


def _divergences(counts, weights):
    """KL(shares || weights) and their Jensen-Shannon divergence, nats."""
    shares = counts / counts.sum()
    middle = 0.5 * (shares + weights)
    js = 0.5 * _kl(shares, middle) + 0.5 * _kl(weights, middle)
    return max(_kl(shares, weights), 0.0), max(js, 0.0)


def _kl(q, p):
    present = q > 0.0
    return float(np.sum(q[present] * np.log(q[present] / p[present])))
