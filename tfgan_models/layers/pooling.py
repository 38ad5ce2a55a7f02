"""Pooling layers."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfgan_models")
class GlobalSumPooling2D(keras.layers.Layer):
    """Sum over height and width, (B, H, W, C) -> (B, C), as in projection discriminators
    (Miyato & Koyama 2018, arXiv:1802.05637, figure 14)."""

    def call(self, x):
        """Sums over the two image axes."""
        return ops.sum(x, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        """Returns (B, C)."""
        return (input_shape[0], input_shape[-1])
