"""Raw pixels as features."""

from __future__ import annotations

import numpy as np

from tfgan_models.features.base import FeatureNetwork, Features


class Pixels(FeatureNetwork):
    """Pixels in [-1, 1] as features, flattened row by row.

    Args:
        image_shape: (H, W, C) of the images.
    """

    name = "pixels"

    def __init__(self, image_shape):
        self.image_shape = tuple(image_shape)
        self.dim = int(np.prod(self.image_shape))
        self.channels = self.image_shape[-1]

    def _run(self, images):
        if images.shape[1:] != self.image_shape:
            raise ValueError(f"pixels expects images {self.image_shape}; got {images.shape[1:]}.")
        flat = images.reshape(len(images), -1).astype(np.float32)
        return Features(flat / 127.5 - 1.0, None)
