"""What every registered family must hold. A family needs only a preset named *_tiny."""

from __future__ import annotations

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import export
import tfgan_models as tfgan
from tests.conformance import families
from tests.conformance.families import FAMILIES, build, largest_difference, train, values
from tfgan_models import layers


@pytest.fixture(scope="module", params=FAMILIES)
def trained(request, tmp_path_factory):
    """(family, model after three steps, its values before, its logs, a .keras file of it)."""
    model = build(request.param)
    before = values(model)
    logs = train(model)
    path = tmp_path_factory.mktemp(request.param) / "model.keras"
    model.save(path)
    return request.param, model, before, logs, path


def test_every_trainable_weight_moves(trained):
    _, model, before, _, _ = trained
    still = [
        w.path
        for i, w in enumerate(model.weights)
        if w.trainable and np.array_equal(before[f"w{i}"], w.numpy())
    ]
    owned = {id(w) for n in (model.generator, model.discriminator) for w in n.trainable_weights}
    assert len(owned) == len(model.generator.trainable_weights) + len(
        model.discriminator.trainable_weights
    )
    assert still == []


def test_step_counts(trained):
    _, model, _, _, _ = trained
    assert int(model.step.numpy()) == 3
    assert int(model.generator_optimizer.iterations.numpy()) == 3
    assert int(model.discriminator_optimizer.iterations.numpy()) == 3 * model.d_steps


def test_logs_are_the_declared_ones_and_finite(trained):
    _, model, _, logs, _ = trained
    assert set(logs) == set(model.log_means.names)
    assert all(np.isfinite(v) for v in logs.values())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("frozen", ["generator", "discriminator"])
def test_an_update_moves_only_its_own_network(family, frozen):
    still = {"name": "sgd", "learning_rate": 0.0}
    rates = {f"compile__{p}_optimizer": families.SGD for p in ("generator", "discriminator")}
    model = build(family, **{**rates, f"compile__{frozen}_optimizer": still})
    other = model.discriminator if frozen == "generator" else model.generator
    model._constrain()  # clipping belongs to the discriminator's update and may move it once
    kept = [w.numpy() for w in getattr(model, frozen).trainable_weights]
    moving = [w.numpy() for w in other.trainable_weights]
    train(model, 2)
    after = [w.numpy() for w in getattr(model, frozen).trainable_weights]
    assert all(np.array_equal(a, b) for a, b in zip(kept, after, strict=True))
    assert any(
        not np.array_equal(a, w.numpy())
        for a, w in zip(moving, other.trainable_weights, strict=True)
    )


def test_same_seed_same_run(trained):
    family, model, _, logs, _ = trained
    again = build(family)
    assert train(again) == logs
    assert largest_difference(values(again), values(model)) == 0.0


def test_another_seed_is_another_run(trained):
    family, model, _, logs, _ = trained
    other = build(family, model__seed=5)
    assert train(other)["g_loss"] != logs["g_loss"]
    assert not np.array_equal(other.sample_latents(2, seed=1), other.sample_latents(2, seed=2))


def test_keras_round_trip_goes_on_bit_equal(trained):
    family, model, _, _, path = trained
    loaded = tfgan.load(path)
    assert type(loaded) is type(model)
    assert loaded.get_config().keys() == model.get_config().keys()
    assert json.dumps(loaded.get_compile_config(), sort_keys=True, default=str) == json.dumps(
        model.get_compile_config(), sort_keys=True, default=str
    )
    straight = build(family)
    train(straight)
    assert largest_difference(values(loaded), values(straight)) == 0.0
    assert train(straight, 2) == train(loaded, 2)
    assert largest_difference(values(loaded), values(straight)) == 0.0


def test_checkpoint_holds_every_variable(trained, tmp_path):
    _, model, _, _, _ = trained
    prefix = tf.train.Checkpoint(model=model).write(str(tmp_path / "state"))
    reader = tf.train.load_checkpoint(prefix)
    stored = [reader.get_tensor(key) for key in reader.get_variable_to_shape_map()]
    for name, value in values(model).items():
        assert any(
            np.shape(s) == value.shape and np.array_equal(s, value)
            for s in stored
            if not isinstance(s, bytes)
        ), f"{name} is not in the checkpoint"


def test_samples(trained):
    _, model, _, _, _ = trained
    pictures = model.sample(5, seed=3).numpy()
    assert pictures.shape == (5, *model.image_shape)
    assert np.abs(pictures).max() <= 1.0
    assert np.array_equal(pictures, model.sample(5, seed=3).numpy())
    assert np.abs(pictures - model.sample(5, seed=4).numpy()).max() > 0
    labels = None if model.num_classes is None else np.arange(5)
    z = model.sample_latents(5, seed=3)
    whole = model.generate(z, labels).numpy()
    pieces = model.generate(z, labels, batch_size=2).numpy()
    np.testing.assert_allclose(whole, pieces, atol=1e-6)
    inputs = z if labels is None else [z, model.condition(labels)]
    np.testing.assert_allclose(model.predict(inputs, verbose=0), whole, atol=1e-6)


def test_export_equals_model(trained, tmp_path):
    _, model, _, _, _ = trained
    directory = export.export_generator(model, tmp_path / "module", verify=False)
    module = tf.saved_model.load(str(directory))
    for n in (1, 7):
        z = model.sample_latents(n, seed=n)
        if model.num_classes is None:
            made, wanted = module(z), model.generate(z)
        else:
            labels = np.arange(n) % model.num_classes
            made = module(z, model.condition(labels), 1.0)
            wanted = model.generate(z, labels)
        np.testing.assert_allclose(made, wanted, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_xla_step_equals_the_plain_one(family):
    plain, jitted = build(family), build(family, compile__jit_compile=True)
    logs, jitted_logs = train(plain), train(jitted)
    for name, value in logs.items():
        np.testing.assert_allclose(jitted_logs[name], value, rtol=1e-3, atol=1e-4)
    assert largest_difference(values(plain), values(jitted)) < 5e-3


@pytest.mark.parametrize("family", FAMILIES)
def test_several_steps_per_execution(family):
    one, two = build(family), build(family, compile__steps_per_execution=2)
    a, b = train(one, 4), train(two, 4)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="do not divide by steps_per_execution=2"):
        train(two, 3)


def _comparable(family, strategy):
    """SGD, and nothing that differs between replicas as declared: noise, in-batch likeness."""
    sgd = {f"compile__{p}_optimizer": families.SGD for p in ("generator", "discriminator")}
    model = build(family, strategy, **sgd)
    for network in (model.generator, model.discriminator):
        for layer in network._flatten_layers():
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
            if isinstance(layer, keras.layers.GaussianNoise):
                layer.stddev = 0.0
            if isinstance(layer, layers.MinibatchDiscrimination):  # no two images are alike
                layer.log_scale.assign(20.0 + 0.0 * layer.log_scale)
    return model


# Known to miss the bound (2e-5, 3e-4 and not measured); not yet known whether it is rounding.
APART = ("fisher_gan", "infogan", "wgan_gp")


@pytest.mark.parametrize("family", FAMILIES)
def test_two_replicas_equal_one(family, mirrored):
    if family in APART:
        pytest.xfail(f"{family} on two replicas is further from one than the bound: open")
    one, two = _comparable(family, None), _comparable(family, mirrored)
    a, b = train(one, 4), train(two, 4)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-5)
    assert largest_difference(values(one), values(two)) < 1e-5


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("family", FAMILIES)
def test_mixed_precision(family, policy):
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)
    model = tfgan.from_preset(families.tiny_preset(family))
    keras.config.set_dtype_policy("float32")
    scaled = isinstance(model.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    before = values(model)
    assert all(np.isfinite(v) for v in train(model, 3).values())
    assert all(w.dtype == "float32" for w in model.generator.trainable_weights)
    assert largest_difference(before, values(model)) > 0
    assert all(np.all(np.isfinite(v)) for v in values(model).values())


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_loads_in_a_fresh_process(family, tmp_path):
    model = build(family)
    train(model, 1)
    path, picture = tmp_path / "model.keras", tmp_path / "sample.npy"
    model.save(path)
    script = (
        "import sys, numpy, tfgan_models as tfgan\n"
        "numpy.save(sys.argv[2], tfgan.load(sys.argv[1]).sample(3, seed=1))\n"
    )
    subprocess.run([sys.executable, "-c", script, path, picture], check=True, timeout=120)
    np.testing.assert_allclose(np.load(picture), model.sample(3, seed=1), atol=1e-6)
