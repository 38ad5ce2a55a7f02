"""BigGAN-deep: Brock et al. 2019, arXiv:1809.11096, appendix B, tables 7 to 9 and figure 16.

Blocks with a bottleneck of a quarter of the channels and skips without weights: a generator's block
drops channels, a discriminator's appends those of a 1x1 convolution. Two blocks a size, and all of
z, joined with the class, at the entrance and in every batch norm. In units of w = 128:

| pixels | generator, alternately keeping and doubling | discriminator, halving and keeping |
|---|---|---|
| 32 | 4 4 4 4 4 4 | 4; 4 4 4 4 4 4, two of which halve |
| 64 | 16 16 16 8 8 4 4 2 | 1; 2 2 4 4 8 8 16 16 |
| 128 | 16 16 16 8 8 4 4 2 2 1 | 1; 2 2 4 4 8 8 16 16 16 16 |
| 256 | 16 16 16 8 8 8 8 4 4 2 2 1 | 1; 2 2 4 4 8 8 8 8 16 16 16 16 |
| 512 | 16 16 16 8 8 8 8 4 4 2 2 1 1 1 | 1; 1 1 2 2 4 4 8 8 8 8 16 16 16 16 |

`layout="tapered"`, chosen here, goes on under 64 pixels as the row of 64 does: at 32 pixels 8: 8 8
8 4 4 2 and 1; 2 2 4 4 8 8. Attention stands at 64 rows from 128 pixels on, and in the generator
for 64. The paper has no 32 and 64: the generator of 64 is that of Google's compare_gan, the other
three are those of the author's PyTorch code.
"""

from __future__ import annotations

import keras
from keras import layers

from tfgan_models.core.arguments import one_of
from tfgan_models.networks.biggan import blocks
from tfgan_models.networks.heads import HEADS, with_head
from tfgan_models.networks.residual import Style, check_attention, pooled

WIDTH = 128
LAYOUTS = ("pytorch", "tapered")

# halvings of the image: (generator's first map and blocks, discriminator's stem and blocks, rows of
# the maps with attention)
_TABLE = {
    4: ((16, 16, 16, 16, 8, 8, 4, 4, 2), (1, 2, 2, 4, 4, 8, 8, 16, 16), (64, None)),
    5: ((16, 16, 16, 16, 8, 8, 4, 4, 2, 2, 1), (1, 2, 2, 4, 4, 8, 8, 16, 16, 16, 16), (64, 64)),
    6: (
        (16, 16, 16, 16, 8, 8, 8, 8, 4, 4, 2, 2, 1),
        (1, 2, 2, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16),
        (64, 64),
    ),
    7: (
        (16, 16, 16, 16, 8, 8, 8, 8, 4, 4, 2, 2, 1, 1, 1),
        (1, 1, 1, 2, 2, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16),
        (64, 64),
    ),
}


def _row(image_shape, attention_size, layout):
    """Returns (generator, discriminator, its halvings, (attention, attention)) of a size."""
    one_of("layout", layout, LAYOUTS)
    count = blocks(image_shape)
    if count not in _TABLE and layout == "tapered":
        powers = [1 << i for i in range(1, count + 1)]
        narrowing = [n for power in reversed(powers) for n in (power, power)]
        up, down = (narrowing[0], narrowing[0], *narrowing[:-1]), (1, *reversed(narrowing))
        halvings, attention = count, (None, None)
    elif count in _TABLE:
        up, down, rows = _TABLE[count]
        attention = tuple(n and (n * image_shape[0]) >> (count + 2) for n in rows)
        halvings = count
    else:
        up, down, attention = (4,) * (2 * count + 1), (4,) * 7, (None, None)
        halvings = min(count, 2)
    return up, down, halvings, attention if attention_size == "paper" else (attention_size,) * 2


def biggan_deep_generator(
    image_shape,
    num_classes=None,
    latent_dim=128,
    *,
    width=WIDTH,
    layout="pytorch",
    shared_dim=128,
    attention_size="paper",
    batch_norm=(0.9, 1e-4),
    spectral_norm=True,
) -> keras.Model:
    """z, or [z, y], -> image in [-1, 1]; orthogonal kernels.

    Args:
        image_shape: (H, W, C); see the table.
        num_classes: Size of y, None without classes.
        latent_dim: Size of z.
        width: w.
        layout: "pytorch" or "tapered".
        shared_dim: Size of the class embedding that z is joined with.
        attention_size: Rows of the map after which self-attention stands, None without; "paper":
            the table's.
        batch_norm: (momentum, epsilon).
        spectral_norm: Whether kernels are spectrally normalised; those of other programs are
            imported as they act.

    Raises:
        ValueError: A side does not divide or is too large, or no map has `attention_size` rows.
    """
    (first, *widths), _, _, (rows, _) = _row(image_shape, attention_size, layout)
    count = len(widths) // 2
    style = Style(spectral_norm, *batch_norm, "orthogonal", tables=False)
    z = keras.Input((latent_dim,), name="latents")
    y = None if num_classes is None else keras.Input((num_classes,), name="labels")
    code = z if y is None else layers.Concatenate()([z, style.embedding(shared_dim)(y)])
    grid = (*(n >> count for n in image_shape[:2]), first * width)
    h = layers.Reshape(grid)(style.dense(grid[0] * grid[1] * grid[2], name="first")(code))
    check_attention(rows, [grid[0] << i for i in range(1, count + 1)])
    for i, n in enumerate(widths):
        up = i % 2 == 1
        h = generator_block(style, h, n * width, code, up, f"block_{i}")
        if up and h.shape[1] == rows:
            h = style.attention()(h)
    h = style.conv(image_shape[2], name="output")(style.norm_relu(h, name="output_norm"))
    image = layers.Activation("tanh", dtype="float32")(h)
    return keras.Model(z if y is None else [z, y], image, name="generator")


def biggan_deep_discriminator(
    image_shape,
    num_classes=None,
    *,
    width=WIDTH,
    layout="pytorch",
    head="projection",
    rotation=False,
    attention_size="paper",
) -> keras.Model:
    """Image in [-1, 1], or [image, y], -> (B, 1), or a dict of outputs.

    Args:
        image_shape: (H, W, C); see the table.
        num_classes: Number of classes, None without.
        width: w.
        layout: As for the generator.
        head: How the classes are read, one of `networks.heads`.
        rotation: Whether there is an output `rotation_logits` (B, 4).
        attention_size: As for the generator; it stands after the second block of a size.

    Raises:
        ValueError: A side does not divide or is too large, no map has `attention_size` rows, or
            an unknown head.
    """
    one_of("head", head, HEADS)
    _, (stem, *widths), halvings, (_, rows) = _row(image_shape, attention_size, layout)
    style = Style(True, initializer="orthogonal")
    x = keras.Input(tuple(image_shape), name="images")
    h = style.conv(stem * width)(x)
    check_attention(rows, [image_shape[0] >> i for i in range(1, halvings + 1)])
    for i, n in enumerate(widths):
        h = discriminator_block(style, h, n * width, i % 2 == 0 and i // 2 < halvings)
        if i % 2 == 1 and i // 2 < halvings and h.shape[1] == rows:
            h = style.attention()(h)
    return with_head(style, x, pooled("sum", layers.ReLU()(h)), num_classes, head, rotation)


def generator_block(style, x, channels, condition, up, name="block"):
    """Bottleneck of a quarter of x's channels; the skip keeps x's first `channels`. `name` begins
    the names of its layers."""
    hidden, h = x.shape[-1] // 4, x
    shapes = ((hidden, 1), (hidden, 3), (hidden, 3), (channels, 1))
    for i, (n, kernel) in enumerate(shapes, start=1):
        h = style.norm_relu(h, condition, f"{name}_norm_{i}")
        h = layers.UpSampling2D(2)(h) if up and i == 2 else h
        h = style.conv(n, kernel, name=f"{name}_conv_{i}")(h)
    x = x[..., :channels]
    return layers.Add()([h, layers.UpSampling2D(2)(x) if up else x])


def discriminator_block(style, x, channels, down):
    """Bottleneck of a quarter of `channels`; the skip appends those that x lacks."""
    hidden = channels // 4
    h = style.conv(hidden, 1)(layers.ReLU()(x))
    for _ in range(2):
        h = style.conv(hidden)(layers.ReLU()(h))
    h = layers.ReLU()(h)
    if down:
        h, x = layers.AveragePooling2D(2)(h), layers.AveragePooling2D(2)(x)
    h = style.conv(channels, 1)(h)
    if channels > x.shape[-1]:
        x = layers.Concatenate()([x, style.conv(channels - x.shape[-1], 1)(x)])
    return layers.Add()([h, x])
