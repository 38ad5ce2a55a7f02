"""Presets of LAPGAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Denton et al. 2015, arXiv:1506.05751"
_ADAM = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}
_FAST = {"name": "adam", "learning_rate": 2e-3, "beta_1": 0.5}


def _cifar10(summary, **model):
    return Preset(
        family="lapgan",
        summary=summary,
        source=f"{_SOURCE}, section 4 and the authors' scripts; length chosen here (250 epochs)",
        model={"image_shape": (32, 32, 3), **model},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=250 * 703,
    )


PRESETS = {
    "lapgan_cifar10": _cifar10("CIFAR-10 in three levels, 8 to 32 pixels"),
    "lapgan_cifar10_conditional": _cifar10("CIFAR-10 by class in three levels", num_classes=10),
    "lapgan_digits": Preset(
        family="lapgan",
        summary="embedded digits by class in minutes: 7, 14 and 28 pixels",
        source="networks of the authors' scripts, narrow; Adam and length chosen here",
        model={
            "image_shape": (28, 28, 1),
            "num_classes": 10,
            "width": 12,
            "units": 1_500,
            "coarse_latent_dim": 32,
        },
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _FAST,
            "ema_half_life_images": 10_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=4_000,
        expected="78 % of 2,000 samples read as the class asked for, seed 0",
    ),
    "lapgan_tiny": Preset(
        family="lapgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (16, 16, 1),
            "num_classes": 10,
            "levels": 2,
            "coarse_latent_dim": 4,
            "width": 2,
            "units": 20,
        },
        compile={"generator_optimizer": _ADAM, "discriminator_optimizer": _ADAM},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
