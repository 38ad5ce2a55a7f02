"""The helpers that programs for the BigGAN modules of TensorFlow Hub are written with.

    z = export.truncated_z_sample(8, 120, truncation=0.4, seed=1)
    y = export.one_hot([207] * 8, 1000)
    images = module(z, y, 0.4)

NumPy in, NumPy out; names and draws are those of the modules' demonstration notebook.
"""

from __future__ import annotations

import numpy as np


def truncated_z_sample(batch_size: int, dim_z: int, truncation: float = 1.0, seed=None):
    """Draws latents, truncation times a normal cut at +-2, float64 (batch_size, dim_z).

    Args:
        batch_size: Number of vectors.
        dim_z: Size of z.
        truncation: In [0, 1]; hand the same number to the module.
        seed: Int, or None for other numbers each time.

    Raises:
        ValueError: The truncation is out of range.
    """
    from scipy.stats import truncnorm

    if not 0.0 <= truncation <= 1.0:
        raise ValueError(f"truncation must be in [0, 1]; got {truncation}.")
    state = None if seed is None else np.random.RandomState(seed)
    return truncation * truncnorm.rvs(-2.0, 2.0, size=(batch_size, dim_z), random_state=state)


def one_hot(index, vocab_size: int) -> np.ndarray:
    """Returns class numbers as float32 (n, vocab_size); one number makes one row.

    Args:
        index: Int or ints (n,).
        vocab_size: Number of classes.

    Raises:
        ValueError: A number is none of the classes.
    """
    index = np.atleast_1d(index)
    if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
        raise ValueError(f"index must be ints, (n,); got {index.dtype} {index.shape}.")
    if index.size and not 0 <= index.min() <= index.max() < vocab_size:
        raise ValueError(f"index must be in 0..{vocab_size - 1}; got {index.min()}..{index.max()}.")
    rows = np.zeros((len(index), vocab_size), np.float32)
    rows[np.arange(len(index)), index] = 1.0
    return rows


def interpolate(a, b, num: int) -> np.ndarray:
    """Returns num points of the line from a to b, both included, (num, *shape).

    Args:
        a, b: Arrays of one shape: latents, or rows of classes.
        num: At least 2.

    Raises:
        ValueError: The shapes differ, or num is under 2.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have one shape; got {a.shape} and {b.shape}.")
    if num < 2:
        raise ValueError(f"num must be at least 2; got {num}.")
    t = np.linspace(0.0, 1.0, num).reshape(num, *(1,) * a.ndim)
    return (1.0 - t) * a + t * b
