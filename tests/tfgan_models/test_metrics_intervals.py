"""Intervals against the normal theory of the mean, and their coverage."""

import numpy as np
import pytest
import scipy.stats

from tfgan_models.metrics import intervals


def sample(count=400, seed=0):
    return np.random.default_rng(seed).normal(3.0, 2.0, count)


@pytest.mark.parametrize("method", ["percentile", "basic"])
def test_bootstrap_of_the_mean(method):
    x = sample()
    interval = intervals.bootstrap(np.mean, x, resamples=2000, level=0.9, method=method)
    error = x.std() / np.sqrt(len(x))
    assert interval.value == x.mean() and interval.level == 0.9
    np.testing.assert_allclose(interval.standard_error, error, rtol=0.05)
    reach = scipy.stats.norm.ppf(0.95) * error
    np.testing.assert_allclose([interval.low, interval.high], x.mean() + [-reach, reach], atol=0.03)


def test_basic_intervals_mirror_the_percentiles():
    x = sample() ** 2
    percentile = intervals.bootstrap(np.median, x, resamples=200)
    basic = intervals.bootstrap(np.median, x, resamples=200, method="basic")
    np.testing.assert_allclose(basic.low, 2 * percentile.value - percentile.high)
    np.testing.assert_allclose(basic.high, 2 * percentile.value - percentile.low)


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.8])
def test_subsets_of_the_mean(fraction):
    # Variance of the mean of m of n rows: s^2 / m (1 - m / n), and s^2 / n is wanted.
    x = sample()
    interval = intervals.subset_interval(np.mean, x, subsets=2000, fraction=fraction)
    error = x.std(ddof=1) / np.sqrt(len(x))
    assert interval.value == x.mean()
    np.testing.assert_allclose(interval.standard_error, error, rtol=0.05)
    np.testing.assert_allclose(
        [interval.low, interval.high],
        interval.value + 1.959964 * interval.standard_error * np.array([-1, 1]),
        rtol=1e-6,
    )


@pytest.mark.parametrize("make", [intervals.bootstrap, intervals.subset_interval])
def test_two_samples_are_resampled_apart_and_pairs_together(make):
    x = sample()

    def difference(a, b):
        return np.mean(a) - np.mean(b)

    apart = make(difference, x, x + 1.0)
    together = make(difference, x, x + 1.0, paired=True)
    np.testing.assert_allclose(apart.standard_error, 2**0.5 * x.std() / 20.0, rtol=0.4)
    np.testing.assert_allclose(together.standard_error, 0.0, atol=1e-12)


@pytest.mark.parametrize("make", [intervals.bootstrap, intervals.subset_interval])
def test_seeds(make):
    x = sample()
    assert make(np.mean, x, seed=1) == make(np.mean, x, seed=1)
    assert make(np.mean, x, seed=1) != make(np.mean, x, seed=2)


def test_intervals_cover_the_truth():
    # 60 samples: 95 % +- 2.8 % would cover; 0.85 lies three and a half deviations below.
    covered = [
        interval.low < 3.0 < interval.high
        for seed in range(60)
        for interval in [intervals.bootstrap(np.mean, sample(50, seed), resamples=200)]
    ]
    assert np.mean(covered) > 0.85


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: intervals.bootstrap(np.mean), "no samples were given"),
        (lambda: intervals.bootstrap(np.mean, [1.0]), "cannot be resampled"),
        (lambda: intervals.bootstrap(np.mean, sample(), level=1.0), "level must lie between"),
        (lambda: intervals.bootstrap(np.mean, sample(), resamples=1), "resamples must be"),
        (lambda: intervals.bootstrap(np.mean, sample(), method="t"), "percentile"),
        (lambda: intervals.bootstrap(np.mean, sample(), seed=-1), "seed must be"),
        (
            lambda: intervals.bootstrap(np.corrcoef, sample(4), sample(5), paired=True),
            r"paired arrays have \[4, 5\] rows",
        ),
        (lambda: intervals.subset_interval(np.mean, sample(), fraction=1.0), "fraction must"),
        (lambda: intervals.subset_interval(np.mean, sample(), subsets=1), "subsets must be"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
