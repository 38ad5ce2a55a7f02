"""Presets of the improved-techniques GAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Salimans et al. 2016, arXiv:1606.03498"
_ADAM = {"name": "adam", "learning_rate": 3e-4, "beta_1": 0.5}
_LOSS = [
    {"name": "non_saturating", "real_target": 0.9},
    {"name": "feature_matching", "adversarial": False, "weight": 1.0},
]

PRESETS = {
    "improved_cifar10": Preset(
        family="improved_gan",
        summary="CIFAR-10 with all five techniques",
        source=f"{_SOURCE}, section 3; networks, rates and 1,200 epochs of the authors' code",
        model={"image_shape": (32, 32, 3)},
        data={"source": "tfds:cifar10"},
        batch_size=100,
        steps=600_000,
    ),
    "improved_digits": Preset(
        family="improved_gan",
        summary="embedded digits in minutes: all five techniques, narrow",
        source="networks of the authors' CIFAR-10 code at width 32; length chosen here",
        model={
            "image_shape": (28, 28, 1),
            "width": 32,
            "latent_dim": 64,
            "kernels": 32,
            "noise": 0.2,
        },
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "loss": _LOSS,
            "penalties": [{"name": "historical_averaging", "weight": 1e-3}],
            "ema_half_life_images": 10_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=2_000,
        expected="digits of all classes with ragged edges, seed 0",
    ),
    "improved_tiny": Preset(
        family="improved_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (12, 12, 1),
            "latent_dim": 4,
            "width": 4,
            "references": 4,
            "kernels": 3,
        },
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "loss": _LOSS,
            "penalties": [{"name": "historical_averaging", "weight": 1e-3}],
        },
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
