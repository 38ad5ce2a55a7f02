"""Scaling and shifting channels by a condition: Perez et al. 2018, arXiv:1709.07871 (FiLM)."""

from __future__ import annotations

import keras
import tensorflow as tf


def modulate(x, gain, bias) -> tf.Tensor:
    """gain * x + bias, one number for each image and channel.

    Args:
        x: Float (B, C) or (B, H, W, C).
        gain, bias: Float (B, C).
    """
    shape = [-1, *[1] * (x.shape.rank - 2), x.shape[-1]]
    return x * tf.reshape(gain, shape) + tf.reshape(bias, shape)


def check_condition(layer, shape, size=None) -> None:
    """Refuses a condition that is not (B, n), or not of the size wanted.

    Raises:
        ValueError: One line that says which shape it has and should have.
    """
    if len(shape) != 2 or shape[-1] is None or size not in (None, shape[-1]):
        raise ValueError(
            f"The second input of {type(layer).__name__} must be a float condition of shape "
            f"(B, {size or 'n'}); got {tuple(shape)}."
        )


@keras.saving.register_keras_serializable(package="tfgan_models")
class FiLM(keras.layers.Layer):
    """x (1 + s(u)) + b(u), s and b linear in u with a bias.

    Input: [x, u], x float (B, C) or (B, H, W, C), u float (B, n).

    Args:
        kernel_initializer: Of both maps; with zeros, as here, it starts as the identity.
    """

    def __init__(self, kernel_initializer="zeros", **kwargs):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        """Makes the dense layer."""
        check_condition(self, input_shape[1])
        self.affine = keras.layers.Dense(
            2 * input_shape[0][-1],
            kernel_initializer=self.kernel_initializer,
            dtype=self.dtype_policy,
            name="affine",
        )
        self.affine.build(input_shape[1])

    def call(self, inputs):
        """Scales and shifts x."""
        x, condition = inputs
        scale, bias = tf.split(self.affine(condition), 2, axis=-1)
        return modulate(x, 1.0 + scale, bias)

    def compute_output_shape(self, input_shape):
        """Returns the shape of x."""
        return input_shape[0]

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
