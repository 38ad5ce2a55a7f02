"""Frechet distance against golden values, closed forms and SciPy's matrix square root."""

import warnings

import numpy as np
import pytest
import scipy.linalg

from tfgan_models.metrics.frechet import (
    FrechetDistance,
    Gaussian,
    Moments,
    frechet_distance,
    frechet_distance_of_moments,
    moments,
)

DECAY = np.abs(np.subtract.outer(range(4), range(4)))


def rows(count, dimensions, seed=0):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(dimensions, dimensions))
    return random.normal(size=(count, dimensions)) @ mixing + random.normal(size=dimensions)


def by_square_root(m1, s1, m2, s2):
    root = scipy.linalg.sqrtm(s1 @ s2)
    return np.sum((m1 - m2) ** 2) + np.trace(s1 + s2 - 2.0 * root.real)


@pytest.mark.parametrize(
    "m1, s1, m2, s2, expected",
    [
        ([0], [[1]], [1], [[4]], 2.0),
        (np.zeros(10), np.eye(10), np.zeros(10), 4 * np.eye(10), 10.0),
        (np.zeros(10), 9 * np.eye(10), np.full(10, 0.5), 4 * np.eye(10), 12.5),
        ([0, 0], np.diag([1, 0]), [0, 0], np.diag([4, 1]), 2.0),
        ([1, -1], [[2, 1], [1, 2]], [0, 0], np.diag([1, 3]), 2.5166852264521147),
        (np.zeros(4), 0.5**DECAY, np.zeros(4), 2 * (-0.3) ** DECAY, 2.0560853059711555),
        (
            np.zeros(4),
            0.5**DECAY,
            0.1 * np.arange(1, 5),
            2 * (-0.3) ** DECAY,
            2.3560853059711553,
        ),
        ([0, 0], np.zeros((2, 2)), [1, 2], np.eye(2), 7.0),
        ([0, 0], np.zeros((2, 2)), [1, 2], np.zeros((2, 2)), 5.0),
    ],
)
def test_golden_values_of_moments(m1, s1, m2, s2, expected):
    np.testing.assert_allclose(frechet_distance_of_moments(m1, s1, m2, s2), expected, rtol=1e-12)
    np.testing.assert_allclose(frechet_distance_of_moments(m2, s2, m1, s1), expected, rtol=1e-12)


def test_golden_value_of_samples():
    real = [(0, 0), (2, 0), (0, 2), (2, 2)]
    fake = [(1, 1), (3, 1), (1, 4), (5, 2)]
    np.testing.assert_allclose(frechet_distance(real, fake), 3.9532157285284697, rtol=1e-12)


@pytest.mark.parametrize("dimensions", [2, 10, 60])
@pytest.mark.parametrize("seed", range(3))
def test_against_the_matrix_square_root(dimensions, seed):
    real = rows(4 * dimensions + 9, dimensions, seed)
    fake = rows(6 * dimensions, dimensions, seed + 10)
    expected = by_square_root(
        real.mean(axis=0), np.cov(real, rowvar=False), fake.mean(axis=0), np.cov(fake, rowvar=False)
    )
    np.testing.assert_allclose(frechet_distance(real, fake), expected, rtol=1e-8)


def test_badly_conditioned_covariances():
    # Both diagonal in one basis: the closed form sum (sqrt(a) - sqrt(b))^2.
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.normal(size=(40, 40)))[0]
    a, b = np.logspace(-6, 3, 40), np.logspace(2, -5, 40)
    value = frechet_distance_of_moments(
        np.zeros(40), basis * a @ basis.T, np.zeros(40), basis * b @ basis.T
    )
    np.testing.assert_allclose(value, np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), rtol=1e-10)


@pytest.mark.parametrize("count, dimensions", [(60, 7), (20, 50)])
@pytest.mark.filterwarnings("ignore:singular")
def test_properties(count, dimensions):
    real, fake = rows(count, dimensions), rows(count + 3, dimensions, 1)
    value = frechet_distance(real, fake)
    np.testing.assert_allclose(frechet_distance(fake, real), value, rtol=1e-10)
    assert frechet_distance(real, real) <= 1e-10 * value
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(dimensions, dimensions)))[0]
    shift = np.arange(dimensions)
    np.testing.assert_allclose(
        frechet_distance(real @ turn + shift, fake @ turn + shift), value, rtol=1e-10
    )


def test_only_two_moments_are_seen():
    normal = np.random.default_rng(0).normal(size=(500, 2))
    normal -= normal.mean(axis=0)
    normal = normal @ np.linalg.inv(np.linalg.cholesky(np.cov(normal, rowvar=False))).T
    corners = np.array([(1, 1), (1, -1), (-1, 1), (-1, -1)] * 100, float) * np.sqrt(399 / 400)
    assert frechet_distance(normal, corners) < 1e-12


def test_singular_covariances_are_handled_and_said():
    real, fake = rows(30, 50), rows(100, 50, 1)
    with pytest.warns(UserWarning, match=r"singular covariance of real \(rank 29 from 30 samp"):
        value = frechet_distance(real, fake)
    # A little noise in all directions changes it little; the distance is continuous.
    s1, s2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    nearly = by_square_root(
        real.mean(axis=0), s1 + 1e-9 * np.eye(50), fake.mean(axis=0), s2 + 1e-9 * np.eye(50)
    )
    np.testing.assert_allclose(value, nearly, rtol=1e-3)
    # Orthogonal supports: nothing is shared.
    x, y = np.zeros((9, 4)), np.zeros((9, 4))
    x[:, :2], y[:, 2:] = rows(9, 2), rows(9, 2, 1)
    with pytest.warns(UserWarning, match="real .* and fake"):
        value = frechet_distance(x, y)
    expected = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) + np.trace(
        np.cov(x, rowvar=False) + np.cov(y, rowvar=False)
    )
    np.testing.assert_allclose(value, expected, rtol=1e-10)


def test_the_note_of_the_stream():
    distance = FrechetDistance()
    distance.update(real=rows(60, 5), fake=rows(4, 5, 1))
    distance.result()
    assert "fake (rank 3 from 4 samples) in 5 dimensions" in distance.note
    assert "real" not in distance.note
    distance.update(fake=rows(60, 5, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        distance.result()
    assert distance.note == ""


@pytest.mark.parametrize("dimensions, count", [(10, 1000), (20, 2000)])
def test_bias_of_few_fakes(dimensions, count):
    # d / N + d (d + 1) / (4 N): .0375 and .0625.
    expected = dimensions / count + dimensions * (dimensions + 1) / (4 * count)
    random = np.random.default_rng(0)
    reference = Gaussian(10**6, np.zeros(dimensions), np.eye(dimensions))
    values = [
        frechet_distance(reference, random.normal(size=(count, dimensions))) for _ in range(60)
    ]
    error = np.std(values) / np.sqrt(len(values))
    np.testing.assert_allclose(np.mean(values), expected, atol=4 * error + 0.01 * expected)


def test_moments_far_from_zero():
    # The textbook sum of squares would lose all digits here.
    x = rows(300, 4)
    got = moments((x + 1e8).astype("float64"))
    reference = (x + 1e8) - 1e8
    np.testing.assert_allclose(got.covariance, np.cov(reference, rowvar=False), rtol=1e-6)
    np.testing.assert_allclose(got.mean, (reference.mean(axis=0) + 1e8), rtol=1e-14)


@pytest.mark.parametrize("pieces", [[300], [1, 299], [100, 1, 0, 199], [1] * 300])
def test_moments_of_pieces(pieces):
    x = rows(300, 6)
    stream, merged, start = Moments(), Moments(), 0
    for count in pieces:
        part = x[start : start + count]
        stream.update(part)
        other = Moments()
        other.update(part)
        merged.merge(other)
        start += count
    for got in (stream.result(), merged.result(), moments(x)):
        assert got.count == 300
        np.testing.assert_allclose(got.mean, x.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(got.covariance, np.cov(x, rowvar=False), rtol=1e-11, atol=1e-12)


def test_merging_leaves_the_shard_alone():
    one, two = Moments(), Moments()
    two.update(rows(5, 3))
    one.merge(two)
    one.update(rows(50, 3, 1))
    np.testing.assert_allclose(two.result().covariance, np.cov(rows(5, 3), rowvar=False))


def test_cached_reference():
    real, fake = rows(80, 6), rows(70, 6, 1)
    expected = frechet_distance(real, fake)
    cached = moments(real)
    stream = FrechetDistance(cached)
    stream.update(fake=fake)
    for value in (
        frechet_distance(cached, fake),
        frechet_distance(cached, moments(fake)),
        stream.result(),
        frechet_distance_of_moments(*cached[1:], *moments(fake)[1:]),
    ):
        np.testing.assert_allclose(value, expected, rtol=1e-10)
    single = Gaussian(80, cached.mean.astype("float32"), cached.covariance.astype("float32"))
    np.testing.assert_allclose(frechet_distance(single, fake), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: frechet_distance(rows(1, 3), rows(9, 3)), "real has 1 samples .* 2 or more"),
        (lambda: frechet_distance(rows(9, 3), rows(9, 4)), "real has 3 dimensions and fake 4"),
        (lambda: FrechetDistance().result(), "real has 0 samples and a covariance needs 2"),
        (
            lambda: frechet_distance_of_moments([0, 0], np.diag([1, -1]), [0, 0], np.eye(2)),
            "covariance of real has the eigenvalue -1 beside 1",
        ),
        (
            lambda: frechet_distance_of_moments([0, 0], np.eye(2), [0, 0], [[1, 2], [0, 1]]),
            "covariance of fake is not symmetric",
        ),
        (
            lambda: frechet_distance_of_moments([0, 0], np.eye(3), [0, 0], np.eye(2)),
            r"mean of shape \(2,\) and a covariance of shape \(3, 3\)",
        ),
        (
            lambda: frechet_distance_of_moments([0, np.nan], np.eye(2), [0, 0], np.eye(2)),
            "moments of real have NaN",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_dimensions_must_stay():
    stream = Moments("fake")
    stream.update(rows(5, 3))
    with pytest.raises(ValueError, match="fake has 4 dimensions here and 3 before"):
        stream.update(rows(5, 4))
