"""The networks of EBGAN, whose discriminator is an auto-encoder.

Zhao et al. 2017, arXiv:1609.03126: the fully connected MNIST pair of the authors' grid search
and the convolutional pair for 64x64 photographs.

| architecture | generator | auto-encoder | weights |
|---|---|---|---|
| mlp, 28x28x1 | 4 dense ReLU 1600, sigmoid | dense ReLU 1024, linear | 9,107,984; 1,607,440 |
| conv, 64x64x3 | port, 4x4x1024 .. 3 tanh | 64, 128, 256; 128, 64, 3 | 12,658,432; 1,318,083 |

The best run's "5 layers" and "2 layers" count the last one. Kernels of "conv" are 4x4 with
stride 2, its code is the third layer's output (8x8x256 of 64x64).
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm, ReconstructionEnergy
from tfgan_models.networks import dcgan

ARCHITECTURES = ("mlp", "conv")


def ebgan_generator(architecture, image_shape, latent_dim=100, width=None) -> keras.Model:
    """z -> image: "mlp" in [0, 1] by a sigmoid, "conv" in [-1, 1] by a hyperbolic tangent.

    Args:
        architecture: "mlp" or "conv".
        image_shape: (H, W, C); for "conv" square sides 16, 32, 64, ...
        latent_dim: Size of z.
        width: Units of the hidden layers (1600), or half the channels before the image (64).

    Raises:
        ValueError: An unknown architecture, or sides that "conv" does not make.
    """
    check_architecture(architecture)
    if architecture == "conv":
        return dcgan.dcgan_generator(image_shape, latent_dim, width=2 * (width or 64), port=True)
    z = keras.Input((latent_dim,), name="latents")
    h = z
    for _ in range(4):
        h = layers.Dense(width or 1600, use_bias=False)(h)
        h = layers.ReLU()(BatchNorm()(h))
    h = layers.Dense(math.prod(image_shape), name="output")(h)
    image = layers.Activation("sigmoid", dtype="float32")(layers.Reshape(tuple(image_shape))(h))
    return keras.Model(z, image, name="generator")


def ebgan_discriminator(architecture, image_shape, width=None) -> keras.Model:
    """Image -> {"logits": energies (B, 1), "code": the encoder's output (B, n)}.

    The energy is the mean squared error over pixels for "mlp", the Euclidean norm of the
    error for "conv"; margins are on these scales. The decoder ends linear.

    Args:
        architecture: "mlp" or "conv".
        image_shape: (H, W, C); for "conv" multiples of 8.
        width: Units of the code (1024), or channels of the first layer (64).

    Raises:
        ValueError: An unknown architecture, or sides that "conv" does not read.
    """
    check_architecture(architecture)
    x = keras.Input(tuple(image_shape), name="images")
    if architecture == "mlp":
        code = layers.Dense(width or 1024, "relu")(layers.Flatten()(x))
        rebuilt = layers.Reshape(tuple(image_shape))(layers.Dense(math.prod(image_shape))(code))
        kind = "mean_square"
    else:
        maps, rebuilt = _auto_encode(x, width or 64)
        code, kind = layers.Flatten()(maps), "l2"
    energy = ReconstructionEnergy(kind, dtype="float32", name="energy")([x, rebuilt])
    return keras.Model(x, {"logits": energy, "code": code}, name="discriminator")


def _auto_encode(x, width):
    dcgan.check_multiple(x.shape[1:], 8)
    h = layers.LeakyReLU(0.2)(dcgan.conv(width, 4, use_bias=True)(x))
    for channels in (2 * width, 4 * width):
        h = layers.LeakyReLU(0.2)(BatchNorm()(dcgan.conv(channels, 4)(h)))
    code = h
    for channels in (2 * width, width):
        h = layers.LeakyReLU(0.2)(BatchNorm()(dcgan.deconv(channels, 4)(h)))
    return code, dcgan.deconv(x.shape[-1], 4, use_bias=True)(h)


def check_architecture(architecture) -> None:
    """Raises ValueError unless the architecture is one of `ARCHITECTURES`."""
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}."
        )
