"""Our Adam against Keras's, on one device and two, plain and compiled."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models.core import schedules
from tfgan_models.core.adam import Adam

SHAPES = ((3, 2), (4,), ())


def _moved(kind, updates=5, strategy=None, jit_compile=False, **options):
    """Weights and optimizer variables after a few updates by known gradients."""
    rng = np.random.default_rng(0)
    with (strategy or tf.distribute.get_strategy()).scope():
        weights = [keras.Variable(rng.normal(size=s).astype("float32")) for s in SHAPES]
        optimizer = kind(**options)
        optimizer.build(weights)

    def update(gradients):
        optimizer.apply([tf.identity(g) for g in gradients], weights)  # on its device

    if strategy is None:
        run = tf.function(update, jit_compile=jit_compile)
    else:
        run = tf.function(lambda gradients: strategy.run(update, (gradients,)))
    for _ in range(updates):
        run([tf.constant(rng.normal(size=s), tf.float32) for s in SHAPES])
    return [v.numpy() for v in (*weights, *optimizer.variables)]


def _assert_equal(one, two):
    """1 - beta_2 is taken in float32 by TensorFlow and in float64 by Keras: 1.3e-5 apart."""
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=3e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-3},
        {"beta_1": 0.5, "weight_decay": 0.01, "clipnorm": 0.5},
        {"learning_rate": 0.1, "amsgrad": True},
        {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9},
    ],
)
def test_it_moves_weights_and_moments_as_keras_does(options):
    _assert_equal(_moved(Adam, **options), _moved(keras.optimizers.Adam, **options))


def test_the_first_step_is_the_learning_rate():
    """Bias correction: whatever the gradient's size, the first step has length lr."""
    weight = keras.Variable(np.zeros(2, "float32"))
    Adam(0.01, epsilon=1e-12).apply([tf.constant([1e-3, -40.0])], [weight])
    np.testing.assert_allclose(weight.numpy(), [-0.01, 0.01], rtol=1e-5)


def test_schedules_are_followed():
    rate = {"initial": 0.5, "start": 0, "end": 4}
    made, wanted = (
        _moved(kind, learning_rate=schedules.LinearDecay(**rate))
        for kind in (Adam, keras.optimizers.Adam)
    )
    _assert_equal(made, wanted)


def test_replicas_update_their_copies_alike(mirrored):
    """Both replicas see the same gradient, and optimizers sum: the scale cancels in Adam."""
    made, wanted = (
        _moved(kind, strategy=mirrored, learning_rate=0.1) for kind in (Adam, keras.optimizers.Adam)
    )
    _assert_equal(made, wanted)


def test_xla_computes_the_same():
    _assert_equal(_moved(Adam, jit_compile=True), _moved(Adam))


def test_sparse_gradients_take_keras_step():
    results = []
    for kind in (Adam, keras.optimizers.Adam):
        table = keras.Variable(np.ones((4, 2), "float32"))
        gradient = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([2]), tf.constant([4, 2]))
        optimizer = kind(0.1)
        optimizer.apply([gradient], [table])
        results.append(table.numpy())
    np.testing.assert_allclose(*results, rtol=1e-6)
    assert np.all(results[0][2] < 1)


def test_it_is_saved_under_its_own_name():
    made = Adam(0.25, beta_1=0.5)
    config = keras.saving.serialize_keras_object(made)
    assert config["registered_name"] == "tfgan_models>Adam"
    loaded = keras.saving.deserialize_keras_object(config)
    assert type(loaded) is Adam and loaded.get_config() == made.get_config()
