"""Presets of the GAN on numbers."""

from tfgan_models.presets.base import Preset

_DEMONSTRATION = "Glover 2016, gan-intro"

PRESETS = {
    "gaussian_normal": Preset(
        family="gaussian_gan",
        summary="the demonstration: numbers of N(4, 0.5), with minibatch discrimination",
        source=_DEMONSTRATION,
        model={"image_shape": (1, 1, 1)},
        compile={"steps_per_execution": 50},
        data={"source": "toy:normal"},
        batch_size=8,
        steps=5_000,
        expected="mean within 0.3 of 4, standard deviation over 0.25",
        run={"log_every": 100, "checkpoint_every": 1_000},
    ),
    "gaussian_collapse": Preset(
        family="gaussian_gan",
        summary="the demonstration without minibatch discrimination: the spread shrinks",
        source=_DEMONSTRATION,
        model={"image_shape": (1, 1, 1), "minibatch": False},
        compile={"steps_per_execution": 50},
        data={"source": "toy:normal"},
        batch_size=8,
        steps=5_000,
        run={"log_every": 100, "checkpoint_every": 1_000},
    ),
    "gaussian_numbers": Preset(
        family="gaussian_gan",
        summary="a list of numbers of your own, or the lecture's fifty",
        source="list of Raschka 2021, STAT 453; networks and setting chosen here",
        model={"image_shape": (1, 1, 1), "architecture": "stable"},
        compile={"steps_per_execution": 50},
        data={"source": "numbers:lecture"},
        batch_size=50,
        steps=3_000,
        expected="mean within 0.75 of the list's, standard deviation 3.5 to 6.5",
        run={"log_every": 100, "checkpoint_every": 1_000},
    ),
    "gaussian_gan_tiny": Preset(
        family="gaussian_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (1, 1, 1), "architecture": "stable"},
        data={"source": "toy:normal"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
