"""What the statistics refuse, and in which words."""

import ml_dtypes
import numpy as np
import pytest

from tfgan_models.metrics import checks


def rows(count=4, dimensions=3, dtype="float32"):
    return np.random.default_rng(0).normal(size=(count, dimensions)).astype(dtype)


@pytest.mark.parametrize(
    "dtype, expected",
    [
        ("float64", "float64"),
        ("float32", "float32"),
        ("float16", "float32"),
        (ml_dtypes.bfloat16, "float32"),
        ("int64", "float64"),
        ("uint8", "float64"),
        ("bool", "float64"),
    ],
)
def test_types_of_features(dtype, expected):
    given = rows(dtype=dtype)
    checked = checks.features("x", given)
    assert checked.dtype == expected
    np.testing.assert_array_equal(checked, given.astype(expected))


def test_right_types_are_not_copied():
    for dtype in ("float32", "float64"):
        given = rows(dtype=dtype)
        assert checks.features("x", given) is given


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros(4), r"real has shape \(4,\), .* one number a sample: add an axis"),
        (np.zeros((4, 8, 8, 3)), r"\(4, 8, 8, 3\), expected \(samples, dimensions\); apply a net"),
        (np.zeros((4, 0)), "it has no dimensions"),
        (np.zeros((1, 3)), "real has 1 samples and this statistic needs 2 or more"),
        (np.zeros((4, 3), "complex64"), "type complex64, which holds no numbers"),
        (np.array([["a", "b"]] * 3), "holds no numbers"),
    ],
)
def test_features_refused(array, message):
    with pytest.raises(ValueError, match=message):
        checks.features("real", array)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_that_are_not_finite_are_counted(value, dtype):
    array = np.zeros((10_000, 2), dtype)
    array[[3, 9_000], 1] = value
    array[9_000] = value
    with pytest.raises(ValueError, match="fake has NaN or infinity in 2 of 10000 rows"):
        checks.features("fake", array)


def test_large_finite_values_pass():
    checks.features("x", np.full((3, 4), np.finfo("float32").max, "float32"))


def test_pairs_of_unlike_dimensions():
    with pytest.raises(ValueError, match="real has 3 dimensions and fake 4: .* same network"):
        checks.pair(rows(), rows(dimensions=4))


def test_probabilities():
    good = np.array([[0.25, 0.75], [1.0, 0.0]], "float32")
    assert checks.probabilities("p", good) is good
    checks.probabilities("p", [[3.0, -2.0]], from_logits=True)
    for bad in ([[3.0, -2.0]], [[1.5, -0.5]], [[0.4, 0.4]]):
        with pytest.raises(ValueError, match="1 of 1 rows of p .* pass the softmax, or logits"):
            checks.probabilities("p", bad)


@pytest.mark.parametrize(
    "array, message",
    [
        (np.eye(3), "use argmax on one-hot rows"),
        (np.zeros(3), "expected whole numbers"),
        (np.zeros(2, int), "2 entries for 3 samples"),
    ],
)
def test_labels_refused(array, message):
    with pytest.raises(ValueError, match=message):
        checks.labels("y", array, 3)


def test_labels():
    checked = checks.labels("y", np.array([2, 0, 1], "uint8"), 3)
    assert checked.dtype == np.int64
    np.testing.assert_array_equal(checked, [2, 0, 1])


def test_images():
    given = np.random.default_rng(0).uniform(-1, 1, (2, 4, 6, 3))
    checked = checks.images("x", given)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, given.astype("float32"))
    given[0, 0, 0, 0], given[1, 1, 1, 1] = 1.0005, -1.0005
    checked = checks.images("x", given)
    assert checked.max() == 1.0 and checked.min() == -1.0


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((2, 4, 4, 3), "uint8"), r"type uint8, expected floats in \[-1, 1\]: pass x / 1"),
        (np.full((2, 4, 4, 3), 255.0), r"values in \[255, 255\], expected .* pass x / 127.5 - 1"),
        (np.full((2, 4, 4, 3), -1.5), "clip or rescale"),
        (np.zeros((2, 4, 4)), r"shape \(2, 4, 4\), expected \(N, height, width, channels\)"),
        (np.zeros((2, 3, 8, 8)), "1 to 4 channels"),
        (np.full((2, 4, 4, 1), np.nan), "NaN or infinity in 2 of 2 images"),
        (np.zeros((0, 4, 4, 1)), "0 images and this statistic needs 1"),
    ],
)
def test_images_refused(array, message):
    with pytest.raises(ValueError, match=message):
        checks.images("fake", array)


@pytest.mark.parametrize("k", [0, 5, -1, 2.0, True, "2"])
def test_neighbours_refused(k):
    with pytest.raises(ValueError, match="k must be a whole number from 1 to 4 .real has 5"):
        checks.neighbours(k, 5, "real")


def test_neighbours():
    assert checks.neighbours(np.int32(4), 5, "real") == 4


def test_each_error_is_one_line():
    for call in (
        lambda: checks.features("x", np.zeros((3, 4, 5))),
        lambda: checks.images("x", np.zeros((2, 2, 2, 9))),
        lambda: checks.whole("k", "a", 1),
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert "\n" not in str(error.value)
