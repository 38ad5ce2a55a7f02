"""A part of a source, images that are kept out of training, and labels that are."""

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


class PartlyLabelled(Subset):
    """A source of whose labels some are unknown to the training: -1 in its batches.

    `labels` are those of all images still, for what only counts or measures.

    Args:
      parent: a source with random access and labels.
      known: bool (N,), whose labels the training sees.
    """

    def __init__(self, parent: Source, known: np.ndarray):
        super().__init__(parent, np.arange(parent.num_examples))
        self.fingerprint = content_hash(parent.fingerprint, np.asarray(known, bool))
        self.known = np.asarray(known, bool)
        self.held_out = getattr(parent, "held_out", None)

    @property
    def whole(self) -> Source:
        return self.parent

    @cached_property
    def _known_tensor(self):
        return host_tensor(self.known)

    def gather(self, indices):
        import tensorflow as tf

        batch = super().gather(indices)
        known = tf.gather(self._known_tensor, indices)
        return {**batch, "label": tf.where(known, batch["label"], -1)}


def hide_labels(source: Source, labelled: float) -> Source:
    """Leaves the labels of a share of the images, the same ones of the same data always.

    Args:
      source: what a loader returned.
      labelled: share of each class whose labels stay, in (0, 1], rounded, at least one image;
        1 gives the source itself.

    Returns:
      A source whose other batches' labels are -1.

    Raises:
      DataError: a share out of range, or a source without labels or random access.
    """
    if isinstance(labelled, bool) or not isinstance(labelled, (int, float)):
        raise data_error("data.labelled", f"{labelled!r} is no number", "use a share such as 0.1")
    if not 0.0 < labelled <= 1.0:
        raise data_error("data.labelled", f"{labelled} is not in (0, 1]", "use 0.1")
    if labelled == 1:
        return source
    if not source.random_access or source.labels is None:
        raise data_error(
            source.spec,
            "it has no labels with random access, so none can be hidden",
            "leave data.labelled out, or convert the data to a folder or TFRecords",
        )
    return PartlyLabelled(source, _chosen(source, labelled, least=1))


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


def _chosen(source, fraction, least=0) -> np.ndarray:
    """Bool (N,): a share of each class, `least` of it at least, but never all."""
    generator = np.random.default_rng(int(source.fingerprint, 16))
    ranks, chosen = generator.permutation(source.num_examples), np.zeros(source.num_examples, bool)
    labels = np.zeros(source.num_examples, int) if source.labels is None else source.labels
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        count = max(least, min(round(fraction * len(own)), len(own) - 1))
        chosen[own[np.argsort(ranks[own])[:count]]] = True
    return chosen
