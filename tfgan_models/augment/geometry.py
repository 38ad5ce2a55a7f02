"""Moves the pixels of each image: shifts, and affine maps with band-limited resampling.

Only matrix products and gathers of static shapes: what is linear in the image is
differentiated as such, any number of times, and compiles under XLA. (TensorFlow's
own projective transform has an inverse warp for its gradient, which is no adjoint.)
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

# Orthogonal wavelet sym6; the low-pass filter of two-fold up- and downsampling.
SYM6 = np.array(
    [
        0.015404109327027373,
        0.0034907120842174702,
        -0.11799011114819057,
        -0.048311742585633,
        0.4910559419267466,
        0.787641141030194,
        0.3379294217276218,
        -0.07263752278646252,
        -0.021060292512300564,
        0.04472490177066578,
        0.0017677118642428036,
        -0.007800708325034148,
    ]
)
_FILTER = SYM6 / SYM6.sum()
_PAD = len(SYM6) // 4
# The first and the last sample of the resampled image have no tap in the downsampling.
_FIRST = 1


def period(size: int) -> int:
    """Period in pixels of an axis that is mirrored at its outermost pixels for ever."""
    return max(1, 2 * (size - 1))


def fold(index, size: int):
    """Maps indices (int or array) to the pixels 0 .. size - 1 that the mirrors put there."""
    index = index % period(size)
    return np.minimum(index, period(size) - index)


def mirror(index, size: int) -> tf.Tensor:
    """`fold` for an int tensor."""
    index = tf.math.floormod(index, period(size))
    return tf.minimum(index, period(size) - index)


def pick(images, rows, columns) -> tf.Tensor:
    """Gathers images[b, rows, columns]; rows and columns int32, broadcast to (B, H', W')."""
    count, height, width, channels = images.shape
    start = tf.reshape(tf.range(count) * (height * width), [count, 1, 1])
    flat = tf.reshape(images, [count * height * width, channels])
    return tf.gather(flat, start + rows * width + columns)


def translate(images, shifts, mode: str = "zeros") -> tf.Tensor:
    """Moves each image by whole pixels.

    Args:
        images: (B, H, W, C).
        shifts: Int (B, 2): pixels down and to the right; negative: up, left.
        mode: What comes in at the border: "zeros", or "reflect" (the outermost pixels
            are not repeated).

    Raises:
        ValueError: `mode` is neither.
    """
    if mode not in ("zeros", "reflect"):
        raise ValueError(f"mode is {mode!r}; use 'zeros' or 'reflect'.")
    images = tf.convert_to_tensor(images)
    _, height, width, _ = images.shape
    # Not shifts[:, 0, None, None]: of a stack, TensorFlow's graph optimiser loses the new axes.
    down, right = tf.unstack(tf.cast(shifts, tf.int32), axis=1)
    rows = tf.range(height)[None, :, None] - tf.reshape(down, [-1, 1, 1])
    columns = tf.range(width)[None, None, :] - tf.reshape(right, [-1, 1, 1])
    if mode == "reflect":
        return pick(images, mirror(rows, height), mirror(columns, width))
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns = tf.clip_by_value(rows, 0, height - 1), tf.clip_by_value(columns, 0, width - 1)
    return pick(images, rows, columns) * tf.cast(inside, images.dtype)[..., None]


def affine(a, b, c, d, x, y) -> tf.Tensor:
    """The maps (u, v) -> (a u + b v + x, c u + d v + y) as a tensor (B, 2, 3).

    Each argument is a number or float (B,), one of them at least a tensor.
    """
    columns = [tf.convert_to_tensor(value, tf.float32) for value in (a, b, x, c, d, y)]
    shape = functools.reduce(tf.broadcast_static_shape, (value.shape for value in columns))
    columns = [tf.broadcast_to(value, shape) for value in columns]
    return tf.reshape(tf.stack(columns, axis=-1), [-1, 2, 3])


def after(outer, inner) -> tf.Tensor:
    """The affine maps `inner`, then `outer`; both (B, n, n + 1)."""
    # Not a matrix product: a GPU may round its factors to ten bits, a tenth of a pixel.
    linear = outer[:, :, :-1, None] * inner[:, None, :, :]
    moved = tf.reduce_sum(linear, axis=2)
    return moved + tf.pad(outer[:, :, -1:], [[0, 0], [0, 0], [inner.shape[1], 0]])


def _source(inverse, rows, columns, height, width):
    """Source coordinates, in pixels from the first one, of the given output coordinates."""
    x = (columns - (width - 1) / 2)[None, None, :]
    y = (rows - (height - 1) / 2)[None, :, None]
    m = [[tf.reshape(inverse[:, i, j], [-1, 1, 1]) for j in range(3)] for i in range(2)]
    from_x = m[0][0] * x + (m[0][1] * y + (m[0][2] + (width - 1) / 2))
    from_y = m[1][0] * x + (m[1][1] * y + (m[1][2] + (height - 1) / 2))
    return from_y, from_x


def blit(images, inverse) -> tf.Tensor:
    """Applies maps that take pixels to pixels, exactly; the image is mirrored outside.

    Args:
        images: (B, H, W, C).
        inverse: (B, 2, 3), from output to source (x, y) about the image's centre: flips,
            quarter turns and whole shifts. H - W must be even where there are turns.
    """
    _, height, width, _ = images.shape
    rows, columns = np.arange(height, dtype="float32"), np.arange(width, dtype="float32")
    row, column = _source(inverse, rows, columns, height, width)
    row, column = tf.cast(tf.round(row), tf.int32), tf.cast(tf.round(column), tf.int32)
    moved = pick(images, mirror(row, height), mirror(column, width))
    inside = _within(row, height, 1 - height, 2 * height - 2)
    inside &= _within(column, width, 1 - width, 2 * width - 2)
    return moved * tf.cast(inside, images.dtype)[..., None]


def _within(index, size, first, last):
    return (index >= first) & (index <= last)


@functools.cache
def _upsampling(size: int) -> np.ndarray:
    """Float32 (2 period, size): one period of the mirrored axis at twice the resolution.

    hi[j] = 2 * sum over j = 2 i + t - 5 of h[t] x[i], x continued by mirrors.
    """
    length = 2 * period(size)
    table = np.zeros((length, size))
    for i in range(period(size)):
        for t, tap in enumerate(_FILTER):
            table[(2 * i + t - 5) % length, fold(i, size)] += 2.0 * tap
    return table.astype("float32")


@functools.cache
def _downsampling(size: int) -> np.ndarray:
    """Float32 (size, 2 size + 10): y[o] = sum over t of h[t] hi[2 (o + 3) + t - 5].

    Its inputs are the samples 1 .. 2 size + 10 of the 2 (size + 6) of the padded image.
    """
    table = np.zeros((size, 2 * (size + 2 * _PAD)))
    for o in range(size):
        for t, tap in enumerate(_FILTER):
            table[o, 2 * (o + _PAD) + t - 5] += tap
    assert not table[:, :_FIRST].any() and not table[:, -_FIRST:].any()
    return table[:, _FIRST:-_FIRST].astype("float32")


def _along_axes(images, by_row, by_column) -> tf.Tensor:
    """by_row @ images @ by_column^T for each channel, the smaller axis made first."""
    count, height, width, channels = images.shape
    new_height, new_width = by_row.shape[0], by_column.shape[0]
    if new_height < height:
        images = tf.matmul(by_row[None], tf.reshape(images, [count, height, width * channels]))
        height = new_height
    images = tf.transpose(tf.reshape(images, [count, height, width, channels]), [0, 1, 3, 2])
    flat = tf.reshape(images, [count * height * channels, width])
    images = tf.reshape(tf.matmul(flat, by_column, transpose_b=True), [count, height, channels, -1])
    images = tf.transpose(images, [0, 1, 3, 2])
    if new_height > height:
        images = tf.matmul(by_row[None], tf.reshape(images, [count, height, new_width * channels]))
    return tf.reshape(images, [count, new_height, new_width, channels])


def _neighbours(position, size):
    """The two samples beside each position on a mirrored axis: (index, weight) each.

    Positions count samples at twice the resolution. Beyond one mirror image to each
    side, and what the filters need, the weights are zero.
    """
    length = 2.0 * period(size)
    low = tf.floor(position)
    fraction = position - low
    margin = max(size - 1, 2 * _PAD)
    first, last = -2.0 * margin, 2.0 * (size + margin) - 1.0
    weights = (
        tf.where((low >= first) & (low <= last), 1.0 - fraction, 0.0),
        tf.where((low >= first - 1.0) & (low <= last - 1.0), fraction, 0.0),
    )
    index = low - length * tf.floor(low / length)
    following = tf.where(index >= length - 1.0, 0.0, index + 1.0)
    return [
        (tf.cast(i, tf.int32), weight)
        for i, weight in zip((index, following), weights, strict=True)
    ]


def warp(images, inverse) -> tf.Tensor:
    """Applies an affine map to each image, without aliasing.

    Twofold upsampling by sym6, bilinear sampling, twofold downsampling. Around the
    image are its mirror images (outermost pixels not repeated), one to each side, and
    zero beyond. The authors pad by as much as the whole batch needs, up to one image;
    here it is always one image, so the shapes are static and an image's result does
    not depend on the others in its batch. (At the far end of the padding their filter
    sees zeros, ours the next mirror image; only moves of a whole image come to it.)
    The identity and whole shifts are exact to rounding; flips and turns are not, because
    sym6 is not symmetric: see `blit`.

    Args:
        images: Float32 (B, H, W, C).
        inverse: Float32 (B, 2, 3), from output to source coordinates: (x, y, 1) with x
            to the right and y down, in pixels from the image's centre.

    Source: Karras et al. 2020, arXiv:2006.06676, appendix B.
    """
    _, height, width, _ = images.shape
    fine = _along_axes(images, _upsampling(height), _upsampling(width))
    rows, columns = (
        np.arange(_FIRST, 2 * (size + 2 * _PAD) - _FIRST, dtype="float32") / 2.0 - _PAD
        for size in (height, width)
    )
    y, x = _source(inverse, rows, columns, height, width)
    sampled = 0.0
    for row, of_row in _neighbours(2.0 * y, height):
        for column, of_column in _neighbours(2.0 * x, width):
            sampled += pick(fine, row, column) * (of_row * of_column)[..., None]
    return _along_axes(sampled, _downsampling(height), _downsampling(width))
