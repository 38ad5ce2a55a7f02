"""Networks of AC-GAN: Odena et al. 2017, arXiv:1610.09585, appendix, and the Keras team's digits.

| pair | generator | discriminator | weights |
|---|---|---|---|
| paper, 32 | 4x4x384, deconv 5/2 192, 96, C tanh | 16, 32, .. 512 | 2,994,051; 1,664,875 |
| paper, 128 | 4x4x768, 384, 256, 192, 64, C tanh | the same | 12,737,859; 3,016,555 |
| digits, 28 | 3x3x384, deconv 5 192, 96, C tanh | 32, 64, 128, 256 | 2,656,745; 525,835 |

The discriminators' convolutions are 3x3, every other one of stride two, with leaky relu and
dropout, and end in two heads, `logits` and `class_logits`. The paper's have batch norm, the
generator too; the digits' have none.
"""

from __future__ import annotations

import keras
from keras import layers

from tfgan_models.core.arguments import one_of
from tfgan_models.layers import BatchNorm, Dropout
from tfgan_models.networks import dcgan

PAIRS = ("paper", "digits")
_LARGE = 64  # the smaller side from which the paper's ImageNet channels are taken
_DEEP, _SHALLOW = (384, 256, 192, 64), (192, 96)


def _paper_widths(image_shape, width):
    """Channels of the hidden maps after the first, the first's, and how often a side halves."""
    deep = min(image_shape[:2]) >= _LARGE
    first, rest = (768, _DEEP) if deep else (384, _SHALLOW)
    scale = (width or 16) / 16
    dcgan.check_multiple(image_shape, 2 ** (len(rest) + 1))
    return tuple(max(1, round(n * scale)) for n in (first, *rest)), len(rest) + 1


def acgan_generator(pair, image_shape, num_classes, latent_dim=100, *, width=None) -> keras.Model:
    """[z, y] -> image in [-1, 1].

    Args:
        pair: "paper": y beside z; "digits": z times an embedding of y, as in the Keras team's
            example.
        image_shape: (H, W, C); "paper": multiples of 8, from 64 on of 32; "digits": multiples
            of 4 from 20 on.
        num_classes: Size of y.
        latent_dim: Size of z.
        width: Channels of the discriminator's first layer, to which the others are in
            proportion; None: the source's, 16 and 32.

    Raises:
        ValueError: An unknown pair, or a side that it cannot make.
    """
    one_of("pair", pair, PAIRS)
    z, y = keras.Input((latent_dim,), name="latents"), keras.Input((num_classes,), name="labels")
    if pair == "paper":
        h = _grow(layers.Concatenate()([z, y]), image_shape, width)
    else:
        embedded = layers.Dense(
            latent_dim, use_bias=False, kernel_initializer="glorot_normal", name="embedding"
        )(y)
        h = _grow_digits(layers.Multiply()([z, embedded]), image_shape, width)
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model([z, y], image, name="generator")


def _grow(h, image_shape, width):
    (first, *widths), halvings = _paper_widths(image_shape, width)
    grid = (*(n >> halvings for n in image_shape[:2]), first)
    h = layers.Dense(grid[0] * grid[1] * first, "relu", kernel_initializer=dcgan.normal())(h)
    h = layers.Reshape(grid)(h)
    for n in widths:
        h = layers.ReLU()(BatchNorm()(dcgan.deconv(n, use_bias=True)(h)))
    return dcgan.deconv(image_shape[2], use_bias=True, name="output")(h)


def _grow_digits(h, image_shape, width):
    height, width_px, channels = dcgan.check_multiple(image_shape, 4)
    grid = (height // 4 - 4, width_px // 4 - 4)
    if min(grid) < 1:
        raise ValueError(
            f"The digits' generator grows by a valid 5x5 convolution: sides of 20 or more; got "
            f"{height}x{width_px}."
        )
    n = width or 32
    h = layers.Dense(grid[0] * grid[1] * 12 * n, "relu")(h)
    h = layers.Reshape((*grid, 12 * n))(h)
    for filters, stride, padding in ((6 * n, 1, "valid"), (3 * n, 2, "same")):
        h = layers.Conv2DTranspose(
            filters, 5, stride, padding, activation="relu", kernel_initializer="glorot_normal"
        )(h)
    return layers.Conv2DTranspose(
        channels, 5, 2, "same", kernel_initializer="glorot_normal", name="output"
    )(h)


def acgan_discriminator(pair, image_shape, num_classes, *, width=None) -> keras.Model:
    """Image in [-1, 1] -> {`logits` (B, 1), `class_logits` (B, num_classes)}.

    Args:
        pair: "paper": six convolutions, batch norm but in the first, dropout 0.5; "digits":
            four, dropout 0.3.
        image_shape: (H, W, C).
        num_classes: Number of classes.
        width: Channels of the first convolution; None: 16 and 32.

    Raises:
        ValueError: An unknown pair.
    """
    one_of("pair", pair, PAIRS)
    paper = pair == "paper"
    width, count, rate = (width or 16, 6, 0.5) if paper else (width or 32, 4, 0.3)
    initializer = dcgan.normal() if paper else "glorot_uniform"
    x = keras.Input(tuple(image_shape), name="images")
    h = x
    for i in range(count):
        h = layers.Conv2D(width << i, 3, 2 - i % 2, padding="same", kernel_initializer=initializer)(
            h
        )
        h = BatchNorm()(h) if paper and i else h
        h = Dropout(rate)(layers.LeakyReLU(0.2)(h))
    h = layers.Flatten(dtype="float32")(h)
    outputs = {
        name: layers.Dense(n, kernel_initializer=initializer, dtype="float32", name=name)(h)
        for name, n in (("logits", 1), ("class_logits", num_classes))
    }
    return keras.Model(x, outputs, name="discriminator")
