"""Instance norm and its adaptive form.

Ulyanov et al. 2016, arXiv:1607.08022; Huang & Belongie 2017, arXiv:1703.06868;
Karras et al. 2019, arXiv:1812.04948 (StyleGAN).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.layers.equalized import EqualizedLearningRate
from tfgan_models.layers.modulation import check_condition, modulate


def instance_norm(x, epsilon=1e-5) -> tf.Tensor:
    """(x - mean) / sqrt(variance + epsilon) over H and W of each image and channel.

    Args:
        x: Float (B, H, W, C); the variance is the biased one, statistics are float32.
        epsilon: Added to the variance.
    """
    values = tf.cast(x, tf.float32)
    mean, variance = tf.nn.moments(values, axes=[1, 2], keepdims=True)
    return tf.cast((values - mean) * tf.math.rsqrt(variance + epsilon), x.dtype)


def adaptive_instance_norm(x, mean, std, epsilon=1e-5) -> tf.Tensor:
    """Gives each channel of each image a mean and a deviation (Huang & Belongie, eq. 8).

    Args:
        x: Float (B, H, W, C), the content.
        mean, std: Float (B, C), of the style.
        epsilon: Added to the content's variance.
    """
    return modulate(instance_norm(x, epsilon), std, mean)


@keras.saving.register_keras_serializable(package="tfgan_models")
class InstanceNorm(keras.layers.Layer):
    """Normalises each channel of each image over H and W, in training and inference alike.

    Args:
        epsilon: Added to the variance.
        affine: Whether there are a gain (ones) and a bias (zeros) a channel. The authors of
            CycleGAN have them in Lua, not in PyTorch.
    """

    def __init__(self, epsilon=1e-5, affine=False, **kwargs):
        super().__init__(**kwargs)
        self.epsilon, self.affine = epsilon, affine

    def build(self, input_shape):
        """Makes gain and bias where there are any."""
        if self.affine:
            shape = (input_shape[-1],)
            self.gamma = self.add_weight(name="gamma", shape=shape, initializer="ones")
            self.beta = self.add_weight(name="beta", shape=shape, initializer="zeros")

    def call(self, x):
        """Normalises (B, H, W, C)."""
        x = instance_norm(x, self.epsilon)
        if self.affine:
            x = x * tf.convert_to_tensor(self.gamma) + tf.convert_to_tensor(self.beta)
        return x

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "affine": self.affine}


@keras.saving.register_keras_serializable(package="tfgan_models")
class AdaIN(keras.layers.Layer):
    """Instance norm with a gain and a bias made from a style: n(x) (1 + s) + b.

    Input: [x, w], x float (B, H, W, C), w float (B, n); with `affine` None w is [s, b] itself,
    (B, 2C). `adaptive_instance_norm` takes a mean and a deviation instead.

    Args:
        epsilon: Added to the variance; 1e-8 in StyleGAN, 1e-5 elsewhere.
        affine: How [s, b] come from w: "equalized", a dense layer with an equalised learning rate
            and gain 1 (StyleGAN), "dense", a plain one, or None.

    Raises:
        ValueError: Unknown `affine`, or a style of the wrong shape.
    """

    def __init__(self, epsilon=1e-8, affine="equalized", **kwargs):
        super().__init__(**kwargs)
        if affine not in ("equalized", "dense", None):
            raise ValueError(f"affine must be 'equalized', 'dense' or None; got {affine!r}.")
        self.epsilon, self.affine = epsilon, affine

    def build(self, input_shape):
        """Makes the dense layer."""
        channels, style = input_shape[0][-1], input_shape[1]
        check_condition(self, style, None if self.affine else 2 * channels)
        self.style = None
        if self.affine:
            self.style = keras.layers.Dense(2 * channels, dtype=self.dtype_policy, name="style")
            if self.affine == "equalized":
                self.style = EqualizedLearningRate(self.style, gain=1.0, name="style")
            self.style.build(style)

    def call(self, inputs):
        """Normalises x, then scales and shifts it by w's style."""
        x, style = inputs
        if self.style is not None:
            style = self.style(style)
        scale, bias = tf.split(style, 2, axis=-1)
        return modulate(instance_norm(x, self.epsilon), 1.0 + scale, bias)

    def compute_output_shape(self, input_shape):
        """Returns the image's shape."""
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon, "affine": self.affine}
