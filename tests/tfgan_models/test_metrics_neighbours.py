"""Precision, recall, realism, density, coverage: golden values, scikit-learn, brute force."""

import tracemalloc

import numpy as np
import pytest
import sklearn.neighbors

from tfgan_models.metrics import neighbours
from tfgan_models.metrics.neighbours import (
    density_coverage,
    expected_coverage,
    precision_recall,
    realism,
    squared_radii,
)

REAL = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])
FAKE = np.array([[0.5], [1.4], [2.6], [20.0]])
PRODUCTS = [np.float32, np.float64]


def normal(count, dimensions=8, seed=0, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, scale, (count, dimensions))


def lattice(count, seed=0):
    """Whole numbers: exact distances, many ties, many repeats."""
    return np.random.default_rng(seed).integers(0, 4, (count, 3)).astype("float64")


def squared(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(axis=2)


def brute_radii(x, k):
    return np.sort(squared(x, x), axis=1)[:, k]  # index 0 is the point itself


def brute(real, fake, k):
    """Precision, recall (both strict and not), density and coverage."""
    d, r, f = squared(real, fake), brute_radii(real, k), brute_radii(fake, k)
    return {
        "strict": ((d < r[:, None]).any(axis=0).mean(), (d < f).any(axis=1).mean()),
        "closed": ((d <= r[:, None]).any(axis=0).mean(), (d <= f).any(axis=1).mean()),
        "density": (d < r[:, None]).sum() / (k * len(fake)),
        "coverage": (d.min(axis=1) < r).mean(),
    }


@pytest.mark.parametrize("k", [1, 2, 3])
def test_golden_precision_and_recall(k):
    assert precision_recall(REAL, FAKE, k) == (0.75, 1.0)


@pytest.mark.parametrize("k, density, coverage", [(1, 1.5, 0.8), (2, 1.125, 1.0)])
def test_golden_density_and_coverage(k, density, coverage):
    assert precision_recall(REAL, FAKE, k, strict=True) == (0.75, 1.0)
    np.testing.assert_allclose(density_coverage(REAL, FAKE, k), (density, coverage))


def test_a_sample_on_the_surface():
    real, fake = np.array([[0.0], [1.0], [5.0]]), np.array([[-1.0], [30.0], [60.0]])
    assert precision_recall(real, fake, 1).precision == pytest.approx(1 / 3)
    assert precision_recall(real, fake, 1, strict=True).precision == 0.0
    assert density_coverage(real, fake, 1) == (0.0, 0.0)


@pytest.mark.parametrize("make", [normal, lattice])
@pytest.mark.parametrize("k", [1, 3, 7])
def test_against_brute_force(make, k):
    real, fake = make(90), make(70, seed=1)
    fake[:20] = real[10:30]  # copies: on the surface of their own neighbours' balls
    expected = brute(real, fake, k)
    assert precision_recall(real, fake, k) == expected["closed"]
    assert precision_recall(real, fake, k, strict=True) == expected["strict"]
    np.testing.assert_allclose(
        density_coverage(real, fake, k), (expected["density"], expected["coverage"])
    )


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("shift", [0.0, 300.0])
def test_radii_are_those_of_scikit_learn(product, shift):
    # float32 products only choose candidates: the result has the digits of float64.
    x = normal(400, 16, shift=shift)
    x[50:60] = x[50]
    found = sklearn.neighbors.NearestNeighbors(n_neighbors=6, algorithm="kd_tree").fit(x)
    np.testing.assert_allclose(
        np.sqrt(squared_radii(x, 5, product)), found.kneighbors(x)[0][:, 5], rtol=1e-12
    )


@pytest.mark.parametrize("product", PRODUCTS)
def test_neighbours_of_other_points(product):
    x, y = normal(300, 6), normal(50, 6, 1)
    points, centres = neighbours.Prepared(y), neighbours.Prepared(x)
    found = neighbours.nearest(points, centres, 4, dtype=product)
    oracle = sklearn.neighbors.NearestNeighbors(n_neighbors=4).fit(x).kneighbors(y)
    np.testing.assert_allclose(np.sqrt(found[0]), oracle[0], rtol=1e-12)
    np.testing.assert_array_equal(found[1], oracle[1])


@pytest.mark.parametrize("k", [1, 3])
def test_tight_clusters_far_apart(k):
    # Distances inside a cluster are below the rounding of a float32 product.
    random = np.random.default_rng(0)
    x = random.integers(0, 3, (200, 1)) * 1e3 + random.normal(0.0, 1e-3, (200, 4))
    np.testing.assert_allclose(squared_radii(x, k, np.float32), brute_radii(x, k), rtol=1e-9)


@pytest.mark.parametrize("make", [normal, lattice])
@pytest.mark.parametrize("product", PRODUCTS)
def test_balls_do_not_depend_on_products_or_tiles(make, product, monkeypatch):
    real, fake = make(150), make(170, seed=1)
    fake[:40] = real[:40]
    radii = squared_radii(real, 3)
    d = squared(fake, real)
    for tile in (1000, 32):
        monkeypatch.setattr(neighbours, "_ROWS", tile)
        monkeypatch.setattr(neighbours, "_COLUMNS", tile + 7)
        np.testing.assert_array_equal(squared_radii(real, 3, product), radii)
        for strict in (False, True):
            expected = d < radii if strict else d <= radii
            counts, hit = neighbours._balls(real, radii, fake, strict, product)
            np.testing.assert_array_equal(counts, expected.sum(axis=1))
            np.testing.assert_array_equal(hit, expected.any(axis=0))


def test_no_matrix_of_all_distances(monkeypatch):
    monkeypatch.setattr(neighbours, "_ROWS", 128)
    monkeypatch.setattr(neighbours, "_COLUMNS", 256)
    monkeypatch.setattr(neighbours, "_PIECE", 2**14)
    real, fake = normal(3000, 4), normal(3000, 4, 1)
    tracemalloc.start()
    try:
        precision_recall(real, fake)
        density_coverage(real, fake)
        realism(real, fake)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8e6  # of the 72e6 of one matrix


def test_identical_sets():
    x = normal(60)
    assert precision_recall(x, x) == (1.0, 1.0)
    assert precision_recall(x, x, strict=True) == (1.0, 1.0)
    # Each sample is its own copy and lies in the k - 1 open balls that reach past it.
    assert density_coverage(x, x, 5) == (1.0, 1.0)


def test_far_sets():
    x, y = normal(60), normal(60, shift=100.0)
    assert precision_recall(x, y) == (0.0, 0.0)
    assert density_coverage(x, y) == (0.0, 0.0)


def test_truncation_trades_recall_for_precision():
    real = normal(400, 6)
    wide, narrow = (precision_recall(real, normal(400, 6, 1, s)) for s in (1.0, 0.5))
    assert narrow.precision > wide.precision and narrow.recall < wide.recall


@pytest.mark.parametrize(
    "count, k, expected",
    [(1000, 5, 0.968984140), (10_000, 5, 0.968773435), (1000, 3, 0.875375094)],
)
def test_golden_expected_coverage(count, k, expected):
    np.testing.assert_allclose(expected_coverage(count, k=k), expected, atol=5e-10)
    assert abs(expected_coverage(count, k=k) - (1 - 2.0**-k)) < 1e-3


@pytest.mark.parametrize("reals, fakes", [(100, 100), (100, 60), (60, 150)])
def test_expectation_of_exact_fakes(reals, fakes):
    values = [
        density_coverage(normal(reals, 3, s), normal(fakes, 3, s + 500), 3) for s in range(60)
    ]
    error = np.std(values, axis=0) / np.sqrt(60)
    expected = np.array([1.0, expected_coverage(reals, fakes, 3)])
    if reals == fakes:
        assert abs(np.mean(values, axis=0) - expected)[0] < 4 * error[0] + 0.01
    assert abs(np.mean(values, axis=0) - expected)[1] < 4 * error[1]


@pytest.mark.parametrize("make", [normal, lattice])
def test_realism(make):
    real, fake = make(91), make(40, seed=1)
    fake[0] = real[17]
    radii = np.sqrt(brute_radii(real, 3))
    small = np.argsort(radii, kind="stable")[:46]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = radii[small] / np.sqrt(squared(fake, real[small]))
    expected = np.where(np.isnan(ratios), np.inf, ratios).max(axis=1)
    np.testing.assert_allclose(realism(real, fake), expected, rtol=1e-12)


def test_realism_by_hand():
    # k = 1 radii 1 1 1 1 7: the three first of equal radii stay, around 0, 1 and 2.
    value = realism(REAL, [[0.5], [2.0], [6.0], [20.0]], 1)
    np.testing.assert_allclose(value, [2.0, np.inf, 0.25, 1 / 18])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: precision_recall(REAL, FAKE, 4), "k must be .* from 1 to 3 .fake has 4 samples"),
        (lambda: precision_recall(REAL[:3], FAKE, 3), "from 1 to 2 .real has 3 samples"),
        (lambda: density_coverage(REAL, FAKE, 5), "from 1 to 4 .real has 5 samples"),
        (lambda: density_coverage(REAL, np.zeros((3, 2))), "real has 1 dimensions and fake 2"),
        (lambda: realism(REAL, FAKE * np.nan), "fake has NaN or infinity in 4 of 4 rows"),
        (lambda: precision_recall(REAL, FAKE, 0), "k must be a whole number of at least 1"),
        (lambda: expected_coverage(5, k=5), "k must be"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
