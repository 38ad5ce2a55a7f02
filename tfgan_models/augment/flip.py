"""Random left-right flips."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.augment.base import Augmentation


def flip(images, mirrored) -> tf.Tensor:
    """Mirrors the images whose entry in `mirrored`, bool (B,), is true, left to right."""
    images = tf.convert_to_tensor(images)
    mask = tf.reshape(mirrored, [-1] + [1] * (images.shape.rank - 1))
    return tf.where(mask, tf.reverse(images, axis=[2]), images)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Flip(Augmentation):
    """Mirrors each image with a probability.

    Args:
        p: Probability; 0.5 makes mirrored and plain images equally likely. Not for
            data whose mirror image is another class, digits for one.

    Raises:
        ValueError: p is no probability.
    """

    def __init__(self, p: float = 0.5):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be in [0, 1]; got {p}.")
        self.p = p

    def __call__(self, images, draws):
        """Returns augmented images, (B, H, W, C) as given."""
        return flip(images, draws.uniform("flip") < self.p)

    def get_config(self):
        return {"p": self.p}
