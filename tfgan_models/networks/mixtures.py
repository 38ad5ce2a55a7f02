"""Small networks for points: mixtures in the plane and numbers on the line.

Metz et al. 2017, arXiv:1611.02163, appendix A (49,666 and 513 weights in the plane).
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import MinibatchDiscrimination


def mixture_generator(image_shape, latent_dim=256, units=(128, 128), *, scale=2.5) -> keras.Model:
    """z -> one point, as a (1, 1, d) image; linear output.

    Args:
        image_shape: (1, 1, d).
        latent_dim: Size of z.
        units: Units of the hidden ReLU layers.
        scale: Points are images times this; the last layer makes points.

    Raises:
        ValueError: The images are more than one pixel.
    """
    check_point(image_shape)
    z = keras.Input((latent_dim,), name="latents")
    h = z
    for n in units:
        h = layers.Dense(n, "relu", kernel_initializer=_orthogonal())(h)
    h = layers.Dense(math.prod(image_shape), kernel_initializer=_orthogonal(), dtype="float32")(h)
    h = layers.Rescaling(1.0 / scale, dtype="float32")(h)
    return keras.Model(z, layers.Reshape(image_shape, dtype="float32")(h), name="generator")


def mixture_discriminator(image_shape, units=(128,), *, scale=2.5, divisor=4.0) -> keras.Model:
    """One point, as a (1, 1, d) image -> (B, 1).

    Args:
        image_shape: (1, 1, d).
        units: Units of the hidden ReLU layers.
        scale: Points are images times this.
        divisor: The network reads points divided by it.

    Raises:
        ValueError: The images are more than one pixel.
    """
    check_point(image_shape)
    x = keras.Input(tuple(image_shape), name="images")
    h = layers.Rescaling(scale / divisor)(layers.Flatten()(x))
    for n in units:
        h = layers.Dense(n, "relu", kernel_initializer=_orthogonal())(h)
    logit = layers.Dense(1, kernel_initializer=_orthogonal(), dtype="float32", name="logit")(h)
    return keras.Model(x, logit, name="discriminator")


def check_point(image_shape) -> None:
    """Raises ValueError unless an image is one pixel."""
    if tuple(image_shape[:2]) != (1, 1):
        raise ValueError(
            f"This network makes points, images of shape (1, 1, d); got {tuple(image_shape)}."
        )


def _orthogonal():
    return keras.initializers.Orthogonal(gain=0.8)


def line_generator(image_shape=(1, 1, 1), latent_dim=1, units=4, scale=8.0) -> keras.Model:
    """z -> one number, as a (1, 1, 1) image; one softplus layer (13 weights with four units).

    Args:
        image_shape: (1, 1, 1).
        latent_dim: Size of z.
        units: Hidden units.
        scale: Numbers are images times this.
    """
    check_point(image_shape)
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Dense(units, "softplus", kernel_initializer=_unit_normal())(z)
    h = layers.Dense(math.prod(image_shape), kernel_initializer=_unit_normal(), dtype="float32")(h)
    h = layers.Rescaling(1.0 / scale, dtype="float32")(h)
    return keras.Model(z, layers.Reshape(image_shape, dtype="float32")(h), name="generator")


def line_discriminator(image_shape=(1, 1, 1), units=8, minibatch=True, scale=8.0) -> keras.Model:
    """One number, as a (1, 1, 1) image -> (B, 1).

    Args:
        image_shape: (1, 1, 1).
        units: Of each hidden ReLU layer.
        minibatch: Minibatch discrimination with 5 kernels of 3 dimensions as the third layer,
            instead of a third ReLU layer.
        scale: Numbers are images times this.
    """
    check_point(image_shape)
    x = keras.Input(tuple(image_shape), name="images")
    h = layers.Rescaling(scale)(layers.Flatten()(x))
    for _ in range(2 if minibatch else 3):
        h = layers.Dense(units, "relu", kernel_initializer=_unit_normal())(h)
    h = MinibatchDiscrimination(5, 3)(h) if minibatch else h
    logit = layers.Dense(1, kernel_initializer=_unit_normal(), dtype="float32", name="logit")(h)
    return keras.Model(x, logit, name="discriminator")


def _unit_normal():
    return keras.initializers.RandomNormal(stddev=1.0)
