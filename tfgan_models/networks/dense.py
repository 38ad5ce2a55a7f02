"""Plain fully connected networks, for points and for small images.

| pair | hidden units | weights | source |
|---|---|---|---|
| points in the plane | 512, 512, 512 relu | 527,874; 527,361 | WGAN-GP, arXiv:1704.00028 |
| points, stability test | 128, 128 tanh | | LSGAN, arXiv:1611.04076 |
| 64x64x3 | 512, 512, 512 relu | 6,880,768; 6,817,793 | WGAN, arXiv:1701.07875 |
| 28x28x1 | 128 relu | 114,064; 100,609 | DRAGAN, arXiv:1705.07215 |
"""

from __future__ import annotations

import math

import keras
from keras import layers


def dense_generator(
    image_shape,
    latent_dim=100,
    units=(512, 512, 512),
    *,
    activation="relu",
    output="linear",
    initializer="glorot_uniform",
    scale=1.0,
) -> keras.Model:
    """z (B, latent_dim) -> image (B, H, W, C).

    Args:
        image_shape: (H, W, C), (1, 1, d) for points.
        latent_dim: Size of z.
        units: Units of the hidden layers.
        activation: Theirs.
        output: Last activation: "linear", "sigmoid" for [0, 1], "tanh" for [-1, 1].
        initializer: Of every kernel: a name, or a serialised initializer as a dict.
        scale: The last layer makes images times this.
    """
    z = keras.Input((latent_dim,), name="latents")
    h = z
    for n in units:
        h = layers.Dense(n, activation, kernel_initializer=initializer)(h)
    h = layers.Dense(
        math.prod(image_shape),
        output,
        kernel_initializer=initializer,
        dtype="float32",
        name="output",
    )(h)
    if scale != 1.0:
        h = layers.Rescaling(1.0 / scale, dtype="float32")(h)
    image = layers.Reshape(tuple(image_shape), dtype="float32")(h)
    return keras.Model(z, image, name="generator")


def dense_discriminator(
    image_shape,
    units=(512, 512, 512),
    *,
    activation="relu",
    initializer="glorot_uniform",
    scale=1.0,
) -> keras.Model:
    """Image (B, H, W, C) -> (B, 1).

    Args:
        image_shape: (H, W, C), (1, 1, d) for points.
        units: Units of the hidden layers.
        activation: Theirs.
        initializer: Of every kernel; see `dense_generator`.
        scale: The first layer sees images times this.
    """
    x = keras.Input(tuple(image_shape), name="images")
    h = layers.Flatten()(x)
    if scale != 1.0:
        h = layers.Rescaling(scale)(h)
    for n in units:
        h = layers.Dense(n, activation, kernel_initializer=initializer)(h)
    logit = layers.Dense(1, kernel_initializer=initializer, dtype="float32", name="logit")(h)
    return keras.Model(x, logit, name="discriminator")
