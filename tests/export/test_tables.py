"""The statistics that a truncation selects, what is refused, and the profiles' ranges."""

import numpy as np
import pytest
import tensorflow as tf

import export
import tfgan_models as tfgan
from export import profiles, tables
from tfgan_models.core import standing

tf.config.experimental.enable_op_determinism()


class Given:
    """Tables of chosen numbers in place of measured ones."""

    def __init__(self, network, points):
        self.settings = tables.Settings(points)
        rng = np.random.default_rng(0)
        self.table, self.untruncated = {}, {}
        for variable in standing.statistics_variables(network):
            rows = rng.normal(size=(points, *variable.shape)).astype(np.float32)
            self.table[variable.path], self.untruncated[variable.path] = rows, rows[0] + 5


def read(network, made, truncation):
    """The statistics that the network's layers read at a truncation."""
    variables = standing.statistics_variables(network)
    with made.at(tf.constant(truncation, tf.float32)):
        return [tf.convert_to_tensor(v).numpy() for v in variables]


@pytest.mark.parametrize("points", [2, 51])
def test_statistics_are_exact_on_the_grid_and_linear_between(spectral, points):
    network = standing.optimization.clone_network(spectral.generator)
    given = Given(network, points)
    made = tables.Tables(network, given)
    rows = list(given.table.values())
    for i in range(points):
        for truncation in (i / (points - 1), i * (1 / (points - 1))):
            for value, table in zip(read(network, made, truncation), rows, strict=True):
                np.testing.assert_array_equal(value, table[i], err_msg=str(truncation))
    grid = np.linspace(0.0, 1.0, points)
    for truncation in (0.001, 0.333, 0.5 + 0.3 / 50, 0.99):
        for value, table in zip(read(network, made, truncation), rows, strict=True):
            wanted = [np.interp(truncation, grid, table[:, c]) for c in range(table.shape[1])]
            np.testing.assert_allclose(value, wanted, atol=2e-5)
    for variable, wanted in zip(
        standing.statistics_variables(network), given.untruncated.values(), strict=True
    ):
        np.testing.assert_array_equal(variable, wanted)  # outside


@pytest.mark.parametrize("truncation", [-1e-3, 1.001, 2.0, np.nan, np.inf])
def test_truncations_that_are_none(spectral, truncation):
    network = standing.optimization.clone_network(spectral.generator)
    made = tables.Tables(network, Given(network, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="truncation must be a number"):
        read(network, made, truncation)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"truncations": 1}, "truncations must be an int of at least 2"),
        ({"truncations": 5, "standing_batches": 0}, "standing_batches must be a positive"),
        ({"truncations": 5, "profile": "compare_gan"}, "has no input `truncation`"),
        ({"profile": "bigbigan"}, "needs an encoder"),
        ({"profile": "progan"}, "does not fit a class-conditional model"),
    ],
)
def test_wrong_arguments(conditional, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        export.export_generator(conditional, tmp_path / "m", **arguments)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_models_that_have_no_such_statistics(unconditional, tmp_path):
    with pytest.raises(ValueError, match="normal latents"):
        export.export_generator(unconditional, tmp_path / "m", truncations=3)
    with pytest.raises(ValueError, match="no batch norm"):
        export.export_generator(tfgan.from_preset("gan_tiny"), tmp_path / "m", truncations=3)


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_ranges_of_profiles(name):
    profile = profiles.PROFILES[name]
    images = np.linspace(-1, 1, 9)
    low, high = profile.value_range
    np.testing.assert_allclose(profile.to_range(images), np.linspace(low, high, 9), atol=1e-12)
    np.testing.assert_allclose(profile.from_range(profile.to_range(images)), images, atol=1e-12)
