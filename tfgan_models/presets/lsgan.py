"""Presets of LSGAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Mao et al. 2017, arXiv:1611.04076"
_ADAM = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}

PRESETS = {
    "lsgan_bedrooms_112": Preset(
        family="lsgan",
        summary="112x112 scenes: the paper's networks",
        source=f"{_SOURCE}; authors' code",
        model={"image_shape": (112, 112, 3)},
        data={"source": "folder:bedrooms"},
        batch_size=64,
        steps=200_000,
    ),
    "lsgan_ring8": Preset(
        family="lsgan",
        summary="eight Gaussians on a ring: the stability test",
        source=f"{_SOURCE}; authors' stability test, each mode once instead of one twice",
        model={"image_shape": (1, 1, 2), "architecture": "points"},
        data={"source": "toy:ring8"},
        batch_size=512,
        steps=35_000,
        run={"log_every": 100, "checkpoint_every": 1_000},
    ),
    "lsgan_digits": Preset(
        family="lsgan",
        summary="embedded digits in minutes: the paper's network cut to 28 pixels, narrow",
        source="networks of the paper at width 24 and two doublings; settings chosen here",
        model={"image_shape": (28, 28, 1), "width": 24, "latent_dim": 128},
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=2_500,
        expected="digits of all classes, some merged, seed 0",
    ),
    "lsgan_tiny": Preset(
        family="lsgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "width": 2, "latent_dim": 8},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
