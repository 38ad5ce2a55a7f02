"""Residual networks of WGAN-GP, SNGAN, the projection discriminator and SAGAN.

| pair | generator | discriminator | weights |
|---|---|---|---|
| WGAN-GP 32 | 4x4x128, up 128 x3 | down 128 x2, 128 x2, mean | 1,204,483; 1,053,825 |
| SNGAN 32 | 4x4x256, up 256 x3 | as above, normalised, sum | 4,276,739; 1,053,825 |
| SNGAN 48 | 6x6x512, up 256, 128, 64 | down 64 .. 512, 1024 | |
| projection 128 | 4x4x1024, up 1024 .. 64 | down 64 .. 1024, 1024 | 41,996,931; 30,041,857 |
| SAGAN 128 | as projection's, normalised, attention at 32x32 | the same | |

Sources in the order of the rows: arXiv:1704.00028, 1802.05957 (twice), 1802.05637, 1805.08318.

Blocks are `networks.residual`'s, heads `networks.heads`'s. BigGAN's pair is made here too, with
the channels of `networks.biggan_widths`.
"""

from __future__ import annotations

import keras
from keras import layers

from tfgan_models.core.arguments import one_of
from tfgan_models.networks.dcgan import check_multiple
from tfgan_models.networks.heads import HEADS, with_head
from tfgan_models.networks.residual import (
    INITIALIZERS,
    POOLS,
    Style,
    check_attention,
    down_block,
    first_block,
    pooled,
    up_block,
)


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
    shared_dim=None,
    hierarchical=False,
    initializer="uniform",
) -> keras.Model:
    """z, or [z, y], -> image in [-1, 1].

    Args:
        image_shape: (H, W, C), H and W multiples of 2 ** len(widths).
        latent_dim: Size of z.
        widths: Channels of the blocks, each of which doubles the size.
        first_width: Channels of the dense layer's map; None: those of the first block.
        num_classes: Size of y; batch norm's gains and biases then belong to the class, but
            for the last.
        spectral_norm: Whether every kernel is spectrally normalised (SAGAN, BigGAN), but for
            class embeddings and tables of gains.
        attention_size: Height of the map after which self-attention stands, None for none.
        batch_norm: (momentum, epsilon).
        shared_dim: Size of one class embedding of which all gains and biases are linear maps
            (BigGAN); None: a table for each batch norm.
        hierarchical: Whether z is cut into len(widths) + 1 equal parts, the first for the dense
            layer and one for the batch norms of each block, beside the class (BigGAN's skip-z).
        initializer: "uniform" or "orthogonal" (BigGAN).

    Raises:
        ValueError: The size does not divide, no map has `attention_size` rows, z does not
            divide, or there is nothing for its parts to join.
    """
    height, width, channels = check_multiple(image_shape, 2 ** len(widths))
    one_of("initializer", initializer, INITIALIZERS)
    tables = shared_dim is None and not hierarchical
    style = Style(spectral_norm, *batch_norm, initializer, tables)
    _check_latents(latent_dim, len(widths) + 1, num_classes, shared_dim, hierarchical)
    z = keras.Input((latent_dim,), name="latents")
    y = None if num_classes is None else keras.Input((num_classes,), name="labels")
    first, conditions = _conditions(style, z, y, len(widths), shared_dim, hierarchical)
    grid = (height >> len(widths), width >> len(widths), first_width or widths[0])
    h = layers.Reshape(grid)(style.dense(grid[0] * grid[1] * grid[2], name="first")(first))
    sizes = [h.shape[1] << (i + 1) for i in range(len(widths))]
    check_attention(attention_size, sizes)
    for i, (size, n, condition) in enumerate(zip(sizes, widths, conditions, strict=True)):
        h = up_block(style, h, n, condition, f"block_{i}")
        if size == attention_size:
            h = style.attention()(h)
    h = style.conv(channels, gain=1.0, name="output")(style.norm_relu(h, name="output_norm"))
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model(z if y is None else [z, y], image, name="generator")


def _check_latents(latent_dim, parts, num_classes, shared_dim, hierarchical):
    if shared_dim is not None and num_classes is None:
        raise ValueError("shared_dim is the size of a class embedding: give num_classes too.")
    if hierarchical and latent_dim % parts:
        low = latent_dim // parts * parts
        raise ValueError(
            f"latent_dim={latent_dim} does not divide into {parts} parts; use {low or parts} or "
            f"{low + parts}."
        )
    if hierarchical and num_classes is not None and shared_dim is None:
        raise ValueError(
            "Parts of z join a shared class embedding: give shared_dim, or hierarchical=False."
        )


def _conditions(style, z, y, blocks, shared_dim, hierarchical):
    """Returns (input of the dense layer, condition of each block's batch norms or None)."""
    condition = y if shared_dim is None else style.embedding(shared_dim)(y)
    if not hierarchical:
        return z, [condition] * blocks
    size = z.shape[-1] // (blocks + 1)
    parts = [z[:, i * size : (i + 1) * size] for i in range(blocks + 1)]
    if condition is None:
        return parts[0], parts[1:]
    return parts[0], [layers.Concatenate()([condition, part]) for part in parts[1:]]


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
    rotation=False,
    spectral_norm=True,
    attention_size=None,
    initializer="uniform",
) -> keras.Model:
    """Image in [-1, 1], or [image, y], -> (B, 1), or a dict of outputs.

    Args:
        image_shape: (H, W, C), H and W multiples of 2 ** len(widths).
        widths: Channels of the blocks that halve the size. Without `stem` the first has no
            relu at its entrance.
        plain: Channels of the blocks after them, which keep the size.
        stem: Channels of a convolution before the blocks, None for none.
        pool: "sum", "mean" or "flatten": what becomes of the last map.
        narrow: Whether a block that halves the size widens in its second convolution
            (SNGAN, WGAN-GP) instead of its first (SAGAN, BigGAN).
        num_classes: Number of classes, None without.
        head: How the classes are read, one of `networks.heads`.
        rotation: Whether there is an output `rotation_logits` (B, 4).
        spectral_norm: Whether every kernel is spectrally normalised.
        attention_size: Height of the map after which self-attention stands, None for none.
        initializer: "uniform" or "orthogonal" (BigGAN).

    Raises:
        ValueError: The size does not divide, no map has `attention_size` rows, or an
            unknown `pool`, `head` or `initializer`.
    """
    height, _, _ = check_multiple(image_shape, 2 ** len(widths))
    for name, value, known in (
        ("pool", pool, POOLS),
        ("head", head, HEADS),
        ("initializer", initializer, INITIALIZERS),
    ):
        one_of(name, value, known)
    style = Style(spectral_norm, initializer=initializer)
    x = keras.Input(tuple(image_shape), name="images")
    h = x if stem is None else style.conv(stem)(x)
    sizes = [height >> (i + 1) for i in range(len(widths))]
    check_attention(attention_size, sizes)
    for i, (size, n) in enumerate(zip(sizes, widths, strict=True)):
        if i == 0 and stem is None:
            h = first_block(style, h, n)
        else:
            h = down_block(style, h, n, h.shape[-1] if narrow else n, down=True)
        if size == attention_size:
            h = style.attention()(h)
    for n in plain:
        h = down_block(style, h, n, n, down=False)
    return with_head(style, x, pooled(pool, layers.ReLU()(h)), num_classes, head, rotation)
