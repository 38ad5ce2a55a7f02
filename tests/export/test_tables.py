"""The statistics that a truncation selects, and how exports and models agree about them."""

import json

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


def test_export_and_model_agree(published, spectral):
    """`recompute_statistics(t)` and `sample(truncation=t)` are the export's `sample`."""
    loaded = export.load(published / "biggan")
    own = spectral.ema_generator.get_weights()
    for truncation in (None, 0.02, 0.58, 1.0):
        spectral.recompute_statistics(truncation, batches=2, batch_size=8)
        wanted = spectral.sample(5, seed=4, truncation=truncation)
        made = loaded.sample(5, seed=4, truncation=truncation)
        np.testing.assert_allclose(made, wanted, atol=1e-5)
    spectral.ema_generator.set_weights(own)
    assert np.abs(spectral.sample(5, seed=4) - loaded.sample(5, seed=4)).max() > 1e-3
    with pytest.raises(ValueError, match=r"in \[0, 1\]; got 2"):
        loaded(spectral.sample_latents(2), [0, 1], 2.0)


def test_loader_of_other_profiles(published, conditional, unconditional):
    """Images in [-1, 1] whatever the profile's names and range."""
    progan, compare_gan = (export.load(published / x) for x in ("progan", "compare_gan"))
    np.testing.assert_allclose(progan.sample(5, 1), unconditional.sample(5, 1), atol=1e-5)
    wanted = conditional.sample(5, 1, truncation=0.5)
    np.testing.assert_allclose(compare_gan.sample(5, 1, truncation=0.5), wanted, atol=1e-5)
    with pytest.raises(ValueError, match="takes class numbers"):
        compare_gan.sample(5, 1, labels=np.full((5, 10), 0.1))


def test_metadata_and_cards(published):
    entries = {
        name: json.loads((published / name / "metadata.json").read_text())
        for name in ("biggan", "progan", "compare_gan")
    }
    assert entries["biggan"]["truncation_statistics"] == {
        "truncations": 51,
        "batches": 2,
        "batch_size": 8,
        "seed": 0,
        "first": 0.0,
        "last": 1.0,
        "step": 0.02,
    }
    assert entries["biggan"]["input_info"]["truncation"]["used"] is True
    card = (published / "biggan" / "README.md").read_text()
    assert "51 tables from 0 to 1, step 0.02" in card and "ignored" not in card
    assert entries["progan"]["truncation_statistics"] is None
    assert list(entries["progan"]["input_info"]) == ["latent_vector"]
    assert entries["progan"]["value_range"] == [0.0, 1.0]
    assert entries["compare_gan"]["input_info"]["labels"] == {
        "shape": [None],
        "dtype": "int32",
        "meaning": "class numbers, 0 to 9",
    }
    assert entries["compare_gan"]["output_info"]["generated"]["range"] == [0.0, 1.0]
    assert list(entries["compare_gan"]["discriminator"]["input_info"]) == ["images", "labels"]
    card = (published / "compare_gan" / "README.md").read_text()
    assert "| discriminator output | `prediction` | (B, 1) | [0, 1] |" in card
    assert not (published / "compare_gan" / "discriminator").exists()


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
