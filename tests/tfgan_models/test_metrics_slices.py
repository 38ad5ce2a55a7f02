"""MIND against optimal transport by assignment and closed forms."""

import numpy as np
import pytest
import scipy.optimize

from tfgan_models.metrics.slices import mind


def rows(count, dimensions=4, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def transport(x, y):
    """W_2^2 of equally many points on a line, as an assignment problem."""
    cost = (x[:, None] - y[None]) ** 2
    return cost[scipy.optimize.linear_sum_assignment(cost)].mean()


def by_assignment(real, fake, projections, seed):
    d = real.shape[1]
    u = np.random.Generator(np.random.Philox(seed)).standard_normal((projections, d))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    return 3 * d * np.mean([transport(real @ v, fake @ v) for v in u])


@pytest.mark.parametrize("dimensions", [1, 4])
def test_against_optimal_transport(dimensions):
    real, fake = rows(30, dimensions), 1.4 * rows(30, dimensions, 1) + 0.3
    np.testing.assert_allclose(mind(real, fake, 7, 5), by_assignment(real, fake, 7, 5), rtol=1e-10)


@pytest.mark.parametrize("n, m", [(4, 6), (6, 4), (5, 7), (12, 4)])
def test_unlike_numbers_of_samples(n, m):
    # Each sample of one set repeated m times, of the other n times: nothing else changes.
    real, fake = rows(n), rows(m, seed=1) + 0.5
    expected = by_assignment(np.repeat(real, m, axis=0), np.repeat(fake, n, axis=0), 5, 0)
    np.testing.assert_allclose(mind(real, fake, 5), expected, rtol=1e-10)


def test_one_dimension():
    # Every direction is 1 or -1: 3 W_2^2.
    np.testing.assert_allclose(mind([[0.0], [1.0]], [[5.0], [2.0]], 10), 3 * (4 + 16) / 2)


def test_a_shift_and_a_scale():
    # E (u.c)^2 = |c|^2 / d: a shift gives 3 |c|^2, a scale 3 (s - 1)^2 mean |x|^2.
    x, c = rows(50, 6), np.arange(6) / 3.0
    np.testing.assert_allclose(mind(x, x + c, 20_000), 3 * c @ c, rtol=0.03)
    expected = 3 * 0.5**2 * np.mean(np.sum(x**2, axis=1))
    np.testing.assert_allclose(mind(x, 1.5 * x, 20_000), expected, rtol=0.03)


def test_equal_moments_do_not_fool_it():
    normal = rows(2000, 1)
    normal = (normal - normal.mean()) / normal.std()
    signs = np.sign(np.arange(2000) % 2 - 0.5)[:, None]
    # W_2^2 of N(0, 1) and +-1: 2 - 2 E |x| = 2 - 2 sqrt(2 / pi).
    np.testing.assert_allclose(mind(normal, signs, 3), 3 * (2 - 2 * (2 / np.pi) ** 0.5), rtol=0.05)


def test_properties():
    real, fake = rows(40), rows(40, seed=1)
    assert mind(real, real) == 0.0
    np.testing.assert_allclose(mind(fake, real), mind(real, fake), rtol=1e-12)
    np.testing.assert_allclose(mind(real + 7.0, fake + 7.0), mind(real, fake), rtol=1e-9)
    assert mind(real, fake, seed=1) == mind(real, fake, seed=1) != mind(real, fake, seed=2)
    # More directions than are computed at once.
    expected = by_assignment(real[:5], fake[:5], 300, 0)
    np.testing.assert_allclose(mind(real[:5], fake[:5], 300), expected, rtol=1e-10)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: mind(rows(1), rows(5)), "real has 1 samples"),
        (lambda: mind(rows(5), rows(5, 3)), "real has 4 dimensions and fake 3"),
        (lambda: mind(rows(5), rows(5), 0), "projections must be"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
