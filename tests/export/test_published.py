"""Exports with the interfaces of published modules: clients, statistics of truncations, cards."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf

import export
from tests.export import clients
from tfgan_models.core import standing

tf.config.experimental.enable_op_determinism()

GRID = [0.0, 0.02, 0.5, 0.6, 1.0]
BETWEEN = [0.33, 0.971]


def _write(model, statistics):
    """Assigns moving statistics by name."""
    for variable in model.ema_generator.variables:
        if variable.path in statistics:
            variable.assign(statistics[variable.path])


def _expected_published(conditional, unconditional, spectral):
    """Images of the models themselves, statistics interpolated here; ranges as published."""
    rng = np.random.default_rng(2)
    z = rng.standard_normal((7, 8)).astype(np.float32)
    labels = rng.integers(0, 10, 7).astype(np.int32)
    y = np.eye(10, dtype=np.float32)[labels]
    arrays = {"z": z, "labels": labels, "y": y}
    own = {v.path: v.numpy() for v in spectral.ema_generator.variables if "/moving_" in v.path}
    options = {"batches": 2, "batch_size": 8}
    table = standing.standing_table(spectral, [i / 50 for i in range(51)], **options)
    rows = {None: standing.standing_statistics(spectral, **options)}
    for truncation in GRID + BETWEEN:
        below = math.floor(round(truncation * 50, 6))
        f = truncation * 50 - below
        rows[truncation] = {
            path: (1 - f) * t[below] + f * t[min(below + 1, 50)] for path, t in table.items()
        }
    for truncation, statistics in rows.items():
        _write(spectral, statistics)
        arrays[f"biggan/{truncation}"] = spectral.generate(z, y).numpy()
    _write(spectral, own)
    images = conditional.generate(z, labels).numpy()
    logits = conditional.discriminate(images, y).numpy().astype(np.float64)
    arrays["compare_gan"] = (images + 1) / 2
    arrays["compare_gan/prediction"] = (1 / (1 + np.exp(-logits))).astype(np.float32)
    arrays["progan"] = (unconditional.generate(z).numpy() + 1) / 2
    return arrays


@pytest.fixture(scope="module")
def published_results(published, conditional, unconditional, spectral, tmp_path_factory):
    expected = _expected_published(conditional, unconditional, spectral)
    scratch = tmp_path_factory.mktemp("published_client")
    return clients.run("client_published.py", published, expected, scratch)


@pytest.mark.parametrize("check", clients.checks("client_published.py"))
def test_client_of_a_published_interface(published_results, check):
    assert published_results[check] == "ok", published_results[check]


def test_export_and_model_agree(published, spectral):
    """`recompute_statistics(t)` and `sample(truncation=t)` are the export's `sample`."""
    loaded = export.load(published / "biggan")
    own = spectral.ema_generator.get_weights()
    for truncation in (None, 0.02, 0.6, 1.0):
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
