"""Spectral normalisation: Miyato et al. 2018, arXiv:1802.05957, algorithm 1.

`keras.layers.SpectralNormalization` is another algorithm: it overwrites the kernel
by kernel / sigma and passes no gradient through sigma.
"""

from __future__ import annotations

import contextlib
import threading

import keras
import tensorflow as tf

from tfgan_models.core.arguments import positive_int
from tfgan_models.layers.reparametrized import Kernel, Reparametrized

_thread = threading.local()  # replicas of a MirroredStrategy are traced in threads of their own


@contextlib.contextmanager
def hold_spectral_state():
    """Inside, calls with training=True use the stored u and do not replace it.

    For passes that shall share u with an earlier one of the same step, as SAGAN's
    discriminator does on fakes (Zhang et al. 2018, the authors' code). It acts when a
    `tf.function` is traced.
    """
    before = getattr(_thread, "held", False)
    _thread.held = True
    try:
        yield
    finally:
        _thread.held = before


@keras.saving.register_keras_serializable(package="tfgan_models")
class SpectralNorm(Reparametrized):
    """Calls a layer with kernel / sigma, sigma the kernel's largest singular value.

        v <- n(K u), u <- n(v K), sigma = v K u,   n(a) = a / (||a|| + epsilon)

    with K the kernel as a matrix (`reparametrized.kernels` says which; a depthwise kernel
    is normalised for each channel). u and v are constants for the gradient, sigma is not:
    sum(dL/dK * K) = 0. The bound holds for the matrix; a convolution's own norm can be
    larger, up to the square root of its kernel's area. Biases stay as they are.

    u is a weight that is not trained. It is renewed in every call with training=True, except
    inside `hold_spectral_state` and while `trainable` is False; other calls take one half
    step from the stored u, v <- n(K u). As u depends on weights alone, replicas agree.

    Args:
        layer: A Dense, convolution or Embedding layer of Keras.
        iterations: Steps of the power iteration in a call.
        epsilon: Of the normalisations (1e-12 in the authors' and SAGAN's code, 1e-4 in BigGAN's
            paper). A kernel of zeros gives zeros, and gradients of the order 1 / epsilon.

    Raises:
        ValueError: The layer is of another sort, or `iterations` is no positive int.
    """

    SPECTRAL = True

    def __init__(self, layer, iterations=1, epsilon=1e-12, **kwargs):
        super().__init__(layer, **kwargs)
        self.iterations, self.epsilon = positive_int("iterations", iterations), epsilon

    def build(self, input_shape=None):
        """Makes one u for each kernel, N(0, 1)."""
        super().build(input_shape)
        for kernel in self.kernels:
            u = self.add_weight(
                name=f"{kernel.name}_u",
                shape=(kernel.size(kernel.groups), kernel.size(kernel.outputs)),
                initializer=keras.initializers.RandomNormal(stddev=1.0),
                trainable=False,
            )
            setattr(self, f"{kernel.name}_u", u)
        self.built = True

    def call(self, inputs, training=False):
        """Calls the layer with normalised kernels."""
        renew = training and self.trainable and not getattr(_thread, "held", False)
        values = {}
        for kernel in self.kernels:
            value = tf.convert_to_tensor(kernel.variable)
            sigma = self._sigma(kernel, value, renew)
            # The product's gradient is cheaper than the quotient's.
            values[id(kernel.variable)] = value * kernel.spread(1.0 / (sigma + self.epsilon))
        return self._call_with(inputs, values)

    def sigmas(self) -> list[tf.Tensor]:
        """The estimate of sigma of each kernel, (groups,), that inference divides by."""
        return [self._sigma(k, tf.convert_to_tensor(k.variable), False) for k in self.kernels]

    def _sigma(self, kernel: Kernel, value, renew: bool) -> tf.Tensor:
        """v K u, from the product with K that the power iteration makes last."""
        state = getattr(self, f"{kernel.name}_u")
        u, matrices = tf.convert_to_tensor(state), kernel.matrices(value)
        for _ in range(self.iterations if renew else 1):
            product = tf.einsum("gio,go->gi", matrices, u)
            last = v = self._unit(product)
            if renew:
                product = tf.einsum("gio,gi->go", matrices, v)
                last = u = self._unit(product)
        if renew:
            state.assign(u)
        return tf.reduce_sum(product * last, axis=-1)

    def _unit(self, vectors):
        vectors = tf.stop_gradient(vectors)
        return vectors / (tf.norm(vectors, axis=-1, keepdims=True) + self.epsilon)

    def get_config(self):
        return {**super().get_config(), "iterations": self.iterations, "epsilon": self.epsilon}
