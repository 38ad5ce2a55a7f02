"""Presets of AC-GAN.

`acgan_digits` departs from the example where time is short: 3/8 of the width, Adam(5e-4, 0.5)
and an average of the generator.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Odena et al. 2017, arXiv:1610.09585"
_FAST = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}

PRESETS = {
    "acgan_cifar10": Preset(
        family="acgan",
        summary="32x32 colour by class: the paper's pair",
        source=f"{_SOURCE}, appendix, table 2",
        model={"image_shape": (32, 32, 3), "num_classes": 10},
        data={"source": "tfds:cifar10"},
        batch_size=100,
        steps=50_000,
        expected="unverified; the paper: inception score 8.25 +- 0.07",
    ),
    "acgan_imagenet_128": Preset(
        family="acgan",
        summary="128x128, ten classes a model: the paper's pair",
        source=f"{_SOURCE}, section 4 and appendix, table 1",
        model={"image_shape": (128, 128, 3), "num_classes": 10},
        data={"source": "folder:imagenet"},
        batch_size=100,
        steps=50_000,
    ),
    "acgan_mnist": Preset(
        family="acgan",
        summary="28x28 digits by class: the Keras team's example",
        source="keras-team/keras, examples/mnist_acgan.py: batch 100, 50 epochs of 600",
        model={"image_shape": (28, 28, 1), "num_classes": 10, "architecture": "digits"},
        data={"source": "tfds:mnist"},
        batch_size=100,
        steps=30_000,
    ),
    "acgan_digits": Preset(
        family="acgan",
        summary="embedded digits by class in minutes: the Keras team's pair, narrow",
        source="networks of keras-team/keras, examples/mnist_acgan.py at width 12; settings here",
        model={
            "image_shape": (28, 28, 1),
            "num_classes": 10,
            "architecture": "digits",
            "width": 12,
        },
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=2_000,
        expected="95.6 % of 2,000 samples read as the class asked for, seed 0",
    ),
    "acgan_tiny": Preset(
        family="acgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "num_classes": 10, "latent_dim": 8, "width": 2},
        compile={"ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
