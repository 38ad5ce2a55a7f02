"""Normalisation by a fixed batch of references: Salimans et al. 2016, arXiv:1606.03498,
section 3.4.

A network holds its references and sends them along with its inputs:

    x = keras.Input((28, 28, 1))
    r = ReferenceBatch((64, 28, 28, 1))(x)
    convolution, norm = keras.layers.Conv2D(32, 3), VirtualBatchNorm()
    x, r = norm([convolution(x), convolution(r)])

Each of the two networks has its own references: real images for a discriminator, latents
for a generator (there the random initial values will do).
"""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_models")
class ReferenceBatch(keras.layers.Layer):
    """Returns its references, whatever its input, in the layer's compute dtype.

    They are a weight that is not trained, so files and checkpoints carry them and every
    replica has the same.

    Args:
        shape: Of all references: (n, H, W, C) or (n, C).
        initializer: Of the references; latents are N(0, 1). Images are set by `assign`.
    """

    def __init__(self, shape, initializer="random_normal", **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        if initializer == "random_normal":
            initializer = keras.initializers.RandomNormal(stddev=1.0)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        """Makes the weight."""
        self.reference = self.add_weight(
            name="reference", shape=self.shape, initializer=self.initializer, trainable=False
        )

    def assign(self, values):
        """Sets the references, once, before training; the layer is built by its network."""
        self.reference.assign(values)

    def call(self, x):
        """Returns the references."""
        return tf.convert_to_tensor(self.reference)

    def compute_output_shape(self, input_shape):
        """Returns their shape."""
        return self.shape

    def get_config(self):
        return {
            **super().get_config(),
            "shape": self.shape,
            "initializer": keras.initializers.serialize(self.initializer),
        }


class _ReferencedNorm(keras.layers.Layer):
    """Normalises examples with statistics of a reference batch.

    Args:
        epsilon: Added to the variance; 1e-5 in the authors' code, 1e-3 in TF-GAN.
        gamma_initializer: Of the gain; None is N(1, 0.02^2), the authors' code.
    """

    MIXES_BATCH = False

    def __init__(self, epsilon=1e-5, gamma_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        if gamma_initializer is None:
            gamma_initializer = keras.initializers.RandomNormal(1.0, 0.02)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape):
        """Makes gain and bias, float32 whatever the compute dtype."""
        x, reference = input_shape
        if len(x) != len(reference) or x[-1] != reference[-1]:
            raise ValueError(
                f"{type(self).__name__} takes [x, references] of one rank and with the same "
                f"channels; got {tuple(x)} and {tuple(reference)}."
            )
        shape, options = (x[-1],), {"dtype": "float32", "autocast": False}
        self.gamma = self.add_weight(
            name="gamma", shape=shape, initializer=self.gamma_initializer, **options
        )
        self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros", **options)

    def statistics(self, x, mean, variance, count):
        """Mean and variance that normalise x, from those of the references.

        Args:
            x: Float32 (B, ..., C).
            mean, variance: (C,), of the references.
            count: Their number.
        """
        raise NotImplementedError

    def call(self, inputs):
        """Returns [x, references], normalised; references always by their own statistics."""
        x, reference = inputs
        values, references = tf.cast(x, tf.float32), tf.cast(reference, tf.float32)
        mean, variance = tf.nn.moments(references, axes=list(range(references.shape.rank - 1)))
        count = tf.cast(tf.shape(references)[0], tf.float32)
        own = self.statistics(values, mean, variance, count)
        return [
            tf.cast(self._normalize(values, *own), x.dtype),
            tf.cast(self._normalize(references, mean, variance), reference.dtype),
        ]

    def _normalize(self, values, mean, variance):
        gain = tf.convert_to_tensor(self.gamma) * tf.math.rsqrt(variance + self.epsilon)
        return (values - mean) * gain + tf.convert_to_tensor(self.beta)

    def compute_output_shape(self, input_shape):
        """Returns both shapes."""
        return [tuple(shape) for shape in input_shape]

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class VirtualBatchNorm(_ReferencedNorm):
    """Normalises x_i with the moments of the references and x_i together.

    Input: [x, references], float (B, C) or (B, H, W, C), with one H and W; returns both. With n
    references, a = 1 / (n + 1), m and v the mean and variance over H and W of x_i:

        mean = a m + (1 - a) mean_R
        variance = a (v + (m - mean)^2) + (1 - a) (variance_R + (mean_R - mean)^2)

    x_i's output does not depend on the other x_j, so gradients are each image's own. It is
    the same in training and inference.

    Args:
        epsilon, gamma_initializer: Added to the variance (1e-5 in the authors' code, 1e-3 in
            TF-GAN); initial gain, None is N(1, 0.02^2).
    """

    def statistics(self, x, mean, variance, count):
        """Moments of the references with each x_i, (B, 1.., C)."""
        share = 1.0 / (count + 1.0)
        own, spread = x, tf.zeros_like(x)
        if x.shape.rank > 2:
            own, spread = tf.nn.moments(x, axes=list(range(1, x.shape.rank - 1)), keepdims=True)
        blended = share * own + (1.0 - share) * mean
        return blended, share * (spread + tf.square(own - blended)) + (1.0 - share) * (
            variance + tf.square(mean - blended)
        )


@keras.saving.register_keras_serializable(package="tfgan_models")
class ReferenceBatchNorm(_ReferencedNorm):
    """Normalises x with the moments of the references alone; it overfits to them (the paper).

    Input, output and arguments as in `VirtualBatchNorm`.
    """

    def statistics(self, x, mean, variance, count):
        """The references' own."""
        return mean, variance
