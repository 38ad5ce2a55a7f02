"""Networks of SNGAN: Miyato et al. 2018, arXiv:1802.05957, tables 3 to 6.

The convolutional pair at width 64, for 32 pixels:

| network | layers | weights |
|---|---|---|
| generator | 4x4x512, deconv 4/2 256, 128, 64, conv 3 C tanh; batch norm | 3,813,379 |
| discriminator | 3x3 64, then 4/2 and 3/1 in turn: 64 128, 128 256, 256 512; 1 | 2,935,873 |
| the same, `widen_at_stride` (authors' code) | 64, then 128 128, 256 256, 512 512; 1 | 5,860,865 |

The residual pairs are `networks.resnet`'s; `residual_widths` gives the tables' channels.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm, SpectralNorm
from tfgan_models.networks import dcgan
from tfgan_models.networks.dcgan import check_multiple

# Side of the image from which the discriminator has one block a halving of the generator.
_STL, _LARGE = 48, 64


def halvings(image_shape) -> int:
    """Returns how often both sides halve until the smaller is under 8, at least once.

    Raises:
        ValueError: A side does not divide; the message names the nearest size that works.
    """
    count = max(1, int(math.log2(max(1, min(image_shape[:2])) / 4)))
    check_multiple(image_shape, 2**count)
    return count


def sngan_generator(image_shape, latent_dim=128, *, width=64) -> keras.Model:
    """The convolutional generator, z (B, latent_dim) -> image (B, H, W, C) in [-1, 1].

    Args:
        image_shape: (H, W, C): 32 and 48 pixels halve three times, others as `halvings`.
        latent_dim: Size of z.
        width: Channels of the last hidden map, doubling towards z.

    Raises:
        ValueError: A side does not divide.
    """
    count = halvings(image_shape)
    grid = (*(n >> count for n in image_shape[:2]), width << count)
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Dense(math.prod(grid), kernel_initializer=dcgan.normal())(z)
    h = layers.ReLU()(BatchNorm(epsilon=2e-5)(layers.Reshape(grid)(h)))
    for i in reversed(range(count)):
        h = dcgan.deconv(width << i, 4, use_bias=True)(h)
        h = layers.ReLU()(BatchNorm(epsilon=2e-5)(h))
    h = layers.Conv2D(
        image_shape[2], 3, padding="same", kernel_initializer=dcgan.normal(), name="output"
    )(h)
    return keras.Model(z, layers.Activation("tanh", dtype="float32")(h), name="generator")


def sngan_discriminator(image_shape, *, width=64, slope=0.1, widen_at_stride=False) -> keras.Model:
    """The convolutional discriminator, every kernel spectrally normalised; image -> (B, 1).

    Args:
        image_shape: (H, W, C); see `sngan_generator`.
        width: Channels of the first convolution.
        slope: Of the leaky relu.
        widen_at_stride: Whether the 4x4 convolutions, which halve the size, widen (authors'
            code) instead of the 3x3 ones (the paper's table).

    Raises:
        ValueError: A side does not divide.
    """
    x = keras.Input(tuple(image_shape), name="images")
    h = _conv(width, 3, 1, slope, x)
    for i in range(halvings(image_shape)):
        h = _conv(width << (i + widen_at_stride), 4, 2, slope, h)
        h = _conv(width << (i + 1), 3, 1, slope, h)
    dense = layers.Dense(1, kernel_initializer=dcgan.normal(), dtype="float32")
    logit = SpectralNorm(dense, dtype="float32", name="logit")(layers.Flatten()(h))
    return keras.Model(x, logit, name="discriminator")


def _conv(channels, kernel, stride, slope, h):
    layer = layers.Conv2D(
        channels, kernel, stride, padding="same", kernel_initializer=dcgan.normal()
    )
    return layers.LeakyReLU(slope)(SpectralNorm(layer)(h))


def residual_widths(image_shape, width=None) -> tuple[dict, dict]:
    """Channels of the residual pair of one size, as options of `networks.resnet`.

    Up to 47 pixels the CIFAR pair: generator 2 w throughout, discriminator w w, w w (w 128).
    48 to 63: the STL pair, 8 w 4 w 2 w w up, w 2 w 4 w 8 w down, 16 w (w 64). From 64 on the
    ImageNet pair: from 2^(n - 1) w up to w and back in n blocks (w 64).

    Args:
        image_shape: (H, W, C); both sides halve as `halvings` says, in the discriminator
            twice up to 47 pixels and four times from 48 to 63.
        width: w; None: the paper's.

    Returns:
        (options of `resnet_generator`, options of `resnet_discriminator`).

    Raises:
        ValueError: A side does not divide.
    """
    side, count = min(image_shape[:2]), halvings(image_shape)
    if side < _STL:
        check_multiple(image_shape, 4)
        w = width or 128
        return {"widths": (2 * w,) * count}, {"widths": (w, w), "plain": (w, w)}
    w = width or 64
    up = tuple(w << i for i in reversed(range(count)))
    if side < _LARGE:
        check_multiple(image_shape, 16)
        down = tuple(w << i for i in range(4))
        return {"widths": up, "first_width": 2 * up[0]}, {"widths": down, "plain": (16 * w,)}
    return {"widths": up}, {"widths": up[::-1], "plain": up[:1]}
