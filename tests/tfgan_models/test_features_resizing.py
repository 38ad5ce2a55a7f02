"""Resizes against loops over pixels, and against TensorFlow's own."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models.features.resizing import Resize, matrix

SIZES = [((5, 7), (9, 4)), ((28, 28), (299, 299)), ((64, 48), (28, 28)), ((8, 8), (8, 16))]


def images(size, count=2):
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)


def tf1_bilinear(image, size):
    """One output pixel at a time: (i, j) reads position (i h / H, j w / W)."""
    (height, width), out = image.shape[:2], np.zeros((*size, image.shape[2]))
    for i in range(size[0]):
        for j in range(size[1]):
            y, x = i * height / size[0], j * width / size[1]
            top, left = int(y), int(x)
            below, right = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = image[top, left] * (left + 1 - x) + image[top, right] * (x - left)
            lower = image[below, left] * (left + 1 - x) + image[below, right] * (x - left)
            out[i, j] = upper * (top + 1 - y) + lower * (y - top)
    return out


@pytest.mark.parametrize("size_in, size_out", SIZES)
def test_tf1_bilinear_is_tensorflow_1(size_in, size_out):
    batch = images(size_in)
    found = Resize(size_in, size_out, "tf1_bilinear")(batch)
    np.testing.assert_allclose(found[1], tf1_bilinear(batch[1].astype(float), size_out), atol=2e-3)
    own = tf.compat.v1.image.resize_bilinear(batch, size_out)
    np.testing.assert_allclose(found, own, atol=2e-3)
    if min(size_out) > 64:  # that the rule without half-pixel centres was taken
        assert np.abs(found - tf.image.resize(batch, size_out)).max() > 1


@pytest.mark.parametrize("size_in, size_out", SIZES)
def test_bilinear_antialias_is_tensorflow_2(size_in, size_out):
    batch = images(size_in)
    found = Resize(size_in, size_out, "bilinear_antialias")(batch)
    np.testing.assert_allclose(found, tf.image.resize(batch, size_out, antialias=True), atol=2e-3)


def test_halving_by_hand():
    # A triangle of half-width 2 at distances 1/2 and 3/2: weights 3/4 and 1/4, cut at the border.
    expected = [[3, 3, 1, 0], [0, 1, 3, 3]]
    np.testing.assert_allclose(matrix("bilinear_antialias", 4, 2), np.array(expected) / 7)
    expected = [[1, 0], [0.5, 0.5], [0, 1], [0, 1]]
    np.testing.assert_allclose(matrix("tf1_bilinear", 2, 4), expected)


def test_names_and_errors():
    assert Resize((8, 8), (8, 8), "tf1_bilinear").name == "none"
    assert Resize((8, 8), (16, 16), "tf1_bilinear").name == "tf1_bilinear_16"
    assert Resize((8, 9), (16, 32), "bilinear_antialias").name == "bilinear_antialias_16x32"
    batch = images((8, 8))
    np.testing.assert_array_equal(Resize((8, 8), (8, 8), "tf1_bilinear")(batch), batch)
    with pytest.raises(ValueError, match=r"made for images of \(8, 8\); got \(4, 4\)"):
        Resize((8, 8), (16, 16), "tf1_bilinear")(images((4, 4)))
    with pytest.raises(ValueError, match="resize rule 'cubic' is neither"):
        matrix("cubic", 4, 4)
