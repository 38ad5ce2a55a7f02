"""Batch norm whose gain and bias depend on a condition.

Class-conditional: Dumoulin et al. 2017, arXiv:1610.07629; Brock et al. 2019,
arXiv:1809.11096 (BigGAN). Self-modulated: Chen et al. 2019, arXiv:1810.01365.
"""

from __future__ import annotations

import keras

from tfgan_models.layers.batch_norm import BatchNorm
from tfgan_models.layers.modulation import check_condition, modulate
from tfgan_models.layers.spectral_norm import SpectralNorm


class _ConditionedBatchNorm(keras.layers.Layer):
    """Batch norm with neither gain nor bias, then `gain_and_bias` of the second input."""

    MIXES_BATCH = True

    def __init__(self, momentum, epsilon, spectral_norm, kernel_initializer, **kwargs):
        super().__init__(**kwargs)
        self.momentum, self.epsilon = momentum, epsilon
        self.spectral_norm = spectral_norm
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.norm = BatchNorm(
            momentum, epsilon, center=False, scale=False, dtype=self.dtype_policy, name="norm"
        )

    def build(self, input_shape):
        """Builds the norm; a subclass makes its maps."""
        features, condition = input_shape
        check_condition(self, condition)
        self.norm.build(features)

    def _dense(self, name, units, input_shape, **options):
        layer = keras.layers.Dense(
            units,
            # A copy: an initialiser gives equal values whenever it is called.
            kernel_initializer=keras.initializers.serialize(self.kernel_initializer),
            dtype=self.dtype_policy,
            name=name,
            **options,
        )
        layer = SpectralNorm(layer, name=name) if self.spectral_norm else layer
        layer.build(input_shape)
        return layer

    def gain_and_bias(self, condition):
        """Returns both, (B, C)."""
        raise NotImplementedError

    def call(self, inputs, training=False):
        """Normalises x, over all replicas in training, then scales and shifts it."""
        x, condition = inputs
        return modulate(self.norm(x, training=training), *self.gain_and_bias(condition))

    def compute_output_shape(self, input_shape):
        """Returns the shape of x."""
        return input_shape[0]

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "spectral_norm": self.spectral_norm,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class ConditionalBatchNorm(_ConditionedBatchNorm):
    """Batch norm with gain 1 + u W_g and bias u W_b, W_g and W_b without biases of their own.

    Input: [x, u], x float (B, C) or (B, H, W, C), u float (B, n): one-hot classes, a mixture of
    them, or BigGAN's class embedding joined with a chunk of z.

    Args:
        momentum: Of the moving statistics; see `BatchNorm`.
        epsilon: 1e-4 in BigGAN's paper, 1e-5 in SAGAN and in BigGAN's PyTorch code.
        spectral_norm: Whether W_g and W_b are spectrally normalised (BigGAN).
        kernel_initializer: Of W_g and W_b: orthogonal in BigGAN; zeros with a one-hot u is the
            table of gains (1) and biases (0) of SNGAN and SAGAN.
    """

    def __init__(
        self,
        momentum=0.9,
        epsilon=1e-4,
        spectral_norm=False,
        kernel_initializer="orthogonal",
        **kwargs,
    ):
        super().__init__(momentum, epsilon, spectral_norm, kernel_initializer, **kwargs)

    def build(self, input_shape):
        """Makes W_g and W_b."""
        super().build(input_shape)
        channels, condition = input_shape[0][-1], input_shape[1]
        self.gain = self._dense("gain", channels, condition, use_bias=False)
        self.bias = self._dense("bias", channels, condition, use_bias=False)

    def gain_and_bias(self, condition):
        """Returns 1 + u W_g and u W_b."""
        return 1.0 + self.gain(condition), self.bias(condition)


@keras.saving.register_keras_serializable(package="tfgan_models")
class SelfModulatedBatchNorm(_ConditionedBatchNorm):
    """Batch norm with gain and bias from one hidden layer on the latents (eqs. 3 and 4).

    Input: [x, z], x float (B, C) or (B, H, W, C), z float (B, n); for classes too, z joined with
    an embedding. The bias of the gain starts at 1.

    Args:
        hidden: Units of the hidden ReLU layer; 0 leaves it out.
        momentum, epsilon: See `BatchNorm`.
        spectral_norm: Whether the dense layers are spectrally normalised.
        kernel_initializer: Of the dense layers.
    """

    def __init__(
        self,
        hidden=32,
        momentum=0.9,
        epsilon=1e-5,
        spectral_norm=False,
        kernel_initializer=None,
        **kwargs,
    ):
        if kernel_initializer is None:
            kernel_initializer = keras.initializers.RandomNormal(stddev=0.02)
        super().__init__(momentum, epsilon, spectral_norm, kernel_initializer, **kwargs)
        self.hidden = hidden

    def build(self, input_shape):
        """Makes the dense layers."""
        super().build(input_shape)
        channels, shape = input_shape[0][-1], tuple(input_shape[1])
        self.mlp = None
        if self.hidden:
            self.mlp = self._dense("hidden", self.hidden, shape, activation="relu")
            shape = (*shape[:-1], self.hidden)
        self.gain = self._dense("gain", channels, shape, bias_initializer="ones")
        self.bias = self._dense("bias", channels, shape)

    def gain_and_bias(self, condition):
        """Returns gamma(z) and beta(z)."""
        hidden = condition if self.mlp is None else self.mlp(condition)
        return self.gain(hidden), self.bias(hidden)

    def get_config(self):
        return {**super().get_config(), "hidden": self.hidden}
