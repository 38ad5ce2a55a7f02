"""What a penalty sees and how it is configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Game:
    """What a penalty may read in one update of one player.

    Attributes:
        discriminate: Images (B, H, W, C) in [-1, 1] -> logits, with the batch's labels
            and this update's augmentation inside, so gradients are with respect to the
            un-augmented image.
        real, fake: Images (B, H, W, C) before augmentation; `fake` carries no gradient
            in the discriminator's update. `real` is None in the generator's.
        real_logits, fake_logits: What the discriminator said of them (real None likewise).
        draws: Per-example random numbers (`core.random.Draws`), the same for any number
            of replicas.
        weights: Trainable variables of the player that is being updated.
    """

    discriminate: Callable
    real: Any
    fake: Any
    real_logits: Any
    fake_logits: Any
    draws: Any
    weights: tuple


class Penalty:
    """A term added to a player's loss.

    A subclass defines `discriminator(game)`, `generator(game)` or both, returning a
    scalar that `weight` then multiplies; `NAME` is the scalar's key in the logs.

    Args:
        every: Interval in steps. The term is added in every k-th step, to each of its
            updates of the player, multiplied by k (lazy regularisation, Karras et al. 2020).
    """

    NAME = "penalty"
    weight = 1.0
    PER_IMAGE_GRADIENT = False  # wants the gradient of one image's logit: no batch norm in D

    def __init__(self, every: int = 1):
        if int(every) != every or every < 1:
            raise ValueError(f"every must be a positive int; got {every!r}.")
        self.every = int(every)

    def get_config(self) -> dict:
        """Returns the constructor's arguments as plain data."""
        return {"every": self.every}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
