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
from tests.conformance import families, ordering
from tests.conformance.families import FAMILIES, build, largest_difference, train, values
from tfgan_models import layers

STEPS = 4


@pytest.fixture(scope="module", params=FAMILIES)
def trained(request, tmp_path_factory):
    """(family, model after four steps, its values before, its logs, a .keras file of it)."""
    model = build(request.param)
    before = values(model)
    logs = train(model, STEPS)
    path = tmp_path_factory.mktemp(request.param) / "model.keras"
    model.save(path)
    return request.param, model, before, logs, path


@pytest.fixture(scope="module")
def again(trained):
    """(a second model of the same seed after as many steps, its logs)."""
    model = build(trained[0])
    return model, train(model, STEPS)


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
    assert int(model.step.numpy()) == STEPS
    assert int(model.generator_optimizer.iterations.numpy()) == STEPS
    assert int(model.discriminator_optimizer.iterations.numpy()) == STEPS * model.d_steps


def test_logs_are_the_declared_ones_and_finite(trained):
    _, model, _, logs, _ = trained
    assert set(logs) == set(model.log_means.names)
    assert all(np.isfinite(v) for v in logs.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_an_update_moves_only_its_own_network(family):
    players = ("generator", "discriminator")
    model = build(family, **{f"compile__{player}_optimizer": families.SGD for player in players})
    model._constrain()  # clipping belongs to the discriminator's update and may move it once
    for moving, frozen in (players, players[::-1]):
        getattr(model, f"{moving}_optimizer").learning_rate = families.SGD["learning_rate"]
        getattr(model, f"{frozen}_optimizer").learning_rate = 0.0
        before = {p: [w.numpy() for w in getattr(model, p).trainable_weights] for p in players}
        train(model, 2)
        equal = {
            p: [
                np.array_equal(old, w.numpy())
                for old, w in zip(before[p], getattr(model, p).trainable_weights, strict=True)
            ]
            for p in players
        }
        assert all(equal[frozen])
        assert not all(equal[moving])


def test_no_order_is_left_to_chance(trained):
    _, model, _, _, _ = trained
    images, labels = families.data(model, families.BATCH * model.d_steps)
    batch = {"image": images} if labels is None else {"image": images, "label": labels}

    @tf.function(autograph=False)
    def step(batch):
        return model.train_step(batch)

    graph = ordering.optimized_graph(step.get_concrete_function(batch))
    assert {node.op for node in graph.node} & ordering.WRITES
    assert ordering.races(graph) == []


def test_another_seed_is_another_run(trained):
    family, model, _, logs, _ = trained
    other = build(family, model__seed=5)
    assert train(other, STEPS)["g_loss"] != logs["g_loss"]
    assert not np.array_equal(other.sample_latents(2, seed=1), other.sample_latents(2, seed=2))


def test_keras_round_trip_goes_on_bit_equal(trained, again):
    _, model, _, _, path = trained
    loaded = tfgan.load(path)
    assert type(loaded) is type(model)
    assert loaded.get_config().keys() == model.get_config().keys()
    assert json.dumps(loaded.get_compile_config(), sort_keys=True, default=str) == json.dumps(
        model.get_compile_config(), sort_keys=True, default=str
    )
    straight, _ = again
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
def test_xla_step_equals_the_plain_one(trained):
    family, plain, _, logs, _ = trained
    jitted = build(family, compile__jit_compile=True)
    jitted_logs = train(jitted, STEPS)
    for name, value in logs.items():
        np.testing.assert_allclose(jitted_logs[name], value, rtol=1e-3, atol=1e-4)
    assert largest_difference(values(plain), values(jitted)) < 5e-3


def test_several_steps_per_execution(trained):
    family, one, _, logs, _ = trained
    two = build(family, compile__steps_per_execution=2)
    for name, value in train(two, STEPS).items():
        np.testing.assert_allclose(value, logs[name], rtol=1e-4, atol=1e-5)
    assert largest_difference(values(one), values(two)) < 1e-4
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


@pytest.mark.parametrize("family", FAMILIES)
def test_two_replicas_equal_one(family, mirrored):
    """Each update, from equal states: what rounding a run of several grows to is the game's."""
    one, two = _comparable(family, None), _comparable(family, mirrored)
    rows = families.BATCH * one.d_steps
    x, y = families.data(one, rows * STEPS)
    for i in range(STEPS):
        for mine, other in zip(families.variables(two), families.variables(one), strict=True):
            mine.assign(other.numpy())
        part = slice(i * rows, (i + 1) * rows)
        a, b = (train(m, 1, of=(x[part], None if y is None else y[part])) for m in (one, two))
        for name in a:
            np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-5)
        wanted, got = values(one), values(two)
        for name in wanted:
            np.testing.assert_allclose(got[name], wanted[name], rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("family", FAMILIES)
def test_mixed_precision(family, policy):
    keras.utils.clear_session(free_memory=False)
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
def test_all_load_in_a_fresh_process(tmp_path):
    script = (
        "import pathlib, sys, numpy, tfgan_models as tfgan\n"
        "for path in pathlib.Path(sys.argv[1]).glob('*.keras'):\n"
        "    numpy.save(path.with_suffix('.npy'), tfgan.load(path).sample(3, seed=1))\n"
    )
    wanted = {}
    for family in FAMILIES:
        model = build(family)
        model.save(tmp_path / f"{family}.keras")
        wanted[family] = model.sample(3, seed=1).numpy()
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True, timeout=600)
    for family, pictures in wanted.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{family}.npy"), pictures, atol=1e-6)
