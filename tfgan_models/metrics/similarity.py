"""Multi-scale structural similarity as a measure of variety.

Wang, Simoncelli and Bovik 2003; between pairs of generated images as in Odena et al. 2017,
arXiv:1610.09585, section 4.2, with the constants of Karras et al. 2018, arXiv:1710.10196.
"""

from __future__ import annotations

import math

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.intervals import Interval
from tfgan_models.metrics.means import RunningMean
from tfgan_models.metrics.rows import Statistic

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2
_SMALLEST = 16  # side of an image; halved four times it is one pixel
_PIXELS = 1 << 20  # values of a set of images held as float64 at a time
_PAIRS = 1024  # of random pairs at a time


class MsSsim(Statistic):
    """Streaming form of `ms_ssim`.

    With pairs=None it keeps three numbers and at most one image, and a shard must hold an even
    number of images for the pairs to be those of the whole. With a number of pairs it keeps
    the images, one byte a value, four with quantize=False.
    """

    def __init__(self, pairs: int | None = None, seed: int = 0, quantize: bool = True):
        self.pairs = None if pairs is None else checks.whole("pairs", pairs, 1)
        self.seed, self.quantize = checks.whole("seed", seed, 0), bool(quantize)
        self._images: list[np.ndarray] = []
        self._shape = None
        self._mean = RunningMean()

    def options(self) -> dict:
        return {"pairs": self.pairs, "seed": self.seed, "quantize": self.quantize}

    def update(self, images) -> None:
        """Adds images, float (n, H, W, C) in [-1, 1]."""
        images = checks.images("images", images, 0)
        if self.quantize:
            images = np.rint((images + 1.0) * 127.5).astype(np.uint8)
        self._add(images)

    def merge(self, other):
        """Adds the images of another shard; returns self."""
        self._check_merge(other)
        self._mean.merge(other._mean)
        for images in other._images:
            self._add(images)
        return self

    def _add(self, images):
        if self._shape not in (None, images.shape[1:]):
            raise ValueError(
                f"images of {images.shape[1:]} follow images of {self._shape}: resize them to one "
                "shape."
            )
        _check_size(*images.shape[1:3])
        if not len(images):
            return
        self._shape = images.shape[1:]
        self._images.append(np.array(images))
        if self.pairs is None:
            images = np.concatenate(self._images)
            even = len(images) - len(images) % 2
            self._images = [images[even:].copy()] if len(images) % 2 else []
            self._mean.update(self._similarities(images[0:even:2], images[1:even:2]))

    def _similarities(self, first, second):
        size = max(1, _PIXELS // math.prod(first.shape[1:]))
        parts = [slice(start, start + size) for start in range(0, len(first), size)]
        values = [_similarity(self._pixels(first[p]), self._pixels(second[p])) for p in parts]
        return np.concatenate([np.empty(0), *values])

    def _pixels(self, images):
        images = images.astype(np.float64)
        return images if self.quantize else (images + 1.0) * 127.5

    def result(self) -> Interval:
        """The mean over the pairs so far."""
        mean = self._mean if self.pairs is None else self._random_pairs()
        if not mean.count:
            raise ValueError("MS-SSIM compares pairs of images: pass two images or more.")
        return mean.interval()

    def _random_pairs(self):
        mean = RunningMean()
        images = np.concatenate(self._images) if self._images else ()
        if len(images) > 1:
            random = generator(self.seed)
            first = random.integers(len(images), size=self.pairs)
            second = random.integers(len(images) - 1, size=self.pairs)
            second += second >= first
            for start in range(0, self.pairs, _PAIRS):
                part = slice(start, start + _PAIRS)
                mean.update(self._similarities(images[first[part]], images[second[part]]))
        return mean


def ms_ssim(images, pairs: int | None = None, seed: int = 0, quantize: bool = True) -> Interval:
    """Mean structural similarity of pairs of images of one set: lower is more varied.

    MS-SSIM(a, b) = SSIM_5^.1333 prod_{j=1..4} CS_j^w_j, w = (.0448, .2856, .3001, .2363)
    CS = mean (2 s_ab + c2) / (s_aa + s_bb + c2)
    SSIM = mean (2 m_a m_b + c1) / (m_a^2 + m_b^2 + c1) * the same

    m and s are means and (co)variances under an 11x11 Gaussian of std 1.5, inside the image
    only; the mean goes over pixels and channels. On a smaller side the window is that side and
    std 1.5 * side / 11. Scale j + 1 is scale j averaged over 2x2 pixels. c1 = (0.01 * 255)^2,
    c2 = (0.03 * 255)^2; both factors are clipped at 0. Reproduces the authors' code of
    progressive growing (20,000 images), which AC-GAN's protocol (one class at a time, the
    real images of that class beside it) can use too.

    Not to be compared across resolutions. It says nothing about quality: noise is varied.

    Args:
        images: Float (N, H, W, C) in [-1, 1], H and W at least 16.
        pairs: None: even against odd rows, N / 2 pairs, for images drawn independently. A
            number: as many random pairs of two different images; needed for a data set in
            some order, of labels say. Their interval leaves out that pairs share images.
        seed: Of random pairs.
        quantize: Rounds to whole numbers in [0, 255], as the authors' code gets them.

    Returns:
        Interval: mean, 95 % interval, standard error.

    Raises:
        ValueError: Fewer than two images, sides below 16, values outside [-1, 1].
    """
    stream = MsSsim(pairs, seed, quantize)
    stream.update(images)
    return stream.result()


def ms_ssim_pairs(first, second) -> np.ndarray:
    """MS-SSIM of each pair, float64 (N,) in [0, 1]; see `ms_ssim`.

    Args:
        first: Float (N, H, W, C) in [-1, 1].
        second: Float (N, H, W, C) in [-1, 1].
    """
    first, second = checks.images("first", first), checks.images("second", second)
    if first.shape != second.shape:
        raise ValueError(f"first {first.shape} and second {second.shape} must have one shape.")
    _check_size(*first.shape[1:3])
    first, second = ((x.astype(np.float64) + 1.0) * 127.5 for x in (first, second))
    return _similarity(first, second)


def _check_size(height, width):
    if min(height, width) < _SMALLEST:
        raise ValueError(
            f"images of {height}x{width} do not have the five scales of MS-SSIM: pass sides of "
            f"{_SMALLEST} or more."
        )


def _similarity(a, b):
    """MS-SSIM (n,) of float64 images (n, H, W, C) in [0, 255]."""
    value = np.ones(len(a))
    for weight in _WEIGHTS[:-1]:
        value *= np.maximum(structure(a, b)[1], 0.0) ** weight
        a, b = _halve(a), _halve(b)
    return value * np.maximum(structure(a, b)[0], 0.0) ** _WEIGHTS[-1]


def structure(a, b) -> tuple[np.ndarray, np.ndarray]:
    """SSIM and its contrast-structure factor at one scale, each (n,).

    Args:
        a: Float64 (n, H, W, C) in [0, 255].
        b: As `a`.
    """
    window = min(_WINDOW, *a.shape[1:3])
    taps = np.arange(window) - 0.5 * (window - 1)
    taps = np.exp(-0.5 * np.square(taps / (_SIGMA * window / _WINDOW)))
    taps /= taps.sum()
    mean_a, mean_b = _blur(a, taps), _blur(b, taps)
    covariance = _blur(a * b, taps) - mean_a * mean_b
    variances = _blur(a * a, taps) + _blur(b * b, taps) - mean_a**2 - mean_b**2
    contrast = (2.0 * covariance + _C2) / (variances + _C2)
    brightness = (2.0 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    axes = (1, 2, 3)
    return (brightness * contrast).mean(axis=axes), contrast.mean(axis=axes)


def _blur(images, taps):
    """Correlates H and W with `taps`, inside the image only."""
    for axis in (1, 2):
        size = images.shape[axis] - len(taps) + 1
        moved = np.moveaxis(images, axis, 0)
        moved = sum(tap * moved[shift : shift + size] for shift, tap in enumerate(taps))
        images = np.moveaxis(moved, 0, axis)
    return images


def _halve(images):
    """Means of 2x2 pixels; an odd side's last pixels are averaged with themselves."""
    odd = [(0, 0), *((0, side % 2) for side in images.shape[1:3]), (0, 0)]
    images = np.pad(images, odd, mode="edge")
    n, height, width, channels = images.shape
    return images.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
