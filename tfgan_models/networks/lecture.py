"""Small networks for 28x28 grey digits from a lecture's notebooks, the failing ones included.

Raschka 2021, "Introduction to Deep Learning and Generative Models" (STAT 453), lecture 16.

| architecture | generator | discriminator |
|---|---|---|
| mlp | 114,064 | 100,609 |
| failing_cnn | 349,381 | 18,841 |
| half_cnn | 114,064 (the mlp's) | 18,585 |
| plain_cnn | 81,637 | 18,585 |
| good_cnn | 344,208 | 4,025 |
| dcgan (64x64 colour) | 3,576,704 | 2,765,633 |

Leaky ReLUs have slope 0.01 (1e-4 in good_cnn). The padding is that of the notebooks: transposed
convolutions by (kernel 3, stride 2, padding 1) make 2 n - 1 of n, and kernels of 2 with padding 1
make n + 1.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm, Dropout
from tfgan_models.networks import dcgan

ARCHITECTURES = ("mlp", "failing_cnn", "half_cnn", "plain_cnn", "good_cnn", "dcgan")
_SHAPE = (28, 28, 1)
_LEAK = 0.01


def lecture_generator(architecture, image_shape=_SHAPE, latent_dim=100, width=None) -> keras.Model:
    """z -> image in [-1, 1].

    Args:
        architecture: One of `ARCHITECTURES`.
        image_shape: (28, 28, 1); any shape for "mlp", the port's squares for "dcgan".
        latent_dim: Size of z.
        width: Hidden units of "mlp" (128), channels of "dcgan" (64); None: the lecture's.

    Raises:
        ValueError: An unknown architecture, or images that it does not make.
    """
    _check(architecture, image_shape, width)
    if architecture == "dcgan":
        return dcgan.dcgan_generator(image_shape, latent_dim, width=width, port=True)
    z = keras.Input((latent_dim,), name="latents")
    if architecture in ("mlp", "half_cnn"):
        h = Dropout(0.5)(layers.LeakyReLU(_LEAK)(_dense(width or 128)(z)))
        h = layers.Reshape(image_shape)(_dense(math.prod(image_shape))(h))
    else:
        h = _CONVOLUTIONAL[architecture](z)
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model(z, image, name="generator")


def lecture_discriminator(architecture, image_shape=_SHAPE, width=None) -> keras.Model:
    """Image in [-1, 1] -> (B, 1); the arguments are those of `lecture_generator`.

    Raises:
        ValueError: An unknown architecture, or images that it does not read.
    """
    _check(architecture, image_shape, width)
    x = keras.Input(tuple(image_shape), name="images")
    if architecture == "dcgan":
        h = _port_trunk(x, width or 64)
    elif architecture == "mlp":
        h = layers.LeakyReLU(_LEAK)(_dense(width or 128)(layers.Flatten()(x)))
        h = Dropout(0.5)(h)
    elif architecture == "good_cnn":
        h = x
        for channels in (8, 32):
            h = _conv(channels, 3, 2, use_bias=False)(layers.ZeroPadding2D(1)(h))
            h = layers.LeakyReLU(1e-4)(BatchNorm()(h))
        h = layers.Flatten()(h)
    else:
        h = _six_convolutions(x, norm=architecture == "failing_cnn")
    initializer = dcgan.normal() if architecture == "dcgan" else _uniform()
    logit = layers.Dense(1, kernel_initializer=initializer, dtype="float32", name="logit")(h)
    return keras.Model(x, logit, name="discriminator")


def _uniform():
    """PyTorch's default: U(-1, 1) / sqrt(fan in)."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def _dense(units, **kwargs):
    return layers.Dense(units, kernel_initializer=_uniform(), **kwargs)


def _conv(channels, kernel, strides=1, **kwargs):
    return layers.Conv2D(channels, kernel, strides, kernel_initializer=_uniform(), **kwargs)


def _deconv(channels, kernel, strides=1, **kwargs):
    return layers.Conv2DTranspose(
        channels, kernel, strides, kernel_initializer=_uniform(), **kwargs
    )


def _failing_generator(z):
    h = layers.Reshape((7, 7, 64))(layers.LeakyReLU(_LEAK)(_dense(3136)(z)))
    stages = (
        _deconv(64, 2, 2),
        _grow(32),
        _deconv(32, 2, 2),
        _grow(16),
        _conv(8, 3, padding="same"),
        _conv(4, 3),
    )
    for stage in stages:
        h = layers.LeakyReLU(_LEAK)(BatchNorm()(stage(h)))
    return _conv(1, 2)(h)


def _plain_generator(z):
    h = layers.Reshape((7, 7, 16))(layers.LeakyReLU(_LEAK)(_dense(784)(z)))
    stages = (
        _deconv(16, 2, 2),
        _grow(8),
        _double_less_one(8),
        _conv(4, 3, padding="same"),
    )
    for stage in stages:
        h = layers.LeakyReLU(_LEAK)(stage(h))
    return _conv(1, 2)(h)


def _good_generator(z):
    h = layers.LeakyReLU(1e-4)(BatchNorm()(_dense(3136, use_bias=False)(z)))
    h = layers.Reshape((7, 7, 64))(h)
    stages = (
        _double_less_one(32, use_bias=False),
        _double_less_one(16, use_bias=False),
        _deconv(8, 3, use_bias=False),
    )
    for stage in stages:
        h = layers.LeakyReLU(1e-4)(BatchNorm()(stage(h)))
    return _deconv(1, 2, use_bias=False)(h)


_CONVOLUTIONAL = {
    "failing_cnn": _failing_generator,
    "plain_cnn": _plain_generator,
    "good_cnn": _good_generator,
}


def _grow(channels):
    """2x2 convolution after a border of one pixel: n to n + 1."""
    padding, convolution = layers.ZeroPadding2D(1), _conv(channels, 2)
    return lambda h: convolution(padding(h))


def _double_less_one(channels, **kwargs):
    """3x3 transposed convolution of stride 2 without its outer pixels: n to 2 n - 1."""
    deconvolution = _deconv(channels, 3, 2, **kwargs)
    crop = layers.Cropping2D(1)
    return lambda h: crop(deconvolution(h))


def _six_convolutions(x, norm):
    h = x
    for channels in (8, 16, 32):
        for stride in (1, 2):
            h = _conv(channels, 3, stride)(layers.ZeroPadding2D(1)(h))
            h = layers.LeakyReLU(_LEAK)(BatchNorm()(h) if norm else h)
    h = layers.LeakyReLU(_LEAK)(_dense(16)(layers.GlobalAveragePooling2D()(h)))
    return BatchNorm()(h) if norm else h


def _port_trunk(x, width):
    """The port's convolutions; unlike it, the lecture's first and last ones have biases."""
    h = layers.LeakyReLU(0.2)(dcgan.conv(width, 4, use_bias=True)(x))
    for i in range(1, dcgan.stages(x.shape[1:])):
        h = layers.LeakyReLU(0.2)(BatchNorm()(dcgan.conv(width << i, 4)(h)))
    return layers.Flatten()(h)


def _check(architecture, image_shape, width) -> None:
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}."
        )
    if architecture in ("mlp", "dcgan"):
        return
    if tuple(image_shape) != _SHAPE:
        raise ValueError(
            f"{architecture} makes images of shape {_SHAPE} only; got {tuple(image_shape)}: use "
            "'mlp' or 'dcgan'."
        )
    if width is not None:
        raise ValueError(f"{architecture} has no width; leave it out.")
