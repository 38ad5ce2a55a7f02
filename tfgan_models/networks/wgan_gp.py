"""Convolutional pairs of WGAN-GP: Gulrajani et al. 2017, arXiv:1704.00028, the authors' code.

| pair | generator | critic | weights |
|---|---|---|---|
| digits, width 64 | 4x4x256, 128, 64, 1 sigmoid | 64, 128, 256, 1 | 1,554,177; 1,030,145 |
| colour, width 128 | 4x4x512, 256, 128, 3 tanh, norms | 128, 256, 512, 1 | 5,179,907; 4,114,689 |

All kernels 5x5, stride 2, with biases; the critic has no norm. A side that three halvings do not
divide is rounded up on the way down and cropped on the way up: 28, 14, 7, 4.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm

_STAGES = 3


def _he():
    return keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")


def _sizes(image_shape) -> list[tuple[int, int]]:
    """Sizes from the image down to the smallest map."""
    return [tuple(math.ceil(n / 2**i) for n in image_shape[:2]) for i in range(_STAGES + 1)]


def wgan_gp_generator(
    image_shape, latent_dim=128, *, width=64, batch_norm=False, output="sigmoid"
) -> keras.Model:
    """z (B, latent_dim) -> image (B, H, W, C).

    Args:
        image_shape: (H, W, C).
        latent_dim: Size of z.
        width: Channels of the last hidden map, doubling towards z.
        batch_norm: After every hidden layer; of the dense layer per feature.
        output: Last activation: "sigmoid" for [0, 1], "tanh" for [-1, 1].
    """
    *larger, grid = _sizes(image_shape)
    shape = (*grid, width << (_STAGES - 1))
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Dense(math.prod(shape))(z)
    h = layers.Reshape(shape)(_norm_relu(h, batch_norm))
    for i in reversed(range(_STAGES)):
        last = i == 0
        h = layers.Conv2DTranspose(
            image_shape[2] if last else width << (i - 1),
            5,
            2,
            "same",
            kernel_initializer="glorot_uniform" if last else _he(),
            name="output" if last else None,
        )(h)
        h = _crop(h if last else _norm_relu(h, batch_norm), larger[i])
    return keras.Model(z, layers.Activation(output, dtype="float32")(h), name="generator")


def _norm_relu(h, batch_norm):
    return layers.ReLU()(BatchNorm(epsilon=1e-3)(h) if batch_norm else h)


def _crop(h, size):
    excess = tuple((0, have - wanted) for have, wanted in zip(h.shape[1:3], size, strict=True))
    return layers.Cropping2D(excess)(h) if any(n for _, n in excess) else h


def wgan_gp_discriminator(image_shape, *, width=64) -> keras.Model:
    """Image (B, H, W, C) -> (B, 1), without any norm.

    Args:
        image_shape: (H, W, C).
        width: Channels of the first convolution, doubling afterwards.
    """
    x = keras.Input(tuple(image_shape), name="images")
    h = x
    for i in range(_STAGES):
        h = layers.Conv2D(width << i, 5, 2, "same", kernel_initializer=_he())(h)
        h = layers.LeakyReLU(0.2)(h)
    logit = layers.Dense(1, dtype="float32", name="logit")(layers.Flatten()(h))
    return keras.Model(x, logit, name="discriminator")
