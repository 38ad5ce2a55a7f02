"""What class labels do: to the data's pixels, to a generator's, and how they are drawn."""

from __future__ import annotations

import math

import numpy as np


def class_share(images, labels) -> float:
    """eta^2: the share of the pixels' variance that lies between the classes' mean images.

    0.21 for MNIST, 0.40 for Fashion-MNIST, 0.08 for CIFAR-10.

    Args:
        images: (n, ...).
        labels: Ints (n,).

    Raises:
        ValueError: The lengths differ, or the images do not vary.
    """
    labels = np.asarray(labels)
    flat = np.asarray(images, "float64").reshape(len(labels), -1)
    total = flat.var(axis=0).sum()
    if not total > 0.0:
        raise ValueError("The images do not vary.")
    centre, between = flat.mean(axis=0), 0.0
    for label in np.unique(labels):
        own = flat[labels == label]
        between += len(own) / len(flat) * np.sum((own.mean(axis=0) - centre) ** 2)
    return float(between / total)


def _table(images) -> np.ndarray:
    images = np.asarray(images, "float64")
    if images.ndim < 3 or min(images.shape[:2]) < 2:
        raise ValueError(
            "images must be (latents, labels, ...) with at least two of each; got shape "
            f"{images.shape}."
        )
    return images.reshape(*images.shape[:2], -1)


def label_effect(images, data_share: float) -> float:
    """What the label changes in generated images, in units of the data's class share.

    lambda = mean over z of Var_y G(z, y) over the total variance of these images, divided
    by eta^2: 0 where the label is ignored.

    Args:
        images: (Z, K, ...), the same Z latents with each of K labels.
        data_share: `class_share` of the data, positive.
    """
    table = _table(images)
    total = table.reshape(-1, table.shape[-1]).var(axis=0).sum()
    if total <= 0.0:
        return 0.0
    return float(table.var(axis=1).sum(axis=-1).mean() / total / data_share)


def latent_effect(images, within_variance: float) -> float:
    """What the latent changes within a class, in units of the data's variance within classes.

    0: one picture a class. Both variances are unbiased (1/(n - 1)).

    Args:
        images: (Z, K, ...), the same Z latents with each of K labels.
        within_variance: Sum over pixels of the data's variance within classes, positive.
    """
    table = _table(images)
    return float(table.var(axis=0, ddof=1).sum(axis=-1).mean() / within_variance)


def law_distance(labels, others, num_classes: int) -> tuple[float, float]:
    """Total variation between two sets of labels, and what chance alone allows.

    Where fake labels have another law than the real ones, the optimal logit carries an
    offset log p(y)/q(y) for each class.

    Args:
        labels, others: Ints (n,), (m,), in [0, num_classes).
        num_classes: K.

    Returns:
        (distance in [0, 1], standard error: the sum over classes of the binomial one of a
        difference of shares, halved).
    """
    counts = [np.bincount(np.asarray(y), minlength=num_classes) for y in (labels, others)]
    first, second = (c / c.sum() for c in counts)
    both = sum(counts) / sum(c.sum() for c in counts)
    variance = both * (1.0 - both) * sum(1.0 / c.sum() for c in counts)
    return 0.5 * float(np.abs(first - second).sum()), 0.5 * float(np.sqrt(variance).sum())


def longest_run(labels) -> int:
    """Length of the longest run of equal labels (n,), n >= 1."""
    labels = np.asarray(labels)
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1], True])
    return int(np.diff(starts).max())


def expected_run(labels) -> float:
    """About how long the longest run is when labels (n,) are in random order.

    log(n (1 - p)) / log(1/p) + 1, p the share of the commonest label; n for one label.
    Source: Schilling 1990, "The longest run of heads".
    """
    labels = np.asarray(labels)
    share = np.unique(labels, return_counts=True)[1].max() / len(labels)
    if share == 1.0:
        return float(len(labels))
    return max(1.0, 1.0 + math.log(max(len(labels) * (1.0 - share), 1.0)) / -math.log(share))
