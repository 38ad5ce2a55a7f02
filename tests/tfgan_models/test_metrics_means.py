"""Means and shares with their intervals, against SciPy."""

import numpy as np
import pytest
import scipy.stats

from tfgan_models.metrics import intervals, means


@pytest.mark.parametrize("successes, trials", [(0, 10), (10, 10), (1, 1), (7, 10), (431, 1000)])
@pytest.mark.parametrize("level", [0.68, 0.95])
def test_wilson_against_scipy(successes, trials, level):
    found = means.wilson_interval(successes, trials, level)
    test = scipy.stats.binomtest(successes, trials)
    expected = test.proportion_ci(level, method="wilson")
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-12)
    assert found.value == successes / trials and found.level == level


def test_running_mean():
    values = np.random.default_rng(0).normal(1e4, 1e-2, 1000)
    first, second = means.RunningMean(), means.RunningMean()
    first.update(values[:1])
    first.update(values[1:400])
    first.update([])
    second.update(values[400:])
    first.merge(second)
    first.merge(means.RunningMean())
    found = first.interval(0.9)
    error = scipy.stats.sem(values)
    np.testing.assert_allclose(found.value, values.mean(), rtol=1e-14)
    np.testing.assert_allclose(found.standard_error, error, rtol=1e-10)
    expected = scipy.stats.norm.interval(0.9, values.mean(), error)
    np.testing.assert_allclose((found.low, found.high), expected, rtol=1e-14)


def test_one_value_has_no_spread():
    mean = means.RunningMean()
    mean.update([3.0])
    assert mean.interval()[:4] == (3.0, 3.0, 3.0, 0.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_level(level):
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        intervals.normal_interval(0.0, 1.0, level)
