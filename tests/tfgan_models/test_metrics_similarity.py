"""MS-SSIM: the sheet's numbers, SciPy's filters in two dimensions, pairs and shards."""

import itertools

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

from tfgan_models.metrics import similarity as ms

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def waves():
    """The sheet's two 192x192 images in [0, 255], and the inverse of the first."""
    y, x = np.mgrid[:192, :192].astype("float64")
    a = np.stack([x / 191, y / 191, (x + y) / 382], axis=-1)[None] * 255.0
    return a, np.clip(a + 20.0 * np.sin(x / 3.0)[None, :, :, None], 0.0, 255.0), 255.0 - a


def unit(pixels):
    return pixels / 127.5 - 1.0


def images(count, height=32, width=None, channels=3, seed=0):
    noise = np.random.default_rng(seed).normal(size=(count, height, width or height, channels))
    noise = scipy.ndimage.gaussian_filter(noise, (0, 2.0, 2.0, 0))
    return np.clip(3.0 * noise, -1.0, 1.0).astype("float32")


def scipy_ssim(a, b):
    size = min(11, *a.shape[:2])
    y, x = np.mgrid[:size, :size] - (size - 1) / 2.0
    window = np.exp(-(x**2 + y**2) / (2.0 * (1.5 * size / 11.0) ** 2))
    window = (window / window.sum())[:, :, None]

    def blur(image):
        return scipy.signal.convolve(image, window, mode="valid", method="direct")

    ma, mb = blur(a), blur(b)
    saa, sbb, sab = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    c1, c2 = 2.55**2, 7.65**2
    cs = (2 * sab + c2) / (saa + sbb + c2)
    return np.mean((2 * ma * mb + c1) / (ma**2 + mb**2 + c1) * cs), np.mean(cs)


def scipy_ms_ssim(a, b):
    """One pair, float64 (H, W, C) in [0, 255], with SciPy's two-dimensional filters."""
    value = 1.0
    for scale, weight in enumerate(WEIGHTS):
        ssim, cs = scipy_ssim(a, b)
        value *= max(ssim if scale == 4 else cs, 0.0) ** weight
        a, b = (
            scipy.ndimage.convolve(x, np.full((2, 2, 1), 0.25), mode="reflect")[::2, ::2]
            for x in (a, b)
        )
    return value


@pytest.mark.parametrize(
    "size, expected",
    [(192, 0.5720657608), (32, 0.5811502301), (64, 0.5700462084), (128, 0.5739827849)],
)
def test_numbers_of_the_sheet(size, expected):
    a, b, _ = (x[:, :size, :size] for x in waves())
    np.testing.assert_allclose(ms._similarity(a, b), expected, atol=1e-9)
    np.testing.assert_allclose(ms.ms_ssim_pairs(unit(a), unit(b)), expected, atol=1e-5)


def test_one_scale():
    a, b, _ = waves()
    ssim, contrast = ms.structure(a, b)
    np.testing.assert_allclose(ssim, 0.60117365, atol=1e-8)
    np.testing.assert_allclose(contrast, 0.62238847, atol=1e-8)


def test_equal_and_inverted():
    a, _, inverse = waves()
    np.testing.assert_allclose(ms.ms_ssim_pairs(unit(a), unit(a)), 1.0, atol=1e-12)
    assert ms.ms_ssim_pairs(unit(a), unit(inverse)) == 0.0


@pytest.mark.parametrize("shape", [(64, 64, 3), (33, 50, 1), (16, 17, 4), (28, 28, 1)])
def test_against_scipy(shape):
    a = images(3, *shape)
    b = np.clip(a + images(3, *shape, seed=1) * 0.4, -1.0, 1.0)
    expected = [
        scipy_ms_ssim((x + 1.0) * 127.5, (y + 1.0) * 127.5)
        for x, y in zip(a.astype("float64"), b.astype("float64"), strict=True)
    ]
    assert 0.05 < min(expected) < max(expected) < 0.99
    np.testing.assert_allclose(ms.ms_ssim_pairs(a, b), expected, rtol=1e-9)


def test_even_against_odd():
    x = images(7)
    pixels = np.rint((x.astype("float64") + 1.0) * 127.5)
    expected = [scipy_ms_ssim(pixels[i], pixels[i + 1]) for i in (0, 2, 4)]
    found = ms.ms_ssim(x)
    np.testing.assert_allclose(found.value, np.mean(expected), rtol=1e-9)
    np.testing.assert_allclose(found.standard_error, np.std(expected, ddof=1) / 3**0.5, rtol=1e-7)
    np.testing.assert_allclose(found.high - found.low, 2 * 1.959964 * found.standard_error, 1e-6)


def test_rounding_can_be_left_out():
    x = images(4)
    expected = ms.ms_ssim_pairs(x[::2], x[1::2]).mean()
    np.testing.assert_allclose(ms.ms_ssim(x, quantize=False).value, expected, rtol=1e-12)
    assert ms.ms_ssim(x).value != ms.ms_ssim(x, quantize=False).value


def test_random_pairs_are_of_two_images_and_reach_them_all():
    """The mean of many random pairs is that of all pairs; equal images would raise it."""
    x = images(5)
    every = list(itertools.combinations(range(5), 2))
    rounded = np.rint((x + 1.0) * 127.5) / 127.5 - 1.0
    values = ms.ms_ssim_pairs(rounded[[i for i, _ in every]], rounded[[j for _, j in every]])
    found = ms.ms_ssim(x, pairs=2000, seed=1)
    assert values.max() < 1.0
    np.testing.assert_allclose(found.value, values.mean(), atol=4 * values.std() / 2000**0.5)
    assert found == ms.ms_ssim(x, pairs=2000, seed=1)
    assert found != ms.ms_ssim(x, pairs=2000, seed=2)


def test_sorted_images_need_random_pairs():
    x = np.repeat(images(8), 2, axis=0)
    assert ms.ms_ssim(x).value > 1.0 - 1e-9
    assert ms.ms_ssim(x, pairs=200).value < 0.9


def test_collapse_shows():
    assert ms.ms_ssim(np.repeat(images(1), 6, axis=0)).value > 1.0 - 1e-9
    assert ms.ms_ssim(images(6)).value < 0.5


@pytest.mark.parametrize("pairs", [None, 50])
def test_shards_equal_the_whole(pairs):
    x = images(11)
    first, second = ms.MsSsim(pairs), ms.MsSsim(pairs)
    for part in (x[:1], x[1:4], x[4:6]):
        first.update(part)
    second.update(x[6:])
    found, whole = first.merge(second).result(), ms.ms_ssim(x, pairs)
    np.testing.assert_allclose(found, whole, rtol=1e-10)


def test_memory_is_constant_without_random_pairs():
    stream = ms.MsSsim()
    for seed in range(5):
        stream.update(images(3, seed=seed))
    assert sum(map(len, stream._images)) == 1


@pytest.mark.parametrize(
    "x, message",
    [
        (images(2)[:1], "pass two images"),
        (images(2)[:0], "pass two images"),
        (images(2, 15, 64), "15x64 do not have the five scales"),
        (np.zeros((2, 32, 32, 3), "uint8"), "images has type uint8"),
        (images(2) * 255.0, "images has values in"),
        (images(2) * np.inf, "NaN or infinity"),
        (images(2)[0], "images has shape"),
    ],
)
def test_errors(x, message):
    for pairs in (None, 5):
        with pytest.raises(ValueError, match=message):
            ms.ms_ssim(x, pairs)


def test_unlike_images_and_streams():
    stream = ms.MsSsim()
    stream.update(images(2))
    with pytest.raises(ValueError, match="resize them to one shape"):
        stream.update(images(2, 64))
    with pytest.raises(ValueError, match="different options"):
        stream.merge(ms.MsSsim(pairs=3))
    with pytest.raises(ValueError, match="must have one shape"):
        ms.ms_ssim_pairs(images(2), images(3))
    with pytest.raises(ValueError, match="pairs must be"):
        ms.ms_ssim(images(2), pairs=0)
