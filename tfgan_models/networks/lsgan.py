"""LSGAN's networks for scenes: Mao et al. 2017, arXiv:1611.04076, figure and authors' code.

| side | generator | discriminator | weights |
|---|---|---|---|
| 112 | 7x7x256, (256, 256) x2, 128, 64, 3 tanh | 64, 128, 256, 512, 1 | 15,577,667; 4,333,313 |
| 28 | 7x7x256, 128, 64, 1 tanh | 64, 128, 1 | |

The generator's convolutions are 3x3, the discriminator's 5x5. A pair (256, 256) doubles the size
and keeps it; sides that halve less often have fewer pairs. That is an extrapolation, as in the
second row; the table's first row is the paper's.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm
from tfgan_models.networks.dcgan import normal, stages


def lsgan_generator(image_shape, latent_dim=1024, *, width=64) -> keras.Model:
    """z (B, latent_dim) -> image in [-1, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        latent_dim: Size of z.
        width: Channels of the last hidden map; four times as many in the first.

    Raises:
        ValueError: The sides do not fit; the message names the nearest that do.
    """
    count = stages(image_shape)
    grid = (image_shape[0] >> count, image_shape[1] >> count, 4 * width)
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Dense(math.prod(grid), kernel_initializer=normal())(z)
    h = layers.Reshape(grid)(layers.ReLU()(_norm()(h)))
    for _ in range(count - 2):
        h = _deconv(_deconv(h, 4 * width, 2), 4 * width, 1)
    h = _deconv(_deconv(h, 2 * width, 2), width, 2)
    h = layers.Conv2DTranspose(
        image_shape[2], 3, 1, "same", kernel_initializer=normal(), name="output"
    )(h)
    return keras.Model(z, layers.Activation("tanh", dtype="float32")(h), name="generator")


def _deconv(h, channels, stride):
    h = layers.Conv2DTranspose(channels, 3, stride, "same", kernel_initializer=normal())(h)
    return layers.ReLU()(_norm()(h))


def _norm():
    return BatchNorm(epsilon=1e-5, gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02))


def lsgan_discriminator(image_shape, *, width=64) -> keras.Model:
    """Image in [-1, 1] -> (B, 1), linear.

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        width: Channels of the first convolution, doubling afterwards.

    Raises:
        ValueError: The sides do not fit; the message names the nearest that do.
    """
    x = keras.Input(tuple(image_shape), name="images")
    h = x
    for i in range(stages(image_shape)):
        h = layers.Conv2D(width << i, 5, 2, "same", kernel_initializer=normal())(h)
        h = layers.LeakyReLU(0.2)(_norm()(h) if i else h)
    logit = layers.Dense(1, kernel_initializer=normal(), dtype="float32", name="logit")(
        layers.Flatten()(h)
    )
    return keras.Model(x, logit, name="discriminator")
