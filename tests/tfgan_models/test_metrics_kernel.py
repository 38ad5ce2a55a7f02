"""Kernel distance against golden values, the definition and a population value."""

import numpy as np
import pytest

from tfgan_models.metrics import kernel
from tfgan_models.metrics.kernel import KernelDistance, kernel_distance

FOUR = [(0, 0), (2, 0), (0, 2), (2, 2)], [(1, 1), (3, 1), (1, 4), (5, 2)]
THREE = [(0, 0), (1, 0), (0, 1)], [(1, 1), (2, 0), (0, 2)]


def rows(count, dimensions=5, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1.0, (count, dimensions))


def by_definition(x, y, degree=3, gamma=None, coef0=1.0):
    gamma = 1.0 / x.shape[1] if gamma is None else gamma

    def k(a, b):
        return (gamma * float(np.dot(a, b)) + coef0) ** degree

    m, n = len(x), len(y)
    return (
        sum(k(x[i], x[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
        + sum(k(y[i], y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        - 2.0 * sum(k(a, b) for a in x for b in y) / (m * n)
    )


@pytest.mark.parametrize("form", ["subsets", "blocks", "full"])
@pytest.mark.parametrize(
    "real, fake, expected",
    [
        (*THREE, 0.5),
        (THREE[0], THREE[0], -1.0555555555555556),
        (*FOUR, 96.39583333333331),
    ],
)
def test_golden_values(real, fake, expected, form):
    value = kernel_distance(real, fake, form=form)
    np.testing.assert_allclose(value, (expected, 0.0), rtol=1e-12, atol=1e-12)


def test_one_array_given_twice():
    x = np.array(THREE[0], float)
    np.testing.assert_allclose(kernel_distance(x, x, form="full").mean, -1.0555555555555556)


@pytest.mark.parametrize(
    "options", [{}, {"degree": 2, "gamma": 0.7, "coef0": 0.3}, {"degree": 1, "coef0": 0.0}]
)
def test_against_the_definition(options):
    x, y = rows(17), rows(23, seed=1, shift=0.4)
    np.testing.assert_allclose(
        kernel_distance(x, y, form="full", **options).mean,
        by_definition(x, y, **options),
        rtol=1e-10,
    )


def test_tiles_do_not_matter(monkeypatch):
    x, y = rows(53), rows(61, seed=1)
    whole = kernel_distance(x, y, form="full")
    monkeypatch.setattr(kernel, "_TILE", 16)
    np.testing.assert_allclose(kernel_distance(x, y, form="full"), whole, rtol=1e-11)


def test_subsets_and_blocks_are_means_of_parts():
    x, y = rows(40), rows(45, seed=1, shift=0.3)
    random = np.random.Generator(np.random.Philox(7))
    parts = [
        by_definition(x[random.permutation(40)[:12]], y[random.permutation(45)[:12]])
        for _ in range(6)
    ]
    np.testing.assert_allclose(
        kernel_distance(x, y, 6, 12, seed=7), (np.mean(parts), np.std(parts)), rtol=1e-9
    )
    random = np.random.Generator(np.random.Philox(7))
    i, j = random.permutation(40), random.permutation(45)
    parts = [by_definition(x[i[s : s + 12]], y[j[s : s + 12]]) for s in (0, 12, 24)]
    np.testing.assert_allclose(
        kernel_distance(x, y, subset_size=12, form="blocks", seed=7),
        (np.mean(parts), np.std(parts)),
        rtol=1e-9,
    )


@pytest.mark.parametrize("form", ["subsets", "blocks"])
def test_population_value_in_one_dimension(form):
    # N(0, 1) against N(1, 1): 3 (dE x)^2 + 3 (dE x^2)^2 + (dE x^3)^2 = 3 + 3 + 16.
    value = kernel_distance(rows(30_000, 1), rows(30_000, 1, 1, 1.0), 60, 500, form)
    error = value.std / np.sqrt(60)  # of 60 blocks; subsets overlap less than this needs
    np.testing.assert_allclose(value.mean, 22.0, atol=4 * max(error, 0.35))


def test_no_bias_at_few_samples():
    # Exact fakes: 0 on average with ten samples, hence often below it.
    values = [
        kernel_distance(rows(10, 3, s), rows(10, 3, s + 1000), form="full").mean for s in range(400)
    ]
    assert abs(np.mean(values)) < 4 * np.std(values) / 20
    assert np.mean(np.array(values) < 0) > 0.3


def test_seeds_and_sizes():
    x, y = rows(50), rows(60, seed=1)
    values = [kernel_distance(x, y, 3, 20, seed=seed) for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]
    # A subset cannot be larger than the smaller set.
    assert kernel_distance(x, y, 3, 50) == kernel_distance(x, y, 3, 1000)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: kernel_distance(rows(5), rows(5), form="block"), "form is one of subsets, blo"),
        (lambda: kernel_distance(rows(1), rows(5)), "real has 1 samples"),
        (lambda: kernel_distance(rows(5), rows(5), subset_size=1), "subset_size must be"),
        (lambda: kernel_distance(rows(5), rows(5), degree=0.5), "degree must be a whole"),
        (lambda: kernel_distance(rows(5), rows(5, 4)), "real has 5 dimensions and fake 4"),
        (lambda: KernelDistance().result(), "real has no samples yet"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
