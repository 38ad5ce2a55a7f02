"""Presets of InfoGAN.

`infogan_digits` departs from the paper where time is short: 3/8 of the width, fewer latents,
and an average of the generator. With both rates 5e-4 its generator died at step 1,700.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Chen et al. 2016, arXiv:1606.03657"

PRESETS = {
    "infogan_mnist": Preset(
        family="infogan",
        summary="the paper's digits: one code of ten classes, two continuous ones",
        source=f"{_SOURCE}, section 7.1, appendix C.1; authors' code: 50 epochs of 100 updates",
        model={"image_shape": (28, 28, 1)},
        data={"source": "tfds:mnist"},
        batch_size=128,
        steps=5_000,
        expected="unverified; the paper: the code matches the digit with 5 % error",
    ),
    "infogan_digits": Preset(
        family="infogan",
        summary="embedded digits in minutes: the paper's pair, narrow",
        source="networks of the paper at width 24; rates and length chosen here",
        model={"image_shape": (28, 28, 1), "latent_dim": 44, "width": 24},
        compile={"ema_half_life_images": 20_000},
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=2_500,
        expected="the ten-class code is read back with 2.29 of 2.30 nats, seed 0",
    ),
    "infogan_tiny": Preset(
        family="infogan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (8, 8, 1),
            "categories": (3, 2),
            "continuous": 1,
            "latent_dim": 10,
            "width": 4,
        },
        compile={"ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
