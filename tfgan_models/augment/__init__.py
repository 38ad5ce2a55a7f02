"""Differentiable augmentation of everything the discriminator sees.

An augmentation is `object(images, draws)`: images (B, H, W, C) in [-1, 1] to
images of the same shape, random numbers from `core.random.Draws`, real and fake
images alike, with gradients through it.
"""

from tfgan_models.augment.flip import Flip, flip
from tfgan_models.core.lookup import resolve
from tfgan_models.registry import AUGMENTATIONS


def get(spec):
    """Returns an augmentation from a name, a config dict or an object; None stays None.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return None if spec is None else resolve("augmentation", spec, AUGMENTATIONS)


__all__ = ["Flip", "flip", "get"]
