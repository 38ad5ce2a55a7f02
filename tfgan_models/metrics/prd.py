"""Precision and recall of distributions (PRD): Sajjadi et al. 2018, arXiv:1806.00035."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.rows import TwoSets, blocks

_EDGE = 1e-10  # between the outer angles and the axes
_FIT = 5000  # rows of each set that place the centres
_STEPS = 50


class PrecisionRecallCurveValue(NamedTuple):
    """Attributes:
    f_8: Largest F_8 on the curve, in [0, 1]: mostly recall.
    f_1_8: Largest F_1/8: mostly precision.
    precision: float64 (angles,), from slope 0 (all recall) to infinity.
    recall: float64 (angles,).
    """

    f_8: float
    f_1_8: float
    precision: np.ndarray
    recall: np.ndarray


def curve_of_histograms(real, fake, angles: int = 1001) -> tuple[np.ndarray, np.ndarray]:
    """The curve of two distributions over the same bins.

    precision(t) = sum min(t p, q), recall(t) = sum min(p, q / t), p real, q fake, for slopes
    t = tan(angle), angles evenly in [1e-10, pi / 2 - 1e-10].

    Args:
        real: Float (bins,), p; sums to 1.
        fake: Float (bins,), q.
        angles: Points on the curve.

    Returns:
        (precision, recall), float64 (angles,).
    """
    p, q = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    for name, h in (("real", p), ("fake", q)):
        if h.ndim != 1 or h.shape != p.shape or h.min() < 0 or abs(h.sum() - 1.0) > 1e-6:
            raise ValueError(
                f"{name} of shape {h.shape} with sum {h.sum():g} is no histogram: pass shares of "
                "the same bins that sum to 1."
            )
    checks.whole("angles", angles, 3)
    slopes = np.tan(np.linspace(_EDGE, np.pi / 2 - _EDGE, angles))[:, None]
    precision = np.minimum(slopes * p, q).sum(axis=1)
    recall = np.minimum(p, q / slopes).sum(axis=1)
    return np.clip(precision, 0.0, 1.0), np.clip(recall, 0.0, 1.0)


def f_score(precision, recall, beta: float):
    """(1 + beta^2) P R / (beta^2 P + R), 0 where both are; beta above 1 weighs recall."""
    precision, recall = np.asarray(precision, np.float64), np.asarray(recall, np.float64)
    below = beta**2 * precision + recall
    above = (1.0 + beta**2) * precision * recall
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def precision_recall_curve(
    real, fake, clusters: int = 20, angles: int = 1001, runs: int = 10, seed: int = 0
) -> PrecisionRecallCurveValue:
    """The curve over bins from k-means on both sets together, and its F_8 and F_1/8.

    Identical sets give 1 and 1, sets that share no cluster 0 and 0. Of the `runs` clusterings
    the curves are averaged, then the F scores taken, as in the authors' code; that code uses
    scikit-learn's mini-batch k-means, this one Lloyd's steps from k-means++ seeds on at most
    5000 rows of each set, as many of one as of the other, so values differ by the clustering.

    Args:
        real: Float (N, d).
        fake: Float (M, d).
        clusters: Of k-means; fewer where there are fewer distinct rows.
        angles: Points on the curve.
        runs: Clusterings.
        seed: Of the clusterings.

    Returns:
        (f_8, f_1_8, precision, recall).

    Raises:
        ValueError: Fewer samples of a set than clusters, NaN, different dimensions.
    """
    return PrecisionRecallCurve(clusters, angles, runs, seed)._value(*checks.pair(real, fake))


class PrecisionRecallCurve(TwoSets):
    """Streaming `precision_recall_curve`; keeps all features (see `rows.TwoSets`)."""

    def __init__(self, clusters: int = 20, angles: int = 1001, runs: int = 10, seed: int = 0):
        super().__init__()
        self.clusters = checks.whole("clusters", clusters, 2)
        self.angles = checks.whole("angles", angles, 3)
        self.runs = checks.whole("runs", runs, 1)
        self.seed = checks.whole("seed", seed, 0)

    def options(self):
        return {name: getattr(self, name) for name in ("clusters", "angles", "runs", "seed")}

    def result(self) -> PrecisionRecallCurveValue:
        """(f_8, f_1_8, precision, recall) of the samples so far."""
        return self._value(*checks.pair(self.real.array(), self.fake.array()))

    def _value(self, real, fake):
        for name, array in (("real", real), ("fake", fake)):
            if len(array) < self.clusters:
                raise ValueError(
                    f"{name} has {len(array)} samples for {self.clusters} clusters: pass more "
                    "samples or fewer clusters."
                )
        random, curves = generator(self.seed), []
        size = min(len(real), len(fake), _FIT)
        for _ in range(self.runs):
            fit = np.empty((2 * size, real.shape[1]), np.result_type(real, fake))
            fit[:size] = real[random.permutation(len(real))[:size]]
            fit[size:] = fake[random.permutation(len(fake))[:size]]
            centres = k_means(fit, self.clusters, random)
            shares = [_shares(array, centres) for array in (real, fake)]
            curves.append(curve_of_histograms(*shares, self.angles))
        precision, recall = np.mean(curves, axis=0)
        return PrecisionRecallCurveValue(
            float(f_score(precision, recall, 8.0).max()),
            float(f_score(precision, recall, 1.0 / 8.0).max()),
            precision,
            recall,
        )


def k_means(rows: np.ndarray, clusters: int, random: np.random.Generator) -> np.ndarray:
    """Centres (at most `clusters`, d) of rows, float (N, d), which are shifted in place.

    k-means++ seeds, then Lloyd's steps until no more than one row in a thousand changes its
    cluster, 50 at most. A cluster that loses all rows moves to the row farthest from its centre.
    """
    shift = rows.mean(axis=0)  # so that little cancels in the squares
    rows -= shift
    lengths = np.einsum("nd,nd->n", rows, rows)
    centres = rows[random.integers(len(rows), size=1)]
    distances = _squared(rows, lengths, centres)[:, 0].astype(np.float64)
    tiny = 10 * np.finfo(rows.dtype).eps * lengths.max()
    while len(centres) < clusters and distances.max() > tiny:
        new = rows[random.choice(len(rows), size=1, p=distances / distances.sum())]
        centres = np.concatenate([centres, new])
        distances = np.minimum(distances, _squared(rows, lengths, new)[:, 0])
    assigned = None
    for _ in range(_STEPS):
        squared = _squared(rows, lengths, centres)
        nearest = squared.argmin(axis=1)
        if assigned is not None and np.sum(nearest != assigned) * 1000 <= len(rows):
            break
        assigned = nearest
        counts = np.bincount(assigned, minlength=len(centres))
        member = np.zeros((len(centres), len(rows)), rows.dtype)
        member[assigned, np.arange(len(rows))] = 1.0
        centres = member @ rows / np.maximum(counts, 1).astype(rows.dtype)[:, None]
        if not counts.all():
            farthest = np.argsort(squared[np.arange(len(rows)), assigned])[::-1]
            empty = np.flatnonzero(counts == 0)
            centres[empty] = rows[farthest[: len(empty)]]
    return centres + shift


def _squared(rows, lengths, centres):
    squared = rows @ centres.T
    squared *= -2.0
    squared += lengths[:, None]
    squared += np.einsum("nd,nd->n", centres, centres)
    return np.maximum(squared, 0.0, out=squared)


def _shares(array, centres):
    counts = np.zeros(len(centres))
    shift = centres.mean(axis=0)
    centres = centres - shift
    for _, rows in blocks(array):
        rows -= shift
        squared = _squared(rows, np.einsum("nd,nd->n", rows, rows), centres)
        counts += np.bincount(squared.argmin(axis=1), minlength=len(centres))
    return counts / len(array)
