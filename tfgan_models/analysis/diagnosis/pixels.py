"""What the values and the grid of pixels of a set of images give away."""

from __future__ import annotations

import hashlib

import numpy as np

_BORDER = 2  # pixels left out: convolutions pad there


def _grey(images) -> np.ndarray:
    images = np.asarray(images, "float32")
    if images.ndim != 4:
        raise ValueError(f"images must be (n, H, W, C); got shape {images.shape}.")
    return images.mean(axis=-1)


def grid_strength(images, period: int = 2) -> float:
    """How strongly a grid of one period is printed on images, in [0, 1]; 0: not at all.

    High-pass h = grey image minus the mean of its four neighbours, a border of 2 pixels
    dropped. The mean of h over batch and space at each of period^2 places of the grid; the
    standard deviation of these means over that of h. Strided transposed convolutions whose
    kernel is no multiple of the stride print such grids: Odena et al. 2016,
    "Deconvolution and checkerboard artifacts", Distill.

    256 real images give below 0.02 for period 2, a grid of amplitude 0.02 (of a range of 2)
    more than 0.17; the number falls as one over the square root of n for random noise.

    Args:
        images: (n, H, W, C), sides of at least 5 + period.
        period: Of the grid, in pixels: 2, 4 or 8 for one, two or three layers of stride 2.

    Returns:
        The strength; 0 for images without detail.
    """
    grey = _grey(images)
    if min(grey.shape[1:]) < 2 * _BORDER + period + 1:
        raise ValueError(
            f"A grid of period {period} needs sides of at least {2 * _BORDER + period + 1}; got "
            f"{grey.shape[1]}x{grey.shape[2]}."
        )
    near = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    high = grey[:, 1:-1, 1:-1] - near / 4.0
    inner = high[:, _BORDER - 1 : 1 - _BORDER, _BORDER - 1 : 1 - _BORDER]
    spread = float(inner.std(dtype="float64"))
    means = [
        inner[:, y::period, x::period].mean(dtype="float64")
        for y in range(period)
        for x in range(period)
    ]
    return float(np.std(means)) / spread if spread > 1e-12 else 0.0


def corner_power(images) -> float:
    """Power at the finest frequency of both axes over that of its diagonal neighbours.

    The mean power spectrum of grey images (n, H, W, C) at (H/2, W/2) over the mean of its
    four diagonal neighbours; odd sides lose a row. Real images give 0.9 to 1.3, a checkerboard
    of amplitude 0.02 more than 45.
    """
    grey = _grey(images)
    height, width = (n // 2 * 2 for n in grey.shape[1:])
    if min(height, width) < 4:
        raise ValueError(f"corner_power needs sides of at least 4; got {grey.shape[1:]}.")
    power = np.mean(np.abs(np.fft.fft2(grey[:, :height, :width])) ** 2, axis=0)
    y, x = height // 2, width // 2
    beside = np.mean([power[y + i, x + j] for i in (-1, 1) for j in (-1, 1)])
    return float(power[y, x] / beside) if beside > 0.0 else 1.0


def value_range(images) -> tuple[float, float, float, float]:
    """(smallest, 1st percentile, 99th percentile, largest) of all values."""
    images = np.asarray(images)
    low, high = np.percentile(images, [1.0, 99.0])
    return float(images.min()), float(low), float(high), float(images.max())


def blank_images(images, limit: float = 0.02) -> np.ndarray:
    """Indices of images (n, ...) whose own standard deviation is below `limit`."""
    images = np.asarray(images)
    return np.flatnonzero(images.reshape(len(images), -1).std(axis=1) < limit)


def repeated_share(images) -> float:
    """Share of images (n, ...) that are equal, bit for bit, to an earlier one."""
    return 1.0 - len({digest(image) for image in np.asarray(images)}) / len(images)


def digest(array) -> bytes:
    """16 bytes that tell arrays apart by their values."""
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()


def constant_pixels(images, limit: float = 1.0 / 255.0) -> np.ndarray:
    """Which pixels (H, W, C) hardly change over images (n, H, W, C): bool, std below `limit`.

    A frame, a mask or a black border: a discriminator can tell a generator by a value there
    that is a little off, instead of by what the picture shows.
    """
    return np.asarray(images).std(axis=0) < limit
