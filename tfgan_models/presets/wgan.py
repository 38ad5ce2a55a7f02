"""Presets of WGAN.

`wgan_digits` departs from the paper where time is short: 32 pixels at width 16, RMSprop(5e-4),
two critic updates with bursts of 20 instead of five with bursts of 100, clipping at 0.03 and an
average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Arjovsky et al. 2017, arXiv:1701.07875"
_FAST = {"name": "rmsprop", "learning_rate": 5e-4, "rho": 0.99, "epsilon": 1e-8}


def _bedrooms(summary, architecture):
    return Preset(
        family="wgan",
        summary=summary,
        source=f"{_SOURCE}, section 4 and Algorithm 1; authors' main.py",
        model={"image_shape": (64, 64, 3), "architecture": architecture},
        data={"source": "folder:bedrooms"},
        batch_size=64,
        steps=200_000,
    )


PRESETS = {
    "wgan_bedrooms_64": _bedrooms("64x64 bedrooms: the DCGAN port, clipped", "dcgan"),
    "wgan_mlp_64": _bedrooms("64x64 bedrooms: dense networks", "mlp"),
    "wgan_mlp_generator_64": _bedrooms(
        "64x64 bedrooms: a dense generator still trains", "mlp_generator"
    ),
    "wgan_digits": Preset(
        family="wgan",
        summary="embedded digits in minutes: the DCGAN port at 32 pixels, narrow",
        source="networks of the authors' dcgan.py at width 16; settings chosen here",
        model={"image_shape": (32, 32, 1), "width": 16},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "penalties": [{"name": "weight_clipping", "clip": 0.03}],
            "updates": {"name": "bursts", "normal": 2, "burst": 20},
            "d_steps": 2,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits", "image_size": 32},
        batch_size=64,
        steps=4_000,
        expected="digits of all classes, thin, seed 0",
    ),
    "wgan_tiny": Preset(
        family="wgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (16, 16, 1), "width": 4, "latent_dim": 8},
        compile={"updates": {"name": "bursts", "normal": 2, "burst": 2}, "d_steps": 2},
        data={"source": "embedded:digits", "image_size": 16},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
