"""What networks and their averages carry: stale statistics, dead channels, no movement."""

from __future__ import annotations

import numpy as np


def mode_mismatch(train_images, inference_images) -> float:
    """Mean absolute difference of the same latents' images in the two modes of batch norm.

    In units of the mean over pixels of the standard deviation of the training-mode images
    (n, ...); 0 where the modes agree. Compare with the same number for two training-mode
    batches that share some latents: a batch's statistics are themselves noisy.
    """
    train = np.asarray(train_images, "float64").reshape(len(train_images), -1)
    other = np.asarray(inference_images, "float64").reshape(len(inference_images), -1)
    spread = float(train.std(axis=0).mean())
    return float(np.abs(train - other).mean()) / max(spread, 1e-12)


def initial_share(updates: int, momentum: float) -> float:
    """Weight momentum^updates that a moving statistic still gives its initial value."""
    return float(momentum) ** max(0, updates)


def initial_share_of_average(images: float, half_life: float) -> float:
    """Weight 0.5^(images / half-life) of the initial weights in an averaged generator.

    Below 5 % after 4.3 half-lives.
    """
    return 0.5 ** (images / half_life)


def dead_share(largest, variances, rectified: bool = True) -> float:
    """Share of a layer's channels that do nothing.

    Args:
        largest: Largest activation of each channel over a batch, (C,).
        variances: Their variances over batch and space, (C,).
        rectified: Whether a channel that is never above zero is dead too (ReLU); a leaky
            one still carries the gradient.
    """
    dead = np.asarray(variances) < 1e-12
    if rectified:
        dead = dead | (np.asarray(largest) <= 0.0)
    return float(dead.mean())


def movement(images, earlier, data_std: float) -> float:
    """Mean absolute change of the images of fixed latents, in the data's standard deviations."""
    images, earlier = (np.asarray(x, "float64") for x in (images, earlier))
    return float(np.abs(images - earlier).mean()) / max(data_std, 1e-12)


def relative_step(weights, earlier, steps: int) -> float:
    """|change of the weights| / |weights| a step, of flat arrays of the same weights."""
    weights, earlier = (np.asarray(x, "float64") for x in (weights, earlier))
    return float(
        np.linalg.norm(weights - earlier) / max(np.linalg.norm(weights), 1e-12) / max(steps, 1)
    )
