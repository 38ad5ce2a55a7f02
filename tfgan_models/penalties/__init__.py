"""Penalties added to the players' losses: pure functions and named objects.

penalties.r1(discriminate, real_images, gamma=10.0)   -> scalar
model.compile(penalties=[penalties.R1(gamma=10.0, every=16), "lecam"])
"""

from tfgan_models.core.lookup import resolve
from tfgan_models.penalties.base import Game, Penalty
from tfgan_models.penalties.gradient import R1, GradientPenalty, gradient_penalty, r1
from tfgan_models.penalties.lecam import LeCam, lecam
from tfgan_models.penalties.weight import WeightDecay, weight_decay
from tfgan_models.registry import PENALTIES


def get(spec) -> Penalty:
    """Returns a penalty from a name, a config dict or an object.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return resolve("penalty", spec, PENALTIES)


__all__ = [
    "Game",
    "GradientPenalty",
    "LeCam",
    "Penalty",
    "R1",
    "WeightDecay",
    "get",
    "gradient_penalty",
    "lecam",
    "r1",
    "weight_decay",
]
