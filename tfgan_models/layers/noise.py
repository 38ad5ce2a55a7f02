"""Keras's Dropout and GaussianNoise, whose draws are the same in the plain graph and under XLA."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import random


@keras.saving.register_keras_serializable(package="tfgan_models")
class Dropout(keras.layers.Dropout):
    """Zeroes each number with probability `rate` in training; the others grow by 1 / (1 - rate).

    As `keras.layers.Dropout`, but drawn from integer bits: TensorFlow's own dropout keeps other
    units under XLA, so that a compiled run would not equal a plain one. Srivastava et al. 2014.

    Args:
        rate: Probability in [0, 1).
        seed: Int, of the layer's own stream; the model sets it anew at each step.
    """

    def __init__(self, rate, seed=None, **kwargs):
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"rate must be in [0, 1); got {rate!r}.")
        super().__init__(rate, seed=seed, **kwargs)

    def call(self, inputs, training=False):
        """Drops units in training, returns the input otherwise."""
        if not training or self.rate == 0:
            return inputs
        uniform = random.layer_uniform(self.seed_generator, inputs)
        kept = tf.cast(uniform >= self.rate, inputs.dtype)
        return inputs * kept / tf.cast(1.0 - self.rate, inputs.dtype)

    def get_config(self):
        config = super().get_config()
        config.pop("noise_shape")
        return config


@keras.saving.register_keras_serializable(package="tfgan_models")
class GaussianNoise(keras.layers.GaussianNoise):
    """Adds N(0, stddev) in training.

    As `keras.layers.GaussianNoise`, with draws that XLA does not change; see `Dropout`.

    Args:
        stddev: Standard deviation, 0 or more.
        seed: Int, of the layer's own stream; the model sets it anew at each step.
    """

    def __init__(self, stddev, seed=None, **kwargs):
        if not stddev >= 0.0:
            raise ValueError(f"stddev must be 0 or more; got {stddev!r}.")
        super().__init__(stddev, seed=seed, **kwargs)

    def call(self, inputs, training=False):
        """Adds noise in training, returns the input otherwise."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.layer_normal(self.seed_generator, inputs)
        return inputs + tf.cast(self.stddev * noise, inputs.dtype)
