"""Presets of Fisher GAN.

`fisher_digits` departs from the paper where time is short: 32 pixels at width 16 without extra
layers, rho 1e-4 instead of 1e-6, Adam(5e-4, 0.5) and an average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Mroueh & Sercu 2017, arXiv:1705.09675"
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}

PRESETS = {
    "fisher_cifar10_32": Preset(
        family="fisher_gan",
        summary="32x32 colour: DCGAN pair with two extra layers each",
        source=f"{_SOURCE}; authors' README, 350 epochs",
        model={"image_shape": (32, 32, 3)},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=136_000,
        expected="unverified; the paper's inception score without labels: 7.90",
    ),
    "fisher_bedrooms_64": Preset(
        family="fisher_gan",
        summary="64x64 bedrooms: the DCGAN port",
        source=f"{_SOURCE}; authors' README, 25 epochs of 3 million images",
        model={"image_shape": (64, 64, 3), "extra": 0},
        data={"source": "folder:bedrooms"},
        batch_size=64,
        steps=592_000,
    ),
    "fisher_digits": Preset(
        family="fisher_gan",
        summary="embedded digits in minutes: the DCGAN port at 32 pixels, narrow",
        source="networks of the authors' code at width 16; settings chosen here",
        model={"image_shape": (32, 32, 1), "width": 16, "extra": 0},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "loss": {"name": "fisher", "rho": 1e-4},
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits", "image_size": 32},
        batch_size=64,
        steps=3_000,
        expected="digits of all classes, Omega near 1.3, seed 0",
    ),
    "fisher_tiny": Preset(
        family="fisher_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (16, 16, 1), "width": 4, "latent_dim": 8, "extra": 1},
        data={"source": "embedded:digits", "image_size": 16},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
