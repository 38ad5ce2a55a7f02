"""Penalties on the weights themselves.

Clipping: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1. Historical averaging:
Salimans et al. 2016, arXiv:1606.03498, section 3.3.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float


def weight_decay(weights) -> tf.Tensor:
    """Half the sum of squares over all weights; its gradient is w; scalar float32."""
    return tf.add_n([tf.nn.l2_loss(as_float(w)) for w in weights])


def clip_weights(weights, clip=0.01) -> None:
    """w <- min(max(w, -clip), clip) for each variable."""
    for weight in weights:
        weight.assign(tf.clip_by_value(tf.convert_to_tensor(weight), -clip, clip))


def distance_from_mean(weights, means) -> tf.Tensor:
    """sum ||w - m||^2 over all variables, no gradient to the means; scalar float32.

    Args:
        weights: Variables or tensors.
        means: As many tensors of the same shapes.
    """
    return tf.add_n(
        [
            tf.reduce_sum(tf.square(as_float(w) - tf.stop_gradient(m)))
            for w, m in zip(weights, means, strict=True)
        ]
    )


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


@keras.saving.register_keras_serializable(package="tfgan_models")
class WeightClipping(Penalty):
    """Every trainable weight of the critic, biases and gains too, kept in [-clip, clip].

    After each critic update, as in algorithm 1; the authors' code clips before it, so that
    the generator meets weights unclipped by one step. Adds no term to a loss.

    Args:
        clip: c.
    """

    NAME = "weight_clipping"

    def __init__(self, clip=0.01):
        super().__init__()
        if not clip > 0:
            raise ValueError(f"clip must be positive; got {clip!r}.")
        self.clip = clip

    def constrain(self, weights):
        """Clips the variables in place."""
        clip_weights(weights, self.clip)

    def get_config(self):
        return {"clip": self.clip}


@keras.saving.register_keras_serializable(package="tfgan_models")
class HistoricalAveraging(keras.layers.Layer, Penalty):
    """||w - mean of w over all updates so far||^2 in each player's loss.

    The mean m_t = m_{t-1} + (w_t - m_{t-1})/t takes the present weights first, and
    carries no gradient.

    Args:
        weight: Not given in the paper: 1 for games of few weights, 1e-3 to 1 for networks.
    """

    NAME = "historical_averaging"

    def __init__(self, weight=1.0, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        Penalty.__init__(self)
        self.weight = weight
        self.means = {"generator": 0, "discriminator": 0}
        for player in self.means:
            self._keep(f"{player}_updates", (), "int64")
        self.built = True

    def _keep(self, name, shape, dtype="float32"):
        # As an attribute of its own: checkpoints lose variables in lists and dicts.
        variable = self.add_weight(name=name, shape=shape, dtype=dtype, initializer="zeros")
        setattr(self, name, variable)

    def build_for(self, generator_weights, discriminator_weights):
        """Makes one mean for each variable of both players."""
        for player, weights in (
            ("generator", generator_weights),
            ("discriminator", discriminator_weights),
        ):
            self.means[player] = len(weights)
            for i, weight in enumerate(weights):
                self._keep(f"{player}_mean_{i}", weight.shape)

    def generator(self, game):
        """Folds in the generator's weights; returns their squared distance, scalar."""
        return self._term("generator", game.weights)

    def discriminator(self, game):
        """Folds in the discriminator's weights; returns their squared distance, scalar."""
        return self._term("discriminator", game.weights)

    def _term(self, player, weights):
        if len(weights) != self.means[player]:
            raise ValueError(
                f"The {player} has {len(weights)} weights, but there are {self.means[player]} "
                "means: call build_for with both players' weights first."
            )
        updates = getattr(self, f"{player}_updates")
        means = [getattr(self, f"{player}_mean_{i}") for i in range(len(weights))]
        updates.assign_add(1)
        share = 1.0 / tf.cast(tf.convert_to_tensor(updates), tf.float32)
        for mean, weight in zip(means, weights, strict=True):
            value = tf.stop_gradient(as_float(weight))
            mean.assign_add(share * (value - tf.convert_to_tensor(mean)))
        return distance_from_mean(weights, [tf.convert_to_tensor(m) for m in means])

    def get_config(self):
        return {"weight": self.weight, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
