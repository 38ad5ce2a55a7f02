"""Random numbers of statistics that draw several things from one seed."""

from __future__ import annotations

import numpy as np

from tfgan_models.metrics import checks


def generator(seed: int, *purpose: int) -> np.random.Generator:
    """Philox of (seed, purpose): what is drawn for one purpose never moves another's draws."""
    key = (checks.whole("seed", seed, 0), *purpose)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
