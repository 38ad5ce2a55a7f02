"""Affine maps of the colour space, one an image."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tfgan_models.augment.geometry import after

_AXIS = np.full(3, 1.0 / math.sqrt(3.0), "float32")  # the direction of grey
_LUMA = np.outer(_AXIS, _AXIS).astype("float32")
_TURN = np.cross(np.eye(3), _AXIS).astype("float32")  # v -> axis x v


def _map(linear, moved=None) -> tf.Tensor:
    """A map (B, 3, 4) from its linear part (B, 3, 3) and its shift (B,) of every channel."""
    if moved is None:
        moved = tf.zeros_like(linear[:, 0, 0])
    shift = tf.broadcast_to(_wide(moved), [linear.shape[0], 3, 1])
    return tf.concat([linear, shift], axis=2)


def _wide(values):
    return tf.reshape(values, [-1, 1, 1])


def colour_map(parameters: dict, channels: int = 3) -> tf.Tensor | None:
    """Composes the colour operations that are given, in their order; float32 (B, 3, 4).

    Args:
        parameters: Of `brightness` (shift), `contrast` (factor), `luma_flip` (0 or 1), `hue`
            (angle in radians) and `saturation` (factor), float (B,) each; any may be missing.
        channels: Of the images; grey ones have no hue and no saturation.

    Returns:
        The map (r, g, b, 1) -> (r, g, b), or None where there is nothing to do.
    """
    steps = []
    eye = np.eye(3, dtype="float32")
    if "brightness" in parameters:
        b = parameters["brightness"]
        steps.append(_map(tf.broadcast_to(eye, [b.shape[0], 3, 3]), b))
    if "contrast" in parameters:
        steps.append(_map(_wide(parameters["contrast"]) * eye))
    if "luma_flip" in parameters:
        steps.append(_map(eye - 2.0 * _LUMA * _wide(parameters["luma_flip"])))
    if "hue" in parameters and channels > 1:
        cos, sin = tf.cos(_wide(parameters["hue"])), tf.sin(_wide(parameters["hue"]))
        steps.append(_map(cos * eye + sin * _TURN + (1.0 - cos) * _LUMA))
    if "saturation" in parameters and channels > 1:
        steps.append(_map(_LUMA + (eye - _LUMA) * _wide(parameters["saturation"])))
    composed = None
    for step in steps:
        composed = step if composed is None else after(step, composed)
    return composed


def recolour(images, colours) -> tf.Tensor:
    """Applies a colour map to each image.

    Args:
        images: Float32 (B, H, W, C). C = 1: the mean of the map's three rows, for equal
            channels; C = 4: the last channel, alpha, stays.
        colours: Float32 (B, 3, 4).

    Raises:
        ValueError: Two channels are no colours.
    """
    channels = images.shape[-1]
    check_colours(channels)
    if channels == 1:
        row = tf.reduce_mean(colours, axis=1)
        return images * _pixel(tf.reduce_sum(row[:, :3], axis=1)) + _pixel(row[:, 3])
    columns = [_pixel(colours[:, :, k]) for k in range(4)]
    changed = columns[3]
    for k in range(3):
        changed += images[..., k : k + 1] * columns[k]
    return tf.concat([changed, images[..., 3:]], axis=-1) if channels == 4 else changed


def _pixel(values):
    return tf.reshape(values, [values.shape[0], 1, 1, -1])


def check_colours(channels: int):
    """Raises ValueError for images of two channels."""
    if channels == 2:
        raise ValueError(
            "Images of 2 channels have no colours to change; use a pipeline without 'color', such "
            "as 'bg'."
        )
