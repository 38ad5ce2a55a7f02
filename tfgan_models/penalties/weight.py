"""Penalties on the weights themselves."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.penalties.base import Penalty


def weight_decay(weights) -> tf.Tensor:
    """Half the sum of squares over all weights; its gradient is w; scalar float32."""
    return tf.add_n([tf.nn.l2_loss(tf.cast(w, tf.float32)) for w in weights])


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
        """Half the sum of squares of the player's weights, scalar."""
        return weight_decay(game.weights)

    generator = discriminator

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}
