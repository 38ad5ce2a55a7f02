"""Sliced Wasserstein distance of image patches: Karras et al. 2018, arXiv:1710.10196, section 5.

Laplacian pyramids of the images, random 7x7 patches of each level, and the distance between
the two sets of patches along random directions: the finest level speaks of noise and
sharpness, the coarsest of the overall structure.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.rows import Statistic
from tfgan_models.metrics.slices import sorted_projections
from tfgan_models.registry import near_matches

_SIDE = 7  # of a patch
_SMALLEST = 16  # side of the coarsest level
_KERNEL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_PIXELS = 1 << 22  # values of images held as float64 at a time
_PROJECTED = 1 << 25  # projections of a set held at a time
_FLAT = 1e-9  # standard deviation below which values differ by rounding only


class _Protocol(NamedTuple):
    patches: int  # of an image and level
    repeats: int
    directions: int | None  # of a repeat; None: as many as a patch has values
    scale: float
    quantize: bool  # images to whole numbers in [0, 255]
    whiten: str  # "set": by channel over all patches; "patch": each patch on its own


PROTOCOLS = {
    "progan": _Protocol(128, 4, 128, 1e3, True, "set"),
    "tfgan": _Protocol(64, 1, None, 1.0, False, "patch"),
}


class SlicedDistance(NamedTuple):
    """What `sliced_wasserstein` returns.

    Attributes:
        mean: Of the levels.
        levels: {height of the level: distance}, finest first.
    """

    mean: float
    levels: dict[int, float]


class SlicedWasserstein(Statistic):
    """Streaming form of `sliced_wasserstein`.

    Keeps the images: one byte a value under "progan", four under "tfgan" (16,384 images of
    64x64x3: 0.2 GB a set). The result also holds the patches of one level: 75 kB an image and
    set under "progan" (2.5 GB at 16,384 images), half of it under "tfgan", and 0.5 GB of
    projections. Shards merged in the order of their images give the number of the whole to the
    last bit.
    """

    def __init__(self, protocol: str = "progan", patches: int | None = None, seed: int = 0):
        if protocol not in PROTOCOLS:
            raise ValueError(
                f"unknown protocol {protocol!r} of the sliced Wasserstein distance."
                f"{near_matches(protocol, PROTOCOLS)}"
            )
        self.protocol, self.seed = protocol, checks.whole("seed", seed, 0)
        self._rules = PROTOCOLS[protocol]
        if patches is not None:
            self._rules = self._rules._replace(patches=checks.whole("patches", patches, 1))
        self._images = {"real": [], "fake": []}

    def options(self) -> dict:
        return {"protocol": self.protocol, "patches": self._rules.patches, "seed": self.seed}

    def update(self, real=None, fake=None) -> None:
        """Adds images, float (n, H, W, C) in [-1, 1], of either set or both."""
        for name, array in (("real", real), ("fake", fake)):
            if array is not None:
                self._add(name, _stored(checks.images(name, array, 0), self._rules.quantize))

    def merge(self, other):
        """Adds the images of another shard; returns self."""
        self._check_merge(other)
        for name, stored in other._images.items():
            for images in stored:
                self._add(name, images)
        return self

    def _add(self, name, images):
        for known, stored in self._images.items():
            if stored and stored[0].shape[1:] != images.shape[1:]:
                raise ValueError(
                    f"{name} has images of {images.shape[1:]} and {known} of "
                    f"{stored[0].shape[1:]}: resize both sets to one shape."
                )
        level_count(*images.shape[1:3])
        if len(images):
            self._images[name].append(images)

    def result(self) -> SlicedDistance:
        """The distance of all images so far."""
        counts = {name: sum(map(len, stored)) for name, stored in self._images.items()}
        if not counts["real"] or counts["real"] != counts["fake"]:
            raise ValueError(
                f"real has {counts['real']} images and fake {counts['fake']}: the sorted patches "
                "are compared one by one, so pass as many of one as of the other."
            )
        shape = self._images["real"][0].shape[1:]
        levels = {}
        for level in range(level_count(*shape[:2])):
            real, fake = (self._patches(name, level) for name in ("real", "fake"))
            count = self._rules.repeats * (self._rules.directions or real.shape[1])
            units = generator(self.seed, 2, level).standard_normal((count, real.shape[1]))
            levels[shape[0] >> level] = self._rules.scale * sliced_distance(real, fake, units)
        return SlicedDistance(float(np.mean(list(levels.values()))), levels)

    def _patches(self, name, level):
        """Normalised patches of one level, float32 (images * patches, 49 C)."""
        random = generator(self.seed, 0 if name == "real" else 1, level)
        count = sum(map(len, self._images[name]))
        height, width, channels = self._images[name][0].shape[1:]
        sides = np.array([height >> level, width >> level]) - _SIDE + 1
        corners = random.integers(sides, size=(count, self._rules.patches, 2))
        kept = np.empty((count, self._rules.patches, _SIDE, _SIDE, channels), np.float32)
        size = max(1, _PIXELS // (height * width * channels))
        last = level == level_count(height, width) - 1
        start = 0
        for stored in self._images[name]:
            for first in range(0, len(stored), size):
                images = stored[first : first + size].astype(np.float64)
                part = slice(start, start + len(images))
                kept[part] = _cut(_detail(images, level, last), corners[part])
                start += len(images)
        kept = kept.reshape(-1, _SIDE, _SIDE, channels)
        (_whiten_set if self._rules.whiten == "set" else _whiten_patches)(kept)
        return kept.reshape(len(kept), -1)


def sliced_wasserstein(
    real, fake, protocol: str = "progan", patches: int | None = None, seed: int = 0
) -> SlicedDistance:
    """Distance between patches of two sets of images, by level of their Laplacian pyramids.

    level_i = g_i - up(g_{i+1}), g_0 = x, g_{i+1} = down(g_i), the last level g itself; as many
    levels as keep the shorter side at 16 pixels or more (one for smaller images). Of each
    image and level, 7x7 patches at random places; W = E over random directions u of the mean
    |sorted(real u) - sorted(fake u)|.

    | protocol | images | patches | normalised | directions | unit |
    |---|---|---|---|---|---|
    | "progan" | whole numbers in [0, 255] | 128 | by colour over the set | 4 x 128 | 1e-3 |
    | "tfgan" | as they are | 64 | each patch, colours together | 49 C | 1 |

    "progan" is the paper's, with 16,384 images of each set; "tfgan" is TF-GAN's
    `sliced_wasserstein_distance` (8,192 images). The number falls like 1 / sqrt(images) when
    the sets are alike: quote it with the distance between two disjoint sets of real images,
    which this function gives too. A constant channel or patch, which both originals divide by
    zero, becomes zero. Both originals take three channels; here 1 to 4, a patch having 49 C
    values.

    Args:
        real: Float (N, H, W, C) in [-1, 1], sides divisible by 2^(levels - 1).
        fake: Float (N, H, W, C) in [-1, 1].
        protocol: "progan" or "tfgan".
        patches: Of an image and level; None: the protocol's.
        seed: Of places and directions.

    Returns:
        SlicedDistance(mean, levels).

    Raises:
        ValueError: Unequal numbers or shapes, values outside [-1, 1], sides that do not halve.
    """
    stream = SlicedWasserstein(protocol, patches, seed)
    stream.update(real, fake)
    return stream.result()


def level_count(height: int, width: int) -> int:
    """Levels of the pyramid of images of this size.

    Raises:
        ValueError: Smaller than a patch, or a side does not halve often enough.
    """
    side = min(height, width)
    if side < _SIDE:
        raise ValueError(f"images of {height}x{width} hold no patch of 7x7: pass larger ones.")
    levels = max(1, (side // _SMALLEST).bit_length())
    factor = 1 << (levels - 1)
    if height % factor or width % factor:
        sizes = f"{height // factor * factor}x{width // factor * factor}"
        raise ValueError(
            f"images of {height}x{width} do not halve {levels - 1} times: crop to {sizes}."
        )
    return levels


def laplacian_pyramid(images, levels: int) -> list[np.ndarray]:
    """Levels of detail, finest first, float64; the last is what remains, blurred.

    Burt and Adelson 1983. 5x5 binomial kernel, edges mirrored without repeating them; `down`
    keeps even pixels, `up` puts zeros between and multiplies by 4.

    Args:
        images: (N, H, W, C), sides divisible by 2^(levels - 1).
        levels: How many.
    """
    images = np.array(images, np.float64)
    found = []
    for _ in range(levels - 1):
        smaller = _down(images)
        found.append(images - _up(smaller))
        images = smaller
    return [*found, images]


def sliced_distance(real, fake, directions) -> float:
    """Mean over directions of the distance W1 between the projections of two sets.

    Args:
        real: Float (n, d).
        fake: Float (n, d).
        directions: Float (k, d), of any length but 0; N(0, 1) makes them uniform.
    """
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    size = max(1, _PROJECTED // len(real))
    total = 0.0
    for start in range(0, len(units), size):
        gap = sorted_projections(real, units[start : start + size])
        gap -= sorted_projections(fake, units[start : start + size])
        total += float(np.abs(gap, out=gap).mean(axis=1).sum())
    return total / len(units)


def _stored(images, quantize):
    """Images as the protocol compares them, in their smallest form."""
    if not quantize:
        return np.array(images, np.float32)
    return np.rint((images + 1.0) * 127.5).astype(np.uint8)


def _detail(images, level, last):
    """One level of the pyramid of float64 images (n, H, W, C)."""
    for _ in range(level):
        images = _down(images)
    return images if last else images - _up(_down(images))


def _cut(images, corners):
    """Patches (n, p, 7, 7, C) of images (n, H, W, C) at their corners (n, p, 2)."""
    steps = np.arange(_SIDE)
    rows = corners[..., 0, None, None] + steps[:, None]
    columns = corners[..., 1, None, None] + steps
    return images[np.arange(len(images))[:, None, None, None], rows, columns]


def _whiten_set(patches):
    """Takes mean and standard deviation of each channel out, in place."""
    for channel in range(patches.shape[-1]):
        values = patches[..., channel]
        mean = values.mean(dtype=np.float64)
        values -= mean
        std = math.sqrt(np.mean(np.square(values), dtype=np.float64))
        if std > _FLAT:
            values /= std


def _whiten_patches(patches):
    """Takes mean and standard deviation of each patch out, in place."""
    axes = (1, 2, 3)
    patches -= patches.mean(axis=axes, keepdims=True, dtype=np.float64)
    stds = np.sqrt(np.mean(np.square(patches), axis=axes, keepdims=True, dtype=np.float64))
    patches /= np.where(stds > _FLAT, stds, 1.0)


def _blur(images, gain):
    """Convolves H and W with the binomial kernel times `gain`, an axis at a time."""
    for axis in (1, 2):
        pad = [(2, 2) if a == axis else (0, 0) for a in range(4)]
        size, padded = images.shape[axis], np.pad(images, pad, mode="reflect")
        images = sum(
            weight * gain * np.take(padded, range(shift, shift + size), axis)
            for shift, weight in enumerate(_KERNEL)
        )
    return images


def _down(images):
    return _blur(images, 1.0)[:, ::2, ::2]


def _up(images):
    n, height, width, channels = images.shape
    spread = np.zeros((n, 2 * height, 2 * width, channels))
    spread[:, ::2, ::2] = images
    return _blur(spread, 2.0)
