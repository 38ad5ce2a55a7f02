"""Batch-norm statistics for each truncation inside a SavedModel.

The BigGAN modules (Brock et al. 2019, arXiv:1809.11096) hold standing statistics of
truncations on a grid, and a call interpolates between two of them:

    stats(t) = (1 - f) stats[i] + f stats[i + 1],   i + f = t (n - 1)
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass

import keras
import numpy as np
import tensorflow as tf

from tfgan_models.core import standing
from tfgan_models.core.arguments import positive_int

# In steps of the grid. In float32 0.6 * 50 is 30.000002, in float64 0.58 * 50 is below 29.
_SNAP = 1e-4


@dataclass(frozen=True)
class Settings:
    """How the statistics of an export are taken.

    Attributes:
        truncations: Points of the grid from 0 to 1.
        batches, batch_size, seed: As in `standing.standing_statistics`.
    """

    truncations: int
    batches: int = 16
    batch_size: int = 64
    seed: int = 0

    def __post_init__(self):
        positive_int("truncations", self.truncations, 2)
        positive_int("standing_batches", self.batches)
        positive_int("standing_batch_size", self.batch_size)

    def grid(self) -> list[float]:
        """The truncations."""
        return [i / (self.truncations - 1) for i in range(self.truncations)]

    def describe(self) -> dict:
        """The entry of `metadata.json`."""
        return {**asdict(self), "first": 0.0, "last": 1.0, "step": 1 / (self.truncations - 1)}


class Measured:
    """Standing statistics of a model at every truncation and without one.

    Args:
        model: A GAN with normal latents and batch norm in its generator.
        settings: How they are taken.

    Raises:
        ValueError: As `standing.standing_statistics`.
    """

    def __init__(self, model, settings: Settings):
        self.settings = settings
        options = (settings.batches, settings.batch_size, settings.seed)
        self.table = standing.standing_table(model, settings.grid(), *options)
        self.untruncated = standing.standing_statistics(model, None, *options)

    def at(self, truncation) -> dict[str, np.ndarray]:
        """Interpolates in float64, on the host; None: the untruncated ones."""
        if truncation is None:
            return self.untruncated
        position = float(truncation) * (self.settings.truncations - 1)
        lower = min(int(position), self.settings.truncations - 2)
        f = position - lower
        return {path: (1 - f) * t[lower] + f * t[lower + 1] for path, t in self.table.items()}


class Tables:
    """Measured statistics as variables.

    Args:
        network: The generator that is exported.
        measured: The statistics; the untruncated ones become the network's own.
    """

    def __init__(self, network, measured: Measured):
        standing.assign(network, measured.untruncated)
        self._replaced = standing.statistics_variables(network)
        self.variables = [
            tf.Variable(rows, trainable=False, name=f"truncations/{variable.path}")
            for variable, rows in zip(self._replaced, measured.table.values(), strict=True)
        ]
        self._steps = measured.settings.truncations - 1

    @contextlib.contextmanager
    def at(self, truncation):
        """Inside, the network's batch norms read the statistics of a truncation.

        Args:
            truncation: Float32 scalar tensor. Outside [0, 1], or not a number, is an error
                of the graph (XLA drops it; the nearest end is used then).
        """
        inside = tf.logical_and(truncation >= 0.0, truncation <= 1.0)  # false for NaN
        text = "truncation must be a number from 0 to 1; got"
        with tf.control_dependencies([tf.debugging.Assert(inside, [text, truncation])]):
            position = tf.clip_by_value(truncation, 0.0, 1.0) * float(self._steps)
        nearest = tf.round(position)
        position = tf.where(tf.abs(position - nearest) < _SNAP, nearest, position)
        lower = tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, self._steps - 1)
        f = position - tf.cast(lower, tf.float32)
        mapping = [
            (variable, (1.0 - f) * table[lower] + f * table[lower + 1])
            for variable, table in zip(self._replaced, self.variables, strict=True)
        ]
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            yield
