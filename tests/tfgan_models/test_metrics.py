"""Parzen windows against closed forms and SciPy."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tfgan_models import metrics


def rows(count, dimensions, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0.0, scale, (count, dimensions))


def scipy_log_densities(real, fake, sigma):
    logs = [
        scipy.stats.multivariate_normal(s, sigma**2 * np.eye(len(s))).logpdf(real) for s in fake
    ]
    return scipy.special.logsumexp(np.reshape(logs, (len(fake), -1)), axis=0) - np.log(len(fake))


def test_one_sample_at_the_data():
    mean, error = metrics.parzen_log_likelihood([[0.0]], [[0.0]], 1.0)
    np.testing.assert_allclose(mean, -0.918939, atol=1e-6)
    assert error == 0.0


@pytest.mark.parametrize("sigma", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("dimensions", [1, 4])
def test_against_scipy(dimensions, sigma):
    real, fake = rows(30, dimensions), rows(20, dimensions, 1)
    logs = scipy_log_densities(real, fake, sigma)
    mean, error = metrics.parzen_log_likelihood(real, fake, sigma)
    np.testing.assert_allclose(mean, logs.mean(), rtol=1e-9)
    np.testing.assert_allclose(error, logs.std() / np.sqrt(30), rtol=1e-7)


def test_distant_samples_do_not_underflow():
    mean, _ = metrics.parzen_log_likelihood(np.zeros((3, 2)), np.full((4, 2), 100.0), 0.1)
    np.testing.assert_allclose(mean, -1e6 - 2 * np.log(0.1 * np.sqrt(2 * np.pi)), rtol=1e-9)


def test_images_are_flattened():
    real, fake = rows(6, 12), rows(5, 12, 1)
    images = metrics.parzen_log_likelihood(
        real.reshape(6, 2, 3, 2).astype("float32"), fake.reshape(5, 2, 3, 2), 0.7
    )
    np.testing.assert_allclose(images, metrics.parzen_log_likelihood(real, fake, 0.7), rtol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 7, 30, 1000])
def test_batch_size_does_not_matter(batch_size):
    real, fake = rows(30, 4), rows(20, 4, 1)
    expected = np.mean(scipy_log_densities(real, fake, 0.5))
    mean, _ = metrics.parzen_log_likelihood(real, fake, 0.5, batch_size=batch_size)
    np.testing.assert_allclose(mean, expected, rtol=1e-9)


@pytest.mark.parametrize("candidates", [None, [2.0, 0.05, 0.5, 1.0]])
def test_the_best_width_is_selected(candidates):
    real, fake = rows(200, 2, scale=0.4), rows(100, 2, 1, scale=0.4)
    tried = np.logspace(-1, 0, 10) if candidates is None else candidates
    means = [scipy_log_densities(real, fake, sigma).mean() for sigma in tried]
    best = tried[int(np.argmax(means))]
    assert best not in (min(tried), max(tried))
    assert metrics.select_parzen_width(real, fake, candidates) == best


@pytest.mark.parametrize(
    "real, fake, sigma, message",
    [
        (np.zeros((3, 2)), np.zeros((3, 4)), 1.0, "rows of one length"),
        (np.zeros((3, 2)), np.zeros((0, 2)), 1.0, "rows of one length"),
        (np.zeros((0, 2)), np.zeros((3, 2)), 1.0, "rows of one length"),
        (np.zeros((3, 2)), np.zeros((3, 2)), 0.0, "sigma must be positive"),
        (np.zeros((3, 2)), np.zeros((3, 2)), -1.0, "sigma must be positive"),
        (np.zeros((3, 2)), np.zeros((3, 2)), float("nan"), "sigma must be positive"),
    ],
)
def test_errors(real, fake, sigma, message):
    with pytest.raises(ValueError, match=message):
        metrics.parzen_log_likelihood(real, fake, sigma)
