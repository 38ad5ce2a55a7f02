"""Differentiable augmentation of everything the discriminator sees.

An augmentation is `object(images, draws)`: images (B, H, W, C) in [-1, 1] to
images of the same shape, random numbers from `core.random.Draws`, real and fake
images alike, with gradients through it. Some choose instead what is shown as real
or as fake (`mix`), and some adapt to the discriminator (`observe`).
"""

from tfgan_models.augment.ada import ADA
from tfgan_models.augment.apa import APA
from tfgan_models.augment.base import Augmentation
from tfgan_models.augment.chain import Chain, get
from tfgan_models.augment.diff_augment import DiffAugment
from tfgan_models.augment.flip import Flip, flip
from tfgan_models.augment.geometry import translate
from tfgan_models.augment.instance_noise import InstanceNoise
from tfgan_models.augment.replay import Replay

__all__ = [
    "ADA",
    "APA",
    "Augmentation",
    "Chain",
    "DiffAugment",
    "Flip",
    "InstanceNoise",
    "Replay",
    "flip",
    "get",
    "translate",
]
