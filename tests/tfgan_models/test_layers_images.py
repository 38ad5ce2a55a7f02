"""Attention, minibatch statistics, blurs, reversal, discrete outputs and energies."""

import keras
import numpy as np
import pytest
import scipy.signal
import scipy.special
import scipy.stats
import tensorflow as tf

from tfgan_models import layers
from tfgan_models.core import optimization, random

M = [[[0, 0], [1, 1]], [[1, 0], [1, 2]], [[0, 3], [0, 0]]]
SIMILAR = [[0.417667, 0.503215], [0.386195, 0.417667], [0.068103, 0.185122]]


def data(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("include_self", [False, True])
def test_minibatch_similarities_golden(include_self):
    got = layers.minibatch_similarities(np.array(M, "float32"), include_self)
    np.testing.assert_allclose(got, np.array(SIMILAR) + include_self, rtol=1e-5)


def test_minibatch_discrimination_golden():
    """T is the identity: the features are M itself."""
    layer = layers.MinibatchDiscrimination(2, 2, weight_norm=False, use_bias=False)
    x = np.reshape(M, (3, 4)).astype("float32")
    layer.build(x.shape)
    layer.theta.assign(np.eye(4).reshape(4, 2, 2))
    y = layer(x)
    np.testing.assert_array_equal(y[:, :4], x)
    np.testing.assert_allclose(y[:, 4:], SIMILAR, rtol=1e-5)
    assert layer.MIXES_BATCH is True


def test_minibatch_discrimination_with_normalised_weights():
    layer = layers.MinibatchDiscrimination(3, 2)
    x = data((5, 4))
    layer(x)
    theta, log_scale = layer.theta.numpy().astype("float64"), data((3, 2), 1)
    layer.log_scale.assign(log_scale)
    layer.bias.assign([0.1, 0.2, 0.3])
    t = theta / np.sqrt(np.sum(theta**2, axis=0)) * np.exp(log_scale)
    m = np.einsum("na,abc->nbc", x, t)
    o = np.zeros((5, 3))
    for i in range(5):
        for j in range(5):
            if i != j:
                o[i] += np.exp(-np.abs(m[i] - m[j]).sum(-1))
    np.testing.assert_allclose(layer(x)[:, 4:], o + [0.1, 0.2, 0.3], rtol=1e-4, atol=1e-5)


def test_minibatch_discrimination_data_dependent_start():
    layer = layers.MinibatchDiscrimination(6, 3)
    x = data((10, 4)) * 50.0
    y = layer.initialize(x)
    np.testing.assert_array_equal(layer(x), y)
    np.testing.assert_allclose(np.mean(y[:, 4:], axis=0), 0.0, atol=1e-6)
    length = np.sqrt(np.sum(layer.theta.numpy() ** 2, axis=0))
    m = np.einsum("na,abc->nbc", x, layer.theta.numpy() / length * np.exp(layer.log_scale.numpy()))
    distances = np.abs(m[:, None] - m[None]).sum(-1) + 1e9 * np.eye(10)[:, :, None]
    np.testing.assert_allclose(distances.min(1).mean(0), 2.0, rtol=1e-4)


def test_minibatch_discrimination_of_one_image_is_its_bias():
    layer = layers.MinibatchDiscrimination(6, 3)
    x = data((1, 4))
    layer.build(x.shape)
    layer.bias.assign(np.arange(6))
    np.testing.assert_array_equal(layer(x)[0, 4:], np.arange(6))


def test_minibatch_discrimination_refuses_maps_and_a_start_from_one():
    with pytest.raises(ValueError, match="flatten or pool"):
        layers.MinibatchDiscrimination().build((4, 2, 2, 3))
    with pytest.raises(ValueError, match="at least two"):
        layers.MinibatchDiscrimination().initialize(tf.zeros((1, 4)))


STDDEV = np.reshape([[1, 2], [3, 4], [5, 8], [9, 4]], (4, 1, 1, 2)).astype("float32")


def test_minibatch_stddev_golden():
    y = layers.MinibatchStddev(group_size=2)(STDDEV)
    np.testing.assert_array_equal(y[..., :2], STDDEV)
    np.testing.assert_allclose(np.ravel(y[..., 2]), [2.5, 1.50005, 2.5, 1.50005], rtol=1e-6)


def test_minibatch_stddev_of_equal_and_of_two_images():
    same = layers.MinibatchStddev()(tf.ones((4, 2, 3, 5)))
    np.testing.assert_allclose(same[..., 5], np.full((4, 2, 3), 1e-4), rtol=1e-5)
    two = layers.MinibatchStddev()(tf.reshape([0.0, 2.0], (2, 1, 1, 1)))
    np.testing.assert_allclose(two[..., 1], np.ones((2, 1, 1)), rtol=1e-6)


@pytest.mark.parametrize(
    "count, group, features", [(8, 4, 1), (8, 4, 3), (6, 4, 1), (5, 4, 2), (3, 32, 1)]
)
def test_minibatch_stddev_of_strided_groups(count, group, features):
    """Where the group does not divide the batch, the largest smaller divisor is used."""
    x = data((count, 2, 3, 6))
    size = max(g for g in range(1, min(group, count) + 1) if count % g == 0)
    expected = np.zeros((count, features))
    for n in range(count):
        members = x[n % (count // size) :: count // size].astype("float64")
        deviation = np.sqrt(members.var(0) + 1e-8)
        expected[n] = [p.mean() for p in np.split(deviation, features, axis=-1)]
    layer = layers.MinibatchStddev(group, features)
    y = layer(x)
    assert y.shape == (count, 2, 3, 6 + features)
    for row in range(2):
        np.testing.assert_allclose(y[:, row, 1, 6:], expected, rtol=1e-5)
    traced = tf.function(layer, input_signature=[tf.TensorSpec((None, 2, 3, 6))])
    np.testing.assert_allclose(traced(x), y, rtol=1e-6)


def test_minibatch_stddev_is_allowed_with_gradient_penalties():
    assert layers.MinibatchStddev.MIXES_BATCH is False
    with pytest.raises(ValueError, match="divisible by 2 features"):
        layers.MinibatchStddev(features=2).build((4, 2, 2, 3))


def attention_layer(shape, spectral_norm=False):
    keras.utils.set_random_seed(0)
    layer = layers.SelfAttention2D(spectral_norm)
    layer.build(shape)
    return layer


@pytest.mark.parametrize("channels, count", [(256, 81921), (64, 2 * 64 * 8 + 2 * 64 * 32 + 1)])
@pytest.mark.parametrize("spectral_norm", [False, True])
def test_attention_parameters(channels, count, spectral_norm):
    layer = attention_layer((None, 4, 4, channels), spectral_norm)
    assert sum(int(np.prod(w.shape)) for w in layer.trainable_weights) == count


def test_attention_starts_as_the_identity():
    x = tf.constant(data((2, 4, 6, 16)))
    layer = attention_layer(x.shape, spectral_norm=True)
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
        value = tf.reduce_sum(tf.sin(y))
    np.testing.assert_array_equal(y, x)
    by_gamma, *others = tape.gradient(
        value,
        [layer.gamma.value] + [w.value for w in layer.trainable_weights if w is not layer.gamma],
    )
    assert abs(by_gamma) > 1e-4
    for gradient in others:
        np.testing.assert_array_equal(gradient, tf.zeros_like(gradient))


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 1)])
def test_attention(size):
    """Against loops in NumPy; odd sizes keep a last, smaller pooling cell."""
    height, width = size
    x = data((2, height, width, 16))
    layer = attention_layer(x.shape)
    layer.gamma.assign(0.7)
    f, g, h, o = (
        w.numpy().reshape(w.shape[-2:]).astype("float64")
        for w in (part.kernel for part in (layer.query, layer.key, layer.value, layer.output_map))
    )

    def pooled(maps):
        return np.stack(
            [
                maps[:, i : i + 2, j : j + 2].max((1, 2))
                for i in range(0, height, 2)
                for j in range(0, width, 2)
            ],
            axis=1,
        )

    query, keys, values = (x @ f).reshape(2, -1, 2), pooled(x @ g), pooled(x @ h)
    logits = np.einsum("bqc,bkc->bqk", query, keys)
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    expected = x + 0.7 * ((weights @ values) @ o).reshape(x.shape)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    got = layer.attention(tf.constant(x))
    assert got.shape == (2, height * width, -(-height // 2) * -(-width // 2))
    np.testing.assert_allclose(got, weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(tf.reduce_sum(got, -1), np.ones(got.shape[:2]), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_attention_sums_to_one_at_large_logits_in_half_precision(dtype):
    keras.config.set_dtype_policy(dtype)
    x = tf.constant(data((1, 4, 4, 16)) * 30.0)
    layer = attention_layer(x.shape)
    assert layer(x).dtype == dtype.removeprefix("mixed_")
    weights = layer.attention(tf.cast(x, layer.compute_dtype))
    np.testing.assert_allclose(tf.reduce_sum(weights, -1), np.ones((1, 16)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(None, 4, 4, 12), (None, 16)])
def test_attention_refuses_what_does_not_fit(shape):
    with pytest.raises(ValueError, match="C divisible by 8"):
        layers.SelfAttention2D().build(shape)


def resampled(x, taps, up, down, pads, gain):
    """SciPy: zeros between, the filter along both axes, every down-th sample."""
    taps = np.array(taps) / np.sum(taps)
    for axis in (1, 2):
        stuffed = np.zeros([n * up if i == axis else n for i, n in enumerate(x.shape)])
        index = [slice(None)] * 4
        index[axis] = slice(None, None, up)
        stuffed[tuple(index)] = x
        width = [(0, 0)] * 4
        width[axis] = pads
        filtered = scipy.signal.correlate(
            np.pad(stuffed, width),
            taps.reshape([-1 if i == axis else 1 for i in range(4)]),
            "valid",
        )
        index[axis] = slice(None, None, down)
        x = filtered[tuple(index)] * up
    return x * gain


@pytest.mark.parametrize(
    "taps, strides, padding, pads, gain",
    [
        ((1, 3, 3, 1), 2, None, (1, 1), 1.0),
        ((1, 2, 1), 1, None, (1, 1), 1.0),
        ((1, 2, 1), 2, None, (1, 0), 1.0),
        ((1, 2, 4, 9), 1, (2, 2), (2, 2), 1.0),
        ((1, 3, 3, 1), 1, (1, 1), (1, 1), 4.0),
        ((1, 1), 2, None, (0, 0), 1.0),
    ],
)
def test_blur_pooling(taps, strides, padding, pads, gain):
    x = data((2, 6, 4, 3))
    layer = layers.BlurPooling2D(taps, strides, padding, gain=gain)
    np.testing.assert_allclose(
        layer(x), resampled(x, taps, 1, strides, pads, gain), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "taps, pads", [((1, 3, 3, 1), (2, 1)), ((1, 2, 1), (2, 0)), ((1, 5, 3, 2, 7, 1), (3, 2))]
)
def test_blur_upsampling(taps, pads):
    x = data((2, 3, 5, 2))
    got = layers.BlurUpsampling2D(taps)(x)
    np.testing.assert_allclose(got, resampled(x, taps, 2, 1, pads, 1.0), rtol=1e-4, atol=1e-5)


def test_blur_goldens():
    up = layers.BlurUpsampling2D()(np.reshape([1.0, 2.0, 3.0, 4.0], (1, 2, 2, 1)))
    expected = [
        [0.5625, 0.9375, 1.3125, 1.125],
        [1.125, 1.75, 2.25, 1.875],
        [1.875, 2.75, 3.25, 2.625],
        [1.6875, 2.4375, 2.8125, 2.25],
    ]
    np.testing.assert_allclose(up[0, :, :, 0], expected, rtol=1e-6)
    down = layers.BlurPooling2D()(np.arange(16.0).reshape(1, 4, 4, 1))
    np.testing.assert_allclose(down[0, :, :, 0], [[2.734375, 3.9375], [7.546875, 8.75]], rtol=1e-6)


def test_blur_impulse_response():
    impulse = np.zeros((1, 5, 7, 1), "float32")
    impulse[0, 2, 3] = 1.0
    row = np.array([1, 2, 1]) / 4.0
    blurred = layers.BlurPooling2D((1, 2, 1), 1)(impulse)[0, :, :, 0]
    expected = np.zeros((5, 7))
    expected[1:4, 2:5] = np.outer(row, row)
    np.testing.assert_allclose(blurred, expected, atol=1e-7)
    up = layers.BlurUpsampling2D()(impulse)[0, :, :, 0]
    expected, row = np.zeros((10, 14)), np.array([1, 3, 3, 1]) / 4.0
    expected[3:7, 5:9] = np.outer(row, row)
    np.testing.assert_allclose(up, expected, atol=1e-7)


@pytest.mark.parametrize("border", ["zero", "reflect"])
def test_blur_keeps_a_constant_image(border):
    x = tf.fill((1, 6, 8, 2), 3.0)
    inside = slice(None) if border == "reflect" else slice(2, -2)
    up = layers.BlurUpsampling2D(border=border)(x)
    assert up.shape == (1, 12, 16, 2)
    back = layers.BlurPooling2D(border=border)(up)
    assert back.shape == x.shape
    for y in (up, back, layers.BlurPooling2D((1, 2, 1), 1, border=border)(x)):
        np.testing.assert_allclose(
            y[:, inside, inside], tf.fill(y[:, inside, inside].shape, 3.0), rtol=1e-6
        )
    if border == "zero":
        assert up[0, 0, 0, 0] < 3.0


def test_blur_upsampling_reflects_the_image():
    x = data((1, 4, 5, 1))
    padded = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], "reflect")
    whole = resampled(padded, (1, 3, 3, 1), 2, 1, (2, 1), 1.0)[:, 4:-4, 4:-4]
    got = layers.BlurUpsampling2D(border="reflect")(x)
    np.testing.assert_allclose(got, whole, rtol=1e-4, atol=1e-5)


def test_blur_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="border must be"):
        layers.BlurPooling2D(border="same")
    with pytest.raises(ValueError, match="sum other than 0"):
        layers.BlurUpsampling2D(taps=(1, -1))
    with pytest.raises(ValueError, match="too few"):
        layers.BlurPooling2D((1, 1), 4)(tf.zeros((1, 8, 8, 1)))
    with pytest.raises(ValueError, match="at least 2 taps"):
        layers.BlurUpsampling2D((1,))


@pytest.mark.parametrize("scale", [0.3, 1.0, 0.0])
def test_gradient_reversal(scale):
    x, weights = tf.constant(data((3, 4))), data((3, 4), 1)
    layer = layers.GradientReversal(scale)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        value = tf.reduce_sum(weights * y**2)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_allclose(tape.gradient(value, x), -scale * 2 * weights * x, rtol=1e-6)
    assert layer.trainable_weights == []


def test_gradient_reversal_follows_its_schedule_in_a_traced_step():
    layer = layers.GradientReversal()

    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x))
        return tape.gradient(y, x)

    for p, scale in ((0.0, 0.0), (0.1, 0.462117), (0.25, 0.848284), (1.0, 0.999909)):
        layer.scale.assign(2.0 / (1.0 + np.exp(-10.0 * p)) - 1.0)
        np.testing.assert_allclose(slope(tf.ones((2,))), [-scale, -scale], rtol=1e-5)


def test_reversing_twice_restores_the_gradient():
    x = tf.constant([2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.reverse_gradient(layers.reverse_gradient(x, 0.5), 4.0) ** 2
    np.testing.assert_allclose(tape.gradient(y, x), [8.0])


LOGITS = np.array([1.0, 0.0, -0.5, 2.0], "float32")


@pytest.mark.parametrize("source", ["given", "layer"])
def test_gumbel_softmax_draws_from_the_softmax(source):
    """Chi-square of 20,000 argmaxes against softmax(logits)."""
    count = 20000
    logits = np.tile(LOGITS, (count, 1))
    if source == "given":
        uniform = random.Draws(3, 0, count).uniform("codes", (4,))
        y = layers.gumbel_softmax(logits, uniform, temperature=0.5)
    else:
        y = layers.GumbelSoftmax(0.5, seed=1)(logits, training=True)
    np.testing.assert_allclose(tf.reduce_sum(y, -1), np.ones(count), rtol=1e-5)
    observed = np.bincount(np.argmax(y, -1), minlength=4)
    p = scipy.special.softmax(LOGITS.astype("float64"))
    assert scipy.stats.chisquare(observed, p * count).pvalue > 1e-3
    np.testing.assert_allclose(observed / count, p, atol=1e-2)


def test_gumbel_softmax_near_zero_is_one_hot():
    uniform = random.Draws(3, 0, 50).uniform("codes", (4,))
    logits = np.tile(LOGITS, (50, 1))
    cold = layers.gumbel_softmax(logits, uniform, temperature=1e-3)
    hard = layers.gumbel_softmax(logits, uniform, temperature=3.0, hard=True)
    np.testing.assert_allclose(cold, hard, atol=1e-3)
    assert set(np.unique(hard)) == {0.0, 1.0}


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_gradient(hard):
    """(diag(y) - y y^T) / temperature, y soft, straight through or not."""
    uniform = random.Draws(3, 0, 1).uniform("codes", (4,))
    logits, weights = tf.constant(LOGITS[None]), data((4,), 2)
    soft = layers.gumbel_softmax(logits, uniform, 0.7)[0].numpy().astype("float64")
    with tf.GradientTape() as tape:
        tape.watch(logits)
        y = layers.gumbel_softmax(logits, uniform, 0.7, hard)
        value = tf.reduce_sum(y * weights)
    expected = (np.diag(soft) - np.outer(soft, soft)) @ weights / 0.7
    np.testing.assert_allclose(tape.gradient(value, logits)[0], expected, rtol=1e-4, atol=1e-6)


def test_gumbel_softmax_stays_finite_at_the_ends_of_the_noise():
    ends = random.to_uniform(tf.constant([0, 2**32 - 1, 0, 2**31], tf.uint32))
    for logits in ([0.0] * 4, [1e4, -1e4, 0.0, 1e4]):
        with tf.GradientTape() as tape:
            x = tf.constant([logits])
            tape.watch(x)
            y = layers.gumbel_softmax(x, ends[None], 0.1)
        assert np.isfinite(y).all() and np.isfinite(tape.gradient(y, x)).all()


def test_gumbel_softmax_layer_follows_the_models_seeds():
    """The mechanics set `seed_generator.state`; plain graph and XLA draw alike."""
    layer = layers.GumbelSoftmax()
    network = keras.Sequential([keras.Input((4,)), layer])
    logits = tf.constant(data((6, 4)))
    results = []
    for jit, step in ((False, 0), (True, 0), (False, 1)):
        function = tf.function(lambda x: network(x, training=True), jit_compile=jit)
        optimization.seed_noise_layers(
            [network], lambda index, step=step: tf.constant([2**31 + step, 7], tf.uint32)
        )
        results.append(function(logits).numpy())
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)
    assert np.abs(results[0] - results[2]).max() > 0.05
    again = network(logits, training=True)
    assert np.abs(again - results[2]).max() > 0.05  # the stream goes on within a step


def test_gumbel_softmax_layer_in_inference():
    logits = data((3, 4))
    soft = layers.GumbelSoftmax(0.5)(logits)
    expected = np.exp(logits / 0.5) / np.exp(logits / 0.5).sum(-1, keepdims=True)
    np.testing.assert_allclose(soft, expected, rtol=1e-5)
    hard = layers.GumbelSoftmax(0.5, hard=True)(logits)
    np.testing.assert_array_equal(hard, np.eye(4)[logits.argmax(-1)])
    layer = layers.GumbelSoftmax()
    layer.temperature.assign(0.5)
    np.testing.assert_allclose(layer(logits), expected, rtol=1e-5)


def test_gumbel_softmax_layer_takes_noise_from_outside():
    """In half precision too: noise rounded to 16 bits would reach 1 and give infinity."""
    logits, uniform = data((3, 4)), np.full((3, 4), 0.9999, "float32")
    expected = layers.gumbel_softmax(logits, uniform, 0.5)
    for dtype in ("float32", "mixed_bfloat16"):
        layer = layers.GumbelSoftmax(0.5, dtype=dtype)
        for training in (False, True):
            y = layer([tf.constant(logits), tf.constant(uniform)], training=training)
            np.testing.assert_allclose(tf.cast(y, "float32"), expected, atol=5e-3)


def test_gumbel_softmax_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="one number for each of the logits"):
        layers.gumbel_softmax(tf.zeros((3, 4)), tf.fill((3, 1), 0.5))
    with pytest.raises(ValueError, match="temperature must be above 0"):
        layers.GumbelSoftmax(0.0)


def test_straight_through():
    x = tf.constant([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]])
    weights = tf.constant(data((2, 3)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.straight_through(x)
        value = tf.reduce_sum(weights * y)
    np.testing.assert_array_equal(y, [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(tape.gradient(value, x), weights)


@pytest.mark.parametrize(
    "kind, expected", [("mean_square", [6.25, 0.0]), ("l2", [5.0, 0.0]), ("l1", [1.75, 0.0])]
)
def test_reconstruction_energy(kind, expected):
    image = tf.constant([[3.0, 1.0, 0.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
    difference = {"l1": [3.0, 4.0, 0.0, 0.0], "l2": [3.0, 4.0, 0.0, 0.0]}
    difference = difference.get(kind, [3.0, -4.0, 0.0, 0.0])
    made = image + tf.constant([difference, [0.0] * 4])
    for shape in ((2, 4), (2, 2, 2, 1)):
        energies = layers.ReconstructionEnergy(kind)(
            [tf.reshape(image, shape), tf.reshape(made, shape)]
        )
        np.testing.assert_allclose(energies, np.reshape(expected, (2, 1)), rtol=1e-6)


@pytest.mark.parametrize("kind", ["mean_square", "l2", "l1"])
def test_reconstruction_energy_gradient_at_a_perfect_image_is_zero(kind):
    image = tf.constant(data((2, 3, 3, 1)))
    made = tf.concat([image[:1], image[1:] + 0.5], 0)
    with tf.GradientTape() as tape:
        tape.watch(made)
        value = tf.reduce_sum(layers.reconstruction_energy(image, made, kind))
    gradient = tape.gradient(value, made)
    np.testing.assert_array_equal(gradient[0], np.zeros((3, 3, 1)))
    expected = {"mean_square": 1.0 / 9.0, "l2": 1.0 / 3.0, "l1": 1.0 / 9.0}[kind]
    np.testing.assert_allclose(gradient[1], np.full((3, 3, 1), expected), rtol=1e-5)


def test_reconstruction_energy_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="must have one shape"):
        layers.reconstruction_energy(tf.zeros((2, 4, 4, 1)), tf.zeros((2, 4, 4, 3)))
    with pytest.raises(ValueError, match="kind must be"):
        layers.ReconstructionEnergy("mse")
    with pytest.raises(ValueError, match="kind must be"):
        layers.reconstruction_energy(tf.zeros((2, 4)), tf.zeros((2, 4)), "mse")
