"""Channels of BigGAN's residual pair: Brock et al. 2019, arXiv:1809.11096, appendix B, tables 4
to 6, as options of `networks.resnet`.

In units of w, whose value is 96 from 128 pixels on and 64 below:

| pixels | generator, from 4x4 | discriminator, halving; keeping | attention at |
|---|---|---|---|
| 32 | 4: 4 4 4 | 4 4; 4 4 | |
| 64 | 16: 16 8 4 2 | 1 2 4 8; 16 | 32 |
| 128 | 16: 16 8 4 2 1 | 1 2 4 8 16; 16 | 64 |
| 256 | 16: 16 8 8 4 2 1 | 1 2 4 8 8 16; 16 | 128 and 64 |
| 512 | 16: 16 8 8 4 2 1 1 | 1 1 2 4 8 8 16; 16 | 64 |

The paper has no 32 and 64; these rows are the author's later PyTorch code. `layout="compare_gan"`
has the discriminators of Google's code for both: 2 2 2; 2 and 2 4 8 16; 16. `layout="tapered"`,
chosen here, goes on as the 64-pixel row does, so that little is computed at the largest size: at 32
pixels 8: 8 4 2 and 1 2 4; 8. The paper's printed tables leave the discriminator's first block out,
which both codes have.
"""

from __future__ import annotations

from tfgan_models.core.arguments import one_of
from tfgan_models.networks.sngan import halvings

LAYOUTS = ("pytorch", "compare_gan", "tapered")
# halvings of the image: (generator's first map and blocks, discriminator's halving and keeping
# blocks, rows of the maps with attention)
_TABLE = {
    4: ((16, 16, 8, 4, 2), (1, 2, 4, 8), (16,), (32, 32)),
    5: ((16, 16, 8, 4, 2, 1), (1, 2, 4, 8, 16), (16,), (64, 64)),
    6: ((16, 16, 8, 8, 4, 2, 1), (1, 2, 4, 8, 8, 16), (16,), (128, 64)),
    7: ((16, 16, 8, 8, 4, 2, 1, 1), (1, 1, 2, 4, 8, 8, 16), (16,), (64, 64)),
}
_COMPARE_GAN = {3: ((2, 2, 2), (2,)), 4: ((2, 4, 8, 16), (16,))}


def blocks(image_shape) -> int:
    """Returns the number of the generator's blocks, each of which doubles the size.

    Raises:
        ValueError: A side does not divide, or is over 1,023 pixels.
    """
    count = halvings(image_shape)
    if count > max(_TABLE):
        raise ValueError(f"BigGAN has networks up to 512 pixels; got {tuple(image_shape)}.")
    return count


def default_width(image_shape) -> int:
    """Returns w of the paper: 96 from 128 pixels on, else 64."""
    return 96 if blocks(image_shape) >= 5 else 64


def biggan_widths(image_shape, width=None, layout="pytorch", attention_size="paper"):
    """Channels and attention of one size.

    Args:
        image_shape: (H, W, C). Up to 63 pixels the 32-pixel row, with fewer blocks where there
            is less to halve; above, sizes of the next lower row.
        width: w; None: the paper's.
        layout: "pytorch", "compare_gan" or "tapered"; they differ up to 127 pixels.
        attention_size: Rows of the maps with attention, None without; "paper": the table's.

    Returns:
        (options of `resnet_generator`, options of `resnet_discriminator`).

    Raises:
        ValueError: A side does not divide or is too large, or an unknown layout.
    """
    one_of("layout", layout, LAYOUTS)
    w, count = width or default_width(image_shape), blocks(image_shape)
    if count in _TABLE:
        up, down, plain, attention = _TABLE[count]
        attention = tuple(image_shape[0] * rows >> (count + 2) for rows in attention)
    else:
        up, down, plain, attention = (4,) * (count + 1), (4, 4), (4, 4), (None, None)
    if layout == "tapered" and count not in _TABLE:
        down, plain = tuple(1 << i for i in range(count)), (1 << count,)
        up = (*plain, *(n << 1 for n in reversed(down)))
    if layout == "compare_gan" and count in _COMPARE_GAN:
        down, plain = _COMPARE_GAN[count]
    if attention_size != "paper":
        attention = (attention_size, attention_size)
    generator = {"first_width": up[0] * w, "widths": tuple(n * w for n in up[1:])}
    discriminator = {
        "widths": tuple(n * w for n in down),
        "plain": tuple(n * w for n in plain),
        "narrow": False,
    }
    return (
        {**generator, "attention_size": attention[0]},
        {**discriminator, "attention_size": attention[1]},
    )
