"""Ways through latents and classes: lines between latents, mixtures of classes, closed walks."""

from __future__ import annotations

import numpy as np


def between(a, b, t, normal: bool):
    """Points from a to b, the ends where t is 0 and 1.

    Args:
        a, b: Latents that broadcast against t.
        t: In [0, 1].
        normal: Rescale so that normal latents stay of their length (sqrt((1-t)^2 + t^2)).
    """
    z = (1.0 - t) * a + t * b
    return z / np.sqrt((1.0 - t) ** 2 + t**2) if normal else z


def generate(source, latents, labels, truncation):
    """Images of latents, by a model or an export; an export is told the truncation too."""
    latents = np.asarray(latents, np.float32)
    if hasattr(source, "module"):
        return source.generate(latents, labels, truncation)
    return source.generate(latents, labels)


def mixtures(source, rows: int, columns: int, labels, seed=0, truncation=None):
    """Images of latents whose class changes step by step.

    Args:
        source: A class-conditional model or export.
        rows: Latents.
        columns: Images of each, at equal steps from the first class to the last.
        labels: Class numbers on the way, (n,), n >= 2; mixtures lie between two.
        seed: Of the latents.
        truncation: As in `sample`.

    Returns:
        Float32 (rows * columns, H, W, C) in [-1, 1], row by row.
    """
    z = np.asarray(source.sample_latents(rows, seed, truncation))
    place = np.linspace(0.0, len(labels) - 1.0, columns)
    first = np.minimum(place.astype(int), len(labels) - 2)
    stops = np.eye(source.num_classes, dtype=np.float32)[np.asarray(labels)]
    y = between(stops[first], stops[first + 1], (place - first)[:, None], normal=False)
    y = np.tile(y.astype(np.float32), (rows, 1))
    return np.asarray(generate(source, np.repeat(z, columns, axis=0), y, truncation))


def closed_walk(source, stops: int, frames: int, seed=0, labels=None, truncation=None):
    """Images of a walk through drawn latents, and through classes, back to its start.

    Args:
        source: A model or an export.
        stops: Latents on the way.
        frames: Images from one stop to the next.
        seed: Of the latents.
        labels: Class number at each stop, (stops,); mixtures lie between two. None for an
            unconditional source.
        truncation: As in `sample`.

    Returns:
        Float32 (stops * frames, H, W, C) in [-1, 1]; the first follows the last.
    """
    ends = np.asarray(source.sample_latents(stops, seed, truncation))[:, None]
    t = np.arange(frames)[None, :, None] / frames
    normal = source.latent_distribution == "normal"
    z = between(ends, np.roll(ends, -1, axis=0), t, normal).reshape(stops * frames, -1)
    if labels is not None:
        y = np.eye(source.num_classes)[np.asarray(labels)][:, None]
        mixed = between(y, np.roll(y, -1, axis=0), t, normal=False).reshape(stops * frames, -1)
        fixed = len(set(np.asarray(labels).tolist())) == 1
        labels = np.full(len(z), labels[0]) if fixed else mixed.astype(np.float32)
    return np.asarray(generate(source, z, labels, truncation))
