"""Sliced Wasserstein distance: the sheet's numbers, SciPy's filters, closed forms."""

import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from tfgan_models.metrics import patches as swd

KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0


def images(count, height=32, width=None, channels=3, seed=0, smooth=1.0):
    noise = np.random.default_rng(seed).normal(size=(count, height, width or height, channels))
    noise = scipy.ndimage.gaussian_filter(noise, (0, smooth, smooth, 0))
    return np.clip(noise / np.abs(noise).max(), -1.0, 1.0).astype("float32")


def scipy_pyramid(batch, levels):
    """The sheet's words with SciPy's convolution."""
    kernel, found = KERNEL[None, :, :, None], []
    for _ in range(levels - 1):
        small = scipy.ndimage.convolve(batch, kernel, mode="mirror")[:, ::2, ::2]
        spread = np.zeros_like(batch)
        spread[:, ::2, ::2] = small
        found.append(batch - scipy.ndimage.convolve(spread, 4.0 * kernel, mode="mirror"))
        batch = small
    return [*found, batch]


@pytest.mark.parametrize("shape", [(2, 64, 64, 3), (3, 32, 48, 1), (1, 16, 16, 4)])
def test_pyramid_against_scipy(shape):
    batch = np.random.default_rng(0).integers(0, 256, shape).astype("float64")
    levels = swd.level_count(*shape[1:3])
    for ours, theirs in zip(
        swd.laplacian_pyramid(batch, levels), scipy_pyramid(batch, levels), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_pyramid_adds_up_and_leaves_its_input():
    batch = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("float64")
    before = batch.copy()
    levels = swd.laplacian_pyramid(batch, 3)
    assert np.array_equal(batch, before)
    restored = levels[-1]
    for detail in levels[-2::-1]:
        spread = np.zeros_like(detail)
        spread[:, ::2, ::2] = restored
        restored = detail + scipy.ndimage.convolve(
            spread, 4.0 * KERNEL[None, :, :, None], mode="mirror"
        )
    np.testing.assert_allclose(restored, batch, atol=1e-10)


def test_pyramid_of_a_constant():
    *details, last = swd.laplacian_pyramid(np.full((1, 64, 64, 3), 77.0), 3)
    assert [d.shape[1] for d in details] == [64, 32]
    assert all(np.array_equal(d, np.zeros_like(d)) for d in details)
    assert np.array_equal(last, np.full((1, 16, 16, 3), 77.0))


@pytest.mark.parametrize(
    "size, levels",
    [
        ((16, 16), 1),
        ((28, 28), 1),
        ((31, 31), 1),
        ((32, 32), 2),
        ((64, 128), 3),
        ((100, 100), 3),
        ((1024, 1024), 7),
        ((8, 8), 1),
    ],
)
def test_levels(size, levels):
    assert swd.level_count(*size) == levels


def test_distance_of_shifted_sets():
    """E|<v, u>| over unit directions is Gamma(d/2) / (sqrt(pi) Gamma((d + 1)/2)) for |v| = 1."""
    expected = math.exp(math.lgamma(73.5) - math.lgamma(74.0)) / math.sqrt(math.pi)
    np.testing.assert_allclose(expected, 0.0659204, atol=1e-7)
    random = np.random.default_rng(0)
    rows = random.normal(size=(300, 147))
    shift = random.normal(size=147)
    shift /= np.linalg.norm(shift)
    found = swd.sliced_distance(rows, rows + shift, random.normal(size=(10_000, 147)))
    error = math.sqrt(1 / 147 - expected**2) / math.sqrt(10_000)
    np.testing.assert_allclose(found, expected, atol=4 * error)


@pytest.mark.parametrize(
    "normal, expected",
    [
        (np.random.RandomState(0).standard_normal, 28.44),
        (np.random.default_rng(0).standard_normal, 28.23),
    ],
)
def test_distance_of_two_normal_sets(normal, expected):
    real, fake = normal((4096, 147)), normal((4096, 147))
    directions = np.concatenate([normal((147, 128)).T for _ in range(4)])
    found = 1e3 * swd.sliced_distance(real, fake, directions)
    np.testing.assert_allclose(found, expected, atol=0.005)


def test_distance_against_scipy():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(50, 5)), 1.5 * random.normal(size=(50, 5))
    directions = random.normal(size=(21, 5))
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    expected = np.mean([scipy.stats.wasserstein_distance(real @ u, fake @ u) for u in units])
    found = swd.sliced_distance(real, fake, directions)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_distance_of_a_set_to_itself():
    rows = np.random.default_rng(0).normal(size=(100, 147))
    assert swd.sliced_distance(rows, rows, np.eye(147)) == 0.0


def by_hand(real, fake, patches, repeats, directions, whiten, seed):
    """The protocols in plain loops, with the module's order of draws."""
    count, size, _, channels = real.shape
    levels = swd.level_count(size, size)
    distances = {}
    for level in range(levels):
        sets = []
        for which, batch in enumerate((real, fake)):
            detail = scipy_pyramid(batch.astype("float64"), levels)[level]
            key = np.random.SeedSequence((seed, which, level))
            random = np.random.Generator(np.random.Philox(key))
            corners = random.integers(detail.shape[1] - 6, size=(count, patches, 2))
            found = np.array(
                [detail[i, y : y + 7, x : x + 7] for i in range(count) for y, x in corners[i]]
            )
            axes = (0, 1, 2) if whiten == "set" else (1, 2, 3)
            found -= found.mean(axis=axes, keepdims=True)
            found /= found.std(axis=axes, keepdims=True)
            sets.append(found.reshape(len(found), -1))
        random = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 2, level))))
        units = random.standard_normal((repeats * directions, 49 * channels))
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        gaps = [np.abs(np.sort(sets[0] @ u) - np.sort(sets[1] @ u)).mean() for u in units]
        distances[size >> level] = np.mean(gaps)
    return distances


@pytest.mark.parametrize("channels", [1, 3])
def test_progan_by_hand(channels):
    real, fake = images(6, channels=channels), images(6, channels=channels, seed=1, smooth=2.0)
    whole = [np.rint((x + 1.0) * 127.5) for x in (real, fake)]
    expected = {k: 1e3 * v for k, v in by_hand(*whole, 128, 4, 128, "set", 5).items()}
    found = swd.sliced_wasserstein(real, fake, seed=5)
    assert list(found.levels) == [32, 16]
    for size in expected:
        np.testing.assert_allclose(found.levels[size], expected[size], rtol=1e-5)
    np.testing.assert_allclose(found.mean, np.mean(list(expected.values())), rtol=1e-5)


def test_tfgan_by_hand():
    real, fake = images(6), images(6, seed=1, smooth=2.0)
    expected = by_hand(real, fake, 64, 1, 147, "patch", 0)
    found = swd.sliced_wasserstein(real, fake, protocol="tfgan")
    assert list(found.levels) == list(expected)
    for size in expected:
        np.testing.assert_allclose(found.levels[size], expected[size], rtol=1e-5)


@pytest.mark.parametrize("protocol", ["progan", "tfgan"])
def test_blur_shows_above_the_floor(protocol):
    real, again = images(64, smooth=0.7), images(64, smooth=0.7, seed=1)
    blurred = scipy.ndimage.gaussian_filter(images(64, smooth=0.7, seed=2), (0, 1.0, 1.0, 0))
    floor = swd.sliced_wasserstein(real, again, protocol, patches=32)
    found = swd.sliced_wasserstein(real, blurred, protocol, patches=32)
    assert found.levels[32] > 1.4 * floor.levels[32]
    assert found.mean > floor.mean


def test_brightness_is_taken_out():
    """Mean and contrast of a set do not count: its normalisation takes them out."""
    real = images(4, seed=3) * 0.5
    found = swd.sliced_wasserstein(real, real * 0.5 + 0.25)
    floor = swd.sliced_wasserstein(real, real)
    np.testing.assert_allclose(found.mean, floor.mean, rtol=0.02)


@pytest.mark.parametrize("protocol", ["progan", "tfgan"])
def test_constant_images(protocol):
    found = swd.sliced_wasserstein(
        np.full((2, 32, 32, 3), 0.3), np.full((2, 32, 32, 3), -0.7), protocol
    )
    assert found.mean == 0.0


def test_falls_like_the_root_of_the_count():
    sets = [images(n, 16, seed=s, smooth=0.3) for n in (16, 256) for s in (1, 2)]
    few = swd.sliced_wasserstein(*sets[:2], patches=8).mean
    many = swd.sliced_wasserstein(*sets[2:], patches=8).mean
    assert 2.5 < few / many < 6.0  # 4


@pytest.mark.parametrize("protocol", ["progan", "tfgan"])
def test_shards_equal_the_whole(protocol):
    real, fake = images(9), images(9, seed=1)
    whole = swd.sliced_wasserstein(real, fake, protocol, patches=8, seed=2)
    first, second = (swd.SlicedWasserstein(protocol, patches=8, seed=2) for _ in range(2))
    first.update(real=real[:4])
    first.update(fake=fake[:2])
    first.update(fake=fake[2:5])
    second.update(real[4:], fake[5:])
    assert first.merge(second).result() == whole


def test_the_seed_decides():
    real, fake = images(4, 16), images(4, 16, seed=1)
    assert swd.sliced_wasserstein(real, fake, seed=1) == swd.sliced_wasserstein(real, fake, seed=1)
    assert swd.sliced_wasserstein(real, fake, seed=1) != swd.sliced_wasserstein(real, fake, seed=2)


@pytest.mark.parametrize(
    "real, fake, message",
    [
        (images(2), images(3), "real has 2 images and fake 3"),
        (images(2)[:0], images(2)[:0], "real has 0 images"),
        (images(2), images(2, 16), "resize both sets"),
        (images(2), images(2, channels=1), "resize both sets"),
        (np.zeros((2, 32, 32, 3), "uint8"), images(2), "real has type uint8"),
        (images(2), 255.0 * np.abs(images(2)), "fake has values in"),
        (images(2), images(2)[0], "fake has shape"),
        (images(2) * np.nan, images(2), "NaN"),
        (images(2, 6), images(2, 6), "no patch of 7x7"),
        (images(2, 70), images(2, 70), "do not halve 2 times: crop to 68x68"),
    ],
)
def test_errors(real, fake, message):
    with pytest.raises(ValueError, match=message):
        swd.sliced_wasserstein(real, fake)


def test_unlike_streams_and_wrong_names():
    with pytest.raises(ValueError, match="different options"):
        swd.SlicedWasserstein("tfgan").merge(swd.SlicedWasserstein("progan"))
    with pytest.raises(ValueError, match="unknown protocol 'progran'.*progan"):
        swd.SlicedWasserstein("progran")
    with pytest.raises(ValueError, match="patches must be"):
        swd.SlicedWasserstein(patches=0)
