"""Residual networks of WGAN-GP, SNGAN, the projection discriminator and SAGAN.

| pair | generator | discriminator | weights |
|---|---|---|---|
| WGAN-GP 32 | 4x4x128, up 128 x3 | down 128 x2, 128 x2, mean | 1,204,483; 1,053,825 |
| SNGAN 32 | 4x4x256, up 256 x3 | as above, normalised, sum | 4,276,739; 1,053,825 |
| SNGAN 48 | 6x6x512, up 256, 128, 64 | down 64 .. 512, 1024 | |
| projection 128 | 4x4x1024, up 1024 .. 64 | down 64 .. 1024, 1024 | 41,996,931; 30,041,857 |
| SAGAN 128 | as projection's, normalised, attention at 32x32 | the same | |

Sources in the order of the rows: arXiv:1704.00028, 1802.05957 (twice), 1802.05637, 1805.08318.

A block is  x' = shortcut(x) + conv3(relu(conv3(relu(x)))), in the generator with batch norm before
each relu. The 1x1 convolution of a shortcut stands where it costs least: before up-sampling and
after pooling, which gives the same numbers as the other order.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from tfgan_models.layers import (
    BatchNorm,
    ConditionalBatchNorm,
    GlobalSumPooling2D,
    SelfAttention2D,
    SpectralNorm,
)
from tfgan_models.networks.dcgan import check_multiple

POOLS = ("sum", "mean", "flatten")
HEADS = ("projection", "auxiliary")


@dataclass(frozen=True)
class _Style:
    """What all layers of one network share.

    Attributes:
        spectral: Whether kernels are spectrally normalised.
        momentum, epsilon: Of batch norm.
    """

    spectral: bool = False
    momentum: float = 0.9
    epsilon: float = 1e-5

    def conv(self, channels, kernel=3, gain=2.0, **kwargs):
        """Convolution, uniform with variance 2 gain / (fan in + fan out)."""
        layer = layers.Conv2D(
            channels, kernel, padding="same", kernel_initializer=_uniform(gain), **kwargs
        )
        return SpectralNorm(layer) if self.spectral else layer

    def dense(self, units, **kwargs):
        """Dense layer, Glorot uniform."""
        layer = layers.Dense(units, kernel_initializer="glorot_uniform", **kwargs)
        return SpectralNorm(layer, dtype=kwargs.get("dtype")) if self.spectral else layer

    def norm_relu(self, x, condition):
        """Batch norm, with a gain and bias for each class where there are labels; relu."""
        if condition is None:
            x = BatchNorm(self.momentum, self.epsilon)(x)
        else:
            x = ConditionalBatchNorm(self.momentum, self.epsilon, kernel_initializer="zeros")(
                [x, condition]
            )
        return layers.ReLU()(x)


def _uniform(gain: float):
    return keras.initializers.VarianceScaling(gain, "fan_avg", "uniform")


def resnet_generator(
    image_shape,
    latent_dim=128,
    widths=(256, 256, 256),
    *,
    first_width=None,
    num_classes=None,
    spectral_norm=False,
    attention_size=None,
    batch_norm=(0.9, 1e-5),
) -> keras.Model:
    """z, or [z, y], -> image in [-1, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 2 ** len(widths).
        latent_dim: Size of z.
        widths: Channels of the blocks, each of which doubles the size.
        first_width: Channels of the dense layer's map; None: those of the first block.
        num_classes: Size of y; batch norm's gains and biases then belong to the class, but
            for the last.
        spectral_norm: Whether every kernel is spectrally normalised (SAGAN).
        attention_size: Height of the map after which self-attention stands, None for none.
        batch_norm: (momentum, epsilon).

    Raises:
        ValueError: The size does not divide, or no map has `attention_size` rows.
    """
    height, width, channels = check_multiple(image_shape, 2 ** len(widths))
    style = _Style(spectral_norm, *batch_norm)
    z = keras.Input((latent_dim,), name="latents")
    y = None if num_classes is None else keras.Input((num_classes,), name="labels")
    grid = (height >> len(widths), width >> len(widths), first_width or widths[0])
    h = layers.Reshape(grid)(style.dense(grid[0] * grid[1] * grid[2])(z))
    sizes = [h.shape[1] << (i + 1) for i in range(len(widths))]
    _check_attention(attention_size, sizes)
    for size, n in zip(sizes, widths, strict=True):
        h = _up_block(style, h, n, y)
        if size == attention_size:
            h = SelfAttention2D(spectral_norm)(h)
    h = style.conv(channels, gain=1.0, name="output")(style.norm_relu(h, None))
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model(z if y is None else [z, y], image, name="generator")


def resnet_discriminator(
    image_shape,
    widths=(128, 128),
    plain=(128, 128),
    *,
    stem=None,
    pool="sum",
    narrow=True,
    num_classes=None,
    head="projection",
    spectral_norm=True,
    attention_size=None,
) -> keras.Model:
    """Image in [-1, 1], or [image, y], -> (B, 1).

    Args:
        image_shape: (H, W, C), H and W multiples of 2 ** len(widths).
        widths: Channels of the blocks that halve the size. Without `stem` the first has no
            relu at its entrance.
        plain: Channels of the blocks after them, which keep the size.
        stem: Channels of a convolution before the blocks, None for none.
        pool: "sum", "mean" or "flatten": what becomes of the last map.
        narrow: Whether a block that halves the size widens in its second convolution
            (SNGAN, WGAN-GP) instead of its first (SAGAN).
        num_classes: Number of classes, None without.
        head: "projection": the logit is psi(h) + <V y, h>, with y an input;
            "auxiliary": a second output `class_logits` (B, num_classes).
        spectral_norm: Whether every kernel is spectrally normalised.
        attention_size: Height of the map after which self-attention stands, None for none.

    Raises:
        ValueError: The size does not divide, no map has `attention_size` rows, or an
            unknown `pool` or `head`.
    """
    height, _, _ = check_multiple(image_shape, 2 ** len(widths))
    _check_choices(pool, head)
    style = _Style(spectral_norm)
    x = keras.Input(tuple(image_shape), name="images")
    h = x if stem is None else style.conv(stem)(x)
    sizes = [height >> (i + 1) for i in range(len(widths))]
    _check_attention(attention_size, sizes)
    for i, (size, n) in enumerate(zip(sizes, widths, strict=True)):
        if i == 0 and stem is None:
            h = _first_block(style, h, n)
        else:
            h = _block(style, h, n, h.shape[-1] if narrow else n, down=True)
        if size == attention_size:
            h = SelfAttention2D(spectral_norm)(h)
    for n in plain:
        h = _block(style, h, n, n, down=False)
    h = _pooled(pool, layers.ReLU()(h))
    logit = style.dense(1, dtype="float32", name="logit")(h)
    return _with_head(style, x, h, logit, num_classes, head)


def _up_block(style, x, channels, condition):
    h = layers.UpSampling2D(2)(style.norm_relu(x, condition))
    h = style.conv(channels)(h)
    h = style.conv(channels)(style.norm_relu(h, condition))
    shortcut = layers.UpSampling2D(2)(style.conv(channels, 1, gain=1.0)(x))
    return layers.Add()([h, shortcut])


def _first_block(style, x, channels):
    h = style.conv(channels)(layers.ReLU()(style.conv(channels)(x)))
    h = layers.AveragePooling2D(2)(h)
    shortcut = style.conv(channels, 1, gain=1.0)(layers.AveragePooling2D(2)(x))
    return layers.Add()([h, shortcut])


def _block(style, x, channels, hidden, down):
    h = style.conv(hidden)(layers.ReLU()(x))
    h = style.conv(channels)(layers.ReLU()(h))
    if down:
        h, x = layers.AveragePooling2D(2)(h), layers.AveragePooling2D(2)(x)
    if down or x.shape[-1] != channels:
        x = style.conv(channels, 1, gain=1.0)(x)
    return layers.Add()([h, x])


def _pooled(pool, h):
    if pool == "flatten":
        return layers.Flatten(dtype="float32")(h)
    if pool == "mean":
        return layers.GlobalAveragePooling2D(dtype="float32")(h)
    return GlobalSumPooling2D(dtype="float32")(h)


def _with_head(style, x, h, logit, num_classes, head):
    if num_classes is None:
        return keras.Model(x, logit, name="discriminator")
    if head == "auxiliary":
        classes = style.dense(num_classes, dtype="float32", name="class_logits")(h)
        return keras.Model(x, {"logits": logit, "class_logits": classes}, name="discriminator")
    y = keras.Input((num_classes,), name="labels")
    embedded = style.dense(h.shape[-1], use_bias=False, dtype="float32", name="embedding")(y)
    match = layers.Dot(axes=1, dtype="float32")([h, embedded])
    logit = layers.Add(dtype="float32")([logit, match])
    return keras.Model([x, y], logit, name="discriminator")


def _check_attention(size, sizes) -> None:
    if size is not None and size not in sizes:
        raise ValueError(
            f"attention_size={size}: the maps have {', '.join(map(str, sizes))} rows; use one of "
            "these, or None."
        )


def _check_choices(pool, head) -> None:
    for name, value, known in (("pool", pool, POOLS), ("head", head, HEADS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}.")
