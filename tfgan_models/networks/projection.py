"""A small conditional pair for quick runs on small images.

The generator has batch norm and sees the label beside z; the discriminator has
no batch norm and sees the label as a projection (Miyato & Koyama 2018,
arXiv:1802.05637, eq. 3): logit = w.h + b + <h, V y>, h the features summed over
the image. The networks themselves are this library's own.
"""

from __future__ import annotations

import keras
from keras import layers

from tfgan_models.layers import BatchNorm, GlobalSumPooling2D
from tfgan_models.networks import dcgan


def projection_generator(image_shape, num_classes, latent_dim=64, width=32) -> keras.Model:
    """[z, y] -> image in [-1, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        num_classes: Size of y.
        latent_dim: Size of z.
        width: Channels of the last hidden layer; 2 and 4 times as many before it.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    height, width_px, channels = dcgan.check_multiple(image_shape, 4)
    z, y = keras.Input((latent_dim,), name="latents"), keras.Input((num_classes,), name="labels")
    embedded = layers.Dense(latent_dim, use_bias=False, name="embedding")(y)
    h = layers.Concatenate()([z, embedded])
    grid = (height // 4, width_px // 4, 4 * width)
    h = layers.Dense(grid[0] * grid[1] * grid[2], use_bias=False)(h)
    h = layers.ReLU()(BatchNorm()(layers.Reshape(grid)(h)))
    for n in (2 * width, width):
        h = layers.Conv2DTranspose(n, 4, 2, "same", use_bias=False)(h)
        h = layers.ReLU()(BatchNorm()(h))
    h = layers.Conv2D(channels, 3, padding="same", name="output")(h)
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model([z, y], image, name="generator")


def projection_discriminator(image_shape, num_classes, width=32) -> keras.Model:
    """[image in [-1, 1], y] -> (B, 1).

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        num_classes: Size of y.
        width: Channels of the first convolution; 2 and 4 times as many after it.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    dcgan.check_multiple(image_shape, 4)
    x, y = keras.Input(image_shape, name="images"), keras.Input((num_classes,), name="labels")
    h = x
    for n in (width, 2 * width):
        h = layers.LeakyReLU(0.2)(layers.Conv2D(n, 4, 2, "same")(h))
    h = layers.LeakyReLU(0.2)(layers.Conv2D(4 * width, 3, padding="same")(h))
    h = GlobalSumPooling2D(dtype="float32")(h)
    embedded = layers.Dense(4 * width, use_bias=False, dtype="float32", name="embedding")(y)
    match = layers.Dot(axes=1, dtype="float32")([h, embedded])
    plain = layers.Dense(1, dtype="float32", name="logit")(h)
    return keras.Model([x, y], layers.Add(dtype="float32")([plain, match]), name="discriminator")
