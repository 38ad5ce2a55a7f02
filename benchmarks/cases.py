"""What the benchmarks train: a model of this library and what its hand-written twin needs.

Imports TensorFlow only when a model or data are made, so that the parent processes of
`memory` and `start_time` stay small.
"""

from __future__ import annotations

import argparse
import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Case:
    """One training step to measure.

    Attributes:
        preset: Preset that the library side starts from.
        overrides: Its fields by dotted name.
        data: A `--data` spec, or "noise" for random bytes of the model's shape.
        batch: B.
        uniform: Bounds of uniform latents, None for normal ones.
        unit: Whether the networks work on [0, 1] instead of [-1, 1].
        d_weight: Factor of the discriminator's loss.
        weight_decay: Factor of half the sum of squares of a player's weights.
    """

    preset: str
    overrides: dict
    data: str
    batch: int
    uniform: tuple[float, float] | None = None
    unit: bool = False
    d_weight: float = 1.0
    weight_decay: float = 0.0


def _dcgan(side: int, channels: int, width: int, data: str, batch: int = 64, **kwargs) -> Case:
    overrides = {"model.image_shape": [side, side, channels], "model.width": width}
    return Case(
        "dcgan_cifar10_32", overrides, data, batch, uniform=(-1.0, 1.0), unit=side == 28, **kwargs
    )


CASES = {
    "mlp_toy": Case(
        "gan_ring8",
        {},
        "toy:ring8",
        128,
        uniform=(-math.sqrt(3.0), math.sqrt(3.0)),
        unit=True,
        d_weight=0.5,
    ),
    "dcgan_28": _dcgan(28, 1, 64, "embedded:digits", weight_decay=2.5e-5),
    "dcgan_28_narrow": _dcgan(28, 1, 8, "embedded:digits", weight_decay=2.5e-5),
    "dcgan_32": _dcgan(32, 3, 64, "noise"),
    "dcgan_64_narrow": _dcgan(64, 3, 16, "noise", batch=32, weight_decay=1e-5),
    "quickstart": Case("quickstart", {"compile.penalties": []}, "embedded:digits", 64),
}


def names(text: str) -> list[str]:
    """Reads case names separated by commas, for argparse."""
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in CASES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(CASES)}")
    return chosen


def make_model(case: Case, seed: int = 0, **overrides):
    """Returns the library's compiled model of a case.

    Args:
        case: The case.
        seed: Of the weights and the latents.
        **overrides: Further fields, `__` for the dot: `compile__steps_per_execution=1`.
    """
    from tfgan_models import presets

    more = {name.replace("__", "."): value for name, value in overrides.items()}
    recipe = presets.get(case.preset).override({**case.overrides, **more})
    return presets.build(recipe, seed)


def make_dataset(case: Case, seed: int = 0):
    """Returns the endless pipeline of batches that both sides read."""
    from trainers import data

    return data.pipeline(_source(case), batch_size=case.batch, seed=seed)


def _source(case: Case):
    from trainers import data

    if case.data != "noise":
        return data.load(case.data)
    import numpy as np

    from trainers.data.source import ArraySource

    shape = case.overrides["model.image_shape"]
    generator = np.random.default_rng(0)
    return ArraySource("noise", generator.integers(0, 256, (2_048, *shape), np.uint8))


def start(deterministic: bool = True) -> None:
    """Starts TensorFlow as `tfgan-train` does: quietly, with deterministic operations."""
    from trainers.commands.base import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    if deterministic:
        tf.config.experimental.enable_op_determinism()
