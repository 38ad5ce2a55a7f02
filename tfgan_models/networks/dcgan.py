"""DCGAN networks: Radford et al. 2015, arXiv:1511.06434, and the Torch port.

| side | generator | discriminator | weights | source |
|---|---|---|---|---|
| 28 | 1024, 7x7x128, 64, C sigmoid | 64, 128, 1024, 1 | | authors' MNIST code |
| 32 | 4x4x512, 256, 128, C tanh | 128, 256, 512, 1 | 4,926,595; 4,115,457 | as in WGAN-GP |
| 64 | 4x4x1024, 512, 256, 128, C | 128 .. 1024, 1 | 18,885,760; 17,232,768 | authors' code |
| 64 port | 512, 256, 128, 64, C | 64 .. 512, 1 | 3,576,704; 2,765,568 | Torch port |
| 128 | 4x4x1024, 512 .. 64, C | 64 .. 1024, 1 | | one more stage |

Other sides, rectangles too, follow from the number of times both halve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
from keras import layers

from tfgan_models.layers import BatchNorm


@dataclass(frozen=True)
class _Style:
    """Where the versions differ.

    Attributes:
        kernel: Side of the convolutions.
        bias: Biases in the generator's last and the discriminator's first and last layers.
        per_feature: Batch norm of the projection before its reshape to maps.
        epsilon: Of batch norm.
        affine: Whether batch norm has gain and bias.
    """

    kernel: int = 5
    bias: bool = False
    per_feature: bool = True
    epsilon: float = 1e-5
    affine: bool = True


_DIGITS = _Style(affine=False)
_CIFAR = _Style(bias=True, per_feature=False)
_OFFICIAL = _Style(epsilon=1e-8)
_PORT = _Style(kernel=4, per_feature=False)


def normal():
    """N(0, 0.02), the kernels' initialiser."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def conv(channels, kernel=5, use_bias=False, **kwargs):
    """Stride-2 convolution."""
    return layers.Conv2D(
        channels, kernel, 2, "same", use_bias=use_bias, kernel_initializer=normal(), **kwargs
    )


def deconv(channels, kernel=5, use_bias=False, **kwargs):
    """Stride-2 transposed convolution."""
    return layers.Conv2DTranspose(
        channels, kernel, 2, "same", use_bias=use_bias, kernel_initializer=normal(), **kwargs
    )


def _plain(channels):
    return layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer=normal())


def _norm(style):
    if not style.affine:
        return BatchNorm(epsilon=style.epsilon, center=False, scale=False)
    gamma = keras.initializers.RandomNormal(1.0, 0.02)
    return BatchNorm(epsilon=style.epsilon, gamma_initializer=gamma)


def check_multiple(image_shape, factor):
    """Returns image_shape; raises ValueError unless H and W are multiples of `factor`."""
    height, width, _ = image_shape
    if height % factor or width % factor or min(height, width) < factor:
        near = [max(factor, round(n / factor) * factor) for n in (height, width)]
        raise ValueError(
            f"This network needs sides that are multiples of {factor}; got {height}x{width}. "
            f"Nearest that works: {near[0]}x{near[1]}."
        )
    return image_shape


def stages(image_shape) -> int:
    """Returns how often both sides halve before the smaller is under 8 (2 to 6 times).

    Raises:
        ValueError: Fewer than two times; the message names the nearest size that works.
    """
    height, width, _ = check_multiple(image_shape, 4)
    count = 2
    while count < 6 and all(n % 2 ** (count + 1) == 0 and n >> count >= 8 for n in (height, width)):
        count += 1
    return count


def _settings(image_shape, port, width):
    count = stages(image_shape)
    if port:
        if image_shape[0] != image_shape[1] or image_shape[0] != 4 << count:
            raise ValueError(
                f"The port grows from 4x4: square sides 16, 32, 64, 128, 256; got "
                f"{image_shape[0]}x{image_shape[1]}."
            )
        return count, _PORT, width or 64
    if count == 2:
        return count, _DIGITS, width or 64
    return count, _CIFAR if count == 3 else _OFFICIAL, width or (128 if count < 5 else 64)


def dcgan_generator(image_shape, latent_dim=100, *, width=None, port=False, extra=0) -> keras.Model:
    """Transposed convolutions from a dense projection, z -> image.

    Args:
        image_shape: (H, W, C), H and W multiples of 4 (see the table above).
        latent_dim: Size of z.
        width: Channels of the last hidden layer, doubling towards z; None: the table's.
        port: The Torch port (kernel 4, no dense layer) instead of the authors' network.
        extra: 3x3 convolutions of the last hidden size, before the last layer.

    Returns:
        Network with tanh output in [-1, 1], sigmoid [0, 1] where sides halve only twice.

    Raises:
        ValueError: The sides do not fit; the message names sizes that do.
    """
    count, style, width = _settings(image_shape, port, width)
    grid = (image_shape[0] >> count, image_shape[1] >> count)
    z = keras.Input((latent_dim,), name="latents")
    h = _project(z, (*grid, width << (count - 1)), style, width)
    for i in reversed(range(count - 1)):
        h = layers.ReLU()(_norm(style)(deconv(width << i, style.kernel)(h)))
    for _ in range(extra):
        h = layers.ReLU()(_norm(style)(_plain(width)(h)))
    h = deconv(image_shape[2], style.kernel, use_bias=style.bias, name="output")(h)
    last = "sigmoid" if style is _DIGITS else "tanh"
    image = layers.Activation(last, dtype="float32")(h)
    return keras.Model(z, image, name="generator")


def _project(z, maps, style, width):
    if style is _PORT:
        h = layers.Reshape((1, 1, z.shape[-1]))(z)
        h = layers.Conv2DTranspose(maps[-1], 4, use_bias=False, kernel_initializer=normal())(h)
        return layers.ReLU()(_norm(style)(h))
    h = z
    if style is _DIGITS:
        h = layers.Dense(16 * width, use_bias=False, kernel_initializer=normal())(h)
        h = layers.ReLU()(_norm(style)(h))
    h = layers.Dense(math.prod(maps), use_bias=False, kernel_initializer=normal())(h)
    if style.per_feature:
        h = layers.Reshape(maps)(_norm(style)(h))
    else:
        h = _norm(style)(layers.Reshape(maps)(h))
    return layers.ReLU()(h)


def dcgan_discriminator(image_shape, *, width=None, port=False, extra=0) -> keras.Model:
    """Strided convolutions and one logit, image -> (B, 1).

    Args:
        image_shape: (H, W, C), H and W multiples of 4 (see the table above).
        width: Channels of the first convolution, doubling afterwards; None: the table's.
        port: The Torch port (kernel 4, last layer a 4x4 convolution).
        extra: 3x3 convolutions of the first hidden size, after the first layer.

    Raises:
        ValueError: The sides do not fit; the message names sizes that do.
    """
    count, style, width = _settings(image_shape, port, width)
    x = keras.Input(image_shape, name="images")
    h = layers.LeakyReLU(0.2)(conv(width, style.kernel, use_bias=style.bias)(x))
    for _ in range(extra):
        h = layers.LeakyReLU(0.2)(_norm(style)(_plain(width)(h)))
    for i in range(1, count):
        h = layers.LeakyReLU(0.2)(_norm(style)(conv(width << i, style.kernel)(h)))
    h = layers.Flatten()(h)  # the port's 4x4 convolution over 4x4 maps is this dense layer
    if style is _DIGITS:
        h = layers.Dense(16 * width, use_bias=False, kernel_initializer=normal())(h)
        h = layers.LeakyReLU(0.2)(_norm(style)(h))
    logit = layers.Dense(
        1, use_bias=style.bias, kernel_initializer=normal(), dtype="float32", name="logit"
    )(h)
    return keras.Model(x, logit, name="discriminator")
