"""Presets of the projection discriminator.

`projection_gan_digits` departs from the paper where time is short: an eighth of the width and
less, one discriminator update instead of five on shared fakes, Adam(1e-3, 0, 0.99), and an
average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Miyato & Koyama 2018, arXiv:1802.05637"
_FAST = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.99}

PRESETS = {
    "projection_gan_imagenet_128": Preset(
        family="projection_gan",
        summary="128x128 by class: the paper's pair, five discriminator updates",
        source=f"{_SOURCE}, section 6.1 and appendix; authors' configuration: batches of 64",
        model={"image_shape": (128, 128, 3), "num_classes": 1000},
        data={"source": "folder:imagenet"},
        batch_size=64,
        steps=450_000,
        expected="unverified; the paper: inception score 36.8, intra-class FID 92.4",
    ),
    "projection_gan_cifar10": Preset(
        family="projection_gan",
        summary="32x32 colour by class: SNGAN's residual pair",
        source=f"{_SOURCE}, appendix, CIFAR-10; setting of SNGAN, arXiv:1802.05957",
        model={"image_shape": (32, 32, 3), "num_classes": 10},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=100_000,
        expected="unverified; the paper: inception score 8.62, FID 17.5",
    ),
    "projection_gan_digits": Preset(
        family="projection_gan",
        summary="embedded digits by class in minutes: the residual pair, narrow",
        source="networks of the paper for 28x28 at width 12; settings chosen here",
        model={"image_shape": (28, 28, 1), "num_classes": 10, "latent_dim": 64, "width": 12},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "d_steps": 1,
            "share_fakes": True,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=3_000,
        expected="99.9 % of 2,000 samples read as the class asked for, seed 0",
    ),
    "projection_gan_tiny": Preset(
        family="projection_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "num_classes": 10, "latent_dim": 8, "width": 2},
        compile={"d_steps": 2, "ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
