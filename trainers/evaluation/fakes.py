"""Generated images as an evaluation reads them: seeded, in pieces, quantised, checked."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfgan_models.metrics.draws import generator
from trainers import pictures
from trainers.errors import NonFiniteError
from trainers.evaluation.reals import PIECE

_LABELS = 1  # purpose of the draws


@dataclasses.dataclass
class Piece:
    """Some of the fakes.

    Attributes:
        start: Number of the first one.
        images: uint8 (n, H, W, C).
        exact: float32 (n, H, W, C) in [-1, 1], before quantisation.
        labels: int32 (n,), those asked for; None of an unconditional generator.
        features: float32 (n, d), None without a network.
        probabilities: float32 (n, K), None without classes.
    """

    start: int
    images: np.ndarray
    exact: np.ndarray
    labels: np.ndarray | None
    features: np.ndarray | None = None
    probabilities: np.ndarray | None = None


class Fakes:
    """The fakes of one protocol.

    Latent i and label i depend on the seed and i alone, so more fakes begin with the same
    ones.

    Args:
        model: A GAN or an exported module.
        count: How many.
        seed: Of latents and labels.
        shares: float (K,), the law of the labels; None for an unconditional generator.
        truncation: Of the latents; None for none.
        step: Of the generator, for messages.
    """

    def __init__(self, model, count, seed, shares, truncation=None, step=None):
        self.model, self.count, self.seed = model, count, seed
        self.truncation, self.step = truncation, step
        self.labels = None if shares is None else draw_labels(shares, count, seed)

    def pieces(self, network=None):
        """Yields `Piece`s, with features where a network is given.

        Raises:
            NonFiniteError: The generator made NaN or infinity.
        """
        latents = np.asarray(self.model.sample_latents(self.count, self.seed, self.truncation))
        for start in range(0, self.count, PIECE):
            rows = slice(start, start + PIECE)
            labels = None if self.labels is None else self.labels[rows]
            exact = np.asarray(self.model.generate(latents[rows], labels))
            self._check(exact)
            piece = Piece(start, pictures.to_uint8(exact), exact, labels)
            if network is not None:
                piece.features, piece.probabilities = network(piece.images)
            yield piece

    def _check(self, images):
        bad = int(np.sum(~np.isfinite(images).all(axis=(1, 2, 3))))
        if bad:
            at = "" if self.step is None else f" at step {self.step}"
            raise NonFiniteError(
                f"The generator produced NaN{at}, in {bad} of {len(images)} images: nothing was "
                "measured. Evaluate an earlier step."
            )


def draw_labels(shares, count: int, seed: int) -> np.ndarray:
    """Draws classes with the given frequencies, int32 (count,); label i depends on (seed, i).

    Args:
        shares: float (K,), not negative, of any sum above 0.
        count: How many.
        seed: Of the draws.
    """
    edges = np.cumsum(np.asarray(shares, np.float64))
    draws = generator(seed, _LABELS).random(count) * edges[-1]
    last = int(np.flatnonzero(shares)[-1])  # rounding must not reach a class without a share
    return np.minimum(np.searchsorted(edges, draws, side="right"), last).astype(np.int32)
