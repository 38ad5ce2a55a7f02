"""Presets of the gradient-regularised GAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Nagarajan & Kolter 2017, arXiv:1706.04156, section 4"
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}

PRESETS = {
    "gradient_regularized_ring8": Preset(
        family="gradient_regularized_gan",
        summary="eight Gaussians on a ring, in the plane",
        source=f"{_SOURCE}; networks of Metz et al. 2017, arXiv:1611.02163; rates, length chosen",
        model={"image_shape": (1, 1, 2)},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "jit_compile": True,
        },
        data={"source": "toy:ring8"},
        batch_size=512,
        steps=10_000,
        run={"log_every": 100, "checkpoint_every": 2_000},
        expected="8 modes by the strict count, seed 0",
    ),
    "gradient_regularized_gan_tiny": Preset(
        family="gradient_regularized_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (1, 1, 2), "latent_dim": 8},
        data={"source": "toy:ring8"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
