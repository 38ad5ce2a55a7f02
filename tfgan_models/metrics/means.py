"""Means of independent values and shares, with their normal and Wilson intervals."""

from __future__ import annotations

import math

import numpy as np

from tfgan_models.metrics.intervals import Interval, normal_interval, quantile


class RunningMean:
    """Count, mean and sum of squared deviations, merged pairwise (Chan et al. 1979)."""

    def __init__(self):
        self.count, self.mean, self.scatter = 0, 0.0, 0.0

    def update(self, values) -> None:
        """Adds values, float (n,)."""
        values = np.asarray(values, np.float64)
        if values.size:
            mean = float(values.mean())
            self._combine(values.size, mean, float(np.square(values - mean).sum()))

    def merge(self, other: RunningMean) -> None:
        """Adds the values of another."""
        if other.count:
            self._combine(other.count, other.mean, other.scatter)

    def _combine(self, count, mean, scatter):
        total, gap = self.count + count, mean - self.mean
        self.mean += gap * count / total
        self.scatter += scatter + gap**2 * self.count * count / total
        self.count = total

    def interval(self, level: float = 0.95) -> Interval:
        """Mean with its normal interval; standard error 0 for one value."""
        variance = self.scatter / max(self.count - 1, 1)
        return normal_interval(self.mean, math.sqrt(variance / self.count), level)


def wilson_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Share of successes with Wilson's interval (1927), which stays inside [0, 1].

    centre (p + z^2 / 2n) / (1 + z^2 / n), reach z sqrt(p (1 - p) / n + z^2 / 4n^2) over the
    same; z the normal quantile.

    Args:
        successes: Whole number from 0 to `trials`.
        trials: At least 1.
        level: Confidence level.
    """
    p, z2 = successes / trials, quantile(level) ** 2
    scale = 1.0 + z2 / trials
    centre = (p + z2 / (2 * trials)) / scale
    reach = math.sqrt(z2 * (p * (1 - p) / trials + z2 / (4 * trials**2))) / scale
    low = 0.0 if successes == 0 else centre - reach
    high = 1.0 if successes == trials else centre + reach
    return Interval(p, low, high, math.sqrt(p * (1 - p) / trials), level)
