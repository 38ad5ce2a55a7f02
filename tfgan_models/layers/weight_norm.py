"""Weight normalisation: Salimans & Kingma 2016, arXiv:1602.07868."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.layers.reparametrized import Reparametrized


@keras.saving.register_keras_serializable(package="tfgan_models")
class WeightNorm(Reparametrized):
    """Calls a layer with g v / ||v||: one length g and one direction v an output (eq. 2).

    v is the layer's own kernel; g starts at ||v||, so that the first outputs are those of
    the layer alone.

    Args:
        layer: A Dense or convolution layer of Keras (not a separable one).
        train_scale: Whether g is trained; improved-gan's classifier trains only its last.

    Raises:
        ValueError: The layer is of another sort.
    """

    def __init__(self, layer, train_scale=True, **kwargs):
        super().__init__(layer, **kwargs)
        self.train_scale = train_scale

    def build(self, input_shape=None):
        """Makes g, of the kernel's shape with ones for the axes of the inputs."""
        super().build(input_shape)
        if [kernel.name for kernel in self.kernels] != ["kernel"]:
            raise ValueError(
                f"WeightNorm takes a layer with one kernel; {type(self.layer).__name__} has "
                f"{', '.join(kernel.name for kernel in self.kernels)}."
            )
        lengths = self._lengths(tf.convert_to_tensor(self.layer.kernel))
        self.scale = self.add_weight(
            name="scale",
            shape=lengths.shape,
            initializer=lambda shape, dtype=None: lengths,
            trainable=self.train_scale,
        )
        self.built = True

    def call(self, inputs):
        """Calls the layer with normalised kernels."""
        values = {id(self.layer.kernel): self._kernel(tf.convert_to_tensor(self.scale))}
        return self._call_with(inputs, values)

    def initialize(self, inputs, std=1.0) -> tf.Tensor:
        """Sets g, and the bias where there is one, from one batch (eqs. 5 and 6).

        Every output, before the layer's activation, then has standard deviation `std` over
        this batch, and mean 0 with a bias. Call it outside `tf.function`, in the order of
        the layers, each with what the one before returned.

        Args:
            inputs: One batch of the layer's inputs.
            std: 1 in the paper; improved-gan starts image layers with 0.1.

        Returns:
            The layer's outputs with the new values.
        """
        if not self.built:
            self.build(inputs.shape)
        bias, activation = self.layer.bias, self.layer.activation
        values = {id(self.layer.kernel): self._kernel(1.0)}
        if bias is not None:
            values[id(bias)] = tf.zeros_like(tf.convert_to_tensor(bias))
        self.layer.activation = keras.activations.linear
        try:
            outputs = tf.cast(self._call_with(inputs, values), tf.float32)
        finally:
            self.layer.activation = activation
        mean, variance = tf.nn.moments(outputs, axes=list(range(outputs.shape.rank - 1)))
        scale = std * tf.math.rsqrt(variance + 1e-10)
        self.scale.assign(tf.reshape(scale, self.scale.shape))
        if bias is not None:
            bias.assign(-mean * scale)
        return self(inputs)

    def _lengths(self, value):
        return tf.sqrt(tf.reduce_sum(tf.square(value), self.kernels[0].inputs, keepdims=True))

    def _kernel(self, scale):
        value = tf.convert_to_tensor(self.layer.kernel)
        return value * (scale / (self._lengths(value) + 1e-12))

    def get_config(self):
        return {**super().get_config(), "train_scale": self.train_scale}
