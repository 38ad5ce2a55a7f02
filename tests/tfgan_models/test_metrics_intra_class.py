"""Frechet distance within classes: the mean over classes, and what FID cannot see."""

import numpy as np
import pytest

from tfgan_models.metrics.frechet import frechet_distance
from tfgan_models.metrics.intra_class import (
    IntraClassFrechetDistance,
    intra_class_frechet_distance,
)


def classes(count=300, seed=0, number=3):
    """Three classes around three centres; class 2 is rare."""
    random = np.random.default_rng(seed)
    labels = random.choice(number, size=count, p=[0.5, 0.4, 0.1])
    return random.normal(size=(count, 4)) + 6.0 * np.eye(4)[labels], labels


def test_the_mean_over_the_classes():
    (real, x), (fake, y) = classes(), classes(200, 1)
    expected = {c: frechet_distance(real[x == c], fake[y == c]) for c in range(3)}
    value = intra_class_frechet_distance(real, x, fake, y)
    assert list(value.by_class) == [0, 1, 2]
    np.testing.assert_allclose(list(value.by_class.values()), list(expected.values()), rtol=1e-10)
    np.testing.assert_allclose(value.mean, np.mean(list(expected.values())), rtol=1e-10)


def test_exchanged_labels_are_seen():
    (real, x), (fake, y) = classes(), classes(300, 1)
    plain = frechet_distance(real, fake)
    right = intra_class_frechet_distance(real, x, fake, y).mean
    wrong = intra_class_frechet_distance(real, x, fake, (y + 1) % 3).mean
    # Two centres lie 6 sqrt(2) apart: 72, however good the pictures are.
    assert plain < 1.0 and right < 2.0
    np.testing.assert_allclose(wrong, 72.0, rtol=0.1)


def test_identical_sets():
    real, x = classes()
    assert intra_class_frechet_distance(real, x, real, x).mean < 1e-10


def test_the_note():
    statistic = IntraClassFrechetDistance()
    x = np.random.default_rng(0).normal(size=(40, 4))
    statistic.update(x, np.arange(40) % 2, x[:23], np.r_[np.zeros(20, int), np.ones(3, int)])
    statistic.result()
    assert statistic.note.startswith("singular covariance in 1 of 2 classes")


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: intra_class_frechet_distance(np.eye(4), [0, 0, 1, 1], np.eye(4), [0, 0, 0, 1]),
            r"too few in class 1 \(2 real, 1 fake\)",
        ),
        (
            lambda: intra_class_frechet_distance(np.eye(4), [0] * 4, np.eye(4), [7] * 4),
            r"class 0 \(4 real, 0 fake\), 7 \(0 real, 4 fake\)",
        ),
        (
            lambda: intra_class_frechet_distance(np.eye(4), [0] * 3, np.eye(4), [0] * 4),
            "real_labels has 3 entries for 4 samples",
        ),
        (
            lambda: intra_class_frechet_distance(np.eye(4), None, np.eye(4), [0] * 4),
            "real and real_labels belong together",
        ),
        (lambda: IntraClassFrechetDistance().result(), "no class has samples yet"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
