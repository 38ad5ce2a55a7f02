"""Presets with two time scales (TTUR): a rate for each player, one update of each a step.

Heusel et al. 2017, arXiv:1706.08500. Which player is faster depends on the data and the networks:
WGAN-GP's critic, DCGAN's generator. `ttur_digits` is `wgan_gp_digits` with one critic update at
three times the generator's rate.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Heusel et al. 2017, arXiv:1706.08500; authors' code"


def _adam(rate, beta_1, beta_2=0.9):
    return {"name": "adam", "learning_rate": rate, "beta_1": beta_1, "beta_2": beta_2}


def _rates(generator, discriminator, *betas, **others):
    return {
        "generator_optimizer": _adam(generator, *betas),
        "discriminator_optimizer": _adam(discriminator, *betas),
        **others,
    }


def _dcgan(summary, shape, data, rates):
    return Preset(
        family="dcgan",
        summary=summary,
        source="Heusel et al. 2017, arXiv:1706.08500; rates not checked against the code",
        model={"image_shape": shape, "width": 64},
        compile=_rates(*rates, 0.5, 0.999),
        data={"source": data},
        batch_size=64,
        steps=100_000,
    )


PRESETS = {
    "ttur_wgan_gp_64": Preset(
        family="wgan_gp",
        summary="64x64: the residual pair, critic three times as fast, one update each",
        source=_SOURCE,
        model={"image_shape": (64, 64, 3)},
        compile=_rates(1e-4, 3e-4, 0.0, d_steps=1),
        data={"source": "folder:faces"},
        batch_size=64,
        steps=100_000,
    ),
    "ttur_wgan_gp_language": Preset(
        family="wgan_gp",
        summary="32 characters of text at a time, critic three times as fast, one update each",
        source=_SOURCE,
        model={"image_shape": (32, 33, 1), "architecture": "language"},
        compile=_rates(1e-4, 3e-4, 0.5, d_steps=1),
        data={"source": "npz:text.npz"},
        batch_size=64,
        steps=200_000,
    ),
    "ttur_dcgan_faces_64": _dcgan(
        "64x64 faces: DCGAN, generator fifty times as fast",
        (64, 64, 3),
        "folder:faces",
        (5e-4, 1e-5),
    ),
    "ttur_dcgan_cifar10_32": _dcgan(
        "32x32 colour: DCGAN, generator five times as fast",
        (32, 32, 3),
        "tfds:cifar10",
        (5e-4, 1e-4),
    ),
    "ttur_digits": Preset(
        family="wgan_gp",
        summary="embedded digits in minutes: WGAN-GP with one fast critic update",
        source="settings chosen here",
        model={"image_shape": (28, 28, 1), "architecture": "mnist", "width": 24},
        compile=_rates(5e-4, 1.5e-3, 0.0, d_steps=1, ema_half_life_images=20_000),
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=4_000,
        expected="clear digits of all classes, seed 0",
    ),
}
