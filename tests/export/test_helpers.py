"""The helpers of the old notebooks."""

import numpy as np
import pytest
from scipy.stats import truncnorm

import export


def test_truncated_latents_are_those_of_the_notebook():
    made = export.truncated_z_sample(3, 120, 0.4, seed=7)
    wanted = 0.4 * truncnorm.rvs(-2, 2, size=(3, 120), random_state=np.random.RandomState(7))
    np.testing.assert_array_equal(made, wanted)
    many = export.truncated_z_sample(20000, 2, 0.5, seed=1)
    assert np.abs(many).max() <= 1.0
    np.testing.assert_allclose(many.std(), 0.5 * 0.8796256610, rtol=0.01)
    assert not np.array_equal(export.truncated_z_sample(1, 4), export.truncated_z_sample(1, 4))
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        export.truncated_z_sample(1, 4, 1.5)


def test_one_hot():
    made = export.one_hot([2, 0], 3)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(export.one_hot(1, 3), [[0, 1, 0]])
    for index, message in (([3], "0..2"), ([-1], "0..2"), ([0.5], "ints"), ([[1]], "ints")):
        with pytest.raises(ValueError, match=message):
            export.one_hot(index, 3)


def test_interpolate():
    a, b = np.zeros((2, 3)), np.ones((2, 3))
    made = export.interpolate(a, b, 5)
    assert made.shape == (5, 2, 3)
    np.testing.assert_allclose(made[:, 1, 2], [0, 0.25, 0.5, 0.75, 1])
    for arguments, message in (((a, b[:1], 3), "one shape"), ((a, b, 1), "at least 2")):
        with pytest.raises(ValueError, match=message):
            export.interpolate(*arguments)
