"""Pixel norm: Karras et al. 2018, arXiv:1710.10196, section 4.2."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_models")
class PixelNorm(keras.layers.Layer):
    """x / sqrt(mean over channels of x^2 + epsilon), at every pixel; (..., C) -> (..., C).

    On latents (B, n) it is StyleGAN2's normalisation by the second moment.

    Args:
        epsilon: Added to the mean square.
    """

    def __init__(self, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, x):
        """Normalises over the last axis, in float32."""
        values = tf.cast(x, tf.float32)
        square = tf.reduce_mean(tf.square(values), axis=-1, keepdims=True)
        return tf.cast(values * tf.math.rsqrt(square + self.epsilon), x.dtype)

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
