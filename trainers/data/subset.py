"""A part of a source, and the images that are kept out of training."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from trainers.data.catalog import data_error
from trainers.data.source import Source, content_hash, host_tensor


class Subset(Source):
    """Some images of another source, in its order.

    Args:
      parent: a source with random access.
      indices: which of its images, ints (n,), ascending.

    Attributes:
      held_out: the `Subset` of the images kept out of this one, None where there is none.
    """

    def __init__(self, parent: Source, indices: np.ndarray):
        indices = np.asarray(indices, np.int64)
        super().__init__(
            parent.spec,
            len(indices),
            parent.image_shape,
            labels=None if parent.labels is None else parent.labels[indices],
            class_names=parent.class_names,
            licence=parent.licence,
            skipped=parent.skipped,
            fingerprint=content_hash(parent.fingerprint, indices),
        )
        self.parent, self.indices = parent, indices
        self.parallel_reads = parent.parallel_reads
        self.held_out: Subset | None = None

    @cached_property
    def _index_tensor(self):
        return host_tensor(self.indices)

    def gather(self, indices):
        import tensorflow as tf

        return self.parent.gather(tf.gather(self._index_tensor, indices))


def hold_out(source: Source, fraction: float) -> Source:
    """Splits a source into a training part and a held-out one.

    The same images of the same data are held out always, whatever the run's seed: the choice
    depends on the content alone. With labels each class gives its share, rounded, and keeps
    at least one image for training.

    Args:
      source: what a loader returned.
      fraction: share to hold out, in [0, 0.5]; 0 gives the source itself.

    Returns:
      The training part; its `held_out` is the other.

    Raises:
      DataError: a fraction out of range, one that leaves no image on a side, or a source
        without random access.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)):
        raise data_error("data.held_out", f"{fraction!r} is no number", "use a share such as 0.05")
    if not 0.0 <= fraction <= 0.5:
        raise data_error("data.held_out", f"{fraction} is not in [0, 0.5]", "use 0.05")
    if fraction == 0:
        return source
    if not source.random_access:
        raise data_error(
            source.spec,
            "its images can only be streamed, so none can be held out",
            "leave data.held_out out, or convert the data to a folder or TFRecords",
        )
    chosen = _chosen(source, fraction)
    if not 0 < chosen.sum() < source.num_examples:
        raise data_error(
            "data.held_out",
            f"{fraction} of {source.num_examples} images leaves one side empty",
            "use a larger share or more images",
        )
    training, kept = (Subset(source, np.flatnonzero(part)) for part in (~chosen, chosen))
    training.held_out = kept
    return training


def _chosen(source, fraction) -> np.ndarray:
    """Bool (N,): which images are held out."""
    generator = np.random.default_rng(int(source.fingerprint, 16))
    ranks, chosen = generator.permutation(source.num_examples), np.zeros(source.num_examples, bool)
    labels = np.zeros(source.num_examples, int) if source.labels is None else source.labels
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        count = min(round(fraction * len(own)), len(own) - 1)
        chosen[own[np.argsort(ranks[own])[:count]]] = True
    return chosen
