"""The networks whose steps are compared differ in the named part alone. No test looks at a time."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from benchmarks import biggan_cost, cases
from tfgan_models.layers import BatchNorm, ConditionalBatchNorm, SelfAttention2D, SpectralNorm
from trainers.doctor.probe import layers_of

SETTINGS = cases.recipe_of(cases.CASES["biggan_narrow"]).model


@pytest.fixture(scope="module")
def pair():
    return biggan_cost._networks(SETTINGS, spectral_norm=True, attention=True)


def weights(network):
    return [(v.path.split("/")[-1], tuple(v.shape)) for v in network.variables]


def has(network, kind):
    return any(isinstance(layer, kind) for layer in layers_of(network))


def test_the_whole_pair_is_biggans_own(pair):
    model = cases.make_model(cases.CASES["biggan_narrow"])
    for ours, theirs in zip(pair, (model.generator, model.discriminator), strict=True):
        assert weights(ours) == weights(theirs)


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"spectral_norm": False}, SpectralNorm), ({"attention": False}, SelfAttention2D)],
)
def test_a_part_is_left_out(pair, change, kind):
    without = biggan_cost._networks(
        SETTINGS, **{"spectral_norm": True, "attention": True, **change}
    )
    for ours, whole in zip(without, pair, strict=True):
        assert has(whole, kind) and not has(ours, kind)


def test_keras_batch_norm_computes_the_same(pair):
    generator = pair[0]
    copy = keras.models.clone_model(generator, clone_function=biggan_cost._unfused)
    for ours, theirs in zip(kept(generator), kept(copy), strict=True):
        theirs.assign(ours)
    conditional = [x for x in copy.layers if isinstance(x, ConditionalBatchNorm)]
    assert conditional and not any(isinstance(x.norm, BatchNorm) for x in conditional)
    draws = np.random.default_rng(0)
    z = draws.normal(size=(16, SETTINGS["latent_dim"])).astype("float32")
    y = np.eye(10, dtype="float32")[draws.integers(0, 10, 16)]
    images = [network([z, y], training=True) for network in (generator, copy)]
    np.testing.assert_allclose(*images, atol=1e-5)
    assert np.std(images[0], axis=0).min() > 0.0


def kept(network):
    """What both have: the weights, and the vectors of spectral norm."""
    vectors = [v for v in network.non_trainable_variables if v.path.endswith("_u")]
    return [*network.trainable_variables, *vectors]


def test_sizes_are_read():
    assert biggan_cost._parse(["--size=64"]).size == [64]
    with pytest.raises(SystemExit):
        biggan_cost._parse(["--size=128"])


def test_the_table_of_a_toy(monkeypatch, capsys):
    monkeypatch.setattr(cases, "start", lambda deterministic=True: None)
    monkeypatch.setitem(cases.CASES, "biggan_32", cases.CASES["biggan_narrow"])
    monkeypatch.setattr(biggan_cost, "_PARTS", {"attention": {"attention": False}})
    biggan_cost.main(["--size=32", "--rounds=1", "--steps=1", "--batch=4"])
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["size", "part"]
    assert [row.split("without ")[1][:16].strip() for row in rows] == list(biggan_cost._PARTS)
    assert all(np.isfinite(float(row.split()[-5 if "target" in row else -4])) for row in rows)
