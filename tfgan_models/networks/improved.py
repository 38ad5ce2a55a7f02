"""The networks of Salimans et al. 2016, arXiv:1606.03498, from the authors' CIFAR-10 code.

At 32x32x3, width 128:

| generator | discriminator |
|---|---|
| z, dense 4x4x512, norm, ReLU | 3x3 convolutions 96, 96, 96 stride 2 |
| 5x5 transposed 256, norm, ReLU | 192, 192, 192 stride 2 |
| 5x5 transposed 128, norm, ReLU | 192 without padding, 1x1 192, 1x1 192 |
| 5x5 transposed 3, tanh | mean over positions, 100 x 5 likenesses, dense 1 |

The generator's norm is virtual batch norm (4,941,958 weights) or batch norm with biases and no
gains, as where the code learns a classifier (4,933,382). Convolutions of the discriminator and
the generator's last layer are weight-normalised; leaky ReLUs have slope 0.2. The discriminator
has 1,405,057 weights before likenesses and the length of its last layer. Departure: its lengths
start, and stay, at He et al.'s 2015 instead of those that a first batch of images gives.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import (
    BatchNorm,
    GaussianNoise,
    MinibatchDiscrimination,
    ReferenceBatch,
    VirtualBatchNorm,
    WeightNorm,
)
from tfgan_models.networks import dcgan


def _normal():
    return keras.initializers.RandomNormal(0.0, 0.05)


def improved_generator(
    image_shape, latent_dim=100, *, width=128, references=64, latent_range=(0.0, 1.0)
) -> keras.Model:
    """z -> image in [-1, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 4, at least 8.
        latent_dim: Size of z.
        width: Channels of the last hidden layer, doubling towards z.
        references: Fixed latents whose statistics virtual batch norm uses; 0: batch norm.
        latent_range: Bounds of the uniform references.

    Raises:
        ValueError: The sides do not fit; the message names sizes that do.
    """
    count = dcgan.stages(image_shape)
    grid = (image_shape[0] >> count, image_shape[1] >> count, width << (count - 1))
    z = keras.Input((latent_dim,), name="latents")
    flow = [z]
    if references:
        uniform = keras.initializers.RandomUniform(*latent_range)
        flow.append(ReferenceBatch((references, latent_dim), uniform, name="references")(z))
    dense = layers.Dense(math.prod(grid), use_bias=False, kernel_initializer=_normal())
    flow = _normalised([dense(h) for h in flow])
    flow = [layers.Reshape(grid)(h) for h in flow]
    for i in reversed(range(count - 1)):
        enlarge = _deconv(width << i, use_bias=False)
        flow = _normalised([enlarge(h) for h in flow])
    h = WeightNorm(_deconv(image_shape[2]), name="output")(flow[0])
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model(z, image, name="generator")


def _deconv(channels, use_bias=True):
    return layers.Conv2DTranspose(
        channels, 5, 2, "same", use_bias=use_bias, kernel_initializer=_normal()
    )


def _normalised(flow):
    """Normalises [h], or [h, references], then ReLU."""
    if len(flow) == 1:
        return [layers.ReLU()(BatchNorm(scale=False, epsilon=1e-6)(flow[0]))]
    return [layers.ReLU()(h) for h in VirtualBatchNorm()(flow)]


def improved_discriminator(image_shape, *, width=96, kernels=100, noise=0.2) -> keras.Model:
    """Image -> {"logits": (B, 1), "features": the pooled maps (B, 2 width)}.

    Args:
        image_shape: (H, W, C), at least 12x12.
        width: Channels of the first three convolutions, twice as many afterwards.
        kernels: Likenesses that minibatch discrimination appends, each of 5 dimensions; 0: none.
        noise: Deviation of the noise on the input and between the blocks, in training; the
            authors' sample model has it in place of dropout.

    Raises:
        ValueError: The image is smaller than 12x12.
    """
    if min(image_shape[:2]) < 12:
        raise ValueError(
            f"This discriminator needs 12x12 pixels or more; got {image_shape[0]}x{image_shape[1]}."
        )
    x = keras.Input(tuple(image_shape), name="images")
    h = x
    for channels in (width, 2 * width):
        h = GaussianNoise(noise)(h)
        for strides in (1, 1, 2):
            h = _conv(h, channels, 3, strides)
    h = _conv(GaussianNoise(noise)(h), 2 * width, 3, padding="valid")
    for _ in range(2):
        h = _conv(h, 2 * width, 1)
    features = h = layers.GlobalAveragePooling2D(name="features")(h)
    if kernels:
        h = MinibatchDiscrimination(kernels, 5, name="likeness")(h)
    logit = WeightNorm(
        layers.Dense(1, kernel_initializer=_normal(), dtype="float32"), dtype="float32"
    )(h)
    return keras.Model(x, {"logits": logit, "features": features}, name="discriminator")


def _conv(h, channels, kernel, strides=1, padding="same"):
    convolution = layers.Conv2D(
        channels, kernel, strides, padding, kernel_initializer="he_normal"
    )  # its lengths stay: they must carry the signal through nine layers from the start
    return layers.LeakyReLU(0.2)(WeightNorm(convolution, train_scale=False)(h))
