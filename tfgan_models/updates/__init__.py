"""Which player is updated when: fixed ratios are `d_steps`, everything else is here.

model.compile(d_steps=5, updates="bursts")
"""

from tfgan_models.core.lookup import resolve
from tfgan_models.registry import UPDATES
from tfgan_models.updates.base import Updates
from tfgan_models.updates.rules import (
    AccuracyGate,
    Bursts,
    CriticConvergence,
    LossRatio,
    Simultaneous,
)


def get(spec) -> Updates:
    """Returns an update rule from a name, a config dict or an object; None: the base's order.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return Updates() if spec is None else resolve("update rule", spec, UPDATES)


__all__ = [
    "AccuracyGate",
    "Bursts",
    "CriticConvergence",
    "LossRatio",
    "Simultaneous",
    "Updates",
    "get",
]
