"""Presets of SAGAN.

`sagan_digits` departs from the paper where time is short: an eighth of the width, rates of 5e-4
and 2e-3, shared fakes, and an average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Zhang et al. 2019, arXiv:1805.08318"


def _adam(rate):
    return {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.9}


PRESETS = {
    "sagan_imagenet_128": Preset(
        family="sagan",
        summary="128x128 by class: the paper's pair, attention at 32x32",
        source=f"{_SOURCE}, section 4; authors' code: four batches of 64",
        model={"image_shape": (128, 128, 3), "num_classes": 1000},
        data={"source": "folder:imagenet"},
        batch_size=256,
        steps=1_000_000,
        expected="unverified; the paper: inception score 51.43, FID 18.28",
    ),
    "sagan_cifar10": Preset(
        family="sagan",
        summary="32x32 colour by class, attention at 16x16: the small one",
        source="rates and layers of the paper, channels of SNGAN's CIFAR pair; length chosen here",
        model={"image_shape": (32, 32, 3), "num_classes": 10},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=100_000,
    ),
    "sagan_faces_64": Preset(
        family="sagan",
        summary="64x64 without classes, half the paper's width, attention at 16x16",
        source="rates and layers of the paper; width and length chosen here",
        model={"image_shape": (64, 64, 3), "num_classes": None, "width": 32},
        data={"source": "folder:faces"},
        batch_size=64,
        steps=100_000,
    ),
    "sagan_digits": Preset(
        family="sagan",
        summary="embedded digits by class in minutes, attention at 14x14",
        source="layers of the paper for 28x28 at width 16; settings chosen here",
        model={"image_shape": (28, 28, 1), "num_classes": 10, "latent_dim": 64, "width": 16},
        compile={
            "generator_optimizer": _adam(5e-4),
            "discriminator_optimizer": _adam(2e-3),
            "share_fakes": True,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=3_500,
        expected="99.6 % of 2,000 samples read as the class asked for, seed 0",
    ),
    "sagan_tiny": Preset(
        family="sagan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (16, 16, 1), "num_classes": 10, "latent_dim": 8, "width": 8},
        compile={"ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
