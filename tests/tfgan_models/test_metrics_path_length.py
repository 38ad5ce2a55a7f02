"""Perceptual path length: closed forms of linear generators and angles, the filter, shards."""

import math

import numpy as np
import pytest

from tfgan_models.metrics import path_length as pl

ALL = (0.0, 100.0)


def identity(x):
    return x


def squared_distance(first, second):
    return np.square(first - second).sum(axis=tuple(range(1, first.ndim)))


def second_moment_of_the_angle(d):
    """E of the squared angle between independent directions: density sin^(d - 2)."""
    angle = np.linspace(0.0, math.pi, 200_001)
    density = np.sin(angle) ** (d - 2)
    return np.trapezoid(angle**2 * density) / np.trapezoid(density)


def measured(**options):
    options = {"latents": 4, "samples": 50, "percentiles": ALL} | options
    return pl.perceptual_path_length(identity, squared_distance, **options)


def test_the_filter_of_the_sheet():
    stream = pl.PerceptualPathLength(epsilon=1.0)
    stream.update(np.random.default_rng(0).permutation(np.arange(1.0, 201.0)))
    found = stream.result()
    assert found.value == 100.5
    expected = np.arange(2.0, 200.0)
    assert len(expected) == 198
    np.testing.assert_allclose(found.standard_error, expected.std(ddof=1) / 198**0.5)


@pytest.mark.parametrize(
    "d, expected",
    [(2, math.pi**2 / 3), (3, (math.pi**2 - 4) / 2), (64, 2.483273), (512, 2.469358)],
)
def test_angles_on_the_sphere(d, expected):
    """With the identity as generator and |x - y|^2 as distance each value is an angle^2."""
    np.testing.assert_allclose(second_moment_of_the_angle(d), expected, atol=1e-5)
    found = measured(latents=d, samples=4000, batch_size=4000)
    np.testing.assert_allclose(found.value, expected, atol=4 * found.standard_error)
    assert found.standard_error < 0.06


def test_an_angle_is_exact():
    found = measured(samples=None, latents=np.array([[2.0, 0.0], [0.0, 0.1]]))
    np.testing.assert_allclose(found.value, math.pi**2 / 4, rtol=1e-7)
    found = measured(samples=None, latents=np.array([[2.0, 0.0], [0.0, 0.1]]), radius=3.0)
    np.testing.assert_allclose(found.value, 9 * math.pi**2 / 4, rtol=1e-7)


def test_a_linear_generator():
    """|A (w1 - w0)|^2 has the mean 2 |A|_F^2 for w of N(0, I)."""
    matrix = np.random.default_rng(0).normal(size=(5, 8))
    latents = np.random.default_rng(1).normal(size=(4000, 5))
    exact = np.square((latents[1::2] - latents[::2]) @ matrix).sum(axis=1)
    options = {"space": "w", "percentiles": ALL}
    for sampling in ("full", "end"):
        found = pl.perceptual_path_length(
            lambda w: w @ matrix, squared_distance, latents, sampling=sampling, **options
        )
        np.testing.assert_allclose(found.value, exact.mean(), rtol=1e-7)
    drawn = pl.perceptual_path_length(
        lambda w: w @ matrix, squared_distance, 5, samples=4000, **options
    )
    expected = 2 * np.square(matrix).sum()
    np.testing.assert_allclose(drawn.value, expected, atol=4 * drawn.standard_error)


def test_percentiles_cut_the_tail():
    cut, whole = measured(samples=1000, percentiles=(1.0, 99.0)), measured(samples=1000)
    assert cut == pl.perceptual_path_length(identity, squared_distance, 4, samples=1000)
    assert cut.value != whole.value


def test_full_and_end():
    """The step of f(z) = t^2 along the path is (2 t)^2: 0 at the end, 4 / 3 on average."""

    def second_coordinate_squared(w):
        return np.square(w[:, 1:])

    latents = np.tile([[1.0, 0.0], [1.0, 1.0]], (5000, 1))
    full, end = (
        pl.perceptual_path_length(
            second_coordinate_squared,
            squared_distance,
            latents,
            space="w",
            sampling=sampling,
            percentiles=ALL,
        ).value
        for sampling in ("full", "end")
    )
    np.testing.assert_allclose(full, 4 / 3, atol=0.07)
    np.testing.assert_allclose(end, 1e-8, rtol=1e-6)


def test_the_mapping_comes_before_the_line():
    """Curved mapping: in W the path is straight between mapped ends, whatever lies between."""
    latents = np.array([[1.0, 2.0], [3.0, 0.0]])
    found = measured(samples=None, latents=latents, space="w", mapping=lambda z: z**2)
    np.testing.assert_allclose(found.value, 8.0**2 + 4.0**2, rtol=1e-7)
    stacked = measured(
        samples=None,
        latents=latents,
        space="w",
        mapping=lambda z: np.repeat(z[:, None] ** 2, 3, axis=1),
    )
    np.testing.assert_allclose(stacked.value, 3 * found.value, rtol=1e-7)


@pytest.mark.parametrize("space", ["z", "w"])
def test_labels_are_the_same_at_both_ends(space):
    seen = []

    def generate(z, labels):
        seen.append(labels)
        return z * (1.0 + labels[:, None])

    pl.perceptual_path_length(
        generate, squared_distance, 3, space=space, labels=[2, 5, 5], samples=400, batch_size=100
    )
    firsts, seconds = np.concatenate(seen[::2]), np.concatenate(seen[1::2])
    assert np.array_equal(firsts, seconds) and len(firsts) == 400
    np.testing.assert_allclose(np.mean(firsts == 5), 2 / 3, atol=0.1)
    assert set(firsts) == {2, 5}


def test_the_mapping_gets_labels():
    found = pl.perceptual_path_length(
        lambda w, labels: w,
        squared_distance,
        np.array([[0.0, 0.0], [1.0, 0.0]]),
        space="w",
        mapping=lambda z, labels: z * labels[:, None],
        labels=[3],
    )
    np.testing.assert_allclose(found.value, 9.0, rtol=1e-7)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batch_size_does_not_matter(batch_size):
    options = {"samples": 60, "labels": [0, 1, 2], "percentiles": (1.0, 99.0)}
    found, whole = (
        pl.perceptual_path_length(
            lambda z, labels: z * (labels[:, None] + 1.0),
            squared_distance,
            4,
            batch_size=size,
            **options,
        )
        for size in (batch_size, 60)
    )
    np.testing.assert_allclose(found, whole, rtol=1e-10)


def test_the_seed_decides():
    assert measured(seed=1) == measured(seed=1) != measured(seed=2)


@pytest.mark.parametrize(
    "side, crop, rows, columns, factor",
    [
        (512, False, (0, 512), (0, 512), 2),
        (1024, True, (384, 896), (256, 768), 2),
        (256, False, (0, 256), (0, 256), 1),
        (64, True, (24, 56), (16, 48), 1),
    ],
)
def test_images_are_cropped_and_averaged(side, crop, rows, columns, factor):
    seen = []
    picture = np.random.default_rng(0).normal(size=(side, side, 1)).astype("float32")

    def distance(first, second):
        seen.append(first)
        return np.zeros(len(first))

    pl.perceptual_path_length(
        lambda z: np.repeat(picture[None], len(z), axis=0), distance, 2, samples=1, crop=crop
    )
    expected = picture[slice(*rows), slice(*columns)]
    expected = sum(
        expected[i::factor, j::factor] / factor**2 for i in range(factor) for j in range(factor)
    )
    np.testing.assert_allclose(seen[0][0], expected, atol=1e-5)


def test_slerp():
    t = np.array([[0.0], [0.25], [1.0]])
    found = pl.slerp_on_sphere(np.tile([2.0, 0.0], (3, 1)), np.tile([1.0, 1.0], (3, 1)), t)
    expected = [[1.0, 0.0], [0.980785, 0.195090], [0.707107, 0.707107]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_slerp_of_equal_and_opposite_ends():
    a = np.random.default_rng(0).normal(size=(4, 6))
    unit = a / np.linalg.norm(a, axis=1, keepdims=True)
    np.testing.assert_allclose(pl.slerp_on_sphere(a, 3.0 * a, 0.4), unit, atol=1e-7)
    halfway = pl.slerp_on_sphere(a, -a, 0.5)
    np.testing.assert_allclose(np.linalg.norm(halfway, axis=1), 1.0)


def test_shards_equal_the_whole():
    values = np.random.default_rng(0).exponential(size=1000)
    whole, first, second = (pl.PerceptualPathLength() for _ in range(3))
    whole.update(values)
    first.update(values[:10])
    first.update(values[10:300])
    second.update(values[300:])
    np.testing.assert_allclose(first.merge(second).result(), whole.result(), rtol=1e-12)
    with pytest.raises(ValueError, match="different options"):
        first.merge(pl.PerceptualPathLength(epsilon=1e-3))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"space": "y"}, 'space is "z" or "w"'),
        ({"sampling": "half"}, 'sampling is "full" or "end"'),
        ({"mapping": identity}, "interpolates before the mapping"),
        ({"latents": 0}, "latents must be"),
        ({"latents": np.zeros((3, 2))}, "pass two for each path"),
        ({"latents": np.ones((4, 2)), "samples": 3}, "samples must be .* from 1 to 2"),
        ({"samples": 0}, "samples must be"),
        ({"epsilon": 0.0}, "epsilon must be positive"),
        ({"percentiles": (99.0, 1.0)}, "percentiles must rise"),
        ({"labels": [0.5]}, "labels has shape"),
        ({"crop": True}, "crop=True needs images"),
        ({"batch_size": 0}, "batch_size must be"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        measured(**options)


@pytest.mark.parametrize(
    "distance, message",
    [
        (lambda a, b: np.full(len(a), np.nan), "NaN or infinity in 50 of 50 pairs"),
        (lambda a, b: np.full(len(a), -1.0), "negative"),
        (lambda a, b: np.zeros((len(a), 2)), "one number a pair"),
    ],
)
def test_poor_distances(distance, message):
    with pytest.raises(ValueError, match=message):
        pl.perceptual_path_length(identity, distance, 4, samples=50)


def test_nothing_whole_numbers_and_odd_sides():
    with pytest.raises(ValueError, match="no distances yet"):
        pl.PerceptualPathLength().result()
    with pytest.raises(ValueError, match="whole numbers of type uint8"):
        pl.perceptual_path_length(
            lambda z: np.zeros((len(z), 8, 8, 1), "uint8"), squared_distance, 4, samples=1
        )
    with pytest.raises(ValueError, match="images of 513x514 do not average"):
        pl.perceptual_path_length(
            lambda z: np.zeros((len(z), 513, 514, 1)), squared_distance, 4, samples=1
        )
