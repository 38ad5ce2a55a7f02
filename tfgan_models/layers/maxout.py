"""Maxout: Goodfellow et al. 2013, arXiv:1302.4389."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfgan_models")
class Maxout(keras.layers.Layer):
    """Maximum over groups of neighbouring channels: (..., n * pieces) -> (..., n).

    Args:
        pieces: Linear pieces of each unit.

    Raises:
        ValueError: The channels do not divide by `pieces`.
    """

    def __init__(self, pieces, **kwargs):
        super().__init__(**kwargs)
        self.pieces = pieces

    def build(self, input_shape):
        """Checks the number of channels."""
        if input_shape[-1] % self.pieces:
            raise ValueError(f"{input_shape[-1]} channels do not divide by {self.pieces} pieces.")

    def call(self, x):
        """Takes the maximum over the last axis of (..., n, pieces)."""
        shape = ops.shape(x)
        groups = (*shape[:-1], x.shape[-1] // self.pieces, self.pieces)
        return ops.max(ops.reshape(x, groups), axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the shape with the channels divided by `pieces`."""
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}
