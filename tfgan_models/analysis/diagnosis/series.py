"""What a series of logged numbers says: cycles, and values far from what was usual."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_NEARLY = 0.9  # of the highest peak: the first one counts


class Oscillation(NamedTuple):
    """What `oscillation` returns.

    Attributes:
        peak: a*, the autocorrelation after one period; the unbiased estimate may exceed 1.
            0 where the autocorrelation never falls below the trough.
        lag: The period, in entries; 0 where there is none.
        amplitude: Standard deviation about the trend over the absolute mean.
    """

    peak: float
    lag: int
    amplitude: float


def autocorrelation(series) -> np.ndarray:
    """Unbiased autocorrelation of a series (n,) about its linear trend, lags 0 to n/2.

        rho(k) = [1/(n - k) sum_t e_t e_{t+k}] / [1/n sum_t e_t^2],   e the residuals

    Returns zeros where the series follows its trend exactly.
    """
    series = np.asarray(series, "float64")
    n = len(series)
    if n < 8:
        raise ValueError(f"An autocorrelation needs at least 8 entries; got {n}.")
    t = np.arange(n) - (n - 1) / 2.0
    mean = series.mean()
    residual = series - mean - t * (t @ (series - mean) / (t @ t))
    power = float(residual @ residual)
    lags = np.arange(n // 2)
    # Rounding leaves a straight line some residual.
    if power <= 1e-20 * max(float(series @ series), 1e-300):
        return np.zeros(len(lags))
    full = np.correlate(residual, residual, "full")[n - 1 :]
    return full[: len(lags)] / power * n / (n - lags)


def oscillation(series, trough: float = -0.3) -> Oscillation:
    """Finds the cycle of a series: the autocorrelation falls below `trough`, then peaks again.

    White noise never gives a peak above 0.6 at n = 200, random walks in 1 to 3 % of the
    series, a sine of twice the noise's size and a period of n/10 to 3n/10 nearly always.

    Args:
        series: (n,), at least 8 entries at equal intervals; 2.5 periods or more are seen.
        trough: How negative the autocorrelation must have been before the peak.
    """
    series = np.asarray(series, "float64")
    rho = autocorrelation(series)
    amplitude = float(series.std() / max(abs(series.mean()), 1e-12))
    below = np.flatnonzero(rho < trough)
    if not len(below):
        return Oscillation(0.0, 0, amplitude)
    after = rho[below[0] :]
    # Two periods agree as well as one, and the unbiased estimate grows with the lag.
    tops = np.flatnonzero((after[1:-1] >= after[:-2]) & (after[1:-1] >= after[2:])) + 1
    high = [top for top in tops if after[top] >= _NEARLY * after.max()]
    lag = int(below[0] + (high[0] if high else np.argmax(after)))
    return Oscillation(float(rho[lag]), lag, amplitude)


def times_usual(value: float, history, floor: float = 0.0) -> float:
    """|value| over the median of |history|, or over `floor` where that is larger."""
    usual = max(float(np.median(np.abs(history))), floor)
    return abs(value) / usual if usual > 0.0 else np.inf
