"""Birthday paradox, nearest training samples and the memorisation ratio."""

import math

import numpy as np
import pytest
import scipy.spatial.distance
import sklearn.neighbors

from tfgan_models.metrics import support
from tfgan_models.metrics.support import (
    BirthdayParadox,
    birthday_paradox,
    birthday_support,
    memorisation,
    nearest_neighbours,
)


def rows(count, dimensions=5, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0.0, scale, (count, dimensions))


def images(kinds, count, seed=0, noise=0.01):
    """Samples of `kinds` equally likely images with a little noise."""
    random = np.random.default_rng(seed)
    centres = random.normal(0.0, 1.0, (kinds, 12))
    return centres[random.integers(kinds, size=count)] + random.normal(0.0, noise, (count, 12))


def test_the_formula():
    np.testing.assert_allclose(birthday_support(23), 23**2 / (2 * math.log(2)))
    # 23 people and 365 days: probability 1 - exp(-23^2 / 730) = .5155.
    np.testing.assert_allclose(birthday_support(23, 1 - math.exp(-(23**2) / 730)), 365.0)


@pytest.mark.parametrize("kinds", [50, 400])
def test_support_of_equally_likely_images(kinds):
    value = birthday_paradox(images(kinds, 1500), 0.5)
    np.testing.assert_allclose(value.support, kinds, rtol=0.25)
    np.testing.assert_allclose(1 / value.collision, kinds, rtol=0.1)
    # With the exact law: the smallest m with prod (1 - i / kinds) below 1/2.
    alone = np.cumprod(1 - np.arange(1500) / kinds)
    exact = 1 + int(np.argmax(alone < 0.5))
    assert abs(value.size - exact) <= 0.1 * exact + 1


def test_pairs_are_counted():
    x = rows(60)
    value = birthday_paradox(x, 1.7)
    expected = int(np.sum(scipy.spatial.distance.pdist(x) < 1.7))
    assert value.pairs == expected > 0
    np.testing.assert_allclose(value.collision, expected / (60 * 59 / 2))
    assert value.samples == 60


def test_no_duplicates():
    value = birthday_paradox(rows(100), 1e-6)
    assert value == (math.inf, math.inf, 0.0, 0, 100)


def test_one_image():
    value = birthday_paradox(np.ones((300, 4)), 0.1)
    assert (value.size, value.collision) == (2.0, 1.0)


def test_many_duplicates_need_few_samples(monkeypatch):
    monkeypatch.setattr(support, "_FIRST", 100)
    monkeypatch.setattr(support, "_PAIRS", 2000)
    x = images(20, 3000)
    value = birthday_paradox(x, 0.5)
    assert value.samples < 500
    np.testing.assert_allclose(1 / value.collision, 20.0, rtol=0.15)
    # None in the first rows: all are looked at.
    assert birthday_paradox(rows(400, 12), 1e-6).samples == 400


def test_birthday_seeds():
    x = images(100, 500)
    values = [birthday_paradox(x, 0.5, 20, seed).size for seed in range(8)]
    assert values[0] == birthday_paradox(x, 0.5, 20, 0).size
    assert len(set(values)) > 1


@pytest.mark.parametrize("metric", ["euclidean", "standardised", "cosine"])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_neighbours_are_those_of_scikit_learn(metric, shift):
    real, fake = rows(80) * np.arange(1, 6) + shift, rows(20, seed=1) * np.arange(1, 6) + shift
    index, distance = nearest_neighbours(real, fake, 4, metric)
    std = real.std(axis=0) if metric == "standardised" else 1.0
    oracle = sklearn.neighbors.NearestNeighbors(
        n_neighbors=4, metric="cosine" if metric == "cosine" else "euclidean", algorithm="brute"
    ).fit(real / std)
    expected = oracle.kneighbors(fake / std)
    np.testing.assert_allclose(distance, expected[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(index, expected[1])


def test_copies_are_at_distance_zero_and_ties_go_by_row():
    real = rows(30)
    real[[7, 3]] = real[12]
    index, distance = nearest_neighbours(real, real[[12]], 3, "euclidean")
    np.testing.assert_array_equal(index, [[3, 7, 12]])
    np.testing.assert_array_equal(distance, 0.0)


def test_a_constant_dimension_is_left_out():
    real, fake = rows(30), rows(6, seed=1)
    real[:, 2] = 4.0
    fake[:, 2] = 1e6
    index, _ = nearest_neighbours(real, fake, 2, "standardised")
    rest = [0, 1, 3, 4]
    np.testing.assert_array_equal(
        index, nearest_neighbours(real[:, rest], fake[:, rest], 2, "standardised").index
    )


@pytest.mark.parametrize("metric", ["euclidean", "standardised", "cosine"])
def test_memorisation(metric):
    real, held_out, new = rows(500), rows(300, seed=1), rows(300, seed=2)
    copies = real[:300] + rows(300, seed=3, scale=0.01)
    np.testing.assert_allclose(memorisation(real, new, held_out, metric).ratio, 1.0, atol=0.12)
    assert memorisation(real, copies, held_out, metric).ratio < 0.1
    assert memorisation(real, real[:40], held_out, metric).ratio < 1e-6


def test_memorisation_by_definition():
    real, fake, held_out = rows(60), rows(31, seed=1), rows(30, seed=2)
    d = scipy.spatial.distance.cdist
    mine, base = (np.median(d(x, real).min(axis=1)) for x in (fake, held_out))
    np.testing.assert_allclose(
        memorisation(real, fake, held_out, "euclidean"), (mine / base, mine, base), rtol=1e-10
    )
    # Without held-out reals: each real against the others.
    own = d(real, real) + np.diag(np.full(60, np.inf))
    base = np.median(own.min(axis=1))
    np.testing.assert_allclose(
        memorisation(real, fake, metric="euclidean"), (mine / base, mine, base), rtol=1e-10
    )


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: birthday_paradox(rows(5), 0.0), "threshold must be a positive distance"),
        (lambda: birthday_paradox(rows(1), 1.0), "fake has 1 samples"),
        (lambda: birthday_support(5, 1.0), "probability lies between 0 and 1"),
        (lambda: BirthdayParadox(1.0).result(), "fake has no samples yet"),
        (lambda: nearest_neighbours(rows(3), rows(3), 4), "k must be .* from 1 to 3 .real has 3"),
        (lambda: nearest_neighbours(rows(3), rows(3), 1, "l2"), "metric is one of cosine, st"),
        (lambda: nearest_neighbours(np.zeros((3, 2)), rows(3, 2), 1), "3 rows of real are all z"),
        (
            lambda: memorisation(np.repeat(rows(4), 2, axis=0), rows(3)),
            "repeats of training samples, .* remove duplicates",
        ),
        (
            lambda: memorisation(rows(4), rows(3), rows(4, 3)),
            "held_out has 3 dimensions and real 5",
        ),
        (
            lambda: memorisation(rows(4), rows(3), np.zeros((2, 5))),
            "2 rows of held_out are all zeros",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
