"""Networks of InfoGAN for digits: Chen et al. 2016, arXiv:1606.03657, appendix C.1.

Generator: 1024, 7x7x128, 64, C sigmoid, batch norm (6,652,481 weights at 28 pixels). The
discriminator's trunk, 64, 128, 1024 (6,558,144), carries two heads: one logit (1,025), and Q,
which reads the codes: 128, then a number for each class, mean and spread (133,262 with ten
classes and two continuous codes). All convolutions are 4x4 of stride two.
"""

from __future__ import annotations

import keras
from keras import layers

from tfgan_models.layers import BatchNorm
from tfgan_models.networks import dcgan


def _norm(h):
    return BatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02))(h)


def _dense(units, **kwargs):
    return layers.Dense(units, kernel_initializer=dcgan.normal(), **kwargs)


def infogan_generator(image_shape, latent_dim=74, *, width=64) -> keras.Model:
    """z, codes first, -> image in [0, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        latent_dim: Size of z.
        width: Channels of the last hidden map; twice as many before it, 16 times as many units.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    height, width_px, channels = dcgan.check_multiple(image_shape, 4)
    grid = (height // 4, width_px // 4, 2 * width)
    z = keras.Input((latent_dim,), name="latents")
    h = layers.ReLU()(_norm(_dense(16 * width)(z)))
    h = layers.ReLU()(_norm(_dense(grid[0] * grid[1] * grid[2])(h)))
    h = layers.Reshape(grid)(h)
    h = layers.ReLU()(_norm(dcgan.deconv(width, 4, use_bias=True)(h)))
    h = dcgan.deconv(channels, 4, use_bias=True, name="output")(h)
    image = layers.Activation("sigmoid", dtype="float32")(h)
    return keras.Model(z, image, name="generator")


def infogan_discriminator(image_shape, code_columns, *, width=64, slope=0.1) -> keras.Model:
    """Image in [0, 1] -> {`logits` (B, 1), `codes` (B, code_columns)}.

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        code_columns: Numbers that Q says of an image; see `losses.MutualInformation`.
        width: Channels of the first convolution.
        slope: Of the leaky relu: 0.1 in the paper, 0.01 in the authors' code.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    dcgan.check_multiple(image_shape, 4)
    x = keras.Input(tuple(image_shape), name="images")
    h = layers.LeakyReLU(slope)(dcgan.conv(width, 4, use_bias=True)(x))
    h = layers.LeakyReLU(slope)(_norm(dcgan.conv(2 * width, 4, use_bias=True)(h)))
    h = layers.LeakyReLU(slope)(_norm(_dense(16 * width)(layers.Flatten()(h))))
    q = layers.LeakyReLU(slope)(_norm(_dense(2 * width, name="q_hidden")(h)))
    outputs = {
        "logits": _dense(1, dtype="float32", name="logits")(h),
        "codes": _dense(code_columns, dtype="float32", name="codes")(q),
    }
    return keras.Model(x, outputs, name="discriminator")
