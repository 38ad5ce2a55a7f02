"""Presets of WGAN-GP: the paper's five settings, 64 pixels, and the embedded digits.

`wgan_gp_digits` departs from the MNIST setting where time is short: width 24 instead of 64, two
critic updates instead of five, Adam(5e-4, 0, 0.9) instead of (1e-4, 0.5, 0.9), and an average of
the generator. Text comes from `examples/wgan_gp_language.py`, which writes `text.npz`.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Gulrajani et al. 2017, arXiv:1704.00028"
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.0, "beta_2": 0.9}


def _points(summary, data, **model):
    return Preset(
        family="wgan_gp",
        summary=summary,
        source=f"{_SOURCE}; authors' gan_toy.py",
        model={"image_shape": (1, 1, 2), "architecture": "points", **model},
        compile={"jit_compile": True},
        data={"source": data},
        batch_size=256,
        steps=100_000,
        run={"log_every": 100, "checkpoint_every": 1_000},
    )


def _cifar(summary, source, model, steps):
    return Preset(
        family="wgan_gp",
        summary=summary,
        source=f"{_SOURCE}; {source}",
        model={"image_shape": (32, 32, 3), **model},
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=steps,
        expected="unverified; the paper's inception scores: 7.86 without and 8.42 with classes",
    )


PRESETS = {
    "wgan_gp_ring8": _points("eight Gaussians on a ring", "toy:ring8"),
    "wgan_gp_grid25": _points("25 Gaussians on a grid", "toy:grid25"),
    "wgan_gp_swissroll": _points("a spiral in the plane", "toy:swissroll", scale=16.0 / 7.5),
    "wgan_gp_mnist_28": Preset(
        family="wgan_gp",
        summary="28x28 digits: the authors' MNIST network",
        source=f"{_SOURCE}; authors' gan_mnist.py",
        model={"image_shape": (28, 28, 1), "architecture": "mnist"},
        data={"source": "tfds:mnist"},
        batch_size=50,
        steps=200_000,
    ),
    "wgan_gp_cifar10_dcgan": _cifar(
        "32x32 colour: DCGAN-like pair without norm in the critic",
        "authors' gan_cifar.py",
        {"architecture": "dcgan"},
        200_000,
    ),
    "wgan_gp_cifar10_resnet": _cifar(
        "32x32 colour: the residual pair", "authors' gan_cifar_resnet.py", {}, 100_000
    ),
    "wgan_gp_cifar10_conditional": _cifar(
        "32x32 colour by class: the residual pair with a head that names the class",
        "authors' gan_cifar_resnet.py",
        {"num_classes": 10},
        100_000,
    ),
    "wgan_gp_64": Preset(
        family="wgan_gp",
        summary="64x64: the residual pair that survives where DCGANs fail",
        source=f"{_SOURCE}; authors' gan_64x64.py",
        model={"image_shape": (64, 64, 3)},
        compile={
            "generator_optimizer": {
                "name": "adam",
                "learning_rate": 1e-4,
                "beta_1": 0.0,
                "beta_2": 0.9,
            },
            "discriminator_optimizer": {
                "name": "adam",
                "learning_rate": 1e-4,
                "beta_1": 0.0,
                "beta_2": 0.9,
            },
        },
        data={"source": "folder:faces"},
        batch_size=64,
        steps=200_000,
    ),
    "wgan_gp_language": Preset(
        family="wgan_gp",
        summary="32 characters of text at a time",
        source=f"{_SOURCE}; authors' gan_language.py",
        model={"image_shape": (32, 33, 1), "architecture": "language"},
        data={"source": "npz:text.npz"},
        batch_size=64,
        steps=200_000,
    ),
    "wgan_gp_language_small": Preset(
        family="wgan_gp",
        summary="32 characters of text at a time, in minutes",
        source="networks of the authors' gan_language.py at width 64; settings chosen here",
        model={"image_shape": (32, 33, 1), "architecture": "language", "width": 64},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "d_steps": 2,
        },
        data={"source": "npz:text.npz"},
        batch_size=64,
        steps=2_000,
    ),
    "wgan_gp_digits": Preset(
        family="wgan_gp",
        summary="embedded digits in minutes: the MNIST network, narrow",
        source="networks of the authors' gan_mnist.py at width 24; settings chosen here",
        model={"image_shape": (28, 28, 1), "architecture": "mnist", "width": 24},
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "d_steps": 2,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=2_500,
    ),
    "wgan_gp_tiny": Preset(
        family="wgan_gp",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "num_classes": 10, "latent_dim": 8, "width": 4},
        compile={
            "penalties": ["gradient_penalty", "drift"],  # the loss leaves the last bias alone
            "d_steps": 2,
            "ema_half_life_images": 100,
        },
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
