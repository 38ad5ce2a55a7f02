"""Scores at infinitely many samples: exact lines, known biases."""

import numpy as np
import pytest
import scipy.stats

from tfgan_models.metrics.extrapolation import (
    FrechetDistanceInfinity,
    fit_inverse,
    frechet_distance_infinity,
    inception_score_infinity,
)
from tfgan_models.metrics.frechet import Gaussian, frechet_distance
from tfgan_models.metrics.inception import inception_score

SIZES = np.linspace(5000, 50_000, 15).astype(int)


@pytest.mark.parametrize("value, slope", [(3.0, 7e4), (0.0, 1.0), (-0.5, -300.0)])
def test_an_exact_line_gives_its_intercept(value, slope):
    fit = fit_inverse(SIZES, value + slope / SIZES)
    np.testing.assert_allclose([fit.value, fit.slope], [value, slope], rtol=1e-12, atol=1e-12)
    assert fit.standard_error < 1e-10


def test_the_line_is_that_of_least_squares():
    scores = 3.0 + 7e3 / SIZES + np.random.default_rng(0).normal(0.0, 0.1, 15)
    fit, oracle = fit_inverse(SIZES, scores), scipy.stats.linregress(1.0 / SIZES, scores)
    np.testing.assert_allclose(
        [fit.value, fit.slope, fit.standard_error],
        [oracle.intercept, oracle.slope, oracle.intercept_stderr],
        rtol=1e-10,
    )


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_bias_of_few_fakes_is_taken_off(shift):
    # d = 10, 4000 fakes: true distance 10 shift^2; bias d / N + d (d + 1) / (4 N) at shift 0.
    reference = Gaussian(10**6, np.zeros(10), np.eye(10))
    random = np.random.default_rng(0)
    plain, fitted = [], []
    for seed in range(12):
        fake = random.normal(shift, 1.0, (4000, 10))
        plain.append(frechet_distance(reference, fake))
        fitted.append(frechet_distance_infinity(reference, fake, seed=seed))
    truth = 10 * shift**2
    values = [fit.value for fit in fitted]
    np.testing.assert_allclose(np.mean(values), truth, atol=4 * np.std(values) / 12**0.5 + 1e-3)
    if not shift:
        np.testing.assert_allclose(np.mean(plain), 37.5 / 4000, rtol=0.15)
        np.testing.assert_allclose(np.mean([fit.slope for fit in fitted]), 37.5, rtol=0.15)


def test_sizes_and_scores_are_those_of_the_paper():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(500, 3)), random.normal(size=(52_000, 3))
    fit = frechet_distance_infinity(real, fake, points=5)
    np.testing.assert_array_equal(fit.sizes, np.linspace(5000, 52_000, 5).astype(int))
    np.testing.assert_allclose(fit.scores[-1], frechet_distance(real, fake), rtol=1e-10)


def test_small_sets():
    random = np.random.default_rng(0)
    real = random.normal(size=(500, 3))
    for count, first in ((300, 30), (40, 6)):
        fit = frechet_distance_infinity(real, random.normal(size=(count, 3)))
        assert fit.sizes[0] == first and fit.sizes[-1] == count and len(fit.sizes) == 15
    fake = random.normal(size=(11, 3))
    with pytest.raises(ValueError, match="fake has 11 samples and the line .* needs 12 or more"):
        frechet_distance_infinity(real, fake)
    assert frechet_distance_infinity(real, fake, points=4, minimum=8).sizes[0] == 8


def test_inception_score_at_infinity():
    # Certain classes, all as likely: 20; of N samples 20 exp(-19 / (2 N)).
    random = np.random.default_rng(0)
    plain, fitted = [], []
    for seed in range(12):
        p = np.eye(20)[random.integers(20, size=2000)]
        plain.append(inception_score(p, 1).mean)
        fitted.append(inception_score_infinity(p, seed=seed))
    np.testing.assert_allclose(np.mean(plain), 20 * np.exp(-19 / 4000), rtol=1e-3)
    values = [fit.value for fit in fitted]
    np.testing.assert_allclose(np.mean(values), 20.0, atol=4 * np.std(values) / 12**0.5)
    np.testing.assert_allclose(np.mean([fit.slope for fit in fitted]), -190.0, rtol=0.25)
    assert 20.0 - np.mean(plain) > 5 * abs(20.0 - np.mean(values))
    np.testing.assert_allclose(
        inception_score_infinity(np.log(p + 1e-30), True, seed=11).value, values[-1], rtol=1e-9
    )


def test_seeds():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(300, 3)), random.normal(size=(400, 3))
    values = [frechet_distance_infinity(real, fake, 4, seed=seed).value for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: fit_inverse([10], [1.0]), "pass two different sizes"),
        (lambda: fit_inverse([10, 10], [1.0, 2.0]), "pass two different sizes"),
        (lambda: fit_inverse([10, 20], [1.0]), "one score each"),
        (
            lambda: frechet_distance_infinity(np.eye(3), np.eye(4)),
            "real has 3 dimensions and fake 4",
        ),
        (lambda: FrechetDistanceInfinity().result(), "fake has no samples yet"),
        (
            lambda: frechet_distance_infinity(np.eye(3), np.eye(3), minimum=3),
            "minimum must be a whole number from 2 to 2",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
