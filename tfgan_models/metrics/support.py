"""Size of the support and copies of training data.

Birthday paradox: Arora and Zhang 2017, arXiv:1706.08224. Neighbours of samples in the training
set are common practice; Theis et al. 2016, arXiv:1511.01844, shows that in pixels a shift by
one pixel hides a copy, so use features.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks, neighbours
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.rows import Rows, Statistic, TwoSets, blocks

_METRICS = ("cosine", "standardised", "euclidean")
_PAIRS = 2_000_000  # near duplicates kept
_FIRST = 2048  # rows that tell how many there are


class BirthdayParadoxValue(NamedTuple):
    """Attributes:
    support: size^2 / (2 ln 2), the estimate of the paper; infinite without duplicates.
    size: Samples among which a near duplicate is as likely as not; infinite without.
    collision: Share of all pairs that are near duplicates. 1 / collision is another estimate
        of the support, the number of equally likely images with as many collisions.
    pairs: Near duplicates seen.
    samples: Samples looked at.
    """

    support: float
    size: float
    collision: float
    pairs: int
    samples: int


class MemorisationValue(NamedTuple):
    """Attributes:
    ratio: Median distance of fakes to their nearest training sample over that of held-out
        reals: about 1 for new samples, near 0 for copies; below 0.5 is suspicious.
    fake: The median of the fakes.
    held_out: The median of the held-out reals: the unit for distances of neighbours.
    """

    ratio: float
    fake: float
    held_out: float


class NearestNeighboursValue(NamedTuple):
    """Attributes:
    index: int64 (M, k), rows of the reals, nearest first.
    distance: float64 (M, k).
    """

    index: np.ndarray
    distance: np.ndarray


def birthday_support(size: float, probability: float = 0.5) -> float:
    """Support of equally likely images in which `size` samples hold a duplicate.

    size^2 / (-2 ln(1 - probability)); at 1/2, size^2 / (2 ln 2).
    """
    if not 0.0 < probability < 1.0 or not size >= 0.0:
        raise ValueError(
            f"size must not be negative and probability lies between 0 and 1; got {size} and "
            f"{probability}."
        )
    return float(size) ** 2 / (-2.0 * math.log1p(-probability))


def birthday_paradox(
    fake, threshold: float, trials: int = 1000, seed: int = 0
) -> BirthdayParadoxValue:
    """Support of a generator from how soon near duplicates turn up among its samples.

    size: the median, over `trials` random orders of the samples, of how many are drawn before
    two of them are nearer than `threshold`. The paper looks at the nearest pairs and lets a
    person decide what a duplicate is; look at some near the threshold.

    Args:
        fake: Float (N, d), features (or pixels) of samples; N well above the expected size.
            Where near duplicates are many, the first N that hold 2 million are used.
        threshold: Euclidean distance under which two samples are the same image.
        trials: Random orders.
        seed: Of the orders.

    Returns:
        (support, size, collision, pairs, samples). Without duplicates among N samples size and
        support are infinite: the support is likely above N^2 / (2 ln 2).

    Raises:
        ValueError: Fewer than two samples, NaN, a threshold that is not positive.
    """
    return BirthdayParadox(threshold, trials, seed)._value(checks.features("fake", fake))


class BirthdayParadox(Statistic):
    """Streaming `birthday_paradox`; keeps all features (see `rows.Rows`)."""

    def __init__(self, threshold: float, trials: int = 1000, seed: int = 0):
        if not 0.0 < threshold < math.inf:
            raise ValueError(f"threshold must be a positive distance; got {threshold}.")
        self.threshold = float(threshold)
        self.trials = checks.whole("trials", trials, 1)
        self.seed = checks.whole("seed", seed, 0)
        self.fake = Rows("fake")

    def options(self):
        return {name: getattr(self, name) for name in ("threshold", "trials", "seed")}

    def update(self, fake) -> None:
        """Adds features of samples, float (n, d)."""
        self.fake.append(fake)

    def merge(self, other: BirthdayParadox) -> BirthdayParadox:
        """Adds the samples of another shard; returns self."""
        self._check_merge(other)
        self.fake.extend(other.fake)
        return self

    def result(self) -> BirthdayParadoxValue:
        """The estimate from the samples so far."""
        return self._value(checks.features("fake", self.fake.array()))

    def _value(self, fake):
        first, second = self._pairs(fake[:_FIRST])
        count = min(len(fake), _FIRST)
        if count < len(fake):
            share = max(len(first), 1) / (count * (count - 1) / 2)
            count = max(count, min(len(fake), int(math.sqrt(2.0 * _PAIRS / share))))
            first, second = self._pairs(fake[:count])
        collision = len(first) / (count * (count - 1) / 2)
        if not len(first):
            return BirthdayParadoxValue(math.inf, math.inf, 0.0, 0, count)
        random = generator(self.seed)
        sizes = np.empty(self.trials)
        for i in range(self.trials):
            place = random.permutation(count)
            sizes[i] = np.maximum(place[first], place[second]).min() + 1
        size = float(np.median(sizes))
        return BirthdayParadoxValue(birthday_support(size), size, collision, len(first), count)

    def _pairs(self, fake):
        rows = neighbours.Prepared(fake, shift=neighbours._mean(fake))
        squared = np.full(len(fake), self.threshold**2)
        first, second = [], []
        for part, columns, near in neighbours.inside(rows, rows, squared, strict=True):
            i, j = np.nonzero(near)
            i, j = i + part.start, j + columns.start
            first.append(i[i < j])
            second.append(j[i < j])
        return np.concatenate(first), np.concatenate(second)


def nearest_neighbours(real, fake, k: int = 5, metric: str = "cosine") -> NearestNeighboursValue:
    """The training samples nearest to each fake, to be shown beside it.

    Args:
        real: Float (N, d), features of the training set.
        fake: Float (M, d), features of samples.
        k: Neighbours.
        metric: "cosine": 1 - cos of the angle. "standardised": Euclidean after division by the
            standard deviations of the reals (dimensions without any are left out).
            "euclidean".

    Returns:
        (index, distance), nearest first; equal distances by row.

    Raises:
        ValueError: Fewer than k reals, NaN, different dimensions, an unknown metric, rows of
            zeros under "cosine".
    """
    return NearestNeighbours(k, metric)._value(*checks.pair(real, fake, 1))


class NearestNeighbours(TwoSets):
    """Streaming `nearest_neighbours`; keeps all features of both sets (see `rows.TwoSets`)."""

    def __init__(self, k: int = 5, metric: str = "cosine"):
        super().__init__()
        self.k, self.metric = checks.whole("k", k, 1), _metric(metric)

    def options(self):
        return {"k": self.k, "metric": self.metric}

    def result(self) -> NearestNeighboursValue:
        """(index, distance) of the fakes so far, in the order they came."""
        return self._value(*checks.pair(self.real.array(), self.fake.array(), 1))

    def _value(self, real, fake):
        checks.whole("k", self.k, 1, len(real), f"(real has {len(real)} samples)")
        return NearestNeighboursValue(*_search(real, fake, self.k, self.metric))


def memorisation(real, fake, held_out=None, metric: str = "cosine") -> MemorisationValue:
    """How much nearer fakes lie to the training set than reals that were not trained on.

    median_i min_j d(fake_i, real_j) / median_i min_j d(held_out_i, real_j)

    Args:
        real: Float (N, d), features of the training set, without repeats.
        fake: Float (M, d), features of samples.
        held_out: Float (L, d), reals outside the training set. None: each real against the
            other reals, which is near it where the set is large.
        metric: See `nearest_neighbours`.

    Returns:
        (ratio, fake, held_out).

    Raises:
        ValueError: The reals repeat themselves, so that the median of the held-out distances
            is 0; else as in `nearest_neighbours`.
    """
    if held_out is not None:
        held_out = checks.features("held_out", held_out, 1)
    return Memorisation(metric)._value(*checks.pair(real, fake, 1), held_out)


class Memorisation(TwoSets):
    """Streaming `memorisation`; keeps all features of the three sets (see `rows.TwoSets`)."""

    def __init__(self, metric: str = "cosine"):
        super().__init__()
        self.metric = _metric(metric)
        self.held_out = Rows("held_out")

    def options(self):
        return {"metric": self.metric}

    def update(self, real=None, fake=None, held_out=None) -> None:
        """Adds features, float (n, d), of any of the sets."""
        super().update(real, fake)
        if held_out is not None:
            self.held_out.append(held_out)

    def merge(self, other: Memorisation) -> Memorisation:
        """Adds the features of another shard; returns self."""
        super().merge(other)
        self.held_out.extend(other.held_out)
        return self

    def result(self) -> MemorisationValue:
        """(ratio, fake, held_out) of the samples so far."""
        held_out = self.held_out.array() if len(self.held_out) else None
        return self._value(*checks.pair(self.real.array(), self.fake.array(), 1), held_out)

    def _value(self, real, fake, held_out):
        distances = _search(real, fake, 1, self.metric)[1]
        if held_out is None:
            checks.features("real", real)
            baseline = _search(real, real, 1, self.metric, itself=False)[1]
        else:
            if held_out.shape[1] != real.shape[1]:
                raise ValueError(
                    f"held_out has {held_out.shape[1]} dimensions and real {real.shape[1]}: "
                    "compute both with the same network and layer."
                )
            baseline = _search(real, held_out, 1, self.metric, name="held_out")[1]
        mine, base = float(np.median(distances)), float(np.median(baseline))
        if not base > 0.0:
            raise ValueError(
                "half of the held-out reals, or more, are repeats of training samples, so there "
                "is no distance to compare with: remove duplicates."
            )
        return MemorisationValue(mine / base, mine, base)


def _metric(metric):
    if metric not in _METRICS:
        raise ValueError(f"metric is one of {', '.join(_METRICS)}; got {metric!r}.")
    return metric


def _search(real, fake, k, metric, itself=True, name="fake"):
    """(index, distance) of the k nearest reals."""
    scale = shift = None
    if metric == "cosine":
        for which, array in (("real", real), (name, fake)):
            zero = sum(int(np.sum(~x.any(axis=1))) for _, x in blocks(array))
            if zero:
                raise ValueError(
                    f"{zero} rows of {which} are all zeros and have no angle: use another metric."
                )
    else:
        shift = neighbours._mean(real)
    if metric == "standardised":
        variance = sum(((x - shift) ** 2).sum(axis=0) for _, x in blocks(real)) / len(real)
        scale = np.divide(1.0, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
        shift = shift * scale
    unit = metric == "cosine"
    centres = neighbours.Prepared(real, scale, unit, shift)
    points = neighbours.Prepared(fake, scale, unit, shift)
    squared, index = neighbours.nearest(points, centres, k, itself)
    # Between unit vectors |a - b|^2 = 2 - 2 cos.
    return index, squared / 2.0 if unit else np.sqrt(squared)
