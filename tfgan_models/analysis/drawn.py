"""What the samplers share: their result, reproducible draws, checked logits."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_models.core import random


class Drawn(NamedTuple):
    """What a sampler returns.

    Attributes:
        samples: (n, ...), as `generate` makes them.
        latents: Float32 (n, latent_dim), what each sample was made from.
        logits: Float64 (n,), their scores.
        rate: Accepted share of the proposals; 1 for Langevin steps without a correction.
        fallbacks: Rejection: samples that are the best of `max_candidates` instead of an
            accepted one. Metropolis-Hastings: chains that never left their real image and
            were started again from a fake one.
    """

    samples: Any
    latents: Any
    logits: Any
    rate: float
    fallbacks: int


def sigmoid(values) -> np.ndarray:
    """1 / (1 + exp(-x)), float64."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(values, "float64")))


def normal(seed, purpose, step, count, dim, start=0) -> np.ndarray:
    """Rows start .. start + count of the standard normal draw (., dim) of a purpose and step."""
    return random.normal(random.key(seed, purpose, step), count, (dim,), start).numpy()


def uniform(seed, purpose, step, count, start=0) -> np.ndarray:
    """As `normal`, uniform numbers (count,)."""
    key = random.key(seed, f"{purpose}_uniform", step)
    return random.uniform(key, count, (), start).numpy()


def make(generate, score, latents) -> tuple[np.ndarray, np.ndarray]:
    """Samples of latents and their logits, float64 (B,)."""
    samples = generate(tf.constant(latents))
    logits = score(samples)
    check_logit_shape(np.shape(logits), len(latents))
    return np.asarray(samples), checked_logits(logits)


def check_logit_shape(shape, rows) -> None:
    """Raises ValueError unless the shape is one logit a row."""
    shape = tuple(shape)
    if shape not in ((rows,), (rows, 1), (None,), (None, 1)):
        raise ValueError(f"score must return logits ({rows},) or ({rows}, 1); got {shape}.")


def checked_logits(logits) -> np.ndarray:
    """Returns logits as float64 (n,); raises ValueError unless all are finite."""
    logits = np.asarray(logits, "float64").reshape(-1)
    if not logits.size or not np.all(np.isfinite(logits)):
        raise ValueError("Logits must be finite numbers, at least one; clip the scores first.")
    return logits
