"""Self-attention over pixels: Zhang et al. 2019, arXiv:1805.08318 (SAGAN), section 3."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.layers.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable(package="tfgan_models")
class SelfAttention2D(keras.layers.Layer):
    """y = x + gamma * o(A h(x)), A = softmax over keys of f(x) g(x)^T; (B, H, W, C) as given.

    f, g (C/8 channels), h (C/2) and o (C) are 1x1 convolutions without bias; g and h are
    max-pooled by 2 (rounding up), so there are H/2 * W/2 keys, and A is not scaled. gamma, a
    scalar, starts at 0: the identity. So the authors' code and BigGAN; the paper's text has C/8
    channels in h and no pooling. Weights: 2 C (C/8) + 2 C (C/2) + 1.

    Args:
        spectral_norm: Whether the convolutions are spectrally normalised, as in both papers.
        kernel_initializer: Of the convolutions: Glorot uniform in SAGAN, orthogonal in BigGAN.

    Raises:
        ValueError: The channels do not divide by 8.
    """

    def __init__(self, spectral_norm=True, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        """Makes the four convolutions and gamma."""
        channels = input_shape[-1]
        if len(input_shape) != 4 or channels % 8:
            raise ValueError(
                f"SelfAttention2D takes (B, H, W, C), C divisible by 8; got {tuple(input_shape)}."
            )
        half = (*input_shape[:-1], channels // 2)
        self.query = self._convolution("query", channels // 8, input_shape)
        self.key = self._convolution("key", channels // 8, input_shape)
        self.value = self._convolution("value", channels // 2, input_shape)
        self.output_map = self._convolution("output", channels, half)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def _convolution(self, name, filters, input_shape):
        layer = keras.layers.Conv2D(
            filters,
            1,
            use_bias=False,
            # A copy: an initialiser gives equal values whenever it is called.
            kernel_initializer=keras.initializers.serialize(self.kernel_initializer),
            dtype=self.dtype_policy,
            name=name,
        )
        layer = SpectralNorm(layer, name=name) if self.spectral_norm else layer
        layer.build(input_shape)
        return layer

    def attention(self, x, training=False) -> tf.Tensor:
        """Returns A, float32 (B, H*W, keys): each pixel's weights sum to 1."""
        query = self._rows(self.query(x, training=training))
        key = self._rows(self._pool(self.key(x, training=training)))
        logits = tf.matmul(query, key, transpose_b=True)
        return tf.nn.softmax(tf.cast(logits, tf.float32), axis=-1)

    def call(self, x, training=False):
        """Adds the attended values."""
        weights = tf.cast(self.attention(x, training), x.dtype)
        value = self._rows(self._pool(self.value(x, training=training)))
        shape = tf.concat([tf.shape(x)[:-1], [value.shape[-1]]], axis=0)
        mixed = tf.reshape(tf.matmul(weights, value), shape)
        return x + tf.convert_to_tensor(self.gamma) * self.output_map(mixed, training=training)

    def _pool(self, x):
        # Not tf.nn.max_pool2d: under op determinism XLA does not compile its gradient.
        known, shape = x.shape, tf.shape(x)
        height, width = (known[i] if known[i] is not None else shape[i] for i in (1, 2))
        pads = [(0, 0), (0, height % 2), (0, width % 2), (0, 0)]
        x = tf.pad(x, pads, constant_values=x.dtype.min)
        cells = [-1, (height + 1) // 2, 2, (width + 1) // 2, 2, known[3]]
        return tf.reduce_max(tf.reshape(x, cells), axis=[2, 4])

    def _rows(self, x):
        return tf.reshape(x, [tf.shape(x)[0], -1, x.shape[-1]])

    def compute_output_shape(self, input_shape):
        """Returns the input's shape."""
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "spectral_norm": self.spectral_norm,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
