"""Frechet distance of features, FID with Inception's: Heusel et al. 2017, arXiv:1706.08500."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.rows import Statistic, blocks

_NEGATIVE = 1e-4  # of the largest eigenvalue: rounding of covariances stored as float32


class Gaussian(NamedTuple):
    """What is kept of a set of features: cached reference statistics have this form.

    Attributes:
        count: Samples.
        mean: float64 (d,).
        covariance: float64 (d, d), divided by count - 1.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray


class Moments:
    """Mean and scatter of a stream of features, (d^2 + d) float64 numbers.

    Chan, Golub and LeVeque 1979: with n, m samples and delta the difference of the means,
    scatter = scatter_a + scatter_b + delta delta^T n m / (n + m). No large numbers cancel, so
    features far from 0 lose nothing, and shards merge to rounding.
    """

    def __init__(self, name: str = "features"):
        self.name = name
        self.count = 0
        self.mean: np.ndarray | None = None
        self.scatter: np.ndarray | None = None

    def update(self, features) -> None:
        """Adds features, float (n, d)."""
        self._add(checks.features(self.name, features, 0))

    def _add(self, features):
        for _, x in blocks(features):
            mean = x.mean(axis=0)
            x -= mean
            self._join(len(x), mean, x.T @ x)

    def merge(self, other: Moments) -> Moments:
        """Adds the samples of another; returns self."""
        if other.count:
            self._join(other.count, other.mean, other.scatter)
        return self

    def _join(self, count, mean, scatter):
        if not self.count:
            self.count, self.mean, self.scatter = count, mean.copy(), scatter.copy()
            return
        if mean.shape != self.mean.shape:
            raise ValueError(
                f"{self.name} has {len(mean)} dimensions here and {len(self.mean)} before: use "
                "one network throughout."
            )
        total = self.count + count
        delta = mean - self.mean
        self.scatter += scatter
        self.scatter += np.outer(delta * (self.count * count / total), delta)
        self.mean += delta * (count / total)
        self.count = total

    def result(self) -> Gaussian:
        """Count, mean and covariance so far.

        Raises:
            ValueError: Fewer than two samples.
        """
        if self.count < 2:
            raise ValueError(
                f"{self.name} has {self.count} samples and a covariance needs 2 or more: pass more."
            )
        return Gaussian(self.count, self.mean.copy(), self.scatter / (self.count - 1))


def moments(features, name: str = "features") -> Gaussian:
    """Count, mean and covariance (divided by N - 1) of features, float (N, d)."""
    stream = Moments(name)
    stream.update(features)
    return stream.result()


def frechet_distance(real, fake) -> float:
    """|m_r - m_f|^2 + tr(S_r + S_f - 2 (S_r S_f)^(1/2)), of sample means and covariances.

    From 0. The protocol of FID is Inception's 2048 numbers of pool_3, all training images (or
    50,000) against 50,000 fakes. Only two moments are seen: other distributions with the same
    ones are at distance 0. It falls with the number of fakes: exact fakes of N(0, I) against
    the exact reference give d / N + d (d + 1) / (4 N); see `frechet_distance_infinity`.

    tr (S_r S_f)^(1/2) is the sum of the singular values of S_r^(1/2) S_f^(1/2), which are the
    roots of the eigenvalues of S_r^(1/2) S_f S_r^(1/2). It agrees with `scipy.linalg.sqrtm` and
    is defined for singular covariances, N <= d, too, where the common code adds 1e-6 to the
    diagonals; a warning says so then.

    Args:
        real: Float (N, d), or a `Gaussian` of cached statistics.
        fake: Float (M, d), or a `Gaussian`.

    Returns:
        The distance.

    Raises:
        ValueError: Fewer than two samples, NaN, different dimensions, covariances that are
            not symmetric and positive semi-definite.
    """
    distance = FrechetDistance()
    distance._set("real", real)
    distance._set("fake", fake)
    value = distance.result()
    if distance.note:
        warnings.warn(distance.note, stacklevel=2)
    return value


def frechet_distance_of_moments(real_mean, real_covariance, fake_mean, fake_covariance) -> float:
    """`frechet_distance` of two Gaussians: means (d,), covariances (d, d)."""
    return _distance(
        _factor("real", real_mean, real_covariance), _factor("fake", fake_mean, fake_covariance)
    )


class FrechetDistance(Statistic):
    """Streaming `frechet_distance` in constant memory: 2 (d^2 + d) numbers; 67 MB for 2048.

    Attributes:
        note: After `result`: empty, or which covariance is singular and why that matters.
    """

    def __init__(self, reference: Gaussian | None = None):
        """Args: reference: Statistics of the reals, in the place of `update(real=...)`."""
        self.real, self.fake = Moments("real"), Moments("fake")
        self.note = ""
        if reference is not None:
            self._set("real", reference)

    def _set(self, name, samples):
        stream = getattr(self, name)
        if isinstance(samples, Gaussian):
            mean, covariance = _gaussian(name, samples.mean, samples.covariance)
            count = checks.whole(f"the count of {name}", samples.count, 2)
            stream._join(count, mean, covariance * (count - 1))
        else:
            stream._add(checks.features(name, samples))

    def update(self, real=None, fake=None) -> None:
        """Adds features, float (n, d), of either set or both."""
        if real is not None:
            self.real.update(real)
        if fake is not None:
            self.fake.update(fake)

    def merge(self, other: FrechetDistance) -> FrechetDistance:
        """Adds the samples of another shard; returns self. One shard holds the reference."""
        self._check_merge(other)
        self.real.merge(other.real)
        self.fake.merge(other.fake)
        return self

    def result(self) -> float:
        """The distance of the samples so far; sets `note`."""
        real, fake = self.real.result(), self.fake.result()
        factors = _factor("real", *real[1:]), _factor("fake", *fake[1:])
        value = _distance(*factors)
        dimensions = len(real.mean)
        singular = [
            f"{name} (rank {factor.shape[1]} from {count} samples)"
            for name, (_, factor), count in zip(
                ("real", "fake"), factors, (real.count, fake.count), strict=True
            )
            if factor.shape[1] < dimensions
        ]
        self.note = (
            f"singular covariance of {' and '.join(singular)} in {dimensions} dimensions: the "
            "distance depends strongly on the number of samples; compare it only at equal numbers."
            if singular
            else ""
        )
        return value


def _gaussian(name, mean, covariance):
    mean = np.asarray(mean, np.float64)
    covariance = np.asarray(covariance, np.float64)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"{name} has a mean of shape {mean.shape} and a covariance of shape "
            f"{covariance.shape}: expected (d,) and (d, d)."
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError(f"the moments of {name} have NaN or infinity: compute them again.")
    scale = np.abs(covariance).max(initial=0.0)
    if np.abs(covariance - covariance.T).max(initial=0.0) > _NEGATIVE * scale:
        raise ValueError(f"the covariance of {name} is not symmetric: compute it again.")
    return mean, covariance


def _factor(name, mean, covariance):
    """Returns (mean, A) with covariance = A A^T, A (d, rank)."""
    mean, covariance = _gaussian(name, mean, covariance)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    top = max(values[-1], 0.0)
    if values[0] < -_NEGATIVE * top or (values[-1] <= 0.0 and values[0] < 0.0):
        raise ValueError(
            f"the covariance of {name} has the eigenvalue {values[0]:.3g} beside {values[-1]:.3g}: "
            "a covariance has none below 0; compute it again."
        )
    kept = values > len(mean) * np.finfo(np.float64).eps * top
    return mean, vectors[:, kept] * np.sqrt(values[kept])


def _distance(real, fake):
    (real_mean, a), (fake_mean, b) = real, fake
    if len(real_mean) != len(fake_mean):
        raise ValueError(
            f"real has {len(real_mean)} dimensions and fake {len(fake_mean)}: compute both with "
            "the same network and layer."
        )
    root = 0.0
    if a.shape[1] and b.shape[1]:
        root = np.linalg.svd(a.T @ b, compute_uv=False).sum()
    delta = real_mean - fake_mean
    value = delta @ delta + np.sum(a * a) + np.sum(b * b) - 2.0 * root
    return max(float(value), 0.0)  # below 0 by rounding alone
