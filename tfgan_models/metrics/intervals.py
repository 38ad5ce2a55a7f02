"""Confidence intervals by resampling, reproducible by seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator


class Interval(NamedTuple):
    """A value with its uncertainty.

    Attributes:
        value: The statistic of all samples.
        low, high: Ends of the interval.
        standard_error: Standard deviation of the value, estimated.
        level: Confidence level in (0, 1).
    """

    value: float
    low: float
    high: float
    standard_error: float
    level: float


def normal_interval(value: float, error: float, level: float = 0.95) -> Interval:
    """`value` plus and minus the normal quantile times its standard error."""
    reach = quantile(level) * error
    return Interval(value, value - reach, value + reach, error, level)


def quantile(level: float) -> float:
    """Normal quantile of a two-sided interval.

    Raises:
        ValueError: The level is not in (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1; got {level}.")
    return statistics.NormalDist().inv_cdf(0.5 + level / 2)


def bootstrap(
    statistic: Callable[..., float],
    *arrays,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    paired: bool = False,
    method: str = "percentile",
) -> Interval:
    """Interval of a statistic by drawing rows with replacement (Efron 1979).

    Args:
        statistic: Function of as many arrays as are given; returns a number.
        *arrays: Rows are samples. Each is resampled on its own.
        resamples: Evaluations of the statistic.
        level: Confidence level.
        seed: Of the draws.
        paired: Draws the same rows from every array (features and their labels).
        method: "percentile": quantiles q of the resampled values. "basic": 2 value - q, which
            also takes off the bias; for statistics that fall with the number of samples, as
            the Frechet distance does, whose resampled values lie above the value itself.

    Repeated rows are neighbours at distance 0: statistics of nearest neighbours and
    duplicates need `subset_interval` instead.

    Raises:
        ValueError: An option is out of range, an array has fewer than two rows, or paired
            arrays differ in length.
    """
    arrays = _arrays(arrays, paired)
    checks.whole("resamples", resamples, 2)
    quantile(level)  # checks the level
    if method not in ("percentile", "basic"):
        raise ValueError(f'method is "percentile" or "basic"; got {method!r}.')
    random = generator(seed)
    value = float(statistic(*arrays))
    values = np.empty(resamples)
    for i in range(resamples):
        rows = [random.integers(len(a), size=len(a)) for a in (arrays[:1] if paired else arrays)]
        rows = rows * len(arrays) if paired else rows
        values[i] = statistic(*(a[r] for a, r in zip(arrays, rows, strict=True)))
    low, high = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2])
    if method == "basic":
        low, high = 2 * value - high, 2 * value - low
    return Interval(value, float(low), float(high), float(values.std(ddof=1)), level)


def subset_interval(
    statistic: Callable[..., float],
    *arrays,
    subsets: int = 20,
    fraction: float = 0.5,
    level: float = 0.95,
    seed: int = 0,
    paired: bool = False,
) -> Interval:
    """Interval of a statistic by subsets without repeated rows, the delete-d jackknife.

    standard error = std over the subsets * sqrt(f / (1 - f)), f the fraction kept
    (Shao and Wu 1989): a subset differs from the whole by the rows left out. The interval is
    the value of all samples plus and minus the normal quantile times that. Fits statistics of
    neighbours, where the bootstrap's repeated rows do harm. It says how far the value would
    move with other samples, not how far it is from its limit at infinitely many.

    Args:
        statistic: Function of as many arrays as are given; returns a number.
        *arrays: Rows are samples. Subsets of each are drawn on their own.
        subsets: Evaluations of the statistic.
        fraction: Of the rows, in (0, 1).
        level: Confidence level.
        seed: Of the draws.
        paired: Draws the same rows from every array.

    Raises:
        ValueError: As in `bootstrap`.
    """
    arrays = _arrays(arrays, paired)
    checks.whole("subsets", subsets, 2)
    quantile(level)  # checks the level
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"fraction must lie between 0 and 1; got {fraction}.")
    sizes = [min(max(round(fraction * len(a)), 1), len(a) - 1) for a in arrays]
    random = generator(seed)
    value = float(statistic(*arrays))
    values = np.empty(subsets)
    for i in range(subsets):
        rows = [
            random.permutation(len(a))[:size]
            for a, size in zip(arrays[:1] if paired else arrays, sizes, strict=False)
        ]
        rows = rows * len(arrays) if paired else rows
        values[i] = statistic(*(a[r] for a, r in zip(arrays, rows, strict=True)))
    error = float(values.std(ddof=1)) * math.sqrt(fraction / (1.0 - fraction))
    return normal_interval(value, error, level)


def _arrays(arrays, paired):
    arrays = [np.asarray(a) for a in arrays]
    if not arrays:
        raise ValueError("no samples were given: pass one array or more after the statistic.")
    for a in arrays:
        if a.ndim < 1 or len(a) < 2:
            raise ValueError(f"an array of shape {a.shape} cannot be resampled: pass two rows.")
    if paired and len({len(a) for a in arrays}) > 1:
        raise ValueError(f"paired arrays have {[len(a) for a in arrays]} rows: pass equal lengths.")
    return arrays
