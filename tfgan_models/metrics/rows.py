"""Keeping samples until the result: the base of statistics that need them all."""

from __future__ import annotations

import numpy as np

from tfgan_models.metrics import checks

_BLOCK = 2048  # rows of float64 at a time


class Rows:
    """A growing matrix. It keeps float32 as float32 and float64 as float64.

    50,000 rows of 2048 float32 numbers are 0.41 GB.
    """

    def __init__(self, name: str):
        self.name = name
        self._chunks: list[np.ndarray] = []

    def __len__(self):
        return sum(map(len, self._chunks))

    def append(self, array, check=checks.features) -> None:
        """Copies rows to the end; `check(name, array, minimum)` is applied to them."""
        array = check(self.name, array, 0)
        if self._chunks and array.shape[1] != self._chunks[0].shape[1]:
            raise ValueError(
                f"{self.name} has {array.shape[1]} dimensions here and "
                f"{self._chunks[0].shape[1]} before: use one network throughout."
            )
        if len(array):
            self._chunks.append(np.array(array))

    def extend(self, other: Rows) -> None:
        """Adds the rows of another, after its own."""
        for chunk in other._chunks:
            self.append(chunk)

    def array(self) -> np.ndarray:
        """All rows in order. Joins them in place: the pieces are freed as they are copied."""
        if not self._chunks:
            raise ValueError(f"{self.name} has no samples yet: call update({self.name}=...).")
        if len(self._chunks) > 1:
            dtype = np.result_type(*self._chunks)
            whole = np.empty((len(self), self._chunks[0].shape[1]), dtype)
            start, chunks, self._chunks = 0, self._chunks[::-1], [whole]
            while chunks:
                chunk = chunks.pop()
                whole[start : start + len(chunk)] = chunk
                start += len(chunk)
        return self._chunks[0]


class Statistic:
    """Base of the streaming classes: options that must agree when shards are merged."""

    def options(self) -> dict:
        """The constructor's arguments."""
        return {}

    def _check_merge(self, other) -> None:
        if type(other) is not type(self):
            raise ValueError(
                f"{type(self).__name__} cannot merge {type(other).__name__}: merge shards of one "
                "statistic."
            )
        mine, theirs = self.options(), other.options()
        different = [f"{k} {mine[k]!r} and {theirs[k]!r}" for k in mine if mine[k] != theirs[k]]
        if different:
            raise ValueError(
                f"{type(self).__name__} with different options cannot be merged: "
                f"{', '.join(different)}."
            )


class TwoSets(Statistic):
    """Base of two-sample statistics that keep every feature of both sets (see `Rows`).

    Merged shards equal the whole when they are merged in the order of the rows; where no
    random draw is made the order does not matter.
    """

    def __init__(self):
        self.real, self.fake = Rows("real"), Rows("fake")

    def update(self, real=None, fake=None) -> None:
        """Adds features, float (n, d), of either set or both."""
        for rows, array in ((self.real, real), (self.fake, fake)):
            if array is not None:
                rows.append(array)

    def merge(self, other):
        """Adds the features of another shard; returns self."""
        self._check_merge(other)
        self.real.extend(other.real)
        self.fake.extend(other.fake)
        return self


def blocks(array: np.ndarray, size: int = _BLOCK):
    """Yields (slice, float64 rows), a block at a time."""
    for start in range(0, len(array), size):
        part = slice(start, min(start + size, len(array)))
        yield part, array[part].astype(np.float64)
