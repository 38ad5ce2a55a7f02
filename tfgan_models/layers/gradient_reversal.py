"""Gradient reversal: Ganin et al. 2016, arXiv:1505.07818, eqs. 16 and 17."""

from __future__ import annotations

import keras
import tensorflow as tf


def reverse_gradient(x, scale=1.0) -> tf.Tensor:
    """The identity, whose gradient is -scale times the one that arrives.

    Args:
        x: Float tensor.
        scale: Number or scalar tensor (lambda of the paper); it has no gradient itself.
    """
    x, scale = tf.convert_to_tensor(x), tf.convert_to_tensor(scale)

    @tf.custom_gradient
    def reverse(values):
        return tf.identity(values), lambda upstream: -tf.cast(scale, upstream.dtype) * upstream

    return reverse(x)


@keras.saving.register_keras_serializable(package="tfgan_models")
class GradientReversal(keras.layers.Layer):
    """`reverse_gradient` with the scale in a weight that is not trained.

    Args:
        scale: Initial value; a schedule sets it by `layer.scale.assign`. DANN: 2 / (1 + exp(-10
            p)) - 1, p from 0 to 1 over training.
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.initial_scale = scale
        self.scale = self.add_weight(
            name="scale",
            shape=(),
            initializer=keras.initializers.Constant(scale),
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def call(self, x):
        """Returns x."""
        return reverse_gradient(x, self.scale)

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape

    def get_config(self):
        return {**super().get_config(), "scale": self.initial_scale}
