"""Presets of BEGAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Berthelot et al. 2017, arXiv:1703.10717"
# Halved every 100,000 updates from 1e-4, never under 2e-5.
_RATE = {
    "name": "piecewise_constant_decay",
    "boundaries": [100_000, 200_000],
    "values": [1e-4, 5e-5, 2.5e-5],
}
_ADAM = {"name": "adam", "learning_rate": _RATE, "beta_1": 0.5}
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}


def _faces(side, latent_dim, **model):
    return Preset(
        family="began",
        summary=f"the paper's faces at {side}x{side}" + (", skips and residuals" if model else ""),
        source=f"{_SOURCE}, section 4; length and halvings of the TensorFlow reproduction",
        model={"image_shape": (side, side, 3), "latent_dim": latent_dim, **model},
        compile={"generator_optimizer": _ADAM, "discriminator_optimizer": _ADAM},
        data={"source": "folder:faces"},
        batch_size=16,
        steps=300_000,
    )


PRESETS = {
    "began_faces_64": _faces(64, 64),
    "began_faces_128": _faces(128, 128, skips=True, vanishing_residuals=True),
    "began_digits": Preset(
        family="began",
        summary="embedded digits in minutes: the paper's networks, narrow; draws ones only",
        source="networks of the paper at n = 16; gamma, rates and length chosen here",
        model={"image_shape": (28, 28, 1), "latent_dim": 32, "width": 16},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "loss": {"name": "boundary_equilibrium", "gamma": 0.9, "rate": 0.02},
            "ema_half_life_images": 5_000,
        },
        data={"source": "embedded:digits"},
        batch_size=32,
        steps=3_000,
        expected="ones alone, M near 0.08, seed 0",
    ),
    "began_tiny": Preset(
        family="began",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (8, 8, 1),
            "latent_dim": 4,
            "width": 2,
            "vanishing_residuals": True,
        },
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "residual_steps": 10,
            "ema_half_life_images": 100,
        },
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
