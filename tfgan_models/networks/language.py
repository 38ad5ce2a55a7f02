"""Residual one-dimensional convolutions over characters: WGAN-GP's language model.

Gulrajani et al. 2017, arXiv:1704.00028, and the authors' gan_language.py. A text of L
characters from an alphabet of V is an "image" (L, V, 1): a row a character, one-hot in real text,
a distribution in made one, so that everything that handles images handles it.
"""

from __future__ import annotations

import keras
from keras import layers

_RESIDUAL = 0.3


def _conv(channels, kernel):
    he = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
    return layers.Conv1D(channels, kernel, padding="same", kernel_initializer=he)


def _blocks(h, count):
    """x + 0.3 conv5(relu(conv5(relu(x)))), `count` times."""
    for _ in range(count):
        inner = _conv(h.shape[-1], 5)(layers.ReLU()(h))
        inner = _conv(h.shape[-1], 5)(layers.ReLU()(inner))
        h = layers.Add()([h, layers.Rescaling(_RESIDUAL)(inner)])
    return h


def language_generator(image_shape, latent_dim=128, *, width=512, blocks=5) -> keras.Model:
    """z (B, latent_dim) -> (B, L, V, 1), each row a softmax in [0, 1].

    Args:
        image_shape: (L, V, 1).
        latent_dim: Size of z.
        width: Channels.
        blocks: Residual blocks.

    Raises:
        ValueError: More than one channel.
    """
    length, vocabulary = check_text(image_shape)
    z = keras.Input((latent_dim,), name="latents")
    h = layers.Reshape((length, width))(layers.Dense(length * width)(z))
    h = _conv(vocabulary, 1)(_blocks(h, blocks))
    text = layers.Softmax(dtype="float32")(h)
    return keras.Model(
        z, layers.Reshape((length, vocabulary, 1), dtype="float32")(text), name="generator"
    )


def language_discriminator(image_shape, *, width=512, blocks=5) -> keras.Model:
    """(B, L, V, 1), rows that sum to one -> (B, 1); mirrors the generator.

    Args:
        image_shape: (L, V, 1).
        width: Channels.
        blocks: Residual blocks.

    Raises:
        ValueError: More than one channel.
    """
    length, vocabulary = check_text(image_shape)
    x = keras.Input(tuple(image_shape), name="images")
    h = _conv(width, 1)(layers.Reshape((length, vocabulary))(x))
    h = layers.Flatten()(_blocks(h, blocks))
    logit = layers.Dense(1, dtype="float32", name="logit")(h)
    return keras.Model(x, logit, name="discriminator")


def check_text(image_shape) -> tuple[int, int]:
    """Returns (L, V); raises ValueError unless the shape is (L, V, 1)."""
    if len(image_shape) != 3 or image_shape[2] != 1:
        raise ValueError(
            "Text of L characters from an alphabet of V has image_shape (L, V, 1); got "
            f"{tuple(image_shape)}."
        )
    return int(image_shape[0]), int(image_shape[1])
