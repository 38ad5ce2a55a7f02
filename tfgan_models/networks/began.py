"""The networks of BEGAN: Berthelot et al. 2017, arXiv:1703.10717, section 3.5 and figure 1.

3x3 convolutions and ELUs throughout, no normalisation, no dropout, linear ends. With n = `width`
and r resolutions (8x8 up to the image's):

    decoder    dense 8 x 8 x n, then r times [conv n, conv n, nearest x2 but for the last], conv C
    encoder    conv n, then for i = 1 .. r [conv i n, conv i n, conv i n stride 2 but for the
               last], dense

The generator is a decoder of z; the discriminator encodes, decodes and compares.

| image | n, code | generator | discriminator |
|---|---|---|---|
| 32x32x3 | 64, 64 | 489,539 | 2,310,979 |
| 64x64x3 | 64, 64 | 563,395 | 4,011,651 |
| 64x64x3 | 128, 64 | 1,716,611 | 13,405,379 |
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import ReconstructionEnergy, VanishingResidual


def began_generator(
    image_shape, latent_dim=64, width=128, *, skips=False, vanishing_residuals=False
) -> keras.Model:
    """z -> image, linear.

    Args:
        image_shape: (H, W, C); the sides halve to 7 or more (28 to 7, 32 and 64 to 8).
        latent_dim: Size of z.
        width: n, channels.
        skips: Join the first maps, enlarged, to the maps after each enlargement.
        vanishing_residuals: Begin as the identity wherever a convolution keeps the shape;
            see `layers.VanishingResidual`.

    Raises:
        ValueError: Sides under 7 or odd ones over 13; the message says what works.
    """
    z = keras.Input((latent_dim,), name="latents")
    image = _decode(z, tuple(image_shape), width, skips, vanishing_residuals)
    return keras.Model(z, layers.Activation("linear", dtype="float32")(image), name="generator")


def began_discriminator(
    image_shape, code_dim=64, width=128, *, skips=False, vanishing_residuals=False
) -> keras.Model:
    """Image -> {"logits": energies (B, 1), "code": the encoder's output (B, code_dim)}.

    The energy is the mean absolute error of the reconstruction.

    Args:
        image_shape, width, skips, vanishing_residuals: As in `began_generator`.
        code_dim: N_h, size of the code; the paper's is that of z.

    Raises:
        ValueError: As `began_generator`.
    """
    x = keras.Input(tuple(image_shape), name="images")
    h = layers.Conv2D(width, 3, padding="same", activation="elu")(x)
    count = resolutions(image_shape)
    for i in range(1, count + 1):
        for _ in range(2):
            h = _convolve(h, i * width, vanishing_residuals)
        if i < count:
            h = _convolve(h, i * width, vanishing_residuals, strides=2)
    code = layers.Dense(code_dim)(layers.Flatten()(h))
    rebuilt = _decode(code, tuple(image_shape), width, skips, vanishing_residuals)
    energy = ReconstructionEnergy("l1", dtype="float32", name="energy")([x, rebuilt])
    return keras.Model(x, {"logits": energy, "code": code}, name="discriminator")


def resolutions(image_shape) -> int:
    """Returns r, how many sizes there are from the smallest grid to the image.

    Raises:
        ValueError: The smallest grid would not be 7 to 13 on its shorter side.
    """
    height, width, _ = image_shape
    count = 1
    while all(n % 2**count == 0 and n >> count >= 7 for n in (height, width)):
        count += 1
    shorter = min(height, width) >> (count - 1)
    if not 7 <= shorter <= 13:
        near = sorted({8 << k for k in range(6)} | {7 << k for k in range(6)})
        closest = min(near, key=lambda n: abs(n - min(height, width)))
        raise ValueError(
            f"BEGAN doubles a grid of 7 to 13 pixels; {height}x{width} does not halve to one. "
            f"Nearest square that works: {closest}x{closest}."
        )
    return count


def _decode(code, image_shape, width, skips, vanishing):
    count = resolutions(image_shape)
    grid = (image_shape[0] >> (count - 1), image_shape[1] >> (count - 1), width)
    first = h = layers.Reshape(grid)(layers.Dense(math.prod(grid))(code))
    for i in range(count):
        if i:
            h = layers.UpSampling2D(2)(h)
            first = layers.UpSampling2D(2)(first)
            h = layers.Concatenate()([h, first]) if skips else h
        for _ in range(2):
            h = _convolve(h, width, vanishing)
    return layers.Conv2D(image_shape[2], 3, padding="same")(h)


def _convolve(h, channels, vanishing, strides=1):
    out = layers.Conv2D(channels, 3, strides, "same", activation="elu")(h)
    same = vanishing and out.shape == h.shape
    return VanishingResidual()([h, out]) if same else out
