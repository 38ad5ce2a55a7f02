"""Label consistency and accuracy of classifiers trained across sets."""

import numpy as np
import pytest
import scipy.stats

from tfgan_models.metrics import labels as label_metrics
from tfgan_models.metrics.labels import classification_accuracy_score, label_consistency

LABELS = np.array([0, 0, 1, 1, 1, 2])
PREDICTED = np.array([0, 1, 1, 1, 0, 2])


def test_share_with_its_interval():
    found = label_consistency(LABELS, PREDICTED)
    expected = scipy.stats.binomtest(4, 6).proportion_ci(0.95, method="wilson")
    assert found.value == 4 / 6
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-12)
    np.testing.assert_allclose(found.standard_error, np.sqrt(4 / 6 * 2 / 6 / 6))


def test_all_and_none():
    assert label_consistency(LABELS, LABELS)[:1] + label_consistency(LABELS, LABELS)[2:3] == (1, 1)
    assert label_consistency(LABELS, LABELS + 1)[:2] == (0.0, 0.0)


def test_scores():
    scores = np.random.default_rng(0).normal(size=(200, 10))
    labels = np.random.default_rng(1).integers(10, size=200)
    assert label_consistency(labels, scores) == label_consistency(labels, scores.argmax(axis=1))
    order = np.argsort(-scores, axis=1)[:, :5]
    expected = np.mean([label in row for label, row in zip(labels, order, strict=True)])
    assert label_consistency(labels, scores.astype("float32"), top=5).value == expected
    assert label_consistency(labels, scores, top=10).value == 1.0


def test_constant_scores_are_never_right():
    assert label_consistency(LABELS, np.zeros((6, 3))).value == 0.0


def test_each_class():
    stream = label_metrics.LabelConsistency()
    stream.update(LABELS, PREDICTED)
    found = stream.per_class()
    assert list(found) == [0, 1, 2]
    assert [found[k].value for k in found] == [1 / 2, 2 / 3, 1.0]
    assert found[1] == label_consistency(LABELS[2:5], PREDICTED[2:5])


def test_shards_equal_the_whole():
    first, second = label_metrics.LabelConsistency(), label_metrics.LabelConsistency()
    first.update(LABELS[:1], PREDICTED[:1])
    first.update(LABELS[1:2], PREDICTED[1:2])
    second.update(LABELS[2:], PREDICTED[2:])
    assert first.merge(second).result() == label_consistency(LABELS, PREDICTED)
    with pytest.raises(ValueError, match="different options"):
        first.merge(label_metrics.LabelConsistency(top=2))


@pytest.mark.parametrize(
    "labels, predictions, options, message",
    [
        ([0, 1], [0], {}, "predictions has 1 entries for 2 samples"),
        ([0, 1], np.zeros((3, 2)), {}, "predictions has 3 rows for 2 labels"),
        ([], [], {}, "expected whole numbers"),
        (np.zeros(0, int), np.zeros(0, int), {}, "labels is empty"),
        ([0, 2], np.zeros((2, 2)), {}, "labels has values from 0 to 2 and predictions 2"),
        ([0, 1], np.full((2, 2), np.nan), {}, "NaN or infinity in 2 of 2 rows"),
        ([0.5, 1], [0, 1], {}, "labels has shape"),
        ([0, 1], [0, 1], {"top": 2}, "top=2 needs scores"),
        ([0, 1], [0, 1], {"level": 95}, "level must lie between 0 and 1"),
    ],
)
def test_errors(labels, predictions, options, message):
    with pytest.raises(ValueError, match=message):
        label_consistency(labels, predictions, **options)


def blobs(count, spread, seed, classes=(0, 1, 2)):
    random = np.random.default_rng(seed)
    labels = random.choice(classes, size=count)
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    return centres[labels] + random.normal(0.0, spread, (count, 2)), labels


def fit(inputs, labels):
    """The nearest centroid: as small as classifiers get."""
    return {k: inputs[labels == k].mean(axis=0) for k in np.unique(labels)}


def predict(centroids, inputs):
    gaps = inputs[:, None] - np.array(list(centroids.values()))
    return np.array(list(centroids))[np.square(gaps).sum(axis=-1).argmin(axis=1)]


def test_good_and_poor_fakes():
    """Too little variety keeps GAN-test high; a lost class shows in GAN-train."""
    real, good = blobs(600, 1.5, 0), blobs(600, 1.5, 1)
    narrow = blobs(600, 0.1, 2, classes=(0, 1))
    scores = {
        (name, train_on): classification_accuracy_score(*real, *fake, fit, predict, train_on)
        for name, fake in (("good", good), ("narrow", narrow))
        for train_on in ("fake", "real")
    }
    expected = np.mean(predict(fit(*good), real[0]) == real[1])
    assert scores["good", "fake"].value == expected
    expected = np.mean(predict(fit(*real), good[0]) == good[1])
    assert scores["good", "real"].value == expected
    assert scores["narrow", "real"].value == 1.0 > scores["good", "real"].high
    assert scores["narrow", "fake"].high < 0.68 < scores["good", "fake"].low


def test_scores_of_a_classifier():
    real, fake = blobs(50, 1.5, 0), blobs(60, 1.5, 1)

    def distances(centroids, inputs):
        return -np.linalg.norm(inputs[:, None] - np.array(list(centroids.values())), axis=-1)

    one = classification_accuracy_score(*real, *fake, fit, distances)
    assert one == classification_accuracy_score(*real, *fake, fit, predict)
    assert classification_accuracy_score(*real, *fake, fit, distances, top=3).value == 1.0


@pytest.mark.parametrize(
    "change, message",
    [
        ({"real": np.zeros((0, 2)), "real_labels": np.zeros(0, int)}, "real is empty"),
        ({"fake_labels": np.zeros(3, int)}, "fake_labels has 3 entries for 4 samples"),
        ({"fake": np.zeros((4, 3))}, "resize both sets to one shape"),
        ({"train_on": "both"}, 'train_on is "fake" or "real"'),
    ],
)
def test_score_errors(change, message):
    arguments = {
        "real": np.zeros((5, 2)),
        "real_labels": np.zeros(5, int),
        "fake": np.zeros((4, 2)),
        "fake_labels": np.zeros(4, int),
        "fit": fit,
        "predict": predict,
    }
    with pytest.raises(ValueError, match=message):
        classification_accuracy_score(**(arguments | change))
