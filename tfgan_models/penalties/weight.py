"""Penalties on the weights themselves."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.penalties.base import Penalty


def weight_decay(weights, weight) -> tf.Tensor:
    """weight/2 * sum of squares over all weights; its gradient adds `weight * w`; scalar."""
    return 0.5 * weight * tf.add_n([tf.reduce_sum(tf.square(tf.cast(w, tf.float32))) for w in weights])


@keras.saving.register_keras_serializable(package="tfgan_models")
class WeightDecay(Penalty):
    """L2 on every trainable weight of both players, through the loss (not decoupled).

    The DCGAN authors add `l2 * w` to each gradient before Adam: weight = l2.

    Args:
        weight: l2.
    """

    NAME = "weight_decay"

    def __init__(self, weight=1e-5, every=1):
        super().__init__(every)
        self.weight = weight

    def discriminator(self, game):
        """The term of the discriminator's loss, scalar."""
        return weight_decay(game.weights, self.weight)

    generator = discriminator

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}
