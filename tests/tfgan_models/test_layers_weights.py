"""Spectral norm, weight norm and the equalised learning rate against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import layers
from tfgan_models.core import optimization

GOLDEN = np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])  # rows are outputs
SIGMAS = (2.863564, 2.998173, 2.999977)

WRAPPED = {
    "dense": (lambda: keras.layers.Dense(4), (3, 5)),
    "conv1d": (lambda: keras.layers.Conv1D(4, 3), (3, 6, 2)),
    "conv2d": (lambda: keras.layers.Conv2D(4, (2, 3), padding="same"), (3, 4, 6, 2)),
    "conv2d_grouped": (lambda: keras.layers.Conv2D(4, 3, groups=2), (3, 4, 6, 4)),
    "conv3d": (lambda: keras.layers.Conv3D(3, 2), (2, 3, 4, 3, 2)),
    "conv2d_transpose": (
        lambda: keras.layers.Conv2DTranspose(3, (4, 3), 2, padding="same"),
        (2, 3, 4, 5),
    ),
    "embedding": (lambda: keras.layers.Embedding(6, 4), (3,)),
    "depthwise": (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2), (2, 4, 5, 3)),
    "separable": (lambda: keras.layers.SeparableConv2D(4, 3), (2, 4, 5, 3)),
}


def data(shape, seed=0):
    rng = np.random.default_rng(seed)
    if len(shape) == 1:
        return tf.constant(rng.integers(0, 6, shape))
    return tf.constant(rng.normal(size=shape), tf.float32)


def wrapped(name, wrapper=layers.SpectralNorm, **options):
    keras.utils.set_random_seed(1)
    factory, shape = WRAPPED[name]
    layer = wrapper(factory(), **options)
    x = data(shape)
    layer(x)
    for w in layer.trainable_weights:
        w.assign(np.random.default_rng(2).normal(size=w.shape))
    return layer, x


def as_matrices(name, kernel):
    """NumPy (groups, rows, columns) of one kernel, written for each sort by hand."""
    k = np.asarray(kernel, "float64")
    if name in ("depthwise", "separable/depthwise"):
        return np.stack([k[:, :, c].reshape(-1, k.shape[-1]) for c in range(k.shape[2])])
    if name == "conv2d_transpose":
        return np.concatenate([k[i, j].T for i in range(4) for j in range(3)])[None]
    if name == "embedding":
        return k[None]
    return k.reshape(-1, k.shape[-1])[None]


def golden_layer():
    layer = layers.SpectralNorm(keras.layers.Dense(3, use_bias=False))
    layer.build((1, 2))
    layer.layer.kernel.assign(GOLDEN.T)
    layer.kernel_u.assign(np.full((1, 3), 3.0**-0.5))
    return layer


def used_kernel(layer, training=False):
    """What a wrapped Dense without bias multiplies by."""
    return layer(tf.eye(layer.layer.kernel.shape[0]), training=training).numpy()


def test_spectral_norm_golden_sequence():
    layer = golden_layer()
    for sigma in SIGMAS:
        np.testing.assert_allclose(used_kernel(layer, True), GOLDEN.T / sigma, rtol=2e-6)


def test_spectral_norm_iterations_are_calls():
    for iterations, sigma in enumerate(SIGMAS, start=1):
        layer = golden_layer()
        layer.iterations = iterations
        np.testing.assert_allclose(used_kernel(layer, True)[0, 0], 3.0 / sigma, rtol=2e-6)


@pytest.mark.parametrize("name", WRAPPED)
def test_spectral_norm_reaches_norm_one(name):
    # The two largest values of the grouped kernel are close: 50 iterations leave 1e-3.
    layer, x = wrapped(name, iterations=200 if name == "conv2d_grouped" else 50)
    layer(x, training=True)
    factory, _ = WRAPPED[name]
    plain = factory()
    plain(x)
    by_name = [name] if name != "separable" else ["separable/depthwise", "separable/pointwise"]
    new = []
    for part, kernel, sigmas in zip(by_name, layer.kernel_variables(), layer.sigmas(), strict=True):
        norms = np.linalg.norm(as_matrices(part, kernel), 2, axis=(1, 2))
        np.testing.assert_allclose(sigmas, norms, rtol=1e-4)
        scale = norms[:, None] if len(norms) > 1 else norms
        new.append(kernel.numpy() / scale)
        np.testing.assert_allclose(
            np.linalg.norm(as_matrices(part, new[-1]), 2, axis=(1, 2)), 1.0, atol=1e-4
        )
    kept = [w.numpy() for w in layer.layer.weights]
    plain.set_weights([*new, *kept[len(new) :]])
    expected = plain(x)
    np.testing.assert_allclose(layer(x, training=True), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-3, atol=1e-3)
    for before, after in zip(kept, layer.layer.weights, strict=True):
        np.testing.assert_array_equal(before, after)  # no projection


def test_spectral_norm_shrinks_and_grows():
    """Unlike a clipped norm, kernels of norm under one are blown up to one."""
    layer = golden_layer()
    layer.layer.kernel.assign(GOLDEN.T / 300.0)
    for _ in range(10):
        y = used_kernel(layer, True)
    np.testing.assert_allclose(np.linalg.norm(y, 2), 1.0, rtol=1e-4)


@pytest.mark.parametrize("name", ["dense", "conv2d", "conv2d_transpose", "separable"])
def test_spectral_norm_gradient_is_orthogonal_to_the_kernel(name):
    layer, x = wrapped(name)
    for kernel in layer.kernel_variables():
        with tf.GradientTape() as tape:
            y = layer(x, training=True)
            value = tf.reduce_sum(tf.sin(y) * tf.cast(tf.range(y.shape[-1]), tf.float32))
        gradient = tape.gradient(value, kernel.value).numpy()
        inner = np.sum(gradient * kernel.numpy())
        scale = np.linalg.norm(gradient) * np.linalg.norm(kernel.numpy())
        assert np.abs(gradient).max() > 1e-3 and abs(inner) < 1e-5 * scale


def test_spectral_norm_gradient_with_u_and_v_frozen():
    """The gradient of f(K / (v K u)), u and v being what the forward pass found."""
    layer = golden_layer()
    rng = np.random.default_rng(4)
    kernel = rng.normal(size=(2, 3))
    layer.layer.kernel.assign(kernel)
    weights = rng.normal(size=(2, 3))
    u = layer.kernel_u.numpy()[0].astype("float64")
    v = kernel @ u / np.linalg.norm(kernel @ u)
    u = v @ kernel / np.linalg.norm(v @ kernel)

    def value(k):
        return np.sum(weights * (k / (v @ k @ u)) ** 2)

    with tf.GradientTape() as tape:
        y = layer(tf.eye(2), training=True)
        loss = tf.reduce_sum(weights.astype("float32") * y**2)
    gradient = tape.gradient(loss, layer.layer.kernel.value)
    np.testing.assert_allclose(loss, value(kernel), rtol=1e-5)
    for index in np.ndindex(2, 3):
        bump = np.zeros((2, 3))
        bump[index] = 1e-6
        numeric = (value(kernel + bump) - value(kernel - bump)) / 2e-6
        np.testing.assert_allclose(gradient[index], numeric, rtol=1e-4, atol=1e-5)


def test_spectral_norm_state_changes_in_training_only():
    layer = golden_layer()
    before, first = layer.kernel_u.numpy(), used_kernel(layer)
    np.testing.assert_array_equal(used_kernel(layer), first)
    np.testing.assert_array_equal(layer.kernel_u.numpy(), before)
    layer.trainable = False
    used_kernel(layer, True)
    np.testing.assert_array_equal(layer.kernel_u.numpy(), before)
    layer.trainable = True
    with layers.hold_spectral_state():
        np.testing.assert_array_equal(used_kernel(layer, True), first)
    np.testing.assert_array_equal(layer.kernel_u.numpy(), before)
    used_kernel(layer, True)
    assert np.abs(layer.kernel_u.numpy() - before).max() > 0.1


def test_spectral_norm_state_is_held_within_a_traced_step():
    layer = golden_layer()

    @tf.function
    def step():
        real = layer(tf.eye(2), training=True)
        with layers.hold_spectral_state():
            fake = layer(tf.eye(2), training=True)
        return real, fake

    for sigma in SIGMAS:
        real, fake = step()
        np.testing.assert_allclose(real[0, 0], 3.0 / sigma, rtol=2e-6)
        np.testing.assert_allclose(fake, used_kernel(layer), rtol=1e-6)


def test_spectral_norm_inference_is_a_half_step():
    layer = golden_layer()
    sigma = np.linalg.norm(GOLDEN.T @ np.full(3, 3.0**-0.5))
    np.testing.assert_allclose(used_kernel(layer), GOLDEN.T / sigma, rtol=1e-6)


def test_spectral_norm_of_zeros():
    layer = golden_layer()
    layer.layer.kernel.assign(np.zeros((2, 3)))
    for training in (True, False):
        np.testing.assert_array_equal(used_kernel(layer, training), np.zeros((2, 3)))


def test_spectral_norm_trains_the_raw_kernel():
    layer = golden_layer()
    assert layer.SPECTRAL and [w.name for w in layer.trainable_variables] == ["kernel"]
    assert layer.kernel_variables()[0] is layer.layer.kernel
    assert [tuple(w.shape) for w in layer.non_trainable_variables] == [(1, 3)]


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_spectral_norm_reads_the_float32_kernel(dtype):
    """A large common part would hide the differences in 16 bits."""
    plain = golden_layer()
    keras.config.set_dtype_policy(dtype)
    layer = golden_layer()
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layer(inputs))  # the model's own precision is around it too
    kernel = 1.0 + 1e-3 * np.random.default_rng(0).normal(size=(2, 3))
    for each in (plain, layer):
        each.layer.kernel.assign(kernel)
        each(tf.eye(2), training=True)
    model(tf.eye(2), training=True)
    plain(tf.eye(2), training=True)
    np.testing.assert_allclose(layer.kernel_u.numpy(), plain.kernel_u.numpy(), atol=1e-6)


def test_spectral_norm_under_an_outer_stateless_scope():
    """`stateless_call` gives other weights and takes the new u; the variables stay."""
    layer = golden_layer()
    trainable = [tf.constant(2.0 * GOLDEN.T + 1.0, tf.float32)]
    before = layer.kernel_u.numpy()
    y, state = layer.stateless_call(trainable, [tf.constant(before)], tf.eye(2), training=True)
    np.testing.assert_array_equal(layer.kernel_u.numpy(), before)
    other = golden_layer()
    other.layer.kernel.assign(2.0 * GOLDEN.T + 1.0)
    np.testing.assert_allclose(y, used_kernel(other, True), rtol=1e-6)
    np.testing.assert_allclose(state[0], other.kernel_u.numpy(), rtol=1e-6)


def test_spectral_norm_on_two_replicas(mirrored):
    """u depends on weights alone: both replicas have the u of one."""
    x = data((8, 5))
    results = {}
    for name in ("one", "two"):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(3)
        with mirrored.scope() if name == "two" else tf.distribute.get_strategy().scope():
            layer = layers.SpectralNorm(keras.layers.Dense(4))
            layer.build((None, 5))

        def forward(x, layer=layer):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.sin(layer(x, training=True)))
            return optimization.gradients(loss, tape, [layer.layer.kernel], None)[0]

        if name == "one":
            gradient = forward(x)
            gradient = forward(x)
            results[name] = [gradient.numpy(), layer.kernel_u.numpy()]
            continue

        @tf.function
        def step(forward=forward):
            def replica():
                context = tf.distribute.get_replica_context()
                index = context.replica_id_in_sync_group
                return context.all_reduce("sum", forward(x[index * 4 : index * 4 + 4]))

            return mirrored.run(replica)

        step()
        gradients = mirrored.experimental_local_results(step())
        states = [v.numpy() for v in layer.kernel_u.value.values]
        np.testing.assert_array_equal(*states)
        results[name] = [gradients[0].numpy(), states[0]]
    for one, two in zip(results["one"], results["two"], strict=True):
        np.testing.assert_allclose(two, one, atol=1e-6)


@pytest.mark.parametrize("iterations", [0, -1, 1.5])
def test_spectral_norm_refuses_iterations(iterations):
    with pytest.raises(ValueError, match="positive int"):
        layers.SpectralNorm(keras.layers.Dense(3), iterations=iterations)


def test_wrappers_refuse_other_layers():
    with pytest.raises(ValueError, match="Maxout has no kernel known here"):
        layers.SpectralNorm(layers.Maxout(2)).build((None, 4))
    with pytest.raises(ValueError, match="one kernel; SeparableConv2D has depthwise_kernel, p"):
        layers.WeightNorm(keras.layers.SeparableConv2D(2, 3)).build((None, 4, 4, 2))
    with pytest.raises(ValueError, match="wraps a Dense, Conv .* got Embedding"):
        layers.EqualizedLearningRate(keras.layers.Embedding(4, 2))


WEIGHT_NORMED = ["dense", "conv2d", "conv2d_grouped", "conv2d_transpose", "depthwise"]


def effective_lengths(name, kernel, scale):
    """NumPy: lengths of g v / ||v|| by output, for kernels with outputs on their last axis."""
    k = np.asarray(kernel, "float64")
    k = np.swapaxes(k, -1, -2) if name == "conv2d_transpose" else k
    g = np.reshape(scale, k.shape[-2:] if name == "depthwise" else k.shape[-1])
    axes = (0, 1) if name == "depthwise" else tuple(range(k.ndim - 1))
    new = k / np.sqrt(np.sum(k**2, axis=axes)) * g
    return np.swapaxes(new, -1, -2) if name == "conv2d_transpose" else new


@pytest.mark.parametrize("name", WEIGHT_NORMED)
def test_weight_norm(name):
    layer, x = wrapped(name, layers.WeightNorm)
    factory, _ = WRAPPED[name]
    plain = factory()
    plain(x)
    kernel, bias = (w.numpy() for w in layer.layer.weights)
    plain.set_weights([effective_lengths(name, kernel, layer.scale.numpy()), bias])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", WEIGHT_NORMED)
def test_weight_norm_starts_as_the_layer(name):
    factory, shape = WRAPPED[name]
    layer = layers.WeightNorm(factory())
    x = data(shape)
    y = layer(x)
    np.testing.assert_allclose(y, layer.layer(x), rtol=1e-5, atol=1e-5)
    assert [w.name for w in layer.trainable_weights] == ["scale", "kernel", "bias"]
    fixed = layers.WeightNorm(factory(), train_scale=False)
    fixed(x)
    assert [w.name for w in fixed.trainable_weights] == ["kernel", "bias"]


def test_weight_norm_gradient_is_orthogonal_to_the_direction():
    layer, x = wrapped("conv2d", layers.WeightNorm)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.sin(layer(x)))
    gradient = tape.gradient(value, layer.layer.kernel.value).numpy()
    inner = np.sum(gradient * layer.layer.kernel.numpy(), axis=(0, 1, 2))
    np.testing.assert_allclose(inner, 0.0, atol=1e-4)
    assert np.abs(gradient).max() > 1e-2


@pytest.mark.parametrize("name", WEIGHT_NORMED)
@pytest.mark.parametrize("std", [1.0, 0.1])
def test_weight_norm_data_dependent_start(name, std):
    factory, shape = WRAPPED[name]
    inner = factory()
    inner.activation = keras.activations.relu
    layer = layers.WeightNorm(inner)
    x = data((16, *shape[1:])) * 3.0 + 1.0
    returned = layer.initialize(x, std)
    assert inner.activation is keras.activations.relu
    np.testing.assert_array_equal(returned, layer(x))
    inner.activation = keras.activations.linear
    y = layer(x).numpy().reshape(-1, returned.shape[-1])
    np.testing.assert_allclose(y.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), std, rtol=1e-4)


def test_weight_norm_start_without_bias_sets_the_deviation():
    layer = layers.WeightNorm(keras.layers.Dense(4, use_bias=False))
    y = layer.initialize(data((32, 5))).numpy()
    np.testing.assert_allclose(y.std(0), 1.0, rtol=1e-4)


@pytest.mark.parametrize(
    "name, fan_in",
    [("dense", 5), ("conv2d", 12), ("conv2d_grouped", 18), ("conv2d_transpose", 60)],
)
@pytest.mark.parametrize("gain, multiplier", [(2.0**0.5, 1.0), (1.0, 0.01)])
def test_equalized_learning_rate(name, fan_in, gain, multiplier):
    layer, x = wrapped(name, layers.EqualizedLearningRate, gain=gain, lr_multiplier=multiplier)
    factory, _ = WRAPPED[name]
    plain = factory()
    plain(x)
    kernel, bias = (w.numpy() for w in layer.layer.weights)
    plain.set_weights([kernel * gain / fan_in**0.5 * multiplier, bias * multiplier])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(x))
    gradient = tape.gradient(value, layer.layer.kernel.value)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(plain(x))
    expected = tape.gradient(value, plain.kernel.value) * gain / fan_in**0.5 * multiplier
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_equalized_learning_rate_starts_at_he(multiplier):
    """The stored deviation is 1 / multiplier, the effective one sqrt(2 / fan_in)."""
    keras.utils.set_random_seed(0)
    layer = layers.EqualizedLearningRate(
        keras.layers.Dense(400, kernel_initializer="zeros"), lr_multiplier=multiplier
    )
    y = layer(tf.eye(200))
    np.testing.assert_allclose(layer.layer.kernel.numpy().std(), 1.0 / multiplier, rtol=0.01)
    np.testing.assert_allclose(y.numpy().std(), (2.0 / 200) ** 0.5, rtol=0.01)
    np.testing.assert_array_equal(layer.layer.bias.numpy(), np.zeros(400))
