"""Layers that bring a class label into a network."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tfgan_models")
class ConcatenateLabels(keras.layers.Layer):
    """Appends labels to features: as numbers to (B, n), as constant maps to (B, H, W, C).

    Input: [features, labels], labels float (B, num_classes).
    """

    def call(self, inputs):
        """Returns the features with num_classes more channels."""
        features, labels = inputs
        labels = ops.cast(labels, features.dtype)
        if len(features.shape) == 4:
            maps = ops.ones_like(features[..., :1])
            labels = maps * ops.expand_dims(labels, (1, 2))
        return ops.concatenate([features, labels], axis=-1)

    def compute_output_shape(self, input_shape):
        """Returns the features' shape with num_classes more channels."""
        features, labels = input_shape
        return (*features[:-1], features[-1] + labels[-1])
