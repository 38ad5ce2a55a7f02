"""Precision, recall, realism, density and coverage: balls to the k-th nearest neighbour.

Kynkaanniemi et al. 2019, arXiv:1904.06991 (precision, recall, realism, `<=`); Naeem et al.
2020, arXiv:2002.09797 (density, coverage, `<`).

Distances are computed in tiles from |x|^2 + |y|^2 - 2 x.y, in float32 where there are many.
Every comparison within the rounding error of that is decided again from the differences in
float64, and so is the order of the nearest neighbours, so that ties and repeated samples are
exact and the result does not depend on the tiles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.rows import TwoSets, blocks

_ROWS, _COLUMNS = 4096, 4096  # of a tile
_SPARE = 8  # candidates beyond the k nearest
_SINGLE = 2e9  # multiplications of one matrix of distances above which they are float32
_PIECE = 2**22  # numbers in a float64 difference


class PrecisionRecallValue(NamedTuple):
    """Fractions in [0, 1]."""

    precision: float
    recall: float


class DensityCoverageValue(NamedTuple):
    """Density from 0, about 1 for exact fakes; coverage in [0, 1]."""

    density: float
    coverage: float


class Prepared:
    """Rows as float64, scaled, and shifted to where products lose least.

    Args:
        array: Float (N, d).
        scale: float64 (d,), factors, or None.
        unit: Divides each row by its length.
        shift: float64 (d,), taken off in `shifted` alone; it changes no distance.
    """

    def __init__(self, array, scale=None, unit=False, shift=None):
        self.array, self.scale, self.unit, self.shift = array, scale, unit, shift

    def __len__(self):
        return len(self.array)

    def __getitem__(self, rows):
        x = self.array[rows].astype(np.float64)
        if self.unit:
            lengths = np.sqrt(np.einsum("nd,nd->n", x, x))
            x /= lengths[:, None]
        if self.scale is not None:
            x *= self.scale
        return x

    def shifted(self, rows, dtype):
        """Rows for a product and their squared lengths."""
        x = self[rows]
        if self.shift is not None:
            x -= self.shift
        return x.astype(dtype), np.einsum("nd,nd->n", x, x)


def _mean(array):
    return sum(x.sum(axis=0) for _, x in blocks(array)) / len(array)


def _prepare(centres, points):
    """Both sets shifted by the mean of the centres."""
    shift = _mean(centres)
    return Prepared(centres, shift=shift), Prepared(points, shift=shift)


def _dtype(points, centres):
    work = len(points) * len(centres) * points.array.shape[1]
    return np.float32 if work > _SINGLE else np.float64


def _slack(points, dtype):
    """Bound of the error of a squared distance, relative to the squared lengths."""
    dimensions = points.array.shape[1]
    return float(np.finfo(dtype).eps) * (16.0 + 4.0 * np.sqrt(dimensions))


def _parts(count, size):
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def _tiles(points, part, centres, dtype):
    """Yields (columns, squared distances, squared lengths added) of one block of points."""
    x, x2 = points.shifted(part, dtype)
    for columns in _parts(len(centres), _COLUMNS):
        y, y2 = centres.shifted(columns, dtype)
        lengths = x2.astype(dtype)[:, None] + y2.astype(dtype)
        squared = x @ y.T
        squared *= -2.0
        squared += lengths
        yield columns, squared, lengths


def _exact(points, i, centres, j):
    """Squared distances of the pairs (i, j), from differences in float64."""
    size = max(_PIECE // points.array.shape[1], 1)
    out = np.empty(len(i))
    for part in _parts(len(i), size):
        difference = points[i[part]] - centres[j[part]]
        difference *= difference
        out[part] = difference.sum(axis=1)
    return out


def nearest(points: Prepared, centres: Prepared, k: int, itself: bool = True, dtype=None):
    """The k nearest centres of each point.

    Args:
        points, centres: The two sets.
        k: Neighbours.
        itself: False: both are one set, and row i is no neighbour of row i.
        dtype: Of the products; None chooses.

    Returns:
        (squared distances float64 (N, k), ascending; rows of the centres int64 (N, k)).
    """
    dtype = _dtype(points, centres) if dtype is None else dtype
    rows = np.arange(len(points))
    squared, index = np.empty((len(points), k)), np.empty((len(points), k), np.int64)
    while len(rows):
        again = []
        for part in _parts(len(rows), _ROWS):
            mine = rows[part]
            squared[mine], index[mine], sure = _nearest(points, mine, centres, k, itself, dtype)
            again.append(mine[~sure])
        # Rows whose candidates float32 cannot tell from the others: once more in float64.
        rows = np.concatenate(again) if dtype == np.float32 else rows[:0]
        dtype = np.float64
    return squared, index


def _nearest(points, rows, centres, k, itself, dtype):
    available = len(centres) - (not itself)
    keep = min(k + _SPARE, available)
    best = np.full((len(rows), keep), np.inf)
    index = np.zeros((len(rows), keep), np.int64)
    own = np.arange(len(rows))
    for columns, squared, _ in _tiles(points, rows, centres, dtype):
        if not itself:
            here = (rows >= columns.start) & (rows < columns.stop)
            squared[own[here], rows[here] - columns.start] = np.inf
        take = min(keep, squared.shape[1])
        chosen = np.argpartition(squared, take - 1, axis=1)[:, :take]
        best = np.concatenate([best, np.take_along_axis(squared, chosen, axis=1)], axis=1)
        index = np.concatenate([index, chosen + columns.start], axis=1)
        chosen = np.argpartition(best, keep - 1, axis=1)[:, :keep]
        best = np.take_along_axis(best, chosen, axis=1)
        index = np.take_along_axis(index, chosen, axis=1)
    exact = _exact(points, np.repeat(rows, keep), centres, index.ravel()).reshape(-1, keep)
    order = np.lexsort((index, exact), axis=1)[:, :k]
    exact = np.take_along_axis(exact, order, axis=1)
    index = np.take_along_axis(index, order, axis=1)
    if keep == available:
        return exact, index, np.ones(len(rows), bool)
    # All others lie at best.max() or beyond, less the error, which is relative to |x|^2 + |y|^2
    # and |y|^2 <= 2 |x|^2 + 2 |x - y|^2.
    slack = _slack(points, dtype)
    _, lengths = points.shifted(rows, dtype)
    others = best.max(axis=1) * (1.0 - 3.0 * slack) - 4.0 * slack * lengths
    return exact, index, (exact[:, -1] <= others) | (exact[:, -1] == 0.0)


def squared_radii(points: np.ndarray, k: int, dtype=None) -> np.ndarray:
    """Squared distance of each row, float (N, d), to its k-th nearest other row."""
    prepared = Prepared(points, shift=_mean(points))
    return nearest(prepared, prepared, k, itself=False, dtype=dtype)[0][:, -1]


def inside(points: Prepared, centres: Prepared, squared, strict: bool, dtype=None):
    """Yields (rows, columns, bool tile): whether each point lies in the ball of each centre.

    Args:
        points, centres: The two sets.
        squared: float64 (number of centres,), squared radii.
        strict: `<`, else `<=`.
        dtype: Of the products; None chooses.
    """
    dtype = _dtype(points, centres) if dtype is None else dtype
    slack = _slack(points, dtype)
    compare = np.less if strict else np.less_equal
    for rows in _parts(len(points), _ROWS):
        part = np.arange(rows.start, rows.stop)
        for columns, distances, lengths in _tiles(points, part, centres, dtype):
            radii = squared[columns]
            distances -= radii.astype(dtype)
            result = distances < 0.0
            np.abs(distances, out=distances)
            lengths += radii.astype(dtype)
            lengths *= slack
            i, j = np.nonzero(distances <= lengths)
            if len(i):
                exact = _exact(points, part[i], centres, j + columns.start)
                result[i, j] = compare(exact, radii[j])
            yield rows, columns, result


def _balls(centres, radii, points, strict, dtype=None):
    """Returns (balls around each point, whether each ball holds a point)."""
    counts, hit = np.zeros(len(points), np.int64), np.zeros(len(centres), bool)
    centres, points = _prepare(centres, points)
    for rows, columns, result in inside(points, centres, radii, strict, dtype):
        counts[rows] += result.sum(axis=1)
        hit[columns] |= result.any(axis=0)
    return counts, hit


def precision_recall(real, fake, k: int = 3, strict: bool = False) -> PrecisionRecallValue:
    """Precision: fakes inside a ball of a real. Recall: reals inside a ball of a fake.

    The ball of a sample reaches to its k-th nearest other sample of the same set. In the paper
    features of VGG-16's second fully connected layer, 50,000 of each, k = 3. The authors'
    code and NVIDIA's use float16 distances, which moves the third digit.

    Args:
        real: Float (N, d).
        fake: Float (M, d).
        k: Which neighbour.
        strict: Samples on a ball's surface are outside, as in the `prdc` library (with k = 5).

    Raises:
        ValueError: k samples or fewer, NaN, different dimensions.
    """
    return PrecisionRecall(k, strict)._value(*checks.pair(real, fake))


class PrecisionRecall(TwoSets):
    """Streaming `precision_recall`; keeps all features of both sets (see `rows.TwoSets`)."""

    def __init__(self, k: int = 3, strict: bool = False):
        super().__init__()
        self.k, self.strict = checks.whole("k", k, 1), strict

    def options(self):
        return {"k": self.k, "strict": self.strict}

    def result(self) -> PrecisionRecallValue:
        """(precision, recall) of the samples so far."""
        return self._value(*checks.pair(self.real.array(), self.fake.array()))

    def _value(self, real, fake):
        checks.neighbours(self.k, len(real), "real")
        checks.neighbours(self.k, len(fake), "fake")
        precision, _ = _balls(real, squared_radii(real, self.k), fake, self.strict)
        recall, _ = _balls(fake, squared_radii(fake, self.k), real, self.strict)
        return PrecisionRecallValue(float(np.mean(precision > 0)), float(np.mean(recall > 0)))


def density_coverage(real, fake, k: int = 5) -> DensityCoverageValue:
    """Density: balls of reals around a fake, over k. Coverage: reals with a fake in the ball.

    density = sum_j sum_i [|f_j - r_i| < radius_i] / (k M), coverage = mean_i [min_j |f_j - r_i|
    < radius_i], radii to the k-th nearest other real; `<` as in the authors' code (prdc). In
    the paper 10,000 of each and k = 5. Expected for exact fakes and N = M: density 1, coverage
    `expected_coverage`.

    Args:
        real: Float (N, d).
        fake: Float (M, d).
        k: Which neighbour.

    Raises:
        ValueError: k reals or fewer, NaN, different dimensions.
    """
    return DensityCoverage(k)._value(*checks.pair(real, fake, 1))


class DensityCoverage(TwoSets):
    """Streaming `density_coverage`; keeps all features of both sets (see `rows.TwoSets`)."""

    def __init__(self, k: int = 5):
        super().__init__()
        self.k = checks.whole("k", k, 1)

    def options(self):
        return {"k": self.k}

    def result(self) -> DensityCoverageValue:
        """(density, coverage) of the samples so far."""
        return self._value(*checks.pair(self.real.array(), self.fake.array(), 1))

    def _value(self, real, fake):
        checks.neighbours(self.k, len(real), "real")
        counts, hit = _balls(real, squared_radii(real, self.k), fake, strict=True)
        return DensityCoverageValue(float(counts.sum() / (self.k * len(fake))), float(np.mean(hit)))


def expected_coverage(reals: int, fakes: int | None = None, k: int = 5) -> float:
    """Mean coverage of exact fakes: 1 - prod_{i=1..k} (N - i) / (N + M - i).

    The distribution does not matter. The paper takes the k for which it exceeds 0.95.

    Args:
        reals: N.
        fakes: M; None is N.
        k: Which neighbour.
    """
    fakes = reals if fakes is None else fakes
    checks.whole("fakes", fakes, 1)
    i = np.arange(1, checks.neighbours(k, reals, "real") + 1)
    return float(1.0 - np.prod((reals - i) / (reals + fakes - i)))


def realism(real, fake, k: int = 3) -> np.ndarray:
    """Realism of each fake: max_i radius_i / |f - r_i| over the smaller half of the balls.

    1 or more: inside one of these balls. Infinite for a copy of such a real. The larger half,
    around rare reals, is left out as in Kynkaanniemi et al. 2019, section 5 (of an odd number
    the middle one stays).

    Args:
        real: Float (N, d).
        fake: Float (M, d).
        k: Which neighbour.

    Returns:
        float64 (M,), from 0.

    Raises:
        ValueError: k reals or fewer, NaN, different dimensions.
    """
    return Realism(k)._value(*checks.pair(real, fake, 1))


class Realism(TwoSets):
    """Streaming `realism`; keeps all features of both sets (see `rows.TwoSets`)."""

    def __init__(self, k: int = 3):
        super().__init__()
        self.k = checks.whole("k", k, 1)

    def options(self):
        return {"k": self.k}

    def result(self) -> np.ndarray:
        """Realism of the fakes so far, in the order they came."""
        return self._value(*checks.pair(self.real.array(), self.fake.array(), 1))

    def _value(self, real, fake):
        checks.neighbours(self.k, len(real), "real")
        radii = squared_radii(real, self.k)
        small = np.sort(np.argsort(radii, kind="stable")[: (len(real) + 1) // 2])
        radii = radii[small]
        centres, points = _prepare(real[small], fake)
        best = np.zeros(len(fake))
        dtype = _dtype(points, centres)
        slack = _slack(points, dtype)
        for rows in _parts(len(fake), _ROWS):
            part = np.arange(rows.start, rows.stop)
            ratio, index = np.full(len(part), -1.0), np.zeros(len(part), np.int64)
            for columns, squared, lengths in _tiles(points, part, centres, dtype):
                i, j = np.nonzero(squared <= 1e3 * slack * lengths)
                if len(i):
                    squared[i, j] = _exact(points, part[i], centres, j + columns.start)
                with np.errstate(divide="ignore", invalid="ignore"):
                    ratios = radii[columns].astype(dtype) / squared
                ratios[np.isnan(ratios)] = np.inf  # a copy of a repeated real
                chosen = ratios.argmax(axis=1)
                top = np.take_along_axis(ratios, chosen[:, None], axis=1)[:, 0]
                index = np.where(top > ratio, chosen + columns.start, index)
                ratio = np.maximum(ratio, top)
            squared = _exact(points, part, centres, index)
            with np.errstate(divide="ignore", invalid="ignore"):
                best[rows] = np.where(squared > 0.0, np.sqrt(radii[index] / squared), np.inf)
        return best
