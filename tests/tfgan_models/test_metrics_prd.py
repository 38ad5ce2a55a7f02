"""Curves of precision and recall: closed forms, k-means, limits."""

import numpy as np
import pytest

from tfgan_models.metrics.prd import (
    curve_of_histograms,
    f_score,
    k_means,
    precision_recall_curve,
)


def clusters(which, count=120, seed=0, scale=0.05):
    """Points around the corners `which` of a large simplex, in equal shares."""
    centres = 10.0 * np.eye(8)[np.arange(count) % len(which) + min(which)]
    return centres + np.random.default_rng(seed).normal(0.0, scale, centres.shape)


def test_the_curve_by_definition():
    p, q = np.array([0.2, 0.5, 0.3, 0.0]), np.array([0.1, 0.2, 0.0, 0.7])
    precision, recall = curve_of_histograms(p, q, 11)
    for i, angle in enumerate(np.linspace(1e-10, np.pi / 2 - 1e-10, 11)):
        slope = np.tan(angle)
        alpha = sum(min(slope * a, b) for a, b in zip(p, q, strict=True))
        np.testing.assert_allclose(precision[i], alpha, rtol=1e-12)
        np.testing.assert_allclose(recall[i], alpha / slope, rtol=1e-12)
    # The ends: mass of each on the other's support.
    np.testing.assert_allclose([precision[-1], recall[0]], [0.3, 0.7], atol=1e-9)


def test_exchanging_the_sets_exchanges_precision_and_recall():
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.4, 0.0])
    one, two = curve_of_histograms(p, q), curve_of_histograms(q, p)
    np.testing.assert_allclose(one[0], two[1][::-1], atol=1e-9)


def test_f_score():
    precision = [1, 1, 0, 0, 0.5, 1, 0.5]
    recall = [1, 0, 1, 0, 0.5, 0.5, 1]
    np.testing.assert_allclose(f_score(precision, recall, 1), [1, 0, 0, 0, 0.5, 2 / 3, 2 / 3])
    np.testing.assert_allclose(f_score(precision, recall, 2), [1, 0, 0, 0, 0.5, 5 / 9, 5 / 6])


def test_identical_and_disjoint_sets():
    x = np.random.default_rng(0).normal(size=(150, 6))
    same = precision_recall_curve(x, x, 10, 101, 3)
    np.testing.assert_allclose([same.f_8, same.f_1_8], 1.0, atol=1e-9)
    apart = precision_recall_curve(x, x + 100.0, 10, 101, 3)
    assert (apart.f_8, apart.f_1_8) == (0.0, 0.0)
    assert same.precision.shape == same.recall.shape == (101,)


def test_missing_and_invented_groups():
    # Half of the reals' groups: precision 1, recall 1/2 at best. And the other way round.
    four, two = clusters([0, 1, 2, 3]), clusters([0, 1], seed=1)
    missing = precision_recall_curve(four, two, 4, runs=3)
    np.testing.assert_allclose([missing.precision[-1], missing.recall[0]], [1.0, 0.5], atol=1e-6)
    # F_8 of the curve min(t / 2, 1), min(1 / 2, 1 / t): its corner (1, 1 / 2) is the best.
    np.testing.assert_allclose(missing.f_1_8, f_score(1.0, 0.5, 1 / 8), rtol=2e-3)
    np.testing.assert_allclose(missing.f_8, f_score(1.0, 0.5, 8), rtol=2e-3)
    invented = precision_recall_curve(two, four, 4, runs=3)
    np.testing.assert_allclose(invented.f_8, missing.f_1_8, rtol=2e-3)
    np.testing.assert_allclose(invented.f_1_8, missing.f_8, rtol=2e-3)


def test_sets_of_unlike_sizes():
    value = precision_recall_curve(clusters([0, 1], 400), clusters([0, 1], 40, 1), 2, 51, 2)
    np.testing.assert_allclose([value.f_8, value.f_1_8], 1.0, atol=2e-3)


def test_seeds():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(100, 3)), random.normal(size=(100, 3))
    values = [precision_recall_curve(x, y, 8, 51, 2, seed=seed).f_8 for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_k_means_finds_groups():
    x = clusters(range(8), 160)
    centres = k_means(x.copy(), 8, np.random.default_rng(0))
    expected = np.array([x[i::8].mean(axis=0) for i in range(8)])
    order = np.argsort(centres.argmax(axis=1))
    np.testing.assert_allclose(centres[order], expected, atol=1e-10)


def test_k_means_is_at_a_fixed_point():
    x = np.random.default_rng(0).normal(size=(200, 2)) + 50.0
    centres = k_means(x.copy(), 5, np.random.default_rng(1))
    assigned = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    expected = np.array([x[assigned == i].mean(axis=0) for i in range(5)])
    np.testing.assert_allclose(centres, expected, rtol=1e-10)


def test_fewer_distinct_rows_than_clusters():
    x = np.repeat(np.eye(3), 10, axis=0)
    assert len(k_means(x.copy(), 8, np.random.default_rng(0))) == 3
    same = precision_recall_curve(x, x, 8, 51, 2)
    np.testing.assert_allclose([same.f_8, same.f_1_8], 1.0, atol=1e-9)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: precision_recall_curve(np.zeros((9, 2)), np.zeros((30, 2))),
            "real has 9 samples for 20 clusters",
        ),
        (lambda: curve_of_histograms([0.5, 0.5], [0.5, 0.2]), "fake of shape .* no histogram"),
        (lambda: curve_of_histograms([1.0], [0.5, 0.5]), "no histogram"),
        (lambda: curve_of_histograms([1.0], [1.0], 2), "angles must be"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
