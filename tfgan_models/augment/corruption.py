"""Filters and occlusions of each image."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from tfgan_models.augment.geometry import fold

SYM2 = np.array([-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025])
# Expected power of natural images in the four octaves.
_POWER = np.array([10.0, 1.0, 1.0, 1.0], "float32") / 13.0


@functools.cache
def band_filters() -> np.ndarray:
    """The four octaves' filters, float64 (4, 43), lowest first; they sum to an impulse."""
    high = SYM2 * (-1.0) ** np.arange(4)
    low2, high2 = (np.convolve(taps, taps[::-1]) / 2.0 for taps in (SYM2, high))
    bank = np.eye(4, 1)
    for i in range(1, 4):
        wide = np.zeros((4, 2 * bank.shape[1] - 1))
        wide[:, ::2] = bank
        bank = np.stack([np.convolve(row, low2) for row in wide])
        start = (bank.shape[1] - len(high2)) // 2
        bank[i, start : start + len(high2)] += high2
    return bank


@functools.cache
def _band_matrices(size: int) -> np.ndarray:
    """Float32 (4, size * size): each filter on an axis that mirrors continue."""
    bank = band_filters()
    half = bank.shape[1] // 2
    matrices = np.zeros((4, size, size))
    for row in range(size):
        for tap in range(bank.shape[1]):
            matrices[:, row, fold(row + tap - half, size)] += bank[:, tap]
    return matrices.reshape(4, -1).astype("float32")


def band_gains(factors) -> tf.Tensor:
    """Gains of the four bands, float32 (B, 4), from the factors drawn for them, (B, 4).

    Each band's factor in turn is followed by a normalisation that keeps the power of
    natural images.
    """
    gains = tf.ones_like(factors)
    for band in range(4):
        factor = tf.where(tf.range(4) == band, factors, 1.0)
        power = tf.reduce_sum(_POWER * tf.square(factor), axis=1, keepdims=True)
        gains *= factor / tf.sqrt(power)
    return gains


def band_filter(images, gains) -> tf.Tensor:
    """Weights the four octaves of each image by `gains` (B, 4), along both axes.

    Images are continued by mirrors, several times where they are under 22 pixels, for
    which the authors' code has no answer.
    """
    count, height, width, channels = images.shape
    along_rows, along_columns = (
        tf.reshape(tf.matmul(gains, _band_matrices(size)), [count, size, size])
        for size in (height, width)
    )
    images = tf.matmul(along_rows, tf.reshape(images, [count, height, width * channels]))
    images = tf.reshape(images, [count, height, width, channels])
    images = tf.reshape(tf.transpose(images, [0, 2, 1, 3]), [count, width, height * channels])
    images = tf.reshape(tf.matmul(along_columns, images), [count, width, height, channels])
    return tf.transpose(images, [0, 2, 1, 3])


def occlude(images, centres, size) -> tf.Tensor:
    """Sets a rectangle of each image to zero.

    Args:
        images: (B, H, W, C).
        centres: Float (B, 2), (x, y) in [0, 1] of the sides.
        size: Float (B,), the rectangle's sides relative to the image's; 0: none.
    """
    inside = tf.constant(True)
    for axis, length in ((0, images.shape[2]), (1, images.shape[1])):
        pixel = (np.arange(length, dtype="float32") + 0.5) / length
        distance = tf.abs(pixel - tf.reshape(centres[:, axis], [-1, 1]))
        covered = distance < tf.reshape(size, [-1, 1]) / 2.0
        inside &= tf.expand_dims(covered, 1 + axis)
    return images * tf.cast(~inside, images.dtype)[..., None]
