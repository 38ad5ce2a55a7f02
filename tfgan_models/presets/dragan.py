"""Presets of DRAGAN.

`dragan_digits` has the authors' MLP with 512 hidden units instead of 128, Adam(1e-3, 0.5, 0.9)
instead of 1e-4, and an average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Kodali et al. 2017, arXiv:1705.07215"
_FAST = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5, "beta_2": 0.9}

PRESETS = {
    "dragan_mnist_28": Preset(
        family="dragan",
        summary="28x28 digits: the authors' network of one hidden layer",
        source=f"{_SOURCE}; authors' notebook",
        model={"image_shape": (28, 28, 1)},
        data={"source": "tfds:mnist"},
        batch_size=128,
        steps=100_000,
    ),
    "dragan_cifar10_32": Preset(
        family="dragan",
        summary="32x32 colour: DCGAN without norm in the critic",
        source=f"{_SOURCE}; networks as in Gulrajani et al. 2017",
        model={"image_shape": (32, 32, 3), "architecture": "conv"},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=100_000,
        expected="unverified; the paper's inception score: 6.90",
    ),
    "dragan_digits": Preset(
        family="dragan",
        summary="embedded digits in minutes: the one hidden layer, wider",
        source="networks of the authors' notebook at 512 units; settings chosen here",
        model={"image_shape": (28, 28, 1), "width": 512},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=128,
        steps=15_000,
        expected="digits of all classes with ragged edges, seed 0",
    ),
    "dragan_tiny": Preset(
        family="dragan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "width": 8, "latent_dim": 8},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
