"""Standing statistics against NumPy, and that nothing but what is asked for changes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models.core import sampling, standing
from tfgan_models.core.gan import GAN
from tfgan_models.layers import BatchNorm, Dropout

tf.config.experimental.enable_op_determinism()

EPSILON = 1e-3


def two_norms(norm, num_classes=None, dropout=0.0, norms=True):
    """z (and y) -> dense -> norm -> dense -> (2, 2, 3) -> norm."""
    inputs = h = keras.Input((4,))
    if num_classes:
        inputs = [inputs, keras.Input((num_classes,))]
        h = keras.layers.Concatenate()(inputs)
    h = keras.layers.Dense(5, name="first", bias_initializer="ones")(h)
    h = Dropout(dropout)(h) if dropout else h
    h = norm()(h) if norms else h
    h = keras.layers.Dense(12, name="second")(h)
    h = keras.layers.Reshape((2, 2, 3))(h)
    image = norm()(h) if norms else h
    x = keras.Input((2, 2, 3))
    outputs = [x, keras.Input((num_classes,))] if num_classes else x
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    return GAN(
        (2, 2, 3),
        generator=keras.Model(inputs, image),
        discriminator=keras.Model(outputs, logits),
        latent_dim=4,
        num_classes=num_classes,
        output_range="unbounded",
    )


def ours():
    return BatchNorm(epsilon=EPSILON)


def kerass():
    return keras.layers.BatchNormalization(epsilon=EPSILON)


def by_hand(model, z, batches):
    """Both norms' (mean, variance), float64, from the definition."""
    dense = [model.ema_generator.get_layer(name) for name in ("first", "second")]
    (w1, b1), (w2, b2) = ([v.numpy().astype(np.float64) for v in n.weights] for n in dense)
    moments = []
    for part in np.split(np.asarray(z, np.float64), batches):
        h = part @ w1 + b1
        g = ((h - h.mean(0)) / np.sqrt(h.var(0) + EPSILON)) @ w2 + b2
        pixels = g.reshape(-1, 3)
        moments.append([h.mean(0), (h**2).mean(0), pixels.mean(0), (pixels**2).mean(0)])
    m1, s1, m2, s2 = (np.mean([row[i] for row in moments], axis=0) for i in range(4))
    return [m1, s1 - m1**2, m2, s2 - m2**2]


@pytest.mark.parametrize("norm", [ours, kerass])
@pytest.mark.parametrize("truncation", [None, 0.5, 1.0, 0.0])
def test_equals_numpy(norm, truncation):
    model = two_norms(norm)
    made = standing.standing_statistics(model, truncation, batches=3, batch_size=8, seed=2)
    z = model.sample_latents(24, 2, truncation or None).numpy()
    if truncation == 0.0:
        z = np.zeros_like(z)
    wanted = by_hand(model, z, 3)
    layers = [n for n in model.ema_generator.layers if hasattr(n, "moving_mean")]
    paths = [v.path for n in layers for v in (n.moving_mean, n.moving_variance)]
    assert list(made) == paths
    for path, value in zip(paths, wanted, strict=True):
        assert made[path].dtype == np.float32
        np.testing.assert_allclose(made[path], value, rtol=1e-4, atol=1e-5, err_msg=path)


def test_latents_are_scaled_normals_cut_at_two():
    model = two_norms(ours)
    whole = sampling.latents(model, 24, 2, 1.0).numpy()
    assert 1.5 < np.abs(whole).max() <= 2.0
    np.testing.assert_allclose(sampling.latents(model, 24, 2, 0.5), whole / 2, rtol=1e-6)


@pytest.mark.parametrize("labels", [None, 2, np.arange(16) % 3])
def test_labels(labels):
    model = two_norms(ours, num_classes=3)
    made = standing.standing_statistics(model, batches=2, batch_size=8, seed=1, labels=labels)
    drawn = sampling.random_labels(3, 16, 1) if labels is None else labels
    y = np.eye(3)[np.broadcast_to(drawn, 16)]
    z = np.concatenate([model.sample_latents(16, 1), y], axis=1)
    for value, wanted in zip(made.values(), by_hand(model, z, 2), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


def test_table_holds_each_truncation():
    model = two_norms(ours)
    table = standing.standing_table(model, (0.0, 0.5, 1.0), batches=2, batch_size=4, seed=3)
    for i, truncation in enumerate((0.0, 0.5, 1.0)):
        row = standing.standing_statistics(model, truncation, batches=2, batch_size=4, seed=3)
        for path, value in row.items():
            assert table[path].shape == (3, len(value))
            np.testing.assert_array_equal(table[path][i], value)


@pytest.mark.parametrize("preset", ["sagan_tiny", "projection_gan_tiny", "cgan_tiny"])
def test_nothing_else_changes(preset):
    model = tfgan.from_preset(preset)
    before = [v.numpy() for v in model.variables]
    made = standing.standing_statistics(model, 0.5, batches=2, batch_size=4)
    again = standing.standing_statistics(model, 0.5, batches=2, batch_size=4)
    other = standing.standing_statistics(model, 0.5, batches=2, batch_size=4, seed=1)
    for path, value in made.items():
        np.testing.assert_array_equal(value, again[path])
        assert np.abs(value - other[path]).max() > 0
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value, err_msg=variable.path)
    assert all(not v.trainable for v in model.ema_generator.variables)

    model.recompute_statistics(0.5, batches=2, batch_size=4)
    written = {id(v): made[v.path] for v in model.ema_generator.variables if v.path in made}
    assert len(written) == len(made)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, written.get(id(variable), value))


def test_inference_with_the_statistics_of_a_batch_is_training_mode_on_it():
    model = tfgan.from_preset("sagan_tiny")
    z = model.sample_latents(16, 0, 0.5)
    y = model.condition(sampling.random_labels(10, 16, 0))
    model.recompute_statistics(0.5, batches=1, batch_size=16)
    made = model(z, y)
    model.ema_generator.trainable = True
    with tfgan.layers.hold_spectral_state():
        wanted = model.synthesize(model.ema_generator, z, y, True)
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_dropout_is_of_the_seed():
    model = two_norms(ours, dropout=0.5)
    keras.utils.set_random_seed(1)
    first = standing.standing_statistics(model, batches=2, batch_size=4)
    keras.utils.set_random_seed(2)
    second = standing.standing_statistics(model, batches=2, batch_size=4)
    for path, value in first.items():
        np.testing.assert_array_equal(value, second[path])


def test_applied_for_a_while():
    model = two_norms(ours)
    own = [v.numpy() for v in model.ema_generator.variables]
    wanted = standing.standing_statistics(model, 0.5, batches=2, batch_size=4)
    with pytest.raises(ZeroDivisionError), standing.applied(model, 0.5, batches=2, batch_size=4):
        for variable in standing.statistics_variables(model.ema_generator):
            np.testing.assert_array_equal(variable, wanted[variable.path])
        raise ZeroDivisionError
    for variable, value in zip(model.ema_generator.variables, own, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_model_of_a_strategy():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = two_norms(ours)
    model.recompute_statistics(0.5, batches=2, batch_size=4)
    layer = next(n for n in model.ema_generator.layers if isinstance(n, BatchNorm))
    wanted = by_hand(model, model.sample_latents(8, 0, 0.5), 2)[0]
    np.testing.assert_allclose(layer.moving_mean, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"truncation": 1.5}, "truncation must be in"),
        ({"truncation": float("nan")}, "truncation must be in"),
        ({"batches": 0}, "batches must be a positive int"),
        ({"batch_size": 0}, "batch_size must be a positive int"),
        ({"labels": 1}, "unconditional"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        two_norms(ours).recompute_statistics(**arguments)
    assert "\n" not in str(caught.value)


def test_models_without():
    with pytest.raises(ValueError, match="no batch norm"):
        two_norms(ours, norms=False).recompute_statistics()
    for truncation in (0.0, 0.5):
        with pytest.raises(ValueError, match="normal latents"):
            tfgan.from_preset("dcgan_tiny").recompute_statistics(truncation)
