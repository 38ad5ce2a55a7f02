"""Presets of relativistic GANs: the author's cats and CIFAR-10 with each of the four losses.

`relativistic_digits` is the CIFAR-10 network at width 16 with Adam(5e-4, 0.5) and an average of
the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Jolicoeur-Martineau 2018, arXiv:1807.00734; author's code"
_LOSSES = {
    "rpgan": "relativistic_pairing",
    "ragan": "relativistic_average",
    "ralsgan": "relativistic_average_least_squares",
    "rahinge": "relativistic_average_hinge",
}
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}
_PATIENT = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9}


def _cats(loss):
    return Preset(
        family="relativistic_gan",
        summary=f"64x64 cats: DCGAN with the {loss.replace('_', ' ')} loss",
        source=_SOURCE,
        model={"image_shape": (64, 64, 3)},
        compile={"loss": loss},
        data={"source": "folder:cats"},
        batch_size=32,
        steps=100_000,
    )


def _cifar(summary, loss, **compile_options):
    return Preset(
        family="relativistic_gan",
        summary=f"32x32 colour: SNGAN's pair with the {loss.replace('_', ' ')} loss{summary}",
        source=_SOURCE,
        model={"image_shape": (32, 32, 3), "architecture": "cnn"},
        compile={"loss": loss, **compile_options},
        data={"source": "tfds:cifar10"},
        batch_size=32,
        steps=100_000,
    )


PRESETS = {
    **{f"{name}_cats_64": _cats(loss) for name, loss in _LOSSES.items()},
    **{f"{name}_cifar10_32": _cifar("", loss) for name, loss in _LOSSES.items()},
    "rpgan_gp_cifar10_32": _cifar(
        ", gradient penalty and five discriminator updates",
        "relativistic_pairing",
        penalties=["gradient_penalty"],
        generator_optimizer=_PATIENT,
        discriminator_optimizer=_PATIENT,
        d_steps=5,
    ),
    "relativistic_digits": Preset(
        family="relativistic_gan",
        summary="embedded digits in minutes: SNGAN's pair, narrow, relativistic average",
        source="networks of the author's CIFAR-10 runs at width 16; settings chosen here",
        model={"image_shape": (28, 28, 1), "architecture": "cnn", "width": 16},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=3_000,
        expected="digits of all classes, some merged, seed 0",
    ),
    "relativistic_tiny": Preset(
        family="relativistic_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (16, 16, 1), "width": 4, "latent_dim": 8},
        data={"source": "embedded:digits", "image_size": 16},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
