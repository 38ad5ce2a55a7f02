"""Modes and classes covered: the true mixture, collapse, arithmetic by hand, SciPy."""

import math

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats

from tfgan_models.metrics import modes

ANGLES = 2.0 * np.pi * np.arange(8) / 8
RING = 2.0 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
GRID = np.stack(np.meshgrid(np.arange(-4.0, 5.0, 2.0), np.arange(-4.0, 5.0, 2.0)), -1).reshape(
    -1, 2
)


def mixture(centres, std, count=2500, seed=0, kept=None):
    random = np.random.default_rng(seed)
    chosen = random.integers(len(centres) if kept is None else kept, size=count)
    return centres[chosen] + random.normal(0.0, std, (count, centres.shape[1]))


@pytest.mark.parametrize("centres, std", [(RING, 0.02), (RING / 2, 0.01), (GRID, 0.05)])
def test_true_mixture(centres, std):
    found = modes.mode_coverage(mixture(centres, std, 20_000), centres, std)
    quality = 1.0 - math.exp(-4.5)
    np.testing.assert_allclose(quality, 0.988891, atol=1e-6)
    error = math.sqrt(quality * (1 - quality) / 20_000)
    np.testing.assert_allclose(found.quality, quality, atol=4 * error)
    assert found.modes == found.loose == len(centres) and found.samples == 20_000
    np.testing.assert_allclose(2 * 20_000 * found.reverse_kl, len(centres) - 1, atol=25)
    assert 0.0 < found.js < found.reverse_kl


@pytest.mark.parametrize("kept", [1, 3])
def test_collapse(kept):
    found = modes.mode_coverage(mixture(RING, 0.02, kept=kept), RING, 0.02)
    assert found.modes == found.loose == kept
    np.testing.assert_allclose(found.reverse_kl, math.log(8 / kept), atol=0.002)


def test_by_hand():
    """Two of four samples are good; the third is loose for the second mode, the last too far."""
    centres = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 5.0]])
    samples = [[0.0, 0.1], [0.0, -0.29], [2.0, 0.9], [0.0, 9.0]]
    found = modes.mode_coverage(samples, centres, 0.1)
    shares, thirds = np.array([0.5, 0.25, 0.25]), np.full(3, 1 / 3)
    assert found[:3] == (1, 0.5, 2)
    np.testing.assert_allclose(found.reverse_kl, scipy.stats.entropy(shares, thirds))
    np.testing.assert_allclose(found.js, scipy.spatial.distance.jensenshannon(shares, thirds) ** 2)


def test_the_bounds_are_strict():
    """3 std away is not within 3 std; a hundredth of the samples is a loose mode."""
    centres = np.array([[0.0], [4.0]])
    found = modes.mode_coverage([[0.75], [-0.75], [4.0]], centres, 0.25)
    assert found.modes == 1 and found.quality == 1 / 3
    near = np.concatenate([np.zeros((99, 1)), [[4.0]]])
    assert modes.mode_coverage(near, centres, 0.25).loose == 2
    assert modes.mode_coverage(np.concatenate([near, [[0.0]]]), centres, 0.25).loose == 1


def test_a_cloud_covers_loosely():
    cloud = np.random.default_rng(0).uniform(-5.0, 5.0, (2500, 2))
    found = modes.mode_coverage(cloud, GRID, 0.05)
    assert found.loose == 25 and found.quality < 0.05 and found.reverse_kl < 0.02


def test_weights_of_the_modes():
    samples = [[0.0], [0.0], [0.0], [4.0]]
    centres = np.array([[0.0], [4.0]])
    found = modes.mode_coverage(samples, centres, 0.1, weights=[3, 1])
    assert found.reverse_kl == found.js == 0.0
    found = modes.mode_coverage(samples, centres, 0.1, weights=[1, 3])
    np.testing.assert_allclose(found.reverse_kl, 0.5 * math.log(3))


def test_one_mode():
    found = modes.mode_coverage([[0.1, 0.0], [9.0, 0.0]], [[0.0, 0.0]], 0.1)
    assert found == (1, 0.5, 1, 0.0, 0.0, 2)


def test_blocks_do_not_matter(monkeypatch):
    samples = mixture(GRID, 0.05, 500)
    whole = modes.mode_coverage(samples, GRID, 0.05)
    monkeypatch.setattr(modes, "_BLOCK", 700)
    assert modes.mode_coverage(samples, GRID, 0.05) == whole


def test_shards_equal_the_whole():
    samples = mixture(GRID, 0.05, 300)
    first, second = modes.ModeCoverage(GRID, 0.05), modes.ModeCoverage(GRID, 0.05)
    first.update(samples[:10])
    first.update(samples[10:150].astype("float64"))
    second.update(samples[150:])
    assert first.merge(second).result() == modes.mode_coverage(samples, GRID, 0.05)


@pytest.mark.parametrize(
    "samples, centres, std, weights, message",
    [
        (np.zeros((0, 2)), RING, 0.1, None, "samples is empty"),
        (np.zeros((3, 3)), RING, 0.1, None, "samples has 3 dimensions and centres 2"),
        (np.zeros(3), RING, 0.1, None, "samples has shape"),
        (np.full((3, 2), np.nan), RING, 0.1, None, "NaN or infinity in 3 of 3 rows"),
        (np.zeros((3, 2)), RING, 0.0, None, "std must be positive"),
        (np.zeros((3, 2)), RING, float("nan"), None, "std must be positive"),
        (np.zeros((3, 2)), RING[[0, 1, 0]], 0.1, None, "a point twice"),
        (np.zeros((3, 2)), RING, 0.1, np.ones(7), "weights must be 8 positive numbers"),
        (np.zeros((3, 2)), RING, 0.1, np.arange(8), "weights must be 8 positive numbers"),
    ],
)
def test_errors(samples, centres, std, weights, message):
    with pytest.raises(ValueError, match=message):
        modes.mode_coverage(samples, centres, std, weights)


def test_unlike_mixtures_are_not_merged():
    with pytest.raises(ValueError, match="different options"):
        modes.ModeCoverage(RING, 0.1).merge(modes.ModeCoverage(RING, 0.2))


def test_classes_by_hand():
    found = modes.class_coverage([0, 0, 1, 3], 4)
    shares = np.array([0.5, 0.25, 0.0, 0.25])
    assert found.modes == 3 and found.samples == 4
    np.testing.assert_allclose(found.reverse_kl, scipy.stats.entropy(shares, np.full(4, 0.25)))
    np.testing.assert_allclose(
        found.js, scipy.spatial.distance.jensenshannon(shares, np.full(4, 0.25)) ** 2
    )


def test_classes_of_the_data_itself():
    """2 n KL of n samples of p itself is nearly chi-square with classes - 1 degrees."""
    labels = np.random.default_rng(0).integers(1000, size=26_000)
    found = modes.class_coverage(labels, 1000)
    assert found.modes == 1000
    np.testing.assert_allclose(found.reverse_kl, 999 / 52_000, atol=5 * 2000**0.5 / 52_000)


def test_classes_with_weights_and_shards():
    labels = np.repeat([0, 1, 2], [1, 2, 5])
    assert modes.class_coverage(labels, 3, weights=[1, 2, 5])[1:3] == (0.0, 0.0)
    first, second = modes.ClassCoverage(3), modes.ClassCoverage(3)
    first.update(labels[:4])
    second.update(labels[4:])
    assert first.merge(second).result() == modes.class_coverage(labels, 3)
    with pytest.raises(ValueError, match="different options"):
        first.merge(modes.ClassCoverage(4))


@pytest.mark.parametrize(
    "labels, classes, message",
    [
        (np.zeros(0, int), 3, "labels is empty"),
        ([0, 3], 3, "labels has values from 0 to 3, expected 0 to 2"),
        ([-1, 0], 3, "labels has values from -1"),
        ([0.0, 1.0], 3, "expected whole numbers"),
        (np.eye(3, dtype=int), 3, "expected whole numbers"),
        (1, 3, "expected whole numbers"),
        ([0, 1], 0, "classes must be"),
    ],
)
def test_class_errors(labels, classes, message):
    with pytest.raises(ValueError, match=message):
        modes.class_coverage(labels, classes)
