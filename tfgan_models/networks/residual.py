"""Blocks of residual networks, and what all layers of one network share.

A block is  x' = shortcut(x) + conv3(relu(conv3(relu(x)))), in the generator with batch norm before
each relu. The 1x1 convolution of a shortcut stands where it costs least: before up-sampling and
after pooling, which gives the same numbers as the other order.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from tfgan_models.layers import (
    BatchNorm,
    ConditionalBatchNorm,
    GlobalSumPooling2D,
    SelfAttention2D,
    SpectralNorm,
)

POOLS = ("sum", "mean", "flatten")
INITIALIZERS = ("uniform", "orthogonal")


@dataclass(frozen=True)
class Style:
    """What all layers of one network share.

    Attributes:
        spectral: Whether kernels are spectrally normalised.
        momentum, epsilon: Of batch norm.
        initializer: "uniform" (He and Glorot) or "orthogonal" (BigGAN), of every kernel.
        tables: Whether conditional batch norm has a plain table of gains and biases, from 1 and
            0, for one-hot conditions; else normalised linear maps of the condition (BigGAN).
    """

    spectral: bool = False
    momentum: float = 0.9
    epsilon: float = 1e-5
    initializer: str = "uniform"
    tables: bool = True

    def conv(self, channels, kernel=3, gain=2.0, **kwargs):
        """Convolution; uniform: with variance 2 gain / (fan in + fan out)."""
        layer = layers.Conv2D(
            channels, kernel, padding="same", kernel_initializer=self._kernel(gain), **kwargs
        )
        return SpectralNorm(layer) if self.spectral else layer

    def dense(self, units, **kwargs):
        """Dense layer; uniform: Glorot's."""
        layer = layers.Dense(units, kernel_initializer=self._kernel(1.0), **kwargs)
        return SpectralNorm(layer, dtype=kwargs.get("dtype")) if self.spectral else layer

    def embedding(self, size, **kwargs):
        """Class embedding of one-hot labels or mixtures, never normalised."""
        return layers.Dense(
            size, use_bias=False, kernel_initializer=self._kernel(1.0), name="embedding", **kwargs
        )

    def attention(self):
        """Self-attention."""
        kernel = "orthogonal" if self.initializer == "orthogonal" else "glorot_uniform"
        return SelfAttention2D(self.spectral, kernel_initializer=kernel, name="attention")

    def norm_relu(self, x, condition=None, name=None):
        """Batch norm, with gains and biases of the condition where there is one; relu."""
        if condition is None:
            x = BatchNorm(self.momentum, self.epsilon, name=name)(x)
        else:
            norm = ConditionalBatchNorm(
                self.momentum,
                self.epsilon,
                spectral_norm=self.spectral and not self.tables,
                kernel_initializer="zeros" if self.tables else self._kernel(1.0),
                name=name,
            )
            x = norm([x, condition])
        return layers.ReLU()(x)

    def _kernel(self, gain):
        if self.initializer == "orthogonal":
            return keras.initializers.Orthogonal()
        return keras.initializers.VarianceScaling(gain, "fan_avg", "uniform")


def up_block(style, x, channels, condition=None, name="block"):
    """A generator's block, which doubles the size; `name` begins the names of its layers."""
    h = layers.UpSampling2D(2)(style.norm_relu(x, condition, f"{name}_norm_1"))
    h = style.conv(channels, name=f"{name}_conv_1")(h)
    h = style.norm_relu(h, condition, f"{name}_norm_2")
    h = style.conv(channels, name=f"{name}_conv_2")(h)
    x = style.conv(channels, 1, gain=1.0, name=f"{name}_shortcut")(x)
    return layers.Add()([h, layers.UpSampling2D(2)(x)])


def first_block(style, x, channels):
    """A discriminator's first block, on images: no relu at its entrance; halves the size."""
    h = style.conv(channels)(layers.ReLU()(style.conv(channels)(x)))
    h = layers.AveragePooling2D(2)(h)
    shortcut = style.conv(channels, 1, gain=1.0)(layers.AveragePooling2D(2)(x))
    return layers.Add()([h, shortcut])


def down_block(style, x, channels, hidden, down):
    """A discriminator's block; `down`: halves the size. The shortcut is learned where it must
    change the map, else the identity."""
    h = style.conv(hidden)(layers.ReLU()(x))
    h = style.conv(channels)(layers.ReLU()(h))
    if down:
        h, x = layers.AveragePooling2D(2)(h), layers.AveragePooling2D(2)(x)
    if down or x.shape[-1] != channels:
        x = style.conv(channels, 1, gain=1.0)(x)
    return layers.Add()([h, x])


def pooled(pool, h):
    """(B, H, W, C) -> float32 features (B, n): "sum", "mean" or "flatten"."""
    if pool == "flatten":
        return layers.Flatten(dtype="float32")(h)
    if pool == "mean":
        return layers.GlobalAveragePooling2D(dtype="float32")(h)
    return GlobalSumPooling2D(dtype="float32")(h)


def check_attention(size, sizes) -> None:
    """Refuses a height that no map of a network has.

    Raises:
        ValueError: One line with the heights there are.
    """
    if size is not None and size not in sizes:
        raise ValueError(
            f"attention_size={size}: the maps have {', '.join(map(str, sizes))} rows; use one of "
            "these, or None."
        )
