"""A skip that fades away during training: Berthelot et al. 2017, arXiv:1703.10717, section 3.5."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_models")
class VanishingResidual(keras.layers.Layer):
    """carry x + (1 - carry) y of [x, y], the input and the output of a layer, of one shape.

    `carry` is a weight that is not trained: it starts at 1, where y has no effect, and the model
    lowers it to 0, where the skip is gone. Files and checkpoints carry it.
    """

    def build(self, input_shape):
        """Makes `carry`, float32 whatever the compute dtype.

        Raises:
            ValueError: The two shapes differ.
        """
        x, y = (tuple(shape) for shape in input_shape)
        if x != y:
            raise ValueError(f"VanishingResidual blends two tensors of one shape; got {x} and {y}.")
        self.carry = self.add_weight(
            name="carry",
            shape=(),
            initializer="ones",
            trainable=False,
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs):
        """Blends."""
        x, y = inputs
        carry = tf.cast(tf.convert_to_tensor(self.carry), x.dtype)
        return carry * x + (1.0 - carry) * y

    def compute_output_shape(self, input_shape):
        """Returns the shape of either."""
        return tuple(input_shape[0])
