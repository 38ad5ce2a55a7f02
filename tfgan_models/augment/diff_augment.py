"""DiffAugment: Zhao et al. 2020, arXiv:2006.10738, and the authors' TensorFlow code."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.augment.base import Augmentation
from tfgan_models.augment.geometry import translate
from tfgan_models.registry import near_matches

POLICIES = ("color", "translation", "cutout")
_TRANSLATION, _CUTOUT = 0.125, 0.5


def _of_image(values, images):
    return tf.cast(tf.reshape(values, [-1, 1, 1, 1]), images.dtype)


def brightness(images, shift) -> tf.Tensor:
    """x + shift, one number (B,) an image."""
    return images + _of_image(shift, images)


def saturation(images, factor) -> tf.Tensor:
    """(x - m) s + m with m the mean over the channels of a pixel; factor s (B,)."""
    mean = tf.reduce_mean(images, axis=-1, keepdims=True)
    return (images - mean) * _of_image(factor, images) + mean


def contrast(images, factor) -> tf.Tensor:
    """(x - m) s + m with m the mean of the whole image; factor s (B,)."""
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * _of_image(factor, images) + mean


def cutout(images, centres) -> tf.Tensor:
    """Sets a rectangle of half the sides (rounded) to zero, cut off at the border.

    Args:
        images: (B, H, W, C).
        centres: Int (B, 2): row and column; the rectangle starts half a side before it.
    """
    images = tf.convert_to_tensor(images)
    inside = tf.constant(True)
    centres = tf.unstack(tf.cast(centres, tf.int32), axis=1)
    for axis, (centre, size) in enumerate(zip(centres, images.shape[1:3], strict=True)):
        side = int(size * _CUTOUT + 0.5)
        start = tf.reshape(centre, [-1, 1]) - side // 2
        index = tf.range(size)[None]
        covered = (index >= start) & (index < start + side)
        inside &= tf.expand_dims(covered, 2 - axis)
    return images * tf.cast(~inside, images.dtype)[..., None]


def _integers(uniform, count: int) -> tf.Tensor:
    """Uniform numbers in (0, 1) to integers 0 .. count - 1, equally likely."""
    return tf.minimum(tf.cast(tf.floor(uniform * float(count)), tf.int32), count - 1)


@keras.saving.register_keras_serializable(package="tfgan_models")
class DiffAugment(Augmentation):
    """Colour, translation and cutout with gradients, applied in the order of the policy.

    color: brightness + U(-0.5, 0.5), then saturation x U(0, 2), then contrast
    x U(0.5, 1.5); all channels alike. translation: whole pixels, up to an eighth of each
    side, zeros come in. cutout: a rectangle of half the sides becomes zero. Each image
    has its own draws; nothing is clipped.

    The authors use "color,translation,cutout" for StyleGAN2 with little data,
    "color,cutout" for StyleGAN2 and "translation,cutout" for BigGAN on CIFAR.

    Args:
        policy: Words of color, translation, cutout, separated by commas; "" does nothing.

    Raises:
        ValueError: Another word; near matches are listed.
    """

    def __init__(self, policy: str = "color,translation,cutout"):
        self.words = tuple(word.strip() for word in policy.split(",") if word.strip())
        for word in self.words:
            if word not in POLICIES:
                raise ValueError(
                    f"Unknown word {word!r} in a DiffAugment policy.{near_matches(word, POLICIES)}"
                )
        self.policy = policy

    def __call__(self, images, draws):
        images = tf.convert_to_tensor(images)
        for i, word in enumerate(self.words):
            images = getattr(self, f"_{word}")(images, draws.at(f"{i}_{word}"))
        return images

    def _color(self, images, draws):
        images = brightness(images, draws.uniform("brightness", (), -0.5, 0.5))
        images = saturation(images, draws.uniform("saturation", (), 0.0, 2.0))
        return contrast(images, draws.uniform("contrast", (), 0.5, 1.5))

    def _translation(self, images, draws):
        shifts = []
        for name, size in zip(("down", "right"), images.shape[1:3], strict=True):
            most = int(size * _TRANSLATION + 0.5)
            shifts.append(_integers(draws.uniform(name), 2 * most + 1) - most)
        return translate(images, tf.stack(shifts, axis=1))

    def _cutout(self, images, draws):
        centres = []
        for name, size in zip(("row", "column"), images.shape[1:3], strict=True):
            side = int(size * _CUTOUT + 0.5)
            centres.append(_integers(draws.uniform(name), size + 1 - side % 2))
        return cutout(images, tf.stack(centres, axis=1))

    def get_config(self):
        return {"policy": self.policy}
