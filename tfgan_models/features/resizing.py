"""Resizes that are written down to the last weight, so that a protocol can name them.

Both rules act on each axis by a matrix of weights and stretch it to the target:

    tf1_bilinear            output i reads position i * in / out between its two neighbours, the
                            last row repeated; no half-pixel centres, no antialiasing: TensorFlow
                            1's `resize_bilinear(align_corners=False)`, as the 2015 FID code had
    bilinear_antialias      output i is centred at (i + 1/2) in / out; a triangle of half-width
                            max(1, in / out) around it, cut at the border and normalised
"""

from __future__ import annotations

import numpy as np


def matrix(rule: str, size_in: int, size_out: int) -> np.ndarray:
    """Weights of one axis.

    Args:
        rule: "tf1_bilinear" or "bilinear_antialias".
        size_in, size_out: Pixels before and after.

    Returns:
        float32 (size_out, size_in), rows sum to 1.

    Raises:
        ValueError: Another rule.
    """
    scale = size_in / size_out
    if rule == "tf1_bilinear":
        # TensorFlow 1 computes the position in float32.
        position = np.arange(size_out, dtype=np.float32) * np.float32(scale)
        low = np.floor(position).astype(int)
        share = position - low
        weights = np.zeros((size_out, size_in), np.float32)
        rows = np.arange(size_out)
        np.add.at(weights, (rows, low), 1 - share)
        np.add.at(weights, (rows, np.minimum(low + 1, size_in - 1)), share)
        return weights
    if rule == "bilinear_antialias":
        centre = (np.arange(size_out) + 0.5) * scale
        distance = np.abs(np.arange(size_in) + 0.5 - centre[:, None])
        weights = np.maximum(0, 1 - distance / max(1.0, scale))
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    raise ValueError(f"resize rule {rule!r} is neither 'tf1_bilinear' nor 'bilinear_antialias'.")


class Resize:
    """Stretches images of one size to another by a rule of this module.

    Args:
        size_in, size_out: (H, W) before and after.
        rule: As in `matrix`.

    Attributes:
        name: "none" where the sizes agree, else the rule and the size, such as
            "bilinear_antialias_28" or "tf1_bilinear_64x32".
    """

    def __init__(self, size_in, size_out, rule: str):
        self.size_in, self.size_out = tuple(size_in), tuple(size_out)
        height, width = self.size_out
        side = f"{height}" if height == width else f"{height}x{width}"
        self.name = "none" if self.size_in == self.size_out else f"{rule}_{side}"
        self._rows = matrix(rule, self.size_in[0], height)
        self._columns = matrix(rule, self.size_in[1], width)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns float32 images (n, *size_out, C) of images (n, *size_in, C), same range.

        Raises:
            ValueError: The images have another size.
        """
        if images.shape[1:3] != self.size_in:
            raise ValueError(
                f"this network was made for images of {self.size_in}; got {images.shape[1:3]}: "
                "make it again with their shape."
            )
        images = images.astype(np.float32)
        if self.name == "none":
            return images
        images = np.einsum("oh,nhwc->nowc", self._rows, images, optimize=True)
        return np.einsum("pw,nowc->nopc", self._columns, images, optimize=True)
