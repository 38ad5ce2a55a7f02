"""Scores at infinitely many samples: Chong and Forsyth 2020, arXiv:1911.07023.

FID and the inception score of n samples are biased by about c / n with c depending on the
model, so that rankings change with n. Both are evaluated at several n and the line in 1 / n is
read off at 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks, frechet, inception
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.rows import Rows, Statistic

_FIRST = 5000  # the paper's smallest subset


class Extrapolation(NamedTuple):
    """The line fitted to scores at several numbers of samples.

    Attributes:
        value: Intercept: the score at infinitely many samples.
        slope: Of the score over 1 / n.
        standard_error: Of the intercept, from the residuals. The subsets overlap, so it is
            smaller than the scatter between independent sets of samples.
        sizes: int (points,), numbers of samples n.
        scores: float (points,), scores at these n.
    """

    value: float
    slope: float
    standard_error: float
    sizes: np.ndarray
    scores: np.ndarray


def fit_inverse(sizes, scores) -> Extrapolation:
    """Least squares of scores = value + slope / n; exact on data of that form."""
    sizes, scores = np.asarray(sizes), np.asarray(scores, np.float64)
    if sizes.shape != scores.shape or sizes.ndim != 1 or len(np.unique(sizes)) < 2:
        raise ValueError(
            f"sizes of shape {sizes.shape} and scores of shape {scores.shape} give no line: pass "
            "two different sizes or more, one score each."
        )
    x = 1.0 / sizes
    centred = x - x.mean()
    spread = centred @ centred
    slope = centred @ (scores - scores.mean()) / spread
    value = scores.mean() - slope * x.mean()
    freedom = len(x) - 2
    rest = scores - value - slope * x
    variance = rest @ rest / freedom if freedom else 0.0
    error = np.sqrt(variance * (1.0 / len(x) + x.mean() ** 2 / spread))
    return Extrapolation(float(value), float(slope), float(error), sizes, scores)


def _sizes(count, points, minimum, least):
    """Sizes from the smallest to all; `least` is where 1 / n begins to describe the bias."""
    checks.whole("points", points, 2)
    if minimum is None:
        minimum = min(_FIRST, max(count // 10, least))
        if minimum > count // 2:
            raise ValueError(
                f"fake has {count} samples and the line in 1 / n needs {2 * least} or more: pass "
                "more, or set minimum."
            )
    checks.whole("minimum", minimum, 2, count - 1, f"(fake has {count} samples)")
    return np.linspace(minimum, count, points).astype(np.int64)


def _extrapolate(count, sizes, seed, score: Callable):
    random = generator(seed)
    return fit_inverse(sizes, [score(random.permutation(count)[:n]) for n in sizes])


def frechet_distance_infinity(
    real, fake, points: int = 15, minimum: int | None = None, seed: int = 0
) -> Extrapolation:
    """The Frechet distance that infinitely many fakes would have.

    At linspace(minimum, M, points) fakes, each subset drawn at random without repeats, the
    distance to all reals; least squares on 1 / n; the intercept. The bias of a finite reference
    stays. The authors also draw latents from a Sobol sequence, which is up to the caller.
    May be below 0 for good fakes, by its scatter.

    Args:
        real: Float (N, d), or a `frechet.Gaussian`.
        fake: Float (M, d); 50,000 in the paper.
        points: Sizes tried. Each costs a Frechet distance.
        minimum: The smallest. None: the paper's 5000, for smaller sets a tenth of M, at least
            2 d, below which the bias is not of the form c / n.
        seed: Of the subsets.

    Raises:
        ValueError: Fewer than 4 d fakes without `minimum`; else as in `frechet_distance`.
    """
    statistic = FrechetDistanceInfinity(points, minimum, seed)
    statistic._reference(real)
    return statistic._result(checks.features("fake", fake))


class FrechetDistanceInfinity(Statistic):
    """Streaming `frechet_distance_infinity`: moments of the reals, all fakes (see `rows.Rows`).

    Merge shards in the order of the rows to get exactly the value of the whole.
    """

    def __init__(
        self,
        points: int = 15,
        minimum: int | None = None,
        seed: int = 0,
        reference: frechet.Gaussian | None = None,
    ):
        self.points, self.minimum, self.seed = points, minimum, seed
        self._distance = frechet.FrechetDistance(reference)
        self.fake = Rows("fake")

    def options(self):
        return {"points": self.points, "minimum": self.minimum, "seed": self.seed}

    def _reference(self, real):
        self._distance._set("real", real)

    def update(self, real=None, fake=None) -> None:
        """Adds features, float (n, d), of either set or both."""
        self._distance.update(real=real)
        if fake is not None:
            self.fake.append(fake)

    def merge(self, other: FrechetDistanceInfinity) -> FrechetDistanceInfinity:
        """Adds the samples of another shard; returns self."""
        self._check_merge(other)
        self._distance.merge(other._distance)
        self.fake.extend(other.fake)
        return self

    def result(self) -> Extrapolation:
        """The line through the samples so far."""
        return self._result(self.fake.array())

    def _result(self, fake):
        real = self._distance.real.result()
        checks.same_dimensions(real.mean[None], fake)
        sizes = _sizes(len(fake), self.points, self.minimum, 2 * fake.shape[1])
        factor = frechet._factor("real", *real[1:])

        def score(rows):
            # Rows in order, a block at a time: no second copy of the features.
            stream = frechet.Moments("fake")
            rows = np.sort(rows)
            for start in range(0, len(rows), 2048):
                stream._add(fake[rows[start : start + 2048]])
            return frechet._distance(factor, frechet._factor("fake", *stream.result()[1:]))

        return _extrapolate(len(fake), sizes, self.seed, score)


def inception_score_infinity(
    probabilities,
    from_logits: bool = False,
    points: int = 15,
    minimum: int | None = None,
    seed: int = 0,
) -> Extrapolation:
    """The inception score that infinitely many samples would have.

    As `frechet_distance_infinity`, of the score of each subset as one split.

    Args:
        probabilities: Float (N, K), or logits.
        from_logits: See `inception_score`.
        points, minimum, seed: See `frechet_distance_infinity`; None is 5000, for smaller sets
            a tenth of N, at least 2 K.
    """
    statistic = InceptionScoreInfinity(from_logits, points, minimum, seed)
    return statistic._result(checks.probabilities("probabilities", probabilities, from_logits))


class InceptionScoreInfinity(Statistic):
    """Streaming `inception_score_infinity`; keeps all rows (see `rows.Rows`).

    Merge shards in the order of the rows to get exactly the value of the whole.
    """

    def __init__(
        self,
        from_logits: bool = False,
        points: int = 15,
        minimum: int | None = None,
        seed: int = 0,
    ):
        self.from_logits, self.points = from_logits, points
        self.minimum, self.seed = minimum, seed
        self._rows = Rows("probabilities")

    def options(self):
        names = ("from_logits", "points", "minimum", "seed")
        return {name: getattr(self, name) for name in names}

    def update(self, probabilities) -> None:
        """Adds class probabilities (or logits), float (n, K)."""
        self._rows.append(checks.probabilities("probabilities", probabilities, self.from_logits, 0))

    def merge(self, other: InceptionScoreInfinity) -> InceptionScoreInfinity:
        """Adds the rows of another shard; returns self."""
        self._check_merge(other)
        self._rows.extend(other._rows)
        return self

    def result(self) -> Extrapolation:
        """The line through the samples so far."""
        return self._result(self._rows.array())

    def _result(self, rows):
        sizes = _sizes(len(rows), self.points, self.minimum, 2 * rows.shape[1])

        def score(chosen):
            part = inception.InceptionScore(1, self.from_logits)
            chosen = np.sort(chosen)
            for start in range(0, len(chosen), 2048):
                part._add(rows[chosen[start : start + 2048]])
            return part.result().mean

        return _extrapolate(len(rows), sizes, self.seed, score)
