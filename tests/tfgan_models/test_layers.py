"""Layers against NumPy and against Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import layers

SHAPES = [(8, 5), (4, 3, 6, 5)]


def data(shape, seed=0):
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype("float32")


def norm(shape, seed=1, **options):
    """A built layer with a gain and a bias that are not their initial values."""
    layer = layers.BatchNorm(**options)
    layer.build(shape)
    rng = np.random.default_rng(seed)
    layer.gamma.assign(rng.uniform(0.5, 1.5, shape[-1]))
    layer.beta.assign(rng.normal(size=shape[-1]))
    return layer


def numpy_moments(x):
    flat = x.astype("float64").reshape(-1, x.shape[-1])
    return flat.mean(0), flat.var(0)


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_normalises_with_the_batch_in_training(shape):
    x, layer = data(shape), norm(shape, epsilon=1e-3)
    mean, variance = numpy_moments(x)
    expected = (x - mean) / np.sqrt(variance + 1e-3) * layer.gamma.numpy() + layer.beta.numpy()
    np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("momentum", [0.9, 0.5])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_moving_statistics(shape, momentum):
    layer = norm(shape, momentum=momentum)
    moving_mean, moving_variance = np.zeros(shape[-1]), np.ones(shape[-1])
    for seed in range(3):
        x = data(shape, seed)
        layer(x, training=True)
        mean, variance = numpy_moments(x)  # biased, as in Keras
        moving_mean = momentum * moving_mean + (1 - momentum) * mean
        moving_variance = momentum * moving_variance + (1 - momentum) * variance
    np.testing.assert_allclose(layer.moving_mean.numpy(), moving_mean, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), moving_variance, rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_uses_the_moving_statistics_in_inference(shape):
    x, layer = data(shape), norm(shape, epsilon=1e-3)
    mean, variance = np.linspace(-1, 1, shape[-1]), np.linspace(0.5, 2, shape[-1])
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance)
    gain = layer.gamma.numpy() / np.sqrt(variance + 1e-3)
    expected = (x - mean) * gain + layer.beta.numpy()
    np.testing.assert_allclose(layer(x, training=False), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_equals_keras(shape, training):
    ours = norm(shape, momentum=0.8, epsilon=1e-3)
    theirs = keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-3)
    theirs.build(shape)
    theirs.set_weights(ours.get_weights())
    x, weights = tf.constant(data(shape)), data(shape, 5)
    results = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            value = tf.reduce_sum(y * weights)
        gradients = tape.gradient(value, [x, layer.gamma.value, layer.beta.value])
        results.append([y, *gradients, *layer.get_weights()])
    for got, expected in zip(*results, strict=True):
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(got, expected, atol=2e-5 * scale)


def test_batch_norm_frozen_uses_the_moving_statistics():
    layer = norm((8, 5))
    layer.trainable = False
    x = data((8, 5))
    np.testing.assert_array_equal(layer(x, training=True), layer(x, training=False))
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(5))


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_inference_does_not_see_the_rest_of_the_batch(shape):
    layer, x = norm(shape), data(shape)
    layer(x, training=True)
    whole = layer(x, training=False).numpy()
    alone = np.concatenate([layer(x[i : i + 1], training=False) for i in range(len(x))])
    np.testing.assert_allclose(whole, alone, rtol=1e-6, atol=1e-6)


def test_batch_norm_honours_a_tiny_epsilon():
    """Variance 1e-8 and epsilon 1e-8: unit variance shrinks to one half."""
    x = tf.constant([[1e-4], [-1e-4]])
    for epsilon in (1e-8, 1e-5):
        layer = layers.BatchNorm(epsilon=epsilon)
        expected = 1e-4 / np.sqrt(1e-8 + epsilon)
        np.testing.assert_allclose(layer(x, training=True), [[expected], [-expected]], rtol=1e-3)


def test_batch_norm_in_mixed_precision():
    layer = norm((16, 4, 4, 3), dtype="mixed_bfloat16")
    x = data((16, 4, 4, 3))
    y = layer(x, training=True)
    assert y.dtype == tf.bfloat16
    assert {w.dtype for w in layer.weights} == {"float32"}
    rounded = tf.cast(tf.cast(x, "bfloat16"), "float32").numpy()
    mean, variance = numpy_moments(rounded)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.9 + 0.1 * variance, rtol=1e-4)
    plain = norm((16, 4, 4, 3))(rounded, training=True)
    np.testing.assert_allclose(tf.cast(y, "float32"), plain, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    "options, trainable", [({}, 2), ({"center": False}, 1), ({"scale": False}, 1)]
)
def test_batch_norm_trains_only_what_it_has(options, trainable):
    layer = layers.BatchNorm(**options)
    x = data((8, 5))
    y = layer(x, training=True)
    assert len(layer.trainable_variables) == trainable and len(layer.weights) == 4
    mean, variance = numpy_moments(x)
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-4, atol=1e-4)


def test_batch_norm_keeps_the_shape_of_its_input():
    layer = layers.BatchNorm()
    for shape in ((None, 7), (None, 4, 6, 7)):
        assert keras.layers.BatchNormalization()(keras.Input(shape[1:])).shape == shape
        assert layers.BatchNorm()(keras.Input(shape[1:])).shape == shape
    assert layer.MIXES_BATCH is True


@pytest.mark.parametrize("shape, pieces", [((5, 12), 3), ((2, 3, 4, 10), 5), ((3, 4), 1)])
def test_maxout_takes_the_largest_of_neighbouring_channels(shape, pieces):
    x = data(shape)
    expected = x.reshape(*shape[:-1], shape[-1] // pieces, pieces).max(-1)
    layer = layers.Maxout(pieces)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape(shape) == expected.shape


def test_maxout_sends_the_gradient_to_the_winner():
    x = tf.constant([[1.0, 5.0, 2.0, -1.0, -3.0, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(layers.Maxout(3)(x) * [[10.0, 20.0]])
    np.testing.assert_array_equal(tape.gradient(value, x), [[0, 10, 0, 20, 0, 0]])


def test_maxout_refuses_channels_that_do_not_divide():
    with pytest.raises(ValueError, match="7 channels do not divide by 3"):
        layers.Maxout(3)(tf.zeros((2, 7)))


def test_concatenate_labels_to_vectors():
    x, y = data((4, 3)), data((4, 2), 1)
    np.testing.assert_array_equal(layers.ConcatenateLabels()([x, y]), np.hstack([x, y]))


def test_concatenate_labels_as_constant_maps():
    x, y = data((4, 3, 5, 2)), data((4, 6), 1)
    expected = np.concatenate([x, np.tile(y[:, None, None, :], (1, 3, 5, 1))], axis=-1)
    layer = layers.ConcatenateLabels()
    np.testing.assert_array_equal(layer([x, y]), expected)
    assert layer.compute_output_shape([(4, 3, 5, 2), (4, 6)]) == (4, 3, 5, 8)
    assert layer([keras.Input((3, 5, 2)), keras.Input((6,))]).shape == (None, 3, 5, 8)


def test_global_sum_pooling():
    x = data((4, 3, 5, 2))
    layer = layers.GlobalSumPooling2D()
    np.testing.assert_allclose(layer(x), x.astype("float64").sum((1, 2)), rtol=1e-5)
    assert layer.compute_output_shape((None, 3, 5, 2)) == (None, 2)


@pytest.mark.parametrize(
    "layer, inputs",
    [
        (
            layers.BatchNorm(0.7, 1e-8, False, True, keras.initializers.RandomNormal(1.0, 0.02)),
            (6, 4),
        ),
        (layers.BatchNorm(scale=False, name="norm", dtype="mixed_bfloat16"), (6, 4)),
        (layers.Maxout(2, name="top"), (6, 4)),
        (layers.ConcatenateLabels(), [(6, 4), (6, 2)]),
        (layers.GlobalSumPooling2D(dtype="float32"), (6, 2, 2, 4)),
    ],
)
def test_config_round_trip(layer, inputs):
    x = [data(s) for s in inputs] if isinstance(inputs, list) else data(inputs)
    expected = layer(x)
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    for copy in (saved, type(layer).from_config(layer.get_config())):
        assert type(copy) is type(layer) and copy.get_config() == layer.get_config()
        got = copy(x)
        copy.set_weights(layer.get_weights())
        got = copy(x)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(tf.cast(got, "float32"), tf.cast(expected, "float32"))


def test_dropout_keeps_its_share_and_the_mean():
    layer = layers.Dropout(0.3, seed=1)
    x = np.ones((200, 50), "float32")
    first, second = layer(x, training=True).numpy(), layer(x, training=True).numpy()
    assert set(np.unique(first)) == {0.0, np.float32(1 / 0.7)}
    np.testing.assert_allclose(np.mean(first > 0), 0.7, atol=0.015)  # 3 standard errors
    np.testing.assert_allclose(np.mean((first > 0) & (second > 0)), 0.49, atol=0.016)
    np.testing.assert_array_equal(layer(x), x)


def test_gaussian_noise_is_normal():
    layer = layers.GaussianNoise(0.5, seed=1)
    x = np.full((200, 50), 2.0, "float32")
    noise = layer(x, training=True).numpy() - x
    np.testing.assert_allclose([noise.mean(), noise.std()], [0.0, 0.5], atol=0.015)
    assert abs(np.mean(noise > 0.5) - 0.1587) < 0.011
    np.testing.assert_array_equal(layer(x), x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dropout(1.0), r"rate must be in \[0, 1\); got 1.0"),
        (lambda: layers.GaussianNoise(-1.0), "stddev must be 0 or more; got -1.0"),
    ],
)
def test_noise_layers_refuse_what_is_no_rate(make, message):
    with pytest.raises(ValueError, match=message):
        make()
