"""Presets of SNGAN.

`sngan_digits` departs from the paper where time is short: 3/8 of the width, hinge and
Adam(1e-3, 0.5, 0.99) for the convolutional pair, and an average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Miyato et al. 2018, arXiv:1802.05957"
_FAST = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5, "beta_2": 0.99}


def _photographs(summary, source, shape, data, expected, **model):
    return Preset(
        family="sngan",
        summary=summary,
        source=f"{_SOURCE}, {source}",
        model={"image_shape": shape, **model},
        data={"source": data},
        batch_size=64,
        steps=100_000,
        expected=f"unverified; the paper: {expected}",
    )


_CIFAR = ((32, 32, 3), "tfds:cifar10")
_STL = ((48, 48, 3), "folder:stl10")

PRESETS = {
    "sngan_cifar10_resnet": _photographs(
        "32x32 colour: the residual pair, hinge, five discriminator updates",
        "table 4 and appendix B.4",
        *_CIFAR,
        "inception score 8.22 +- 0.05, FID 21.7",
    ),
    "sngan_cifar10_cnn": _photographs(
        "32x32 colour: the convolutional pair",
        "table 3",
        *_CIFAR,
        "inception score 7.42 +- 0.08, FID 29.3",
        architecture="cnn",
    ),
    "sngan_cifar10_cnn_code": _photographs(
        "32x32 colour: the convolutional pair, widened where the authors' code does",
        "table 3; authors' GAN library",
        *_CIFAR,
        "inception score 7.42 +- 0.08, FID 29.3",
        architecture="cnn",
        widen_at_stride=True,
    ),
    "sngan_stl10_resnet": _photographs(
        "48x48 colour: the residual pair",
        "table 5",
        *_STL,
        "inception score 9.10, FID 40.1",
    ),
    "sngan_stl10_cnn": _photographs(
        "48x48 colour: the convolutional pair",
        "table 3",
        *_STL,
        "inception score 8.28, FID 53.1",
        architecture="cnn",
    ),
    "sngan_digits": Preset(
        family="sngan",
        summary="embedded digits in minutes: the convolutional pair, narrow",
        source="networks of the paper for 28x28 at width 24; settings chosen here",
        model={
            "image_shape": (28, 28, 1),
            "architecture": "cnn",
            "latent_dim": 64,
            "width": 24,
        },
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "loss": "hinge",
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=1_500,
    ),
    "sngan_tiny": Preset(
        family="sngan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "latent_dim": 8, "width": 2},
        compile={"d_steps": 2, "ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
