"""Inception score: Salimans et al. 2016, arXiv:1606.03498, section 4."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.rows import Statistic, blocks

_WORDS = 4  # 64-bit words that one step of Philox's counter gives


class InceptionScoreValue(NamedTuple):
    """Mean and population standard deviation over the splits."""

    mean: float
    std: float


def inception_score(
    probabilities, splits: int = 10, from_logits: bool = False, seed: int | None = 0
) -> InceptionScoreValue:
    """exp(E_x KL(p(y|x) || p(y))) of each split, p(y) being the mean of the split.

    From 1 to the number of classes. In the paper: 50,000 images, 10 splits, the classes of the
    2015 Inception graph (1008 outputs; its first 1000 give another third digit). Few samples
    bias it downwards: `inception_score_infinity`.

    Args:
        probabilities: Float (N, K), rows that sum to 1, of generated images. p log p is 0 at 0;
            nothing is added inside the logarithm.
        splits: Parts of N / splits samples.
        from_logits: The rows are logits; their softmax is taken in float64.
        seed: Of the random division into splits. None: contiguous parts in the order given, as
            in the authors' code; wrong where the samples are sorted by class.

    Returns:
        (mean, std) over the splits.

    Raises:
        ValueError: Fewer samples than splits, NaN, rows that are no probabilities.
    """
    rows = checks.probabilities("probabilities", probabilities, from_logits)
    checks.whole("splits", splits, 1, len(rows), f"({len(rows)} samples are given)")
    if seed is None:
        # As many integers as in the code of 2016: i * N // splits.
        edges = [i * len(rows) // splits for i in range(splits + 1)]
        parts = []
        for start, end in zip(edges[:-1], edges[1:], strict=True):
            part = InceptionScore(1, from_logits)
            part._add(rows[start:end])
            parts.append(part.result().mean)
        return InceptionScoreValue(float(np.mean(parts)), float(np.std(parts)))
    score = InceptionScore(splits, from_logits, seed)
    score._add(rows)
    return score.result()


class InceptionScore(Statistic):
    """Streaming `inception_score` in constant memory: K + 2 numbers a split.

    Sample i belongs to a split drawn from (seed, i): each run of `splits` samples is shared out
    among all of them. A shard that knows the number of its first sample (`start`) gives exactly
    the score of the whole when merged; without it the splits are others, as random.
    """

    def __init__(self, splits: int = 10, from_logits: bool = False, seed: int = 0, start: int = 0):
        self.splits = checks.whole("splits", splits, 1)
        self.from_logits = from_logits
        self.seed = checks.whole("seed", seed, 0)
        self._next = checks.whole("start", start, 0)
        self._counts = np.zeros(splits, np.int64)
        self._sums = None  # (splits, K)
        self._negative_entropies = np.zeros(splits)

    def options(self):
        return {"splits": self.splits, "from_logits": self.from_logits, "seed": self.seed}

    def update(self, probabilities) -> None:
        """Adds class probabilities (or logits), float (n, K)."""
        self._add(checks.probabilities("probabilities", probabilities, self.from_logits, 0))

    def _add(self, rows):
        if self._sums is None:
            self._sums = np.zeros((self.splits, rows.shape[1]))
        if rows.shape[1] != self._sums.shape[1]:
            raise ValueError(
                f"probabilities has {rows.shape[1]} classes here and {self._sums.shape[1]} "
                "before: use one network throughout."
            )
        for part, p in blocks(rows):
            if self.from_logits:
                logs = p - p.max(axis=1, keepdims=True)
                logs -= np.log(np.sum(np.exp(logs), axis=1, keepdims=True))
                p = np.exp(logs)
            else:
                logs = np.log(p, out=np.zeros_like(p), where=p > 0.0)
            split = self._split_of(self._next + part.start, len(p))
            entropies = np.einsum("nk,nk->n", p, logs)
            for i in range(self.splits):
                mine = split == i
                self._sums[i] += p[mine].sum(axis=0)
                self._negative_entropies[i] += entropies[mine].sum()
            self._counts += np.bincount(split, minlength=self.splits)
        self._next += len(rows)

    def _split_of(self, start, count):
        first, last = start // self.splits, -(-(start + count) // self.splits)
        skip, inside = divmod(first * self.splits, _WORDS)
        bits = np.random.Philox(key=self.seed)
        bits.advance(skip)
        words = bits.random_raw(inside + (last - first) * self.splits)[inside:]
        # The order of random words is a random order.
        order = np.argsort(words.reshape(-1, self.splits), axis=1).reshape(-1)
        return order[start - first * self.splits :][:count]

    def merge(self, other: InceptionScore) -> InceptionScore:
        """Adds the sums of another shard; returns self."""
        self._check_merge(other)
        if other._sums is None:
            return self
        if self._sums is None:
            self._sums = np.zeros_like(other._sums)
        if self._sums.shape != other._sums.shape:
            raise ValueError(
                f"shards have {self._sums.shape[1]} and {other._sums.shape[1]} classes: use one "
                "network throughout."
            )
        self._sums += other._sums
        self._counts += other._counts
        self._negative_entropies += other._negative_entropies
        return self

    def result(self) -> InceptionScoreValue:
        """(mean, std) over the splits so far."""
        if self._sums is None or not self._counts.all():
            raise ValueError(
                f"{self._counts.sum()} samples leave one of {self.splits} splits empty: pass more "
                "samples or fewer splits."
            )
        p = self._sums / self._counts[:, None]
        marginal = np.sum(p * np.log(p, out=np.zeros_like(p), where=p > 0.0), axis=1)
        scores = np.exp(self._negative_entropies / self._counts - marginal)
        return InceptionScoreValue(float(scores.mean()), float(scores.std()))
