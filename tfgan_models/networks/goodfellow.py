"""The networks of Goodfellow et al. 2014, arXiv:1406.2661, from the authors' configuration files.

MNIST: dense ReLU generator, maxout discriminator with dropout (2,503,984 and
1,231,441 weights at 28x28). CIFAR-10: a fully connected pair and a convolutional
one. Departure: pooling windows that do not fit are dropped; the authors' library
keeps partial ones.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import Dropout, Maxout

# (units, activation, range of the uniform initialiser)
MNIST_HIDDEN = ((1200, "relu", 0.05), (1200, "relu", 0.05))
CIFAR_HIDDEN = ((8000, "relu", 0.05), (8000, "sigmoid", 0.05))


def _uniform(width: float):
    return keras.initializers.RandomUniform(-width, width)


def mlp_generator(
    image_shape, latent_dim=100, hidden=MNIST_HIDDEN, output="sigmoid", output_range=0.05
) -> keras.Model:
    """Fully connected generator, z (B, latent_dim) -> image (B, H, W, C).

    Args:
        image_shape: (H, W, C).
        latent_dim: Size of z.
        hidden: Sequence of (units, activation, range of the uniform initialiser).
        output: Last activation: "sigmoid" for [0, 1], "linear".
        output_range: Range of the last layer's initialiser.
    """
    z = keras.Input((latent_dim,), name="latents")
    h = z
    for units, activation, width in hidden:
        h = layers.Dense(units, activation, kernel_initializer=_uniform(width))(h)
    h = layers.Dense(
        math.prod(image_shape),
        output,
        kernel_initializer=_uniform(output_range),
        dtype="float32",
        name="output",
    )(h)
    return keras.Model(z, layers.Reshape(image_shape, dtype="float32")(h), name="generator")


def mlp_discriminator(
    image_shape, units=240, pieces=5, dropout=(0.2, 0.5, 0.5), init_range=0.005
) -> keras.Model:
    """Two maxout layers and a logit, image (B, H, W, C) -> (B, 1).

    Args:
        image_shape: (H, W, C).
        units, pieces: Of each maxout layer (240 x 5 for digits, 1600 x 5 for CIFAR-10).
        dropout: Rates on the inputs of the three layers.
        init_range: Range of the uniform initialisers; maxout saturates with a wide one.
    """
    x = keras.Input(image_shape, name="images")
    h = layers.Flatten()(x)
    for rate in dropout[:-1]:
        h = Dropout(rate)(h)
        h = layers.Dense(units * pieces, kernel_initializer=_uniform(init_range))(h)
        h = Maxout(pieces)(h)
    h = Dropout(dropout[-1])(h)
    logit = layers.Dense(1, kernel_initializer=_uniform(init_range), dtype="float32")(h)
    return keras.Model(x, logit, name="discriminator")


def conv_generator(image_shape=(32, 32, 3), latent_dim=100, units=8000) -> keras.Model:
    """Two dense layers and one 5x5 stride-3 transposed convolution, linear output.

    Args:
        image_shape: (H, W, C) with H and W = 3 n + 2, as 32.
        latent_dim: Size of z.
        units: Of both dense layers; a multiple of n * n (10 * 10 * 80 in the paper).

    Raises:
        ValueError: H, W or `units` do not fit.
    """
    height, width, channels = image_shape
    if (height - 2) % 3 or (width - 2) % 3 or min(height, width) < 5:
        near = [max(5, round((n - 2) / 3) * 3 + 2) for n in (height, width)]
        raise ValueError(
            f"The convolutional 2014 generator makes sides of 3 n + 2; got {height}x{width}. "
            f"Nearest that works: {near[0]}x{near[1]}."
        )
    grid = ((height - 2) // 3, (width - 2) // 3)
    if units % (grid[0] * grid[1]):
        raise ValueError(f"units must be a multiple of {grid[0] * grid[1]}; got {units}.")
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Dense(units, "relu", kernel_initializer=_uniform(0.05))(z)
    h = layers.Dense(units, "sigmoid", kernel_initializer=_uniform(0.05))(h)
    h = layers.Reshape((*grid, units // (grid[0] * grid[1])))(h)
    image = layers.Conv2DTranspose(
        channels, 5, 3, kernel_initializer=_uniform(0.05), dtype="float32", name="output"
    )(h)
    return keras.Model(z, image, name="generator")


def conv_discriminator(image_shape=(32, 32, 3), widths=(32, 32, 192), units=500) -> keras.Model:
    """Three maxout convolutions, a maxout dense layer and a logit, image -> (B, 1).

    Args:
        image_shape: (H, W, C), H and W at least 24.
        widths: Channels of the convolutions, each with two pieces.
        units: Of the dense maxout layer, with five pieces.
    """
    x = keras.Input(image_shape, name="images")
    h = Dropout(0.2)(x)
    # kernel, padding, pool, of the three stages
    for width, (kernel, pad, pool) in zip(widths, ((8, 4, 4), (8, 3, 4), (5, 3, 2)), strict=True):
        h = layers.ZeroPadding2D(pad)(h)
        h = layers.Conv2D(width * 2, kernel, kernel_initializer=_uniform(0.005))(h)
        h = layers.MaxPooling2D(pool, 2)(Maxout(2)(h))
        h = Dropout(0.5)(h)
    h = layers.Dense(units * 5, kernel_initializer=_uniform(0.005))(layers.Flatten()(h))
    h = Dropout(0.5)(Maxout(5)(h))
    logit = layers.Dense(1, kernel_initializer=_uniform(0.005), dtype="float32")(h)
    return keras.Model(x, logit, name="discriminator")
