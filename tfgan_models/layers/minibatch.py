"""Layers by which a discriminator sees how alike the images of a batch are.

Minibatch discrimination: Salimans et al. 2016, arXiv:1606.03498, section 3.2.
Minibatch standard deviation: Karras et al. 2018, arXiv:1710.10196, section 3.
"""

from __future__ import annotations

import keras
import tensorflow as tf


def minibatch_similarities(m, include_self=False) -> tf.Tensor:
    """o_ib = sum over j of exp(-sum over c of |M_ibc - M_jbc|); float32 (N, B).

    Args:
        m: Float (N, B, C).
        include_self: Whether j = i counts, which adds 1 (the paper's formula; the authors'
            code leaves it out).
    """
    m = tf.cast(m, tf.float32)
    distances = tf.reduce_sum(tf.abs(m[:, None] - m[None, :]), axis=-1)
    similarities = tf.exp(-distances)
    if not include_self:
        similarities *= (1.0 - tf.eye(tf.shape(m)[0]))[:, :, None]
    return tf.reduce_sum(similarities, axis=1)


@keras.saving.register_keras_serializable(package="tfgan_models")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends each example's likeness to the others: (N, A) -> (N, A + kernels).

    M = x T and `minibatch_similarities`, plus a bias; T = theta exp(s) / ||theta|| with one s
    for each kernel and dimension. The others are those of this call on this replica. It
    needs N^2 * kernels * dims floats. For a batch of one it appends the bias alone.

    Args:
        kernels: Numbers appended (B of the paper): 100 for CIFAR-10, 300 for ImageNet.
        dims: Dimensions of the distances (C): 5 and 50.
        include_self: See `minibatch_similarities`.
        weight_norm: Whether T is normalised, as in the authors' code; False: T = theta.
        use_bias: Whether there is a bias, as in that code; it starts at 0.
    """

    MIXES_BATCH = True

    def __init__(
        self, kernels=100, dims=5, include_self=False, weight_norm=True, use_bias=True, **kwargs
    ):
        super().__init__(**kwargs)
        self.kernels, self.dims, self.include_self = kernels, dims, include_self
        self.weight_norm, self.use_bias = weight_norm, use_bias

    def build(self, input_shape):
        """Makes theta, s and the bias."""
        if len(input_shape) != 2:
            raise ValueError(
                f"MinibatchDiscrimination takes features (N, A); got {tuple(input_shape)}: "
                "flatten or pool them first."
            )
        self.theta = self.add_weight(
            name="theta",
            shape=(input_shape[-1], self.kernels, self.dims),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
        )
        if self.weight_norm:
            self.log_scale = self.add_weight(
                name="log_scale", shape=(self.kernels, self.dims), initializer="zeros"
            )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.kernels,), initializer="zeros")

    def call(self, x):
        """Appends the similarities, which are computed in float32."""
        similar = minibatch_similarities(self._project(x), self.include_self)
        if self.use_bias:
            similar += tf.cast(tf.convert_to_tensor(self.bias), tf.float32)
        return tf.concat([x, tf.cast(similar, x.dtype)], axis=-1)

    def initialize(self, x) -> tf.Tensor:
        """Sets s and the bias from one batch of features (N, A), N > 1, and returns the outputs.

        Afterwards the mean distance to the nearest other example is 2 in every kernel, and
        the mean of the appended numbers 0 (the authors' code). Outside `tf.function`.

        Raises:
            ValueError: There is no s (`weight_norm` False) or fewer than two examples.
        """
        if not self.weight_norm or x.shape[0] < 2:
            raise ValueError("initialize needs weight_norm=True and at least two examples.")
        if not self.built:
            self.build(x.shape)
            self.built = True
        m = self._project(x)
        distances = tf.reduce_sum(tf.abs(m[:, None] - m[None, :]), axis=-1)
        others = distances + 1e6 * tf.eye(tf.shape(m)[0])[:, :, None]
        nearest = tf.reduce_mean(tf.reduce_min(others, axis=1), axis=0)
        log_scale = tf.convert_to_tensor(self.log_scale)
        self.log_scale.assign(log_scale - tf.math.log(0.5 * nearest + 1e-12)[:, None])
        if self.use_bias:
            similar = minibatch_similarities(self._project(x), self.include_self)
            self.bias.assign(-tf.reduce_mean(similar, axis=0))
        return self(x)

    def _project(self, x):
        weights = tf.cast(tf.convert_to_tensor(self.theta), tf.float32)
        if self.weight_norm:
            length = tf.sqrt(tf.reduce_sum(tf.square(weights), axis=0) + 1e-12)
            scale = tf.exp(tf.cast(tf.convert_to_tensor(self.log_scale), tf.float32))
            weights *= scale / length
        return tf.einsum("na,abc->nbc", tf.cast(x, tf.float32), weights)

    def compute_output_shape(self, input_shape):
        """Returns (N, A + kernels)."""
        return (input_shape[0], input_shape[1] + self.kernels)

    def get_config(self):
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "dims": self.dims,
            "include_self": self.include_self,
            "weight_norm": self.weight_norm,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class MinibatchStddev(keras.layers.Layer):
    """Appends the mean standard deviation over groups: (N, H, W, C) -> (N, H, W, C + features).

    With G = `group_size`, or the largest divisor of N below it, image n is in group n mod N/G;
    over the members of a group: s = sqrt(biased variance + 1e-8), then the mean of s over
    H, W and one of `features` equal parts of the channels. Groups are strided, as in the
    authors' code, and lie within one replica's batch.

    An image's output depends on its group. Gradient penalties are used with it all the same
    (StyleGAN2's R1): the coupling is one averaged number, so MIXES_BATCH is not set.

    Args:
        group_size: 4 in StyleGAN2; the whole batch in the first paper (give a large number).
        features: Channels appended.
    """

    MIXES_BATCH = False

    def __init__(self, group_size=4, features=1, **kwargs):
        super().__init__(**kwargs)
        self.group_size, self.features = group_size, features

    def build(self, input_shape):
        """Checks the number of channels."""
        if len(input_shape) != 4 or input_shape[-1] % self.features:
            raise ValueError(
                f"MinibatchStddev takes (N, H, W, C), C divisible by {self.features} features; "
                f"got {tuple(input_shape)}."
            )

    def call(self, x):
        """Appends the statistic, which is computed in float32."""
        shape, channels = tf.shape(x), x.shape[-1]
        group = self._group(x.shape[0] if x.shape[0] is not None else shape[0])
        parts = [group, shape[0] // group, shape[1] * shape[2]]
        values = tf.reshape(
            tf.cast(x, tf.float32), [*parts, self.features, channels // self.features]
        )
        values -= tf.reduce_mean(values, axis=0)
        deviation = tf.sqrt(tf.reduce_mean(tf.square(values), axis=0) + 1e-8)
        statistic = tf.reduce_mean(deviation, axis=[1, 3])
        maps = tf.tile(statistic, [group, 1])[:, None, None, :]
        maps = tf.broadcast_to(maps, [shape[0], shape[1], shape[2], self.features])
        return tf.concat([x, tf.cast(maps, x.dtype)], axis=-1)

    def _group(self, count):
        if isinstance(count, int):
            return max(g for g in range(1, min(self.group_size, count) + 1) if count % g == 0)
        sizes = tf.range(1, self.group_size + 1)
        return tf.reduce_max(tf.where(count % sizes == 0, sizes, 1))

    def compute_output_shape(self, input_shape):
        """Returns (N, H, W, C + features)."""
        return (*input_shape[:-1], input_shape[-1] + self.features)

    def get_config(self):
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "features": self.features,
        }
