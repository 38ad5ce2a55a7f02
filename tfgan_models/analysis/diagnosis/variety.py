"""How varied images are, which groups of the data they miss, which images they copy.

The distances are those of flattened pixels: Euclidean, so that a picture shifted by one
pixel is as far away as another picture (average pooling softens that).
"""

from __future__ import annotations

import numpy as np

_LLOYD_STEPS = 25
_STARVED = 0.1  # of the expected share


def rows(images) -> np.ndarray:
    """Returns images (n, ...) as float32 (n, d).

    Raises:
        ValueError: Fewer than two axes or no images.
    """
    images = np.asarray(images, "float32")
    if images.ndim < 2 or not len(images):
        raise ValueError(f"images must be (n, ...) with n >= 1; got shape {images.shape}.")
    return images.reshape(len(images), -1)


def total_variance(images) -> float:
    """Sum over pixels of the variance over the batch, 1/n; images (n, ...)."""
    return float(np.var(rows(images), axis=0, dtype="float64").sum())


def variance_ratio(images, data_variance: float) -> float:
    """`total_variance` of images in units of the data's: 1 healthy, 0 for one picture.

    It sees total collapse only: 4 distinct images give about 0.77, 8 about 0.88.

    Args:
        images: (n, ...).
        data_variance: `total_variance` of real images, positive.
    """
    return total_variance(images) / _positive("data_variance", data_variance)


def _positive(name: str, value: float) -> float:
    if not value > 0.0:
        raise ValueError(f"{name} must be positive; got {value}: the data does not vary.")
    return float(value)


def squared_distances(a, b) -> np.ndarray:
    """Squared Euclidean distances, float32 (n, m), of rows a (n, d) and b (m, d)."""
    norms = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)[None, :]
    return np.maximum(norms - 2.0 * (a @ b.T), 0.0)


def nearest_in_batch(images) -> float:
    """Median over a batch of the distance to the nearest other image of it.

    In units of the same number for as many real images (the median over batches), healthy
    generators are near 1; a few repeated pictures with a little noise are near 0.06. Such a
    batch has the variance of real data.

    Args:
        images: (n, ...), n >= 2; the number depends on n.
    """
    flat = rows(images)
    if len(flat) < 2:
        raise ValueError("One image has no neighbour: give a batch of at least 2.")
    squared = squared_distances(flat, flat)
    np.fill_diagonal(squared, np.inf)
    return float(np.median(np.sqrt(squared.min(axis=1))))


def nearest_among(images, references, block: int = 4096) -> float:
    """Median distance of images (n, ...) to the nearest of references (m, ...).

    Memorisation: samples against training images, in units of held-out images against
    training images. Copies give about 0, new images about 1.
    """
    flat, others = rows(images), rows(references)
    nearest = np.full(len(flat), np.inf)
    for start in range(0, len(others), block):
        squared = squared_distances(flat, others[start : start + block])
        nearest = np.minimum(nearest, squared.min(axis=1))
    return float(np.median(np.sqrt(nearest)))


def pooled(images, side: int = 8) -> np.ndarray:
    """Average-pools images (n, H, W, C) to at most `side` rows and columns.

    Rows and columns that do not fill a cell are cut off; smaller images stay as they are.
    """
    images = np.asarray(images, "float32")
    n, height, width, channels = images.shape
    down, across = max(1, height // side), max(1, width // side)
    cut = images[:, : height // down * down, : width // across * across]
    cells = cut.reshape(n, height // down, down, width // across, across, channels)
    return cells.mean(axis=(2, 4))


class Clusters:
    """Groups of real images by k-means, and how samples spread over them.

    Lloyd's algorithm with the k-means++ start (Arthur & Vassilvitskii 2007).

    Args:
        images: Real images (n, ...), n >= `count`.
        count: k.
        seed: Of the start.

    Attributes:
        centres: float32 (k, d).
        shares: Share of the real images in each group, (k,).
    """

    def __init__(self, images, count: int = 20, seed: int = 0):
        flat = rows(images)
        if not 1 <= count <= len(flat):
            raise ValueError(f"{len(flat)} images do not make {count} groups.")
        self.centres = _spread_start(flat, count, np.random.default_rng(seed))
        for _ in range(_LLOYD_STEPS):
            nearest = self._assign(flat)
            for group in np.unique(nearest):
                self.centres[group] = flat[nearest == group].mean(axis=0)
        self.shares = self.counts(images) / len(flat)

    def _assign(self, flat) -> np.ndarray:
        return squared_distances(flat, self.centres).argmin(axis=1)

    def counts(self, images) -> np.ndarray:
        """How many of images (n, ...) fall into each group, int64 (k,)."""
        return np.bincount(self._assign(rows(images)), minlength=len(self.centres))

    def coverage(self, counts) -> tuple[float, int]:
        """Compares samples with the data.

        Args:
            counts: Samples in each group, (k,), summed over as many batches as one likes.

        Returns:
            (total variation in [0, 1] between the two laws, how many groups have less than
            a tenth of their expected share).
        """
        counts = np.asarray(counts, "float64")
        shares = counts / _positive("the number of samples", counts.sum())
        variation = 0.5 * float(np.abs(shares - self.shares).sum())
        return variation, int(np.sum(shares < _STARVED * self.shares))


def _spread_start(flat, count, generator) -> np.ndarray:
    centres = np.empty((count, flat.shape[1]), "float32")
    centres[0] = flat[generator.integers(len(flat))]
    nearest = squared_distances(flat, centres[:1])[:, 0].astype("float64")
    for k in range(1, count):
        total = nearest.sum()
        weights = nearest / total if total > 0.0 else None
        centres[k] = flat[generator.choice(len(flat), p=weights)]
        nearest = np.minimum(nearest, squared_distances(flat, centres[k : k + 1])[:, 0])
    return centres
