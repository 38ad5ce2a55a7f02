"""Equalised learning rate: Karras et al. 2018, arXiv:1710.10196, section 4.1."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.layers.reparametrized import Reparametrized, kernels


@keras.saving.register_keras_serializable(package="tfgan_models")
class EqualizedLearningRate(Reparametrized):
    """Calls a layer with He's constant applied at run time instead of at the start.

        kernel * gain / sqrt(fan_in) * lr_multiplier,   bias * lr_multiplier

    The stored kernel is N(0, 1 / lr_multiplier^2), so that Adam's steps have one relative
    size in every layer. fan_in counts kernel positions times input channels, transposed
    convolutions included. It replaces the layer's own kernel initialiser.

    Args:
        layer: A Dense, Conv or Conv*Transpose layer of Keras.
        gain: sqrt(2) before a leaky ReLU; 1 for linear outputs and styles; sqrt(2) / 4 for the
            dense layer that makes a 4x4 map from a latent.
        lr_multiplier: Learning rate of this layer relative to the others; 0.01 in StyleGAN's
            mapping network.

    Raises:
        ValueError: The layer is of another sort.
    """

    def __init__(self, layer, gain=2.0**0.5, lr_multiplier=1.0, **kwargs):
        super().__init__(layer, **kwargs)
        if not hasattr(layer, "kernel_initializer"):
            raise ValueError(
                "EqualizedLearningRate wraps a Dense, Conv or Conv*Transpose layer; got "
                f"{type(layer).__name__}."
            )
        self.gain, self.lr_multiplier = gain, lr_multiplier
        layer.kernel_initializer = keras.initializers.RandomNormal(stddev=1.0 / lr_multiplier)

    def build(self, input_shape=None):
        """Builds the layer."""
        super().build(input_shape)
        self.built = True

    def call(self, inputs):
        """Calls the layer with scaled weights."""
        (kernel,) = kernels(self.layer)
        scale = self.gain * self.lr_multiplier / math.sqrt(kernel.size(kernel.inputs))
        values = {id(kernel.variable): tf.convert_to_tensor(kernel.variable) * scale}
        if self.layer.bias is not None:
            bias = tf.convert_to_tensor(self.layer.bias)
            values[id(self.layer.bias)] = bias * self.lr_multiplier
        return self._call_with(inputs, values)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain, "lr_multiplier": self.lr_multiplier}
