"""Do images show the class that was asked for, and can a classifier learn from them?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.intervals import Interval
from tfgan_models.metrics.means import wilson_interval
from tfgan_models.metrics.rows import Statistic


class LabelConsistency(Statistic):
    """Streaming form of `label_consistency`: two counts a class, so shards merge exactly."""

    def __init__(self, top: int = 1, level: float = 0.95):
        self.top, self.level = checks.whole("top", top, 1), level
        wilson_interval(0, 1, level)  # checks the level
        self._counts: dict[int, np.ndarray] = {}  # label -> right, all

    def options(self) -> dict:
        return {"top": self.top, "level": self.level}

    def update(self, labels, predictions) -> None:
        """Adds labels (n,) and predictions (n,) or scores (n, K)."""
        labels = np.asarray(labels)
        labels = checks.labels("labels", labels, len(labels) if labels.ndim else 0)
        right = _right(labels, predictions, self.top)
        for label in np.unique(labels):
            here = labels == label
            self._add(int(label), np.array([right[here].sum(), here.sum()]))

    def merge(self, other):
        """Adds the counts of another shard; returns self."""
        self._check_merge(other)
        for label, counts in other._counts.items():
            self._add(label, counts)
        return self

    def _add(self, label, counts):
        self._counts[label] = self._counts.get(label, 0) + counts

    def result(self) -> Interval:
        """The share of all samples so far."""
        right, count = sum(self._counts.values(), np.zeros(2, np.int64))
        if not count:
            raise ValueError("labels is empty: pass one or more.")
        return wilson_interval(int(right), int(count), self.level)

    def per_class(self) -> dict[int, Interval]:
        """{label: share of its samples}, labels in order."""
        return {
            label: wilson_interval(int(right), int(count), self.level)
            for label, (right, count) in sorted(self._counts.items())
        }


def label_consistency(labels, predictions, top: int = 1, level: float = 0.95) -> Interval:
    """Share of samples that a classifier puts into the class they were made for.

    The classifier's own accuracy on real images bounds what the number can mean: give both.

    Args:
        labels: Whole numbers (N,), asked for.
        predictions: Whole numbers (N,), or float scores (N, K), logits or probabilities.
        top: With scores: the label counts as right among the `top` highest; ties are read
            against the label.
        level: Of Wilson's interval (1927).

    Returns:
        Interval: share, its interval, standard error sqrt(p (1 - p) / N).

    Raises:
        ValueError: Lengths differ, nothing given, NaN scores, a label without a score.
    """
    stream = LabelConsistency(top, level)
    stream.update(labels, predictions)
    return stream.result()


def classification_accuracy_score(
    real,
    real_labels,
    fake,
    fake_labels,
    fit: Callable,
    predict: Callable,
    train_on: str = "fake",
    top: int = 1,
    level: float = 0.95,
) -> Interval:
    """Accuracy of a classifier trained on one set and tested on the other.

    train_on="fake" is the classification accuracy score of Ravuri and Vinyals 2019
    (arXiv:1905.10887), the GAN-train of Shmelkov et al. 2018 (arXiv:1807.09499): missing modes
    and poor images lower it. train_on="real" is GAN-test: near the accuracy on real images when
    images are good, above it when the generator repeats easy ones; variety does not count.
    The papers make as many fakes as there are training images, without truncation, and test on
    real images that the generator never saw. Compare with the same `fit` on real images.

    Args:
        real: Images or features (N, ...); to test on, or with train_on="real" to train on.
        real_labels: Whole numbers (N,).
        fake: Images or features (M, ...).
        fake_labels: Whole numbers (M,).
        fit: fit(inputs, labels) returns a trained classifier of any kind.
        predict: predict(classifier, inputs) returns labels (n,) or scores (n, K).
        train_on: "fake" or "real".
        top: As in `label_consistency`.
        level: Of Wilson's interval, which holds for the test samples, not the training.

    Returns:
        Interval: accuracy on the tested set.

    Raises:
        ValueError: Unlike shapes or lengths, an empty set, an unknown `train_on`.
    """
    if train_on not in ("fake", "real"):
        raise ValueError(f'train_on is "fake" or "real"; got {train_on!r}.')
    sets = {}
    for name, inputs, labels in (("real", real, real_labels), ("fake", fake, fake_labels)):
        inputs = np.asarray(inputs)
        if not inputs.ndim or not len(inputs):
            raise ValueError(f"{name} is empty: pass one sample or more.")
        sets[name] = inputs, checks.labels(f"{name}_labels", labels, len(inputs))
    if sets["real"][0].shape[1:] != sets["fake"][0].shape[1:]:
        raise ValueError(
            f"real has samples of {sets['real'][0].shape[1:]} and fake of "
            f"{sets['fake'][0].shape[1:]}: resize both sets to one shape."
        )
    classifier = fit(*sets[train_on])
    inputs, labels = sets["real" if train_on == "fake" else "fake"]
    return label_consistency(labels, predict(classifier, inputs), top, level)


def _right(labels, predictions, top):
    """Which labels are predicted, bool (n,)."""
    predictions = np.asarray(predictions)
    if predictions.ndim == 1:
        if top > 1:
            raise ValueError(f"top={top} needs scores (samples, classes); got one label each.")
        return labels == checks.labels("predictions", predictions, len(labels))
    predictions = checks.features("predictions", predictions, 0)
    if len(predictions) != len(labels):
        raise ValueError(
            f"predictions has {len(predictions)} rows for {len(labels)} labels: pass one a label."
        )
    classes = predictions.shape[1]
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"labels has values from {labels.min()} to {labels.max()} and predictions {classes} "
            "scores: pass the classifier of these labels."
        )
    own = predictions[np.arange(len(labels)), labels]
    return (predictions >= own[:, None]).sum(axis=1) <= top
